//! The fuzz targets: any bytes in, and a panic when something that must hold does not.

use cloakrun::cloud_run::{deploy_flags, service_yaml, v2};
use cloakrun::document::edit::{Change, Edit, apply};
use cloakrun::document::locate::{Lines, locate};
use cloakrun::document::{Format, Node, SyntaxError, json, yaml};
use cloakrun::files::recognise;
use cloakrun::keycloak::realm_file::{self, Layout};
use cloakrun::keycloak::redirect::{Endpoint, Matcher, Registration};
use cloakrun::keycloak::version::Version;
use cloakrun::locus::{FieldPath, PartId};
use cloakrun::secrets::Tagger;
use cloakrun::snapshot::{Part, PartKind, Place, Snapshot};
use cloakrun::terraform;

/// A YAML text: errors stand inside it, and what is read can be located.
pub fn yaml(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    match yaml::parse(text) {
        Err(error) => stands_inside(text, &error),
        Ok(documents) => {
            for (number, document) in documents.iter().enumerate() {
                locates(text, Format::Yaml, number, document);
            }
        }
    }
}

/// A JSON text: read as serde_json reads it, and every value is located where it is.
pub fn json(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let theirs: Result<serde_json::Value, _> =
        serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let node = match json::parse(text) {
        Ok(node) => node,
        Err(error) => {
            stands_inside(text, &error);
            // Up to their limit of nesting we take what they take.
            assert!(theirs.is_err(), "refused: {error}");
            return;
        }
    };
    locates(text, Format::Json, 0, &node);
    let mut paths = Vec::new();
    scalars(&node, &FieldPath::root(), &mut paths);
    let wanted: Vec<_> = paths.iter().map(|path| (0, path.clone())).collect();
    for (path, found) in paths.iter().zip(locate(text, Format::Json, &wanted)) {
        let found = found.expect("a scalar that was read is found");
        let written: Node = json::parse(&text[found.span]).expect("what is found is a value");
        assert_eq!(Some(&written), node.at(path));
    }
}

/// A realm file in every layout: text and tree say the same.
pub fn realm(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let tagger = tagger();
    let _ = recognise::of_json(text, true);
    let node = json::parse(text);
    for layout in [Layout::Realm, Layout::RealmImport, Layout::Clients, Layout::Users] {
        let from_text = realm_file::read_json(text, layout, PartId(0), &tagger);
        if layout == Layout::Realm
            && let Some(piecewise) = realm_file::read_piecewise(bytes, 11, PartId(0), &tagger)
        {
            let whole = from_text.as_ref().expect("what is read piece by piece is sound");
            assert_eq!(format!("{piecewise:?}"), format!("{whole:?}"));
        }
        // What is skipped is not looked at closely, so only of sound texts both must say the same.
        let Ok(node) = &node else { continue };
        match (from_text, realm_file::read_node(node, layout, PartId(0), &tagger)) {
            (Ok(from_text), Ok(from_tree)) => assert_eq!(format!("{from_text:?}"), format!("{from_tree:?}")),
            (Err(_), Err(_)) => {}
            (from_text, from_tree) => panic!("text: {:?}, tree: {:?}", from_text.is_ok(), from_tree.is_ok()),
        }
    }
    for document in yaml::parse(text).into_iter().flatten() {
        let _ = realm_file::read_node(&document, Layout::Realm, PartId(0), &tagger);
    }
}

/// Services in both of Google's shapes.
pub fn service(bytes: &[u8]) {
    each_document(bytes, PartKind::Knative, |document, tagger, snapshot| {
        let _ = (service_yaml::recognises(document), v2::recognises(document));
        service_yaml::read(PartId(0), document, tagger, snapshot);
        v2::read(PartId(0), document, tagger, snapshot);
    });
}

/// What `terraform show -json` prints.
pub fn terraform(bytes: &[u8]) {
    each_document(bytes, PartKind::TerraformPlan, |document, tagger, snapshot| {
        let _ = terraform::recognises(document);
        terraform::read(PartId(0), document, tagger, snapshot);
    });
}

/// Files of flags and variables for gcloud.
pub fn flags(bytes: &[u8]) {
    each_document(bytes, PartKind::FlagsFile, |document, tagger, snapshot| {
        let _ = (deploy_flags::recognises(document), deploy_flags::env_vars_files(document));
        deploy_flags::read(PartId(0), document, tagger, snapshot);
        let service = snapshot.services.len().checked_sub(1);
        deploy_flags::read_env_vars(PartId(0), document, tagger, snapshot, service);
        deploy_flags::read_env_vars(PartId(0), document, tagger, snapshot, None);
    });
}

/// A request against registered redirect URIs, as servers of every generation judge it: the lines of the text are the request, the root
/// URL and the entries.
pub fn redirect(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let mut lines = text.split('\n');
    let (requested, root_url) = (lines.next().unwrap_or_default(), lines.next());
    let registered: Vec<&str> = lines.collect();
    for version in
        ["21.1.2", "22.0.5", "23.0.7", "24.0.5", "25.0.6", "26.0.8", "26.5.5", "26.6.4", "26.7.3", "26.8.0"]
    {
        let version: Version = version.parse().expect("a version");
        let registration = Registration {
            registered: &registered,
            root_url,
            frontend_url: "https://sso.example.com",
            admin_url: None,
            allow_oidc_parameters: false,
        };
        for endpoint in [Endpoint::Authorization, Endpoint::Logout] {
            let matcher = Matcher::new(&registration, version, endpoint);
            let verdict = matcher.judge(Some(requested), true);
            let _ = (
                verdict.accepted(),
                matcher.reason(&registered, Some(requested), &verdict),
                matcher.nearest(requested),
            );
            let _ = matcher.judge(None, false);
        }
    }
}

