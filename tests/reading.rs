//! Files as people keep them: which are found, what they are taken for, and how broken ones are told.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use cloakrun::files::{Limits, gather};
use cloakrun::keycloak::model::Completeness;
use cloakrun::reading::{Reading, read};
use cloakrun::secrets::Tagger;
use cloakrun::snapshot::{PartKind, ReadFailure};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Folder(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, text)| folder.write(path, text.as_bytes()));
        folder
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, paths: &[&str]) -> Reading {
        self.read_with(paths, "", Limits::default())
    }

    fn read_with(&self, paths: &[&str], standard_input: &str, limits: Limits) -> Reading {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let inputs = gather(&paths, self.path(), &limits, &mut standard_input.as_bytes());
        read(&inputs, &limits, &Tagger::new().unwrap())
    }
}

fn kinds(reading: &Reading) -> Vec<(&str, PartKind)> {
    reading.snapshot.parts.iter().map(|part| (part.place.path(), part.kind)).collect()
}

fn only_failure(reading: &Reading) -> &ReadFailure {
    assert_eq!(reading.snapshot.failures.len(), 1, "{:?}", reading.snapshot.failures);
    &reading.snapshot.failures[0]
}

const REALM: &str =
    r#"{"realm": "shop", "enabled": true, "clients": [{"clientId": "web", "secret": "hunter2"}]}"#;
const SERVICE: &str = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - image: x\n";

#[test]
fn a_walk_takes_what_it_knows_in_order_and_leaves_the_rest() {
    let folder = Folder::new(&[
        ("b/realm.json", REALM),
        ("a/service.yaml", SERVICE),
        ("package.json", r#"{"name": "x", "dependencies": {}}"#),
        ("tsconfig.json", "{\n  // a comment\n  \"compilerOptions\": {},\n}"),
        ("docker-compose.yml", "services:\n  web:\n    image: x\n"),
        ("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n"),
        ("broken.yaml", "a: [1\nb: }\n"),
        ("notes.txt", REALM),
        (".gitignore", "node_modules\n"),
        ("node_modules/x/realm.json", REALM),
        (".hidden/realm.json", REALM),
    ]);
    let reading = folder.read(&[]);
    assert_eq!(kinds(&reading), [("a/service.yaml", PartKind::Knative), ("b/realm.json", PartKind::Realm)]);
    assert!(reading.snapshot.failures.is_empty());
    assert_eq!(reading.taken.iter().map(|taken| taken.items).collect::<Vec<_>>(), [1, 1]);
    assert!(!format!("{reading:?}").contains("hunter2"));
    let named = folder.read(&["./b", "a/service.yaml", "b/realm.json"]);
    assert_eq!(kinds(&named), [("b/realm.json", PartKind::Realm), ("a/service.yaml", PartKind::Knative)]);
}

#[test]
fn several_documents_of_a_file_are_parts_of_their_own() {
    let folder = Folder::new(&[(
        "all.yaml",
        &format!(
            "{SERVICE}---\n# nothing\n---\nkind: ConfigMap\napiVersion: v1\n---\nrealm: shop\nclients: []\n"
        ),
    )]);
    let reading = folder.read(&["all.yaml"]);
    let documents: Vec<_> =
        reading.snapshot.parts.iter().map(|part| (part.kind, part.place.document())).collect();
    assert_eq!(documents, [(PartKind::Knative, 0), (PartKind::Realm, 3)]);
    assert!(reading.snapshot.failures.is_empty());
}

#[test]
fn a_broken_file_of_ours_is_one_failure_and_the_others_are_read() {
    let folder = Folder::new(&[
        (
            "realm.json",
            "{\n  \"realm\": \"shop\",\n  \"enabled\": true,\n  \"clients\": [\n    {\"clientId\": \"wéb\", \"secret\": \"hunter2\" \"x\": 1}\n  ]\n}",
        ),
        ("service.yaml", SERVICE),
        ("other.yaml", &format!("{SERVICE}  bad: [\n")),
    ]);
    let reading = folder.read(&[]);
    assert_eq!(kinds(&reading), [("service.yaml", PartKind::Knative)]);
    let failures = &reading.snapshot.failures;
    assert_eq!(failures.len(), 2);
    assert_eq!((failures[0].path.as_str(), failures[0].named), ("other.yaml", false));
    assert_eq!((failures[1].line, failures[1].column), (Some(5), Some(45)));
    assert_eq!(failures[1].message, "Expected `,` or `}` behind a value of an object.");
    assert!(!format!("{failures:?}").contains("hunter2"));
}

#[test]
fn a_wrong_shape_is_told_with_its_field() {
    let folder = Folder::new(&[
        (
            "realm.json",
            "{\"realm\": \"shop\", \"enabled\": true,\n \"clients\": [{\"clientId\": \"web\",\n   \"redirectUris\": {\"hunter2\": 1}}]}",
        ),
        ("realm.yaml", "realm: shop\nclients:\n- clientId: web\n  enabled: hunter2\n"),
    ]);
    let reading = folder.read(&["realm.json", "realm.yaml"]);
    let told: Vec<_> = reading
        .snapshot
        .failures
        .iter()
        .map(|failure| (failure.line, failure.column, failure.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Some(3), Some(20), "`clients[0].redirectUris` is a mapping; expected a list of texts."),
            (Some(4), Some(12), "`clients[0].enabled` is a text; expected true or false."),
        ]
    );
    assert_eq!(reading.snapshot.failures[0].field.as_deref(), Some("clients[0].redirectUris"));
    assert!(reading.snapshot.parts.is_empty());
}

