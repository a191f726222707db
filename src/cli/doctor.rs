//! `cloakrun doctor`

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::answers::{Answers, Clock, Resource, Untold};
use crate::cli::args::{AnswerFormat, DoctorArgs, Global};
use crate::cli::live::{self, Asked, Sides};
use crate::cli::looking;
use crate::cli::snapshot::nothing_named;
use crate::cli::terminal::Terminal;
use crate::fault::{Exit, Fault};
use crate::files::Inputs;
use crate::finding::Severity;
use crate::report::summary::{count, push_wrapped};
use crate::report::{escape, paint};
use crate::rules::{self, Check};
use crate::snapshot::Fact;

/// The answer of `cloakrun doctor --format json`.
#[derive(Debug, Serialize)]
struct Diagnosis {
    schema_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    keycloak: Option<Keycloak>,
    #[serde(skip_serializing_if = "Option::is_none")]
    google: Option<Google>,
    /// Sides that could not be read at all.
    failures: Vec<Failure>,
    /// What was not told, and by which object.
    missing: Vec<Lack>,
    /// The rules that cannot decide every case for want of something.
    rules: Vec<RuleLack>,
}

#[derive(Debug, Serialize)]
struct Keycloak {
    url: String,
    login: Login,
    version: Version,
    realms: Vec<Realm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<Clock>,
    tls: &'static str,
    issuers: Vec<Issuer>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Login {
    grant: &'static str,
    realm: String,
    client: Option<String>,
    user: Option<String>,
    roles: Vec<String>,
    sources: Vec<Source>,
}

#[derive(Debug, Serialize)]
struct Source {
    what: String,
    /// The flag or variable that gave it; none for a default.
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

#[derive(Debug, Serialize)]
struct Realm {
    realm: String,
    clients: usize,
}

#[derive(Debug, Serialize)]
struct Issuer {
    realm: String,
    asked: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

#[derive(Debug, Serialize)]
struct Google {
    credentials: &'static str,
    from: String,
    email: Option<String>,
    acting_as: Option<String>,
    quota_project: Option<String>,
    projects: Vec<Project>,
}

#[derive(Debug, Serialize)]
struct Project {
    project: String,
    from: String,
    regions: Vec<String>,
    services: usize,
    jobs: usize,
    worker_pools: usize,
    secrets: usize,
}

#[derive(Debug, Serialize)]
struct Failure {
    side: String,
    message: String,
}

#[derive(Debug, Serialize)]
struct Lack {
    object: String,
    #[serde(flatten)]
    untold: Untold,
}

#[derive(Debug, Serialize)]
struct RuleLack {
    rule: &'static str,
    severity: Severity,
    missing: Vec<&'static str>,
    /// The roles and permissions that would show it.
    grants: Vec<String>,
}

pub(crate) fn run(args: &DoctorArgs, global: &Global, terminal: &Terminal) -> Result<Exit, Fault> {
    let sides = Sides::all(&args.live);
    if !sides.any() {
        return Err(nothing_named());
    }
    let (config, _) = looking::configuration(global)?;
    let asked = live::ask(sides, &args.live, &args.realms, &Inputs::default(), global, &config, terminal)?;
    let diagnosis = diagnose(&asked);
    terminal.write(&match args.format {
        AnswerFormat::Table => table(&diagnosis, terminal.width()),
        AnswerFormat::Json => {
            let mut text = serde_json::to_string_pretty(&diagnosis).unwrap_or_default();
            text.push('\n');
            text
        }
    })?;
    let lacks = diagnosis.missing.iter().any(|lack| lack.untold.fact.is_judged_itself())
        || diagnosis.rules.iter().any(|rule| rule.severity == Severity::Error);
    Ok(if lacks || !diagnosis.failures.is_empty() { Exit::Incomplete } else { Exit::Clean })
}

fn diagnose(asked: &Asked) -> Diagnosis {
    let answers = &asked.answers;
    let missing: Vec<Lack> = answers
        .objects
        .iter()
        .flat_map(|object| {
            let address = object.resource.address();
            object.missing.iter().map(move |untold| Lack { object: address.clone(), untold: untold.clone() })
        })
        .collect();
    Diagnosis {
        schema_version: "1",
        keycloak: keycloak(asked),
        google: google(asked),
        failures: asked
            .failures
            .iter()
            .map(|failure| Failure { side: failure.path.clone(), message: failure.message.clone() })
            .collect(),
        rules: lacking_rules(&missing),
        missing,
    }
}

fn keycloak(asked: &Asked) -> Option<Keycloak> {
    let side = asked.keycloak.as_ref()?;
    let answers = &asked.answers;
    let server = answers.objects.iter().find_map(|object| match &object.resource {
        Resource::KeycloakServer { server } => Some((server.clone(), &object.body)),
        _ => None,
    })?;
    let text = |key: &str| server.1.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let identity = &side.identity;
    let discovery = server.1.get("discovery").and_then(|value| value.as_array());
    let issuers = discovery.into_iter().flatten().map(|found| {
        let text = |key: &str| found.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        Issuer {
            realm: text("realm").unwrap_or_default(),
            asked: text("asked").unwrap_or_default(),
            issuer: text("issuer"),
            failed: text("failed"),
        }
    });
    Some(Keycloak {
        login: Login {
            grant: identity.grant,
            realm: identity.realm.clone(),
            client: identity.client.clone(),
            user: identity.user.clone(),
            roles: identity.roles.clone(),
            sources: identity
                .sources
                .iter()
                .map(|source| Source {
                    what: source.what.to_owned(),
                    from: source.name.map(str::to_owned),
                    value: source.value.clone(),
                })
                .collect(),
        },
        version: Version { exact: text("version"), from: text("versionFrom"), to: text("versionTo") },
        realms: realms(answers),
        clock: answers.clocks.iter().find(|clock| clock.server == server.0).cloned(),
        tls: match (server.0.starts_with("https://"), side.has_own_certificates) {
            (false, _) => "none: plain http",
            (true, false) => "verified by the certificates of the system",
            (true, true) => "verified by the certificates of the system and of --keycloak-ca-file",
        },
        issuers: issuers.collect(),
        notes: side.notes.clone(),
        url: server.0,
    })
}

fn realms(answers: &Answers) -> Vec<Realm> {
    let mut clients: BTreeMap<&str, usize> = BTreeMap::new();
    for object in &answers.objects {
        match &object.resource {
            Resource::Realm { realm, .. } => *clients.entry(realm).or_default() += 0,
            Resource::Client { realm, .. } => *clients.entry(realm).or_default() += 1,
            _ => {}
        }
    }
    clients.into_iter().map(|(realm, clients)| Realm { realm: realm.to_owned(), clients }).collect()
}

fn google(asked: &Asked) -> Option<Google> {
    let side = asked.google.as_ref()?;
    let objects = &asked.answers.objects;
    let projects = side.projects.iter().map(|project| {
        let own = |wanted: fn(&Resource) -> Option<&String>| {
            objects.iter().filter(|object| wanted(&object.resource) == Some(&project.value)).count()
        };
        let is_this = |resource: &Resource| matches!(resource, Resource::Project { project: own } if *own == project.value);
        let body = objects.iter().find(|object| is_this(&object.resource)).map(|object| &object.body);
        let regions = body.and_then(|body| body.get("regions")).and_then(|regions| regions.as_array());
        Project {
            project: project.value.clone(),
            from: project.source.to_string(),
            regions: regions.into_iter().flatten().filter_map(|region| Some(region.as_str()?.to_owned())).collect(),
            services: own(|resource| match resource {
                Resource::Service { project, .. } => Some(project),
                _ => None,
            }),
            jobs: own(|resource| match resource {
                Resource::Job { project, .. } => Some(project),
                _ => None,
            }),
            worker_pools: own(|resource| match resource {
                Resource::WorkerPool { project, .. } => Some(project),
                _ => None,
            }),
            secrets: own(|resource| match resource {
                Resource::Secret { project, .. } => Some(project),
                _ => None,
            }),
        }
    });
    let identity = &side.identity;
    Some(Google {
        credentials: identity.kind,
        from: identity.source.to_string(),
        email: identity.email.clone(),
        acting_as: identity.acting_as.clone(),
        quota_project: identity.quota_project.clone(),
        projects: projects.collect(),
    })
}

fn lacking_rules(missing: &[Lack]) -> Vec<RuleLack> {
    let facts: BTreeSet<Fact> = missing.iter().map(|lack| lack.untold.fact).collect();
    rules::all()
        .iter()
        .filter_map(|rule| {
            let needs: BTreeSet<Fact> = rule.needs.iter().chain(judged_by(&rule.check)).copied().collect();
            let lacking: Vec<Fact> = needs.intersection(&facts).copied().collect();
            if lacking.is_empty() {
                return None;
            }
            let of_these = missing.iter().filter(|lack| lacking.contains(&lack.untold.fact));
            let grants: BTreeSet<String> = of_these.filter_map(|lack| lack.untold.grant.clone()).collect();
            Some(RuleLack {
                rule: rule.id,
                severity: rule.severity,
                missing: lacking.iter().map(|fact| fact.word()).collect(),
                grants: grants.into_iter().collect(),
            })
        })
        .collect()
}

/// What a rule is about, which it needs besides what it says that it needs.
fn judged_by(check: &Check) -> &'static [Fact] {
    match check {
        Check::Link(_) => &[Fact::Clients, Fact::Services],
        Check::Issuer(_) => &[Fact::Realms, Fact::Services],
        Check::Client(_) => &[Fact::Clients],
        Check::Service(_) => &[Fact::Services, Fact::Jobs, Fact::WorkerPools],
        Check::Realm(_) => &[Fact::Realms],
        Check::Scene(_) | Check::Waiver(_) => &[],
    }
}

/// Lines with a word in front, which is told once.
struct Page {
    text: String,
    width: usize,
}

/// Columns of the words in front.
const LABEL: usize = 14;

impl Page {
    fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&paint::strong(&escape::one_line(text)));
        self.text.push('\n');
    }

