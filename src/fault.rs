//! Whose fault an error is, what may help, and the one table of exit codes.

use std::fmt;

/// How a run ends. The format of the report never changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Nothing to complain about.
    Clean,
    /// Findings at or above `--fail-on`, a refused URI, or a plan that was not applied.
    Findings,
    /// The command line or the configuration is wrong.
    Usage,
    /// No such finding, but something could not be looked at.
    Incomplete,
    /// A change was refused, or what was to be changed had moved; nothing further was written.
    Refused,
    /// Something could not be written.
    WriteFailed,
    /// Interrupted from the keyboard.
    Interrupted,
}

/// Every exit code with its meaning, as help and README print it.
pub const EXITS: [(Exit, &str); 7] = [
    (Exit::Clean, "clean: no finding at or above --fail-on, everything was looked at"),
    (Exit::Findings, "findings at or above --fail-on, or a plan that was not applied"),
    (Exit::Usage, "wrong command line or configuration, or a named file cannot be read"),
    (Exit::Incomplete, "incomplete: something could not be looked at (see --allow-partial)"),
    (Exit::Refused, "refused or drifted; nothing further was written"),
    (Exit::WriteFailed, "a write failed"),
    (Exit::Interrupted, "interrupted"),
];

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::Refused => 4,
            Exit::WriteFailed => 5,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// The table of exit codes as help prints it, one code a line.
pub fn exit_table() -> String {
    let mut table = String::from("Exit codes:");
    for (exit, meaning) in EXITS {
        table.push_str(&format!("\n  {:>3}  {meaning}", exit.code()));
    }
    table
}

/// Whose fault an error is; it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// The person's: flags and arguments.
    CommandLine,
    /// The author's of `cloakrun.yaml`.
    Configuration,
    /// That of a file or stream which the person named and which cannot be read.
    Input,
    /// That of the place to which the report was to be written.
    Output,
    /// That of a server that was asked and did not answer as it should.
    Server,
    /// Nobody's: the person pressed Ctrl-C.
    Interrupted,
}

/// An error that ends the run: whose fault it is, what is wrong, and what may help.
///
/// The hints stand apart from the message, so that they can be shown in their own lines and added where the knowledge is.
#[derive(Debug)]
pub struct Fault {
    /// Whose fault it is.
    pub whose: Whose,
    /// What is wrong, with its causes.
    pub error: anyhow::Error,
    /// What may help: full sentences.
    pub hints: Vec<String>,
}

impl Fault {
    /// An error of `whose` with the message `error`.
    pub fn new(whose: Whose, error: impl Into<anyhow::Error>) -> Self {
        Fault { whose, error: error.into(), hints: Vec::new() }
    }

    /// A wrong argument: `message` says which and why.
    pub fn usage(message: impl fmt::Display) -> Self {
        Fault::new(Whose::CommandLine, anyhow::anyhow!("{message}"))
    }

    /// The person pressed Ctrl-C.
    pub fn interrupted() -> Self {
        Fault::new(Whose::Interrupted, anyhow::anyhow!("interrupted; nothing was written"))
    }

    /// Adds what may help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what may help, if there is something.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hints.extend(hint);
        self
    }

    /// How the run ends.
    pub fn exit(&self) -> Exit {
        match self.whose {
            Whose::CommandLine | Whose::Configuration | Whose::Input => Exit::Usage,
            Whose::Output => Exit::WriteFailed,
            Whose::Server => Exit::Incomplete,
            Whose::Interrupted => Exit::Interrupted,
        }
    }
}

/// The message with its causes, without the hints.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_stands_in_the_table_once_and_in_order() {
        let codes: Vec<u8> = EXITS.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 130]);
    }

    #[test]
    fn whose_fault_it_is_decides_the_code() {
        assert_eq!(Fault::usage("no such client").exit(), Exit::Usage);
        assert_eq!(Fault::new(Whose::Output, anyhow::anyhow!("disk full")).exit(), Exit::WriteFailed);
    }

    #[test]
    fn a_fault_reads_as_message_and_causes() {
        let cause = anyhow::anyhow!("permission denied").context("cannot write report.json");
        assert_eq!(
            Fault::new(Whose::Output, cause).to_string(),
            "cannot write report.json: permission denied"
        );
    }
}
