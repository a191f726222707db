//! Containers: image, settings, arguments, probes and mounted secrets, which all ways of writing spell a little differently.

use std::collections::BTreeMap;

use super::model::{Container, EnvValue, EnvVar, Probe, ProbeAction, ProbeKind, SecretFile};
use super::texts::{AFTER_APPLY, Texts, Words};
use crate::document::Node;
use crate::document::cursor::{Cursor, ShapeFault};
use crate::known::Known;
use crate::locus::Locus;
use crate::snapshot::{Fact, Missing, Note};

/// How a way of writing spells the fields of a container.
#[derive(Debug)]
pub(crate) struct Spelling {
    value_source: &'static str,
    secret_key_ref: &'static str,
    secret: &'static str,
    version: &'static str,
    container_port: &'static str,
    startup_probe: &'static str,
    liveness_probe: &'static str,
    readiness_probe: &'static str,
    http_get: &'static str,
    tcp_socket: &'static str,
    volume_mounts: &'static str,
    mount_path: &'static str,
    volume_secret: &'static str,
    /// Whether a block is a list of at most one mapping, as Terraform has it.
    blocks_are_lists: bool,
}

const PLAIN: Spelling = Spelling {
    value_source: "valueFrom",
    secret_key_ref: "secretKeyRef",
    secret: "name",
    version: "key",
    container_port: "containerPort",
    startup_probe: "startupProbe",
    liveness_probe: "livenessProbe",
    readiness_probe: "readinessProbe",
    http_get: "httpGet",
    tcp_socket: "tcpSocket",
    volume_mounts: "volumeMounts",
    mount_path: "mountPath",
    volume_secret: "secretName",
    blocks_are_lists: false,
};

const TERRAFORM: Spelling = Spelling {
    value_source: "value_from",
    secret_key_ref: "secret_key_ref",
    container_port: "container_port",
    startup_probe: "startup_probe",
    liveness_probe: "liveness_probe",
    readiness_probe: "readiness_probe",
    http_get: "http_get",
    tcp_socket: "tcp_socket",
    volume_mounts: "volume_mounts",
    mount_path: "mount_path",
    volume_secret: "secret_name",
    blocks_are_lists: true,
    ..PLAIN
};

pub(crate) static KNATIVE: Spelling = PLAIN;

pub(crate) static V2: Spelling = Spelling {
    value_source: "valueSource",
    secret: "secret",
    version: "version",
    volume_secret: "secret",
    ..PLAIN
};

pub(crate) static TERRAFORM_V1: Spelling = TERRAFORM;

pub(crate) static TERRAFORM_V2: Spelling = Spelling {
    value_source: "value_source",
    secret: "secret",
    version: "version",
    volume_secret: "secret",
    ..TERRAFORM
};

/// What reading a document has to say besides what it found.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    pub(crate) faults: Vec<ShapeFault>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) notes: Vec<Note>,
}

impl Remarks {
    pub(crate) fn note(&mut self, at: &Locus, text: impl Into<String>) {
        self.notes.push(Note { text: text.into(), at: Some(at.clone()) });
    }

    pub(crate) fn missing(&mut self, fact: Fact, at: &Locus, why: impl Into<String>) {
        self.missing.push(Missing { fact, why: why.into(), at: Some(at.clone()) });
    }
}

/// Reads the containers of one service.
pub(crate) struct Reader<'r> {
    pub(crate) texts: Texts<'r>,
    pub(crate) spelling: &'static Spelling,
    /// Full names of secrets by the alias that stands for them.
    pub(crate) aliases: BTreeMap<String, String>,
    pub(crate) remarks: &'r mut Remarks,
}

/// A secret volume: its name, and the files in it.
struct Volume {
    name: String,
    files: Vec<(Option<Known<String>>, SecretFile)>,
}

