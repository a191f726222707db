//! Folders of answers, as `cloakrun snapshot` writes them: one file an object, the same bytes for the same state, no secret.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::reading::FORMAT;
use super::{Answers, ENVELOPE, Resource, redact};
use crate::fault::{Fault, Whose};
use crate::secrets::Tagger;

/// The list of contents of a folder: when it was taken, by what, under which key, and what changes from one reading to the next.
pub const MANIFEST: &str = "cloakrun-snapshot.json";

/// The folders in which objects are written; nothing outside of them is ever removed.
const ROOTS: [&str; 2] = ["keycloak", "google"];

/// What writing a folder changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Objects that were not there before.
    pub added: usize,
    /// Objects whose file is another now.
    pub changed: usize,
    /// Objects whose file is the same.
    pub unchanged: usize,
    /// Files of objects that are no more.
    pub removed: usize,
}

/// Writes answers into a folder: new and changed objects are written, those of objects that are no more are removed.
///
/// `taken` is when they were read.
///
/// # Errors
/// When the folder holds anything and no [`MANIFEST`], so that it is somebody else's, and when it cannot be written.
pub fn write(
    answers: &Answers,
    folder: &Path,
    tagger: &Tagger,
    taken: jiff::Timestamp,
) -> Result<Written, Fault> {
    refuse_foreign(folder)?;
    let mut answers = answers.clone();
    answers.sort();
    let mut written = Written::default();
    let mut kept: BTreeSet<PathBuf> = BTreeSet::new();
    let files = file_names(&answers.objects);
    for (object, file) in answers.objects.iter_mut().zip(files) {
        redact(object, tagger);
        let text = pretty(&object.document());
        let path = folder.join(&file);
        match std::fs::read_to_string(&path) {
            Ok(before) if before == text => written.unchanged += 1,
            before => {
                replace(&path, &text)?;
                if before.is_ok() { written.changed += 1 } else { written.added += 1 }
            }
        }
        kept.insert(path);
    }
    for root in ROOTS {
        written.removed += remove_others(&folder.join(root), &kept)?;
    }
    replace(&folder.join(MANIFEST), &pretty(&manifest(&answers, tagger, taken)))?;
    Ok(written)
}

fn manifest(answers: &Answers, tagger: &Tagger, taken: jiff::Timestamp) -> Value {
    json!({
        ENVELOPE: {
            "kind": "snapshot",
            "format": FORMAT,
            "taken": taken.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "by": concat!("cloakrun ", env!("CARGO_PKG_VERSION")),
            "key": format!("{:08x}", tagger.key()),
        },
        "clocks": answers.clocks,
    })
}

fn pretty(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn failed(what: String) -> impl FnOnce(std::io::Error) -> Fault {
    move |error| Fault::new(Whose::Output, anyhow::Error::new(error).context(what))
}

/// Whether a folder may be written into: nothing is there yet, or it is empty, or it holds a [`MANIFEST`].
///
/// # Errors
/// When it holds anything else, so that it is somebody else's, and when it cannot be looked into.
pub fn refuse_foreign(folder: &Path) -> Result<(), Fault> {
    if folder.join(MANIFEST).is_file() {
        return Ok(());
    }
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(Fault::usage(format!(
            "{} holds files and no {MANIFEST}, so it was not written by `cloakrun snapshot`.",
            folder.display()
        ))
        .hint("Name a new or empty directory.")),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(format!("cannot look into {}", folder.display()))(error)),
    }
}

/// Writes a file beside its place and moves it there, so that nobody ever reads half of it.
fn replace(path: &Path, text: &str) -> Result<(), Fault> {
    let what = || format!("cannot write {}", path.display());
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(failed(what()))?;
    let name = path.file_name().unwrap_or_default();
    let beside = parent.join(format!(".{}.writing", name.to_string_lossy()));
    std::fs::File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(failed(what()))
}

/// Removes the files of objects that are no more, and the directories that this leaves empty.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<usize, Fault> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(0) };
    let mut removed = 0;
    for entry in entries.flatten() {
        let path = entry.path();
        let kind = entry.file_type().map_err(failed(format!("cannot look at {}", path.display())))?;
        if kind.is_dir() {
            removed += remove_others(&path, kept)?;
            // A directory that still holds anything stays.
            let _ = std::fs::remove_dir(&path);
        } else if kind.is_file() && !kept.contains(&path) && is_answer(&path) {
            std::fs::remove_file(&path).map_err(failed(format!("cannot remove {}", path.display())))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether a file is one of an object, so that it may be removed.
fn is_answer(path: &Path) -> bool {
    let document = std::fs::read_to_string(path)
        .context("not readable")
        .and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).context("no JSON object"));
    document.is_ok_and(|document| document.keys().next().is_some_and(|key| key == ENVELOPE))
}

