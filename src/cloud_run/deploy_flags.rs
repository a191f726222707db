//! Files for gcloud: `--flags-file` of `gcloud run deploy`, and `--env-vars-file`.

use super::containers::Remarks;
use super::model::{Container, Dialect, EnvValue, EnvVar, SecretFile, Service, TrafficTarget, Workload};
use super::texts::{Texts, Words, known};
use super::url_set::{Stated, settle};
use crate::document::Node;
use crate::document::cursor::{Cursor, Outcome};
use crate::known::Known;
use crate::locus::{Locus, PartId};
use crate::secrets::Tagger;
use crate::snapshot::{Fact, Snapshot};

/// Flags that belong to `gcloud run` alone, so that a file with one of them is no flags file of another command.
const OWN_FLAGS: [&str; 24] = [
    "--set-env-vars",
    "--update-env-vars",
    "--env-vars-file",
    "--set-secrets",
    "--update-secrets",
    "--allow-unauthenticated",
    "--no-allow-unauthenticated",
    "--ingress",
    "--min-instances",
    "--max-instances",
    "--min",
    "--max",
    "--cpu-boost",
    "--no-cpu-boost",
    "--session-affinity",
    "--cpu-throttling",
    "--no-cpu-throttling",
    "--concurrency",
    "--execution-environment",
    "--no-default-url",
    "--default-url",
    "--no-invoker-iam-check",
    "--vpc-connector",
    "--add-cloudsql-instances",
];

/// Whether a document is a flags file for `gcloud run`: a mapping of flags, or a list of such, with a flag that only it has.
pub fn recognises(document: &Node) -> bool {
    let maps = maps(document);
    !maps.is_empty()
        && maps.iter().all(|map| map.entries().iter().all(|(key, _)| key.starts_with("--")))
        && maps.iter().any(|map| map.entries().iter().any(|(key, _)| OWN_FLAGS.contains(&&**key)))
}

/// Whether a document has the shape of an env-vars file: a flat mapping of names in capitals to texts.
///
/// That is too weak a sign for a file that nobody named: `is_known` then has to know one of the names as a setting of a
/// login, so that other flat files are left alone.
pub fn recognises_env_vars(document: &Node, is_known: impl Fn(&str) -> bool) -> bool {
    let entries = document.entries();
    let shaped = !entries.is_empty()
        && entries.iter().all(|(key, value)| {
            let starts = key.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
            let name = key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            starts && name && (value.scalar().is_some() || matches!(value, Node::Template(_)))
        });
    shaped && entries.iter().any(|(key, _)| is_known(key))
}

/// The files that a flags file names with `--env-vars-file`, as written: relative to where gcloud runs.
pub fn env_vars_files(document: &Node) -> Vec<&str> {
    let maps = maps(document).into_iter();
    maps.filter_map(|map| map.get("--env-vars-file")).filter_map(Node::scalar).collect()
}

/// Reads a flags file as a service without a name, which such a file does not give.
pub fn read(part: PartId, document: &Node, tagger: &Tagger, snapshot: &mut Snapshot) -> Outcome {
    let root = Cursor::root(part, document);
    let mut remarks = Remarks::default();
    let mut reader = Reader {
        texts: Texts { tagger },
        service: unnamed(root.at(), "a flags file does not name its service"),
        container: empty_container(root.at()),
        stated: Stated::default(),
        remarks: &mut remarks,
    };
    match root.node() {
        Node::List(_) => root.items().for_each(|map| reader.flags(&map)),
        _ => reader.flags(&root),
    }
    let service = reader.finish();
    remarks.finish(part, vec![service], snapshot)
}

