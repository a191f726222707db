//! What a document is, by what it holds rather than by its name.
//!
//! A few keys at its top decide. JSON is looked at with a quick walk that stops as soon as it knows, so that a large file of
//! somebody else costs little.

use memchr::memmem;

use crate::answers::ENVELOPE;
use crate::document::Node;
use crate::document::scan::Scanner;
use crate::snapshot::PartKind;

/// A document with more keys at its top than this is a table of somebody else's.
const MOST_KEYS: usize = 5000;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// Something to read.
    Part(PartKind),
    /// Terraform's sources or its raw state, with resources that matter: readable only as `terraform show -json` prints them.
    TerraformSource,
}

/// Keys that a realm has and nothing else with a `realm`.
const REALM_KEYS: [&str; 34] = [
    "accessTokenLifespan",
    "attributes",
    "authenticationFlows",
    "bruteForceProtected",
    "clientPolicies",
    "clientScopeMappings",
    "clientScopes",
    "clients",
    "components",
    "defaultDefaultClientScopes",
    "defaultRole",
    "defaultRoles",
    "displayName",
    "displayNameHtml",
    "emailTheme",
    "enabled",
    "eventsListeners",
    "groups",
    "identityProviders",
    "internationalizationEnabled",
    "keycloakVersion",
    "loginTheme",
    "loginWithEmailAllowed",
    "notBefore",
    "passwordPolicy",
    "registrationAllowed",
    "requiredActions",
    "requiredCredentials",
    "resetPasswordAllowed",
    "roles",
    "scopeMappings",
    "smtpServer",
    "sslRequired",
    "ssoSessionIdleTimeout",
];

/// Keys that a client has and nothing else with a `clientId`.
const CLIENT_KEYS: [&str; 14] = [
    "bearerOnly",
    "clientAuthenticatorType",
    "consentRequired",
    "defaultClientScopes",
    "directAccessGrantsEnabled",
    "fullScopeAllowed",
    "implicitFlowEnabled",
    "optionalClientScopes",
    "protocolMappers",
    "publicClient",
    "redirectUris",
    "serviceAccountsEnabled",
    "standardFlowEnabled",
    "webOrigins",
];

/// Texts of which a file that cannot be parsed holds at least one when it is ours.
const SIGNS: [&str; 8] = [
    "serving.knative.dev/",
    "run.googleapis.com/",
    "k8s.keycloak.org/",
    "keycloakVersion",
    "redirectUris",
    "google_cloud_run_",
    "\"keycloak_openid_client\"",
    "\"resource_changes\"",
];

/// Whether a file that cannot be parsed looks like one of ours.
pub fn looks_ours(bytes: &[u8]) -> bool {
    let holds = |sign: &str| memmem::find(bytes, sign.as_bytes()).is_some();
    SIGNS.iter().any(|sign| holds(sign))
        || (holds("\"realm\"") && holds("\"clients\""))
        || (holds("realm:") && holds("clients:"))
}

/// Whether a YAML text may hold something of ours at all; a quick look that saves parsing the files of others.
pub fn may_be_ours(text: &str) -> bool {
    let bytes = text.as_bytes();
    let holds = |sign: &str| memmem::find(bytes, sign.as_bytes()).is_some();
    looks_ours(bytes)
        || ["realm", "clientId", "projects/", "--"].iter().any(|sign| holds(sign))
        || has_setting(text)
}

// A line of an env-vars file: `NAME: value` from the first column on.
fn has_setting(text: &str) -> bool {
    text.lines().any(|line| {
        line.trim_start_matches(['"', '\'', '\u{feff}'])
            .split_once(':')
            .is_some_and(|(name, _)| is_setting_name(name.trim_end_matches(['"', '\''])))
    })
}

