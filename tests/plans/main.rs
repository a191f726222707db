//! Plans of every situation of `fixtures/`: what they say, that they heal, and that no secret is in them.
//!
//! `CLOAKRUN_BLESS=1` writes the texts of `tests/plans/` anew; look at every changed line before committing it.
//! `CLOAKRUN_FIXTURE=part-of-a-name` looks at some folders only.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod apply;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cloakrun::audit;
use cloakrun::config::{Config, load};
use cloakrun::files::{Limits, gather};
use cloakrun::fix::plan::{Plan, Wanted};
use cloakrun::fix::{Safety, Target, render};
use cloakrun::keycloak::version::Version;
use cloakrun::reading::read;
use cloakrun::rules;
use cloakrun::scene::{Options, Scene};
use cloakrun::secrets::Tagger;
use cloakrun::snapshot::Snapshot;
use serde_json::Value;

/// The situations whose plans are compared to the byte.
const EXACT: [&str; 12] = [
    "audience-id-token-only",
    "audience-never-issued",
    "client-flow-off",
    "client-hygiene",
    "format-terraform-plan",
    "issuer-trailing-slash",
    "real-parcels",
    "redirect-dead",
    "redirect-host-wildcard-before-the-fix",
    "redirect-missing-both-forms",
    "secret-in-plain-env",
    "web-origin-missing",
];

struct Seen {
    snapshot: Snapshot,
    config: Config,
    options: Options,
}

impl Seen {
    /// Reads a folder as `check` does, with its configuration and what its file `args` names.
    fn of(folder: &Path) -> Self {
        let args = fs::read_to_string(folder.join("args")).unwrap_or_default();
        let args: Vec<&str> = args.lines().collect();
        let version = args.windows(2).find(|pair| pair[0] == "--keycloak-version").map(|pair| pair[1]);
        let version: Option<Version> = version
            .or_else(|| args.iter().find_map(|arg| arg.strip_prefix("--keycloak-version=")))
            .map(|version| version.parse().unwrap());
        let limits = Limits::default();
        let inputs = gather(&[], folder, &limits, &mut "".as_bytes());
        let mut snapshot = read(&inputs, &limits, &Tagger::new().unwrap()).snapshot;
        let config = match fs::read_to_string(folder.join("cloakrun.yaml")) {
            Ok(text) => {
                let ids: Vec<&str> = rules::all().iter().map(|rule| rule.id).collect();
                let mut config = load::parse("cloakrun.yaml", &text, &ids).unwrap();
                config.part = Some(snapshot.add_configuration("cloakrun.yaml"));
                config
            }
            Err(_) => Config::default(),
        };
        let options = Options { keycloak_version: version, now: Some(jiff::Timestamp::now()) };
        Seen { snapshot, config, options }
    }

    fn scene(&self) -> Scene<'_> {
        Scene::new(&self.snapshot, &self.config, &self.options)
    }
}

/// The plan of a scene for everything that any rule finds, those that are off by default among them when `all`.
fn plan(scene: &Scene<'_>, wanted: Wanted) -> Plan {
    let audit = audit::run(scene, &audit::Options::default());
    Plan::of(scene, &audit.findings, wanted)
}

fn folders() -> Vec<PathBuf> {
    let only = std::env::var("CLOAKRUN_FIXTURE").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && name(path).contains(&only))
        .collect();
    folders.sort();
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

fn people(plan: &Plan) -> String {
    anstream::adapter::strip_str(&render::people(plan, 80, &|_| None)).to_string()
}

fn planted(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("expected.yaml")).unwrap();
    let expected: Value = serde_yaml::from_str(&text).unwrap();
    let secrets = expected["secrets"].as_array().cloned().unwrap_or_default();
    secrets.iter().map(|secret| secret.as_str().unwrap().to_owned()).collect()
}