/// A text and edits of it: applied, they leave nothing to do, and their undo applies.
pub fn edit(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    for format in [Format::Yaml, Format::Json] {
        let documents = match format {
            Format::Yaml => yaml::parse(text).unwrap_or_default(),
            Format::Json => json::parse(text).into_iter().collect(),
        };
        for (number, document) in documents.iter().enumerate().take(4) {
            let mut edits = Vec::new();
            some_edits(number, document, &FieldPath::root(), &mut edits);
            for edit in edits.iter().take(20) {
                let Ok(edited) = apply(text, format, std::slice::from_ref(edit)) else { continue };
                let again = apply(&edited.text, format, std::slice::from_ref(edit)).expect("what is done is done");
                assert_eq!(again.text, edited.text);
                let back = apply(&edited.text, format, &edited.undo);
                // What is new may look like a part of the templates around it.
                let templated = ["{{", "{%", "<%", "%", "@"].iter().any(|mark| text.contains(mark));
                if let (Change::Set { .. }, false) = (&edit.change, templated) {
                    assert_eq!(back.expect("what was done is undone").text, text);
                }
            }
        }
    }
}

fn some_edits(number: usize, node: &Node, at: &FieldPath, edits: &mut Vec<Edit>) {
    match node {
        Node::List(items) => {
            edits.push(Edit::insert(number, at.clone(), "new".into()));
            for (index, item) in items.iter().enumerate().take(8) {
                if let Some(item) = item.scalar() {
                    edits.push(Edit::remove(number, at.clone(), item.into()));
                }
                some_edits(number, item, &at.index(index), edits);
            }
        }
        Node::Map(entries) => {
            edits.push(Edit::create(number, at.key("new"), serde_json::json!({"a": ["b"]})));
            for (key, value) in entries.iter().take(8) {
                if let Node::Text(text) = value {
                    edits.push(Edit::delete(number, at.key(key.clone()), (&**text).into()));
                }
                some_edits(number, value, &at.key(key.clone()), edits);
            }
        }
        Node::Text(text) => edits.push(Edit::set(number, at.clone(), (&**text).into(), "it's: new".into())),
        Node::Null => edits.push(Edit::set(number, at.clone(), serde_json::Value::Null, 5.into())),
        Node::Bool(flag) => edits.push(Edit::set(number, at.clone(), (*flag).into(), (!flag).into())),
        _ => {}
    }
}

/// What is fuzzed.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("yaml", yaml),
    ("json", json),
    ("realm", realm),
    ("service", service),
    ("terraform", terraform),
    ("flags", flags),
    ("redirect", redirect),
    ("edit", edit),
];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.len() < 1 << 16)
}

fn tagger() -> Tagger {
    Tagger::new().expect("random numbers")
}

fn each_document(bytes: &[u8], kind: PartKind, read: impl Fn(&Node, &Tagger, &mut Snapshot)) {
    let Some(text) = text(bytes) else { return };
    let tagger = tagger();
    for (number, document) in yaml::parse(text).into_iter().flatten().enumerate() {
        let mut snapshot = Snapshot::default();
        let place = Place::File { path: "file".to_owned(), document: number };
        snapshot.parts.push(Part { place, kind, missing: Vec::new(), notes: Vec::new() });
        let _ = recognise::of_node(&document, true);
        read(&document, &tagger, &mut snapshot);
        // Every service stands somewhere in its document.
        let wanted: Vec<_> =
            snapshot.services.iter().map(|service| (number, service.at.path.clone())).collect();
        assert!(locate(text, Format::Yaml, &wanted).iter().all(Option::is_some));
    }
}

fn stands_inside(text: &str, error: &SyntaxError) {
    let lines = text.matches('\n').count() + 1;
    assert!((1..=lines).contains(&error.line) && error.column >= 1, "{error} in {lines} lines");
    assert!(error.message.ends_with('.'), "{error}");
}

fn locates(text: &str, format: Format, number: usize, document: &Node) {
    let mut paths = Vec::new();
    scalars(document, &FieldPath::root(), &mut paths);
    let wanted: Vec<_> = paths.iter().take(200).map(|path| (number, path.clone())).collect();
    let lines = Lines::new(text);
    for (wanted, found) in wanted.iter().zip(locate(text, format, &wanted)) {
        let found = found.unwrap_or_else(|| panic!("{:?} was read and is not found", wanted.1));
        assert!(text.get(found.span.clone()).is_some());
        assert!(lines.position(found.span.start).0 <= text.matches('\n').count() + 1);
    }
}

// Of equal keys the last one counts, so only its value can be found again.
fn scalars(node: &Node, at: &FieldPath, found: &mut Vec<FieldPath>) {
    match node {
        Node::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| scalars(item, &at.index(index), found))
        }
        Node::Map(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                if !entries[index + 1..].iter().any(|(later, _)| later == key) {
                    scalars(value, &at.key(key.clone()), found);
                }
            }
        }
        _ => found.push(at.clone()),
    }
}
