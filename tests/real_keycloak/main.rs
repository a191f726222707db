//! Real Keycloak servers as judges: what we say of a server must be what it does.
//!
//! The cases are generated from fixed seeds, so that every run asks the same. `CLOAKRUN_TEST_SEED` asks others, `CLOAKRUN_TEST_FACTOR`
//! asks so many times as much. A difference is printed with all that is needed to ask again.
#![allow(clippy::unwrap_used, reason = "tests")]

mod audiences;
mod live;
mod random;
mod realms;
mod redirects;
mod uris;

use std::env;

/// The seed of this run.
fn seed() -> u64 {
    env::var("CLOAKRUN_TEST_SEED").map_or(20_261_124, |seed| seed.parse().unwrap())
}

/// How many times the usual number of cases is asked.
fn factor() -> usize {
    env::var("CLOAKRUN_TEST_FACTOR").map_or(1, |factor| factor.parse().unwrap())
}