/// Reads an env-vars file: into the service at `into` of the snapshot, whose flags name the file, or as a service without a name.
///
/// gcloud takes such a file in place of all variables that the service has.
pub fn read_env_vars(
    part: PartId,
    document: &Node,
    tagger: &Tagger,
    snapshot: &mut Snapshot,
    into: Option<usize>,
) -> Outcome {
    let root = Cursor::root(part, document);
    let texts = Texts { tagger };
    if !matches!(root.node(), Node::Map(_)) {
        let fault = root.fault("A mapping of names of variables to texts");
        return Outcome { items: 0, faults: vec![fault] };
    }
    let env = root.entries().map(|(name, value)| variable(texts, name, &value)).collect();
    let container = into.and_then(|index| snapshot.services.get_mut(index)?.containers.first_mut());
    if let Some(container) = container {
        container.env = env;
        return Outcome { items: 0, faults: Vec::new() };
    }
    let mut service = unnamed(root.at(), "an env-vars file does not name its service");
    service.containers = vec![Container { env, has_port: true, ..empty_container(root.at()) }];
    settle(&mut service, Stated::default());
    Remarks::default().finish(part, vec![service], snapshot)
}

fn maps(document: &Node) -> Vec<&Node> {
    match document {
        Node::Map(entries) if !entries.is_empty() => vec![document],
        Node::List(items) if items.iter().all(|item| matches!(item, Node::Map(_))) => items.iter().collect(),
        _ => Vec::new(),
    }
}

fn unnamed(at: &Locus, why: &str) -> Service {
    let mut service = Service::blank(at, Dialect::Flags, Workload::Service);
    service.name = Known::unknown(why);
    service
}

fn empty_container(at: &Locus) -> Container {
    Container {
        at: at.clone(),
        name: None,
        image: None,
        init: false,
        has_port: true,
        port: None,
        env: Vec::new(),
        command: Vec::new(),
        args: Vec::new(),
        secret_args: Vec::new(),
        secret_files: Vec::new(),
        states_command: false,
        probes: Vec::new(),
    }
}

fn variable(texts: Texts<'_>, name: &str, value: &Cursor<'_>) -> EnvVar {
    EnvVar { name: known(name), value: texts.env_value(Some(name), value), at: value.at().clone() }
}

struct Reader<'r> {
    texts: Texts<'r>,
    service: Service,
    container: Container,
    stated: Stated,
    remarks: &'r mut Remarks,
}

