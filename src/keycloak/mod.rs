//! What Keycloak decides.
