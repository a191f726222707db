//! Which service talks through which client: clues with reasons, many to many, and ambiguity as a result.
//!
//! The way: what settings say ([`reading`]) → URLs of every service ([`urls`]) → environments ([`environments`]) → which realm each
//! issuer names ([`naming`]) → clues ([`named`],
//! [`logins`], [`callers`]) → links ([`clues`]). Everything goes by index: the cost grows with what was read, never with
//! the product of clients and services.

mod callers;
mod clues;
mod environments;
mod facts;
pub(crate) mod hosts;
pub(crate) mod index;
pub(crate) mod keycloaks;
mod logins;
mod named;
pub(crate) mod names;
pub(crate) mod naming;
pub(crate) mod reading;
#[cfg(test)]
mod tests;
mod urls;

pub use clues::MOST_CANDIDATES;

use crate::cloud_run::model::ServiceUrl;
use crate::config::Config;
use crate::conventions::Understanding;
use crate::finding::Evidence;
use crate::known::Known;
use crate::locus::Locus;
use crate::snapshot::{ClientId, RealmId, ServiceId, Snapshot};

/// A service and a client that belong together.
#[derive(Debug, Clone)]
pub struct Link {
    /// The environment that both are of, where several are told apart.
    pub environment: Option<String>,
    /// The service.
    pub service: ServiceId,
    /// The client.
    pub client: ClientId,
    /// What the service uses the client for.
    pub uses: Uses,
    /// Why they belong together, the strongest clue first.
    pub clues: Vec<Clue>,
    /// Whether the configuration pins the link.
    pub pinned: bool,
    /// Callback paths that the configuration names for this link; they win over conventions.
    pub callback_paths: Vec<String>,
}

/// How far a link carries a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// One soft clue, such as a name that is alike: enough to mention, not enough to call something wrong.
    Weak,
    /// A hard clue other than the client's id (a redirect URI on the service's host, an equal secret), or several soft ones that agree.
    Probable,
    /// The configuration pins it, or a setting of the service names the client.
    Certain,
}

impl Link {
    /// How far the link carries a claim. Rules that say "error" need at least [`Strength::Probable`].
    pub fn strength(&self) -> Strength {
        let mut kinds: Vec<ClueKind> = self.clues.iter().map(|clue| clue.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        match kinds.as_slice() {
            [] => Strength::Weak,
            [first, ..] if first.is_certain() => Strength::Certain,
            [first, ..] if first.is_hard() => Strength::Probable,
            [_, _, ..] => Strength::Probable,
            [_] => Strength::Weak,
        }
    }

    /// Whether the link rests on one soft clue alone, so that nothing may be called wrong because of it.
    pub fn is_weak(&self) -> bool {
        self.strength() == Strength::Weak
    }

    /// The strongest clue in words, for messages: "because `OIDC_CLIENT_ID` is `web`".
    pub fn reason(&self) -> &str {
        self.clues.first().map_or("", |clue| clue.text.as_str())
    }
}

/// What a service uses a client for; several at once are usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// It sends browsers to Keycloak and takes them back: redirect URIs matter.
    pub login: bool,
    /// It fetches tokens of its own with the client's secret.
    pub client_credentials: bool,
    /// It is called with tokens that this client got: issuer, audience and subject matter.
    pub bearer: bool,
}

/// One reason to believe that a service and a client belong together.
#[derive(Debug, Clone)]
pub struct Clue {
    /// What kind of clue.
    pub kind: ClueKind,
    /// The clue in words: "`OIDC_CLIENT_ID` is `web`".
    pub text: String,
    /// Where it stands on both sides.
    pub evidence: Vec<Evidence>,
}

/// The kinds of clue, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClueKind {
    /// The configuration pins the link.
    Pinned,
    /// A setting of the service names the client, and its issuer the realm.
    ClientIdAndIssuer,
    /// A setting of the service names the client.
    ClientId,
    /// A redirect URI, root URL or web origin of the client is on a host of the service.
    RedirectHost,
    /// The service holds the client's secret (equal tags).
    EqualSecret,
    /// The service expects an audience that is the client, or that the client's tokens carry.
    Audience,
    /// The client's root URL or redirect URI is on a host that the service names as its own.
    BaseUrl,
    /// The service lets browsers of the client's origin call it.
    Origin,
    /// A service that logs in through the client names this service's URL: it calls it with the client's tokens.
    Caller,
    /// The name of a secret of the service is made of the client's id.
    SecretName,
    /// The service's name equals the client's id, inside a realm that it talks to.
    Name,
    /// The service belongs to a realm although no setting says so: an API of the realm serves its pages, or its Keycloak has no other realm.
    Realm,
}

