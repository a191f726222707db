#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::admit::{Consent, Limits};
use super::plan::{Object, Plan, Planned, RealmSize, Step, Wanted};
use super::{Allowance, Change, Datum, Edit, Fix, ListForm, ObjectId, Phase, Safety, Target, offer, render};
use crate::audit;
use crate::finding::{Finding, Severity, Subject};
use crate::keycloak::model::ClientField;
use crate::locus::{FieldPath, PartId};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Place, RealmId, ServiceId};
use crate::testing::{Stage, offered, service_yaml};

const REALM: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [
    {"clientId": "web", "rootUrl": "https://web.example.com", "redirectUris": ["https://old.example.com/cb", "https://web.example.com/x"]},
    {"clientId": "app", "redirectUris": ["https://app.example.com/cb"]},
    {"clientId": "account", "redirectUris": ["/realms/shop/account/*"]}]}"#;

const WEB: ClientId = ClientId { realm: RealmId(0), client: 0 };
const APP: ClientId = ClientId { realm: RealmId(0), client: 1 };
const ACCOUNT: ClientId = ClientId { realm: RealmId(0), client: 2 };
const SERVICE: ServiceId = ServiceId(0);

fn stage() -> Stage {
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];
    Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("web", &env))
}

/// The same, read from servers.
fn live(mut stage: Stage) -> Stage {
    for part in &mut stage.snapshot.parts {
        part.place = Place::Live { address: format!("live/{}", part.place.path()) };
    }
    stage
}

fn finding(name: &str, fix: Fix) -> Finding {
    Finding {
        rule: "redirect-uri-missing",
        severity: Severity::Error,
        fingerprint: format!("{name}-fingerprint"),
        subject: Subject::default(),
        message: format!("This is wrong: {name}."),
        remedy: String::new(),
        evidence: Vec::new(),
        value: None,
        fix: Some(Box::new(fix)),
    }
}

fn add(scene: &Scene<'_>, id: ClientId, uri: &str) -> Finding {
    let changes = offer::insert(scene, id, ClientField::RedirectUris, uri);
    finding(&format!("+{uri}"), Fix::of(format!("Add {uri}"), Safety::Safe, changes))
}

fn drop(scene: &Scene<'_>, id: ClientId, uri: &str) -> Finding {
    let change = offer::remove(scene, id, ClientField::RedirectUris, uri);
    finding(&format!("-{uri}"), Fix::of(format!("Drop {uri}"), Safety::Safe, vec![change]))
}

fn set(scene: &Scene<'_>, id: ClientId, field: ClientField, to: Datum, phase: Phase) -> Finding {
    let name = format!("{field:?} {to:?}");
    let change = offer::set(scene, id, field, to, phase).unwrap();
    finding(&name, Fix::of(name.clone(), Safety::Review, vec![change]))
}

fn retarget(scene: &Scene<'_>, to: &str) -> Finding {
    let variable = &scene.service(SERVICE).containers[0].env[0];
    let edit = Edit::Set { from: Datum::text("https://sso.example.com/realms/shop"), to: Datum::text(to) };
    let change =
        Change { of: ObjectId::Service(SERVICE), at: variable.at.clone(), edit, phase: Phase::Switch };
    finding(to, Fix::of(format!("Expect {to}"), Safety::Review, vec![change]))
}

fn plan(scene: &Scene<'_>, findings: &[Finding]) -> Plan {
    Plan::of(scene, findings, Wanted::default())
}

#[test]
fn a_move_stands_between_what_allows_it_and_what_takes_away() {
    let stage = stage();
    let scene = stage.scene();
    let new = "https://new.example.com/realms/shop";
    let findings = [
        drop(&scene, WEB, "https://old.example.com/cb"),
        retarget(&scene, new),
        add(&scene, WEB, "https://web.example.com/cb"),
    ];
    let plan = plan(&scene, &findings);
    assert_eq!(
        offered(&plan),
        [
            "safe expand shop.json: redirectUris +https://web.example.com/cb".to_owned(),
            format!("review switch web.yaml: env OIDC_ISSUER https://sso.example.com/realms/shop → {new}"),
            "safe contract shop.json: redirectUris -https://old.example.com/cb".to_owned(),
        ]
    );
    let after: Vec<&[usize]> = plan.steps.iter().map(|step| step.after.as_slice()).collect();
    assert_eq!(after, [&[][..], &[1], &[1, 2]]);
    // The way back is made in the opposite order.
    let back = plan.inverse();
    assert_eq!(
        offered(&back),
        [
            "review expand shop.json: redirectUris +https://old.example.com/cb".to_owned(),
            format!("review switch web.yaml: env OIDC_ISSUER {new} → https://sso.example.com/realms/shop"),
            "review contract shop.json: redirectUris -https://web.example.com/cb".to_owned(),
        ]
    );
    let after: Vec<&[usize]> = back.steps.iter().map(|step| step.after.as_slice()).collect();
    assert_eq!(after, [&[][..], &[1], &[1, 2]]);
}

