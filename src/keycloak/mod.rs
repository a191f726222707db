//! What Keycloak decides.

pub mod model;
pub mod realm_file;
pub mod version;
