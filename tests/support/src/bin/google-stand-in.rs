//! Serves the stand-in for Google's APIs with a small project, until it is ended: for the README's demo and for trying things by hand.
//!
//! `cargo run -p cloakrun-test-support --bin google-stand-in -- [--port PORT] [--polls N]`: the address is the first line of its output;
//! N is how often an operation is still under way when it is looked at.

use std::process::ExitCode;

use cloakrun_test_support::google::{Config, StandIn, demo};

#[tokio::main]
async fn main() -> ExitCode {
    let mut config = Config::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next();
        let taken = match (argument.as_str(), value.as_deref()) {
            ("--port", Some(port)) => port.parse().map(|port| config.port = port).is_ok(),
            ("--polls", Some(polls)) => polls.parse().map(|polls| config.polls_until_done = polls).is_ok(),
            _ => false,
        };
        if !taken {
            eprintln!("usage: google-stand-in [--port PORT] [--polls N]");
            return ExitCode::from(2);
        }
    }
    let google = StandIn::start(config).await;
    demo(&google);
    println!("{}", google.url());
    tokio::signal::ctrl_c().await.ok();
    ExitCode::SUCCESS
}