fn is_setting_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_uppercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What the JSON document `text` is; none when it is nothing of ours. `named` when a person named the file, so that less
/// proves more.
pub fn of_json(text: &str, named: bool) -> Option<Recognised> {
    let mut scanner = Scanner::new(text.as_bytes(), text.len() - crate::document::without_bom(text).len());
    let mut outline = Outline::default();
    // A text that breaks off is judged by what stands before.
    let decided = outline.fill_from_json(&mut scanner, 0).unwrap_or_default();
    decided.or_else(|| Some(outline.decide(named))).flatten()
}

/// Whether the JSON text that begins with `beginning` is one realm; false as well when more of it would be needed to tell.
pub fn begins_a_realm(beginning: &[u8]) -> bool {
    let beginning = beginning.strip_prefix("\u{feff}".as_bytes()).unwrap_or(beginning);
    let mut scanner = Scanner::new(beginning, 0);
    if scanner.peek() != Ok(b'{') {
        return false;
    }
    let mut outline = Outline::default();
    let _ = outline.fill_from_json(&mut scanner, 0);
    outline.early() == Some(Some(Recognised::Part(PartKind::Realm)))
}

/// What a document is that was parsed already.
pub fn of_node(node: &Node, named: bool) -> Option<Recognised> {
    let mut outline = Outline::default();
    outline.fill_from_node(node, 0);
    outline.early().unwrap_or_else(|| outline.decide(named))
}

/// The keys at the top of a document, or at the top of the first mapping of a list.
#[derive(Debug, Default)]
struct Outline {
    keys: Vec<String>,
    // Kept while keys come in, so that many keys cost no more than their number.
    realm_key: bool,
    client_key: bool,
    adapter: bool,
    format_version: bool,
    plan: bool,
    values: bool,
    realm: bool,
    client_id: bool,
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    /// The first element of each of the lists in which Cloud Run and Kubernetes print things.
    items: Vec<Outline>,
    clients: Option<Box<Outline>>,
    resources: bool,
    all_settings: bool,
}

type Decision = Option<Option<Recognised>>;

