//! Which rules run and whom they judge.

use super::InForce;
use crate::config::Config;
use crate::finding::{Severity, Subject};
use crate::rules::Rule;
use crate::scene::Scene;

/// Which rules and whom to judge; empty lists select everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these rules (`--rule`), those that are off by default among them.
    pub rules: Vec<String>,
    /// Not these rules (`--skip-rule`).
    pub skipped_rules: Vec<String>,
    /// Only what concerns these clients, by clientId (`--client`).
    pub clients: Vec<String>,
    /// Only what concerns these services, by name (`--service`).
    pub services: Vec<String>,
    /// Only what concerns these realms, by name (`--realm`).
    pub realms: Vec<String>,
    /// Whether other realms exist that were left unread: then nobody is left out by realm, but not all that there is was looked at.
    pub is_part: bool,
}

impl Selection {
    /// Whether everything is selected.
    pub fn is_everything(&self) -> bool {
        self.rules.is_empty() && self.skipped_rules.is_empty() && !self.is_narrowed() && !self.is_part
    }

    fn is_narrowed(&self) -> bool {
        !(self.clients.is_empty() && self.services.is_empty() && self.realms.is_empty())
    }

    /// Whether results about `subject` are wanted: it is one of those selected, or, where it names nobody of that kind, linked to one.
    pub fn includes(&self, scene: &Scene<'_>, subject: &Subject) -> bool {
        if !self.is_narrowed() {
            return true;
        }
        let client = || match (subject.client, subject.service) {
            (Some(client), _) => named(&self.clients, scene.client_id(client)),
            (None, Some(service)) => scene
                .links_of_service(service)
                .iter()
                .any(|link| named(&self.clients, scene.client_id(link.client))),
            (None, None) => false,
        };
        let service = || match (subject.service, subject.client) {
            (Some(service), _) => named(&self.services, &scene.service(service).display_name()),
            (None, Some(client)) => scene
                .links_of_client(client)
                .any(|link| named(&self.services, &scene.service(link.service).display_name())),
            (None, None) => false,
        };
        let realm = || match (subject.realm, subject.service) {
            (Some(realm), _) => named(&self.realms, scene.realm_name(realm)),
            (None, Some(service)) => scene
                .reading(service)
                .realms
                .iter()
                .any(|realm| named(&self.realms, scene.realm_name(*realm))),
            (None, None) => false,
        };
        (self.clients.is_empty() || client())
            && (self.services.is_empty() || service())
            && (self.realms.is_empty() || realm())
    }

    /// Sentences about names that select nobody, because nobody of that name was read.
    pub fn unknown_names(&self, scene: &Scene<'_>) -> Vec<String> {
        let snapshot = scene.snapshot;
        let mut unknown = Vec::new();
        for name in &self.clients {
            if !snapshot.clients().any(|(_, client)| client.client_id.text() == Some(name)) {
                unknown.push(format!("No client with the id `{name}` was read."));
            }
        }
        for name in &self.services {
            if !snapshot.services.iter().any(|service| service.name.text() == Some(name)) {
                unknown.push(format!("No service called `{name}` was read."));
            }
        }
        for name in &self.realms {
            if !snapshot.realms.iter().any(|realm| realm.name.text() == Some(name)) {
                unknown.push(format!("No realm called `{name}` was read."));
            }
        }
        unknown
    }
}

fn named(names: &[String], name: &str) -> bool {
    names.iter().any(|wanted| wanted == name)
}

/// The severity with which a rule runs; none when it does not run.
pub(super) fn severity(rule: &Rule, config: &Config, selection: &Selection) -> Option<InForce> {
    let asked_for = named(&selection.rules, rule.id);
    if named(&selection.skipped_rules, rule.id) || !(selection.rules.is_empty() || asked_for) {
        return None;
    }
    let configured = config.severities.get(rule.id).copied();
    match (configured, rule.severity) {
        (Some(Severity::Off), _) | (None, Severity::Off) if asked_for => {
            Some(InForce { configured: None, otherwise: rule.severity.max(Severity::Info) })
        }
        (Some(Severity::Off), _) | (None, Severity::Off) => None,
        (configured, otherwise) => Some(InForce { configured, otherwise }),
    }
}