impl Reader<'_> {
    fn flags(&mut self, map: &Cursor<'_>) {
        if !matches!(map.node(), Node::Map(_)) {
            self.remarks.faults.push(map.fault("A mapping of flags to values"));
            return;
        }
        // A flag without a value is null there, and null entries count as well.
        for (name, node) in map.node().entries() {
            self.flag(name, &Cursor::new(node, map.at().key(std::sync::Arc::clone(name))));
        }
    }

    fn flag(&mut self, name: &str, value: &Cursor<'_>) {
        let texts = self.texts;
        match name {
            "--set-env-vars" | "--update-env-vars" => self.env(value),
            "--set-secrets" | "--update-secrets" => self.secrets(value),
            "--env-vars-file" => {
                let file = value.node().scalar().unwrap_or("a file");
                let why =
                    format!("Its variables stand in `{file}`; name that file as well to have them checked.");
                self.remarks.missing(Fact::Settings, value.at(), why);
            }
            "--args" | "--command" => self.words(name, value),
            "--image" => self.container.image = Some(texts.image(value)),
            "--port" => self.container.port = Some(texts.number(value)),
            "--region" => self.service.region = Some(texts.text(value)),
            "--project" => {
                let project = texts.text(value);
                self.service.project_number = super::service_yaml::project_number(Some(&project));
                self.service.project = Some(project);
            }
            "--service-account" => self.service.service_account = Some(texts.text(value)),
            "--min-instances" | "--min" => self.service.min_instances = bound(texts, value),
            "--max-instances" | "--max" => self.service.max_instances = bound(texts, value),
            "--session-affinity" => self.service.session_affinity = on(texts, value, true),
            "--ingress" => self.service.ingress = super::service_yaml::ingress_of(texts.text(value)),
            "--allow-unauthenticated" if on(texts, value, true).is_on() => {
                let member = (Known::Value("allUsers".to_owned()), value.at().clone());
                self.service.invoker.members.push(member);
            }
            // It takes `allUsers` out of the policy.
            "--no-allow-unauthenticated" if on(texts, value, true).is_on() => {
                self.service.invoker.policy_read = true;
            }
            "--invoker-iam-check" => self.service.invoker.check_disabled = on(texts, value, false),
            "--no-invoker-iam-check" => self.service.invoker.check_disabled = on(texts, value, true),
            "--iap" => self.service.invoker.iap_enabled = on(texts, value, true),
            "--default-url" => self.service.default_url_disabled = on(texts, value, false),
            "--no-default-url" => self.service.default_url_disabled = on(texts, value, true),
            "--set-custom-audiences" | "--add-custom-audiences" => {
                self.service.custom_audiences.extend(texts_of(texts, value));
            }
            "--tag" => {
                let tag = Some(texts.text(value));
                self.service.traffic.push(TrafficTarget { revision: None, tag, percent: None });
            }
            "--container" => {
                let text = "Settings of several containers are not told apart in a flags file; \
                            they are read as those of one.";
                self.remarks.note(value.at(), text);
            }
            "--flags-file" => {
                let text = "A flags file that another one names is not followed; name it as well.";
                self.remarks.note(value.at(), text);
            }
            _ => {}
        }
    }

    fn env(&mut self, value: &Cursor<'_>) {
        for (name, text, at) in pairs(value) {
            let variable = match text {
                Pair::Node(cursor) => variable(self.texts, &name, &cursor),
                Pair::Text(text) => {
                    EnvVar { value: self.texts.setting(&name, &text), name: known(&name), at: at.clone() }
                }
            };
            self.container.env.push(variable);
        }
        self.say_if_unread(value);
    }

    /// `NAME=SECRET:VERSION`, and `/path=SECRET:VERSION` for a file.
    fn secrets(&mut self, value: &Cursor<'_>) {
        for (name, text, at) in pairs(value) {
            let text = match &text {
                Pair::Node(cursor) => self.texts.text(cursor),
                Pair::Text(text) => known(text),
            };
            // Taken apart before placeholders are looked for: `${SECRET}:latest`.
            let (secret, version) = match &text {
                Known::Value(text) => match text.rsplit_once(':') {
                    Some((secret, version)) => (known(secret), Some(known(version))),
                    None => (known(text), None),
                },
                unknown => (unknown.clone(), None),
            };
            if name.starts_with('/') {
                let path = known(&name);
                self.container.secret_files.push(SecretFile { path, secret, version, at });
            } else {
                let value = EnvValue::SecretReference { secret, version };
                self.container.env.push(EnvVar { name: known(&name), value, at });
            }
        }
        self.say_if_unread(value);
    }

    fn say_if_unread(&mut self, value: &Cursor<'_>) {
        if let Node::Template(source) = value.node() {
            let why = format!("`{}` is the placeholder `{}`.", value.at().path, source.trim());
            self.remarks.missing(Fact::Settings, value.at(), why);
        } else if value.node().scalar().is_none()
            && !matches!(value.node(), Node::Map(_) | Node::List(_) | Node::Null)
        {
            self.remarks.faults.push(value.fault("A mapping or `NAME=VALUE` pairs"));
        }
    }

    fn words(&mut self, name: &str, value: &Cursor<'_>) {
        let mut words = Words::default();
        let list;
        match value.node().scalar() {
            Some(text) => {
                let items = split(text).into_iter().map(|word| Node::Text(word.into())).collect();
                list = Node::List(items);
                self.texts.words(&Cursor::new(&list, value.at().clone()), &mut words);
                // The words share one text, which is their place.
                words.words.iter_mut().for_each(|(_, at)| *at = value.at().clone());
                words.secrets.iter_mut().for_each(|secret| secret.at = value.at().clone());
            }
            None => self.texts.words(value, &mut words),
        }
        self.container.states_command |= !words.words.is_empty();
        self.container.secret_args.append(&mut words.secrets);
        if name == "--args" {
            self.container.args = words.words;
        } else {
            self.container.command = words.words;
        }
    }

    fn finish(self) -> Service {
        let mut service = self.service;
        service.containers = vec![self.container];
        settle(&mut service, self.stated);
        service
    }
}

enum Pair<'n> {
    Node(Cursor<'n>),
    Text(String),
}

