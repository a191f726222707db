//! Asking live servers: which sides are asked, both at once, with progress, until they answered or Ctrl-C.

mod progress;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;

use secrecy::{ExposeSecret as _, SecretString};

use crate::answers::{Answers, Resource};
use crate::cli::args::{Global, Live};
use crate::cli::terminal::Terminal;
use crate::config::Config;
use crate::fault::{Fault, Whose};
use crate::files::{Inputs, Limits};
use crate::google;
use crate::keycloak::api as keycloak;
use crate::link::naming::realm_url;
use crate::link::{self, NamedRealm};
use crate::locus::Locus;
use crate::reading;
use crate::secrets::Tagger;
use crate::snapshot::{PartKind, ReadFailure, Snapshot};
use progress::Bars;

/// What two servers answered, and as whom they were asked.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) answers: Answers,
    /// Sides that nobody named on the command line and that could not be read.
    pub(crate) failures: Vec<ReadFailure>,
    pub(crate) keycloak: Option<KeycloakSide>,
    pub(crate) google: Option<GoogleSide>,
}

pub(crate) struct KeycloakSide {
    pub(crate) identity: keycloak::Identity,
    /// What a person should know of how the login was chosen.
    pub(crate) notes: Vec<String>,
    pub(crate) has_own_certificates: bool,
}

pub(crate) struct GoogleSide {
    pub(crate) identity: google::credentials::Identity,
    pub(crate) projects: Vec<google::settings::Sourced<String>>,
}

/// Whether a side is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// No.
    Not,
    /// The environment or gcloud's configuration names it; that it cannot be read leaves the run incomplete.
    Implied,
    /// The command line names it; that it cannot be read ends the run.
    Named,
}

/// Which sides are asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    keycloak: Side,
    google: Side,
}

impl Sides {
    /// What the command line names. With one side named and no files, the other one is asked as well where anything names it.
    pub(crate) fn named(live: &Live, has_paths: bool) -> Sides {
        let side = |named: bool| if named { Side::Named } else { Side::Not };
        let mut sides = Sides {
            keycloak: side(live.keycloak_url.is_some()),
            google: side(!live.projects.is_empty() || !live.regions.is_empty()),
        };
        if sides.any() && !has_paths {
            sides = sides.or(Sides::implied(live));
        }
        sides
    }

    /// What the environment and gcloud's configuration name.
    pub(crate) fn implied(live: &Live) -> Sides {
        let side = |named: bool| if named { Side::Implied } else { Side::Not };
        let around = keycloak::Surroundings::of_process();
        let has_project = google_settings(live).is_ok_and(|settings| !settings.projects.is_empty());
        Sides {
            keycloak: side(keycloak::Login::is_asked_for(&login_flags(live, &[]), around)),
            google: side(has_project),
        }
    }

    fn or(self, other: Sides) -> Sides {
        let or = |one, other| if one == Side::Not { other } else { one };
        Sides { keycloak: or(self.keycloak, other.keycloak), google: or(self.google, other.google) }
    }

    /// Both sides, whatever names them; for commands that are about live servers alone.
    pub(crate) fn all(live: &Live) -> Sides {
        Sides::named(live, false).or(Sides::implied(live))
    }

    /// Without the sides whose answers are among the files already and that only a variable of the environment names: a folder of
    /// `cloakrun snapshot` is looked at as it is, also where the environment still names the servers that it is of.
    pub(crate) fn without_those_of(self, files: &Snapshot, live: &Live, terminal: &Terminal) -> Sides {
        let is_answer = |at: &Locus| files.part(at.part).kind == PartKind::Answer;
        let by_flags = (login_flags(live, &[]).url.is_some(), !by_variables(live));
        let sides = [
            (self.keycloak, by_flags.0, files.realms.iter().any(|realm| is_answer(&realm.at)), "a Keycloak"),
            (
                self.google,
                by_flags.1,
                files.services.iter().any(|service| is_answer(&service.at)),
                "Google Cloud",
            ),
        ];
        let [keycloak, google] = sides.map(|(side, by_flag, is_held, name)| {
            if side == Side::Not || by_flag || !is_held {
                return side;
            }
            terminal.say(&format!(
                "The files hold what {name} answered, so the one that the environment names is not asked."
            ));
            Side::Not
        });
        Sides { keycloak, google }
    }

    pub(crate) fn any(self) -> bool {
        self.keycloak != Side::Not || self.google != Side::Not
    }

