//! A Keycloak server as it answered: its version as far as it told it, its issuers through each URL, its clock.

use crate::keycloak::version::Version;
use crate::locus::Locus;

/// A Keycloak server that was asked.
#[derive(Debug, Clone)]
pub struct KeycloakServer {
    /// The server's document.
    pub at: Locus,
    /// Its base URL, without a slash at its end.
    pub url: String,
    /// What is known of its version.
    pub version: ServerVersion,
    /// What discovery answered through each URL that is known of it.
    pub discovery: Vec<Discovery>,
    /// How far its clock is off; none where it could not be read.
    pub clock: Option<ClockReading>,
}

/// What a server told of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerVersion {
    /// It told it.
    Told(Version),
    /// It hides it from this account; what it answered elsewhere leaves these, both ends included.
    Between {
        /// The oldest that it can be, where anything tells.
        from: Option<Version>,
        /// The newest that it can be, where anything tells.
        to: Option<Version>,
        /// Why it is not known exactly, and what would tell it; a sentence.
        why: String,
    },
}

/// What a realm's discovery document answered through one URL of its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The mapping in the server's document.
    pub at: Locus,
    /// The realm's name.
    pub realm: String,
    /// The base URL that was asked, without a slash at its end.
    pub asked: String,
    /// The `issuer` in it, or why there was no answer; a sentence.
    pub answer: Result<String, String>,
}

/// How far a server's clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The server's time minus this machine's, in milliseconds.
    pub offset_millis: i64,
    /// How far the offset may be wrong either way, in milliseconds.
    pub uncertainty_millis: i64,
}
