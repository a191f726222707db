//! cloakrun checks that Keycloak clients and Google Cloud Run services fit together.

pub mod accepts;
pub mod conventions;
pub mod keycloak;
