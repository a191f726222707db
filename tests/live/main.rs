//! The program itself against real Keycloak servers and the stand-in for Google: exit codes, both streams, files, and that nothing
//! that is written anywhere holds a secret or a token.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests, which say what they skip")]

mod check;
mod doctor;
mod faults;
mod interrupt;
mod scene;
mod secure;
mod snapshot;
mod world;
