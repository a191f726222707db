//! What Keycloak decides.

pub mod entry;
pub mod generation;
pub mod java_uri;
pub mod redirect;
pub mod version;
