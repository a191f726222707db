//! Identity providers of a realm.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::context::Context;
use super::lenient::{Each, Fields, Mapping, Scalar, skip};
use crate::keycloak::model::Text;
use crate::keycloak::realm_settings::{IdentityProvider, provider_config};
use crate::known::Known;
use crate::locus::Locus;

/// `identityProviders` of a realm at `at`; `null` is as if the list were not there.
pub(super) struct Providers<'a, 'c, 't> {
    pub(super) context: &'c Context<'t>,
    pub(super) at: Locus,
    pub(super) found: &'a mut Option<Vec<IdentityProvider>>,
}

impl<'de> DeserializeSeed<'de> for Providers<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Providers<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of identity providers")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let Providers { context, at, found } = self;
        let mut providers = Vec::new();
        Each {
            what: "identity providers",
            start: |index| ProviderFields::new(context, at.index(index)),
            finish: |_, provider: ProviderFields<'_, '_>| providers.push(provider.finish()),
        }
        .visit_seq(list)?;
        *found = Some(providers);
        Ok(())
    }
}

struct ProviderFields<'c, 't> {
    context: &'c Context<'t>,
    at: Locus,
    alias: Option<Text>,
    provider: Option<Text>,
    enabled: Option<Known<bool>>,
    config: Vec<(&'static str, Text)>,
}

impl<'c, 't> ProviderFields<'c, 't> {
    fn new(context: &'c Context<'t>, at: Locus) -> Self {
        ProviderFields { context, at, alias: None, provider: None, enabled: None, config: Vec::new() }
    }

    fn finish(self) -> IdentityProvider {
        IdentityProvider {
            at: self.at,
            alias: self.alias.unwrap_or_else(|| Known::unknown("the identity provider has no `alias`")),
            provider: self
                .provider
                .unwrap_or_else(|| Known::unknown("the identity provider has no `providerId`")),
            enabled: self.enabled.unwrap_or(Known::Value(true)),
            config: self.config.into_iter().collect(),
        }
    }
}

impl<'de> Fields<'de> for ProviderFields<'_, '_> {
    const WHAT: &'static str = "an identity provider";

    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let context = self.context;
        match key {
            "alias" => self.alias = context.next_text(map)?,
            "providerId" => self.provider = context.next_shared(map)?,
            "enabled" => self.enabled = context.next_switch(map)?,
            "config" => {
                map.next_value_seed(Mapping(&mut ConfigFields { context, found: &mut self.config }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct ConfigFields<'a, 'c, 't> {
    context: &'c Context<'t>,
    found: &'a mut Vec<(&'static str, Text)>,
}

impl<'de> Fields<'de> for ConfigFields<'_, '_, '_> {
    const WHAT: &'static str = "the configuration of an identity provider";

    // The provider's own client secret stands in the same mapping: what is not read here is not kept.
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let Some(name) = provider_config::ALL.into_iter().find(|name| *name == key) else { return skip(map) };
        let context = self.context;
        let value = map.next_value_seed(Scalar {
            loose: true,
            make: |text: &str| (!text.is_empty()).then(|| context.text(text)),
        })?;
        self.found.extend(value.flatten().map(|value| (name, value)));
        Ok(())
    }
}
