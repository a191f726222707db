//! What Cloud Run does: services, their URLs and who reaches them.

pub mod masking;
pub mod model;
pub mod secret_names;
mod texts;
pub mod urls;