    fn line(&mut self, label: &str, text: &str) {
        let first = match label.len() {
            // A word that fills its column stands in a line of its own.
            LABEL.. => {
                self.text.push_str(&format!("  {label}\n"));
                " ".repeat(LABEL + 2)
            }
            _ => format!("  {label:<LABEL$}"),
        };
        let rest = " ".repeat(LABEL + 2);
        push_wrapped(&mut self.text, &first, &rest, &escape::one_line(text), self.width);
    }

    fn list(&mut self, label: &str, lines: impl IntoIterator<Item = String>) {
        for (index, line) in lines.into_iter().enumerate() {
            self.line(if index == 0 { label } else { "" }, &line);
        }
    }
}

fn table(diagnosis: &Diagnosis, width: usize) -> String {
    let mut page = Page { text: String::new(), width };
    if let Some(keycloak) = &diagnosis.keycloak {
        tell_keycloak(keycloak, &mut page);
    }
    if let Some(google) = &diagnosis.google {
        tell_google(google, &mut page);
    }
    if !diagnosis.failures.is_empty() {
        page.heading("Could not be read");
        for failure in &diagnosis.failures {
            page.line("", &format!("{}: {}", failure.side, failure.message));
        }
    }
    if diagnosis.missing.is_empty() {
        page.heading("Nothing is missing: every rule can decide every case.");
        return page.text;
    }
    page.heading("Missing");
    for lack in &diagnosis.missing {
        let grant = lack.untold.grant.as_ref().map(|grant| format!(" {grant} would show it."));
        let text = format!("{}: {}{}", lack.object, lack.untold.why, grant.unwrap_or_default());
        page.line(lack.untold.fact.word(), &text);
    }
    if !diagnosis.rules.is_empty() {
        page.heading("Rules that cannot decide every case");
        for (severity, text) in rules_by_want(&diagnosis.rules) {
            page.line(severity.word(), &text);
        }
    }
    page.text
}

