//! What Keycloak decides.

pub mod model;
pub mod entry;
pub mod generation;
pub mod java_uri;
pub mod redirect;
pub mod version;
pub mod realm_file;