impl Reader<'_> {
    /// The containers of a pod, those that run before the others last.
    pub(crate) fn containers(&mut self, pod: &Cursor<'_>) -> Vec<Container> {
        let volumes = self.volumes(pod);
        let mut containers = Vec::new();
        for (key, init) in [("containers", false), ("initContainers", true)] {
            let Some(list) = pod.get(key) else { continue };
            for item in self.list(&list, "A list of containers") {
                if let Some(item) = self.mapping(&item, "A container") {
                    containers.push(self.container(&item, init, &volumes));
                }
            }
        }
        containers
    }

    /// The elements of what should be a list. A placeholder is no fault: its content is missing.
    pub(crate) fn list<'n>(&mut self, cursor: &Cursor<'n>, expected: &str) -> Vec<Cursor<'n>> {
        match cursor.node() {
            Node::List(_) => cursor.items().collect(),
            _ => {
                self.not_readable(cursor, expected);
                Vec::new()
            }
        }
    }

    /// What should be a mapping, or Terraform's block of one.
    pub(crate) fn mapping<'n>(&mut self, cursor: &Cursor<'n>, expected: &str) -> Option<Cursor<'n>> {
        match cursor.node() {
            Node::Map(_) => Some(cursor.clone()),
            Node::List(_) if self.spelling.blocks_are_lists => cursor.block(),
            _ => {
                self.not_readable(cursor, &format!("{expected} (a mapping)"));
                None
            }
        }
    }

    /// The mapping or block under `key`.
    pub(crate) fn block<'n>(&mut self, cursor: &Cursor<'n>, key: &str) -> Option<Cursor<'n>> {
        let value = cursor.get(key)?;
        self.mapping(&value, &format!("`{key}`"))
    }

    fn not_readable(&mut self, cursor: &Cursor<'_>, expected: &str) {
        let at = cursor.at();
        if cursor.is_unknown() {
            self.remarks.missing(Fact::Settings, at, format!("`{}` is {AFTER_APPLY}.", at.path));
        } else if let Node::Template(source) = cursor.node() {
            let why = format!("`{}` is the placeholder `{}`.", at.path, source.trim());
            self.remarks.missing(Fact::Settings, at, why);
        } else {
            self.remarks.faults.push(cursor.fault(expected));
        }
    }

    fn container(&mut self, container: &Cursor<'_>, init: bool, volumes: &[Volume]) -> Container {
        let texts = self.texts;
        let ports = container.get("ports").map(|ports| self.list(&ports, "A list of ports"));
        let ports = ports.unwrap_or_default();
        let port = ports.first().and_then(|port| port.get(self.spelling.container_port));
        let mut command = Words::default();
        let mut args = Words::default();
        if let Some(words) = container.get("command") {
            texts.words(&words, &mut command);
        }
        if let Some(words) = container.get("args") {
            texts.words(&words, &mut args);
        }
        let mut secret_args = command.secrets;
        secret_args.append(&mut args.secrets);
        Container {
            at: container.at().clone(),
            name: texts.text_at(container, "name"),
            image: container.get("image").map(|image| texts.image(&image)),
            init,
            has_port: !init && !ports.is_empty(),
            port: port.map(|port| texts.number(&port)),
            env: self.env(container),
            states_command: !command.words.is_empty() || !args.words.is_empty(),
            command: command.words,
            args: args.words,
            secret_args,
            secret_files: self.secret_files(container, volumes),
            probes: self.probes(container),
        }
    }

    fn env(&mut self, container: &Cursor<'_>) -> Vec<EnvVar> {
        let Some(list) = container.get("env") else { return Vec::new() };
        let entries = self.list(&list, "A list of `name` and `value` pairs");
        let mut env = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(entry) = self.mapping(&entry, "An environment variable") else { continue };
            env.push(self.variable(&entry));
        }
        env
    }

    fn variable(&mut self, entry: &Cursor<'_>) -> EnvVar {
        let texts = self.texts;
        let name = match entry.get("name") {
            Some(name) => texts.text(&name),
            None => Known::unknown("the entry has no `name`"),
        };
        let source = entry.get(self.spelling.value_source).and_then(|source| source.block());
        if let Some(source) = source {
            let value = self.reference(&source);
            return EnvVar { name, value, at: source.at().clone() };
        }
        match entry.get("value") {
            Some(value) => {
                let at = value.at().clone();
                EnvVar { value: texts.env_value(name.text(), &value), name, at }
            }
            // Cloud Run takes a variable without a value for an empty one.
            None => {
                EnvVar { name, value: EnvValue::Literal(Known::Value(String::new())), at: entry.at().clone() }
            }
        }
    }

    fn reference(&mut self, source: &Cursor<'_>) -> EnvValue {
        if source.is_unknown() {
            return EnvValue::Literal(Known::unknown(AFTER_APPLY));
        }
        let Some(reference) = source.get(self.spelling.secret_key_ref).and_then(|found| found.block()) else {
            let kind = source.entries().next().map_or("nothing", |(key, _)| key);
            return EnvValue::Literal(Known::unknown(format!("`{kind}` is not read")));
        };
        let secret = match reference.get(self.spelling.secret) {
            Some(secret) => self.secret_name(&secret),
            None => Known::unknown("the reference names no secret"),
        };
        let version = self.texts.text_at(&reference, self.spelling.version);
        EnvValue::SecretReference { secret, version }
    }

    fn secret_name(&self, cursor: &Cursor<'_>) -> Known<String> {
        match self.texts.text(cursor) {
            Known::Value(name) => Known::Value(self.aliases.get(&name).cloned().unwrap_or(name)),
            other => other,
        }
    }

    fn probes(&mut self, container: &Cursor<'_>) -> Vec<Probe> {
        let kinds = [
            (self.spelling.startup_probe, ProbeKind::Startup),
            (self.spelling.liveness_probe, ProbeKind::Liveness),
            (self.spelling.readiness_probe, ProbeKind::Readiness),
        ];
        let mut probes = Vec::new();
        for (key, kind) in kinds {
            let Some(probe) = container.get(key).and_then(|probe| probe.block()) else { continue };
            if let Some((action, place)) = self.action(&probe) {
                // Terraform does not know a port that is left to Cloud Run, which takes the container's.
                let port = place.get("port").filter(|port| !port.is_unknown());
                let port = port.map(|port| self.texts.number(&port));
                probes.push(Probe { at: probe.at().clone(), kind, action, port });
            }
        }
        probes
    }

    fn action<'n>(&self, probe: &Cursor<'n>) -> Option<(ProbeAction, Cursor<'n>)> {
        if let Some(get) = probe.get(self.spelling.http_get).and_then(|get| get.block()) {
            // Terraform does not know a path that is left to Cloud Run, which takes the root.
            let path = get.get("path").filter(|path| !path.is_unknown()).map(|path| self.texts.text(&path));
            let path = path.unwrap_or_else(|| Known::Value("/".to_owned()));
            return Some((ProbeAction::Http { path }, get));
        }
        if let Some(socket) = probe.get(self.spelling.tcp_socket).and_then(|socket| socket.block()) {
            return Some((ProbeAction::Tcp, socket));
        }
        let grpc = probe.get("grpc").and_then(|grpc| grpc.block())?;
        Some((ProbeAction::Grpc, grpc))
    }

    fn volumes(&mut self, pod: &Cursor<'_>) -> Vec<Volume> {
        let Some(list) = pod.get("volumes") else { return Vec::new() };
        let mut volumes = Vec::new();
        for volume in self.list(&list, "A list of volumes") {
            let name = self.texts.text_at(&volume, "name");
            let secret = volume.get("secret").and_then(|secret| secret.block());
            let (Some(Known::Value(name)), Some(secret)) = (name, secret) else { continue };
            let named = match secret.get(self.spelling.volume_secret) {
                Some(named) => self.secret_name(&named),
                None => Known::unknown("the volume names no secret"),
            };
            let items = secret.get("items").map(|items| items.items().collect::<Vec<_>>());
            let mut files = Vec::new();
            for item in items.iter().flatten() {
                let file = SecretFile {
                    path: Known::Value(String::new()),
                    secret: named.clone(),
                    version: self.texts.text_at(item, self.spelling.version),
                    at: item.at().clone(),
                };
                files.push((self.texts.text_at(item, "path"), file));
            }
            if files.is_empty() {
                // Without items the file has the secret's own name.
                let path = named.clone().map(|name| name.rsplit('/').next().unwrap_or_default().to_owned());
                let at = secret.at().clone();
                let file = SecretFile { path: Known::Value(String::new()), secret: named, version: None, at };
                files.push((Some(path), file));
            }
            volumes.push(Volume { name, files });
        }
        volumes
    }

    fn secret_files(&mut self, container: &Cursor<'_>, volumes: &[Volume]) -> Vec<SecretFile> {
        if volumes.is_empty() {
            return Vec::new();
        }
        let Some(list) = container.get(self.spelling.volume_mounts) else { return Vec::new() };
        let mut files = Vec::new();
        for mount in self.list(&list, "A list of volume mounts") {
            let name = self.texts.text_at(&mount, "name");
            let Some(name) = name.as_ref().and_then(Known::text) else { continue };
            let Some(volume) = volumes.iter().find(|volume| volume.name == name) else { continue };
            let folder = self.texts.text_at(&mount, self.spelling.mount_path);
            for (path, file) in &volume.files {
                files.push(SecretFile { path: joined(folder.as_ref(), path.as_ref()), ..file.clone() });
            }
        }
        files
    }
}

fn joined(folder: Option<&Known<String>>, path: Option<&Known<String>>) -> Known<String> {
    match (folder, path) {
        (Some(Known::Value(folder)), Some(Known::Value(path))) => {
            Known::Value(format!("{}/{}", folder.trim_end_matches('/'), path.trim_start_matches('/')))
        }
        (Some(known), Some(_)) if known.value().is_none() => known.clone(),
        (Some(_), Some(unknown)) => unknown.clone(),
        _ => Known::unknown("the mount or the item has no path"),
    }
}
