//! Which service talks through which client: clues with reasons, many to many, and ambiguity as a result.

use crate::conventions::Understanding;
use crate::finding::Evidence;
use crate::snapshot::{ClientId, RealmId, ServiceId};

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
    /// The name of a secret of the service is made of the client's id.
    SecretName,
    /// The service's name equals the client's id, inside a realm that it talks to.
    Name,
}

/// A service that fits several clients equally well.
#[derive(Debug, Clone)]
pub struct Ambiguity {
    /// The environment, where several are told apart.
    pub environment: Option<String>,
    /// The service.
    pub service: ServiceId,
    /// The clients that fit, each with the clues for it.
    pub candidates: Vec<(ClientId, Vec<Clue>)>,
}

/// What a service says of itself through its settings.
#[derive(Debug, Clone, Default)]
pub struct ServiceReading {
    /// What the settings of each container mean, in the order of [`Service::containers`](crate::cloud_run::model::Service::containers).
    pub containers: Vec<Understanding>,
    /// Whether the service is a Keycloak server.
    pub is_keycloak: bool,
    /// The environment it was counted to, where several are told apart.
    pub environment: Option<String>,
    /// The issuers that it expects, each with what it names.
    pub issuers: Vec<IssuerReading>,
}

/// An issuer that a service expects.
#[derive(Debug, Clone)]
pub struct IssuerReading {
    /// The container whose settings name it.
    pub container: usize,
    /// The issuer as the service will compare it.
    pub issuer: String,
    /// Where it comes from; for one put together from several settings all of them.
    pub evidence: Vec<Evidence>,
    /// What it names among what was read.
    pub names: NamedRealm,
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
    /// The service that is its Keycloak, where it was read.
    pub keycloak: Option<ServiceId>,
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
}