/// How grave it is, what is missing, and what would show it.
type Want<'a> = (Severity, &'a [&'static str], &'a [String]);

/// The rules that lack the same, together: `redirect-uri-missing, client-unknown: clients → …`; the gravest first.
fn rules_by_want(rules: &[RuleLack]) -> Vec<(Severity, String)> {
    let mut together: BTreeMap<Want<'_>, Vec<&str>> = BTreeMap::new();
    for rule in rules {
        together.entry((rule.severity, &rule.missing, &rule.grants)).or_default().push(rule.rule);
    }
    let line = |((severity, missing, grants), rules): (Want<'_>, Vec<&str>)| {
        let grants = match grants {
            [] => String::new(),
            grants => format!(" → {}", grants.join(", ")),
        };
        (severity, format!("{}: {}{grants}", rules.join(", "), missing.join(", ")))
    };
    let mut lines: Vec<(Severity, String)> = together.into_iter().map(line).collect();
    lines.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    lines
}

fn tell_keycloak(keycloak: &Keycloak, page: &mut Page) {
    page.heading(&format!("Keycloak at {}", keycloak.url));
    let version = &keycloak.version;
    page.line(
        "version",
        &match (&version.exact, &version.from, &version.to) {
            (Some(exact), ..) => exact.clone(),
            (None, Some(from), Some(to)) => format!("hidden from this account; between {from} and {to}"),
            (None, Some(from), None) => format!("hidden from this account; {from} or newer"),
            (None, None, Some(to)) => format!("hidden from this account; {to} or older"),
            (None, None, None) => "hidden from this account".to_owned(),
        },
    );
    let login = &keycloak.login;
    let who = match (&login.client, &login.user) {
        (Some(client), Some(user)) => format!("client `{client}`, user `{user}`"),
        (Some(client), None) => format!("client `{client}`"),
        (None, Some(user)) => format!("user `{user}`"),
        (None, None) => "an account that the token does not name".to_owned(),
    };
    page.line("login", &format!("{who} of realm `{}`, by {}", login.realm, login.grant));
    page.list(
        "",
        login.sources.iter().map(|source| {
            let value = source.value.as_ref().map(|value| format!(" `{value}`")).unwrap_or_default();
            match &source.from {
                Some(from) => format!("{}{value} from {from}", source.what),
                None => format!("{}{value}, the default", source.what),
            }
        }),
    );
    if !login.roles.is_empty() {
        page.list("roles", roles_by_client(&login.roles));
    }
    page.list(
        "realms",
        keycloak
            .realms
            .iter()
            .map(|realm| format!("{} with {}", realm.realm, count(realm.clients, "client", "clients"))),
    );
    if let Some(clock) = &keycloak.clock {
        page.line("clock", &offset(clock));
    }
    page.line("TLS", keycloak.tls);
    page.list(
        "issuers",
        keycloak.issuers.iter().map(|issuer| match (&issuer.issuer, &issuer.failed) {
            (Some(issuer_text), _) => format!("{issuer_text} at {}", issuer.asked),
            (None, failed) => {
                let failed = failed.as_deref().unwrap_or("no answer");
                format!("realm {} at {}: {failed}", issuer.realm, issuer.asked)
            }
        }),
    );
    page.list("notes", keycloak.notes.iter().cloned());
}

