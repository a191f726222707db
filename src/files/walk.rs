//! Which files there are: those that a person names, and those that a walk finds.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::{Inputs, Limits, STANDARD_INPUT, SourceFile, describe};
use crate::snapshot::ReadFailure;

/// Endings of files that a walk looks into; behind them may stand one of [`TEMPLATES`].
const ENDINGS: [&str; 7] = ["json", "yaml", "yml", "tf", "tfstate", "tfplan", "plan"];

/// Endings that say that a file has yet to be filled in.
const TEMPLATES: [&str; 8] = ["tmpl", "tpl", "template", "in", "j2", "dist", "example", "sample"];

/// Finds the files to look at: each of `paths`, a directory with all below it, `-` standing for `standard_input`; the directory
/// `base` when there are none. Relative paths count from `base`.
///
/// A walk keeps to ignore files, leaves hidden files and links alone, and looks into files that may be JSON, YAML or
/// Terraform. Files that several paths lead to are looked at once.
pub fn gather(paths: &[PathBuf], base: &Path, limits: &Limits, standard_input: &mut dyn Read) -> Inputs {
    let mut gathering = Gathering { base, inputs: Inputs::default(), seen: HashMap::new() };
    if paths.is_empty() {
        gathering.walk(base, None);
    }
    for path in paths {
        if path.as_os_str() == "-" {
            gathering.standard_input(limits, standard_input);
        } else {
            gathering.named(path);
        }
    }
    gathering.inputs
}

struct Gathering<'b> {
    base: &'b Path,
    inputs: Inputs,
    /// Files by where they really are, with their index.
    seen: HashMap<PathBuf, usize>,
}

impl Gathering<'_> {
    fn standard_input(&mut self, limits: &Limits, standard_input: &mut dyn Read) {
        if self.inputs.files.iter().any(SourceFile::is_standard_input) {
            return;
        }
        let mut bytes = Vec::new();
        let most = limits.json.max(limits.yaml).saturating_add(1);
        match standard_input.take(most).read_to_end(&mut bytes) {
            Ok(_) => self.inputs.files.push(SourceFile::standard_input(bytes)),
            Err(error) => self.fail(STANDARD_INPUT.to_owned(), describe(&error), true),
        }
    }

    fn named(&mut self, path: &Path) {
        let location = self.base.join(path);
        let shown = shown(path);
        match std::fs::metadata(&location) {
            Err(error) => self.fail(shown, describe(&error), true),
            Ok(metadata) if metadata.is_dir() => self.walk(&location, Some(path)),
            Ok(_) => self.add(SourceFile::on_disk(location.clone(), shown, true), &location),
        }
    }

    fn walk(&mut self, root: &Path, given: Option<&Path>) {
        let walk = WalkBuilder::new(root)
            .require_git(false)
            .follow_links(false)
            .sort_by_file_path(|one, other| one.cmp(other))
            .build();
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path =
                        failed_path(&error).map(|path| path.strip_prefix(root).unwrap_or(&path).to_owned());
                    let shown = path.map_or_else(|| ".".to_owned(), |path| self.below(given, &path));
                    let reason = error.io_error().map_or_else(|| error.to_string(), describe);
                    self.fail(shown, reason, false);
                    continue;
                }
            };
            if !entry.file_type().is_some_and(|kind| kind.is_file()) || !may_be_ours(entry.path()) {
                continue;
            }
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let file = SourceFile::on_disk(entry.path().to_owned(), self.below(given, below), false);
            self.add(file, entry.path());
        }
    }

    fn below(&self, given: Option<&Path>, path: &Path) -> String {
        match given {
            None => shown(path),
            Some(given) => shown(&given.join(path)),
        }
    }

    fn add(&mut self, file: SourceFile, location: &Path) {
        let real = location.canonicalize().unwrap_or_else(|_| location.to_owned());
        match self.seen.get(&real).and_then(|index| self.inputs.files.get_mut(*index)) {
            Some(known) => known.named |= file.named,
            None => {
                self.seen.insert(real, self.inputs.files.len());
                self.inputs.files.push(file);
            }
        }
    }

    fn fail(&mut self, path: String, message: String, named: bool) {
        self.inputs.failures.push(ReadFailure {
            path,
            line: None,
            column: None,
            field: None,
            message,
            named,
        });
    }
}

fn failed_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => failed_path(err),
        _ => None,
    }
}

fn may_be_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let mut endings = name.rsplit('.');
    let last = endings.next().unwrap_or_default();
    let ending = if TEMPLATES.contains(&last) { endings.next().unwrap_or_default() } else { last };
    name.contains('.') && ENDINGS.contains(&ending)
}

/// The path with `/` and without a leading `./`.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if std::path::MAIN_SEPARATOR == '/' {
        text
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/").into()
    };
    let mut short: &str = &text;
    while let Some(rest) = short.strip_prefix("./") {
        short = rest.trim_start_matches('/');
    }
    if short.is_empty() { ".".to_owned() } else { short.to_owned() }
}
