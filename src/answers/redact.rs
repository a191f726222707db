//! Takes the secrets out of answers before they are written: what stands in their place keeps what rules look at.

use serde_json::{Map, Value};

use super::{Object, Resource};
use crate::cloud_run::masking::{Masked, is_private_key, mask_json, replace};
use crate::cloud_run::model::EnvValue;
use crate::cloud_run::secret_names::{is_about_tokens, is_no_secret, is_secret_name};
use crate::cloud_run::texts::Texts;
use crate::placeholder::placeholder;
use crate::secrets::{StandIn, Tagger, looks_masked};

/// Replaces every secret in an object.
pub fn redact(object: &mut Object, tagger: &Tagger) {
    let redactor = Redactor { tagger };
    match &object.resource {
        Resource::KeycloakServer { .. } | Resource::Realm { .. } | Resource::Client { .. } => {
            redactor.keycloak(&mut object.body);
        }
        Resource::Secret { .. } => redactor.secret(&mut object.body),
        Resource::Project { .. }
        | Resource::Service { .. }
        | Resource::Job { .. }
        | Resource::WorkerPool { .. } => redactor.cloud_run(&mut object.body),
    }
}

struct Redactor<'t> {
    tagger: &'t Tagger,
}

impl Redactor<'_> {
    fn stand_in(&self, secret: &str) -> String {
        StandIn::of(secret, self.tagger).to_string()
    }

    /// Secrets of Keycloak stand under keys that say so.
    fn keycloak(&self, fields: &mut Map<String, Value>) {
        for (key, value) in fields.iter_mut() {
            match value {
                Value::Object(inner) => self.keycloak(inner),
                Value::Array(items) => items.iter_mut().for_each(|item| self.keycloak_item(key, item)),
                Value::String(text) => self.keycloak_text(key, text),
                _ => {}
            }
        }
    }

    fn keycloak_item(&self, key: &str, item: &mut Value) {
        match item {
            Value::Object(inner) => self.keycloak(inner),
            Value::Array(items) => items.iter_mut().for_each(|item| self.keycloak_item(key, item)),
            Value::String(text) => self.keycloak_text(key, text),
            _ => {}
        }
    }

    fn keycloak_text(&self, key: &str, text: &mut String) {
        let is_secret = key == "secret"
            || key == "rotatedSecret"
            || key == "client.secret.rotated"
            || key == "secretData"
            || key == "privateKey"
            || (is_secret_name(key) && !is_no_secret(text) && !is_about_tokens(key, text))
            || is_private_key(text);
        // An empty secret is a finding of its own, a masked one and a vault's are none.
        if is_secret && !text.is_empty() && !looks_masked(text) && placeholder(text).is_none() {
            *text = self.stand_in(text);
        }
    }

    fn secret(&self, fields: &mut Map<String, Value>) {
        for version in fields.get_mut("versions").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(Value::String(payload)) = version.get_mut("payload") {
                *payload = self.stand_in(payload);
            }
        }
    }

    /// Secrets of Cloud Run stand in variables whose names say so, and within any text.
    fn cloud_run(&self, fields: &mut Map<String, Value>) {
        let name = fields.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (key, value) in fields.iter_mut() {
            match (key.as_str(), value) {
                ("value", Value::String(text)) => *text = self.setting(&name, text),
                ("command" | "args", Value::Array(words)) => self.words(words),
                (_, value) => self.cloud_run_value(value),
            }
        }
    }

    fn cloud_run_value(&self, value: &mut Value) {
        match value {
            Value::Object(inner) => self.cloud_run(inner),
            Value::Array(items) => items.iter_mut().for_each(|item| self.cloud_run_value(item)),
            Value::String(text) => *text = self.within(text),
            _ => {}
        }
    }

    /// The value of a setting as the reader of services takes it.
    fn setting(&self, name: &str, text: &str) -> String {
        match (Texts { tagger: self.tagger }).setting(name, text) {
            EnvValue::PlainSecret { .. } => self.stand_in(text),
            _ if is_secret_name(name) => mask_json(text, |_, _| {}).unwrap_or_else(|| self.within(text)),
            _ => self.within(text),
        }
    }

    /// Words of a command line: the value of a secret flag stands behind `=` or in the next word.
    fn words(&self, words: &mut [Value]) {
        let mut flag: Option<String> = None;
        for word in words {
            let Value::String(text) = word else { continue };
            if let Some(name) = flag.take()
                && !text.starts_with('-')
            {
                *text = self.setting(&name, text);
                continue;
            }
            match text.split_once('=') {
                Some((name, value)) if name.starts_with('-') && is_secret_name(name) => {
                    *text = format!("{name}={}", self.setting(name, value));
                }
                _ => {
                    if text.starts_with('-') && is_secret_name(text) {
                        flag = Some(text.clone());
                    }
                    *text = self.within(text);
                }
            }
        }
    }

    fn within(&self, text: &str) -> String {
        let is_placeholder = |value: &str| placeholder(value).is_some();
        let shown = match replace(text, is_placeholder, |_, secret| self.stand_in(secret)) {
            Masked::Untouched => text.to_owned(),
            Masked::Changed(shown) => shown,
        };
        if is_private_key(&shown) { self.stand_in(&shown) } else { shown }
    }
}
