//! cloakrun checks that Keycloak clients and Google Cloud Run services fit together.

pub mod audit;
pub mod cloud_run;
pub mod config;
pub mod conventions;
pub mod document;
pub mod finding;
pub mod keycloak;
pub mod known;
pub mod link;
pub mod locus;
pub mod placeholder;
pub mod rules;
pub mod scene;
pub mod secrets;
pub mod snapshot;
pub mod sorted;

#[cfg(test)]
pub(crate) mod testing;
