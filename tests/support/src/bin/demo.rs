//! A small shop on local servers to try cloakrun on: a real Keycloak 26.7.3 and the stand-in for Google's APIs.
//!
//! `demo [-- COMMAND…]`: with a command, runs it with the environment that points cloakrun at the servers, stops them and ends as it
//! ended. Without, prints that environment and stays until Ctrl-C.

use std::env;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

use cloakrun_test_support::demo::{self, PROJECT, REALM};
use cloakrun_test_support::google::{Config, StandIn};
use cloakrun_test_support::keycloak::Keycloak;

const KEYCLOAK: &str = "26.7.3";
/// The ports that the README shows; others where these are taken.
const KEYCLOAK_PORT: u16 = 18080;
const GOOGLE_PORT: u16 = 18085;

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
    let mut arguments = env::args().skip(1);
    let command: Option<Vec<String>> = match arguments.next().as_deref() {
        None => None,
        Some("--") => Some(arguments.collect()),
        Some(_) => return Err("usage: demo [-- COMMAND…]".to_owned()),
    };
    // What the harness starts ends with this process however it ends, so Ctrl-C needs no care before the servers run.
    eprintln!(
        "Starting Keycloak {KEYCLOAK} (the first time it is fetched and built, which takes some minutes) …"
    );
    let keycloak = Keycloak::start_near(KEYCLOAK, KEYCLOAK_PORT)?;
    let (realm, secret) = demo::realm(&keycloak);
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let port = if free(GOOGLE_PORT) { GOOGLE_PORT } else { 0 };
    let google = runtime.block_on(StandIn::start(Config { port, record: false, ..Config::default() }));
    demo::project(&google, keycloak.base());
    let environment = demo::environment(keycloak.base(), &secret, &google.url());
    let ended = match command {
        Some(command) => run_command(&command, &environment),
        None => stay(&runtime, &environment),
    };
    drop(realm);
    ended
}

fn run_command(command: &[String], environment: &[(String, String)]) -> Result<ExitCode, String> {
    let (program, arguments) = command.split_first().ok_or("there is no command behind --")?;
    let status = Command::new(program)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .status()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn stay(runtime: &tokio::runtime::Runtime, environment: &[(String, String)]) -> Result<ExitCode, String> {
    let mut text = String::from("Paste this into another terminal:\n\n");
    for (name, value) in environment {
        text.push_str(&format!("export {name}={value}\n"));
    }
    text.push_str(&format!(
        "\nThen try:\n\n  \
         cloakrun check --realm {REALM} --project {PROJECT}\n  \
         cloakrun check --realm {REALM} --project {PROJECT} --format full\n  \
         cloakrun doctor --realm {REALM} --project {PROJECT}\n  \
         cloakrun snapshot shop-state --realm {REALM} --project {PROJECT}\n\n\
         Ctrl-C here stops the servers.\n"
    ));
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| error.to_string())?;
    runtime.block_on(tokio::signal::ctrl_c()).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn free(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
}
