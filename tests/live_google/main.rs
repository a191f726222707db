//! Reads from a stand-in for Google's APIs: what is whole, what is missing and why, and what no message may hold.

#![allow(clippy::unwrap_used, reason = "tests")]

mod credentials;
mod failures;
mod secrets;
mod support;
mod whole;
