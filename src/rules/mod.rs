//! The rules: one file each, with its documentation, its check and its tests. How to write one: `STYLE.md` beside this file.

mod audience_mapper_dangling;
mod audience_never_issued;
mod audience_unchecked;
mod audit_logs_off;
mod client_disabled;
mod client_flow_off;
mod client_scope_undefined;
mod client_secret_empty;
mod client_type_mismatch;
mod client_unknown;
mod clock_offset;
mod custom_audience_misplaced;
mod events_off;
mod federated_login_broken;
mod full_scope;
mod implicit_flow;
mod invoker_inert;
mod issuer_insecure;
mod issuer_mismatch;
mod issuer_realm_unknown;
mod issuer_unstable;
mod jwks_mismatch;
mod keycloak_admin_exposed;
mod keycloak_default_admin;
mod keycloak_dev_mode;
mod keycloak_instances;
mod keycloak_option_ignored;
mod keycloak_proxy_headers;
mod keycloak_will_not_start;
mod link_ambiguous;
mod password_grant;
mod pkce_off;
mod redirect_uri_any;
mod redirect_uri_breaks_login;
mod redirect_uri_closed;
mod redirect_uri_dead;
mod redirect_uri_host_wildcard;
mod redirect_uri_http;
mod redirect_uri_loopback;
mod redirect_uri_missing;
mod redirect_uri_path_wildcard;
mod redirect_uri_stale;
mod redirect_uri_unsafe;
mod root_url_trailing_slash;
mod secret_in_plain_env;
mod secret_in_realm_file;
mod secret_instead_of_federation;
mod secret_mismatch;
mod secret_old;
mod secret_version_behind;
mod secret_version_unusable;
mod service_account_powerful;
mod service_closed;
mod service_declared_twice;
mod service_open;
mod setting_ignored;
mod subject_missing;
mod token_lifespan_long;
mod waiver_expired;
mod waiver_unused;
mod web_origin_any;
mod web_origin_malformed;
mod web_origin_missing;
mod with_access;
mod with_audiences;
mod with_callbacks;
mod with_clients;
mod with_differences;
mod with_entries;
mod with_issuers;
mod with_keycloak;
mod with_origins;
mod with_secrets;
mod with_tokens;

use crate::config::Waiver;
use crate::finding::{Severity, Subject, Verdict};
use crate::link::{IssuerReading, Link};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact, RealmId, ServiceId};

/// A rule, as a value: one without documentation does not compile.
#[derive(Debug)]
pub struct Rule {
    /// What people type, waive and search for; it does not change once shipped.
    pub id: &'static str,
    /// How bad its findings are unless a case says otherwise.
    pub severity: Severity,
    /// What it finds, in one line.
    pub title: &'static str,
    /// What breaks for whom, and how the servers decide it. Paragraphs are separated by empty lines.
    pub why: &'static str,
    /// What to do about a finding.
    pub remedy: &'static str,
    /// Where the facts come from: specifications, documentation, issues.
    pub references: &'static [&'static str],
    /// The facts without which it cannot decide every case. A live run that could not read one of them is incomplete, and `doctor` names
    /// the rule; a check that meets the gap says that it is undecided.
    pub needs: &'static [Fact],
    /// What it looks at, and how.
    pub check: Check,
}

