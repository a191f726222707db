//! `table`: the default format, for people at a terminal.
//!
//! Findings stand in groups of the pair that they are about: severity, rule, and what is wrong with what to do. Cells wrap to the
//! reader's width; the values of a row follow below it, each whole on a line of its own, so that they can be copied.

use std::collections::{BTreeMap, BTreeSet};

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Modify, Padding, Style, Width};
use unicode_width::UnicodeWidthStr;

use crate::report::{Entry, PlaceEntry, Report, SubjectNames, escape, paint, summary};

/// Columns of the severity and the space after it: the longest word is "undecided".
const SEVERITY: usize = 11;
/// The message gets a column beside the rule when that leaves it so many columns; else it stands below the rule.
const ROOMY_MESSAGE: usize = 52;
/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 132;

/// The report as tables of at most `width` columns, values below them excepted.
pub fn render(report: &Report, width: usize) -> String {
    let width = width.clamp(40, WIDEST);
    let mut text = String::new();
    let layout = Layout::of(report, width);
    let mut told = BTreeSet::new();
    for (subject, entries) in groups(report.findings.iter()) {
        push_group(
            &mut text,
            &layout,
            subject,
            entries.into_iter().map(|entry| Row::finding(entry, &mut told)),
        );
    }
    if !report.undecided.is_empty() {
        text.push_str(&format!("{}\n\n", paint::strong("Could not be decided")));
        for (subject, entries) in groups(report.undecided.iter()) {
            push_group(
                &mut text,
                &layout,
                subject,
                entries.into_iter().map(|entry| Row::undecided(entry, &mut told)),
            );
        }
    }
    if report.show_suppressed && !report.suppressed.is_empty() {
        text.push_str(&format!("{}\n\n", paint::strong("Accepted by waivers")));
        let reasons: BTreeMap<&str, &str> = report
            .suppressed
            .iter()
            .map(|suppressed| (suppressed.entry.fingerprint.as_str(), suppressed.reason.as_str()))
            .collect();
        for (subject, entries) in groups(report.suppressed.iter().map(|suppressed| &suppressed.entry)) {
            let rows =
                entries.into_iter().map(|entry| Row::suppressed(entry, reasons[entry.fingerprint.as_str()]));
            push_group(&mut text, &layout, subject, rows);
        }
    }
    text.push_str(&summary::render(report, width));
    text
}

/// How the columns are laid out; the same for every group, so that the eye can run down.
struct Layout {
    width: usize,
    /// Columns of the rule; `None` when it stands above the message.
    rule: Option<usize>,
    message: usize,
}

impl Layout {
    fn of(report: &Report, width: usize) -> Self {
        let entries = report.findings.iter().chain(&report.undecided);
        let rule = entries.map(|entry| entry.rule.width()).max().unwrap_or(0) + 2;
        let beside = width.saturating_sub(SEVERITY + rule);
        if beside >= ROOMY_MESSAGE {
            Layout { width, rule: Some(rule), message: beside }
        } else {
            Layout { width, rule: None, message: width - SEVERITY }
        }
    }
}

/// A row of the table, painted.
struct Row<'r> {
    severity: String,
    rule: String,
    message: String,
    places: &'r [PlaceEntry],
}

/// What a rule advised already: the same advice for ten clients is read once.
type Told<'r> = BTreeSet<(&'r str, &'r str)>;

impl<'r> Row<'r> {
    fn finding(entry: &'r Entry, told: &mut Told<'r>) -> Self {
        Row::of(entry, paint::severity(entry.severity, entry.severity.word()), Row::remedy(entry, told))
    }

    fn undecided(entry: &'r Entry, told: &mut Told<'r>) -> Self {
        let mut row = Row::of(entry, paint::undecided("undecided"), Row::remedy(entry, told));
        if !entry.also.is_empty() {
            row.message.push_str(&format!("\nThe same holds for {}.", entry.also.join(", ")));
        }
        row
    }

    fn remedy(entry: &'r Entry, told: &mut Told<'r>) -> &'r str {
        if told.insert((&entry.rule, &entry.remedy)) || entry.remedy.is_empty() {
            &entry.remedy
        } else {
            "As above."
        }
    }

    fn suppressed(entry: &'r Entry, reason: &str) -> Self {
        Row::of(entry, paint::faint("waived"), &format!("waived: {reason}"))
    }

    fn of(entry: &'r Entry, severity: String, remedy: &str) -> Self {
        let mut message = escape::lines(&entry.message);
        if !remedy.is_empty() {
            message.push_str("\n→ ");
            message.push_str(&escape::lines(remedy));
        }
        Row { severity, rule: entry.rule.clone(), message, places: &entry.places }
    }
}

