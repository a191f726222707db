//! A short run of every target: the seeds, changes of them, and bytes of no kind at all.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("seeds").map(|entry| entry.expect("a seed").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a seed")).collect()
}

/// Pieces that parsers trip over.
const PIECES: [&str; 30] = [
    "{", "}", "[", "]", "\"", "'", ":", ",", "\\", "\n", "\n  ", "- ", "? ", "&a ", "*a", "<<: *a", "|\n",
    "# ", "---\n", "{{ .x }}", "${X}", "$(env:X)", "null", "true", "1e999", "\u{feff}", "\\ud800", "é", "//",
    "%2F",
];

/// One change: where, as a share of the length, and what.
#[derive(Debug, Clone)]
enum Change {
    Insert(f64, usize),
    Byte(f64, u8),
    Delete(f64, usize),
    Repeat(f64, usize, usize),
    Truncate(f64),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = || 0.0..1.0f64;
    let change = prop_oneof![
        (place(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place(), 1..40usize).prop_map(|(at, length)| Change::Delete(at, length)),
        (place(), 1..40usize, 1..60usize).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        place().prop_map(Change::Truncate),
    ];
    vec(change, 0..6)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a length"
)]
fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let index = |at: &f64, bytes: &[u8]| (at * bytes.len() as f64) as usize;
        match change {
            Change::Insert(at, piece) => {
                let at = index(at, &bytes);
                bytes.splice(at..at, PIECES[*piece].bytes());
            }
            Change::Byte(at, byte) => {
                let at = index(at, &bytes);
                bytes.splice(at..at, [*byte]);
            }
            Change::Delete(at, length) => {
                let at = index(at, &bytes);
                let end = bytes.len().min(at + length);
                bytes.drain(at..end);
            }
            Change::Repeat(at, length, times) => {
                let at = index(at, &bytes);
                let piece = bytes[at..bytes.len().min(at + length)].repeat(*times);
                bytes.splice(at..at, piece);
            }
            Change::Truncate(at) => bytes.truncate(index(at, &bytes)),
        }
    }
    bytes
}

fn run(name: &str) {
    let (_, target) = cloakrun_fuzz::TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
    let seeds = seeds();
    seeds.iter().for_each(|seed| target(seed));
    let cases =
        std::env::var("CLOAKRUN_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1500);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let from_seeds =
        (0..seeds.len(), changes()).prop_map(move |(seed, changes)| changed(seeds[seed].clone(), &changes));
    let from_pieces = vec(0..PIECES.len(), 0..40)
        .prop_map(|pieces| pieces.into_iter().map(|piece| PIECES[piece]).collect::<String>().into_bytes());
    let inputs = prop_oneof![6 => from_seeds, 2 => from_pieces, 1 => vec(any::<u8>(), 0..80)];
    let outcome = runner.run(&inputs, |bytes| {
        target(&bytes);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

#[test]
fn yaml() {
    run("yaml");
}

#[test]
fn json() {
    run("json");
}

#[test]
fn realm() {
    run("realm");
}

#[test]
fn service() {
    run("service");
}

#[test]
fn terraform() {
    run("terraform");
}

#[test]
fn flags() {
    run("flags");
}

#[test]
fn redirect() {
    run("redirect");
}

#[test]
fn edit() {
    run("edit");
}