/// `view-clients, view-realm of realm-management`, a line for each client and one for the realm's own.
fn roles_by_client(roles: &[String]) -> Vec<String> {
    let mut by_client: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for role in roles {
        let (client, role) = role.split_once(": ").unwrap_or(("", role));
        by_client.entry(client).or_default().push(role);
    }
    let line = |(client, roles): (&str, Vec<&str>)| match client {
        "" => format!("{} of the realm", roles.join(", ")),
        client => format!("{} of {client}", roles.join(", ")),
    };
    by_client.into_iter().map(line).collect()
}

/// `0.4 s ahead of this machine, give or take 1.0 s`
fn offset(clock: &Clock) -> String {
    let seconds = |millis: u64| format!("{}.{} s", millis / 1000, millis % 1000 / 100);
    let off = seconds(clock.offset_millis.unsigned_abs());
    let sure = seconds(clock.uncertainty_millis.unsigned_abs());
    let way = if clock.offset_millis < 0 { "behind" } else { "ahead of" };
    format!("{off} {way} this machine's, give or take {sure}")
}

fn tell_google(google: &Google, page: &mut Page) {
    page.heading("Google Cloud");
    let mut who = format!("{} from {}", google.credentials, google.from);
    if let Some(email) = &google.email {
        who = format!("{email}, {who}");
    }
    page.line("credentials", &who);
    if let Some(acting_as) = &google.acting_as {
        page.line("acting as", acting_as);
    }
    if let Some(quota) = &google.quota_project {
        page.line("quota", &format!("counted against project {quota}"));
    }
    for project in &google.projects {
        page.line("project", &format!("{} from {}", project.project, project.from));
        let regions = match project.regions.as_slice() {
            [] => "no region could be read whole".to_owned(),
            regions => regions.join(", "),
        };
        page.line("", &regions);
        let parts = [
            count(project.services, "service", "services"),
            count(project.jobs, "job", "jobs"),
            count(project.worker_pools, "worker pool", "worker pools"),
            count(project.secrets, "secret", "secrets"),
        ];
        page.line("", &parts.join(", "));
    }
}
