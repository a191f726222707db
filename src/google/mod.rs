//! What of Google Cloud lies beside Cloud Run: projects with their policies, and Secret Manager.

pub mod model;
pub(crate) mod project;
pub(crate) mod stored_secret;
