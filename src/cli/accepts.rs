//! `cloakrun accepts`

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::accepts::{self, Answer, Answers, DEFAULT_FRONTEND_URL, GenerationAnswer, Kind, Settings};
use crate::cli::args::{AcceptsArgs, AnswerFormat, Global, UriKind};
use crate::cli::looking::{self, Sight};
use crate::cli::naming;
use crate::cli::terminal::Terminal;
use crate::fault::{Exit, Fault, Whose};
use crate::finding::Evidence;
use crate::keycloak::generation::oldest;
use crate::keycloak::import::{HeldOrigins, web_origins};
use crate::keycloak::model::{Client, ClientField, Text, attribute};
use crate::locus::{FieldPath, Locus};
use crate::report::places::Places;
use crate::report::{escape, json, paint, summary};
use crate::scene::{RealmServer, Scene};
use crate::snapshot::{ClientId, Place};

/// The answer of `cloakrun accepts --format json`.
#[derive(Debug, Serialize)]
struct AcceptsAnswer {
    schema_version: &'static str,
    environment: Option<String>,
    realm: String,
    client: String,
    kind: Kind,
    uri: String,
    verdict: Verdict,
    /// True, false, or null: the server breaks, servers differ, or it is not known.
    accepted: Option<bool>,
    /// The version of the server; null when it is not known.
    keycloak_version: Option<String>,
    /// The answers, each with the servers that give it; one when the version is known.
    answers: Vec<ServersAnswer>,
    /// Entries of the client whose text is not known, and why.
    unknown_entries: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// Every server that is asked accepts it.
    Accepted,
    /// None does.
    Refused,
    /// The server answers with an error of its own, or some do and the others refuse.
    Breaks,
    /// Servers of different versions differ, and the version is not known.
    Differs,
    /// A placeholder decides.
    Unknown,
}

#[derive(Debug, Serialize)]
struct ServersAnswer {
    /// Which servers, by version.
    servers: Vec<String>,
    #[serde(flatten)]
    answer: Answer,
    /// Where the entry that matched stands: path:line:column.
    matched_at: Option<String>,
}

impl ServersAnswer {
    fn new(servers: Vec<String>, answer: &Answer) -> Self {
        ServersAnswer { servers, answer: answer.clone(), matched_at: None }
    }
}

/// What is asked, in the form of the matcher, with the places of the entries and what is not known of them.
struct Question {
    settings: Settings,
    entries: Vec<(String, Locus)>,
    unknown: Vec<String>,
}

pub(crate) fn run(args: &AcceptsArgs, global: &Global, terminal: &Terminal) -> Result<Exit, Fault> {
    if let Some(path) = &args.batch {
        return batch(path, terminal);
    }
    let (Some(name), Some(uri)) = (&args.client, &args.uri) else {
        return Err(Fault::usage("a client and a URI are needed."));
    };
    let server = looking::server(&args.server)?;
    let sight = looking::look(&args.paths, &args.server, args.realm.as_slice(), global, terminal)?;
    looking::tell_failures(&sight.snapshot, terminal);
    let scene = Scene::new(&sight.snapshot, &sight.config, &server);
    let id = naming::client(&scene, name, args.realm.as_deref())?;
    let answer = answer(&scene, &sight, id, args.kind, uri);
    terminal.write(&match args.format {
        AnswerFormat::Table => words(&answer, &judged(scene.server(id.realm)), terminal.width()),
        AnswerFormat::Json => json::pretty(&answer),
    })?;
    Ok(match answer.verdict {
        Verdict::Accepted => Exit::Clean,
        Verdict::Refused | Verdict::Breaks => Exit::Findings,
        Verdict::Differs | Verdict::Unknown => Exit::Incomplete,
    })
}

