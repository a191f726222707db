//! From files to the snapshot: each file is read, recognised, handed to its reader, and let go again.

use std::io::{Read as _, Seek as _};
use std::path::Path;

use crate::answers::reading::{Gathering, Read, Unreadable};
use crate::answers::{Answers, Object};
use crate::cloud_run::{deploy_flags, service_yaml, v2};
use crate::document::cursor::Outcome;
use crate::document::deserialize::ShapeError;
use crate::document::json::{self, ReadError};
use crate::document::locate::{Lines, locate};
use crate::document::window::CHUNK;
use crate::document::{Format, Node, SyntaxError, yaml};
use crate::files::recognise::{self, Recognised};
use crate::files::{Inputs, Limits, SourceFile};
use crate::keycloak::model::{Text, User};
use crate::keycloak::realm_file::{self, Layout};
use crate::locus::{FieldPath, PartId};
use crate::secrets::Tagger;
use crate::snapshot::{Note, Part, PartKind, Place, ReadFailure, Snapshot};
use crate::terraform;

/// What reading files brought.
#[derive(Debug, Default)]
pub struct Reading {
    /// Both sides. Its failures are those of the files as well.
    pub snapshot: Snapshot,
    /// What each document that was recognised was taken for, in the order of reading.
    pub taken: Vec<Taken>,
    /// What a person may do so that more can be read.
    pub hints: Vec<Hint>,
}

/// A document that was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The part of the snapshot that it is; its place and kind are there.
    pub part: PartId,
    /// How many things it holds: realms, clients, services.
    pub items: usize,
}

/// What a person may do so that more can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The files that it is about.
    pub paths: Vec<String>,
    /// What to do; a sentence.
    pub text: String,
}

/// How much of a large file is looked at to see what it is.
const BEGINNING: u64 = 64 << 10;

const EXPECTED: &str = "Expected a Keycloak realm or client (JSON or YAML), a Cloud Run service (`gcloud run services describe NAME --format export`), \
     a file for gcloud's `--flags-file` or `--env-vars-file`, or what `terraform show -json` prints.";

const SHOW_JSON: &str = "Terraform's own files are not evaluated; give cloakrun what Terraform makes of them: \
     `terraform plan -out p && terraform show -json p | cloakrun check -`.";

/// Reads all files of `inputs` into a snapshot, one after the other, so that no more than one of them is in memory.
pub fn read(inputs: &Inputs, limits: &Limits, tagger: &Tagger) -> Reading {
    read_with(inputs, &Answers::default(), limits, tagger)
}

/// Reads all files of `inputs`, and what servers answered, into one snapshot.
pub fn read_with(inputs: &Inputs, answers: &Answers, limits: &Limits, tagger: &Tagger) -> Reading {
    let mut reader = Reader {
        limits,
        tagger,
        reading: Reading::default(),
        terraform: Vec::new(),
        users: Vec::new(),
        flags: Vec::new(),
        variables: Vec::new(),
        answers: Gathering::default(),
    };
    reader.reading.snapshot.failures.extend(inputs.failures.iter().cloned());
    for file in &inputs.files {
        reader.file(file);
    }
    answers.objects.iter().for_each(|object| reader.object(object));
    reader.answers.add_clocks(&answers.clocks);
    reader.finish()
}

struct Reader<'r> {
    limits: &'r Limits,
    tagger: &'r Tagger,
    reading: Reading,
    terraform: Vec<String>,
    users: Vec<(PartId, Option<Text>, Vec<User>)>,
    /// Services of flags files, by index, with the env-vars file that each names.
    flags: Vec<(usize, String)>,
    /// Env-vars files wait until all flags files are known, which may name them.
    variables: Vec<(PartId, Node)>,
    answers: Gathering,
}

/// One file in hand.
#[derive(Clone, Copy)]
struct Hand<'f> {
    file: &'f SourceFile,
    text: &'f str,
    format: Format,
}

