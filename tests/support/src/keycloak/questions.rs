//! What tests ask a realm as a browser or an application would.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;

use super::realm::Realm;
use super::{Answer, http};

/// What the token endpoint says to a request with an `Origin` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginAnswer {
    /// Whether the answer lets the browser read it.
    pub allowed: bool,
    /// Whether the request was refused with 403 for its origin.
    pub refused: bool,
}

impl Realm<'_> {
    fn protocol(&self, endpoint: &str) -> String {
        format!("/realms/{}/protocol/openid-connect/{endpoint}", self.name())
    }

    /// Whether the authorization endpoint accepts a redirect URI: `None` when it breaks with status 500.
    ///
    /// # Panics
    /// When it says anything else, with the answer.
    #[track_caller]
    pub fn accepts_redirect(&self, client_id: &str, redirect_uri: Option<&str>) -> Option<bool> {
        let mut form = vec![("client_id", client_id), ("response_type", "code"), ("scope", "openid")];
        form.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
        let answer = self.server.post_form(&self.protocol("auth"), &form, &[]);
        match answer.status {
            200 if answer.body.contains("kc-form-login") => Some(true),
            400 if answer.body.contains("Invalid parameter: redirect_uri") => Some(false),
            500 => None,
            status => panic!("{redirect_uri:?} of {client_id}: {status} {}", answer.body),
        }
    }

    /// Whether the logout endpoint sends a browser to a URI: `None` when it breaks with status 500.
    ///
    /// # Panics
    /// When it says anything else, with the answer.
    #[track_caller]
    pub fn accepts_logout(&self, client_id: &str, uri: &str) -> Option<bool> {
        let form = [("client_id", client_id), ("post_logout_redirect_uri", uri)];
        let answer = self.server.post_form(&self.protocol("logout"), &form, &[]);
        match answer.status {
            302 => Some(true),
            400 if answer.body.contains("Invalid redirect uri") => Some(false),
            500 => None,
            status => panic!("{uri:?} of {client_id}: {status} {}", answer.body),
        }
    }

    /// What the token endpoint makes of the origin of a browser page.
    pub fn judges_origin(&self, client_id: &str, origin: &str) -> OriginAnswer {
        // The origin is looked at before the password, which is wrong.
        let form =
            [("grant_type", "password"), ("client_id", client_id), ("username", "nobody"), ("password", "-")];
        let answer = self.server.post_form(&self.protocol("token"), &form, &[("origin", origin)]);
        OriginAnswer {
            allowed: answer.header("access-control-allow-origin").is_some(),
            refused: answer.status == 403 && answer.body.contains("Invalid origin"),
        }
    }

    /// Asks the token endpoint.
    pub fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.server.post_form(&self.protocol("token"), form, &[])
    }

    /// An access token of a service account.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn service_account_token(&self, client_id: &str, secret: &str) -> String {
        let form =
            [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
        let answer = self.token(&form).expect_success("logging in as service account").json();
        answer["access_token"].as_str().expect("a token answer holds an access token").to_owned()
    }

    /// Calls the admin API with a token. `path` begins behind the realm.
    pub fn get_with(&self, token: &str, path: &str) -> Answer {
        let url = format!("{}/admin/realms/{}{path}", self.server.base(), self.name());
        http::send(http::local().get(&url).bearer_auth(token))
            .unwrap_or_else(|error| panic!("GET {url}: {error}"))
    }

    /// The example token that the server computes for a client (by its id), a user (by its id) and the parameter `scope`:
    /// `kind` is `access` or `id`.
    pub fn example_token(&self, kind: &str, client: &str, user: &str, scope: Option<&str>) -> Answer {
        let scope = utf8_percent_encode(scope.unwrap_or_default(), NON_ALPHANUMERIC);
        let path = format!(
            "/clients/{client}/evaluate-scopes/generate-example-{kind}-token?userId={user}&scope={scope}"
        );
        self.admin(Method::GET, &path, None)
    }
}

/// The claims of a token, whose signature is not looked at.
///
/// # Panics
/// When it is none.
#[track_caller]
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("the payload is base64url");
    serde_json::from_slice(&payload).expect("the payload is JSON")
}