    pub(crate) fn both(self) -> bool {
        self.keycloak != Side::Not && self.google != Side::Not
    }
}

/// Asks the servers. `files` are those that are read besides, for what they tell of the Keycloak's further URLs.
pub(crate) fn ask(
    sides: Sides,
    live: &Live,
    realms: &[String],
    files: &Inputs,
    global: &Global,
    config: &Config,
    terminal: &Terminal,
) -> Result<Asked, Fault> {
    google::credentials::use_ring();
    let login = match sides.keycloak {
        Side::Not => None,
        _ => Some(login(live, realms)),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(
            |error| Fault::new(Whose::Input, anyhow::Error::new(error).context("no threads can be started")),
        )?;
    let bars = Bars::new(!live.no_progress && !global.quiet && terminal.shows_progress());
    let asked = runtime.block_on(async {
        tokio::select! {
            asked = both(sides, login, live, files, config, terminal, &bars) => asked,
            _ = tokio::signal::ctrl_c() => Err(Fault::interrupted()),
        }
    });
    bars.clear();
    // Requests under way are given up: nobody waits for them.
    runtime.shutdown_background();
    asked
}

async fn both(
    sides: Sides,
    login: Option<Result<keycloak::Login, Fault>>,
    live: &Live,
    files: &Inputs,
    config: &Config,
    terminal: &Terminal,
    bars: &Bars,
) -> Result<Asked, Fault> {
    let concurrency = live.concurrency.map_or(keycloak::CONCURRENCY, usize::from);
    let of_keycloak = async {
        let Some(login) = login else { return Ok(None) };
        let login = login?;
        let what = keycloak::What { realms: login.realms.clone(), ..keycloak::What::default() };
        let read = keycloak::read(&login, &what, concurrency, bars).await?;
        Ok(Some((login, read)))
    };
    let of_google = async {
        if sides.google == Side::Not {
            return Ok(None);
        }
        let settings = google_settings(live)?;
        let mut what = google::What { read_secrets: live.read_secrets, ..google::What::default() };
        if let Some(timeout) = live.timeout {
            what.limits.attempt_time = timeout;
        }
        google::read(&settings, &what, bars).await.map(Some)
    };
    let mut asked = Asked::default();
    let (of_keycloak, of_google) = tokio::try_join!(
        tolerate(sides.keycloak, "Keycloak", of_keycloak),
        tolerate(sides.google, "Google Cloud", of_google)
    )?;
    match of_google {
        Ok(Some(answers)) => {
            asked.answers.objects.extend(answers.objects);
            let (identity, projects) = (answers.identity, answers.projects);
            asked.google = Some(GoogleSide { identity, projects });
        }
        Ok(None) => {}
        Err(failure) => asked.failures.push(failure),
    }
    match of_keycloak {
        Ok(Some((login, mut answers))) => {
            for note in &login.notes {
                terminal.say(note);
            }
            let others = asked.answers.objects.iter().cloned();
            let known =
                answers.objects.iter().filter(|object| !matches!(object.resource, Resource::Client { .. }));
            let seen = Answers { objects: others.chain(known.cloned()).collect(), clocks: Vec::new() };
            let urls = further_urls(&seen, files, config);
            answers.discover(&urls).await;
            asked.answers.objects.extend(answers.objects);
            asked.answers.clocks.extend(answers.clocks);
            asked.keycloak = Some(KeycloakSide {
                identity: answers.identity,
                notes: login.notes,
                has_own_certificates: login.certificates.is_some(),
            });
        }
        Ok(None) => {}
        Err(failure) => asked.failures.push(failure),
    }
    asked.answers.sort();
    Ok(asked)
}

/// A side that nobody named may fail; the run is then incomplete.
async fn tolerate<T>(
    side: Side,
    name: &str,
    reading: impl Future<Output = Result<T, Fault>>,
) -> Result<Result<T, ReadFailure>, Fault> {
    match reading.await {
        Ok(read) => Ok(Ok(read)),
        Err(fault) if side == Side::Named => Err(fault),
        Err(fault) => {
            let hints: String = fault.hints.iter().map(|hint| format!(" {hint}")).collect();
            Ok(Err(ReadFailure {
                path: name.to_owned(),
                line: None,
                column: None,
                field: None,
                message: format!("{fault}.{hints}"),
                named: false,
            }))
        }
    }
}

/// The base URLs under which the asked Keycloak is known besides its own: those of the Cloud Run service that it is, and those in the
/// issuers that services expect of its realms.
fn further_urls(answers: &Answers, files: &Inputs, config: &Config) -> Vec<String> {
    let Ok(tagger) = Tagger::new() else { return Vec::new() };
    let snapshot = reading::read_with(files, answers, &Limits::default(), &tagger).snapshot;
    let links = link::find(&snapshot, config);
    let mut urls = BTreeSet::new();
    for environment in &links.environments {
        if !environment.realms.iter().any(|realm| snapshot.realm(*realm).server.is_some()) {
            continue;
        }
        for keycloak in &environment.keycloaks {
            urls.extend(links.services[keycloak.0 as usize].urls.iter().map(|url| url.url.clone()));
        }
    }
    for issuer in links.services.iter().flat_map(|service| &service.issuers) {
        if let NamedRealm::Realm(realm) = issuer.names
            && is_asked(&snapshot, realm)
            && let Some(parts) = realm_url(&issuer.issuer)
        {
            urls.insert(parts.base.to_owned());
        }
    }
    urls.into_iter().collect()
}

fn is_asked(snapshot: &Snapshot, realm: crate::snapshot::RealmId) -> bool {
    snapshot.realm(realm).server.is_some()
}

/// The variable that a password which was typed takes the place of.
const PASSWORD: &str = "CLOAKRUN_KEYCLOAK_PASSWORD";

/// How to log in. On a terminal a person who names a user and no password is asked for it.
fn login(live: &Live, realms: &[String]) -> Result<keycloak::Login, Fault> {
    let flags = login_flags(live, realms);
    let around = keycloak::Surroundings::of_process();
    let read = keycloak::Login::read(&flags, around);
    let is_lacking = read.is_err() && live.keycloak_user.is_some() && std::env::var_os(PASSWORD).is_none();
    let is_watched = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !(is_lacking && is_watched) {
        return read;
    }
    let typed = dialoguer::Password::new()
        .with_prompt(format!("Password of {}", live.keycloak_user.as_deref().unwrap_or_default()))
        .interact()
        .map(SecretString::from)
        .map_err(|error| {
            Fault::new(Whose::Input, anyhow::Error::new(error).context("no password could be read"))
        })?;
    let with_it = |name: &str| {
        if name == PASSWORD { Some(typed.expose_secret().to_owned()) } else { (around.variable)(name) }
    };
    let mut login =
        keycloak::Login::read(&flags, keycloak::Surroundings { variable: &with_it, file: around.file })?;
    for source in login.sources.iter_mut().filter(|source| source.name == Some(PASSWORD)) {
        source.name = Some("the terminal");
    }
    Ok(login)
}

fn login_flags(live: &Live, realms: &[String]) -> keycloak::Flags {
    // What stands in our own variables is told by their names, as those of others are.
    let flag = |name: &str, value: &Option<String>| {
        value.clone().filter(|value| std::env::var(name).ok().as_deref() != Some(value.as_str()))
    };
    keycloak::Flags {
        url: flag("CLOAKRUN_KEYCLOAK_URL", &live.keycloak_url),
        login_realm: flag("CLOAKRUN_KEYCLOAK_LOGIN_REALM", &live.keycloak_login_realm),
        client_id: flag("CLOAKRUN_KEYCLOAK_CLIENT_ID", &live.keycloak_client_id),
        user: flag("CLOAKRUN_KEYCLOAK_USER", &live.keycloak_user),
        client_secret_file: live.keycloak_client_secret_file.clone(),
        token_file: live.keycloak_token_file.clone(),
        key_file: live.keycloak_key_file.clone(),
        ca_file: live.keycloak_ca_file.clone(),
        timeout: live.timeout,
        allow_http: live.allow_http,
        realms: realms.to_vec(),
    }
}

/// Whether only variables of the environment name projects and regions.
fn by_variables(live: &Live) -> bool {
    let is_of = |name: &str, values: &[String]| {
        values.is_empty()
            || std::env::var(name).is_ok_and(|value| value.split(',').eq(values.iter().map(String::as_str)))
    };
    is_of(google::settings::PROJECT, &live.projects) && is_of(google::settings::REGION, &live.regions)
}

fn google_settings(live: &Live) -> Result<google::settings::Settings, Fault> {
    let flags = google::settings::Flags {
        projects: live.projects.clone(),
        regions: live.regions.clone(),
        impersonate_service_account: live.impersonate_service_account.clone(),
        allow_http: live.allow_http,
    };
    google::settings::Settings::resolve(&flags, &google::settings::Surroundings::of_process())
}
