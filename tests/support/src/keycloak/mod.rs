//! Real Keycloak servers: fetched, prepared once, started once a run, a realm for each test.
//!
//! [`Keycloak::server`] gives the server of a version. Under `tests/run` all test binaries share one server a version, whose URLs stand
//! in variables such as `CLOAKRUN_TEST_KEYCLOAK_26_7_3` ([`variable`]); a test binary that is run alone starts its own.
//!
//! Everything here panics when a server does not do as it should: a test has no use for an error.

mod http;
mod install;
mod process;
mod questions;
mod realm;

use std::collections::BTreeMap;
use std::env;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

pub use self::http::Answer;
use self::process::{ADMIN, Running};
pub use self::questions::{OriginAnswer, claims};
pub use self::realm::{Realm, unused_name};

/// Tokens of the realm `master` live 60 seconds.
const TOKEN_IS_FRESH: Duration = Duration::from_secs(40);

/// A running Keycloak server with an administrator `admin` whose password is `admin`.
pub struct Keycloak {
    version: String,
    base: String,
    token: Mutex<Option<(Instant, String)>>,
    /// Its end, which comes when the test process ends, is the server's.
    _running: Option<Running>,
}

/// The variable that holds the base URL of a server that is already there: `CLOAKRUN_TEST_KEYCLOAK_` and the version.
pub fn variable(version: &str) -> String {
    format!("CLOAKRUN_TEST_KEYCLOAK_{}", version.replace('.', "_"))
}

impl Keycloak {
    /// The server of this version (`26.7.3`) that the whole test process shares, started now if there is none.
    ///
    /// # Panics
    /// When it cannot be fetched, prepared or started.
    pub fn server(version: &str) -> &'static Self {
        static SERVERS: OnceLock<Mutex<BTreeMap<String, &'static OnceLock<Keycloak>>>> = OnceLock::new();
        // Only the place is made under the lock, so that servers of two versions start side by side.
        let place = {
            let mut servers =
                SERVERS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
            *servers.entry(version.to_owned()).or_insert_with(|| Box::leak(Box::default()))
        };
        place.get_or_init(|| match env::var(variable(version)) {
            Ok(base) => Keycloak::at(version, base, None),
            Err(_) => Keycloak::start(version).unwrap_or_else(|error| panic!("{error}")),
        })
    }

    /// Starts a server of its own, which ends when it is dropped or the process ends.
    ///
    /// # Errors
    /// When it cannot be fetched, prepared or started: a sentence and the end of the server's log.
    pub fn start(version: &str) -> Result<Self, String> {
        Self::launch(version, None)
    }

    /// As [`start`](Self::start), on this port where it is free and on any other where it is not.
    ///
    /// # Errors
    /// When it cannot be fetched, prepared or started: a sentence and the end of the server's log.
    pub fn start_near(version: &str, port: u16) -> Result<Self, String> {
        Self::launch(version, Some(port))
    }

    fn launch(version: &str, port: Option<u16>) -> Result<Self, String> {
        let failed = |error| format!("Keycloak {version} is needed and not to be had: {error}");
        let running = install::prepared(version)
            .and_then(|install| Running::on_copy(&install, port))
            .map_err(failed)?;
        Ok(Self::at(version, running.base.clone(), Some(running)))
    }

    fn at(version: &str, base: String, running: Option<Running>) -> Self {
        Keycloak { version: version.to_owned(), base, token: Mutex::new(None), _running: running }
    }

    /// The base URL, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The version, as it was asked for.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A token of the administrator, which lives for at least 20 seconds more.
    pub fn admin_token(&self) -> String {
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, token)) = &*kept
            && since.elapsed() < TOKEN_IS_FRESH
        {
            return token.clone();
        }
        let since = Instant::now();
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", ADMIN),
            ("password", ADMIN),
        ];
        let answer = self.post_form("/realms/master/protocol/openid-connect/token", &form, &[]);
        let token = answer.expect_success("logging in as administrator").json()["access_token"]
            .as_str()
            .expect("a token answer holds an access token")
            .to_owned();
        *kept = Some((since, token.clone()));
        token
    }

    /// Calls the admin API as administrator. `path` begins behind `/admin/realms`.
    pub fn admin(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}/admin/realms{path}", self.base);
        let mut request = http::local().request(method.clone(), &url).bearer_auth(self.admin_token());
        if let Some(body) = body {
            request = request.json(body);
        }
        http::send(request).unwrap_or_else(|error| panic!("{method} {url}: {error}"))
    }

    /// Posts a form without logging in. `path` begins behind the base URL.
    pub fn post_form(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut request = http::local().post(&url).form(form);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        http::send(request).unwrap_or_else(|error| panic!("POST {url}: {error}"))
    }
}
