//! How to log in, from flags and environment: where, as whom, and by which name each part was given.
//!
//! Names that people already have are read after ours: those of the Terraform provider, keycloak-config-cli, kcadm and kcwarden.
//! `KEYCLOAK_ADMIN…` and `KC_BOOTSTRAP_ADMIN_…` belong to servers and are not read. Values never leave this module but in secrets.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use secrecy::SecretString;

use crate::fault::{Fault, Whose};

/// The client of every realm that logs people in from a command line.
pub const ADMIN_CLI: &str = "admin-cli";
/// How long a request may take when nothing says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

const URL: [&str; 3] = ["CLOAKRUN_KEYCLOAK_URL", "KEYCLOAK_URL", "KEYCLOAK_ADMIN_URL"];
const BASE_PATH: &str = "KEYCLOAK_BASE_PATH";
const LOGIN_REALM: [&str; 3] = ["CLOAKRUN_KEYCLOAK_LOGIN_REALM", TERRAFORM_REALM, "KEYCLOAK_LOGINREALM"];
const TERRAFORM_REALM: &str = "KEYCLOAK_REALM";
const CLIENT_ID: [&str; 3] = ["CLOAKRUN_KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENTID"];
const CLIENT_SECRET: [&str; 5] = [
    "CLOAKRUN_KEYCLOAK_CLIENT_SECRET",
    "KEYCLOAK_CLIENT_SECRET",
    "KEYCLOAK_CLIENTSECRET",
    "KC_CLI_CLIENT_SECRET",
    "KCWARDEN_CLIENT_SECRET",
];
const USER: [&str; 2] = ["CLOAKRUN_KEYCLOAK_USER", "KEYCLOAK_USER"];
const PASSWORD: [&str; 4] =
    ["CLOAKRUN_KEYCLOAK_PASSWORD", "KEYCLOAK_PASSWORD", "KC_CLI_PASSWORD", "KCWARDEN_KEYCLOAK_PASSWORD"];
const TOKEN: [&str; 2] = ["CLOAKRUN_KEYCLOAK_ACCESS_TOKEN", "KEYCLOAK_ACCESS_TOKEN"];
const SIGNING_KEY: [&str; 2] = ["CLOAKRUN_KEYCLOAK_JWT_SIGNING_KEY", "KEYCLOAK_JWT_SIGNING_KEY"];
const SIGNING_ALGORITHM: [&str; 2] = ["CLOAKRUN_KEYCLOAK_JWT_SIGNING_ALG", "KEYCLOAK_JWT_SIGNING_ALG"];
const SIGNING_KEY_ID: [&str; 1] = ["CLOAKRUN_KEYCLOAK_JWT_KEY_ID"];
const ASSERTION: [&str; 2] = ["CLOAKRUN_KEYCLOAK_JWT_TOKEN", "KEYCLOAK_JWT_TOKEN"];
const ASSERTION_FILE: [&str; 2] = ["CLOAKRUN_KEYCLOAK_JWT_TOKEN_FILE", "KEYCLOAK_JWT_TOKEN_FILE"];
const GRANT_TYPE: [&str; 1] = ["KEYCLOAK_GRANTTYPE"];
const TIMEOUT: [&str; 1] = ["KEYCLOAK_CLIENT_TIMEOUT"];

const URL_FLAG: &str = "--keycloak-url";
const LOGIN_REALM_FLAG: &str = "--keycloak-login-realm";
const CLIENT_ID_FLAG: &str = "--keycloak-client-id";
const USER_FLAG: &str = "--keycloak-user";
const SECRET_FILE_FLAG: &str = "--keycloak-client-secret-file";
const TOKEN_FILE_FLAG: &str = "--keycloak-token-file";
const KEY_FILE_FLAG: &str = "--keycloak-key-file";

