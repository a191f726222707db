//! What Cloud Run does: services, their URLs and who reaches them.

mod containers;
mod marks;
pub mod masking;
pub mod model;
pub mod secret_names;
pub mod service_yaml;
#[cfg(test)]
pub(crate) mod testing;
mod texts;
mod url_set;
pub mod urls;
pub mod v2;