impl Outline {
    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
    }

    fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    /// What is certain before all keys are seen; `Some(None)` when it is certainly nothing of ours.
    fn early(&self) -> Decision {
        let part = |kind| Some(Some(Recognised::Part(kind)));
        if self.keys.first().is_some_and(|key| key == ENVELOPE) {
            return part(PartKind::Answer);
        }
        if let (Some(version), Some(kind)) = (&self.api_version, &self.kind) {
            return match version.split('/').next().unwrap_or_default() {
                "serving.knative.dev" | "run.googleapis.com" | "domains.cloudrun.com" => {
                    part(PartKind::Knative)
                }
                "k8s.keycloak.org" | "keycloak.org"
                    if kind == "KeycloakRealmImport" || kind == "KeycloakRealm" =>
                {
                    part(PartKind::RealmImport)
                }
                _ if kind.ends_with("List") => None,
                _ => Some(None),
            };
        }
        if self.realm && self.realm_key && !self.adapter {
            return part(PartKind::Realm);
        }
        if self.format_version && self.plan {
            return part(PartKind::TerraformPlan);
        }
        if self.format_version && self.values {
            return part(PartKind::TerraformState);
        }
        if self.client_id && self.client_key {
            return part(PartKind::Clients);
        }
        if self.name.as_deref().is_some_and(is_resource_name) {
            return part(PartKind::CloudRunV2);
        }
        self.items.iter().filter_map(Outline::early).find(Option::is_some)
    }

    fn decide(&self, named: bool) -> Option<Recognised> {
        if let Some(decided) = self.early() {
            return decided;
        }
        if let Some(decided) = self.items.iter().find_map(|item| item.decide(named)) {
            return Some(decided);
        }
        let part = |kind| Some(Recognised::Part(kind));
        let only = |keys: &[&str]| self.keys.iter().all(|key| keys.contains(&key.as_str()));
        if self.realm
            && self.has_any(&["users", "federatedUsers"])
            && only(&["realm", "users", "federatedUsers"])
        {
            return part(PartKind::RealmUsers);
        }
        let lists_clients = self.clients.as_ref().is_some_and(|clients| clients.client_id);
        if lists_clients || self.has("keycloakVersion") {
            return part(PartKind::Realm);
        }
        if self.has_any(&["services", "jobs", "workerPools"])
            && only(&["services", "jobs", "workerPools", "nextPageToken", "unreachable"])
        {
            return part(PartKind::CloudRunV2);
        }
        if !self.keys.is_empty() && self.keys.iter().all(|key| key.starts_with("--")) {
            return part(PartKind::FlagsFile);
        }
        if self.resources || (self.has("terraform_version") && self.has("lineage") && self.has("resources")) {
            return Some(Recognised::TerraformSource);
        }
        if self.format_version && only(&["format_version", "terraform_version"]) {
            return part(PartKind::TerraformState);
        }
        if self.all_settings
            && !self.keys.is_empty()
            && (named || self.keys.iter().any(|key| is_about_logins(key)))
        {
            return part(PartKind::EnvVarsFile);
        }
        if named && self.realm && !self.adapter {
            return part(PartKind::Realm);
        }
        if named && self.client_id {
            return part(PartKind::Clients);
        }
        None
    }

    fn text(&mut self, key: &str, text: &str) {
        match key {
            "realm" => self.realm = true,
            "clientId" => self.client_id = true,
            "apiVersion" => self.api_version = Some(text.to_owned()),
            "kind" => self.kind = Some(text.to_owned()),
            "name" => self.name = Some(text.to_owned()),
            _ => {}
        }
    }

    fn key(&mut self, key: &str, scalar: bool) {
        let setting = scalar && is_setting_name(key);
        self.all_settings = setting && (self.all_settings || self.keys.is_empty());
        self.realm_key |= REALM_KEYS.contains(&key);
        self.client_key |= CLIENT_KEYS.contains(&key);
        match key {
            "auth-server-url" => self.adapter = true,
            "format_version" => self.format_version = true,
            "planned_values" | "resource_changes" => self.plan = true,
            "values" => self.values = true,
            _ => {}
        }
        self.keys.push(key.to_owned());
    }

    fn fill_from_node(&mut self, node: &Node, depth: usize) {
        match node {
            Node::List(items) if depth < 2 => {
                if let Some(first) = items.iter().find(|item| matches!(item, Node::Map(_))) {
                    self.fill_from_node(first, depth + 1);
                }
            }
            Node::Map(entries) => {
                for (key, value) in entries.iter().take(MOST_KEYS) {
                    self.key(key, !matches!(value, Node::List(_) | Node::Map(_)));
                    match value {
                        Node::Text(text) => self.text(key, text),
                        // A template may stand for any text.
                        Node::Template(source) => self.text(key, source),
                        _ => {}
                    }
                    if let Some(list) = self.list(key, depth) {
                        list.fill_from_node(value, depth + 1);
                    }
                    if &**key == "resource" {
                        self.resources |= value.entries().iter().any(|(name, _)| is_resource_type(name));
                    }
                }
            }
            _ => {}
        }
    }

    /// The outline of the list under `key`, when it is one of those that are looked into.
    fn list(&mut self, key: &str, depth: usize) -> Option<&mut Outline> {
        match key {
            _ if depth > 1 => None,
            "clients" => Some(self.clients.insert(Box::default())),
            "items" | "services" | "jobs" | "workerPools" => {
                self.items.push(Outline::default());
                self.items.last_mut()
            }
            _ => None,
        }
    }

    /// Fills the outline from the value at the scanner and stops as soon as it is decided.
    fn fill_from_json(&mut self, scanner: &mut Scanner<'_>, depth: usize) -> Option<Decision> {
        match scanner.peek().ok()? {
            b'[' if depth < 2 => {
                scanner.at += 1;
                loop {
                    match scanner.peek().ok()? {
                        b'{' => return self.fill_from_json(scanner, depth + 1),
                        b']' => return Some(None),
                        b',' => scanner.at += 1,
                        _ => {
                            scanner.value(usize::MAX).ok()?;
                        }
                    }
                }
            }
            b'{' => {
                scanner.at += 1;
                loop {
                    match scanner.peek().ok()? {
                        b'}' => return Some(None),
                        b',' => scanner.at += 1,
                        _ => {}
                    }
                    scanner.peek().ok()?;
                    let key = scanner.string().ok()?;
                    let key = scanner.text(key)?.into_owned();
                    if self.keys.len() == MOST_KEYS {
                        return Some(Some(None));
                    }
                    scanner.expect(b':').ok()?;
                    if let Some(decision) = self.json_value(scanner, &key, depth)? {
                        return Some(Some(decision));
                    }
                }
            }
            _ => Some(None),
        }
    }

    fn json_value(&mut self, scanner: &mut Scanner<'_>, key: &str, depth: usize) -> Option<Decision> {
        let first = scanner.peek().ok()?;
        self.key(key, !matches!(first, b'{' | b'['));
        if let Some(list) = self.list(key, depth) {
            let mut ahead = scanner.clone();
            // Only its first element is looked at, and what of it is broken is found when it is read.
            let _ = list.fill_from_json(&mut ahead, depth + 1);
        }
        if key == "resource" && first == b'{' && depth == 0 {
            let mut inside = Outline::default();
            let _ = inside.fill_from_json(&mut scanner.clone(), 2);
            self.resources |= inside.keys.iter().any(|name| is_resource_type(name));
        }
        if first == b'"' {
            let text = scanner.clone().string().ok().and_then(|range| scanner.text(range));
            self.text(key, &text.unwrap_or_default());
        }
        if let Some(decision) = self.early() {
            return Some(Some(decision));
        }
        scanner.value(usize::MAX).ok()?;
        Some(None)
    }
}