impl ClueKind {
    /// Whether it alone settles the link.
    pub fn is_certain(self) -> bool {
        matches!(self, ClueKind::Pinned | ClueKind::ClientIdAndIssuer | ClueKind::ClientId)
    }

    /// Whether it alone makes the link probable.
    pub fn is_hard(self) -> bool {
        use ClueKind as K;
        matches!(self, K::RedirectHost | K::EqualSecret | K::Audience | K::BaseUrl | K::Origin | K::Caller)
    }
}

/// A service that fits several clients equally well.
#[derive(Debug, Clone)]
pub struct Ambiguity {
    /// The environment, where several are told apart.
    pub environment: Option<String>,
    /// The service.
    pub service: ServiceId,
    /// The clients that fit, each with the clues for it; the first [`MOST_CANDIDATES`] of them.
    pub candidates: Vec<(ClientId, Vec<Clue>)>,
    /// How many more fit.
    pub left_out: usize,
}

/// What a service says of itself through its settings.
#[derive(Debug, Clone, Default)]
pub struct ServiceReading {
    /// What the settings of each container mean, in the order of [`Service::containers`](crate::cloud_run::model::Service::containers).
    pub containers: Vec<ContainerReading>,
    /// Whether the service is a Keycloak server.
    pub is_keycloak: bool,
    /// The environment it was counted to, where several are told apart.
    pub environment: Option<String>,
    /// The URLs that it answers on: those of its document, those of the configuration, and those that other places reveal
    /// ([`UrlSource::Clue`](crate::cloud_run::model::UrlSource::Clue)).
    pub urls: Vec<ServiceUrl>,
    /// The issuers that it expects, each with what it names.
    pub issuers: Vec<IssuerReading>,
    /// The client ids that its settings name, each with what it names.
    pub client_ids: Vec<ClientIdReading>,
    /// The realms that it talks to as far as known, by issuers, base URLs and links; in order, none twice.
    pub realms: Vec<RealmId>,
    /// Settings that would tell issuer, realm or client, but hold a placeholder or another unknown value; what each is, why, where.
    pub unknown: Vec<UnknownSetting>,
}

/// What the settings of a container mean, and where they stand.
#[derive(Debug, Clone, Default)]
pub struct ContainerReading {
    /// What conventions understood. Its settings are positions in `settings`.
    pub understanding: Understanding,
    /// The settings: environment variables first, then flags among command and arguments.
    pub settings: Vec<SettingPlace>,
}

/// A setting and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingPlace {
    /// Its name as written; flags with their dashes.
    pub name: String,
    /// Where its value stands.
    pub at: Locus,
    /// Its value as a person may copy it; none for secrets and for what is not known.
    pub value: Option<String>,
    /// Why it is not known, as a clause, where its document says so.
    pub unknown: Option<String>,
}

/// A setting that would tell where a service logs in, if its value were known.
#[derive(Debug, Clone)]
pub struct UnknownSetting {
    /// The setting's name.
    pub setting: String,
    /// What it would tell.
    pub tells: Tells,
    /// Why it is unknown, as a clause: "`${HOST}` is a placeholder".
    pub why: String,
    /// Where it stands.
    pub at: Locus,
}

/// What a setting tells about a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tells {
    /// The issuer, or a URL from which it follows.
    Issuer,
    /// The realm.
    Realm,
    /// The client's id.
    ClientId,
}

/// A client id that a service's settings name.
#[derive(Debug, Clone)]
pub struct ClientIdReading {
    /// The container whose settings name it.
    pub container: usize,
    /// The setting's name as people write it.
    pub setting: String,
    /// The id.
    pub id: Known<String>,
    /// Where it stands.
    pub at: Locus,
    /// The issuers of the same login, as indexes into [`ServiceReading::issuers`].
    pub issuers: Vec<usize>,
    /// What it names.
    pub names: NamedClient,
}

/// What a client id names among what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedClient {
    /// A client that was read.
    Client(ClientId),
    /// No client of the realms that the service's issuer names.
    NotInRealms(Vec<RealmId>),
    /// Clients of several realms; which realm the service talks to is not known.
    Ambiguous(Vec<ClientId>),
    /// The service's issuer is of a Keycloak or realm that was not read.
    Elsewhere,
    /// No issuer tells the realm, and no client that was read has this id.
    Nowhere,
    /// The id is not known; why, as a clause.
    Unknown(String),
}

