//! What Keycloak decides.

pub mod model;
