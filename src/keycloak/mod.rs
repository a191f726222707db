//! What Keycloak decides.

pub mod audience;
pub(crate) mod built_in;
pub mod import;
pub(crate) mod mapper;
pub mod model;
pub mod roles;
pub mod version;