/// An issuer that a service expects.
#[derive(Debug, Clone)]
pub struct IssuerReading {
    /// The container whose settings name it.
    pub container: usize,
    /// Its position in [`Understanding::issuers`] of the container: how it is compared, what it was made of, how sure it is.
    pub expectation: usize,
    /// The issuer as the service will compare it.
    pub issuer: String,
    /// Where it comes from; for one put together from several settings all of them.
    pub evidence: Vec<Evidence>,
    /// What it names among what was read.
    pub names: NamedRealm,
    /// How that is known.
    pub by: NamedBy,
}

/// How it is known which realm an issuer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedBy {
    /// Its host is one of the realm's Keycloak: a `frontendUrl`, a URL of the Keycloak service, or one of the configuration.
    Host,
    /// Only the realm's name is equal; nothing tells the host of its Keycloak, or another host is told. A weaker clue, to be said.
    RealmName,
    /// It names nothing that was read.
    Nothing,
}

/// What an issuer or base URL names among what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedRealm {
    /// A realm that was read.
    Realm(RealmId),
    /// A Keycloak that was read, but no realm of it; with the realms that it has.
    UnknownRealm {
        /// The realm's name in the issuer.
        name: String,
        /// The realms of that Keycloak.
        known: Vec<RealmId>,
    },
    /// A realm of a Keycloak of which nothing was read.
    Elsewhere {
        /// The host in the issuer.
        host: String,
        /// The realm's name.
        realm: String,
    },
    /// Several realms that were read fit; what tells them apart is not known.
    Ambiguous(Vec<RealmId>),
    /// It is no Keycloak issuer at all.
    NotKeycloak,
}

/// An environment: one Keycloak with the services that use it.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Its name: from the configuration, else made from what tells it apart (a host, a folder).
    pub name: String,
    /// Its realms.
    pub realms: Vec<RealmId>,
    /// Its services.
    pub services: Vec<ServiceId>,
    /// The service that is its Keycloak, where exactly one was read.
    pub keycloak: Option<ServiceId>,
    /// Every service that is a Keycloak; several when it is not known which of them serves the realms.
    pub keycloaks: Vec<ServiceId>,
}

/// All that linking found out.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// The environments; one without a name of its own when nothing tells several apart.
    pub environments: Vec<Environment>,
    /// The links, ordered by service, then client.
    pub links: Vec<Link>,
    /// Services that fit several clients equally well.
    pub ambiguities: Vec<Ambiguity>,
    /// What each service says of itself, by [`ServiceId`].
    pub services: Vec<ServiceReading>,
    /// The environment of each realm, by [`RealmId`], as an index into `environments`.
    pub environment_of_realm: Vec<usize>,
    /// Pinned links of the configuration that name a service or client that was not read; sentences.
    pub unused_pins: Vec<String>,
    /// Remarks about single services: what was left out because it was too much; sentences.
    pub notes: Vec<(ServiceId, String)>,
}

impl Links {
    /// Whether several environments are told apart, so that their names are worth saying.
    pub fn several_environments(&self) -> bool {
        self.environments.len() > 1
    }

    /// The name of the environment that a realm is of, where several are told apart.
    pub fn environment_of(&self, realm: RealmId) -> Option<&str> {
        let environment = self.environments.get(*self.environment_of_realm.get(realm.0 as usize)?)?;
        (!environment.name.is_empty()).then_some(environment.name.as_str())
    }
}

/// Finds out which service talks through which client.
pub fn find(snapshot: &Snapshot, config: &Config) -> Links {
    let (mut services, mut facts): (Vec<_>, Vec<_>) = snapshot.services.iter().map(reading::read).unzip();
    facts::know_payloads(snapshot, &mut facts);
    let (configured, realms_by_files) = environments::by_files(snapshot, config);
    let by_file: Vec<_> =
        configured.iter().map(|index| index.and_then(|index| config.environments.get(index))).collect();
    let all_urls = urls::complete(snapshot, config, &facts, &by_file);
    let known = environments::Known {
        snapshot,
        config,
        facts: &facts,
        urls: &all_urls,
        readings: &services,
        configured: &configured,
    };
    let assignment = environments::tell_apart(&known, &realms_by_files);
    for ((id, reading), urls) in (0..).map(ServiceId).zip(&mut services).zip(all_urls) {
        reading.urls = urls;
        reading.environment = assignment.name_for_service(id);
    }
    clues::link(snapshot, config, &facts, assignment, services)
}