#[test]
fn without_a_move_one_document_is_one_step() {
    let stage = stage();
    let scene = stage.scene();
    let findings =
        [drop(&scene, WEB, "https://old.example.com/cb"), add(&scene, APP, "https://app.example.com/other")];
    let plan = plan(&scene, &findings);
    assert_eq!(
        offered(&plan),
        [
            "safe expand shop.json: redirectUris -https://old.example.com/cb, redirectUris +https://app.example.com/other"
        ]
    );
    assert_eq!(plan.steps[0].heals.len(), 2);
}

#[test]
fn equal_edits_merge_and_heal_both() {
    let stage = stage();
    let scene = stage.scene();
    let mut second = add(&scene, WEB, "https://web.example.com/cb");
    second.fingerprint = "another".to_owned();
    let plan = plan(&scene, &[add(&scene, WEB, "https://web.example.com/cb"), second]);
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].changes.len(), 1);
    assert_eq!(plan.steps[0].heals, ["+https://web.example.com/cb-fingerprint", "another"]);
}

#[test]
fn opposed_edits_are_listed_and_none_is_made() {
    let stage = stage();
    let scene = stage.scene();
    let root = |to: &str| set(&scene, WEB, ClientField::RootUrl, Datum::text(to), Phase::Expand);
    let mut with_more = root("https://b.example.com");
    let more = offer::insert(&scene, WEB, ClientField::RedirectUris, "https://b.example.com/cb");
    with_more.fix.as_mut().unwrap().changes.extend(more);
    let findings =
        [root("https://a.example.com"), with_more, add(&scene, APP, "https://app.example.com/other")];
    let conflicted = plan(&scene, &findings);
    assert_eq!(offered(&conflicted), ["safe expand shop.json: redirectUris +https://app.example.com/other"]);
    let [conflict] = conflicted.conflicts.as_slice() else { panic!("{:?}", conflicted.conflicts) };
    assert_eq!((conflict.field.as_str(), conflict.sides.len()), ("rootUrl", 2));
    let text = anstream::adapter::strip_str(&render::people(&conflicted, 80, &|_| None)).to_string();
    assert!(text.contains("In conflict") && text.contains("+ https://a.example.com"), "{text}");

    let item = "https://old.example.com/cb";
    let one_item = plan(&scene, &[add(&scene, WEB, item), drop(&scene, WEB, item)]);
    assert_eq!((one_item.steps.len(), one_item.conflicts.len()), (0, 1));
}

#[test]
fn a_diff_stands_below_the_changes_of_its_step() {
    let stage = stage();
    let scene = stage.scene();
    let plan = plan(&scene, &[add(&scene, WEB, "https://web.example.com/cb")]);
    let diff = |step: &Step| step.target.name().ends_with(".json").then(|| "-a\n+b".to_owned());
    let text = anstream::adapter::strip_str(&render::people(&plan, 80, &diff)).to_string();
    assert_eq!(
        text,
        "Expand: allow what will be needed\n\n 1  client web in realm shop · shop.json · safe\n    redirectUris\n      + https://web.example.com/cb\n    -a\n    +b\n    → redirect-uri-missing +https:/: This is wrong: +https://web.example.com/cb.\n\n1 step (1 safe).\n"
    );
}

fn yes(allow: &[Allowance]) -> Consent {
    Consent { given: true, allow: allow.iter().copied().collect() }
}

fn objections(plan: &Plan, allow: &[Allowance]) -> Vec<String> {
    match plan.admit(&yes(allow), &Limits::default()) {
        Ok(_) => Vec::new(),
        Err(refusal) => refusal.objections.into_iter().map(|objection| objection.text).collect(),
    }
}

