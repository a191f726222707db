//! The `cloakrun` program.

fn main() {}