/// What a rule looks at, and how it judges.
///
/// A check is a function of the scene: no input and output, no clock, no randomness.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Every link of a service and a client. What is wrong by a weak link alone becomes undecided, because the link is a guess.
    Link(fn(&Link, &Scene<'_>) -> Vec<Verdict>),
    /// Every issuer that a service expects, whatever clients it talks through. The subject is the service, the realm that the issuer
    /// names and, where the service talks through one client of it alone, that client.
    Issuer(fn(ServiceId, &IssuerReading, &Scene<'_>) -> Vec<Verdict>),
    /// Every client that is enabled, speaks OpenID Connect and is not built in ([`Scene::is_judged`]).
    Client(fn(ClientId, &Scene<'_>) -> Vec<Verdict>),
    /// Every service, job and worker pool, Keycloak's own among them.
    Service(fn(ServiceId, &Scene<'_>) -> Vec<Verdict>),
    /// Every realm.
    Realm(fn(RealmId, &Scene<'_>) -> Vec<Verdict>),
    /// The scene as a whole; each verdict with its subject.
    Scene(fn(&Scene<'_>) -> Vec<(Subject, Verdict)>),
    /// Every waiver of the configuration, after all other rules.
    Waiver(fn(&WaiverUse<'_>, &Scene<'_>) -> Vec<Verdict>),
}

/// A waiver, and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct WaiverUse<'a> {
    /// The waiver.
    pub waiver: &'a Waiver,
    /// Its position in the configuration, counted from zero.
    pub index: usize,
    /// How many findings it accepts, or would accept if its date had not passed.
    pub matches: usize,
    /// The last day on which it holds, where it names one.
    pub until: Option<jiff::civil::Date>,
    /// The day of the run, where it is known.
    pub today: Option<jiff::civil::Date>,
    /// Whether everything that it could match was looked at in this run.
    pub looked_at_all: bool,
}

impl WaiverUse<'_> {
    /// Whether its date has passed.
    pub fn is_expired(&self) -> bool {
        matches!((self.until, self.today), (Some(until), Some(today)) if until < today)
    }
}

/// All rules, in the order of the documentation.
pub fn all() -> &'static [&'static Rule] {
    ALL
}

static ALL: &[&Rule] = &[
    // Redirect URIs
    &redirect_uri_missing::RULE,
    &redirect_uri_stale::RULE,
    &redirect_uri_any::RULE,
    &redirect_uri_host_wildcard::RULE,
    &redirect_uri_dead::RULE,
    &root_url_trailing_slash::RULE,
    &redirect_uri_http::RULE,
    &redirect_uri_loopback::RULE,
    &redirect_uri_breaks_login::RULE,
    &redirect_uri_unsafe::RULE,
    &redirect_uri_closed::RULE,
    &redirect_uri_path_wildcard::RULE,
    // Issuer
    &issuer_mismatch::RULE,
    &issuer_realm_unknown::RULE,
    &issuer_unstable::RULE,
    &issuer_insecure::RULE,
    &jwks_mismatch::RULE,
    // Client
    &client_unknown::RULE,
    &client_disabled::RULE,
    &client_flow_off::RULE,
    &client_type_mismatch::RULE,
    &pkce_off::RULE,
    &implicit_flow::RULE,
    &password_grant::RULE,
    &full_scope::RULE,
    &service_account_powerful::RULE,
    &token_lifespan_long::RULE,
    &subject_missing::RULE,
    &client_scope_undefined::RULE,
    // Audience
    &audience_never_issued::RULE,
    &audience_unchecked::RULE,
    &audience_mapper_dangling::RULE,
    &setting_ignored::RULE,
    &custom_audience_misplaced::RULE,
    // Federated and signed client authentication
    &federated_login_broken::RULE,
    &secret_instead_of_federation::RULE,
    // Web origins
    &web_origin_missing::RULE,
    &web_origin_malformed::RULE,
    &web_origin_any::RULE,
    // Access
    &service_open::RULE,
    &service_closed::RULE,
    &invoker_inert::RULE,
    // Secrets
    &secret_in_plain_env::RULE,
    &secret_in_realm_file::RULE,
    &client_secret_empty::RULE,
    &secret_mismatch::RULE,
    &secret_version_unusable::RULE,
    &secret_version_behind::RULE,
    &secret_old::RULE,
    // Keycloak as a Cloud Run service
    &keycloak_proxy_headers::RULE,
    &keycloak_will_not_start::RULE,
    &keycloak_dev_mode::RULE,
    &keycloak_option_ignored::RULE,
    &keycloak_default_admin::RULE,
    &keycloak_admin_exposed::RULE,
    &keycloak_instances::RULE,
    // Time and trace
    &clock_offset::RULE,
    &events_off::RULE,
    &audit_logs_off::RULE,
    // About the audit itself
    &waiver_unused::RULE,
    &waiver_expired::RULE,
    &service_declared_twice::RULE,
    &link_ambiguous::RULE,
];

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeSet;

    use super::*;

    /// The ids of the rule files: their names with dashes.
    fn files() -> BTreeSet<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
        let mut files = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Folders and files that hold no rule are helpers of several rules; they say so in their name.
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let is_rule = path.extension().is_some_and(|end| end == "rs")
                && stem != "mod"
                && !stem.starts_with("with_");
            if is_rule {
                files.insert(stem.replace('_', "-"));
            }
        }
        files
    }

    #[test]
    fn every_file_is_listed_under_its_own_name() {
        let listed: BTreeSet<String> = all().iter().map(|rule| rule.id.to_owned()).collect();
        assert_eq!(listed, files());
        assert_eq!(listed.len(), all().len(), "an id is listed twice");
    }

    #[test]
    fn every_rule_is_documented_in_sentences() {
        for rule in all() {
            let is_sentence =
                |text: &str| text.ends_with('.') && text.starts_with(|c: char| !c.is_lowercase());
            assert!(!rule.title.ends_with('.') && rule.title.len() <= 100, "title of {}", rule.id);
            assert!(is_sentence(rule.why) && rule.why.len() > 80, "why of {}", rule.id);
            assert!(is_sentence(rule.remedy), "remedy of {}", rule.id);
            assert!(!rule.references.is_empty(), "references of {}", rule.id);
        }
    }
}
