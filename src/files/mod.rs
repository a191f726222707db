//! Files: which ones there are to read, and their text within limits.

pub mod recognise;
pub mod replace;
mod walk;

use std::io::Read;
use std::path::{Path, PathBuf};

pub use walk::gather;

use crate::document::excerpt::{self, Excerpt};
use crate::document::{Format, line_and_column};
use crate::locus::FieldPath;
use crate::snapshot::ReadFailure;

/// How large files may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a YAML file.
    pub yaml: u64,
    /// The most bytes of a JSON file.
    pub json: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { yaml: 64 << 20, json: 512 << 20 }
    }
}

/// From this many bytes on a file is large.
const LARGE: u64 = 4 << 20;

/// The files to look at, in the order of reading.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The files, those that a walk found in the order of their paths.
    pub files: Vec<SourceFile>,
    /// Paths that could not be looked at.
    pub failures: Vec<ReadFailure>,
}

/// A file that may hold something to check.
#[derive(Debug)]
pub struct SourceFile {
    /// The path for people: as they gave it, or relative to where the walk began, with `/`; `<stdin>` for standard input.
    pub path: String,
    /// Whether a person named this very file; a file that a walk found may as well be none of ours.
    pub named: bool,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    Disk(PathBuf),
    /// Standard input, which cannot be read twice.
    Memory(Vec<u8>),
}

/// The path that stands for standard input in reports.
pub const STANDARD_INPUT: &str = "<stdin>";

impl SourceFile {
    /// A file on disk: where it is, and its path for people.
    pub fn on_disk(location: PathBuf, path: String, named: bool) -> Self {
        SourceFile { path, named, origin: Origin::Disk(location) }
    }

    /// What was read from standard input.
    pub fn standard_input(bytes: Vec<u8>) -> Self {
        SourceFile { path: STANDARD_INPUT.to_owned(), named: true, origin: Origin::Memory(bytes) }
    }

    /// Whether it is standard input.
    pub fn is_standard_input(&self) -> bool {
        matches!(self.origin, Origin::Memory(_))
    }

    /// The ending of its name in small letters, without the dot; empty for none.
    pub fn ending(&self) -> String {
        Path::new(&self.path)
            .extension()
            .map(|ending| ending.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default()
    }

    /// That it could not be read, and why.
    pub fn failure(&self, message: impl Into<String>) -> ReadFailure {
        ReadFailure {
            path: self.path.clone(),
            line: None,
            column: None,
            field: None,
            message: message.into(),
            named: self.named,
        }
    }

    /// The file itself when it is so large that its text had better not be in memory as a whole; none for smaller ones, for those
    /// beyond the limit, and for standard input.
    pub fn open_when_large(&self, limits: &Limits) -> Option<std::fs::File> {
        let Origin::Disk(location) = &self.origin else { return None };
        let size = std::fs::metadata(location).ok().filter(std::fs::Metadata::is_file)?.len();
        (LARGE..=limits.json).contains(&size).then(|| std::fs::File::open(location).ok()).flatten()
    }

    /// Its text.
    ///
    /// # Errors
    /// When it cannot be opened, is larger than its limit, or is not UTF-8.
    pub fn text(&self, limits: &Limits) -> Result<String, TextError> {
        let bytes = match &self.origin {
            Origin::Memory(bytes) => bytes.clone(),
            Origin::Disk(location) => read(location, limits.json.max(limits.yaml))
                .map_err(|error| TextError::new(self.failure(describe(&error)), Vec::new()))?,
        };
        let limit = if begins_like_json(&bytes) { limits.json } else { limits.yaml };
        if bytes.len() as u64 > limit {
            let message =
                format!("The file is larger than {}, the limit for its format.", in_mebibytes(limit));
            return Err(TextError::new(self.failure(message), bytes));
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            let failure = self.failure("The file is UTF-16; expected UTF-8. Save it as UTF-8.");
            return Err(TextError::new(failure, bytes.into_iter().filter(|byte| *byte != 0).collect()));
        }
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let before = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
            let (line, column) = line_and_column(before, valid);
            let mut failure = self.failure("The file is not UTF-8 here; expected UTF-8 text.");
            (failure.line, failure.column) = (Some(line), Some(column));
            TextError::new(failure, bytes)
        })
    }
}

/// Why a file has no text.
#[derive(Debug)]
pub struct TextError {
    /// The failure as reports tell it.
    pub failure: ReadFailure,
    /// Whether what could be read of it looks like something of ours all the same.
    pub looks_ours: bool,
}

impl TextError {
    fn new(failure: ReadFailure, bytes: Vec<u8>) -> Self {
        TextError { failure, looks_ours: recognise::looks_ours(&bytes) }
    }
}

fn read(location: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(location)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    // One byte beyond the limit proves that there are more; pipes and devices do not tell their size.
    let most = limit.saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(most).saturating_add(1)).unwrap_or_default());
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn describe(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "There is no such file or directory.".to_owned(),
        std::io::ErrorKind::PermissionDenied => "The file may not be read by you.".to_owned(),
        _ => format!("The file could not be read: {error}."),
    }
}

fn in_mebibytes(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
}

fn begins_like_json(bytes: &[u8]) -> bool {
    let body = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    matches!(body.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['))
}

impl Inputs {
    /// Where fields of a file stand, with their lines: each of `wanted` is a document of the file, counted from zero, and a field.
    /// Of a large JSON file no more than a piece is in memory. None for each where the file is gone or has changed beyond reading.
    pub fn excerpts(
        &self,
        path: &str,
        limits: &Limits,
        wanted: &[(usize, FieldPath)],
    ) -> Vec<Option<Excerpt>> {
        let nothing = || vec![None; wanted.len()];
        let Some(file) = self.files.iter().find(|file| file.path == path) else { return nothing() };
        if file.ending() == "json"
            && let Some(mut opened) = file.open_when_large(limits)
        {
            return excerpt::json_excerpts(&mut opened, wanted).unwrap_or_else(|_| nothing());
        }
        let Ok(text) = file.text(limits) else { return nothing() };
        excerpt::excerpts(&text, Format::of(path, &text), wanted)
    }
}