#[test]
fn what_needs_an_allowance_is_refused_without_it() {
    use Allowance as A;
    let stage = stage();
    let scene = stage.scene();
    let off = Datum::switch(false);
    let cases: [(Vec<Finding>, A, &str); 4] = [
        (
            vec![drop(&scene, APP, "https://app.example.com/cb")],
            A::LastRedirectUri,
            "Step 1: client app in realm shop is left without any redirect URI. It needs --allow last-redirect-uri.",
        ),
        (
            vec![set(&scene, WEB, ClientField::StandardFlow, off.clone(), Phase::Contract)],
            A::TurnOff,
            "Step 1: client web in realm shop loses `standardFlowEnabled`. It needs --allow turn-off.",
        ),
        (
            vec![set(&scene, WEB, ClientField::Enabled, off, Phase::Contract)],
            A::TurnOff,
            "Step 1: client web in realm shop loses `enabled`. It needs --allow turn-off.",
        ),
        (
            vec![add(&scene, ACCOUNT, "https://web.example.com/cb")],
            A::BuiltInClients,
            "Step 1: client account in realm shop is one that Keycloak makes by itself. It needs --allow built-in-clients.",
        ),
    ];
    for (findings, allowance, text) in cases {
        let plan = plan(&scene, &findings);
        assert_eq!(objections(&plan, &[]), [text]);
        assert_eq!(plan.steps[0].needs, BTreeSet::from([allowance]));
        assert_eq!(objections(&plan, &[allowance]), Vec::<String>::new());
        assert_eq!(objections(&plan, &[A::Exposure, A::MasterRealm]), [text]);
    }
    let harmless = plan(&scene, &[add(&scene, WEB, "https://web.example.com/cb")]);
    assert_eq!(objections(&harmless, &[]), Vec::<String>::new());
    assert!(
        harmless.admit(&Consent::default(), &Limits::default()).unwrap_err().to_string().contains("--yes")
    );
    assert!(Plan::empty().admit(&Consent::default(), &Limits::default()).is_ok(), "nothing to agree to");
}

#[test]
fn the_last_entry_may_go_when_another_comes() {
    let stage = stage();
    let scene = stage.scene();
    let changes = offer::replace(
        &scene,
        APP,
        ClientField::RedirectUris,
        "https://app.example.com/cb",
        "https://app.example.com/new",
    );
    let plan = plan(&scene, &[finding("replace", Fix::of("Replace", Safety::Safe, changes))]);
    assert_eq!(objections(&plan, &[]), Vec::<String>::new());
}

#[test]
fn the_realm_master_needs_its_own_word() {
    let stage = Stage::new().realm(
        "master.json",
        r#"{"realm": "master", "clients": [{"clientId": "web", "redirectUris": ["https://web.example.com/cb"]}]}"#,
    );
    let scene = stage.scene();
    let plan = plan(&scene, &[add(&scene, WEB, "https://web.example.com/other")]);
    assert_eq!(objections(&plan, &[]).len(), 1);
    assert_eq!(objections(&plan, &[Allowance::MasterRealm]), Vec::<String>::new());
}

#[test]
fn who_may_call_a_service_needs_its_own_word() {
    let mut step = step_of(&[]);
    step.changes = vec![Planned {
        of: Object::Service {
            workload: "service".into(),
            service: "web".into(),
            project: None,
            region: None,
        },
        field: "metadata.annotations[\"run.googleapis.com/ingress\"]".into(),
        path: FieldPath::root().keys(["metadata", "annotations", "run.googleapis.com/ingress"]),
        edit: Edit::Set { from: Datum::text("internal"), to: Datum::text("all") },
    }];
    let plan = Plan { steps: vec![step], ..Plan::empty() };
    assert_eq!(objections(&plan, &[]).len(), 1);
    assert_eq!(objections(&plan, &[Allowance::Exposure]), Vec::<String>::new());
}

/// A step that takes these redirect URIs away from a client that has many more.
fn step_of(items: &[String]) -> Step {
    let of = Object::Client {
        realm: Some("shop".into()),
        client: "web".into(),
        built_in: false,
        redirect_uris: 100_000,
    };
    let path = FieldPath::root().key("redirectUris");
    let changes = items.iter().map(|item| Planned {
        of: of.clone(),
        field: "redirectUris".into(),
        path: path.clone(),
        edit: Edit::Remove { item: Datum::text(item), list: ListForm::Array, takes_list: false },
    });
    Step {
        number: 1,
        phase: Phase::Contract,
        target: Target::Live { address: "live/web".into() },
        changes: changes.collect(),
        after: Vec::new(),
        heals: Vec::new(),
        reasons: Vec::new(),
        safety: Safety::Safe,
        risks: Vec::new(),
        owner: None,
        needs: BTreeSet::new(),
    }
}

