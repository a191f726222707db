//! The tokens that pass, and another time in them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The tokens that passed.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// All, also those that were handed out with another time.
    pub(super) seen: BTreeSet<String>,
    /// By how many seconds the times are moved.
    pub(super) shift: i64,
    /// Tokens with another time, which the server would not take, and those that it gave.
    changed: BTreeMap<String, String>,
}

impl Tokens {
    /// The body of an answer, with another time in its tokens where that is asked for.
    pub(super) fn handed_out(&mut self, body: Vec<u8>) -> Vec<u8> {
        let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else { return body };
        for key in ["access_token", "refresh_token", "id_token"] {
            let Some(token) = answer.get(key).and_then(Value::as_str).map(str::to_owned) else { continue };
            self.seen.insert(token.clone());
            if let Some(moved) = moved(&token, self.shift).filter(|_| self.shift != 0) {
                self.seen.insert(moved.clone());
                self.changed.insert(moved.clone(), token);
                answer[key] = json!(moved);
            }
        }
        if self.shift == 0 { body } else { answer.to_string().into_bytes() }
    }

    /// A header's value with the tokens that the server gave.
    pub(super) fn given_back(&mut self, value: &str) -> String {
        let Some(token) = value.strip_prefix("Bearer ") else { return value.to_owned() };
        self.seen.insert(token.to_owned());
        format!("Bearer {}", self.changed.get(token).map_or(token, String::as_str))
    }
}

/// A token with its times moved; its signature is then wrong.
fn moved(token: &str, seconds: i64) -> Option<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, payload, signature] = parts.as_slice() else { return None };
    let mut claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    for claim in ["iat", "exp", "auth_time"] {
        if let Some(time) = claims.get(claim).and_then(Value::as_i64) {
            claims[claim] = json!(time + seconds);
        }
    }
    Some(format!("{head}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())))
}
