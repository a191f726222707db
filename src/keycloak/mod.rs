//! What Keycloak decides.

pub mod audience;
pub(crate) mod built_in;
pub mod entry;
pub mod generation;
pub mod import;
pub mod java_uri;
pub(crate) mod mapper;
pub mod model;
pub mod realm_file;
pub mod redirect;
pub mod roles;
pub mod version;
