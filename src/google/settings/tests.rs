//! Settings from made-up surroundings.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::*;

#[derive(Default)]
struct World {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
}

impl World {
    fn new(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        World {
            variables: variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            files: files.iter().map(|(path, text)| (PathBuf::from(path), text.to_string())).collect(),
        }
    }

    fn resolve(&self, flags: &Flags) -> Result<Settings, Fault> {
        let variable = |name: &str| self.variables.get(name).cloned();
        let file = |path: &Path| {
            self.files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        Settings::resolve(flags, &Surroundings { variable: &variable, file: &file })
    }
}

const HOME: (&str, &str) = ("HOME", "/home/me");
const DEFAULT: &str = "/home/me/.config/gcloud/configurations/config_default";

fn flags() -> Flags {
    Flags::default()
}

fn projects(settings: &Settings) -> Vec<(&str, String)> {
    settings.projects.iter().map(|project| (project.value.as_str(), project.source.to_string())).collect()
}

#[test]
fn the_project_is_looked_for_in_order() {
    let key = r#"{"type": "service_account", "project_id": "of-key"}"#;
    let files = [(DEFAULT, "[core]\nproject = of-gcloud\n"), ("/key.json", key)];
    let all = [
        HOME,
        ("CLOUDSDK_CORE_PROJECT", "of-cloudsdk"),
        ("GOOGLE_CLOUD_PROJECT", "of-google"),
        ("GCLOUD_PROJECT", "of-legacy"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/key.json"),
    ];
    let flagged = Flags { projects: vec!["one".to_owned(), "two".to_owned(), "one".to_owned()], ..flags() };
    let settings = World::new(&all, &files).resolve(&flagged).unwrap();
    assert_eq!(projects(&settings), [("one", "--project".to_owned()), ("two", "--project".to_owned())]);

    let ours = [HOME, ("CLOAKRUN_PROJECT", "one,two")];
    let flagged = Flags { projects: vec!["one".to_owned(), "two".to_owned()], ..flags() };
    let settings = World::new(&ours, &files).resolve(&flagged).unwrap();
    assert!(projects(&settings).iter().all(|(_, source)| source == "CLOAKRUN_PROJECT"));

    let expected = ["of-cloudsdk", "of-google", "of-legacy"];
    for (at, project) in expected.iter().enumerate() {
        let mut variables = all.to_vec();
        variables.drain(1..=at);
        let settings = World::new(&variables, &files).resolve(&flags()).unwrap();
        assert_eq!(projects(&settings)[0].0, *project);
    }
    let bare = [HOME, all[4]];
    let settings = World::new(&bare, &files).resolve(&flags()).unwrap();
    assert_eq!(
        projects(&settings),
        [("of-gcloud", format!("core/project of gcloud's configuration \"default\" ({DEFAULT})"))]
    );
    let settings = World::new(&bare, &files[1..]).resolve(&flags()).unwrap();
    assert_eq!(projects(&settings), [("of-key", "the credentials in /key.json".to_owned())]);
}

#[test]
fn without_a_project_every_place_that_was_looked_at_is_named() {
    let settings = World::new(&[HOME], &[]).resolve(&flags()).unwrap();
    assert!(settings.projects.is_empty());
    let fault = settings.no_project();
    assert_eq!(fault.exit(), crate::fault::Exit::Usage);
    let hint = &fault.hints[0];
    for place in [
        "--project",
        "CLOUDSDK_CORE_PROJECT",
        "GOOGLE_CLOUD_PROJECT",
        "GCLOUD_PROJECT",
        DEFAULT,
        "metadata server",
    ] {
        assert!(hint.contains(place), "{hint}");
    }
}

#[test]
fn an_empty_variable_hides_what_the_file_says() {
    let files = [(DEFAULT, "[core]\nproject = of-gcloud\n[run]\nregion = europe-west1\n")];
    let empty = [HOME, ("CLOUDSDK_CORE_PROJECT", ""), ("CLOUDSDK_RUN_REGION", "")];
    let settings = World::new(&empty, &files).resolve(&flags()).unwrap();
    assert!(settings.projects.is_empty() && settings.regions.is_empty());
    let settings = World::new(&[HOME], &files).resolve(&flags()).unwrap();
    assert_eq!((settings.projects.len(), settings.regions.len()), (1, 1));
}

#[test]
fn the_active_configuration_is_gclouds() {
    let directory = "/home/me/.config/gcloud";
    let files = [
        ("/home/me/.config/gcloud/active_config", "shop\n"),
        ("/home/me/.config/gcloud/configurations/config_shop", "[core]\nproject = shop-prod\n"),
        ("/home/me/.config/gcloud/configurations/config_other", "[core]\nproject = other\n"),
        (DEFAULT, "[core]\nproject = never\n"),
        ("/elsewhere/configurations/config_default", "[core]\nproject = moved\n"),
    ];
    let project = |variables: &[(&str, &str)]| {
        let settings = World::new(variables, &files).resolve(&flags()).unwrap();
        settings.projects.first().map(|project| project.value.clone())
    };
    assert_eq!(project(&[HOME]).as_deref(), Some("shop-prod"));
    assert_eq!(project(&[HOME, ("CLOUDSDK_ACTIVE_CONFIG_NAME", "other")]).as_deref(), Some("other"));
    assert_eq!(project(&[HOME, ("CLOUDSDK_ACTIVE_CONFIG_NAME", "NONE")]), None);
    assert_eq!(project(&[HOME, ("CLOUDSDK_ACTIVE_CONFIG_NAME", "unmade")]), None);
    assert_eq!(project(&[HOME, ("CLOUDSDK_CONFIG", "/elsewhere")]).as_deref(), Some("moved"));
    assert_eq!(project(&[("CLOUDSDK_CONFIG", directory)]).as_deref(), Some("shop-prod"));
    assert_eq!(project(&[]), None);

    let bad = World::new(&[HOME, ("CLOUDSDK_ACTIVE_CONFIG_NAME", "../../etc/passwd")], &files);
    let fault = bad.resolve(&flags()).unwrap_err();
    assert!(fault.to_string().contains("no name of a gcloud configuration"));
}

#[test]
fn regions_are_those_of_cloud_run_and_never_of_compute() {
    let files = [(DEFAULT, "[compute]\nregion = us-central1\n")];
    let compute = [HOME, ("CLOUDSDK_COMPUTE_REGION", "us-central1")];
    assert!(World::new(&compute, &files).resolve(&flags()).unwrap().regions.is_empty());

    let run = [HOME, ("CLOUDSDK_RUN_REGION", "europe-west1")];
    let settings = World::new(&run, &files).resolve(&flags()).unwrap();
    assert_eq!(settings.regions[0].value, "europe-west1");
    assert_eq!(settings.regions[0].source.to_string(), "CLOUDSDK_RUN_REGION");

    let two = Flags { regions: vec!["us-east1".to_owned(), "us-east4".to_owned()], ..flags() };
    let settings = World::new(&run, &files).resolve(&two).unwrap();
    assert_eq!(
        settings.regions.iter().map(|region| &*region.value).collect::<Vec<_>>(),
        ["us-east1", "us-east4"]
    );

    let all = Flags { regions: vec!["-".to_owned()], ..flags() };
    assert!(World::new(&run, &files).resolve(&all).unwrap().regions.is_empty());
}

#[test]
fn names_that_would_change_a_path_are_refused_with_their_source() {
    let bad = Flags { projects: vec!["shop/../other".to_owned()], ..flags() };
    let fault = World::new(&[HOME], &[]).resolve(&bad).unwrap_err();
    assert!(fault.to_string().contains("no project id"), "{fault}");
    let bad = World::new(&[HOME, ("CLOUDSDK_RUN_REGION", "europe west")], &[]);
    let fault = bad.resolve(&flags()).unwrap_err();
    assert!(fault.to_string().ends_with("(it is from CLOUDSDK_RUN_REGION)"), "{fault}");
}

#[test]
fn impersonation_takes_a_chain() {
    let target = |variables: &[(&str, &str)], flags: &Flags| {
        let settings = World::new(variables, &[]).resolve(flags).unwrap();
        settings.impersonate.map(|found| (found.value, found.source.to_string()))
    };
    let chain = "a@shop.iam.gserviceaccount.com, b@shop.iam.gserviceaccount.com";
    let variables = [HOME, ("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", chain)];
    let (who, source) = target(&variables, &flags()).unwrap();
    assert_eq!(who.target, "b@shop.iam.gserviceaccount.com");
    assert_eq!(who.delegates, ["a@shop.iam.gserviceaccount.com"]);
    assert_eq!(source, "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT");
    let account = Some("c@shop.iam.gserviceaccount.com".to_owned());
    let flagged = Flags { impersonate_service_account: account, ..flags() };
    let (who, source) = target(&variables, &flagged).unwrap();
    assert_eq!((&*who.target, &*source), ("c@shop.iam.gserviceaccount.com", "--impersonate-service-account"));
    assert_eq!(target(&[HOME], &flags()), None);
}

#[test]
fn credentials_are_looked_for_in_order() {
    let well_known = "/home/me/.config/gcloud/application_default_credentials.json";
    let files =
        [("/token", "ya29.secret\n"), ("/key.json", "{}"), ("/override.json", "{}"), (well_known, "{}")];
    let all = [
        HOME,
        ("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "True"),
        ("CLOUDSDK_AUTH_ACCESS_TOKEN", "ya29.other"),
        ("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "/token"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/key.json"),
        ("CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", "/override.json"),
    ];
    let expected = [
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS",
        "CLOUDSDK_AUTH_ACCESS_TOKEN",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
        "the credentials in /home/me/.config/gcloud/application_default_credentials.json",
    ];
    for (at, source) in expected.iter().enumerate() {
        let mut variables = all.to_vec();
        variables.drain(1..=at);
        let settings = World::new(&variables, &files).resolve(&flags()).unwrap();
        assert_eq!(settings.credentials.source.to_string(), *source);
        assert!(!format!("{settings:?}").contains("ya29"), "{settings:?}");
    }
    let metadata = World::new(&[HOME, ("GCE_METADATA_HOST", "127.0.0.1:1")], &[]).resolve(&flags()).unwrap();
    assert!(matches!(
        metadata.credentials.value,
        CredentialSource::MetadataServer { host: Some(host) } if host == "127.0.0.1:1"
    ));
    let off = World::new(&[HOME, ("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "0")], &files[3..]);
    assert!(matches!(off.resolve(&flags()).unwrap().credentials.value, CredentialSource::File { .. }));

    let fault = World::new(&[HOME, all[4]], &[]).resolve(&flags()).unwrap_err();
    assert!(fault.to_string().starts_with("/key.json: "), "{fault}");
    assert_eq!(fault.hints, ["GOOGLE_APPLICATION_CREDENTIALS names this file."]);
}

#[test]
fn a_quota_project_may_be_the_current_one() {
    let quota = |value: &str| {
        let variables = [HOME, ("CLOUDSDK_CORE_PROJECT", "shop"), ("CLOUDSDK_BILLING_QUOTA_PROJECT", value)];
        let settings = World::new(&variables, &[]).resolve(&flags()).unwrap();
        settings.quota_project.map(|found| found.value)
    };
    assert_eq!(quota("CURRENT_PROJECT").as_deref(), Some("shop"));
    assert_eq!(quota("LEGACY"), None);
    assert_eq!(quota("billed").as_deref(), Some("billed"));
}

#[test]
fn endpoints_are_overridden_as_in_gcloud() {
    let variables = [HOME, ("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://127.0.0.1:9/")];
    let files = [(DEFAULT, "[api_endpoint_overrides]\nsecretmanager = https://sm.example.com/\n")];
    let settings = World::new(&variables, &files).resolve(&flags()).unwrap();
    assert_eq!(settings.endpoints.run.value.base(), "http://127.0.0.1:9");
    assert_eq!(settings.endpoints.secret_manager.value.base(), "https://sm.example.com");
    assert_eq!(settings.endpoints.iam_credentials.value.base(), "https://iamcredentials.googleapis.com");
    assert_eq!(settings.endpoints.iam_credentials.source, Source::Default);

    let variables = [HOME, ("CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://10.1.2.3/")];
    let fault = World::new(&variables, &[]).resolve(&flags()).unwrap_err();
    assert!(fault.to_string().contains("--allow-http"), "{fault}");
    let allowed = Flags { allow_http: true, ..flags() };
    assert!(World::new(&variables, &[]).resolve(&allowed).is_ok());
}