/// The entries by subject; groups stand in the order of their first entries.
fn groups<'r>(entries: impl Iterator<Item = &'r Entry>) -> Vec<(&'r SubjectNames, Vec<&'r Entry>)> {
    let mut groups: Vec<(&SubjectNames, Vec<&Entry>)> = Vec::new();
    let mut index: BTreeMap<&SubjectNames, usize> = BTreeMap::new();
    for entry in entries {
        let at = *index.entry(&entry.subject).or_insert_with(|| {
            groups.push((&entry.subject, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(entry);
    }
    groups
}

fn push_group<'r>(
    text: &mut String,
    layout: &Layout,
    subject: &SubjectNames,
    rows: impl Iterator<Item = Row<'r>>,
) {
    let heading = match subject.describe() {
        heading if heading.is_empty() => "the whole".to_owned(),
        heading => escape::one_line(&heading).into_owned(),
    };
    for line in summary::wrap(&heading, layout.width) {
        text.push_str(&format!("{}\n", paint::strong(&line)));
    }
    text.push_str(&format!("{}\n", paint::faint(&"─".repeat(layout.width.min(heading.width())))));
    for row in rows {
        push_row(text, layout, &row);
    }
}

fn push_row(text: &mut String, layout: &Layout, row: &Row<'_>) {
    let mut table = Builder::default();
    let rule = paint::strong(&row.rule);
    // tabled cuts words wherever a line ends; ours keep whole as long as they can.
    let message = summary::wrap_hard(&row.message, layout.message).join("\n");
    match layout.rule {
        Some(_) => table.push_record([row.severity.clone(), rule, message]),
        None => table.push_record([row.severity.clone(), format!("{rule}\n{message}")]),
    }
    let mut table = table.build();
    table.with(Style::empty()).with(Padding::zero());
    fix_width(&mut table, 0, SEVERITY);
    if let Some(rule) = layout.rule {
        fix_width(&mut table, 1, rule);
    }
    for line in table.to_string().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    push_values(text, layout, row);
    text.push('\n');
}

fn fix_width(table: &mut tabled::Table, column: usize, width: usize) {
    table.with(Modify::new(Columns::one(column)).with(Width::increase(width)));
}

/// The places with their values, and what the table had to cut: all of it whole.
fn push_values(text: &mut String, layout: &Layout, row: &Row<'_>) {
    let indent = " ".repeat(SEVERITY);
    let widest = row.places.iter().map(|place| whole_position(place).width()).max().unwrap_or(0);
    for place in row.places {
        let (said, said_width) = match &place.value {
            Some(value) => (escape::one_line(value).into_owned(), escape::one_line(value).width()),
            None => (paint::faint(&escape::one_line(&place.label)), escape::one_line(&place.label).width()),
        };
        let position = whole_position(place);
        if SEVERITY + widest + 2 + said_width <= layout.width {
            let gap = " ".repeat(widest - position.width() + 2);
            text.push_str(&format!("{indent}{}{gap}{said}\n", paint::faint(&position)));
            continue;
        }
        text.push_str(&format!("{indent}{}\n", paint::faint(&place.position())));
        if let Some(attribute) = attribute(place) {
            text.push_str(&format!("{indent}  {}\n", paint::faint(&attribute)));
        }
        text.push_str(&format!("{indent}  {said}\n"));
    }
    let mut shown: Vec<&str> = row.places.iter().filter_map(|place| place.value.as_deref()).collect();
    for word in row.message.split_whitespace().filter(|word| word.width() > layout.message) {
        let word = word.trim_matches(|c: char| matches!(c, '`' | '"' | '\'' | '(' | ')' | ',' | ';'));
        let word = word.trim_end_matches(['.', ':', '`', '"']);
        if !shown.contains(&word) {
            shown.push(word);
            text.push_str(&format!("{indent}{word}\n"));
        }
    }
}

/// The place and, for Terraform, the attribute of the resource.
fn whole_position(place: &PlaceEntry) -> String {
    match attribute(place) {
        Some(attribute) => format!("{} {attribute}", place.position()),
        None => place.position(),
    }
}

fn attribute(place: &PlaceEntry) -> Option<String> {
    let resource = place.resource.as_ref()?;
    Some(format!("{}.{}", escape::one_line(resource), escape::one_line(&place.field)))
}
