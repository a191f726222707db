//! The surroundings of a run: an environment of which nothing leaks in from the machine, and an eye on everything that is written.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cloakrun_test_support::faults::Proxy;
use cloakrun_test_support::google::{Config, StandIn};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// The token that the stand-in takes.
pub(crate) const GOOGLE_TOKEN: &str = "ya29.a-token-that-nobody-may-see";
/// The roles that a client audit needs, as the documentation names them.
pub(crate) const DOCUMENTED: [&str; 5] =
    ["view-clients", "view-events", "view-identity-providers", "view-realm", "view-users"];

/// Runs what needs a runtime, on one for all tests.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
        .block_on(work)
}

/// A stand-in for Google that asks for a token.
pub(crate) fn google(config: Config) -> StandIn {
    let google = wait(StandIn::start(config));
    google.accept_token(GOOGLE_TOKEN, "auditor@demo.iam.gserviceaccount.com");
    google.require_token();
    google
}

/// A proxy in front of a server.
pub(crate) fn proxy(upstream: &str) -> Proxy {
    wait(Proxy::start(upstream))
}

/// The surroundings of runs: variables, a home, a working directory, and what may not be shown.
pub(crate) struct World {
    home: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    secrets: RefCell<BTreeSet<String>>,
}

/// What a run said.
#[must_use]
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Everything that was said, in one line, so that it does not matter where lines were broken.
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.out, self.err).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether it was said, wherever lines were broken.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        assert!(self.words().contains(words), "it does not say {words:?}:\n{}{}", self.out, self.err);
    }
}

impl World {
    /// An empty one: no server is named.
    pub(crate) fn new() -> World {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        let mut world = World { home, variables: BTreeMap::new(), secrets: RefCell::new(BTreeSet::new()) };
        let home = world.home.path().display().to_string();
        for (name, value) in [
            ("HOME", home.as_str()),
            ("XDG_STATE_HOME", &format!("{home}/state")),
            ("COLUMNS", "80"),
            ("LANG", "C.UTF-8"),
            ("TERM", "xterm"),
            // Nothing leaves the machine: what is not on it is refused at once.
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("NO_PROXY", "127.0.0.1,localhost"),
        ] {
            world.set(name, value);
        }
        world.keep_secret(GOOGLE_TOKEN);
        world
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut World {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn unset(&mut self, name: &str) -> &mut World {
        self.variables.remove(name);
        self
    }

    /// What a variable is set to.
    pub(crate) fn get(&self, name: &str) -> String {
        self.variables[name].clone()
    }

    /// Names a Keycloak by its URL, with the service account of a realm.
    pub(crate) fn keycloak(&mut self, url: &str, realm: &str, client: &str, secret: &str) -> &mut World {
        self.keep_secret(secret);
        self.set("CLOAKRUN_KEYCLOAK_URL", url)
            .set("CLOAKRUN_KEYCLOAK_LOGIN_REALM", realm)
            .set("CLOAKRUN_KEYCLOAK_CLIENT_ID", client)
            .set("CLOAKRUN_KEYCLOAK_CLIENT_SECRET", secret)
    }

    /// Makes a stand-in all of Google, with a ready token.
    pub(crate) fn google(&mut self, google: &StandIn, project: &str) -> &mut World {
        let token = self.file("google-token", &format!("{GOOGLE_TOKEN}\n"));
        for api in ["RUN", "SECRETMANAGER", "CLOUDRESOURCEMANAGER", "IAMCREDENTIALS"] {
            self.set(&format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}"), &format!("{}/", google.url()));
        }
        self.set("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", &token.display().to_string())
            .set("CLOAKRUN_PROJECT", project)
    }

    /// Notes what may be shown nowhere.
    pub(crate) fn keep_secret(&self, secret: &str) {
        assert!(secret.len() >= 8, "{secret} could stand anywhere by chance");
        self.secrets.borrow_mut().insert(secret.to_owned());
    }

    /// Notes the tokens that passed a proxy.
    pub(crate) fn keep_tokens_of(&self, proxy: &Proxy) {
        for token in proxy.tokens() {
            self.secrets.borrow_mut().insert(token.rsplit('.').next().unwrap_or_default().to_owned());
            self.secrets.borrow_mut().insert(token);
        }
    }

    /// The directory in which the program runs.
    pub(crate) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Writes a file outside of the working directory, for what may hold secrets.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Writes a file into the working directory.
    pub(crate) fn work_file(&self, name: &str, text: &str) {
        self.file(&format!("work/{name}"), text);
    }

    /// The program with arguments, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cloakrun"));
        command.env_clear().envs(&self.variables).current_dir(self.work()).args(args).stdin(Stdio::null());
        command
    }

    /// Runs the program, and looks that nothing that it wrote holds a secret.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let output = self.command(args).output().unwrap();
        let said = Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        if std::env::var_os("CLOAKRUN_TEST_SHOW").is_some() {
            println!("$ cloakrun {}\n{}{}=> {}", args.join(" "), said.out, said.err, said.code);
        }
        self.look_for_secrets(&format!("the output of {args:?}"), &format!("{}{}", said.out, said.err));
        self.look_into_files();
        said
    }

