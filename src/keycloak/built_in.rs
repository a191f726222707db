//! What every server makes by itself in a realm: client scopes, the lists of them that new clients get, and clients.

use std::sync::Arc;

use crate::keycloak::model::{Client, ClientScope, Dialect, Mapper, Realm, Text};
use crate::keycloak::version::Version;
use crate::known::Known;
use crate::locus::Locus;

/// Clients that every realm has.
const CLIENTS: [&str; 7] = [
    "account",
    "account-console",
    "admin-cli",
    "admin-permissions",
    "broker",
    "realm-management",
    "security-admin-console",
];

/// Whether a client is one that servers make by themselves: those of every realm, and `<realm>-realm` in `master`.
pub fn is_built_in(realm: &Realm, client: &Client) -> bool {
    client.client_id.text().is_some_and(|id| is_built_in_id(realm, id))
}

/// Whether servers make a client of this clientId by themselves in such a realm.
pub fn is_built_in_id(realm: &Realm, client_id: &str) -> bool {
    CLIENTS.contains(&client_id) || (realm.name.text() == Some("master") && client_id.ends_with("-realm"))
}

/// Which of the realm's lists a built-in client scope stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    Default,
    Optional,
    Nowhere,
}

struct Blueprint {
    name: &'static str,
    protocol: &'static str,
    since: Version,
    listed: Listed,
    in_token_scope: bool,
    mappers: &'static [MapperBlueprint],
}

struct MapperBlueprint {
    name: &'static str,
    provider: &'static str,
    config: &'static [(&'static str, &'static str)],
}

const OPENID_CONNECT: &str = "openid-connect";
const ALWAYS: Version = Version::new(0, 0, 0);

/// The mappers that write names and addresses are left out: nothing here looks at those claims.
const SCOPES: [Blueprint; 14] = [
    Blueprint {
        name: "acr",
        protocol: OPENID_CONNECT,
        since: Version::new(18, 0, 0),
        listed: Listed::Default,
        in_token_scope: false,
        mappers: &[MapperBlueprint {
            name: "acr loa level",
            provider: "oidc-acr-mapper",
            config: &[("access.token.claim", "true"), ("id.token.claim", "true")],
        }],
    },
    plain("address", Listed::Optional),
    Blueprint {
        name: "basic",
        protocol: OPENID_CONNECT,
        since: Version::new(25, 0, 0),
        listed: Listed::Default,
        in_token_scope: false,
        mappers: &[MapperBlueprint {
            name: "sub",
            provider: "oidc-sub-mapper",
            config: &[("access.token.claim", "true"), ("introspection.token.claim", "true")],
        }],
    },
    plain("email", Listed::Default),
    Blueprint {
        name: "microprofile-jwt",
        protocol: OPENID_CONNECT,
        since: ALWAYS,
        listed: Listed::Optional,
        in_token_scope: true,
        mappers: &[MapperBlueprint {
            name: "groups",
            provider: "oidc-usermodel-realm-role-mapper",
            config: &[
                ("access.token.claim", "true"),
                ("claim.name", "groups"),
                ("id.token.claim", "true"),
                ("multivalued", "true"),
            ],
        }],
    },
    plain("offline_access", Listed::Optional),
    Blueprint { since: Version::new(26, 0, 0), ..plain("organization", Listed::Optional) },
    plain("phone", Listed::Optional),
    plain("profile", Listed::Default),
    Blueprint { protocol: "saml", in_token_scope: false, ..plain("role_list", Listed::Default) },
    Blueprint {
        name: "roles",
        protocol: OPENID_CONNECT,
        since: ALWAYS,
        listed: Listed::Default,
        in_token_scope: false,
        mappers: &[
            MapperBlueprint {
                name: "audience resolve",
                provider: "oidc-audience-resolve-mapper",
                config: &[("access.token.claim", "true"), ("introspection.token.claim", "true")],
            },
            MapperBlueprint {
                name: "client roles",
                provider: "oidc-usermodel-client-role-mapper",
                config: &[
                    ("access.token.claim", "true"),
                    ("claim.name", "resource_access.${client_id}.roles"),
                    ("multivalued", "true"),
                ],
            },
            MapperBlueprint {
                name: "realm roles",
                provider: "oidc-usermodel-realm-role-mapper",
                config: &[
                    ("access.token.claim", "true"),
                    ("claim.name", "realm_access.roles"),
                    ("multivalued", "true"),
                ],
            },
        ],
    },
    Blueprint {
        protocol: "saml",
        in_token_scope: false,
        since: Version::new(26, 0, 0),
        ..plain("saml_organization", Listed::Default)
    },
    Blueprint {
        in_token_scope: false,
        since: Version::new(26, 0, 0),
        ..plain("service_account", Listed::Nowhere)
    },
    Blueprint {
        name: "web-origins",
        protocol: OPENID_CONNECT,
        since: ALWAYS,
        listed: Listed::Default,
        in_token_scope: false,
        mappers: &[MapperBlueprint {
            name: "allowed web origins",
            provider: "oidc-allowed-origins-mapper",
            config: &[("access.token.claim", "true"), ("introspection.token.claim", "true")],
        }],
    },
];

const fn plain(name: &'static str, listed: Listed) -> Blueprint {
    Blueprint { name, protocol: OPENID_CONNECT, since: ALWAYS, listed, in_token_scope: true, mappers: &[] }
}

/// The client scopes that a server of `version` makes in a new realm, in alphabetical order; their place is that of the realm.
pub(crate) fn scopes(version: Version, at: &Locus) -> impl Iterator<Item = (ClientScope, Listed)> {
    SCOPES
        .iter()
        .filter(move |blueprint| version >= blueprint.since)
        .map(|blueprint| (build(blueprint, at), blueprint.listed))
}

/// The built-in client scope of this name, where a server of `version` knows it.
pub(crate) fn scope(name: &str, version: Version, at: &Locus) -> Option<ClientScope> {
    SCOPES
        .iter()
        .find(|blueprint| blueprint.name == name && version >= blueprint.since)
        .map(|blueprint| build(blueprint, at))
}

fn build(blueprint: &Blueprint, at: &Locus) -> ClientScope {
    ClientScope {
        at: at.clone(),
        name: text(blueprint.name),
        protocol: text(blueprint.protocol),
        in_token_scope: Known::Value(blueprint.in_token_scope),
        mappers: blueprint
            .mappers
            .iter()
            .map(|mapper| Mapper {
                at: at.clone(),
                dialect: Dialect::AdminApi,
                name: text(mapper.name),
                protocol: text(blueprint.protocol),
                provider: text(mapper.provider),
                config: mapper.config.iter().map(|&(key, value)| (Arc::from(key), text(value))).collect(),
            })
            .collect(),
    }
}

fn text(value: &str) -> Text {
    Known::Value(Arc::from(value))
}