/// The pairs of a mapping, of a list of texts or mappings, or of `K=V,K2=V2` with gcloud's own delimiters.
fn pairs<'n>(value: &Cursor<'n>) -> Vec<(String, Pair<'n>, Locus)> {
    match value.node() {
        Node::Map(_) => {
            let entries = value.node().entries().iter().map(|(name, node)| {
                let at = value.at().key(std::sync::Arc::clone(name));
                (name.to_string(), Pair::Node(Cursor::new(node, at.clone())), at)
            });
            entries.collect()
        }
        Node::List(_) => value.items().flat_map(|item| pairs(&item)).collect(),
        node => {
            let words = node.scalar().map(split).unwrap_or_default();
            let pairs = words.into_iter().filter_map(|word| {
                let (name, text) = word.split_once('=')?;
                Some((name.to_owned(), Pair::Text(text.to_owned()), value.at().clone()))
            });
            pairs.collect()
        }
    }
}

/// Words between commas, or between the delimiter that `^@^` at the beginning names (`gcloud topic escaping`).
fn split(text: &str) -> Vec<String> {
    let own = text.strip_prefix('^').and_then(|rest| rest.split_once('^'));
    let (delimiter, text) = match own {
        Some((delimiter, rest)) if !delimiter.is_empty() => (delimiter, rest),
        _ => (",", text),
    };
    text.split(delimiter).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn texts_of(texts: Texts<'_>, value: &Cursor<'_>) -> Vec<(Known<String>, Locus)> {
    match value.node().scalar() {
        Some(text) => split(text).iter().map(|word| (known(word), value.at().clone())).collect(),
        None => value.items().map(|item| (texts.text(&item), item.at().clone())).collect(),
    }
}

fn bound(texts: Texts<'_>, value: &Cursor<'_>) -> Option<Known<i64>> {
    // `default` takes a limit away.
    (value.node().scalar() != Some("default")).then(|| texts.number(value))
}

/// A flag that is a switch: without a value it is on. `means` is what on says of the field.
fn on(texts: Texts<'_>, value: &Cursor<'_>, means: bool) -> Known<bool> {
    if value.node().is_null() {
        return Known::Value(means);
    }
    texts.switch(value).map(|on| on == means)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::cloud_run::model::Ingress;
    use crate::cloud_run::testing::{any_node, env, only, push_part, read_text, short};
    use crate::document::yaml;
    use proptest::prelude::*;

    const FLAGS: &str = r#"
--project: shop
--region: us-central1
--allow-unauthenticated: true
--min-instances: 1
--max-instances: "default"
--ingress: internal
--session-affinity:
--no-default-url:
--set-env-vars:
  KC_HOSTNAME: https://sso.example.com
  KC_BOOTSTRAP_ADMIN_PASSWORD: admin
  OFF: no
  PORT: 8080
--set-secrets:
  "/secrets/db.sh": "db:3"
  KC_DB_PASSWORD: "db-password:latest"
--args: start,--hostname-strict=false,--client-secret=s3cret
"#;

    #[test]
    fn a_flags_file_is_a_service_without_a_name() {
        let service = only(read, FLAGS);
        assert_eq!(short(&service.name), "unknown: a flags file does not name its service");
        assert_eq!(service.project.as_ref().map(short).as_deref(), Some("shop"));
        assert_eq!(service.region.as_ref().map(short).as_deref(), Some("us-central1"));
        assert_eq!(service.ingress, Known::Value(Ingress::Internal));
        assert_eq!(
            (service.min_instances.clone(), service.max_instances.clone()),
            (Some(Known::Value(1)), None)
        );
        assert!(service.session_affinity.is_on() && service.default_url_disabled.is_on());
        assert_eq!(short(&service.invoker.members[0].0), "allUsers");
        assert_eq!(env(&service, "KC_HOSTNAME"), "https://sso.example.com");
        assert_eq!(env(&service, "KC_BOOTSTRAP_ADMIN_PASSWORD"), "plain secret, well known");
        assert_eq!(env(&service, "OFF"), "no");
        assert_eq!(env(&service, "KC_DB_PASSWORD"), "secret db-password version latest");
        let file = &service.containers[0].secret_files[0];
        assert_eq!((short(&file.path), short(&file.secret)), ("/secrets/db.sh".to_owned(), "db".to_owned()));
        assert_eq!(service.containers[0].env[0].at.path.to_string(), "--set-env-vars.KC_HOSTNAME");
        let words: Vec<_> = service.containers[0].args.iter().map(|(word, _)| short(word)).collect();
        assert_eq!(words, ["start", "--hostname-strict=false", "--client-secret", "(secret)"]);
    }

    #[test]
    fn pairs_in_one_text_are_taken_apart_with_any_delimiter() {
        let text = "
- --set-env-vars: ^@^SCOPES=openid,profile@ISSUER=https://sso.example.com/realms/shop?a=b@EMPTY=
- --update-env-vars: [A=1, 'B=2']
- --set-secrets: CS=client-secret:7,/run/x=y:latest
- --env-vars-file: env.yaml
- --no-allow-unauthenticated:
";
        let (snapshot, _) = read_text(read, text);
        let service = &snapshot.services[0];
        assert_eq!(env(service, "SCOPES"), "openid,profile");
        assert_eq!(env(service, "ISSUER"), "https://sso.example.com/realms/shop?a=b");
        assert_eq!(env(service, "EMPTY"), "");
        assert_eq!((env(service, "A"), env(service, "B")), ("1".to_owned(), "2".to_owned()));
        assert_eq!(env(service, "CS"), "secret client-secret version 7");
        assert!(service.invoker.members.is_empty());
        assert!(snapshot.parts[0].missing[0].why.contains("`env.yaml`"));
        assert_eq!(env_vars_files(&yaml::parse(text).unwrap()[0]), ["env.yaml"]);
    }

    #[test]
    fn only_flags_of_cloud_run_are_taken_for_its_flags_file() {
        assert!(recognises(&yaml::parse(FLAGS).unwrap()[0]));
        for text in
            ["--project: x\n--zone: y", "set-env-vars: {A: b}", "[]", "{}", "--set-env-vars: {}\nother: 1"]
        {
            assert!(!recognises(&yaml::parse(text).unwrap()[0]), "{text}");
        }
    }

    #[test]
    fn an_env_vars_file_is_taken_alone_or_into_the_service_that_names_it() {
        let tagger = Tagger::new().unwrap();
        let file = &yaml::parse("OIDC_ISSUER: https://sso\nOIDC_CLIENT_SECRET: s3cret\n").unwrap()[0];
        let is_known = |name: &str| name == "OIDC_ISSUER";
        assert!(recognises_env_vars(file, is_known));
        assert!(!recognises_env_vars(file, |_| false));
        let nested = &yaml::parse("OIDC_ISSUER: {a: b}").unwrap()[0];
        assert!(!recognises_env_vars(nested, is_known));
        let mut snapshot = Snapshot::default();
        let part = push_part(&mut snapshot);
        read_env_vars(part, file, &tagger, &mut snapshot, None);
        assert_eq!(env(&snapshot.services[0], "OIDC_CLIENT_SECRET"), "plain secret");
        let flags = &yaml::parse("--set-env-vars: {A: b}").unwrap()[0];
        read(part, flags, &tagger, &mut snapshot);
        read_env_vars(part, file, &tagger, &mut snapshot, Some(1));
        assert_eq!(env(&snapshot.services[1], "OIDC_ISSUER"), "https://sso");
        assert_eq!(env(&snapshot.services[1], "A"), "(absent)");
    }

    proptest! {
        #[test]
        fn no_tree_panics(node in any_node(
            &["--set-env-vars", "--set-secrets", "--args", "--project", "--allow-unauthenticated", "--min-instances",
              "--set-custom-audiences", "A", "CLIENT_SECRET"],
            &["^@^a=b@c", "^", "^^", "a:b", "a=b,c", "--x=y"],
        )) {
            let tagger = Tagger::new().unwrap();
            let mut snapshot = Snapshot::default();
            let part = push_part(&mut snapshot);
            recognises(&node);
            recognises_env_vars(&node, |_| true);
            env_vars_files(&node);
            read(part, &node, &tagger, &mut snapshot);
            read_env_vars(part, &node, &tagger, &mut snapshot, None);
        }
    }
}
