//! The `cloakrun` program: parse, run, exit.

use std::process::ExitCode;

use cloakrun::cli;

fn main() -> ExitCode {
    cli::main(std::env::args_os()).into()
}