/// What the command line says about the Keycloak to read. Secrets are never among it, only files that hold them.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--keycloak-url`
    pub url: Option<String>,
    /// `--keycloak-login-realm`
    pub login_realm: Option<String>,
    /// `--keycloak-client-id`
    pub client_id: Option<String>,
    /// `--keycloak-user`
    pub user: Option<String>,
    /// `--keycloak-client-secret-file`
    pub client_secret_file: Option<PathBuf>,
    /// `--keycloak-token-file`
    pub token_file: Option<PathBuf>,
    /// `--keycloak-key-file`: a private key in PEM
    pub key_file: Option<PathBuf>,
    /// `--keycloak-ca-file`: certificates in PEM, believed besides those of the system
    pub ca_file: Option<PathBuf>,
    /// `--timeout`
    pub timeout: Option<Duration>,
    /// `--allow-http`: send the token over plain http to other hosts than this one
    pub allow_http: bool,
    /// The realms to read, from `--realm` or the configuration; empty when nothing names one.
    pub realms: Vec<String>,
}

/// The environment and the files that settings are read from, so that they can be plain data.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub file: &'a dyn Fn(&Path) -> io::Result<String>,
}

impl Surroundings<'_> {
    /// Those of this process.
    pub fn of_process() -> Surroundings<'static> {
        Surroundings {
            variable: &|name| std::env::var(name).ok(),
            file: &|path| std::fs::read_to_string(path),
        }
    }

    fn first(&self, names: &[&'static str]) -> Option<(String, &'static str)> {
        names.iter().find_map(|&name| self.get(name).map(|value| (value, name)))
    }

    // CI systems set a variable that they have no value for to nothing.
    fn get(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }
}

/// Where a part of the login came from; never its value where that is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is: `URL`, `login realm`, `client secret` …
    pub what: &'static str,
    /// The flag or the environment variable that gave it; none for a default.
    pub name: Option<&'static str>,
    /// The value, where it is no secret.
    pub value: Option<String>,
}

/// The algorithms that an assertion can be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with SHA-256, PKCS#1 v1.5.
    Rs256,
    /// RSA with SHA-256, PSS.
    Ps256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
}

/// How to get a token.
#[derive(Clone)]
pub enum Grant {
    /// Client credentials: the client's own service account.
    ClientCredentials {
        /// The `clientId`.
        client: String,
        /// Its secret.
        secret: SecretString,
    },
    /// The password grant of a person.
    Password {
        /// The `clientId`, `admin-cli` when nothing else is said.
        client: String,
        /// The client's secret, when it is confidential.
        secret: Option<SecretString>,
        /// The user's name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// Client credentials with an assertion that is signed here.
    SignedJwt {
        /// The `clientId`.
        client: String,
        /// The private key, PEM.
        key: SecretString,
        /// The algorithm, where one is named; else the key tells.
        algorithm: Option<Algorithm>,
        /// `kid` of the assertion, where one is named. Without it servers take the client's first key of that algorithm.
        key_id: Option<String>,
    },
    /// Client credentials with an assertion that somebody else signed.
    Assertion(AssertionFrom),
    /// A token that is there already. It cannot be renewed.
    Token(SecretString),
}

/// Where a ready assertion comes from.
#[derive(Clone)]
pub enum AssertionFrom {
    /// It is this.
    Text(SecretString),
    /// It stands in this file, which is read again for each login, as others keep it fresh.
    File(PathBuf),
}

impl Grant {
    /// The grant as people call it.
    pub fn describe(&self) -> &'static str {
        match self {
            Grant::ClientCredentials { .. } => "client credentials with a secret",
            Grant::Password { .. } => "password",
            Grant::SignedJwt { .. } => "client credentials with a signed JWT",
            Grant::Assertion(_) => "client credentials with a ready assertion",
            Grant::Token(_) => "a ready token",
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({})", self.describe())
    }
}

/// Everything that a login needs.
#[derive(Debug, Clone)]
pub struct Login {
    /// The base URL as it was given.
    pub url: String,
    /// The realm to log in to.
    pub realm: String,
    /// How to get a token.
    pub grant: Grant,
    /// Where each part came from.
    pub sources: Vec<Source>,
    /// The realms to read; empty for all that the account sees.
    pub realms: Vec<String>,
    /// What a person should know of how this was read: sentences.
    pub notes: Vec<String>,
    /// Certificates in PEM that are believed besides those of the system.
    pub certificates: Option<Vec<u8>>,
    /// How long one request may take.
    pub timeout: Duration,
    /// Whether plain http to other hosts is accepted.
    pub allow_http: bool,
}

impl Login {
    /// Whether anything names a Keycloak to read live.
    pub fn is_asked_for(flags: &Flags, around: Surroundings<'_>) -> bool {
        flags.url.is_some() || around.first(&URL).is_some()
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// When something is missing, with every name that would give it, or when two things contradict each other or a named file
    /// cannot be read. No error holds a secret.
    pub fn read(flags: &Flags, around: Surroundings<'_>) -> Result<Login, Fault> {
        let mut reading = Reading { flags, around, sources: Vec::new(), notes: Vec::new() };
        let url = reading.url()?;
        let realm = reading.login_realm();
        let grant = reading.grant()?;
        let realms = reading.realms();
        let certificates = match &flags.ca_file {
            Some(path) => Some(reading.file("--keycloak-ca-file", path)?.into_bytes()),
            None => None,
        };
        let timeout = reading.timeout()?;
        let Reading { sources, notes, .. } = reading;
        Ok(Login {
            url,
            realm,
            grant,
            sources,
            realms,
            notes,
            certificates,
            timeout,
            allow_http: flags.allow_http,
        })
    }
}

struct Reading<'a> {
    flags: &'a Flags,
    around: Surroundings<'a>,
    sources: Vec<Source>,
    notes: Vec<String>,
}

impl Reading<'_> {
    fn shown(&mut self, what: &'static str, name: Option<&'static str>, value: &str) {
        self.sources.push(Source { what, name, value: Some(value.to_owned()) });
    }

