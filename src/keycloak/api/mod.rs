//! Reads a live Keycloak through its admin API, with rights to read only.
//!
//! [`settings`] finds out how to log in; [`Session`] is a login that lasts; [`read`] makes
//! [`answers::Object`](crate::answers::Object)s of whole realms. What the account may not see is noted on the object that lacks it.

mod assertion;
mod base;
mod clock;
mod http;
mod paths;
mod read;
mod session;
pub mod settings;
mod trouble;

pub use self::clock::Window;
pub use self::http::CONCURRENCY;
pub use self::read::{Identity, KeycloakAnswers, Progress, Silent, Step, What, read};
pub use self::session::Session;
pub use self::settings::{Flags, Grant, Login, Source, Surroundings};
pub use self::trouble::{Kind, Trouble};
