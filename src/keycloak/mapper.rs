//! What a protocol mapper does to tokens, as far as audience, subject and roles go.

use std::sync::Arc;

use crate::keycloak::model::Mapper;
use crate::keycloak::roles::RoleName;
use crate::known::Known;

/// Which token a mapper writes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    AccessToken,
    IdToken,
}

impl Target {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Target::AccessToken => "access token",
            Target::IdToken => "ID token",
        }
    }
}

/// Whether a mapper's switches let it write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Writes {
    Yes,
    No,
    Unknown(String),
}

/// What a mapper does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Adds one audience.
    AddAudience(Known<Audience>),
    /// A claim mapper for `aud`: replaces the list.
    ReplaceAudience(Known<Arc<str>>),
    /// Adds every other client of which a role is in effect.
    ResolveAudience,
    /// Renames a role in effect.
    RenameRole { from: RoleName, to: RoleName },
    /// Puts a role into effect, whether it exists or not.
    AddRole(RoleName),
    /// Writes `realm_access.roles`.
    ListRealmRoles { prefix: Arc<str> },
    /// Writes `resource_access`: the roles of one client or of all, each under its client or all under one.
    ListClientRoles { only: Option<Arc<str>>, under: Option<Arc<str>>, prefix: String },
    /// Writes the subject; pairwise mappers whatever their switches say.
    Subject { always: bool },
    /// Nothing that matters here.
    Other,
}

/// The audience of an audience mapper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audience {
    /// The value, verbatim.
    pub(crate) text: Arc<str>,
    /// Whether it is meant as a clientId.
    pub(crate) is_client: bool,
}

/// `included.client.audience`: a clientId.
pub(crate) const CLIENT_AUDIENCE: &str = "included.client.audience";
/// `included.custom.audience`: any text; ignored beside a clientId.
pub(crate) const CUSTOM_AUDIENCE: &str = "included.custom.audience";

pub(crate) const ACCESS_SWITCH: &str = "access.token.claim";
pub(crate) const ID_SWITCH: &str = "id.token.claim";
pub(crate) const LIGHTWEIGHT_SWITCH: &str = "lightweight.claim";

const CLAIM_MAPPERS: [&str; 7] = [
    "oidc-usermodel-attribute-mapper",
    "oidc-usermodel-property-mapper",
    "oidc-usersessionmodel-note-mapper",
    "oidc-group-membership-mapper",
    "oidc-usermodel-realm-role-mapper",
    "oidc-usermodel-client-role-mapper",
    "oidc-organization-membership-mapper",
];

/// What the mapper does.
pub(crate) fn effect(mapper: &Mapper) -> Effect {
    let Some(provider) = mapper.provider.text() else { return Effect::Other };
    match provider {
        "oidc-audience-mapper" => audience(mapper).map_or(Effect::Other, Effect::AddAudience),
        "oidc-audience-resolve-mapper" => Effect::ResolveAudience,
        "oidc-sub-mapper" => Effect::Subject { always: false },
        "oidc-sha256-pairwise-sub-mapper" => Effect::Subject { always: true },
        "oidc-hardcoded-role-mapper" => {
            setting(mapper, "role").map_or(Effect::Other, |role| Effect::AddRole(RoleName::parse(&role)))
        }
        "oidc-role-name-mapper" => match (setting(mapper, "role"), setting(mapper, "new.role.name")) {
            (Some(from), Some(to)) => {
                Effect::RenameRole { from: RoleName::parse(&from), to: RoleName::parse(&to) }
            }
            _ => Effect::Other,
        },
        _ => claim_effect(mapper, provider),
    }
}

fn claim_effect(mapper: &Mapper, provider: &str) -> Effect {
    let claim = setting(mapper, "claim.name").unwrap_or_default();
    let hardcoded = provider == "oidc-hardcoded-claim-mapper";
    match &*claim {
        "aud" if hardcoded => match mapper.config.get("claim.value") {
            Some(value) => Effect::ReplaceAudience(value.clone()),
            None => Effect::Other,
        },
        "aud" if CLAIM_MAPPERS.contains(&provider) => {
            Effect::ReplaceAudience(Known::unknown("it depends on the user"))
        }
        "sub" if hardcoded || CLAIM_MAPPERS.contains(&provider) => Effect::Subject { always: false },
        _ => role_list(mapper, provider, &claim),
    }
}

// Only lists under these two claims are read back as roles of the token; others are claims of the team's own.
fn role_list(mapper: &Mapper, provider: &str, claim: &str) -> Effect {
    if setting(mapper, "multivalued").as_deref() != Some("true") {
        return Effect::Other;
    }
    match provider {
        "oidc-usermodel-realm-role-mapper" if claim == "realm_access.roles" => Effect::ListRealmRoles {
            prefix: setting(mapper, "usermodel.realmRoleMapping.rolePrefix").unwrap_or_default(),
        },
        "oidc-usermodel-client-role-mapper" => {
            let holder = claim.strip_prefix("resource_access.").and_then(|rest| rest.strip_suffix(".roles"));
            let Some(holder) = holder else { return Effect::Other };
            Effect::ListClientRoles {
                only: setting(mapper, "usermodel.clientRoleMapping.clientId"),
                under: (holder != "${client_id}").then(|| Arc::from(holder.replace("\\.", "."))),
                prefix: setting(mapper, "usermodel.clientRoleMapping.rolePrefix")
                    .unwrap_or_default()
                    .to_string(),
            }
        }
        _ => Effect::Other,
    }
}

/// The audience that an audience mapper is set to, whatever its switches say; empty values count as absent.
pub(crate) fn audience(mapper: &Mapper) -> Option<Known<Audience>> {
    let of = |key: &str, is_client: bool| {
        let value = mapper.config.get(key).filter(|value| value.text() != Some(""))?;
        Some(value.clone().map(|text| Audience { text, is_client }))
    };
    of(CLIENT_AUDIENCE, true).or_else(|| of(CUSTOM_AUDIENCE, false))
}

/// Whether the mapper's switches let it write into a token, lightweight or not. A missing switch means no; audience resolving
/// takes a missing one for yes, except in lightweight tokens.
pub(crate) fn writes(mapper: &Mapper, target: Target, lightweight: bool) -> Writes {
    let key = match target {
        Target::IdToken => ID_SWITCH,
        Target::AccessToken if lightweight => LIGHTWEIGHT_SWITCH,
        Target::AccessToken => ACCESS_SWITCH,
    };
    let is_resolve = mapper.provider.text() == Some("oidc-audience-resolve-mapper");
    match mapper.config.get(key) {
        None if key == ACCESS_SWITCH && is_resolve => Writes::Yes,
        None => Writes::No,
        Some(_) if is_resolve && target == Target::IdToken => Writes::No,
        Some(Known::Value(value)) if &**value == "true" => Writes::Yes,
        Some(Known::Value(value)) if value.is_empty() && key == ACCESS_SWITCH && is_resolve => Writes::Yes,
        Some(Known::Value(_)) => Writes::No,
        Some(unknown) => Writes::Unknown(unknown.why_unknown().unwrap_or("it is a secret").to_owned()),
    }
}

fn setting(mapper: &Mapper, key: &str) -> Option<Arc<str>> {
    mapper.config.get(key).and_then(|value| value.value()).filter(|value| !value.is_empty()).cloned()
}