fn is_resource_type(name: &str) -> bool {
    name.starts_with("google_cloud_run") || name.starts_with("keycloak_")
}

/// `projects/P/locations/R/services/S`, the full name of a resource of the v2 API.
fn is_resource_name(name: &str) -> bool {
    let mut steps = name.split('/');
    let fixed = [steps.next(), steps.nth(1), steps.nth(1)];
    matches!(
        fixed,
        [Some("projects"), Some("locations"), Some("services" | "jobs" | "workerPools" | "instances")]
    ) && steps.next().is_some_and(|name| !name.is_empty())
        && steps.next().is_none()
}

// Any flat mapping in capitals may be meant for `--env-vars-file`; a walk takes only those that can matter here.
fn is_about_logins(name: &str) -> bool {
    ["OIDC", "OAUTH", "OPENID", "KEYCLOAK", "KC_", "ISSUER", "AUTH", "JWT", "CLIENT_ID", "SSO"]
        .iter()
        .any(|word| name.contains(word))
}

/// Whether Terraform's own language in `text` mentions resources that matter here.
pub fn is_terraform_source(text: &str) -> bool {
    ["google_cloud_run", "\"keycloak_"]
        .iter()
        .any(|sign| memmem::find(text.as_bytes(), sign.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Option<PartKind> {
        let from_text = of_json(text, false);
        let from_tree = crate::document::json::parse(text).ok().map(|node| of_node(&node, false));
        if let Some(from_tree) = from_tree {
            assert_eq!(from_text, from_tree, "{text}");
        }
        match from_text {
            Some(Recognised::Part(kind)) => Some(kind),
            _ => None,
        }
    }

    #[test]
    fn documents_are_told_by_what_they_hold() {
        for (text, kind) in [
            (r#"{"id": "x", "realm": "shop", "enabled": true}"#, PartKind::Realm),
            (r#"[{"realm": "shop", "clients": []}]"#, PartKind::Realm),
            (r#"{"clients": [{"clientId": "web"}]}"#, PartKind::Realm),
            (r#"{"keycloakVersion": "26.0", "clients": []}"#, PartKind::Realm),
            (r#"{"realm": "shop", "users": [{"username": "a"}]}"#, PartKind::RealmUsers),
            (
                r#"{"apiVersion": "k8s.keycloak.org/v2alpha1", "kind": "KeycloakRealmImport"}"#,
                PartKind::RealmImport,
            ),
            (r#"[{"id": "1", "clientId": "web", "publicClient": true}]"#, PartKind::Clients),
            (r#"{"clientId": "web", "redirectUris": []}"#, PartKind::Clients),
            (r#"{"kind": "Service", "apiVersion": "serving.knative.dev/v1"}"#, PartKind::Knative),
            (r#"[{"apiVersion": "run.googleapis.com/v1", "kind": "Job"}]"#, PartKind::Knative),
            (
                r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "serving.knative.dev/v1", "kind": "Service"}]}"#,
                PartKind::Knative,
            ),
            (r#"{"name": "projects/p/locations/r/services/s", "uri": ""}"#, PartKind::CloudRunV2),
            (r#"{"services": [{"name": "projects/p/locations/r/services/s"}]}"#, PartKind::CloudRunV2),
            (
                r#"{"format_version": "1.2", "terraform_version": "1.9", "planned_values": {}}"#,
                PartKind::TerraformPlan,
            ),
            (
                r#"{"format_version": "1.0", "terraform_version": "1.9", "values": {}}"#,
                PartKind::TerraformState,
            ),
            (r#"{"format_version": "1.0"}"#, PartKind::TerraformState),
            (r#"{"--image": "x", "--set-env-vars": {}}"#, PartKind::FlagsFile),
            (r#"{"OIDC_ISSUER": "x", "PORT": "1"}"#, PartKind::EnvVarsFile),
        ] {
            assert_eq!(kinds(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn files_of_others_are_none_of_ours() {
        for text in [
            r#"{"name": "web", "version": "1.0.0", "dependencies": {}}"#,
            r#"{"services": {"web": {"image": "x"}}, "version": "3"}"#,
            r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": {"realm": "x"}}}"#,
            r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret"}]}"#,
            r#"{"realm": "shop", "auth-server-url": "https://sso.example.com", "resource": "web"}"#,
            r#"{"clientId": "web", "issuer": "https://sso.example.com"}"#,
            r#"{"PORT": "1"}"#,
            r#"{"OIDC_ISSUER": "x", "nested": {}}"#,
            "[]",
            "{}",
            "[1, [2]]",
            "null",
        ] {
            assert_eq!(kinds(text), None, "{text}");
        }
    }

    #[test]
    fn naming_a_file_lets_less_prove_more() {
        let named = |text: &str| of_json(text, true);
        assert_eq!(named(r#"{"realm": "shop"}"#), Some(Recognised::Part(PartKind::Realm)));
        assert_eq!(named(r#"{"clientId": "web"}"#), Some(Recognised::Part(PartKind::Clients)));
        assert_eq!(named(r#"{"PORT": "1"}"#), Some(Recognised::Part(PartKind::EnvVarsFile)));
        assert_eq!(named(r#"{"a": "1"}"#), None);
    }

    #[test]
    fn terraforms_own_files_are_told_apart() {
        let state =
            r#"{"version": 4, "terraform_version": "1.9", "serial": 1, "lineage": "x", "resources": []}"#;
        assert_eq!(of_json(state, false), Some(Recognised::TerraformSource));
        let source = r#"{"resource": {"google_cloud_run_v2_service": {"web": {}}}}"#;
        assert_eq!(of_json(source, false), Some(Recognised::TerraformSource));
        assert_eq!(of_json(r#"{"resource": {"aws_instance": {}}}"#, false), None);
        assert!(is_terraform_source("resource \"keycloak_openid_client\" \"web\" {}"));
        assert!(!is_terraform_source("resource \"aws_instance\" \"web\" {}"));
    }

    #[test]
    fn a_decision_needs_only_the_beginning() {
        let broken = r#"{"realm": "shop", "enabled": true, "clients": [{"clientId""#;
        assert_eq!(of_json(broken, false), Some(Recognised::Part(PartKind::Realm)));
        assert!(looks_ours(br#"{"clients": [], "realm": "#));
        assert!(!looks_ours(b"name: x\nrealm: y\n"));
    }
}
