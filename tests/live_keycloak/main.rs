//! Reading a live Keycloak: against a server that does what real ones do only on bad days, and against real ones.
#![allow(clippy::unwrap_used, reason = "tests")]

mod fake;
mod faults;
mod logins;
mod parity;
mod support;
