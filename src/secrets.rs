//! Secrets become tags the moment they are read.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::known::Tag;

/// Makes tags with a key that is drawn anew for every run, so that nothing can be learnt from a tag outside of it.
pub struct Tagger {
    keyed: Hmac<Sha256>,
}

impl Tagger {
    /// A tagger with a fresh key of the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system has none.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0_u8; 64];
        getrandom::fill(&mut key)?;
        Ok(Tagger { keyed: Hmac::new(&key.into()) })
    }

    /// What stands for a secret: equal for equal secrets of this run.
    pub fn tag(&self, secret: &str) -> Tag {
        let mut keyed = self.keyed.clone();
        keyed.update(secret.as_bytes());
        let bytes = keyed.finalize().into_bytes();
        Tag::new(bytes.iter().take(16).fold(0, |tag, &byte| (tag << 8) | u128::from(byte)))
    }
}
