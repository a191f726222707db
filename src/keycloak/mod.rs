//! What Keycloak decides.

pub mod audience;
pub(crate) mod built_in;
pub mod import;
pub(crate) mod mapper;
pub mod model;
pub mod entry;
pub mod generation;
pub mod java_uri;
pub mod redirect;
pub mod version;
pub mod realm_file;
pub mod roles;
