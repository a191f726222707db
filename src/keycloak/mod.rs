//! What Keycloak decides.

pub mod model;
pub mod version;
