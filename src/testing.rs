//! What the tests of linking, rules and the audit share: a stage with files on it, read by the real readers and judged by the real audit.
//!
//! ```ignore
//! let stage = Stage::new()
//!     .realm("shop.json", r#"{"realm": "shop", "clients": [{"clientId": "web", "publicClient": true}]}"#)
//!     .service("web.yaml", &service_yaml("web", &[("OIDC_ISSUER", "https://sso.example.com/realms/shop")]));
//! let found = stage.judge("issuer-mismatch");
//! assert_eq!(found.wrong, ["error service web ↔ client web of realm shop: …"]);
//! ```
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::audit::{self, Audit};
use crate::cloud_run::service_yaml;
use crate::config::Config;
use crate::document::yaml;
use crate::finding::{Evidence, Subject};
use crate::fix::plan::{Plan, Wanted};
use crate::fix::{Datum, Edit};
use crate::keycloak::realm_file::{self, Layout};
use crate::locus::PartId;
use crate::scene::{Options, Scene};
use crate::secrets::Tagger;
use crate::snapshot::{Part, PartKind, Place, Snapshot};

/// Files on both sides, and a configuration.
pub(crate) struct Stage {
    pub(crate) snapshot: Snapshot,
    pub(crate) config: Config,
    pub(crate) options: Options,
    tagger: Tagger,
}

/// What one rule said, in words that are easy to compare.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Findings: `error service web ↔ client web of realm shop: MESSAGE`.
    pub(crate) wrong: Vec<String>,
    /// What could not be decided: `service web: REASON`.
    pub(crate) undecided: Vec<String>,
    /// The places of the findings, the first finding's first: `shop.json clients[0].redirectUris[0] = https://… (label)`.
    pub(crate) places: Vec<String>,
    /// The offending values of the findings.
    pub(crate) values: Vec<String>,
}

impl Said {
    /// Whether the rule was content.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Said::default()
    }
}

impl Stage {
    /// An empty stage.
    pub(crate) fn new() -> Self {
        Stage {
            snapshot: Snapshot::default(),
            config: Config::default(),
            options: Options::default(),
            tagger: Tagger::new().unwrap(),
        }
    }

    /// Adds a realm file, in JSON or YAML.
    pub(crate) fn realm(mut self, path: &str, text: &str) -> Self {
        for node in yaml::parse(text).unwrap() {
            let part = self.part(path, PartKind::Realm);
            let reading = realm_file::read_node(&node, Layout::Realm, part, &self.tagger).unwrap();
            self.snapshot.parts[part.0 as usize].notes.extend(reading.notes);
            self.snapshot.realms.extend(reading.realms);
        }
        self
    }

    /// Adds services in Knative YAML; several documents and lists are fine.
    pub(crate) fn service(mut self, path: &str, text: &str) -> Self {
        for node in yaml::parse(text).unwrap() {
            let part = self.part(path, PartKind::Knative);
            let outcome = service_yaml::read(part, &node, &self.tagger, &mut self.snapshot);
            assert_eq!(outcome.faults, [], "{path}");
        }
        self
    }

    /// Sets the configuration, in YAML.
    pub(crate) fn config(mut self, text: &str) -> Self {
        self.config = serde_yaml::from_str(text).unwrap();
        self.config.part = Some(self.part("cloakrun.yaml", PartKind::Configuration));
        self
    }

    /// Sets `--keycloak-version`.
    pub(crate) fn version(mut self, version: &str) -> Self {
        self.options.keycloak_version = Some(version.parse().unwrap());
        self
    }

    /// What turns the stage's secrets into tags.
    pub(crate) fn tagger(&self) -> &Tagger {
        &self.tagger
    }

    /// Sets the time of the run: `2027-03-01T12:00:00Z`.
    pub(crate) fn now(mut self, now: &str) -> Self {
        self.options.now = Some(now.parse().unwrap());
        self
    }

    /// Lets rules look at it.
    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene::new(&self.snapshot, &self.config, &self.options)
    }

    /// Runs one rule, off by default or not.
    pub(crate) fn judge(&self, rule: &str) -> Said {
        assert!(crate::rules::find(rule).is_some(), "{rule} is not listed in rules/mod.rs");
        let scene = self.scene();
        let mut options = audit::Options::default();
        options.selection.rules.push(rule.to_owned());
        said(&scene, &audit::run(&scene, &options))
    }

    /// What one rule offers, step by step: `safe expand shop.json: redirectUris +https://…`; what a person has to do begins with
    /// `by hand`.
    pub(crate) fn fixes(&self, rule: &str) -> Vec<String> {
        let scene = self.scene();
        let mut options = audit::Options::default();
        options.selection.rules.push(rule.to_owned());
        let plan = Plan::of(&scene, &audit::run(&scene, &options).findings, Wanted::default());
        assert_eq!(plan.conflicts, []);
        offered(&plan)
    }

    /// Runs all rules.
    pub(crate) fn audit(&self) -> Audit {
        audit::run(&self.scene(), &audit::Options::default())
    }

    fn part(&mut self, path: &str, kind: PartKind) -> PartId {
        let same = |part: &&Part| part.place.path() == path;
        let document = self.snapshot.parts.iter().filter(same).count();
        let place = Place::File { path: path.to_owned(), document };
        self.snapshot.parts.push(Part { place, kind, missing: Vec::new(), notes: Vec::new() });
        PartId(u32::try_from(self.snapshot.parts.len() - 1).unwrap())
    }
}

