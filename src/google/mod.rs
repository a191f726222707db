//! What of Google Cloud lies beside Cloud Run: projects with their policies, and Secret Manager.

pub mod model;
#[cfg(feature = "live")]
pub mod names;
#[cfg(feature = "live")]
pub mod settings;