fn taking(taken: usize, all: Option<usize>) -> Plan {
    let items: Vec<String> = (0..taken).map(|number| format!("https://x.example.com/{number}")).collect();
    let target = Target::Live { address: "live/web".into() };
    let realms =
        vec![RealmSize { realm: Some("shop".into()), redirect_uris: all, targets: BTreeSet::from([target]) }];
    Plan { steps: vec![step_of(&items)], realms, ..Plan::empty() }
}

#[test]
fn more_than_a_share_of_a_realm_is_refused_and_so_is_what_cannot_be_counted() {
    for (all, most) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (9, 3), (10, 3), (20, 6), (1000, 300)]
    {
        assert_eq!(Limits::default().most(all), most, "of {all}");
        assert_eq!(objections(&taking(most, Some(all)), &[]), Vec::<String>::new(), "{most} of {all}");
        let refused = objections(&taking(most + 1, Some(all)), &[]);
        assert_eq!(refused.len(), 1, "{} of {all}", most + 1);
        assert_eq!(objections(&taking(most + 1, Some(all)), &[Allowance::Many]), Vec::<String>::new());
    }
    assert_eq!(
        objections(&taking(4, Some(10)), &[]),
        ["Realm shop loses 4 of 10 redirect URIs, more than 3. It needs --allow many."]
    );
    assert_eq!(
        objections(&taking(1, None), &[]),
        ["Realm shop loses 1 redirect URI, and how many it has is not known. It needs --allow many."]
    );
    let uncounted = Plan { realms: Vec::new(), ..taking(1, None) };
    assert_eq!(
        objections(&uncounted, &[]),
        [
            "Step 1: how many redirect URIs the realm of client web in realm shop has is not known. It needs --allow many."
        ]
    );
    assert_eq!(objections(&taking(0, None), &[]), Vec::<String>::new(), "nothing is taken away");
}

#[test]
fn a_plan_that_somebody_changed_is_refused_whatever_is_allowed() {
    let all: Vec<Allowance> = clap::ValueEnum::value_variants().to_vec();
    let good = taking(1, Some(100));
    let numbered = |number: usize| {
        let mut plan = good.clone();
        plan.steps[0].number = number;
        plan
    };
    assert_eq!(objections(&numbered(2), &all).len(), 1);
    let mut waits = good.clone();
    waits.steps[0].after = vec![1];
    assert_eq!(objections(&waits, &all).len(), 1);
    let mut twice = good.clone();
    let mut again = twice.steps[0].clone();
    again.number = 2;
    twice.steps.push(again);
    assert_eq!(objections(&twice, &all).len(), 1);
    let mut backwards = good.clone();
    let mut early = step_of(&["https://y.example.com/".to_owned()]);
    (early.number, early.phase) = (2, Phase::Expand);
    backwards.steps.push(early);
    assert_eq!(objections(&backwards, &all).len(), 1);
    let newer = Plan { plan_version: "2".to_owned(), ..good.clone() };
    assert_eq!(objections(&newer, &all).len(), 1);
    // What is left out of `needs` is found all the same.
    let stage = stage();
    let scene = stage.scene();
    let off = set(&scene, WEB, ClientField::StandardFlow, Datum::switch(false), Phase::Contract);
    let mut stripped = plan(&scene, &[off]);
    stripped.steps[0].needs.clear();
    assert_eq!(objections(&stripped, &[]).len(), 1);
}

#[test]
fn live_objects_of_others_are_changed_at_their_source() {
    let file = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [
        {"clientId": "web", "rootUrl": "https://web.example.com", "redirectUris": ["https://web.example.com/x"]}]}"#;
    let stage = live(stage()).realm("repository/shop.json", file);
    let scene = stage.scene();
    let findings =
        [add(&scene, WEB, "https://web.example.com/cb"), add(&scene, APP, "https://app.example.com/2")];
    let kept = plan(&scene, &findings);
    assert_eq!(
        offered(&kept),
        [
            "safe expand live/shop.json: redirectUris +https://app.example.com/2",
            "by hand Add https://web.example.com/cb"
        ]
    );
    assert_eq!(
        kept.manual[0].because.as_deref(),
        Some(
            "Client `web` of realm `shop` is kept by the file `repository/shop.json` (Keycloak realm), which would take the change back: change it there, or allow `owned`."
        )
    );
    assert_eq!(
        kept.manual[0].steps,
        [
            "In the file `repository/shop.json` (Keycloak realm), client `web` of realm `shop`: add `https://web.example.com/cb` to `redirectUris`."
        ]
    );
    let wanted = Wanted { only: None, owned: true };
    let owned = Plan::of(&scene, &findings[..1], wanted);
    assert_eq!(owned.steps.len(), 1);
    assert_eq!(objections(&owned, &[]).len(), 1);
    assert_eq!(objections(&owned, &[Allowance::Owned]), Vec::<String>::new());
}

