//! Many questions as JSON Lines.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use super::{Answer, Answers, DEFAULT_FRONTEND_URL, GenerationAnswer, Kind, Prepared, Question, Settings};
use crate::keycloak::generation::{GENERATIONS, Generation};
use crate::keycloak::version::Version;

/// The longest line that is read, in bytes; a longer one is answered with an error.
pub const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// How many prepared clients are kept.
const KEPT_CLIENTS: usize = 512;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BatchOutcome {
    /// How many questions were answered.
    pub answered: usize,
    /// How many lines could not be answered. If any, the program ends with exit code 2.
    pub bad_lines: usize,
    /// How many of the answers are not a plain yes: refused, broken or different from version to version.
    pub not_accepted: usize,
}

/// Answers every line of `reader` on `writer`, in order. Blank lines are skipped.
///
/// # Errors
///
/// Only reading and writing fail; a line that cannot be answered is answered with its error and counted.
pub fn batch(mut reader: impl BufRead, mut writer: impl Write) -> io::Result<BatchOutcome> {
    let mut outcome = BatchOutcome::default();
    let mut clients = Clients::default();
    let mut line = Vec::new();
    let mut answer_text = Vec::new();
    let frames = Frame::of_generations();
    let mut number = 0_usize;
    while let Some(whole) = read_line(&mut reader, &mut line)? {
        number += 1;
        let text = if number == 1 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line) } else { &line };
        if text.iter().all(u8::is_ascii_whitespace) && whole {
            continue;
        }
        let answered = if whole {
            answer_line(text, &mut clients)
        } else {
            Err((None, format!("the line is longer than {LONGEST_LINE} bytes")))
        };
        match answered {
            Ok((id, answers)) => {
                outcome.answered += 1;
                outcome.not_accepted += usize::from(agreed(&answers) != Some(Some(true)));
                answer_text.clear();
                write_answers(&mut answer_text, &id, &answers, &frames)?;
                writer.write_all(&answer_text)?;
            }
            Err((id, error)) => {
                outcome.bad_lines += 1;
                serde_json::to_writer(
                    &mut writer,
                    &BadLine { id: id.as_ref(), line: number, error: &error },
                )?;
            }
        }
        writer.write_all(b"\n")?;
    }
    writer.flush()?;
    Ok(outcome)
}

/// Reads one line without its end into `line`. `Some(false)` when it was too long and was skipped, `None` at the end of the input.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let mut whole = true;
    let mut any = false;
    loop {
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok(any.then_some(whole));
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        if line.len() + part.len() > LONGEST_LINE {
            whole = false;
            line.clear();
        } else if whole {
            line.extend_from_slice(part);
        }
        let used = end.map_or(chunk.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(whole));
        }
    }
}

fn answer_line(line: &[u8], clients: &mut Clients) -> Result<(Value, Answers), (Option<Value>, String)> {
    let question: Question = serde_json::from_slice(line).map_err(|error| (id_of(line), explain(&error)))?;
    let (id, settings, requested, required) = read_question(question)?;
    Ok((id, clients.prepared(settings).answer(requested.as_deref(), required)))
}

type Read = (Value, Settings, Option<String>, bool);

fn read_question(question: Question) -> Result<Read, (Option<Value>, String)> {
    let known_id = |id: Value| (!id.is_null()).then_some(id);
    let version = match question.version.as_deref().map(str::parse::<Version>).transpose() {
        Ok(version) => version,
        Err(error) => return Err((known_id(question.id), error.to_string())),
    };
    if question.registered.is_none() && question.kind != Kind::WebOrigin {
        return Err((
            known_id(question.id),
            "the field \"registered\" is missing: the list of the client's redirect URIs".to_owned(),
        ));
    }
    let settings = Settings {
        kind: question.kind,
        registered: question.registered.unwrap_or_default(),
        root_url: question.root_url,
        frontend_url: question.frontend_url.unwrap_or_else(|| DEFAULT_FRONTEND_URL.to_owned()),
        admin_url: question.admin_url,
        attribute: question.attribute,
        web_origins: question.web_origins,
        allow_oidc_parameters: question.allow_oidc_parameters.unwrap_or(false),
        version,
    };
    Ok((question.id, settings, question.requested, question.required.unwrap_or(true)))
}

/// The id of a line that is JSON but no question.
fn id_of(line: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Value>(line).ok()?.as_object_mut()?.remove("id")
}

/// The parser's message with the place named in words: a batch line has no line numbers of its own.
fn explain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (message, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    if error.column() > 0 { format!("{message}, at column {}", error.column()) } else { message.to_owned() }
}

