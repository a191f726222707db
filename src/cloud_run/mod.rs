//! What Cloud Run does: services, their URLs and who reaches them.

#[cfg(feature = "live")]
pub(crate) mod api;
pub(crate) mod containers;
pub mod deploy_flags;
pub(crate) mod invokers;
mod marks;
pub mod masking;
pub mod model;
pub mod secret_names;
pub mod service_yaml;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod texts;
pub(crate) mod url_set;
pub mod urls;
pub mod v2;