    fn hidden(&mut self, what: &'static str, name: &'static str) {
        self.sources.push(Source { what, name: Some(name), value: None });
    }

    // A flag's twin in the environment arrives through the flag; it is told by its value.
    fn flag_or(
        &self,
        flag: &Option<String>,
        name: &'static str,
        names: &[&'static str],
    ) -> Option<(String, &'static str)> {
        match flag {
            Some(value) => {
                let twin = names.first().filter(|twin| self.around.get(twin).as_ref() == Some(value));
                Some((value.clone(), twin.copied().unwrap_or(name)))
            }
            None => self.around.first(names),
        }
    }

    fn url(&mut self) -> Result<String, Fault> {
        let Some((mut url, name)) = self.flag_or(&self.flags.url, URL_FLAG, &URL) else {
            return Err(missing("the URL of the Keycloak server", URL_FLAG, &URL).hint(
                "It looks like https://sso.example.com, on older servers https://sso.example.com/auth.",
            ));
        };
        url = url.trim().to_owned();
        if let Some(path) = self.around.get(BASE_PATH).filter(|_| name == "KEYCLOAK_URL") {
            url = format!("{}/{}", url.trim_end_matches('/'), path.trim().trim_matches('/'));
        }
        self.shown("URL", Some(name), &without_user_info(&url));
        Ok(url)
    }

    fn login_realm(&mut self) -> String {
        match self.flag_or(&self.flags.login_realm, LOGIN_REALM_FLAG, &LOGIN_REALM) {
            Some((realm, name)) => {
                self.shown("login realm", Some(name), &realm);
                realm
            }
            None => {
                self.shown("login realm", None, "master");
                "master".to_owned()
            }
        }
    }

    // To the Terraform provider `KEYCLOAK_REALM` is where one logs in; people also set it for the realm that they mean.
    fn realms(&mut self) -> Vec<String> {
        if !self.flags.realms.is_empty() {
            return self.flags.realms.clone();
        }
        match self.around.get(TERRAFORM_REALM).filter(|realm| realm != "master") {
            Some(realm) => {
                self.notes.push(format!(
                    "Only the realm `{realm}` is read, as {TERRAFORM_REALM} names it and nothing else names a realm; --realm names others."
                ));
                vec![realm]
            }
            None => Vec::new(),
        }
    }

    fn grant(&mut self) -> Result<Grant, Fault> {
        let files = [
            (TOKEN_FILE_FLAG, self.flags.token_file.is_some()),
            (KEY_FILE_FLAG, self.flags.key_file.is_some()),
            (SECRET_FILE_FLAG, self.flags.client_secret_file.is_some()),
        ];
        let named: Vec<&str> = files.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        if let [one, other, ..] = named.as_slice() {
            return Err(Fault::usage(format!("{one} and {other} are two ways to log in; give one of them")));
        }
        if let Some(path) = self.flags.token_file.clone() {
            return self.token_of(self.file(TOKEN_FILE_FLAG, &path)?, TOKEN_FILE_FLAG);
        }
        if let Some(path) = self.flags.key_file.clone() {
            let key = self.file(KEY_FILE_FLAG, &path)?;
            return self.signed(key, KEY_FILE_FLAG);
        }
        if let Some(path) = self.flags.client_secret_file.clone() {
            let secret = self.file(SECRET_FILE_FLAG, &path)?;
            let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
            return self.by_secret_or_password(Some((secret, SECRET_FILE_FLAG)));
        }
        if self.flags.user.is_none() {
            if let Some((token, name)) = self.around.first(&TOKEN) {
                return self.token_of(token, name);
            }
            if let Some((key, name)) = self.around.first(&SIGNING_KEY) {
                return self.signed(key, name);
            }
            if let Some((assertion, name)) = self.around.first(&ASSERTION) {
                self.hidden("assertion", name);
                return Ok(Grant::Assertion(AssertionFrom::Text(assertion.trim().to_owned().into())));
            }
            if let Some((path, name)) = self.around.first(&ASSERTION_FILE) {
                self.file(name, Path::new(&path))?;
                self.shown("file of the assertion", Some(name), &path);
                return Ok(Grant::Assertion(AssertionFrom::File(path.into())));
            }
        }
        let secret = self.around.first(&CLIENT_SECRET);
        self.by_secret_or_password(secret)
    }

    fn by_secret_or_password(&mut self, secret: Option<(String, &'static str)>) -> Result<Grant, Fault> {
        let client = self.flag_or(&self.flags.client_id, CLIENT_ID_FLAG, &CLIENT_ID);
        let user = self.flag_or(&self.flags.user, USER_FLAG, &USER);
        let password = self.around.first(&PASSWORD);
        let wants = self.around.first(&GRANT_TYPE).map(|(grant, _)| grant.to_lowercase());
        let names_client = client.as_ref().is_some_and(|(client, _)| client != ADMIN_CLI);
        let by_password = match (wants.as_deref(), &user, &password) {
            _ if self.flags.user.is_some() => true,
            (Some("password"), Some(_), Some(_)) => true,
            (Some("client_credentials"), ..) => false,
            (_, Some(_), Some(_)) => secret.is_none() || !names_client,
            _ => secret.is_none() && user.is_some(),
        };
        if by_password {
            return self.by_password(client, secret.filter(|_| names_client), user, password);
        }
        let Some((secret, secret_name)) = secret else {
            let mut fault = Fault::usage("nothing says how to log in to Keycloak");
            if names_client {
                fault = missing("the secret of the client", SECRET_FILE_FLAG, &CLIENT_SECRET);
            }
            return Err(fault.hint(format!(
                "By a client's service account (preferred): {} with {} (or {}, or a private key: {}). As a person: {} with {}. With a ready token: {} or {}.",
                CLIENT_ID[0], CLIENT_SECRET[0], SECRET_FILE_FLAG, KEY_FILE_FLAG, USER[0], PASSWORD[0], TOKEN[0], TOKEN_FILE_FLAG
            )).hint(format!(
                "Other names of these are read as well: {}.",
                others(&[&CLIENT_ID, &CLIENT_SECRET, &USER, &PASSWORD, &TOKEN, &SIGNING_KEY, &ASSERTION, &ASSERTION_FILE])
            )));
        };
        let Some((client, client_name)) = client.filter(|_| names_client) else {
            return Err(missing("the client whose secret is given by", CLIENT_ID_FLAG, &CLIENT_ID).hint(
                format!("{secret_name} gives a secret; the client that logs in with it is not named."),
            ));
        };
        self.shown("client", Some(client_name), &client);
        self.hidden("client secret", secret_name);
        Ok(Grant::ClientCredentials { client, secret: secret.into() })
    }

    fn by_password(
        &mut self,
        client: Option<(String, &'static str)>,
        secret: Option<(String, &'static str)>,
        user: Option<(String, &'static str)>,
        password: Option<(String, &'static str)>,
    ) -> Result<Grant, Fault> {
        let Some((user, user_name)) = user else {
            return Err(missing("the user to log in as", USER_FLAG, &USER));
        };
        let Some((password, password_name)) = password else {
            return Err(Fault::usage(format!(
                "the password of the user `{user}` is missing; none of {} is set",
                or_listed(&PASSWORD)
            )));
        };
        let client = match client {
            Some((client, name)) => {
                self.shown("client", Some(name), &client);
                client
            }
            None => {
                self.shown("client", None, ADMIN_CLI);
                ADMIN_CLI.to_owned()
            }
        };
        let secret = secret.map(|(secret, name)| {
            self.hidden("client secret", name);
            SecretString::from(secret)
        });
        self.shown("user", Some(user_name), &user);
        self.hidden("password", password_name);
        Ok(Grant::Password { client, secret, user, password: password.into() })
    }

    fn token_of(&mut self, token: String, name: &'static str) -> Result<Grant, Fault> {
        let token = token.trim();
        let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
        if token.is_empty() || token.contains(char::is_whitespace) || !token.is_ascii() {
            return Err(Fault::usage(format!("{name} does not give an access token")));
        }
        self.hidden("access token", name);
        Ok(Grant::Token(token.to_owned().into()))
    }

    fn signed(&mut self, key: String, name: &'static str) -> Result<Grant, Fault> {
        let Some((client, client_name)) = self.flag_or(&self.flags.client_id, CLIENT_ID_FLAG, &CLIENT_ID)
        else {
            return Err(missing("the client that logs in with the key", CLIENT_ID_FLAG, &CLIENT_ID)
                .hint(format!("{name} gives a private key; the client that logs in with it is not named.")));
        };
        let algorithm = match self.around.first(&SIGNING_ALGORITHM) {
            None => None,
            Some((text, name)) => Some(match text.to_uppercase().as_str() {
                "RS256" => Algorithm::Rs256,
                "PS256" => Algorithm::Ps256,
                "ES256" => Algorithm::Es256,
                _ => {
                    return Err(Fault::usage(format!(
                        "{name} is `{text}`; assertions can be signed with RS256, PS256 and ES256"
                    )));
                }
            }),
        };
        self.shown("client", Some(client_name), &client);
        self.hidden("private key", name);
        let key_id = self.around.first(&SIGNING_KEY_ID).map(|(id, _)| id);
        // Variables that hold PEM often have its lines joined by a written `\n`.
        let key = if key.contains('\n') { key } else { key.replace("\\n", "\n") };
        Ok(Grant::SignedJwt { client, key: key.into(), algorithm, key_id })
    }

    fn timeout(&self) -> Result<Duration, Fault> {
        if let Some(timeout) = self.flags.timeout {
            return Ok(timeout);
        }
        match self.around.first(&TIMEOUT) {
            None => Ok(DEFAULT_TIMEOUT),
            Some((text, name)) => match text.trim().parse() {
                Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
                _ => Err(Fault::usage(format!("{name} is `{text}`; it is a number of seconds"))),
            },
        }
    }

    fn file(&self, name: &str, path: &Path) -> Result<String, Fault> {
        (self.around.file)(path)
            .with_context(|| format!("cannot read {}, which {name} names", path.display()))
            .map_err(|error| Fault::new(Whose::Input, error))
    }
}

fn missing(what: &str, flag: &str, names: &[&str]) -> Fault {
    Fault::usage(format!("{what} is missing; give {flag}, or set {}", or_listed(names)))
}

fn or_listed(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => names.join(""),
    }
}

fn others(groups: &[&[&str]]) -> String {
    let names = groups.iter().flat_map(|names| names.iter().skip(1));
    names.copied().collect::<Vec<_>>().join(", ")
}

// A URL may carry a password by mistake; it is refused later, and never shown.
fn without_user_info(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rfind('@').map_or(rest, |at| &rest[at + 1..]);
            format!("{scheme}://{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