    /// Runs `check --format json`; the report keeps its schema and tells the exit code.
    pub(crate) fn check(&self, args: &[&str]) -> (Said, Value) {
        let said = self.run(&[&["check", "--format", "json"], args].concat());
        let report: Value =
            serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
        let schema = SCHEMA.get_or_init(|| {
            let schema = self.command(&["schema", "report"]).output().unwrap().stdout;
            jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap()
        });
        if let Err(error) = schema.validate(&report) {
            panic!("{error} at {}", error.instance_path());
        }
        assert_eq!(report["summary"]["exit_code"], said.code);
        (said, report)
    }

    /// Fails when a file of the working directory or the state directory holds a secret.
    fn look_into_files(&self) {
        let mut open = vec![self.work(), self.home.path().join("state")];
        while let Some(directory) = open.pop() {
            let Ok(entries) = std::fs::read_dir(&directory) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    open.push(path);
                } else {
                    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                    self.look_for_secrets(&path.display().to_string(), &text);
                }
            }
        }
    }

    /// Fails when a text holds a secret that was planted, a token that was issued, or what looks like one.
    #[track_caller]
    pub(crate) fn look_for_secrets(&self, of: &str, text: &str) {
        for secret in self.secrets.borrow().iter() {
            assert!(!text.contains(secret.as_str()), "{of} holds the secret {secret}:\n{text}");
        }
        for start in ["eyJ", "ya29.", "PRIVATE KEY"] {
            assert!(!text.contains(start), "{of} holds what looks like a token or a key ({start}):\n{text}");
        }
    }
}

/// The files of a directory with their texts.
pub(crate) fn files(directory: &Path) -> BTreeMap<String, String> {
    cloakrun::answers::folder::files(directory).unwrap()
}

/// The findings of a report: `error redirect-uri-missing web` with their places, in the report's order.
pub(crate) fn findings(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap();
    all.iter()
        .map(|finding| {
            let subject = &finding["subject"];
            let of =
                |key: &str| subject[key].as_str().map(|text| format!(" {key} {text}")).unwrap_or_default();
            format!(
                "{} {}{}{}",
                finding["severity"].as_str().unwrap(),
                finding["rule"].as_str().unwrap(),
                of("client"),
                of("service")
            )
        })
        .collect()
}

/// The finding of a rule.
#[track_caller]
pub(crate) fn finding<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let all = report["findings"].as_array().unwrap();
    let found = all.iter().find(|finding| finding["rule"] == rule);
    found.unwrap_or_else(|| panic!("{rule} is not among {:#?}", findings(report)))
}
