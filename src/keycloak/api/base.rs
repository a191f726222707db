//! Finds out where a Keycloak's base is: whether the URL that was given is one, and which one is meant if not.

use serde_json::Value;
use url::Url;

use super::http::Http;
use super::paths;
use super::trouble::{Kind, Trouble};
use crate::fault::Fault;

/// What stands at the base URL that was given.
pub(super) struct Base {
    /// The URL, without a slash at its end.
    pub(super) url: String,
    /// The issuer of the login realm, as discovery through this URL names it.
    pub(super) issuer: String,
}

/// Looks whether `given` is the base of a Keycloak that has `realm`.
///
/// # Errors
/// When it is no URL, when nothing answers, when what answers is no Keycloak (with the URL that is meant, where one is found), or
/// when the server has no such realm.
pub(super) async fn find(http: &Http, given: &str, realm: &str) -> Result<Base, Fault> {
    let url = parse(given)?;
    let asked = text(&url);
    let first = match ask(http, &asked, realm).await {
        Found::Realm(issuer) => return Ok(Base { url: asked, issuer }),
        Found::NoRealm => return Err(no_realm(&asked, realm)),
        Found::Nothing(trouble) => trouble,
    };
    if first.is_silence() || matches!(first.kind, Kind::Busy | Kind::ServerError | Kind::Forbidden) {
        return Err(refused(first));
    }
    for meant in candidates(&url) {
        let answers = !matches!(ask(http, &meant, realm).await, Found::Nothing(_));
        if answers {
            return Err(Fault::usage(format!(
                "there is no Keycloak at {asked}, but there is one at {meant}"
            ))
            .hint(format!("Give {meant} as the URL (--keycloak-url).")));
        }
    }
    let fault = match &first.kind {
        Kind::Redirected { to } => Fault::usage(format!("{asked} sends all calls on to {to}"))
            .hint("Give the URL that it sends them to, up to where `/realms` begins."),
        Kind::Garbled => Fault::usage(format!("what answers at {asked} is no Keycloak")),
        _ => Fault::usage(format!("there is no Keycloak at {asked}: {}", trimmed(&first))),
    };
    Err(fault.hint(
        "The URL is that of the server itself, such as https://sso.example.com, or https://sso.example.com/auth where it has a path.",
    ))
}

fn trimmed(trouble: &Trouble) -> String {
    trouble.to_string().trim_end_matches('.').to_owned()
}

fn refused(trouble: Trouble) -> Fault {
    let forbidden = trouble.is_forbidden();
    let fault = trouble.into_fault();
    match forbidden {
        // Keycloak answers so where a realm asks for https; what stands in front of it, to callers it does not know.
        true => fault.hint(
            "Either the realm accepts https only, or something in front of the server does: Cloud Run's invoker check, IAP, an ingress setting.",
        ),
        false => fault,
    }
}

fn no_realm(base: &str, realm: &str) -> Fault {
    Fault::usage(format!("the Keycloak at {base} has no realm `{realm}` to log in to"))
        .hint("--keycloak-login-realm names the realm that the account is of; nothing named means `master`.")
}

enum Found {
    Realm(String),
    NoRealm,
    Nothing(Trouble),
}

async fn ask(http: &Http, base: &str, realm: &str) -> Found {
    let address = paths::discovery(base, realm);
    let answer = match http.get(&address, None).await {
        Ok(answer) => answer,
        Err(trouble) => return Found::Nothing(trouble),
    };
    match (answer.status, issuer(&answer.body)) {
        (200, Some(issuer)) => Found::Realm(issuer),
        (404, _)
            if super::trouble::code(&answer.body)
                .is_some_and(|code| code.contains("Realm does not exist")) =>
        {
            Found::NoRealm
        }
        (status, _) => Found::Nothing(Trouble::of_answer(&address, status, &answer.body)),
    }
}

/// `issuer` of a discovery document.
pub(super) fn issuer(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    document.get("issuer")?.as_str().map(str::to_owned)
}

/// Reads a base URL: http or https, without user, query and fragment.
///
/// # Errors
/// When it is none. No error shows a password that stands in it.
pub(super) fn parse(given: &str) -> Result<Url, Fault> {
    let wrong = |why: &str| {
        Fault::usage(format!("the URL of the Keycloak server {why}"))
            .hint("It looks like https://sso.example.com, on older servers https://sso.example.com/auth.")
    };
    let mut url = Url::parse(given.trim()).map_err(|error| match given.contains("://") {
        true => wrong(&format!("is no URL: {error}")),
        false => wrong("does not begin with https:// (or http://)"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("is neither https nor http"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user or a password; give those by themselves"));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// The URL without slashes at its end.
pub(super) fn text(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// Where else the base may be: before what was pasted along with it, with `/auth` and without.
fn candidates(url: &Url) -> Vec<String> {
    let path = url.path().trim_end_matches('/');
    let begins = ["/realms/", "/admin", "/resources/", "/.well-known", "/js/"]
        .into_iter()
        .filter_map(|piece| path.find(piece))
        .chain(path.ends_with("/realms").then(|| path.len() - "/realms".len()))
        .min();
    let front = begins.map_or(path, |at| &path[..at]);
    let mut paths = vec![front.to_owned()];
    match front.strip_suffix("/auth") {
        Some(without) => paths.push(without.to_owned()),
        None => paths.push(format!("{front}/auth")),
    }
    if !front.is_empty() {
        paths.extend([String::new(), "/auth".to_owned()]);
    }
    let mut found: Vec<String> = Vec::new();
    for path in paths {
        let mut candidate = url.clone();
        candidate.set_path(&path);
        let candidate = text(&candidate);
        if candidate != text(url) && !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_was_pasted_along_leads_to_the_base() {
        let of = |url: &str| candidates(&parse(url).unwrap());
        assert_eq!(of("https://sso.example.com/"), ["https://sso.example.com/auth"]);
        assert_eq!(of("https://sso.example.com/auth"), ["https://sso.example.com"]);
        assert_eq!(
            of("https://sso.example.com/admin/master/console/#/shop"),
            ["https://sso.example.com", "https://sso.example.com/auth"]
        );
        assert_eq!(
            of("https://sso.example.com/auth/realms/shop"),
            ["https://sso.example.com/auth", "https://sso.example.com"]
        );
        assert_eq!(
            of("https://example.com/sso/realms"),
            [
                "https://example.com/sso",
                "https://example.com/sso/auth",
                "https://example.com",
                "https://example.com/auth"
            ]
        );
    }

    #[test]
    fn what_is_no_base_url_is_refused_without_its_password() {
        for url in
            ["sso.example.com", "ftp://sso.example.com", "https://", "https://me:hunter2@sso.example.com"]
        {
            let fault = parse(url).unwrap_err();
            assert!(!fault.to_string().contains("hunter2"), "{fault}");
            assert_eq!(fault.exit(), crate::fault::Exit::Usage);
        }
        assert_eq!(
            text(&parse(" https://sso.example.com/auth//?a=b#c ").unwrap()),
            "https://sso.example.com/auth"
        );
    }
}