/// Clients that earlier lines asked about, prepared.
#[derive(Debug, Default)]
struct Clients {
    prepared: HashMap<Settings, Prepared>,
}

impl Clients {
    fn prepared(&mut self, settings: Settings) -> &Prepared {
        if self.prepared.len() >= KEPT_CLIENTS && !self.prepared.contains_key(&settings) {
            self.prepared.clear();
        }
        self.prepared.entry(settings).or_insert_with_key(|settings| Prepared::new(settings.clone()))
    }
}

/// What the servers asked say, when they all say the same.
fn agreed(answers: &Answers) -> Option<Option<bool>> {
    match answers {
        Answers::One(answer) => Some(answer.accepted),
        Answers::ByGeneration(answers) => {
            let first = answers.first()?.answer.accepted;
            answers.iter().all(|other| other.answer.accepted == first).then_some(first)
        }
    }
}

fn write_answers(text: &mut Vec<u8>, id: &Value, answers: &Answers, frames: &[Frame]) -> io::Result<()> {
    text.extend_from_slice(b"{\"id\":");
    serde_json::to_writer(&mut *text, id)?;
    text.push(b',');
    match answers {
        Answers::One(answer) => write_fields(text, answer)?,
        Answers::ByGeneration(generations) => {
            match generations.last() {
                Some(newest) if agreed(answers).is_some() => write_fields(text, &newest.answer)?,
                _ => {
                    text.extend_from_slice(b"\"reason\":");
                    serde_json::to_writer(&mut *text, &mixed_reason(generations))?;
                }
            }
            text.extend_from_slice(b",\"by_generation\":{");
            write_generations(text, generations, frames)?;
            text.push(b'}');
        }
    }
    text.push(b'}');
    Ok(())
}

fn write_fields(text: &mut Vec<u8>, answer: &Answer) -> io::Result<()> {
    text.extend_from_slice(b"\"accepted\":");
    serde_json::to_writer(&mut *text, &answer.accepted)?;
    text.extend_from_slice(b",\"resolved\":");
    serde_json::to_writer(&mut *text, &answer.resolved)?;
    text.extend_from_slice(b",\"matched\":");
    serde_json::to_writer(&mut *text, &answer.matched)?;
    text.extend_from_slice(b",\"reason\":");
    serde_json::to_writer(&mut *text, &answer.reason)?;
    Ok(())
}

/// What stands around the answer of one generation; the same on every line.
struct Frame {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Frame {
    fn of_generations() -> Vec<Self> {
        let frame = |generation: &Generation| Self {
            head: format!("\"{}\":{{", generation.version).into_bytes(),
            tail: format!(",\"servers\":\"{}\"}}", generation.servers).into_bytes(),
        };
        GENERATIONS.iter().map(frame).collect()
    }
}

fn write_generations(
    text: &mut Vec<u8>,
    generations: &[GenerationAnswer],
    frames: &[Frame],
) -> io::Result<()> {
    // Many generations share an answer: what was written for the first of them is copied.
    let mut written: Vec<(&Rc<Answer>, std::ops::Range<usize>)> = Vec::new();
    for (index, (generation, frame)) in generations.iter().zip(frames).enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(&frame.head);
        match written.iter().find(|(answer, _)| Rc::ptr_eq(answer, &generation.answer)) {
            Some((_, range)) => text.extend_from_within(range.clone()),
            None => {
                let start = text.len();
                write_fields(text, &generation.answer)?;
                written.push((&generation.answer, start..text.len()));
            }
        }
        text.extend_from_slice(&frame.tail);
    }
    Ok(())
}

fn mixed_reason(answers: &[GenerationAnswer]) -> String {
    let servers = |accepted: Option<bool>| {
        let names: Vec<&str> = answers
            .iter()
            .filter(|answer| answer.answer.accepted == accepted)
            .map(|answer| answer.servers)
            .collect();
        names.join(", ")
    };
    let parts = [(Some(true), "accepted by"), (Some(false), "refused by"), (None, "broken (status 500) on")];
    let clauses: Vec<String> = parts
        .into_iter()
        .map(|(accepted, verb)| (verb, servers(accepted)))
        .filter(|(_, servers)| !servers.is_empty())
        .map(|(verb, servers)| format!("{verb} {servers}"))
        .collect();
    format!("It depends on the server's version: {}.", clauses.join("; "))
}

#[derive(Serialize)]
struct BadLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    line: usize,
    error: &'a str,
}
