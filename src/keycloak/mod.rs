//! What Keycloak decides.

pub mod entry;
pub mod generation;
pub mod java_uri;
pub mod model;
pub mod realm_file;
pub mod redirect;
pub mod version;