#[test]
fn a_named_path_must_be_there_and_be_ours() {
    let folder = Folder::new(&[
        ("package.json", r#"{"name": "x"}"#),
        ("empty.yaml", ""),
        ("main.tf", "resource \"google_cloud_run_v2_service\" \"x\" {}"),
    ]);
    for (path, expected) in [
        ("gone.json", "no such file"),
        ("package.json", "Expected a Keycloak realm"),
        ("empty.yaml", "The file is empty."),
        ("main.tf", "terraform show -json"),
    ] {
        let reading = folder.read(&[path]);
        let failure = only_failure(&reading);
        assert!(failure.message.contains(expected), "{failure:?}");
        assert!(failure.named && failure.path == path);
    }
    assert!(folder.read(&["."]).snapshot.failures.is_empty());
}

#[test]
fn terraform_sources_are_a_hint() {
    let folder = Folder::new(&[
        ("a/main.tf", "resource \"google_cloud_run_v2_service\" \"x\" {}"),
        ("b/main.tf", "resource \"aws_instance\" \"x\" {}"),
        ("c/kc.tf.json", r#"{"resource": {"keycloak_openid_client": {}}}"#),
    ]);
    let reading = folder.read(&[]);
    assert_eq!(reading.hints.len(), 1);
    assert_eq!(reading.hints[0].paths, ["a/main.tf", "c/kc.tf.json"]);
    assert!(reading.hints[0].text.contains("terraform show -json"));
}

#[test]
fn standard_input_is_read_and_named_so() {
    let folder = Folder::new(&[]);
    let reading = folder.read_with(&["-"], REALM, Limits::default());
    assert_eq!(kinds(&reading), [("<stdin>", PartKind::Realm)]);
    let reading = folder.read_with(&["-"], "{\"realm\": ", Limits::default());
    assert_eq!(only_failure(&reading).path, "<stdin>");
}

#[test]
fn texts_of_other_encodings_and_sizes_are_refused() {
    let folder = Folder::new(&[("large.json", REALM), ("large.yaml", SERVICE)]);
    folder.write(
        "latin.json",
        b"{\"realm\": \"shop\",\n \"enabled\": true, \"displayName\": \"caf\xe9\", \"clients\": []}",
    );
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(REALM.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    folder.write("utf16.json", &utf16);
    folder.write("binary.json", &[0xff, 0x00, 0x01]);
    let small = Limits { yaml: 20, json: 60 };
    let reading = folder.read_with(&["large.json", "large.yaml"], "", small);
    let messages: Vec<_> = reading.snapshot.failures.iter().map(|failure| failure.message.as_str()).collect();
    assert_eq!(messages.len(), 2);
    assert!(
        messages[0].contains("larger than 60 bytes") && messages[1].contains("larger than 20 bytes"),
        "{messages:?}"
    );
    let reading = folder.read(&[]);
    let told: Vec<_> = reading
        .snapshot
        .failures
        .iter()
        .map(|failure| (failure.path.as_str(), failure.line, failure.column))
        .collect();
    assert_eq!(told, [("latin.json", Some(2), Some(38)), ("utf16.json", None, None)]);
    let marked = Folder::new(&[("realm.json", &format!("\u{feff}{}", REALM.replace(' ', "\r\n")))]);
    assert_eq!(marked.read(&[]).snapshot.realms.len(), 1);
}

#[test]
fn users_of_a_directory_export_join_the_realm_beside_them() {
    let users = r#"{"realm": "shop", "users": [{"username": "service-account-web", "serviceAccountClientId": "web", "realmRoles": ["x"]}]}"#;
    let folder = Folder::new(&[
        ("dev/shop-realm.json", REALM),
        ("dev/shop-users-0.json", users),
        ("dev/shop-users-1.json", users),
        ("prod/shop-realm.json", REALM),
        ("alone/shop-users-0.json", users),
    ]);
    let reading = folder.read(&[]);
    let counts: Vec<_> = reading.snapshot.realms.iter().map(|realm| realm.users.len()).collect();
    assert_eq!(counts, [2, 0]);
    assert_eq!(reading.snapshot.realms[0].complete, Completeness::Additions);
    let notes: Vec<_> = reading.snapshot.parts.iter().flat_map(|part| &part.notes).collect();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].text.contains("No file of realm `shop`"));
}

#[test]
fn templates_in_json_are_read_as_yaml_reads_them() {
    let folder = Folder::new(&[(
        "realm.json.tmpl",
        "{\"realm\": {{ .Values.realm }}, \"enabled\": true, \"clients\": [{\"clientId\": \"{{ .id }}\"}]}",
    )]);
    let reading = folder.read(&[]);
    assert!(reading.snapshot.failures.is_empty(), "{:?}", reading.snapshot.failures);
    assert!(reading.snapshot.realms[0].name.why_unknown().is_some());
    assert!(reading.snapshot.realms[0].clients[0].client_id.why_unknown().is_some());
}

#[cfg(unix)]
#[test]
fn links_that_go_in_circles_are_left_alone() {
    let folder = Folder::new(&[("a/realm.json", REALM)]);
    std::os::unix::fs::symlink(folder.path().join("a"), folder.path().join("a/again")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("gone"), folder.path().join("dangling.json")).unwrap();
    let reading = folder.read(&[]);
    assert_eq!(kinds(&reading), [("a/realm.json", PartKind::Realm)]);
    assert!(reading.snapshot.failures.is_empty());
}

#[test]
fn an_env_vars_file_belongs_to_the_flags_file_that_names_it() {
    let folder = Folder::new(&[
        ("a.env.yaml", "OIDC_ISSUER: https://sso.example.com/realms/shop\n"),
        (
            "deploy/flags.yaml",
            "--image: x\n--region: europe-west1\n--allow-unauthenticated: true\n--env-vars-file: ./a.env.yaml\n",
        ),
        ("other/flags.yaml", "--verbose: true\n"),
        ("settings.yaml", "PORT: 1\nNAME: x\n"),
    ]);
    let reading = folder.read(&[]);
    assert_eq!(
        kinds(&reading),
        [("a.env.yaml", PartKind::EnvVarsFile), ("deploy/flags.yaml", PartKind::FlagsFile)]
    );
    assert_eq!(reading.snapshot.services.len(), 1);
    assert_eq!(reading.snapshot.services[0].containers[0].env.len(), 1);
    assert!(reading.snapshot.failures.is_empty());
}

#[test]
fn a_terraform_plan_holds_both_sides() {
    let plan = r#"{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [
        {"address": "google_cloud_run_v2_service.web", "mode": "managed", "type": "google_cloud_run_v2_service", "name": "web",
         "values": {"name": "web", "location": "europe-west1", "project": "p", "template": [{"containers": [{"image": "x"}]}]}}]}}}"#;
    let folder = Folder::new(&[("plan.json", plan)]);
    let reading = folder.read_with(&["-"], plan, Limits::default());
    assert_eq!(kinds(&reading), [("<stdin>", PartKind::TerraformPlan)]);
    assert_eq!(reading.snapshot.services.len(), 1);
    assert_eq!(folder.read(&[]).snapshot.services.len(), 1);
}

