//! The command line: what people type, and the only place that knows all stages and prints.

mod accepts;
pub mod args;
mod audience;
mod check;
mod completions;
#[cfg(feature = "live")]
mod doctor;
mod explain;
mod keys;
mod links;
#[cfg(feature = "live")]
mod live;
mod looking;
mod naming;
mod rules;
mod schema;
#[cfg(feature = "live")]
mod snapshot;
pub mod terminal;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use crate::fault::{Exit, Fault};
use args::{Cli, Command, When};
use terminal::Terminal;

/// Parses the arguments (the program's name first), runs the command and says how the run ended.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&args, &error),
    };
    let terminal = Terminal::new(cli.global.color, cli.global.quiet, cli.global.verbose);
    run(&cli, &terminal).unwrap_or_else(|fault| {
        terminal.fail(&fault);
        fault.exit()
    })
}

fn run(cli: &Cli, terminal: &Terminal) -> Result<Exit, Fault> {
    match &cli.command {
        None => {
            terminal.help(&Cli::command().after_help(args::EXAMPLES).render_help());
            Ok(Exit::Usage)
        }
        Some(Command::Check(args)) => check::run(args, &cli.global, terminal),
        Some(Command::Accepts(args)) => accepts::run(args, &cli.global, terminal),
        Some(Command::Audience(args)) => audience::run(args, &cli.global, terminal),
        Some(Command::Links(args)) => links::run(args, &cli.global, terminal),
        #[cfg(feature = "live")]
        Some(Command::Doctor(args)) => doctor::run(args, &cli.global, terminal),
        #[cfg(feature = "live")]
        Some(Command::Snapshot(args)) => snapshot::run(args, &cli.global, terminal),
        Some(Command::Rules(args)) => rules::run(args, terminal),
        Some(Command::Explain(args)) => explain::run(args, terminal),
        Some(Command::Schema(args)) => schema::run(args, terminal),
        Some(Command::Completions(args)) => completions::run(args, terminal),
    }
}

/// Help, the version, or what is wrong with the arguments.
fn not_parsed(args: &[OsString], error: &clap::Error) -> Exit {
    let terminal = Terminal::new(color_of(args), false, false);
    if error.use_stderr() {
        terminal.help(&error.render());
        return Exit::Usage;
    }
    match terminal.write(&error.render().ansi().to_string()) {
        Ok(()) => Exit::Clean,
        Err(fault) => fault.exit(),
    }
}

/// What `--color` says on a command line that could not be parsed.
fn color_of(args: &[OsString]) -> When {
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let value = words.iter().enumerate().find_map(|(at, word)| match &**word {
        "--color" => words.get(at + 1).map(|value| &**value),
        word => word.strip_prefix("--color="),
    });
    match value {
        Some("always") => When::Always,
        Some("never") => When::Never,
        _ => When::Auto,
    }
}
