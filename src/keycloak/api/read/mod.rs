//! Reads whole realms into the documents that `answers` describes.

mod discovery;
mod grants;
mod identity;
mod pages;
mod people;
mod realm;
mod roles;
mod scopes;
mod version;

use std::collections::BTreeSet;
use std::fmt;

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::identity::Identity;
use self::version::Told;
use super::session::Session;
use super::settings::Login;
use super::trouble::{Kind, Trouble};
use crate::answers::{Clock, Object, Resource};
use crate::fault::Fault;
use crate::snapshot::Fact;
use crate::suggest::did_you_mean;

/// A JSON object.
type Fields = Map<String, Value>;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct What {
    /// The realms; empty for all that the account sees.
    pub realms: Vec<String>,
    /// Further base URLs under which the server may be known, such as those of the Cloud Run service that it is. They are asked for
    /// discovery documents only, without a token.
    pub urls: Vec<String>,
    /// The `clientId`s whose roles are listed, a call for each; none for all of them. Roles of other clients are found as well where a
    /// role contains them or a service account or a group has them.
    pub roles_of: Option<BTreeSet<String>>,
}

/// Something that was reached while reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The server was found and the login done.
    LoggedIn,
    /// So many realms are to be read.
    Realms(usize),
    /// So many clients of a realm have been listed so far.
    Clients {
        /// The realm's name.
        realm: String,
        /// How many were listed.
        count: usize,
    },
    /// The roles of so many service accounts of a realm have been read so far.
    ServiceAccounts {
        /// The realm's name.
        realm: String,
        /// How many were read.
        count: usize,
        /// How many there are.
        of: usize,
    },
    /// A realm has been read.
    Realm {
        /// The realm's name.
        realm: String,
    },
}

/// Hears how far reading is.
pub trait Progress: Send + Sync {
    /// Something was reached.
    fn report(&self, step: Step);
}

/// Says nothing to anybody.
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _: Step) {}
}

/// What a Keycloak told.
pub struct KeycloakAnswers {
    /// The server, its realms and their clients; not sorted.
    pub objects: Vec<Object>,
    /// The server's clock, where a token was fetched.
    pub clocks: Vec<Clock>,
    /// As whom.
    pub identity: Identity,
    /// The realms that were read.
    pub realms: Vec<String>,
    /// The login, for what turns out later to be worth asking.
    session: Session,
}

// Without the bodies, which hold secrets, and without the session.
impl fmt::Debug for KeycloakAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeycloakAnswers")
            .field("objects", &self.objects)
            .field("clocks", &self.clocks)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl KeycloakAnswers {
    /// Asks for the discovery documents of the realms through further base URLs, and adds what they answer to the server's object. Those
    /// that were asked already are left out. No token is sent.
    pub async fn discover(&mut self, urls: &[String]) {
        let Some(server) = self.objects.first_mut() else { return };
        let Some(Value::Array(known)) = server.body.get_mut("discovery") else { return };
        let session = &self.session;
        let asking = self.realms.iter().map(|realm| discovery::further(session, realm, urls, known));
        let answers = join_all(asking).await;
        known.extend(answers.into_iter().flatten());
    }
}

/// Logs in and reads realms with their clients.
///
/// Nothing is written on the server. Calls under way end when the future is dropped.
///
/// # Errors
/// When the server cannot be reached, is none, or refuses the login, and when a realm that was named does not exist. All that the
/// account may not see, and all that a server fails to answer later, is noted on the objects instead.
pub async fn read(
    login: &Login,
    what: &What,
    concurrency: usize,
    progress: &dyn Progress,
) -> Result<KeycloakAnswers, Fault> {
    let session = Session::open(login, concurrency).await?;
    progress.report(Step::LoggedIn);
    let (told, names) = futures_util::join!(version::ask(&session), names(&session, what));
    let mut server = server(&session, &told);
    let names = match names {
        Ok(names) => names,
        Err(Unlisted::NoSuchRealm(fault)) => return Err(fault),
        Err(Unlisted::Failed(trouble)) if trouble.is_forbidden() => {
            server.untold(
                Fact::Realms,
                "This account has no administrative role, so that it sees no realm.",
                Some("`view-realm` of `realm-management`"),
            );
            Vec::new()
        }
        Err(Unlisted::Failed(trouble)) => return Err(trouble.into_fault()),
    };
    progress.report(Step::Realms(names.len()));
    let reading = names.iter().map(|name| realm::read(&session, name, what, told.range(), progress));
    let read = join_all(reading).await;

    let mut objects = Vec::new();
    let mut discovered = Vec::new();
    for realm in read {
        objects.extend(realm.objects);
        discovered.extend(realm.discovery);
    }
    server.body.insert("discovery".to_owned(), Value::Array(discovered));
    let clocks = match session.window().await {
        Some(window) => vec![Clock {
            server: session.base().to_owned(),
            offset_millis: window.offset_millis(),
            uncertainty_millis: window.uncertainty_millis(),
        }],
        None => {
            server.untold(
                Fact::Clock,
                "The server's clock is read from a token just fetched, and no such token was fetched, or it tells no time.",
                None,
            );
            Vec::new()
        }
    };
    objects.insert(0, server);
    let identity = Identity::new(login, &session.claims().await);
    Ok(KeycloakAnswers { objects, clocks, identity, realms: names, session })
}

fn server(session: &Session, told: &Told) -> Object {
    let resource = Resource::KeycloakServer { server: session.base().to_owned() };
    let mut server = Object::new(resource, Fields::new());
    let mut put = |key: &str, text: String| server.body.insert(key.to_owned(), Value::String(text));
    match told {
        Told::Exactly(version) => {
            put("version", version.clone());
        }
        Told::Between { from, to, why, grant } => {
            if let Some(from) = from {
                put("versionFrom", from.to_string());
            }
            if let Some(to) = to {
                put("versionTo", to.to_string());
            }
            put("versionWhy", why.clone());
            server.untold(Fact::KeycloakVersion, why, grant.as_deref());
        }
    }
    server
}

enum Unlisted {
    NoSuchRealm(Fault),
    Failed(Trouble),
}

#[derive(Deserialize)]
struct RealmName {
    realm: String,
}

// The realms to read. Those that were named are looked up first: one that does not exist is a slip of the person's.
async fn names(session: &Session, what: &What) -> Result<Vec<String>, Unlisted> {
    if what.realms.is_empty() {
        let listed: Vec<RealmName> =
            session.get("realms?briefRepresentation=true").await.map_err(Unlisted::Failed)?;
        let names: BTreeSet<String> = listed.into_iter().map(|listed| listed.realm).collect();
        return Ok(names.into_iter().collect());
    }
    let named: BTreeSet<String> = what.realms.iter().cloned().collect();
    for name in &named {
        match session.get::<Value>(&super::paths::realm(name)).await {
            Err(trouble) if trouble.kind == Kind::NotFound => {}
            Err(trouble) if !trouble.is_forbidden() => return Err(Unlisted::Failed(trouble)),
            _ => continue,
        }
        let seen: Vec<RealmName> = session.get("realms?briefRepresentation=true").await.unwrap_or_default();
        let fault = Fault::usage(format!("the Keycloak at {} has no realm `{name}`", session.base()));
        let seen = seen.iter().map(|seen| seen.realm.as_str());
        return Err(Unlisted::NoSuchRealm(fault.maybe_hint(did_you_mean(name, seen))));
    }
    Ok(named.into_iter().collect())
}