#[test]
fn a_service_of_terraform_gets_its_change_as_terraform_writes_it() {
    let mut stage = live(stage());
    stage.snapshot.services[0].owner = Some(crate::cloud_run::model::Owner::Terraform);
    let scene = stage.scene();
    let plan = plan(&scene, &[retarget(&scene, "https://new.example.com/realms/shop")]);
    assert_eq!(plan.steps.len(), 0);
    assert_eq!(
        plan.manual[0].steps,
        [
            "In the .tf file of service `web`: `value = \"https://new.example.com/realms/shop\"` in place of `\"https://sso.example.com/realms/shop\"`."
        ]
    );
}

#[test]
fn a_realm_with_the_marks_of_config_cli_is_kept_by_it() {
    let marked = REALM.replace(
        r#""attributes": {"#,
        r#""attributes": {"de.adorsys.keycloak.config.import-checksum-default": "1f", "#,
    );
    let stage = live(Stage::new().realm("shop", &marked));
    let scene = stage.scene();
    let plan = plan(&scene, &[add(&scene, APP, "https://app.example.com/2")]);
    assert_eq!(offered(&plan), ["by hand Add https://app.example.com/2"]);
    assert_eq!(
        plan.manual[0].steps,
        [
            "In the source of keycloak-config-cli, client `app` of realm `shop`: add `https://app.example.com/2` to `redirectUris`."
        ]
    );
}

#[test]
fn a_live_service_tells_of_its_revision() {
    let stage = live(stage());
    let scene = stage.scene();
    let plan = plan(&scene, &[retarget(&scene, "https://new.example.com/realms/shop")]);
    assert_eq!(plan.steps[0].risks, ["Cloud Run makes a new revision, whose instances start anew."]);
    assert_eq!(objections(&plan, &[]), Vec::<String>::new());
}

#[test]
fn what_moved_since_is_named() {
    let stage = stage();
    let scene = stage.scene();
    let findings = [
        add(&scene, WEB, "https://web.example.com/cb"),
        retarget(&scene, "https://new.example.com/realms/shop"),
    ];
    let plan = plan(&scene, &findings);
    assert_eq!(plan.drift(&scene), Vec::<String>::new());
    let realm = REALM.replace("https://old.example.com/cb", "https://other.example.com/cb");
    let env = [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "app")];
    let moved = Stage::new().realm("shop.json", &realm).service("web.yaml", &service_yaml("web", &env));
    assert_eq!(
        plan.drift(&moved.scene()),
        [
            "Client web in realm shop in `shop.json` changed since the plan was made: `redirectUris`.",
            "Service web in `web.yaml` changed since the plan was made: `containers[0].env OIDC_CLIENT_ID`.",
        ]
    );
    let gone = Stage::new().realm("shop.json", r#"{"realm": "shop", "clients": []}"#);
    assert_eq!(plan.drift(&gone.scene()).len(), 2);
}

#[test]
fn a_client_that_another_joined_is_still_the_same() {
    // Counts of the object itself are not what it is recognised by.
    let stage = stage();
    let scene = stage.scene();
    let plan = plan(&scene, &[add(&scene, WEB, "https://web.example.com/cb")]);
    let longer = REALM.replace(
        "\"https://old.example.com/cb\",",
        "\"https://old.example.com/cb\", \"https://n.example.com/cb\",",
    );
    let moved = Stage::new().realm("shop.json", &longer);
    assert_eq!(
        plan.drift(&moved.scene()),
        ["Client web in realm shop in `shop.json` changed since the plan was made: `redirectUris`."]
    );
}

#[test]
fn one_finding_in_two_files_is_healed_in_both() {
    let service = service_yaml(
        "web",
        &[("OIDC_ISSUER", "https://sso.example.com/realms/shop/"), ("OIDC_CLIENT_ID", "web")],
    );
    let stage =
        Stage::new().realm("shop.json", REALM).service("a.yaml", &service).service("b.yaml", &service);
    let scene = stage.scene();
    let mut options = audit::Options::default();
    options.selection.rules.push("issuer-mismatch".to_owned());
    let found = audit::run(&scene, &options).findings;
    let plan = plan(&scene, &found);
    let targets: Vec<&str> = plan.steps.iter().map(|step| step.target.name()).collect();
    assert_eq!(targets, ["a.yaml", "b.yaml"]);
}

