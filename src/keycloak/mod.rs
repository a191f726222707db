//! What Keycloak decides.

#[cfg(feature = "live")]
pub mod api;
pub mod audience;
pub mod base_uri;
pub(crate) mod built_in;
pub mod entry;
pub mod generation;
pub mod import;
pub mod issuer;
pub mod java_uri;
pub(crate) mod mapper;
pub mod model;
pub mod option_names;
pub mod post_logout;
pub mod realm_file;
pub mod redirect;
pub mod roles;
pub mod server;
pub(crate) mod server_answer;
pub mod server_issuer;
pub mod server_options;
pub mod verdicts;
pub mod version;
pub mod web_origin;
