//! What the YAML reader says of a broken configuration, in the words of the configuration.

use crate::config::load::Mistake;
use crate::suggest::did_you_mean;

/// The reader's error as a mistake with its place, and a hint where something near would have been right.
pub(super) fn in_our_words(path: &str, error: &serde_yaml::Error) -> Mistake {
    let location = error.location();
    let full = error.to_string();
    // What the reader says ends with its place, which stands before ours.
    let said = full.rsplit_once(" at line ").map_or(full.as_str(), |(said, _)| said);
    let (field, said) = match said.split_once(": ") {
        Some((field, rest)) if is_field(field) => (Some(field), rest),
        _ => (None, said),
    };
    let (message, hint) = reword(field, said);
    Mistake {
        path: path.to_owned(),
        line: location.as_ref().map(serde_yaml::Location::line),
        column: location.as_ref().map(serde_yaml::Location::column),
        message,
        hint,
    }
}

fn reword(field: Option<&str>, said: &str) -> (String, Option<String>) {
    let within = field.map_or_else(String::new, |field| format!(" in `{field}`"));
    let quoted = quoted_words(said);
    if let (true, Some((wrong, right))) = (said.starts_with("unknown field"), quoted.split_first()) {
        let hint = did_you_mean(wrong, right.iter().copied())
            .unwrap_or_else(|| format!("There are: {}.", list(right)));
        return (format!("`{wrong}` is no key{within}."), Some(hint));
    }
    if let (true, Some((wrong, right))) = (said.starts_with("unknown variant"), quoted.split_first()) {
        return (
            format!("`{wrong}` is none of {}{within}.", list(right)),
            did_you_mean(wrong, right.iter().copied()),
        );
    }
    if let (true, Some(missing)) = (said.starts_with("missing field"), quoted.first()) {
        let message = match (field, *missing) {
            (Some(field), "reason") if field.starts_with("waivers") => {
                format!("`{field}` has no `reason`; a waiver must say why the finding is accepted.")
            }
            _ => format!("`{missing}` is missing{within}."),
        };
        return (message, None);
    }
    if let (true, Some(twice)) = (said.starts_with("duplicate"), quoted.first()) {
        return (format!("`{twice}` stands here twice{within}."), None);
    }
    if let Some((found, expected)) =
        said.strip_prefix("invalid type: ").and_then(|said| said.split_once(", expected "))
    {
        let subject = field.map_or_else(|| "The configuration".to_owned(), |field| format!("`{field}`"));
        return (
            format!("{subject} must be {}, not {}.", in_yaml_words(expected), in_yaml_words(found)),
            None,
        );
    }
    (format!("The configuration cannot be read{within}: {said}."), None)
}

/// The words between backticks.
fn quoted_words(said: &str) -> Vec<&str> {
    said.split('`').skip(1).step_by(2).collect()
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Types as people who write YAML call them.
fn in_yaml_words(said: &str) -> String {
    let kind = said.split([' ', '`']).next().unwrap_or_default();
    match kind {
        "a" if said.starts_with("a sequence") => "a list".to_owned(),
        "a" if said.starts_with("a string") => "a text".to_owned(),
        "a" if said.starts_with("a map") => "a mapping".to_owned(),
        "struct" | "map" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        "unit" => "empty".to_owned(),
        "string" => format!("the text {}", said.trim_start_matches("string ")),
        "integer" | "floating" => "a number (quote it)".to_owned(),
        "boolean" => "a boolean".to_owned(),
        _ => said.to_owned(),
    }
}

fn is_field(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '[' | ']' | '-' | '_' | '?'))
}
