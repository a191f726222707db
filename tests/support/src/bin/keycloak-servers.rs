//! Starts Keycloak servers for a whole test run.
//!
//! `keycloak-servers [VERSION…] [-- COMMAND…]`: with a command, runs it with the servers' URLs in its environment, stops the servers and
//! ends as it ended. Without, prints the environment, one `NAME=URL` a line, and stays until its standard input ends.

use std::env;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode};
use std::thread;

use cloakrun_test_support::keycloak::{Keycloak, variable};

const VERSIONS: [&str; 3] = ["26.7.3", "24.0.5", "22.0.5"];

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let mut versions: Vec<String> = env::args().skip(1).collect();
    let command = versions.iter().position(|argument| argument == "--").map(|place| {
        let command = versions.split_off(place);
        command[1..].to_vec()
    });
    if versions.is_empty() {
        versions.extend(VERSIONS.map(str::to_owned));
    }
    let servers = thread::scope(|scope| {
        let starts: Vec<_> =
            versions.iter().map(|version| scope.spawn(|| Keycloak::start(version))).collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap_or_else(|_| Err("the start of a server panicked".to_owned())))
            .collect::<Result<Vec<Keycloak>, String>>()
    })?;
    let environment = servers.iter().map(|server| (variable(server.version()), server.base()));
    let Some(command) = command else {
        let mut output = io::stdout().lock();
        for (name, url) in environment {
            writeln!(output, "{name}={url}").map_err(|error| error.to_string())?;
        }
        output.flush().map_err(|error| error.to_string())?;
        drop(output);
        // What comes does not matter, only the end.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        return Ok(ExitCode::SUCCESS);
    };
    let (program, arguments) = command.split_first().ok_or("there is no command behind --")?;
    let status = Command::new(program)
        .args(arguments)
        .envs(environment)
        .status()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
