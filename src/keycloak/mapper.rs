//! What a protocol mapper does to tokens, as far as audience, subject and roles go.

use std::sync::Arc;

use crate::keycloak::model::Mapper;
use crate::keycloak::roles::RoleName;
use crate::keycloak::version::Version;
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
    /// A claim mapper for `aud`: replaces the list by what the user has, and does nothing when the user has no value.
    ReplaceByUser(UserClaim),
    /// A claim mapper for `aud` whose value is not of the JSON type that it names: does nothing, or breaks the request; see
    /// [`breaks_on_wrong_type`].
    OfWrongType,
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

/// What a claim mapper takes from the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserClaim {
    /// The attribute's name; `username`, `email`, `firstName` and `lastName` are attributes too.
    pub(crate) attribute: Arc<str>,
    /// Whether groups give the attribute as well: always, only where the user has none, or never.
    pub(crate) groups: OfGroups,
    /// Whether all values are taken rather than one.
    pub(crate) multivalued: bool,
    /// How values are written.
    pub(crate) value_type: ValueType,
}

/// When attributes of the user's groups count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfGroups {
    /// Beside the user's own.
    Added,
    /// In place of what the user does not have.
    Instead,
    /// Never: a property of the user itself.
    Never,
}

/// The JSON type of a claim, as far as a text in `aud` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// The text as it is.
    Text,
    /// `int`: a whole number of 32 bits.
    Int,
    /// `long`: a whole number of 64 bits.
    Long,
    /// `true` for that word in any case, else `false`.
    Boolean,
    /// JSON, printed without blanks.
    Json,
}

impl ValueType {
    fn of(mapper: &Mapper) -> Self {
        match setting(mapper, "jsonType.label").as_deref() {
            Some("int") => ValueType::Int,
            Some("long") => ValueType::Long,
            Some("boolean") => ValueType::Boolean,
            Some("JSON") => ValueType::Json,
            _ => ValueType::Text,
        }
    }

    /// The text of the claim; none where the value is not of this type.
    pub(crate) fn convert(self, text: &str) -> Option<String> {
        match self {
            ValueType::Text => Some(text.to_owned()),
            ValueType::Int => text.parse::<i32>().ok().map(|number| number.to_string()),
            ValueType::Long => text.parse::<i64>().ok().map(|number| number.to_string()),
            ValueType::Boolean => Some(text.eq_ignore_ascii_case("true").to_string()),
            ValueType::Json => {
                serde_json::from_str::<serde::de::IgnoredAny>(text).ok().map(|_| without_blanks(text))
            }
        }
    }
}

fn without_blanks(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    json.chars()
        .filter(|&character| {
            let kept = in_text || !character.is_ascii_whitespace();
            in_text ^= character == '"' && !escaped;
            escaped = in_text && character == '\\' && !escaped;
            kept
        })
        .collect()
}

/// `included.client.audience`: a clientId.
pub(crate) const CLIENT_AUDIENCE: &str = "included.client.audience";
/// `included.custom.audience`: any text; ignored beside a clientId.
pub(crate) const CUSTOM_AUDIENCE: &str = "included.custom.audience";

pub(crate) const ACCESS_SWITCH: &str = "access.token.claim";
pub(crate) const ID_SWITCH: &str = "id.token.claim";
pub(crate) const LIGHTWEIGHT_SWITCH: &str = "lightweight.claim";

const ATTRIBUTE_MAPPER: &str = "oidc-usermodel-attribute-mapper";
const PROPERTY_MAPPER: &str = "oidc-usermodel-property-mapper";

const CLAIM_MAPPERS: [&str; 7] = [
    ATTRIBUTE_MAPPER,
    PROPERTY_MAPPER,
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
            Some(Known::Value(text)) => match ValueType::of(mapper).convert(text) {
                Some(text) => Effect::ReplaceAudience(Known::Value(text.into())),
                None => Effect::OfWrongType,
            },
            Some(unknown) => Effect::ReplaceAudience(unknown.clone()),
            None => Effect::Other,
        },
        "aud" if provider == ATTRIBUTE_MAPPER || provider == PROPERTY_MAPPER => {
            user_claim(mapper, provider == PROPERTY_MAPPER)
        }
        "aud" if CLAIM_MAPPERS.contains(&provider) => {
            Effect::ReplaceAudience(Known::unknown("it depends on the user"))
        }
        "sub" if hardcoded || CLAIM_MAPPERS.contains(&provider) => Effect::Subject { always: false },
        _ => role_list(mapper, provider, &claim),
    }
}

fn user_claim(mapper: &Mapper, is_property: bool) -> Effect {
    let unknown = |why: &str| Effect::ReplaceAudience(Known::unknown(why));
    let attribute = match mapper.config.get("user.attribute") {
        None => return Effect::Other,
        Some(Known::Value(name)) => Arc::clone(name),
        Some(unset) => return unknown(unset.why_unknown().unwrap_or("it is a secret")),
    };
    let attribute = if is_property {
        match property(&attribute) {
            Some(Property::Attribute(name)) => Arc::from(name),
            Some(Property::OfServer) => return unknown("it depends on the user"),
            None => return Effect::Other,
        }
    } else {
        attribute
    };
    let multivalued = setting(mapper, "multivalued").as_deref() == Some("true");
    let aggregates =
        setting(mapper, "aggregate.attrs").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let groups = match (is_property, aggregates) {
        (true, _) => OfGroups::Never,
        (false, true) => OfGroups::Added,
        (false, false) => OfGroups::Instead,
    };
    Effect::ReplaceByUser(UserClaim { attribute, groups, multivalued, value_type: ValueType::of(mapper) })
}

/// Whether a server answers with status 500 when a mapper of one value finds it to be of another type than it names; else the mapper
/// does nothing. Seen on 24.0.5 and 26.5.5, no longer on 26.7.3.
pub(crate) fn breaks_on_wrong_type(version: Version) -> bool {
    version < Version::new(26, 7, 3)
}

enum Property {
    /// One that is an attribute as well.
    Attribute(&'static str),
    /// One that no file tells for certain.
    OfServer,
}

// Servers look for a getter of this name, its first letter in upper case; without one the mapper does nothing.
fn property(name: &str) -> Option<Property> {
    let same = |known: &&str| {
        known.get(1..) == name.get(1..)
            && known.get(..1).zip(name.get(..1)).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
    };
    let attributes = ["email", "firstName", "lastName", "username"];
    let of_server =
        ["createdTimestamp", "emailVerified", "enabled", "federationLink", "id", "serviceAccountClientLink"];
    let attribute = attributes.iter().copied().find(|known| same(known)).map(Property::Attribute);
    attribute.or_else(|| of_server.iter().any(same).then_some(Property::OfServer))
}

/// The attribute of users whose values the mapper writes into `aud`, if it does.
pub(crate) fn audience_attribute(mapper: &Mapper) -> Option<Arc<str>> {
    match effect(mapper) {
        Effect::ReplaceByUser(claim) => Some(claim.attribute),
        _ => None,
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
