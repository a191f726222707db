//! Plain columns without borders, the last of which wraps: for lists of people's answers.

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Modify, Padding, Style};
use unicode_width::UnicodeWidthStr;

use crate::report::{paint, summary};

/// A cell: its text, and how it is painted.
pub struct Cell {
    text: String,
    paint: fn(&str) -> String,
}

impl Cell {
    /// A cell without paint.
    pub fn plain(text: impl Into<String>) -> Self {
        Cell { text: text.into(), paint: str::to_owned }
    }

    /// A cell that the eye looks for.
    pub fn strong(text: impl Into<String>) -> Self {
        Cell { text: text.into(), paint: paint::strong }
    }

    /// A cell in the colour of a severity.
    pub fn severity(severity: crate::finding::Severity) -> Self {
        use crate::finding::Severity as S;
        let paint: fn(&str) -> String = match severity {
            S::Error => |text| paint::severity(S::Error, text),
            S::Warning => |text| paint::severity(S::Warning, text),
            S::Info => |text| paint::severity(S::Info, text),
            S::Off => |text| paint::severity(S::Off, text),
        };
        Cell { text: severity.word().to_owned(), paint }
    }
}

/// The columns that all but the last one need, blanks between them included.
pub fn taken(head: &[&str], rows: &[Vec<Cell>]) -> usize {
    let last = head.len().saturating_sub(1);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width());
        cells.chain([head[column].width()]).max().unwrap_or(0)
    };
    (0..last).map(|column| widest(column) + 2).sum()
}

/// `rows` below `head`, every line with a line break at its end; the last column wraps so that lines have at most `width` columns,
/// as long as at least 20 are left for it.
pub fn render(head: &[&str], rows: Vec<Vec<Cell>>, width: usize) -> String {
    let last = head.len().saturating_sub(1);
    let room = width.saturating_sub(taken(head, &rows)).max(20);
    let mut builder = Builder::default();
    builder.push_record(head.iter().map(|title| paint::faint(title)));
    for row in rows {
        builder.push_record(row.into_iter().enumerate().map(|(column, cell)| {
            // Painted line by line, so that no colour runs into the next column.
            let lines = if column == last { summary::wrap_hard(&cell.text, room) } else { vec![cell.text] };
            lines.iter().map(|line| (cell.paint)(line)).collect::<Vec<_>>().join("\n")
        }));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
    table.with(Modify::new(Columns::one(last)).with(Padding::zero()));
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_wraps_and_stays_in_line() {
        let rows = vec![vec![Cell::plain("a"), Cell::plain("one two three four five six")]];
        let text = anstream::adapter::strip_str(&render(&["id", "says"], rows, 25)).to_string();
        assert_eq!(text, "id  says\na   one two three four\n    five six\n");
    }
}
