//! The one place that prints: the report on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use crate::cli::args::When;
use crate::fault::{Fault, Whose};
use crate::report::{escape, paint, summary};

/// Columns when neither `COLUMNS` nor a terminal says how many there are.
const DEFAULT_WIDTH: usize = 100;

/// Where the run speaks, decided once at its start.
#[derive(Debug)]
pub struct Terminal {
    quiet: bool,
    verbose: bool,
    out: ColorChoice,
    err: ColorChoice,
    width: usize,
}

impl Terminal {
    /// The terminal of this process, with what the command line says about colour and talkativeness.
    pub fn new(color: When, quiet: bool, verbose: bool) -> Self {
        let env = |name: &str| std::env::var(name).ok();
        Terminal {
            quiet,
            verbose,
            out: choice(color, env, io::stdout().is_terminal()),
            err: choice(color, env, io::stderr().is_terminal()),
            width: width(env),
        }
    }

    /// The reader's width in columns: `COLUMNS`, else that of the terminal, else 100.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether the person asked for more words.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether someone watches standard error: a terminal that can redraw lines, and no CI.
    pub fn shows_progress(&self) -> bool {
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        io::stderr().is_terminal()
            && env("CI").is_none_or(|value| value == "false" || value == "0")
            && env("TERM").is_some_and(|term| term != "dumb")
    }

    /// Writes `text` to standard output. That nobody reads on is no error (`cloakrun check | head`).
    pub fn write(&self, text: &str) -> Result<(), Fault> {
        let mut out = AutoStream::new(io::stdout().lock(), self.out);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Fault::new(
                Whose::Output,
                anyhow::Error::new(error).context("cannot write to standard output"),
            )),
            _ => Ok(()),
        }
    }

    /// Lets `speak` write to standard output piece by piece; none when nobody reads on.
    pub fn stream<T>(&self, speak: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> Result<Option<T>, Fault> {
        let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        match speak(&mut out).and_then(|answer| out.flush().map(|()| answer)) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
            Err(error) => {
                Err(Fault::new(Whose::Output, anyhow::Error::new(error).context("reading or writing failed")))
            }
        }
    }

    /// Prints help, or clap's word on what is wrong with the arguments, on standard error.
    pub fn help(&self, text: &clap::builder::StyledStr) {
        self.line(text.ansi().to_string().trim_end());
    }

    /// Says a line on standard error, unless `--quiet`.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            self.line(line);
        }
    }

    /// Warns on standard error, even when quiet: what is warned of changes what the report means.
    pub fn warn(&self, line: &str) {
        self.line(&format!(
            "{}: {}",
            paint::severity(crate::finding::Severity::Warning, "warning"),
            escape::lines(line)
        ));
    }

    /// Tells of an error that does not end the run.
    pub fn error(&self, line: &str) {
        self.line(&format!(
            "{}: {}",
            paint::severity(crate::finding::Severity::Error, "error"),
            escape::lines(line)
        ));
    }

    /// Tells what ends the run, and what may help.
    pub fn fail(&self, fault: &Fault) {
        // Several mistakes of one configuration are told at once, each in its own line.
        for line in fault.to_string().lines() {
            self.error(line);
        }
        for hint in &fault.hints {
            let mut text = String::new();
            summary::push_wrapped(&mut text, "  ", "  ", &escape::lines(hint), self.width);
            self.line(text.trim_end());
        }
    }

    // A closed standard error leaves nobody to tell.
    fn line(&self, line: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.err);
        let _ = writeln!(err, "{line}");
    }
}

/// `text` without the escape sequences of colours, for files.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn choice(color: When, env: impl Fn(&str) -> Option<String>, is_terminal: bool) -> ColorChoice {
    if wants_color(color, env, is_terminal) { ColorChoice::AlwaysAnsi } else { ColorChoice::Never }
}

/// Whether a stream gets colours: the flag, then `NO_COLOR`, `CLICOLOR_FORCE` or `FORCE_COLOR`, `CLICOLOR=0`, `TERM=dumb`,
/// then whether that very stream is a terminal (no-color.org, bixense.com/clicolors).
fn wants_color(color: When, env: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let is_set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    let is_on = |name: &str| env(name).is_some_and(|value| !value.is_empty() && value != "0");
    match color {
        When::Always => true,
        When::Never => false,
        When::Auto if is_set("NO_COLOR") => false,
        When::Auto if is_on("CLICOLOR_FORCE") || is_on("FORCE_COLOR") => true,
        When::Auto if env("CLICOLOR").is_some_and(|value| value == "0") => false,
        When::Auto if env("TERM").is_none_or(|term| term.is_empty() || term == "dumb") => false,
        When::Auto => is_terminal,
    }
}

fn width(env: impl Fn(&str) -> Option<String>) -> usize {
    env("COLUMNS")
        .and_then(|columns| columns.trim().parse().ok())
        .filter(|&columns| columns > 0)
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .filter(|&columns| columns > 0)
        .unwrap_or(DEFAULT_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(color: When, variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let env = |name: &str| {
            variables.iter().find(|(held, _)| *held == name).map(|(_, value)| (*value).to_owned())
        };
        wants_color(color, env, is_terminal)
    }

    #[test]
    fn the_flag_beats_everything() {
        assert!(decide(When::Always, &[("NO_COLOR", "1"), ("TERM", "dumb")], false));
        assert!(!decide(When::Never, &[("CLICOLOR_FORCE", "1")], true));
    }

    #[test]
    fn the_environment_is_asked_in_the_order_that_people_expect() {
        let xterm = ("TERM", "xterm");
        assert!(decide(When::Auto, &[xterm], true));
        assert!(!decide(When::Auto, &[xterm], false));
        assert!(!decide(When::Auto, &[xterm, ("NO_COLOR", "1"), ("FORCE_COLOR", "1")], true));
        assert!(decide(When::Auto, &[xterm, ("NO_COLOR", "")], true), "an empty NO_COLOR says nothing");
        assert!(decide(When::Auto, &[("CLICOLOR_FORCE", "1")], false));
        assert!(!decide(When::Auto, &[xterm, ("FORCE_COLOR", "0")], false));
        assert!(!decide(When::Auto, &[xterm, ("CLICOLOR", "0")], true));
        assert!(!decide(When::Auto, &[("TERM", "dumb")], true));
        assert!(!decide(When::Auto, &[], true));
    }

    #[test]
    fn columns_come_from_the_environment_first() {
        assert_eq!(width(|name| (name == "COLUMNS").then(|| "61".to_owned())), 61);
    }
}
