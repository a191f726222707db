//! What Keycloak decides.

pub mod entry;
pub mod generation;
pub mod java_uri;
pub mod post_logout;
pub mod redirect;
pub mod verdicts;
pub mod version;
pub mod web_origin;