impl Reader<'_> {
    fn file(&mut self, file: &SourceFile) {
        if self.large_realm(file) {
            return;
        }
        let text = match file.text(self.limits) {
            Ok(text) => text,
            Err(error) => {
                if file.named || error.looks_ours {
                    self.fail(error.failure);
                }
                return;
            }
        };
        if file.ending() == "tf" {
            self.terraform_source(file, recognise::is_terraform_source(&text));
            return;
        }
        let hand = Hand { file, text: &text, format: Format::of(&file.path, &text) };
        match hand.format {
            Format::Json => self.json(hand),
            Format::Yaml => self.yaml(hand),
        }
    }

    /// Reads a large realm export piece by piece; false when it is none, or when only its whole text can tell what is wrong.
    fn large_realm(&mut self, file: &SourceFile) -> bool {
        let Some(mut opened) = file.open_when_large(self.limits) else { return false };
        let mut beginning = Vec::new();
        let read = (&mut opened).take(BEGINNING).read_to_end(&mut beginning);
        if read.is_err() || !recognise::begins_a_realm(&beginning) || opened.rewind().is_err() {
            return false;
        }
        let Some(read) = realm_file::read_piecewise(opened, CHUNK, self.next_part(), self.tagger) else {
            return false;
        };
        self.keycloak(file, 0, PartKind::Realm, read);
        true
    }

    fn json(&mut self, hand: Hand<'_>) {
        match recognise::of_json(hand.text, hand.file.named) {
            Some(Recognised::TerraformSource) => self.terraform_source(hand.file, true),
            Some(Recognised::Part(kind)) => match layout(kind) {
                Some(layout) => self.realm_json(hand, kind, layout),
                None => match json::parse(hand.text) {
                    Ok(node) => self.document(hand, 0, kind, node),
                    Err(error) => self.syntax(hand, error),
                },
            },
            None if hand.file.named || recognise::looks_ours(hand.text.as_bytes()) => {
                match json::check(hand.text) {
                    Err(error) => self.syntax(hand, error),
                    Ok(()) => self.unrecognised(hand),
                }
            }
            None => {}
        }
    }

    fn realm_json(&mut self, hand: Hand<'_>, kind: PartKind, layout: Layout) {
        match realm_file::read_json(hand.text, layout, self.next_part(), self.tagger) {
            Ok(read) => self.keycloak(hand.file, 0, kind, read),
            Err(ReadError::Syntax(error)) => self.syntax(hand, error),
            // Only a tree knows the way to the value; it is built for this alone.
            Err(ReadError::Shape { line, column }) => match json::parse(hand.text) {
                Ok(node) => match realm_file::read_node(&node, layout, self.next_part(), self.tagger) {
                    Ok(read) => self.keycloak(hand.file, 0, kind, read),
                    Err(error) => self.shape(hand, 0, &node, &error),
                },
                Err(_) => {
                    let message = "A value stands here that Keycloak does not read.".to_owned();
                    self.syntax(hand, SyntaxError { line, column, message });
                }
            },
        }
    }

    fn yaml(&mut self, hand: Hand<'_>) {
        let named = hand.file.named;
        if !named && !recognise::may_be_ours(hand.text) {
            return;
        }
        let source = match yaml::Source::new(hand.text) {
            Ok(source) => source,
            Err(error) => {
                if named || recognise::looks_ours(hand.text.as_bytes()) {
                    self.syntax(hand, error);
                }
                return;
            }
        };
        let mut ours = false;
        for (number, document) in source.documents().enumerate() {
            let node = match document {
                Ok(node) => node,
                Err(error) => {
                    if named || ours || recognise::looks_ours(hand.text.as_bytes()) {
                        self.syntax(hand, error);
                    }
                    return;
                }
            };
            match recognise::of_node(&node, named) {
                None => {}
                Some(Recognised::TerraformSource) => {
                    ours = true;
                    self.terraform_source(hand.file, true);
                }
                // Another command's flags are none of ours, unless a person says so.
                Some(Recognised::Part(PartKind::FlagsFile)) if !named && !deploy_flags::recognises(&node) => {
                }
                Some(Recognised::Part(kind)) => {
                    ours = true;
                    self.document(hand, number, kind, node);
                }
            }
        }
        if named && !ours {
            self.unrecognised(hand);
        }
    }

    fn document(&mut self, hand: Hand<'_>, number: usize, kind: PartKind, node: Node) {
        if let Some(layout) = layout(kind) {
            match realm_file::read_node(&node, layout, self.next_part(), self.tagger) {
                Ok(read) => self.keycloak(hand.file, number, kind, read),
                Err(error) => self.shape(hand, number, &node, &error),
            }
            return;
        }
        let part = self.part(hand.file, number, kind, Vec::new());
        if kind == PartKind::Answer {
            match self.answers.read(part, &node, self.tagger, &mut self.reading.snapshot) {
                Ok(Read::Answer(outcome)) => self.outcome(hand, number, part, outcome),
                Ok(Read::Manifest) => {}
                Err(Unreadable::Shape(error)) => self.shape(hand, number, &node, &error),
                Err(Unreadable::Other(message)) => self.fail(hand.file.failure(message)),
            }
            return;
        }
        if kind == PartKind::EnvVarsFile {
            self.variables.push((part, node));
            return;
        }
        let snapshot = &mut self.reading.snapshot;
        let outcome = match kind {
            PartKind::CloudRunV2 => v2::read(part, &node, self.tagger, snapshot),
            PartKind::TerraformPlan | PartKind::TerraformState => {
                terraform::read(part, &node, self.tagger, snapshot)
            }
            PartKind::FlagsFile => {
                let files = deploy_flags::env_vars_files(&node).into_iter();
                let service = snapshot.services.len();
                self.flags.extend(files.map(|file| (service, file.to_owned())));
                deploy_flags::read(part, &node, self.tagger, snapshot)
            }
            _ => service_yaml::read(part, &node, self.tagger, snapshot),
        };
        self.outcome(hand, number, part, outcome);
    }

    /// Reads what a server answered, as if it stood in a file of a snapshot folder.
    fn object(&mut self, object: &Object) {
        let address = object.resource.address();
        let part = self.next_part();
        let place = Place::Live { address: address.clone() };
        let kind = PartKind::Answer;
        self.reading.snapshot.parts.push(Part { place, kind, missing: Vec::new(), notes: Vec::new() });
        let failure = |field: Option<String>, message: String| {
            let path = address.clone();
            ReadFailure { path, line: None, column: None, field, message, named: false }
        };
        // What was JSON a moment ago parses as JSON, unless it nests deeper than documents may.
        let node = match json::parse(&object.document().to_string()) {
            Ok(node) => node,
            Err(error) => {
                let message = format!("The server's answer cannot be read: {}", error.message);
                return self.fail(failure(None, message));
            }
        };
        let mut items = 0;
        match self.answers.read(part, &node, self.tagger, &mut self.reading.snapshot) {
            Ok(Read::Manifest) => {}
            Ok(Read::Answer(outcome)) => {
                items = outcome.items;
                for fault in outcome.faults {
                    self.fail(failure(Some(fault.at.path.to_string()), fault.message));
                }
            }
            Err(Unreadable::Shape(error)) => {
                let path = error.path();
                let found = node.at(&path).map_or("nothing", Node::describe);
                let message = format!("The server answered {found} here; expected {}.", error.expected());
                self.fail(failure(Some(path.to_string()), message));
            }
            Err(Unreadable::Other(message)) => self.fail(failure(None, message)),
        }
        self.reading.taken.push(Taken { part, items });
    }

    fn outcome(&mut self, hand: Hand<'_>, number: usize, part: PartId, outcome: Outcome) {
        self.reading.taken.push(Taken { part, items: outcome.items });
        let wanted: Vec<_> = outcome.faults.iter().map(|fault| (number, fault.at.path.clone())).collect();
        let positions = positions(hand, &wanted);
        for (fault, position) in outcome.faults.into_iter().zip(positions) {
            self.fault(hand, position, &fault.at.path, fault.message);
        }
    }

    fn keycloak(&mut self, file: &SourceFile, number: usize, kind: PartKind, read: realm_file::Reading) {
        let part = self.part(file, number, kind, read.notes);
        let clients_alone = matches!(kind, PartKind::Clients);
        let clients: usize = read.realms.iter().map(|realm| realm.clients.len()).sum();
        let mut items = if clients_alone { clients } else { read.realms.len() };
        self.reading.snapshot.realms.extend(read.realms);
        if let Some((name, users)) = read.users {
            items = users.len();
            self.users.push((part, name, users));
        }
        self.reading.taken.push(Taken { part, items });
    }

    fn next_part(&self) -> PartId {
        PartId(u32::try_from(self.reading.snapshot.parts.len()).unwrap_or(u32::MAX))
    }

    fn part(&mut self, file: &SourceFile, document: usize, kind: PartKind, notes: Vec<Note>) -> PartId {
        let place = if file.is_standard_input() {
            Place::StandardInput { document }
        } else {
            Place::File { path: file.path.clone(), document }
        };
        let part = self.next_part();
        self.reading.snapshot.parts.push(Part { place, kind, missing: Vec::new(), notes });
        part
    }

    fn terraform_source(&mut self, file: &SourceFile, ours: bool) {
        if ours {
            self.terraform.push(file.path.clone());
        }
        if file.named {
            self.fail(file.failure(SHOW_JSON));
        }
    }

    fn unrecognised(&mut self, hand: Hand<'_>) {
        if hand.file.named {
            let what = if hand.text.trim().is_empty() {
                "The file is empty."
            } else {
                "Nothing in the file is of Keycloak or Cloud Run."
            };
            self.fail(hand.file.failure(format!("{what} {EXPECTED}")));
        }
    }

    fn syntax(&mut self, hand: Hand<'_>, error: SyntaxError) {
        let mut failure = hand.file.failure(error.message);
        (failure.line, failure.column) = (Some(error.line), Some(error.column));
        self.fail(failure);
    }

    fn shape(&mut self, hand: Hand<'_>, number: usize, node: &Node, error: &ShapeError) {
        let path = error.path();
        let found = node.at(&path).map_or("nothing", Node::describe);
        let message = match path.last() {
            None => format!("The document is {found}; expected {}.", error.expected()),
            Some(_) => format!("`{path}` is {found}; expected {}.", error.expected()),
        };
        let position = positions(hand, &[(number, path.clone())]).pop().flatten();
        self.fault(hand, position, &path, message);
    }

    fn fault(&mut self, hand: Hand<'_>, position: Option<(usize, usize)>, path: &FieldPath, message: String) {
        let mut failure = hand.file.failure(message);
        (failure.line, failure.column) = (position.map(|at| at.0), position.map(|at| at.1));
        failure.field = path.last().map(|_| path.to_string());
        self.fail(failure);
    }

    fn fail(&mut self, failure: ReadFailure) {
        self.reading.snapshot.failures.push(failure);
    }

    fn finish(mut self) -> Reading {
        for (part, name, users) in std::mem::take(&mut self.users) {
            self.join_users(part, name.as_ref().and_then(|name| name.text()), users);
        }
        for (part, node) in std::mem::take(&mut self.variables) {
            self.join_variables(part, &node);
        }
        std::mem::take(&mut self.answers).finish(self.tagger, &mut self.reading.snapshot);
        if !self.terraform.is_empty() {
            self.reading.hints.push(Hint { paths: self.terraform, text: SHOW_JSON.to_owned() });
        }
        self.reading.snapshot.realms.shrink_to_fit();
        self.reading
    }

    /// Reads an env-vars file into the service whose flags file names it, or as a service of its own.
    fn join_variables(&mut self, part: PartId, node: &Node) {
        let path = self.path_of(part).to_owned();
        let mut named_by =
            self.flags.iter().filter(|(_, file)| Path::new(&path).ends_with(file.trim_start_matches("./")));
        let service = named_by.next().map(|(service, _)| *service).filter(|_| named_by.next().is_none());
        let snapshot = &mut self.reading.snapshot;
        let outcome = deploy_flags::read_env_vars(part, node, self.tagger, snapshot, service);
        self.reading.taken.push(Taken { part, items: outcome.items });
    }

    fn path_of(&self, part: PartId) -> &str {
        self.reading.snapshot.parts.get(part.0 as usize).map_or("", |part| part.place.path())
    }

    /// Joins the users of a directory export with the realm of that name in the file beside theirs.
    fn join_users(&mut self, part: PartId, name: Option<&str>, users: Vec<User>) {
        let own = self.path_of(part);
        let mut beside: Vec<usize> = (0..self.reading.snapshot.realms.len())
            .filter(|index| {
                let realm = &self.reading.snapshot.realms[*index];
                let path = self.path_of(realm.at.part);
                Path::new(path).parent() == Path::new(own).parent()
                    && name.is_some()
                    && realm.name.text() == name
            })
            .collect();
        if beside.len() > 1 {
            beside.retain(|index| {
                stem(self.path_of(self.reading.snapshot.realms[*index].at.part), "-realm")
                    == stem(own, "-users")
            });
        }
        if let [realm] = beside[..] {
            self.reading.snapshot.realms[realm].join_users(users);
            return;
        }
        let name = name.unwrap_or("no name");
        let text = match beside.len() {
            0 => format!("No file of realm `{name}` stands beside this one, so its users are not looked at."),
            _ => format!(
                "Several files of realm `{name}` stand beside this one; whose users these are is not known."
            ),
        };
        self.reading.snapshot.parts[part.0 as usize].notes.push(Note { text, at: None });
    }
}

fn stem<'p>(path: &'p str, mark: &str) -> &'p str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.find(mark).map_or(name, |at| &name[..at])
}

fn layout(kind: PartKind) -> Option<Layout> {
    match kind {
        PartKind::Realm => Some(Layout::Realm),
        PartKind::RealmUsers => Some(Layout::Users),
        PartKind::RealmImport => Some(Layout::RealmImport),
        PartKind::Clients => Some(Layout::Clients),
        _ => None,
    }
}

fn positions(hand: Hand<'_>, wanted: &[(usize, FieldPath)]) -> Vec<Option<(usize, usize)>> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let lines = Lines::new(hand.text);
    let found = locate(hand.text, hand.format, wanted);
    found.into_iter().map(|located| located.map(|located| lines.position(located.span.start))).collect()
}