/// Answers JSON Lines with JSON Lines.
fn batch(path: &Path, terminal: &Terminal) -> Result<Exit, Fault> {
    let reader: Box<dyn io::BufRead> = if path.as_os_str() == "-" {
        Box::new(BufReader::with_capacity(1 << 16, io::stdin().lock()))
    } else {
        // Opening a directory succeeds on some systems, and reading it fails with words that help nobody.
        if path.is_dir() {
            return Err(Fault::usage(format!(
                "{} is a directory, not a file of JSON Lines.",
                path.display()
            )));
        }
        let file = File::open(path)
            .with_context(|| format!("cannot read {}", path.display()))
            .map_err(|error| Fault::new(Whose::Input, error))?;
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    let outcome = match terminal.stream(|writer| accepts::batch(reader, writer)) {
        Ok(Some(outcome)) => outcome,
        // Nobody reads on.
        Ok(None) => return Ok(Exit::Clean),
        Err(fault) => return Err(fault),
    };
    if outcome.bad_lines > 0 {
        let lines = summary::count(outcome.bad_lines, "line is", "lines are");
        terminal.error(&format!("{lines} no question; see `error` in the answers."));
        return Ok(Exit::Usage);
    }
    Ok(Exit::Clean)
}

fn answer(scene: &Scene<'_>, sight: &Sight, id: ClientId, kind: UriKind, uri: &str) -> AcceptsAnswer {
    let question = question(scene, id, kind);
    let version = question.settings.version.map(|version| version.to_string());
    let kind = question.settings.kind;
    let mut answers = match accepts::answer(question.settings, Some(uri), true) {
        Answers::One(answer) => {
            vec![ServersAnswer::new(version.iter().cloned().collect(), &answer)]
        }
        Answers::ByGeneration(answers) => by_answer(&answers),
    };
    let mut verdict = verdict(&answers);
    if verdict != Verdict::Accepted && !question.unknown.is_empty() {
        verdict = Verdict::Unknown;
    }
    for held in &mut answers {
        let matched = held.answer.matched.as_ref();
        let entry = matched.and_then(|text| question.entries.iter().find(|(entry, _)| entry == text));
        held.matched_at = entry.map(|(entry, at)| position(scene, sight, entry, at));
    }
    AcceptsAnswer {
        schema_version: json::SCHEMA_VERSION,
        environment: scene.subject_of_client(id).environment,
        realm: scene.realm_name(id.realm).to_owned(),
        client: scene.client_id(id).to_owned(),
        kind,
        uri: uri.to_owned(),
        verdict,
        accepted: match verdict {
            Verdict::Accepted => Some(true),
            Verdict::Refused => Some(false),
            Verdict::Breaks | Verdict::Differs | Verdict::Unknown => None,
        },
        keycloak_version: version,
        answers,
        unknown_entries: question.unknown,
    }
}

fn verdict(answers: &[ServersAnswer]) -> Verdict {
    let accepted = |answer: &ServersAnswer| answer.answer.accepted;
    if answers.iter().all(|answer| accepted(answer) == Some(true)) {
        Verdict::Accepted
    } else if answers.iter().all(|answer| accepted(answer) == Some(false)) {
        Verdict::Refused
    } else if answers.iter().any(|answer| accepted(answer) == Some(true)) {
        Verdict::Differs
    } else {
        Verdict::Breaks
    }
}

/// Generations that answer alike, together.
fn by_answer(answers: &[GenerationAnswer]) -> Vec<ServersAnswer> {
    let mut together: Vec<ServersAnswer> = Vec::new();
    for held in answers {
        let servers = held.servers.to_owned();
        match together.iter_mut().find(|known| known.answer == *held.answer) {
            Some(known) => known.servers.push(servers),
            None => {
                together.push(ServersAnswer::new(vec![servers], &held.answer));
            }
        }
    }
    together
}

fn question(scene: &Scene<'_>, id: ClientId, kind: UriKind) -> Question {
    let client = scene.client(id);
    let server = scene.server(id.realm);
    let mut unknown = Vec::new();
    let redirect_uris = known(client, ClientField::RedirectUris, &client.redirect_uris, &mut unknown);
    let mut text = |name: &str, text: Option<&Text>| {
        if let Some(why) = text.and_then(|text| text.why_unknown()) {
            unknown.push(format!("{name}: {why}"));
        }
        text.and_then(|text| text.text()).map(str::to_owned)
    };
    let root_url = text("rootUrl", client.root_url.as_ref());
    let post_logout = client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS);
    let post_logout =
        if kind == UriKind::PostLogout { text("post-logout redirect URIs", post_logout) } else { None };
    let origins = match web_origins(client) {
        HeldOrigins::Stated(origins) if kind == UriKind::WebOrigin => {
            Some(known(client, ClientField::WebOrigins, origins, &mut unknown))
        }
        HeldOrigins::Stated(_) | HeldOrigins::FilledIn(_) => None,
    };
    let issuer = server.issuer.known().first();
    let frontend = issuer.and_then(|issuer| issuer.rsplit_once("/realms/")).map(|(base, _)| base.to_owned());
    let values = |entries: &[(String, Locus)]| entries.iter().map(|(entry, _)| entry.clone()).collect();
    let on =
        |name: &str| client.attribute(name).and_then(|text| text.text()).is_some_and(|text| text == "true");
    let settings = Settings {
        kind: match kind {
            UriKind::Redirect => Kind::Redirect,
            UriKind::PostLogout => Kind::PostLogout,
            UriKind::WebOrigin => Kind::WebOrigin,
        },
        registered: values(&redirect_uris),
        root_url,
        frontend_url: frontend.unwrap_or_else(|| DEFAULT_FRONTEND_URL.to_owned()),
        admin_url: None,
        attribute: post_logout,
        web_origins: origins.as_deref().map(values),
        allow_oidc_parameters: on(attribute::ALLOW_OIDC_PARAMETERS),
        version: server.versions.first().copied().filter(|_| server.version_known()),
    };
    let mut entries = redirect_uris;
    entries.extend(origins.unwrap_or_default());
    Question { settings, entries, unknown }
}

