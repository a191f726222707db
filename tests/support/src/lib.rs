//! What the tests of cloakrun run against: real Keycloak servers ([`keycloak`]), a stand-in for Google's APIs ([`google`]), a small
//! shop on both ([`demo`]), and a proxy that makes things go wrong ([`faults`]).

pub mod demo;
pub mod faults;
pub mod google;
pub mod keycloak;
