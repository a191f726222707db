//! Unified diffs of edited files for people.

use std::collections::BTreeSet;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::escape::one_line;
use crate::document::edit::ChangedLines;

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// The unified diff between the text of the file at `path` and what an edit makes of it; empty when nothing changed.
///
/// `concealed` are the lines of the old text, counted from one, that hold secrets: of those, and of what stands in their place, only the
/// indentation is shown. Line ends of Windows are left out where they do not matter, and control characters are shown as escapes, so
/// that the diff is one to be read, not to be applied.
pub fn unified(
    path: &str,
    old: &str,
    new: &str,
    changed: &[ChangedLines],
    concealed: &BTreeSet<usize>,
) -> String {
    if changed.is_empty() {
        return String::new();
    }
    let path = one_line(path);
    let mut diff = format!("--- {path}\n+++ {path}\n");
    let (old, new) = (Text::new(old), Text::new(new));
    let mut rest = changed;
    while let Some(first) = rest.first() {
        // Changes whose context meets stand in one hunk.
        let together = rest.windows(2).take_while(|pair| match pair {
            [one, next] => next.old.start <= one.old.end + 2 * CONTEXT,
            _ => false,
        });
        let (hunk, behind) = rest.split_at(together.count() + 1);
        rest = behind;
        let last = hunk.last().unwrap_or(first);
        let before = CONTEXT.min(first.old.start - 1);
        let after = CONTEXT.min((old.lines.len() + 1).saturating_sub(last.old.end));
        let range = |from: usize, to: usize| {
            let (from, to) = (from - before, to + after);
            // A range of no lines is named by the line before it.
            if from == to { format!("{},0", from - 1) } else { format!("{from},{}", to - from) }
        };
        diff.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(first.old.start, last.old.end),
            range(first.new.start, last.new.end)
        ));
        let mut at = first.old.start - before;
        for one in hunk {
            old.show(&mut diff, ' ', at..one.old.start, concealed);
            change(&mut diff, &old, &new, one, concealed);
            at = one.old.end;
        }
        old.show(&mut diff, ' ', at..at + after, concealed);
    }
    diff
}

fn change(
    diff: &mut String,
    old: &Text<'_>,
    new: &Text<'_>,
    lines: &ChangedLines,
    concealed: &BTreeSet<usize>,
) {
    let (before, after) = (old.slice(&lines.old), new.slice(&lines.new));
    let hides = lines.old.clone().any(|line| concealed.contains(&line));
    let hidden: BTreeSet<usize> = if hides { lines.new.clone().collect() } else { BTreeSet::new() };
    for operation in capture_diff_slices(Algorithm::Myers, before, after) {
        let shift = |start: usize, range: Range<usize>| start + range.start..start + range.end;
        let gone = shift(lines.old.start, operation.old_range());
        if operation.tag() == DiffTag::Equal {
            old.show(diff, ' ', gone, concealed);
            continue;
        }
        old.show(diff, '-', gone, concealed);
        new.show(diff, '+', shift(lines.new.start, operation.new_range()), &hidden);
    }
}

/// A text by its lines, each with its line break.
struct Text<'t> {
    lines: Vec<&'t str>,
}

impl<'t> Text<'t> {
    fn new(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Text { lines: text.split_inclusive('\n').collect() }
    }

    /// Lines counted from one.
    fn slice(&self, range: &Range<usize>) -> &[&'t str] {
        let end = (range.end - 1).min(self.lines.len());
        &self.lines[(range.start - 1).min(end)..end]
    }

    fn show(&self, diff: &mut String, mark: char, range: Range<usize>, concealed: &BTreeSet<usize>) {
        for (number, line) in range.clone().zip(self.slice(&range)) {
            let text = line.strip_suffix('\n').unwrap_or(line);
            let text = text.strip_suffix('\r').unwrap_or(text);
            diff.push(mark);
            if concealed.contains(&number) {
                let blank = text.len() - text.trim_start().len();
                diff.push_str(&text[..blank]);
                diff.push_str("… (holds a secret)");
            } else {
                // Tabs indent, and move the cursor no further than that.
                let pieces: Vec<_> = text.split('\t').map(one_line).collect();
                diff.push_str(&pieces.join("\t"));
            }
            diff.push('\n');
            if !line.ends_with('\n') {
                diff.push_str("\\ No newline at end of file\n");
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::Format;
    use crate::document::edit::{Edit, apply};
    use crate::locus::FieldPath;

    fn diff(text: &str, edits: &[Edit], concealed: &[usize]) -> String {
        let edited = apply(text, Format::Yaml, edits).unwrap();
        unified("web.yaml", text, &edited.text, &edited.changed, &concealed.iter().copied().collect())
    }

    fn key(key: &str) -> FieldPath {
        FieldPath::root().key(key)
    }

    #[test]
    fn hunks_with_three_lines_around() {
        let text: String = (1..=20).map(|line| format!("k{line}: {line}\n")).collect();
        let edits = [
            Edit::set(0, key("k2"), json!(2), json!("x")),
            Edit::delete(0, key("k8"), json!(8)),
            Edit::create(0, key("new"), json!([1, 2])),
        ];
        let expected = "--- web.yaml\n+++ web.yaml\n@@ -1,11 +1,10 @@\n k1: 1\n-k2: 2\n+k2: x\n k3: 3\n k4: 4\n k5: 5\n k6: 6\n k7: 7\n\
                        -k8: 8\n k9: 9\n k10: 10\n k11: 11\n@@ -18,3 +17,6 @@\n k18: 18\n k19: 19\n k20: 20\n+new:\n+  - 1\n+  - 2\n";
        assert_eq!(diff(&text, &edits, &[]), expected);
        let windows = text.replace('\n', "\r\n");
        assert_eq!(diff(&windows, &edits, &[]), expected);
        assert_eq!(diff(&text, &[], &[]), "");
    }

    #[test]
    fn secrets_and_control_characters_are_not_shown() {
        let text = "a: 1\nsecret: hunter2\nb: \"\u{202e}\"\nl: {x: hunter2, y: 1}";
        let edits =
            [Edit::set(0, key("a"), json!(1), json!(2)), Edit::set(0, key("l").key("y"), json!(1), json!(2))];
        assert_eq!(
            diff(text, &edits, &[2, 4]),
            "--- web.yaml\n+++ web.yaml\n@@ -1,4 +1,4 @@\n-a: 1\n+a: 2\n … (holds a secret)\n b: \"\\u{202e}\"\n-… (holds a secret)\n\
             \\ No newline at end of file\n+… (holds a secret)\n\\ No newline at end of file\n"
        );
    }
}
