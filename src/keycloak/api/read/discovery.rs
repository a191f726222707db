//! Asks for a realm's discovery document through every URL under which its server may be known.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::keycloak::api::base;
use crate::keycloak::api::paths;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::{Kind, Trouble};

/// What each URL answers: `{"realm", "asked", "issuer"}`, or `failed` with a sentence in place of the issuer. `known` are base URLs
/// besides the session's own. An issuer that names a further base is asked there as well. No token is sent.
pub(super) async fn ask(session: &Session, realm: &str, known: &[&str]) -> Vec<Value> {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut wanted = vec![session.base().to_owned()];
    wanted.extend(known.iter().filter_map(|url| Some(base::text(&base::parse(url).ok()?))));
    let mut answers = Vec::new();
    // The second round is for issuers that the first one found.
    for _ in 0..2 {
        wanted.retain(|url| asked.insert(url.clone()));
        let found = join_all(wanted.iter().map(|url| one(session, realm, url))).await;
        let issuers = found.iter().filter_map(|(_, issuer)| issuer.as_deref());
        wanted = issuers.filter_map(|issuer| base_of(issuer, realm)).collect();
        answers.extend(found.into_iter().map(|(answer, _)| answer));
    }
    answers
}

/// What each of `urls` answers that is not among those asked, which are `known`.
pub(super) async fn further(session: &Session, realm: &str, urls: &[String], known: &[Value]) -> Vec<Value> {
    let asked: BTreeSet<&str> = known
        .iter()
        .filter(|answer| answer.get("realm").and_then(Value::as_str) == Some(realm))
        .filter_map(|answer| answer.get("asked").and_then(Value::as_str))
        .collect();
    let wanted: BTreeSet<String> =
        urls.iter().filter_map(|url| Some(base::text(&base::parse(url).ok()?))).collect();
    let wanted = wanted.iter().filter(|url| !asked.contains(url.as_str()));
    join_all(wanted.map(|url| one(session, realm, url))).await.into_iter().map(|(answer, _)| answer).collect()
}

async fn one(session: &Session, realm: &str, url: &str) -> (Value, Option<String>) {
    let address = paths::discovery(url, realm);
    let read = session.public(&address).await;
    let issuer = read.and_then(|body| {
        base::issuer(&body)
            .ok_or_else(|| Trouble { status: Some(200), ..Trouble::new(Kind::Garbled, &address) })
    });
    match issuer {
        Ok(issuer) => (json!({"realm": realm, "asked": url, "issuer": issuer}), Some(issuer)),
        Err(trouble) => (json!({"realm": realm, "asked": url, "failed": trouble.to_string()}), None),
    }
}

// The base URL that an issuer has in front of its realm.
fn base_of(issuer: &str, realm: &str) -> Option<String> {
    let tail = format!("/{}", paths::realm(realm));
    let url = base::parse(issuer.strip_suffix(tail.as_str())?).ok()?;
    Some(base::text(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_names_its_base() {
        let of = |issuer: &str| base_of(issuer, "my realm");
        assert_eq!(
            of("https://sso.example.com/auth/realms/my%20realm").as_deref(),
            Some("https://sso.example.com/auth")
        );
        assert_eq!(of("https://sso.example.com/realms/other"), None);
        assert_eq!(of("/realms/my%20realm"), None);
    }
}