/// The file of each object, relative to the folder and with `/`. No two are equal, also where capitals do not count.
fn file_names(objects: &[super::Object]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut names = Vec::with_capacity(objects.len());
    for object in objects {
        let path = file_name(&object.resource);
        let name = if taken.contains(&path.to_lowercase()) {
            let digest = Sha256::digest(object.resource.address().as_bytes());
            let marked = digest.iter().take(4).fold(String::new(), |mut text, byte| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            });
            format!("{}~{marked}.json", path.trim_end_matches(".json"))
        } else {
            path
        };
        taken.insert(name.to_lowercase());
        names.push(name);
    }
    names
}

fn file_name(resource: &Resource) -> String {
    let host = |server: &str| {
        let bare = server.trim_start_matches("https://").trim_start_matches("http://");
        safe(bare)
    };
    match resource {
        Resource::KeycloakServer { server } => format!("keycloak/{}/server.json", host(server)),
        Resource::Realm { server, realm } => format!("keycloak/{}/{}/realm.json", host(server), safe(realm)),
        Resource::Client { server, realm, client } => {
            format!("keycloak/{}/{}/clients/{}.json", host(server), safe(realm), safe(client))
        }
        Resource::Project { project } => format!("google/{}/project.json", safe(project)),
        Resource::Service { project, region, service } => {
            format!("google/{}/{}/services/{}.json", safe(project), safe(region), safe(service))
        }
        Resource::Job { project, region, job } => {
            format!("google/{}/{}/jobs/{}.json", safe(project), safe(region), safe(job))
        }
        Resource::WorkerPool { project, region, worker_pool } => {
            format!("google/{}/{}/worker-pools/{}.json", safe(project), safe(region), safe(worker_pool))
        }
        Resource::Secret { project, secret } => {
            format!("google/{}/secrets/{}.json", safe(project), safe(secret))
        }
    }
}

/// The most bytes of a name that stand in a file's name; the longest that file systems take is 255 with its ending.
const LONGEST: usize = 150;

