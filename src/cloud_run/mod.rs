//! What Cloud Run does: services, their URLs and who reaches them.

pub mod model;
pub mod secret_names;
pub mod urls;
