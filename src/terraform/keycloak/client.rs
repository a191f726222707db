//! `keycloak_openid_client` and `keycloak_saml_client`.

use super::{Reader, text, text_at};
use crate::cloud_run::texts::AFTER_APPLY;
use crate::document::cursor::Cursor;
use crate::keycloak::model::{Client, ClientSecret, Dialect, StatedSwitches, Text, attribute};
use crate::known::Known;
use crate::secrets::{looks_masked, says_replace_me};
use crate::sorted::SortedMap;
use crate::terraform::resources::Resource;

impl Reader<'_, '_, '_, '_> {
    pub(super) fn client(&self, resource: &Resource<'_>, protocol: &str, client_id: Text) -> Client {
        let values = &resource.values;
        let access = text_at(values, "access_type");
        let is = |kind: &str| match &access {
            Some(Known::Value(access)) => Known::Value(access.eq_ignore_ascii_case(kind)),
            Some(_) => Known::unknown(AFTER_APPLY),
            None => Known::Value(false),
        };
        let (enabled, enabled_stated) = self.switch(resource, "enabled", true);
        let (standard_flow, standard_stated) = self.switch(resource, "standard_flow_enabled", false);
        let (implicit_flow, implicit_stated) = self.switch(resource, "implicit_flow_enabled", false);
        let (direct_access_grants, direct_stated) =
            self.switch(resource, "direct_access_grants_enabled", false);
        let (service_accounts, service_stated) = self.switch(resource, "service_accounts_enabled", false);
        let (full_scope, full_stated) = self.switch(resource, "full_scope_allowed", true);
        Client {
            at: values.at().clone(),
            dialect: Dialect::Terraform,
            client_id,
            protocol: Known::Value(protocol.into()),
            enabled,
            public_client: is("PUBLIC"),
            bearer_only: is("BEARER-ONLY"),
            standard_flow,
            implicit_flow,
            direct_access_grants,
            service_accounts,
            full_scope,
            consent_required: self.switch(resource, "consent_required", false).0,
            stated: StatedSwitches {
                enabled: enabled_stated,
                public_client: access.is_some(),
                bearer_only: access.is_some(),
                standard_flow: standard_stated,
                implicit_flow: implicit_stated,
                direct_access_grants: direct_stated,
                service_accounts: service_stated,
                full_scope: full_stated,
            },
            root_url: text_at(values, "root_url"),
            base_url: text_at(values, "base_url"),
            admin_url: text_at(values, "admin_url"),
            redirect_uris: self.entries(resource, "valid_redirect_uris").unwrap_or_default(),
            web_origins: self.entries(resource, "web_origins"),
            attributes: self.attributes(resource),
            authenticator: text_at(values, "client_authenticator_type"),
            secret: self.secret(values),
            rotated_secret: None,
            mappers: Vec::new(),
            default_scopes: None,
            optional_scopes: None,
        }
    }

    /// The entries of a list; none when it is not set. A list that is known after apply only holds one unknown entry, unless
    /// the configuration shows that it is merely left to the provider.
    fn entries(&self, resource: &Resource<'_>, attribute: &str) -> Option<Vec<Text>> {
        let list = resource.values.get(attribute)?;
        if !list.is_unknown() {
            return Some(list.items().map(|item| text(&item)).collect());
        }
        let left_out = match self.references.sets(resource, attribute) {
            Some(set) => !set,
            // Without the configuration: nobody has to set web origins, but a login needs redirect URIs.
            None => {
                attribute != "valid_redirect_uris"
                    || !self.switch(resource, "standard_flow_enabled", false).0.is_on()
            }
        };
        (!left_out).then(|| vec![Known::unknown(AFTER_APPLY)])
    }

    fn attributes(&self, resource: &Resource<'_>) -> SortedMap<&'static str, Text> {
        let values = &resource.values;
        let mut attributes = Vec::new();
        let extra = values.get("extra_config");
        for name in attribute::ALL {
            let extra = extra.as_ref().and_then(|extra| {
                text_at(extra, name).or_else(|| text_at(extra, &format!("attributes.{name}")))
            });
            attributes.extend(extra.map(|value| (name, value)));
        }
        for (name, key) in [
            (attribute::PKCE_METHOD, "pkce_code_challenge_method"),
            (attribute::ACCESS_TOKEN_LIFESPAN, "access_token_lifespan"),
            (attribute::BACKCHANNEL_LOGOUT_URL, "backchannel_logout_url"),
        ] {
            let value = text_at(values, key)
                .filter(|value| value.value().is_some() || self.references.sets(resource, key) == Some(true));
            attributes.extend(value.map(|value| (name, value)));
        }
        let post_logout = self.entries(resource, "valid_post_logout_redirect_uris");
        if let Some(entries) = post_logout.filter(|entries| !entries.is_empty()) {
            // The provider joins them as Keycloak keeps them.
            let texts: Option<Vec<&str>> = entries.iter().map(Known::text).collect();
            let joined = texts
                .map_or_else(|| Known::unknown(AFTER_APPLY), |texts| Known::Value(texts.join("##").into()));
            attributes.push((attribute::POST_LOGOUT_REDIRECT_URIS, joined));
        }
        attributes.into_iter().collect()
    }

    fn secret(&self, values: &Cursor<'_>) -> ClientSecret {
        // A secret that Keycloak makes is not in a plan yet, and one that is only written never is.
        let secret = values.get("client_secret").and_then(|secret| secret.node().scalar());
        match secret {
            None | Some("") => ClientSecret::Absent,
            Some(text) if looks_masked(text) => ClientSecret::Masked,
            Some(text) => {
                ClientSecret::Held { tag: self.texts.tag(text), says_replace_me: says_replace_me(text) }
            }
        }
    }
}
