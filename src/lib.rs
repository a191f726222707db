//! cloakrun checks that Keycloak clients and Google Cloud Run services fit together.

pub mod accepts;
pub mod audit;
pub mod cli;
pub mod cloud_run;
pub mod config;
pub mod conventions;
pub mod document;
pub mod fault;
pub mod files;
pub mod finding;
pub mod keycloak;
pub mod known;
pub mod link;
pub mod locus;
pub mod placeholder;
pub mod reading;
pub mod report;
pub mod rules;
pub mod scene;
pub mod secrets;
pub mod snapshot;
pub mod sorted;
pub mod suggest;
pub mod terraform;
#[cfg(test)]
pub(crate) mod testing;
mod words;
