//! `cloakrun completions`

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::terminal::Terminal;
use crate::fault::{Exit, Fault};

pub(crate) fn run(args: &CompletionsArgs, terminal: &Terminal) -> Result<Exit, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cloakrun", &mut script);
    terminal.write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}