#[test]
fn plans_say_exactly_this() {
    let bless = std::env::var_os("CLOAKRUN_BLESS").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = String::new();
    for name in EXACT {
        let seen = Seen::of(&root.join("fixtures").join(name));
        let text = people(&plan(&seen.scene(), Wanted::default()));
        let path = root.join("tests/plans").join(format!("{name}.txt"));
        if bless {
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push_str(&format!("{name}.txt differs; it would be:\n{text}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_plan_is_sound_and_holds_no_secret() {
    let schema: Value = serde_json::from_str(&render::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut secrets = 0;
    for folder in folders() {
        let name = name(&folder);
        let seen = Seen::of(&folder);
        let scene = seen.scene();
        let plan = plan(&scene, Wanted::default());
        assert_eq!(plan.fault(), None, "{name}");
        assert_eq!(plan.drift(&scene), Vec::<String>::new(), "{name}");
        let json = render::machines(&plan);
        assert_eq!(render::read(&json).unwrap(), plan, "{name}");
        let value: Value = serde_json::from_str(&json).unwrap();
        assert!(validator.is_valid(&value), "{name}: {json}");
        let back = plan.inverse();
        assert_eq!(back.fault(), None, "{name}: {}", people(&back));
        let again = back.inverse();
        for (one, other) in plan.steps.iter().zip(&again.steps) {
            assert_eq!(
                (one.number, one.phase, &one.changes, &one.after),
                (other.number, other.phase, &other.changes, &other.after),
                "{name}"
            );
        }
        let text = people(&plan);
        for line in text.lines().filter(|line| line.chars().count() > 80) {
            let words = line.trim_start().split(' ').count();
            assert!(words <= 3 || line.contains("gcloud "), "{name}: {line:?} could be broken");
        }
        for secret in planted(&folder) {
            secrets += 1;
            for (what, text) in [("JSON", &json), ("text", &text), ("undo", &render::machines(&back))] {
                assert!(!text.contains(secret.as_str()), "{name}: the {what} holds a secret");
            }
        }
    }
    assert!(secrets > 10 || std::env::var_os("CLOAKRUN_FIXTURE").is_some());
}

#[test]
fn what_steps_heal_is_healed_and_a_second_plan_leaves_it_alone() {
    let (mut healed, mut left) = (0, Vec::new());
    let mut by_rule = BTreeSet::new();
    for folder in folders() {
        let seen = Seen::of(&folder);
        let before = plan(&seen.scene(), Wanted::default());
        if before.steps.is_empty()
            || before.steps.iter().any(|step| !matches!(step.target, Target::File { .. }))
        {
            continue;
        }
        let copy = tempfile::tempdir().unwrap();
        copy_all(&folder, copy.path());
        if let Err(why) = apply::apply(&before, copy.path()) {
            left.push(format!("{}: {why}", name(&folder)));
            continue;
        }
        let after = Seen::of(copy.path());
        let scene = after.scene();
        let found = audit::run(&scene, &audit::Options::default()).findings;
        let second = plan(&scene, Wanted::default());
        for step in &before.steps {
            for reason in &step.reasons {
                if found.iter().any(|finding| finding.fingerprint == reason.fingerprint) {
                    left.push(format!("{}: {} {}", name(&folder), reason.rule, reason.message));
                } else {
                    healed += 1;
                    by_rule.insert(reason.rule.clone());
                }
            }
        }
        if !second.steps.is_empty() {
            left.push(format!("{}: a second plan has steps:\n{}", name(&folder), people(&second)));
        }
        // And back again.
        if let Err(why) = apply::apply(&before.inverse(), copy.path()) {
            left.push(format!("{}: back: {why}", name(&folder)));
            continue;
        }
        let restored = Seen::of(copy.path());
        let third = plan(&restored.scene(), Wanted::default());
        // Lists are sets: what came back stands at the end.
        let changes = |plan: &Plan| -> BTreeSet<String> {
            let changes = plan.steps.iter().flat_map(|step| &step.changes);
            changes.map(|change| serde_json::to_string(change).unwrap()).collect()
        };
        if changes(&third) != changes(&before) {
            left.push(format!("{}: after going back the plan is another one", name(&folder)));
        }
    }
    eprintln!("{healed} findings healed, of the rules {by_rule:?}");
    assert!(left.is_empty(), "{} are left:\n{}", left.len(), left.join("\n"));
    assert!(healed > 50 || std::env::var_os("CLOAKRUN_FIXTURE").is_some(), "{healed}");
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_clean_situation_has_nothing_to_do() {
    for folder in folders().iter().filter(|folder| name(folder).starts_with("clean-")) {
        let seen = Seen::of(folder);
        let plan = plan(&seen.scene(), Wanted::default());
        assert!(plan.is_empty(), "{}: {}", name(folder), people(&plan));
        assert_eq!(people(&plan), "Nothing to do.\n");
    }
}

#[test]
fn only_safe_has_no_step_that_somebody_should_look_at() {
    for folder in folders() {
        let seen = Seen::of(&folder);
        let scene = seen.scene();
        for only in [Safety::Safe, Safety::Review] {
            let plan = plan(&scene, Wanted { only: Some(only), owned: false });
            assert!(plan.steps.iter().all(|step| step.safety == only), "{}", name(&folder));
        }
    }
}
