//! Protocol mappers: which of Keycloak's mappers each resource of the Terraform provider makes, and how its attributes are spelled there.
//!
//! Source: `convertToGenericProtocolMapper` of each resource in keycloak/terraform-provider-keycloak.

/// A kind of mapper: its type in Keycloak, and for each attribute of the resource the key of its configuration.
pub(crate) struct MapperKind {
    pub(crate) provider: &'static str,
    pub(crate) config: &'static [(&'static str, &'static str)],
}

const ID_TOKEN: (&str, &str) = ("add_to_id_token", "id.token.claim");
const ACCESS_TOKEN: (&str, &str) = ("add_to_access_token", "access.token.claim");
const USERINFO: (&str, &str) = ("add_to_userinfo", "userinfo.token.claim");
const INTROSPECTION: (&str, &str) = ("add_to_token_introspection", "introspection.token.claim");
const CLAIM: (&str, &str) = ("claim_name", "claim.name");
const CLAIM_TYPE: (&str, &str) = ("claim_value_type", "jsonType.label");
const MULTIVALUED: (&str, &str) = ("multivalued", "multivalued");

/// The mapper that a resource of a type makes; none for the generic one, which names its own, and for other types.
pub(crate) fn kind_of(resource: &str) -> Option<MapperKind> {
    let subject = resource.strip_prefix("keycloak_openid_")?.strip_suffix("_protocol_mapper")?;
    let (provider, config): (_, &[_]) = match subject {
        "audience" => (
            "oidc-audience-mapper",
            &[
                ("included_client_audience", "included.client.audience"),
                ("included_custom_audience", "included.custom.audience"),
                ID_TOKEN,
                ACCESS_TOKEN,
                INTROSPECTION,
            ],
        ),
        "audience_resolve" => ("oidc-audience-resolve-mapper", &[]),
        "full_name" => ("oidc-full-name-mapper", &[ID_TOKEN, ACCESS_TOKEN, USERINFO]),
        "group_membership" => (
            "oidc-group-membership-mapper",
            &[("full_path", "full.path"), CLAIM, ID_TOKEN, ACCESS_TOKEN, USERINFO, INTROSPECTION],
        ),
        "hardcoded_claim" => (
            "oidc-hardcoded-claim-mapper",
            &[CLAIM, ("claim_value", "claim.value"), CLAIM_TYPE, ID_TOKEN, ACCESS_TOKEN, USERINFO],
        ),
        // Its role is named by an id, which is looked up.
        "hardcoded_role" => ("oidc-hardcoded-role-mapper", &[]),
        "script" => (
            "oidc-script-based-protocol-mapper",
            &[CLAIM, CLAIM_TYPE, MULTIVALUED, ID_TOKEN, ACCESS_TOKEN, USERINFO],
        ),
        "sub" => ("oidc-sub-mapper", &[ACCESS_TOKEN, INTROSPECTION]),
        "user_attribute" => (
            "oidc-usermodel-attribute-mapper",
            &[
                ("user_attribute", "user.attribute"),
                ("aggregate_attributes", "aggregate.attrs"),
                CLAIM,
                CLAIM_TYPE,
                MULTIVALUED,
                ID_TOKEN,
                ACCESS_TOKEN,
                USERINFO,
                INTROSPECTION,
            ],
        ),
        "user_client_role" => (
            "oidc-usermodel-client-role-mapper",
            &[
                ("client_id_for_role_mappings", "usermodel.clientRoleMapping.clientId"),
                ("client_role_prefix", "usermodel.clientRoleMapping.rolePrefix"),
                CLAIM,
                CLAIM_TYPE,
                MULTIVALUED,
                ID_TOKEN,
                ACCESS_TOKEN,
                USERINFO,
            ],
        ),
        "user_property" => (
            "oidc-usermodel-property-mapper",
            &[("user_property", "user.attribute"), CLAIM, CLAIM_TYPE, ID_TOKEN, ACCESS_TOKEN, USERINFO],
        ),
        "user_realm_role" => (
            "oidc-usermodel-realm-role-mapper",
            &[
                ("realm_role_prefix", "usermodel.realmRoleMapping.rolePrefix"),
                CLAIM,
                CLAIM_TYPE,
                MULTIVALUED,
                ID_TOKEN,
                ACCESS_TOKEN,
                USERINFO,
                INTROSPECTION,
            ],
        ),
        "user_session_note" => (
            "oidc-usersessionmodel-note-mapper",
            &[
                ("session_note", "user.session.note"),
                CLAIM,
                CLAIM_TYPE,
                ID_TOKEN,
                ACCESS_TOKEN,
                USERINFO,
                INTROSPECTION,
            ],
        ),
        _ => return None,
    };
    Some(MapperKind { provider, config })
}
