//! What of Google Cloud lies beside Cloud Run: projects with their policies, and Secret Manager; and reading all of it live.

#[cfg(feature = "live")]
pub(crate) mod calls;
#[cfg(feature = "live")]
pub mod credentials;
#[cfg(feature = "live")]
pub mod failure;
#[cfg(feature = "live")]
mod lacks;
pub mod model;
#[cfg(feature = "live")]
pub mod names;
#[cfg(feature = "live")]
pub mod progress;
pub(crate) mod project;
#[cfg(feature = "live")]
mod projects;
#[cfg(feature = "live")]
pub mod rates;
#[cfg(feature = "live")]
mod reading;
#[cfg(feature = "live")]
mod secret_manager;
#[cfg(feature = "live")]
pub mod settings;
pub(crate) mod stored_secret;

#[cfg(feature = "live")]
pub use self::reading::{GoogleAnswers, What, read};