/// What a random finding asks for.
#[derive(Debug, Clone)]
enum Wish {
    Add(u8, u8),
    Drop(u8, u8),
    Root(u8, u8),
    Move(u8),
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        (0..3_u8, 0..4_u8).prop_map(|(client, uri)| Wish::Add(client, uri)),
        (0..3_u8, 0..4_u8).prop_map(|(client, uri)| Wish::Drop(client, uri)),
        (0..3_u8, 0..2_u8).prop_map(|(client, url)| Wish::Root(client, url)),
        (0..2_u8).prop_map(Wish::Move),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_is_wished_for_the_order_holds(wishes in proptest::collection::vec(wish(), 0..12), is_live in any::<bool>()) {
        let stage = if is_live { live(stage()) } else { stage() };
        let scene = stage.scene();
        let client = |number: u8| ClientId { realm: RealmId(0), client: u32::from(number) };
        let findings: Vec<Finding> = wishes
            .iter()
            .enumerate()
            .map(|(index, wish)| {
                let mut found = match wish {
                    Wish::Add(id, uri) => add(&scene, client(*id), &format!("https://n{uri}.example.com/cb")),
                    Wish::Drop(id, uri) => drop(&scene, client(*id), &format!("https://n{uri}.example.com/cb")),
                    Wish::Root(id, url) => {
                        set(&scene, client(*id), ClientField::RootUrl, Datum::text(format!("https://r{url}.example.com")), Phase::Expand)
                    }
                    Wish::Move(to) => retarget(&scene, &format!("https://m{to}.example.com/realms/shop")),
                };
                found.fingerprint = index.to_string();
                found
            })
            .collect();
        let plan = plan(&scene, &findings);
        prop_assert_eq!(plan.fault(), None);
        // Every finding is healed, in conflict, or for a person; and never both of the first two.
        for finding in &findings {
            let heals = plan.steps.iter().any(|step| step.heals.contains(&finding.fingerprint));
            let conflicts = plan.conflicts.iter().any(|conflict| {
                conflict.sides.iter().any(|side| side.reason.fingerprint == finding.fingerprint)
            });
            prop_assert!(heals != conflicts, "{} {heals} {conflicts}", finding.message);
        }
        // Each change once, and none taken away of what was to be added before a move that it is for.
        let mut seen: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        for step in &plan.steps {
            for change in &step.changes {
                *seen.entry((step.target.name().to_owned(), change.path.to_string(), format!("{:?}", change.edit))).or_default() += 1;
            }
        }
        prop_assert!(seen.values().all(|count| *count == 1));
        let phases: Vec<Phase> = plan.steps.iter().map(|step| step.phase).collect();
        prop_assert!(phases.is_sorted());
        if let Some(switch) = plan.steps.iter().find(|step| step.phase == Phase::Switch) {
            for step in plan.steps.iter().filter(|step| step.target != switch.target) {
                // Only `web` is linked to the service that moves.
                let of_web = |change: &&Planned| matches!(&change.of, Object::Client { client, .. } if client == "web");
                for change in step.changes.iter().filter(of_web) {
                    match change.edit {
                        Edit::Remove { .. } => prop_assert!(step.number > switch.number),
                        Edit::Insert { .. } => prop_assert!(step.number < switch.number),
                        _ => {}
                    }
                }
            }
        }
        let json = render::machines(&plan);
        prop_assert_eq!(&render::read(&json).unwrap(), &plan);
        let back = plan.inverse();
        prop_assert_eq!(back.fault(), None);
        let forth = back.inverse();
        for (one, other) in plan.steps.iter().zip(&forth.steps) {
            // Wishes to drop what is not there make counts that cannot be gone back to.
            let edits = |step: &Step| -> Vec<(FieldPath, Edit)> {
                step.changes.iter().map(|change| (change.path.clone(), change.edit.clone())).collect()
            };
            prop_assert_eq!(edits(one), edits(other));
            prop_assert_eq!(&one.after, &other.after);
        }
    }
}

#[test]
fn parts_have_a_place_of_their_own() {
    let stage = stage();
    let scene = stage.scene();
    assert_eq!(
        super::plan::target(&scene, PartId(0)),
        Some(Target::File { path: "shop.json".into(), document: 0 })
    );
}