#[test]
fn a_large_export_is_read_piece_by_piece_and_a_broken_one_told_as_ever() {
    let client = |index: usize| {
        format!("{{\"clientId\": \"client-{index}\", \"description\": \"{}\"}}", "x".repeat(4000))
    };
    let clients: Vec<String> = (0..1500).map(client).collect();
    let realm =
        format!("{{\"realm\": \"shop\", \"enabled\": true,\n\"clients\": [{}]}}", clients.join(",\n"));
    assert!(realm.len() > 5 << 20);
    let broken = realm.replacen("\"clientId\": \"client-1400\"", "\"clientId\": [\"client-1400\"]", 1);
    let folder = Folder::new(&[
        ("realm.json", &realm),
        ("wrong.json", &broken),
        ("cut.json", &realm[..realm.len() - 2]),
    ]);
    let reading = folder.read(&[]);
    assert_eq!(reading.snapshot.realms.len(), 1);
    assert_eq!(reading.snapshot.realms[0].clients.len(), 1500);
    let last = &reading.snapshot.realms[0].clients[1499];
    assert_eq!(
        (last.client_id.text(), last.at.path.to_string().as_str()),
        (Some("client-1499"), "clients[1499]")
    );
    let told: Vec<_> =
        reading.snapshot.failures.iter().map(|failure| (failure.path.as_str(), failure.line)).collect();
    assert_eq!(told, [("cut.json", Some(1501)), ("wrong.json", Some(1402))]);
    let inputs = gather(&[], folder.path(), &Limits::default(), &mut "".as_bytes());
    let field = last.at.path.key("clientId");
    let found = inputs.excerpts("realm.json", &Limits::default(), &[(0, field)]).remove(0).unwrap();
    assert_eq!((found.line, found.column), (1501, 14));
    assert_eq!(&found.text[found.located.span], "\"client-1499\"");
}
