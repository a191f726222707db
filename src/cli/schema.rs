//! `cloakrun schema`

use crate::cli::args::{SchemaArgs, SchemaOf};
use crate::cli::terminal::Terminal;
use crate::config;
use crate::fault::{Exit, Fault};
use crate::fix::render;
use crate::report::json;

pub(crate) fn run(args: &SchemaArgs, terminal: &Terminal) -> Result<Exit, Fault> {
    terminal.write(&match args.of {
        SchemaOf::Report => json::schema(),
        SchemaOf::Plan => render::schema(),
        SchemaOf::Config => config::load::schema(),
    })?;
    Ok(Exit::Clean)
}
