//! Which setting of which framework means issuer, audience, client id, callback.
