//! A login that lasts: the token is renewed before it expires and after one refusal, once for all calls that wait for it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use super::assertion::Signer;
use super::base::{self, Base};
use super::clock::Window;
use super::http::Http;
use super::paths;
use super::settings::{AssertionFrom, Grant, Login};
use super::trouble::{Kind, Trouble, code};
use crate::fault::Fault;

/// A token is renewed this long before it expires, or when a third of its life is left: those of `master` live a minute.
const BEFORE_EXPIRY: Duration = Duration::from_secs(15);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A logged-in client of one Keycloak's admin API.
pub struct Session {
    http: Http,
    base: Base,
    realm: String,
    grant: Grant,
    signer: Option<Signer>,
    state: Mutex<State>,
}

/// What the current token is, and what was learned along with all of them.
struct State {
    token: Option<Token>,
    generation: u64,
    window: Option<Window>,
    claims: Value,
}

#[derive(Clone)]
struct Token {
    text: SecretString,
    generation: u64,
    renew_at: Option<Instant>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
}

impl Session {
    /// Finds the server and logs in.
    ///
    /// # Errors
    /// When nothing answers there, when what answers is no Keycloak, and when it refuses the login.
    pub async fn open(login: &Login, concurrency: usize) -> Result<Session, Fault> {
        let signer = match &login.grant {
            Grant::SignedJwt { key, algorithm, key_id, .. } => {
                Some(Signer::new(key, *algorithm, key_id.clone())?)
            }
            _ => None,
        };
        let http = Http::new(login.timeout, concurrency, login.certificates.as_deref(), login.allow_http)?;
        let base = base::find(&http, &login.url, &login.realm).await?;
        let state = State { token: None, generation: 0, window: None, claims: Value::Null };
        let session = Session {
            http,
            base,
            realm: login.realm.clone(),
            grant: login.grant.clone(),
            signer,
            state: Mutex::new(state),
        };
        session.token(None).await.map_err(Trouble::into_fault)?;
        Ok(session)
    }

