//! Real Keycloak servers: fetched, started once a run, a realm for each test.