/// The entries of a list that are known, with their places; why the others are not goes to `unknown`.
fn known(
    client: &Client,
    field: ClientField,
    list: &[Text],
    unknown: &mut Vec<String>,
) -> Vec<(String, Locus)> {
    let mut entries = Vec::with_capacity(list.len());
    for (index, entry) in list.iter().enumerate() {
        let at = client.entry(field, index);
        match (entry.text(), entry.why_unknown()) {
            (Some(text), _) => entries.push((text.to_owned(), at)),
            (None, Some(why)) => unknown.push(format!("{}: {why}", at.path)),
            (None, None) => {}
        }
    }
    entries
}

fn position(scene: &Scene<'_>, sight: &Sight, entry: &str, at: &Locus) -> String {
    let mut find = |place: &Place, wanted: &[(usize, FieldPath)]| sight.excerpts(place, wanted);
    let places = Places::find(scene.snapshot, [at].into_iter(), false, &mut find);
    let evidence = Evidence::keycloak(at.clone(), Some(entry.to_owned()), "the entry that matched");
    places.entry(scene.snapshot, &evidence).position()
}

fn judged(server: &RealmServer) -> String {
    if server.version_known() {
        return server.describe_version();
    }
    format!("by every generation of servers since {}, as the server's version is not known", oldest())
}

fn words(answer: &AcceptsAnswer, judged: &str, width: usize) -> String {
    let width = width.clamp(40, 100);
    let mut text = String::new();
    let head = match answer.verdict {
        Verdict::Accepted => paint::good("yes"),
        Verdict::Refused => paint::severity(crate::finding::Severity::Error, "no"),
        Verdict::Breaks => paint::severity(crate::finding::Severity::Error, "no: the server breaks"),
        Verdict::Differs => paint::undecided("it depends on the server's version"),
        Verdict::Unknown => paint::undecided("not known"),
    };
    text.push_str(&format!("{head}  {}\n", escape::one_line(&answer.uri)));
    let what = match answer.kind {
        Kind::Redirect => "redirect URI",
        Kind::PostLogout => "post-logout redirect URI",
        Kind::WebOrigin => "web origin",
    };
    let about = format!("{what} of client {} in realm {}, judged {judged}", answer.client, answer.realm);
    for line in summary::wrap(&escape::one_line(&about), width) {
        text.push_str(&format!("{}\n", paint::faint(&line)));
    }
    text.push('\n');
    let several = answer.answers.len() > 1;
    for held in &answer.answers {
        if several {
            let word = match held.answer.accepted {
                Some(true) => "yes",
                Some(false) => "no",
                None => "error 500",
            };
            let line = format!("{word}: Keycloak {}", held.servers.join("; "));
            for line in summary::wrap(&line, width) {
                text.push_str(&format!("{}\n", paint::strong(&line)));
            }
        }
        let indent = if several { "  " } else { "" };
        summary::push_wrapped(&mut text, indent, indent, &escape::one_line(&held.answer.reason), width);
        if let Some(matched) = &held.answer.matched {
            let at =
                held.matched_at.as_ref().map_or_else(String::new, |at| format!("{}  ", paint::faint(at)));
            text.push_str(&format!("{indent}{at}{}\n", escape::one_line(matched)));
        }
        if let Some(resolved) = held.answer.resolved.as_ref().filter(|resolved| **resolved != answer.uri) {
            text.push_str(&format!("{indent}The browser is sent to {}\n", escape::one_line(resolved)));
        }
    }
    if !answer.unknown_entries.is_empty() {
        text.push_str(&format!("\n{}\n", paint::undecided("Not known")));
        for entry in &answer.unknown_entries {
            summary::push_wrapped(&mut text, "  • ", "    ", &escape::one_line(entry), width);
        }
    }
    text
}