    /// The server's base URL, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base.url
    }

    /// The realm that was logged in to.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The issuer of the login realm as discovery through the base URL names it.
    pub fn issuer(&self) -> &str {
        &self.base.issuer
    }

    /// How far the server's clock is off by the tokens fetched so far; none with a ready token.
    pub async fn window(&self) -> Option<Window> {
        self.state.lock().await.window
    }

    /// The claims of the token. They tell who one is; rights do not come from them.
    pub async fn claims(&self) -> Value {
        self.state.lock().await.claims.clone()
    }

    /// Reads what the admin API answers at `path`, such as `realms/shop/clients?first=0&max=100`.
    ///
    /// # Errors
    /// When there is no answer that can be used. A token that is refused is renewed once.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let address = format!("{}/admin/{path}", self.base.url);
        let mut refused = None;
        loop {
            let token = self.token(refused).await?;
            let answer = self.http.get(&address, Some(&token.text)).await;
            let answer = answer.map_err(|trouble| self.silenced(trouble, &token))?;
            match answer.status {
                200 => {
                    return serde_json::from_slice(&answer.body).map_err(|error| {
                        let why = if error.is_data() { "another shape" } else { "broken JSON" };
                        // Where the text of an error quotes the answer it could quote a secret.
                        Trouble { status: Some(200), ..Trouble::new(Kind::Garbled, &address) }.saying(why)
                    });
                }
                401 if refused.is_none() && !matches!(self.grant, Grant::Token(_)) => {
                    refused = Some(token.generation);
                }
                status => {
                    let trouble = Trouble::of_answer(&address, status, &answer.body);
                    return Err(self.silenced(self.explained(trouble), &token));
                }
            }
        }
    }

    /// Reads a public document, such as a discovery document, without the token.
    ///
    /// # Errors
    /// When there is no answer that can be used.
    pub(super) async fn public(&self, address: &str) -> Result<Vec<u8>, Trouble> {
        let answer = self.http.get(address, None).await?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(Trouble::of_answer(address, status, &answer.body)),
        }
    }

    fn explained(&self, trouble: Trouble) -> Trouble {
        if trouble.kind != Kind::NotAccepted {
            return trouble;
        }
        match self.grant {
            Grant::Token(_) => trouble.hint("The token that was given has expired, or is not of this server; nothing here can renew it."),
            _ => trouble.hint("The server may issue its tokens under another name than the URL that was given: without a fixed hostname, tokens are good for the host only through which they were fetched."),
        }
    }

    // What a server or a proxy repeats of a call may hold what was sent.
    fn silenced(&self, mut trouble: Trouble, token: &Token) -> Trouble {
        if let Some(told) = &mut trouble.told {
            *told = self.without_secrets(told).replace(token.text.expose_secret(), "…");
        }
        trouble
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        let mut hide = |secret: &SecretString| {
            if !secret.expose_secret().is_empty() {
                clean = clean.replace(secret.expose_secret(), "…");
            }
        };
        match &self.grant {
            Grant::ClientCredentials { secret, .. } => hide(secret),
            Grant::Password { secret, password, .. } => {
                secret.iter().for_each(&mut hide);
                hide(password);
            }
            Grant::Assertion(AssertionFrom::Text(text)) | Grant::Token(text) => hide(text),
            Grant::SignedJwt { .. } | Grant::Assertion(AssertionFrom::File(_)) => {}
        }
        clean
    }

    // Whoever comes first logs in; the others wait for it at the lock and find the new token.
    async fn token(&self, refused: Option<u64>) -> Result<Token, Trouble> {
        let mut state = self.state.lock().await;
        let is_good = |token: &&Token| {
            refused != Some(token.generation) && token.renew_at.is_none_or(|moment| Instant::now() < moment)
        };
        if let Some(token) = state.token.as_ref().filter(is_good) {
            return Ok(token.clone());
        }
        let generation = state.generation + 1;
        let fresh = self.log_in(generation).await?;
        state.generation = generation;
        if let Some(window) = fresh.window {
            state.window = Some(state.window.map_or(window, |known| known.narrowed(window)));
        }
        state.claims = fresh.claims;
        state.token = Some(fresh.token.clone());
        Ok(fresh.token)
    }

    async fn log_in(&self, generation: u64) -> Result<Fresh, Trouble> {
        let address = paths::token(&self.base.url, &self.realm);
        if let Grant::Token(text) = &self.grant {
            let token = Token { text: text.clone(), generation, renew_at: None };
            return Ok(Fresh { claims: claims(text), token, window: None });
        }
        let failed = |error: String| Trouble::new(Kind::LoginRefused, &address).saying(error);
        let assertion = match &self.grant {
            Grant::SignedJwt { client, .. } => match &self.signer {
                Some(signer) => Some(
                    signer
                        .sign(client, &self.base.issuer, SystemTime::now())
                        .map_err(|fault| failed(fault.to_string()))?,
                ),
                None => None,
            },
            Grant::Assertion(AssertionFrom::Text(text)) => Some(text.clone()),
            Grant::Assertion(AssertionFrom::File(path)) => {
                let text = tokio::fs::read_to_string(path).await;
                let text =
                    text.map_err(|error| failed(format!("cannot read {}: {error}", path.display())))?;
                Some(text.trim().to_owned().into())
            }
            _ => None,
        };
        let before = SystemTime::now();
        let sent = Instant::now();
        let answer = self.http.post(&address, &self.form(assertion.as_ref())).await;
        let took = sent.elapsed();
        let answer = answer.map_err(|mut trouble| {
            trouble.told = trouble.told.map(|told| self.without_secrets(&told));
            trouble
        })?;
        if answer.status != 200 {
            return Err(self.login_refused(&address, answer.status, &answer.body));
        }
        let Ok(read) = serde_json::from_slice::<TokenAnswer>(&answer.body) else {
            return Err(Trouble { status: Some(200), ..Trouble::new(Kind::Garbled, &address) });
        };
        let text = SecretString::from(read.access_token);
        let claims = claims(&text);
        let window = claims.get("iat").and_then(Value::as_i64).map(|issued| {
            let began = before.duration_since(UNIX_EPOCH).unwrap_or_default();
            Window::of_token(issued, began, began + took)
        });
        let renew_at = read.expires_in.map(|seconds| {
            let life = Duration::from_secs(seconds);
            sent + life.saturating_sub(BEFORE_EXPIRY.min(life / 3))
        });
        Ok(Fresh { token: Token { text, generation, renew_at }, claims, window })
    }

    fn form<'a>(&'a self, assertion: Option<&'a SecretString>) -> Vec<(&'a str, &'a str)> {
        match (&self.grant, assertion) {
            (Grant::Password { client, secret, user, password }, _) => {
                let mut form = vec![
                    ("grant_type", "password"),
                    ("client_id", client.as_str()),
                    ("username", user.as_str()),
                    ("password", password.expose_secret()),
                ];
                form.extend(secret.iter().map(|secret| ("client_secret", secret.expose_secret())));
                form
            }
            (Grant::ClientCredentials { client, secret }, _) => vec![
                ("grant_type", "client_credentials"),
                ("client_id", client.as_str()),
                ("client_secret", secret.expose_secret()),
            ],
            // No client_id: servers differ on whether it is the client's or the subject of the assertion.
            (_, Some(assertion)) => vec![
                ("grant_type", "client_credentials"),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", assertion.expose_secret()),
            ],
            (_, None) => Vec::new(),
        }
    }

    // Keycloak answers "Invalid client or Invalid client credentials" to nearly everything; the code tells more.
    fn login_refused(&self, address: &str, status: u16, body: &[u8]) -> Trouble {
        let mut trouble = Trouble::of_answer(address, status, body);
        trouble.told = trouble.told.map(|told| self.without_secrets(&told));
        if status >= 500 || status == 429 || status == 404 {
            return trouble;
        }
        trouble.kind = Kind::LoginRefused;
        let elsewhere = "If the account is of another realm, name that with --keycloak-login-realm.";
        let realm = &self.realm;
        let client = match &self.grant {
            Grant::ClientCredentials { client, .. }
            | Grant::SignedJwt { client, .. }
            | Grant::Password { client, .. } => format!("client `{client}`"),
            Grant::Assertion(_) | Grant::Token(_) => "client of the assertion".to_owned(),
        };
        let told = trouble.told.clone().unwrap_or_default();
        match code(body).as_deref() {
            Some("invalid_client") => trouble
                .hint(format!("The {client} does not exist in realm `{realm}`, or is disabled, or logs in another way."))
                .hint(elsewhere),
            Some("unauthorized_client") if told.contains("service account") => {
                trouble.hint(format!("Switch the service account of the {client} on."))
            }
            Some("unauthorized_client") => trouble.hint(format!(
                "The credentials of the {client} are wrong or have expired, or the client may not log in this way."
            )),
            Some("invalid_grant") => trouble
                .hint(format!("User name or password are wrong in realm `{realm}`, or the user must do something first."))
                .hint(elsewhere),
            Some("access_denied") => trouble.hint(format!("Realm `{realm}` may be disabled.")),
            _ => trouble,
        }
    }
}

struct Fresh {
    token: Token,
    claims: Value,
    window: Option<Window>,
}

// The payload of a JWT, unverified: it only tells who one is. Null for what is none.
fn claims(token: &SecretString) -> Value {
    let payload = token.expose_secret().split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).unwrap_or_default();
    serde_json::from_slice(&payload).unwrap_or(Value::Null)
}
