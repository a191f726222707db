//! `full`: every finding with its source lines quoted and pointed at, both sides one below the other.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Message, Origin, Renderer, Snippet};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::finding::Severity;
use crate::report::{Entry, PlaceEntry, Quote, Report, escape, paint, summary};

/// The report with quotes, lines of at most `width` columns; values that do not fit follow whole.
pub fn render(report: &Report, width: usize) -> String {
    let width = width.clamp(40, 132);
    let mut text = String::new();
    for entry in &report.findings {
        let head = format!("{}[{}]", entry.severity.word(), entry.rule);
        push_entry(&mut text, entry, &paint::severity(entry.severity, &head), &entry.remedy, width);
    }
    for entry in &report.undecided {
        let head = format!("undecided[{}]", entry.rule);
        let mut remedy = entry.remedy.clone();
        if !entry.also.is_empty() {
            remedy.push_str(&format!("\nThe same holds for {}.", entry.also.join(", ")));
        }
        push_entry(&mut text, entry, &paint::undecided(&head), remedy.trim_start(), width);
    }
    if report.show_suppressed {
        for suppressed in &report.suppressed {
            let head = format!("waived[{}]", suppressed.entry.rule);
            let waived = format!("Waived: {}", suppressed.reason);
            push_entry(&mut text, &suppressed.entry, &paint::faint(&head), &waived, width);
        }
    }
    text.push_str(&summary::render(report, width));
    text
}

fn push_entry(text: &mut String, entry: &Entry, head: &str, remedy: &str, width: usize) {
    text.push_str(head);
    text.push('\n');
    summary::push_wrapped(text, "  ", "  ", &escape::lines(&entry.message), width);
    let subject = entry.subject.describe();
    if !subject.is_empty() {
        for line in summary::wrap(&escape::one_line(&subject), width.saturating_sub(2)) {
            text.push_str(&format!("  {}\n", paint::faint(&line)));
        }
    }
    let places: Vec<Shown> = entry.places.iter().map(Shown::of).collect();
    if !places.is_empty() {
        text.push_str(&quote(entry.severity, &places, width));
        text.push('\n');
    }
    for place in &places {
        // What the quote does not show whole stands below it.
        let Some(value) = place.value.map(escape::one_line) else { continue };
        let quoted = place.quote.map(|quote| shortened(quote, room(&places, width)));
        if !quoted.is_some_and(|quote| quote.text.contains(&*value)) {
            text.push_str(&format!("  {value}\n"));
        }
    }
    if !remedy.is_empty() {
        summary::push_wrapped(text, "→ ", "  ", &escape::lines(remedy), width);
    }
    text.push('\n');
}

/// A place ready to be quoted: everything escaped.
struct Shown<'r> {
    position: (String, Option<usize>, Option<usize>),
    label: String,
    quote: Option<&'r Quote>,
    value: Option<&'r str>,
}

impl<'r> Shown<'r> {
    fn of(place: &'r PlaceEntry) -> Self {
        let mut label = escape::one_line(&place.label).into_owned();
        if let Some(resource) = &place.resource {
            let address = format!("{}.{}", escape::one_line(resource), escape::one_line(&place.field));
            label = if label.is_empty() { address } else { format!("{address}: {label}") };
        }
        Shown {
            position: (escape::one_line(&place.file).into_owned(), place.line, place.column),
            label,
            quote: place.quote.as_ref(),
            value: place.value.as_deref(),
        }
    }

    /// Whether the quoted line has to be cut to fit into `room` columns.
    fn cut(&self, room: usize) -> bool {
        self.quote.is_none_or(|quote| quote.text.width() > room)
    }

    /// Whether the label fits behind the carets.
    fn label_fits(&self, room: usize) -> bool {
        let to_carets = self.quote.map_or(0, |quote| quote.text[..quote.end].width());
        !self.cut(room) && to_carets + 1 + self.label.width() <= room
    }
}

/// Columns that are left beside the line numbers.
fn room(places: &[Shown<'_>], width: usize) -> usize {
    let numbers = places.iter().filter_map(|place| place.position.1).map(|line| line.to_string().len());
    width.saturating_sub(numbers.max().unwrap_or(0) + 4)
}

/// The quote with its value shortened to what fits beside dots on its left.
fn shortened(quote: &Quote, room: usize) -> Quote {
    let most = room.saturating_sub(8).max(8);
    if quote.text[quote.start..quote.end].width() <= most {
        return quote.clone();
    }
    let mut text = quote.text[..quote.start].to_owned();
    for c in quote.text[quote.start..quote.end].chars() {
        if text[quote.start..].width() + c.width().unwrap_or(0) >= most {
            break;
        }
        text.push(c);
    }
    text.push('…');
    Quote { start: quote.start, end: text.len(), text }
}

fn quote(severity: Severity, places: &[Shown<'_>], width: usize) -> String {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info | Severity::Off => Level::INFO,
    };
    let room = room(places, width);
    let mut group = Group::with_level(level);
    let mut primary = true;
    for place in places {
        let (file, line, column) = &place.position;
        if let (Some(quote), Some(line)) = (place.quote, line) {
            let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let shown = if place.cut(room) { shortened(quote, room) } else { quote.clone() };
            let mut annotation: Annotation<'_> = kind.span(shown.start..shown.end);
            let beside = place.label_fits(room);
            if beside {
                annotation = annotation.label(place.label.clone());
            }
            let snippet = Snippet::source(shown.text).path(file.clone()).line_start(*line);
            group = group.element(snippet.fold(false).annotation(annotation));
            if !beside {
                group = group.element(note(&place.label, width));
            }
        } else {
            let mut origin = Origin::path(file.clone());
            if let Some(line) = line {
                origin = origin.line(*line);
            }
            if let (Some(_), Some(column)) = (line, column) {
                origin = origin.char_column(*column);
            }
            group = group.element(origin);
            if !place.label.is_empty() {
                group = group.element(note(&place.label, width));
            }
        }
        primary = false;
    }
    Renderer::styled().term_width(width).render(&[group])
}

fn note(text: &str, width: usize) -> Message<'static> {
    Level::NOTE.no_name().message(summary::wrap(text, width.saturating_sub(8)).join("\n"))
}