/// A plan in words.
pub(crate) fn offered(plan: &Plan) -> Vec<String> {
    let edit = |edit: &Edit| {
        let shown = |datum: &Datum| match datum {
            Datum::Plain(serde_json::Value::String(text)) => text.clone(),
            Datum::Plain(value) => value.to_string(),
            Datum::CopyOf(spot) => format!("copy of {}", spot.path),
        };
        match edit {
            Edit::Set { from, to } => format!("{} → {}", shown(from), shown(to)),
            Edit::Create { value } => format!("→ {}", shown(value)),
            Edit::Drop { value } => format!("{} →", shown(value)),
            Edit::Insert { item, .. } => format!("+{}", shown(item)),
            Edit::Remove { item, .. } => format!("-{}", shown(item)),
            Edit::AddMapper { mapper } => format!("+{} {:?}", mapper.name, mapper.config),
            Edit::RemoveMapper { mapper } => format!("-{}", mapper.name),
        }
    };
    let steps = plan.steps.iter().map(|step| {
        let changes: Vec<String> =
            step.changes.iter().map(|change| format!("{} {}", change.field, edit(&change.edit))).collect();
        let (safety, phase) = (format!("{:?}", step.safety), format!("{:?}", step.phase));
        format!(
            "{} {} {}: {}",
            safety.to_lowercase(),
            phase.to_lowercase(),
            step.target.name(),
            changes.join(", ")
        )
    });
    let manual = plan.manual.iter().map(|manual| format!("by hand {}", manual.reason.title));
    steps.chain(manual).collect()
}

/// An audit in words.
pub(crate) fn said(scene: &Scene<'_>, audit: &Audit) -> Said {
    let mut said = Said::default();
    for finding in &audit.findings {
        let whom = whom(scene, &finding.subject);
        said.wrong.push(format!("{} {whom}: {}", finding.severity.word(), finding.message));
        said.places.extend(finding.evidence.iter().map(|evidence| place(scene, evidence)));
        said.values.extend(finding.value.clone());
    }
    said.undecided.extend(
        audit.undecided.iter().map(|open| format!("{}: {}", whom(scene, &open.subject), open.reason)),
    );
    said
}

/// A subject in words: `service web ↔ client web of realm shop (dev)`.
pub(crate) fn whom(scene: &Scene<'_>, subject: &Subject) -> String {
    let service = subject.service.map(|id| format!("service {}", scene.service(id).display_name()));
    let realm = subject.realm.map(|id| format!("realm {}", scene.realm_name(id)));
    let client = subject.client.map(|id| format!("client {}", scene.client_id(id)));
    let keycloak = [client, realm].into_iter().flatten().collect::<Vec<_>>().join(" of ");
    let both: Vec<String> = service.into_iter().chain((!keycloak.is_empty()).then_some(keycloak)).collect();
    let environment = subject.environment.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{}{environment}", both.join(" ↔ "))
}

/// A place in words: `shop.json clients[0].redirectUris[0] = https://shop.example.com/* (the nearest entry)`.
pub(crate) fn place(scene: &Scene<'_>, evidence: &Evidence) -> String {
    let path = scene.snapshot.part(evidence.at.part).place.path();
    let value = evidence.value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
    format!("{path} {}{value} ({})", evidence.at.path, evidence.label)
}

/// A Cloud Run service called `name` with environment variables, marked as one by its region.
pub(crate) fn service_yaml(name: &str, env: &[(&str, &str)]) -> String {
    service_yaml_with(name, "europe-docker.pkg.dev/shop/images/app:1", env)
}

/// A Cloud Run service called `name` with an image and environment variables, in europe-west1 of project number 123456789012.
pub(crate) fn service_yaml_with(name: &str, image: &str, env: &[(&str, &str)]) -> String {
    let mut text = format!(
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: '123456789012'\n  labels:\n    cloud.googleapis.com/location: europe-west1\nspec:\n  template:\n    spec:\n      containers:\n      - image: {image}\n        env:\n"
    );
    for (name, value) in env {
        let value = serde_json::to_string(value).unwrap();
        text.push_str(&format!("        - name: {name}\n          value: {value}\n"));
    }
    text
}
