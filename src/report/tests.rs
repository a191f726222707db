//! What the formats look like.

use anstream::adapter::strip_str;
use snapbox::assert_data_eq;
use unicode_width::UnicodeWidthStr;

use super::sample::report;
use super::{Format, json};

fn plain(format: Format, width: usize) -> String {
    strip_str(&format.render(&report(), width)).to_string()
}

#[test]
fn the_table_at_a_hundred_columns() {
    assert_data_eq!(plain(Format::Table, 100), snapbox::file!["snapshots/table-100.txt"].raw());
}

#[test]
fn the_table_at_sixty_columns() {
    assert_data_eq!(plain(Format::Table, 60), snapbox::file!["snapshots/table-60.txt"].raw());
}

#[test]
fn the_quotes_at_eighty_columns() {
    assert_data_eq!(plain(Format::Full, 80), snapbox::file!["snapshots/full-80.txt"].raw());
}

#[test]
fn one_line_each() {
    assert_data_eq!(plain(Format::Concise, 80), snapbox::file!["snapshots/concise.txt"].raw());
}

#[test]
fn json_as_its_schema_says() {
    let text = plain(Format::Json, 80);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&json::schema()).unwrap();
    jsonschema::validate(&schema, &report).unwrap();
    assert_data_eq!(text, snapbox::file!["snapshots/report.json"].raw());
}

#[test]
fn text_fits_the_width_and_values_are_whole() {
    for width in [40, 50, 60, 80, 100, 120] {
        for format in [Format::Table, Format::Full] {
            let text = plain(format, width);
            for line in text.lines().filter(|line| line.width() > width) {
                // Only a word that would not fit into any line may stick out: a value, a place or a command to be copied.
                let longest = line.split(' ').map(|word| word.width()).max().unwrap();
                let command = line.starts_with("  cloakrun ");
                assert!(command || longest + 14 > width, "{format:?} at {width}: {line}");
            }
            for value in
                ["https://shop.example.com/*", "https://shop-web-4711.europe-west1.run.app/oauth2/callback"]
            {
                assert!(
                    text.lines().any(|line| line.trim_end_matches('"').ends_with(value)),
                    "{format:?} at {width}: {value}"
                );
            }
        }
    }
}

#[test]
fn nothing_that_moves_a_terminal_is_left() {
    for format in [Format::Table, Format::Full, Format::Concise] {
        let text = plain(format, 80);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{format:?}: {text:?}");
    }
}

#[test]
fn what_waivers_accept_is_shown_on_request() {
    let mut report = report();
    assert!(!Format::Table.render(&report, 80).contains("Goes away with the old app."));
    report.show_suppressed = true;
    for format in [Format::Table, Format::Full, Format::Concise] {
        assert!(format.render(&report, 80).contains("Goes away with the old app."), "{format:?}");
    }
}
