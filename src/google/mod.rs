//! What of Google Cloud lies beside Cloud Run: projects with their policies, and Secret Manager.

#[cfg(feature = "live")]
pub(crate) mod calls;
#[cfg(feature = "live")]
pub mod credentials;
#[cfg(feature = "live")]
pub mod failure;
pub mod model;
#[cfg(feature = "live")]
pub mod names;
#[cfg(feature = "live")]
pub mod progress;
#[cfg(feature = "live")]
pub mod rates;
#[cfg(feature = "live")]
pub mod settings;