/// A name as one step of a path: what is not plain is written `%XX`, as in a URL.
fn safe(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_')
            // Names that begin with a dot are hidden, and two are the way up.
            || (byte == b'.' && index > 0);
        if is_plain {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    if text.len() > LONGEST {
        let digest = Sha256::digest(name.as_bytes());
        text.truncate(LONGEST);
        let _ = write!(text, "~{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
    }
    text
}

/// The objects of a folder by file, for those who compare two of them.
///
/// # Errors
/// When a file cannot be read.
pub fn files(folder: &Path) -> std::io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(below) = path.strip_prefix(folder) {
                found.insert(below.to_string_lossy().replace('\\', "/"), std::fs::read_to_string(&path)?);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::answers::Object;
    use crate::secrets::KEY_LENGTH;

    fn object(resource: Resource, body: Value) -> Object {
        let Value::Object(body) = body else { unreachable!("an object") };
        Object::new(resource, body)
    }

    fn client(id: &str, secret: &str) -> Object {
        let (server, realm) = ("https://sso.example.com:8443/auth".to_owned(), "my shop".to_owned());
        let resource = Resource::Client { server, realm, client: id.to_owned() };
        object(
            resource,
            json!({"secret": secret, "clientId": id, "redirectUris": ["https://b/*", "https://a/*"],
                   "attributes": {"client.secret.rotated": "old hunter", "access.token.lifespan": "300"}}),
        )
    }

    fn service() -> Object {
        let (project, region) = ("shop-prod".to_owned(), "europe-west1".to_owned());
        let resource = Resource::Service { project, region, service: "web".to_owned() };
        object(
            resource,
            json!({"name": "projects/shop-prod/locations/europe-west1/services/web", "template": {"containers": [{
            "args": ["--client-secret=arghunter", "--cookie-secret", "cookiehunter", "--port=8080"],
            "env": [
                {"name": "CLIENT_SECRET", "value": "envhunter\n"},
                {"name": "DB_URL", "value": "postgres://shop:dbhunter@db/shop"},
                {"name": "ISSUER", "value": "https://sso.example.com/realms/shop"},
                {"name": "OTHER", "valueSource": {"secretKeyRef": {"secret": "other", "version": "1"}}}
            ]}]}}),
        )
    }

    fn answers() -> Answers {
        let project = "shop-prod".to_owned();
        let secret = Resource::Secret { project, secret: "other".to_owned() };
        let versions = json!({"versions": [{"name": "projects/1/secrets/other/versions/1", "state": "ENABLED", "payload": "payhunter"}]});
        Answers {
            objects: vec![
                client("web", "hunter2"),
                client("Web", "hunter3"),
                service(),
                object(secret, versions),
            ],
            clocks: Vec::new(),
        }
    }

    fn tagger() -> Tagger {
        Tagger::with_key(&[7; KEY_LENGTH]).unwrap()
    }

    fn write_into(folder: &Path, answers: &Answers) -> Written {
        write(answers, folder, &tagger(), "2026-11-24T12:00:00Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn every_object_has_a_file_of_its_own_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let written = write_into(folder.path(), &answers());
        assert_eq!(written, Written { added: 4, ..Written::default() });
        let files = files(folder.path()).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let clients = "keycloak/sso.example.com%3A8443%2Fauth/my%20shop/clients";
        let marked = names.iter().find(|name| name.contains('~')).copied().unwrap();
        assert!(marked.starts_with(&format!("{clients}/web~")), "{marked}");
        assert_eq!(
            names,
            [
                "cloakrun-snapshot.json",
                "google/shop-prod/europe-west1/services/web.json",
                "google/shop-prod/secrets/other.json",
                &format!("{clients}/Web.json"),
                marked,
            ]
        );
        for (name, text) in &files {
            assert!(!text.contains("hunter"), "{name} holds a secret");
        }
        let tag = StandInOf("hunter3").text();
        assert_eq!(
            files[&format!("{clients}/Web.json")],
            format!(
                r#"{{
  "cloakrun": {{
    "kind": "client",
    "server": "https://sso.example.com:8443/auth",
    "realm": "my shop",
    "client": "Web"
  }},
  "attributes": {{
    "access.token.lifespan": "300",
    "client.secret.rotated": "{}"
  }},
  "clientId": "Web",
  "redirectUris": [
    "https://a/*",
    "https://b/*"
  ],
  "secret": "{tag}"
}}
"#,
                StandInOf("old hunter").text()
            )
        );
        let service = &files["google/shop-prod/europe-west1/services/web.json"];
        let database = format!("postgres://shop:{}@db/shop", StandInOf("dbhunter").text());
        for part in
            [database.as_str(), "--port=8080", "\"secret\": \"other\"", "https://sso.example.com/realms/shop"]
        {
            assert!(service.contains(part), "{part} in {service}");
        }
        assert!(service.contains(&format!("--client-secret={}", StandInOf("arghunter").text())));
        assert!(service.contains(&StandInOf("envhunter\n").text()));
    }

    struct StandInOf<'s>(&'s str);

    impl StandInOf<'_> {
        fn text(&self) -> String {
            crate::secrets::StandIn::of(self.0, &tagger()).to_string()
        }
    }

    #[test]
    fn a_second_writing_changes_what_changed_and_removes_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut answers = answers();
        write_into(folder.path(), &answers);
        std::fs::write(folder.path().join("google/shop-prod/notes.txt"), "mine").unwrap();
        assert_eq!(write_into(folder.path(), &answers), Written { unchanged: 4, ..Written::default() });
        answers.objects.remove(2);
        answers.objects[0] = client("web", "another");
        let written = write_into(folder.path(), &answers);
        assert_eq!(written, Written { changed: 1, unchanged: 2, removed: 1, added: 0 });
        let files = files(folder.path()).unwrap();
        assert!(files.contains_key("google/shop-prod/notes.txt"), "a file of somebody else stays");
        assert!(!files.keys().any(|name| name.contains("services")));
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let error =
            write(&answers(), folder.path(), &tagger(), "2026-11-24T12:00:00Z".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("holds files and no cloakrun-snapshot.json"), "{error}");
        assert_eq!(files(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn names_become_plain_steps_of_a_path() {
        assert_eq!(safe("my-app_1.web"), "my-app_1.web");
        assert_eq!(safe("../etc"), "%2E.%2Fetc");
        assert_eq!(safe("https://app/ä"), "https%3A%2F%2Fapp%2F%C3%A4");
        assert!(safe(&"x".repeat(400)).len() < 200);
    }
}
