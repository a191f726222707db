//! Which servers a command asks: the same arguments for every command that reads both sides.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::AnswerFormat;

/// Which live servers are read besides, or in place of, files.
#[derive(Debug, Clone, Default, Args)]
pub struct Live {
    /// Read the Keycloak at this base URL, with `/auth` where it has that
    #[arg(
        long,
        visible_alias = "server",
        value_name = "URL",
        env = "CLOAKRUN_KEYCLOAK_URL",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_url: Option<String>,
    /// Realm to log in to [default: master]
    #[arg(
        long,
        value_name = "REALM",
        env = "CLOAKRUN_KEYCLOAK_LOGIN_REALM",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_login_realm: Option<String>,
    /// Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file
    #[arg(
        long,
        value_name = "CLIENT",
        env = "CLOAKRUN_KEYCLOAK_CLIENT_ID",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_client_id: Option<String>,
    /// User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal
    #[arg(
        long,
        value_name = "USER",
        env = "CLOAKRUN_KEYCLOAK_USER",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_user: Option<String>,
    /// File that holds the client's secret
    #[arg(
        long,
        value_name = "FILE",
        env = "CLOAKRUN_KEYCLOAK_CLIENT_SECRET_FILE",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_client_secret_file: Option<PathBuf>,
    /// File that holds an access token to use as it is
    #[arg(
        long,
        value_name = "FILE",
        env = "CLOAKRUN_KEYCLOAK_TOKEN_FILE",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_token_file: Option<PathBuf>,
    /// File that holds the private key (PEM) with which the client signs its login
    #[arg(
        long,
        value_name = "FILE",
        env = "CLOAKRUN_KEYCLOAK_KEY_FILE",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_key_file: Option<PathBuf>,
    /// File of certificates (PEM) to believe besides those of the system
    #[arg(
        long,
        value_name = "FILE",
        env = "CLOAKRUN_KEYCLOAK_CA_FILE",
        hide_env = true,
        help_heading = "Live Keycloak"
    )]
    pub keycloak_ca_file: Option<PathBuf>,

    /// Read the Cloud Run services of this Google Cloud project; may be repeated
    #[arg(
        long = "project",
        value_name = "PROJECT",
        value_delimiter = ',',
        env = "CLOAKRUN_PROJECT",
        hide_env = true,
        help_heading = "Live Cloud Run"
    )]
    pub projects: Vec<String>,
    /// Only this region; may be repeated [default: all that the project uses]
    #[arg(
        long = "region",
        value_name = "REGION",
        value_delimiter = ',',
        env = "CLOAKRUN_REGION",
        hide_env = true,
        help_heading = "Live Cloud Run"
    )]
    pub regions: Vec<String>,
    /// Act as this service account
    #[arg(
        long,
        value_name = "ACCOUNT",
        env = "CLOAKRUN_IMPERSONATE_SERVICE_ACCOUNT",
        hide_env = true,
        help_heading = "Live Cloud Run"
    )]
    pub impersonate_service_account: Option<String>,
    /// Read the payloads of secrets, to compare them with those of clients; they stay in memory
    #[arg(
        long,
        env = "CLOAKRUN_READ_SECRETS",
        hide_env = true,
        value_parser = FalseyValueParser::new(),
        help_heading = "Live Cloud Run"
    )]
    pub read_secrets: bool,

    /// How long one request may take [default: 30s]
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration,
        env = "CLOAKRUN_TIMEOUT",
        hide_env = true,
        help_heading = "Live"
    )]
    pub timeout: Option<Duration>,
    /// Requests to Keycloak under way at once [default: 8]
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u16).range(1..=64),
        env = "CLOAKRUN_CONCURRENCY",
        hide_env = true,
        help_heading = "Live"
    )]
    pub concurrency: Option<u16>,
    /// Send tokens over plain http to other machines too
    #[arg(
        long,
        env = "CLOAKRUN_ALLOW_HTTP",
        hide_env = true,
        value_parser = FalseyValueParser::new(),
        help_heading = "Live"
    )]
    pub allow_http: bool,
    /// Show no progress
    #[arg(
        long,
        env = "CLOAKRUN_NO_PROGRESS",
        hide_env = true,
        value_parser = FalseyValueParser::new(),
        help_heading = "Live"
    )]
    pub no_progress: bool,
}

impl Live {
    /// The flags that say which servers are read and as whom, for a command that reads the same once more. What stands in the
    /// environment stands there for the next command too.
    pub fn typed(&self) -> Vec<String> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let joined = |names: &[String]| (!names.is_empty()).then(|| names.join(","));
        let values = [
            ("keycloak-url", self.keycloak_url.clone()),
            ("keycloak-login-realm", self.keycloak_login_realm.clone()),
            ("keycloak-client-id", self.keycloak_client_id.clone()),
            ("keycloak-user", self.keycloak_user.clone()),
            ("keycloak-client-secret-file", path(&self.keycloak_client_secret_file)),
            ("keycloak-token-file", path(&self.keycloak_token_file)),
            ("keycloak-key-file", path(&self.keycloak_key_file)),
            ("keycloak-ca-file", path(&self.keycloak_ca_file)),
            ("project", joined(&self.projects)),
            ("region", joined(&self.regions)),
            ("impersonate-service-account", self.impersonate_service_account.clone()),
        ];
        let in_environment =
            |flag: &str| std::env::var(format!("CLOAKRUN_{}", flag.to_uppercase().replace('-', "_"))).ok();
        let mut words = Vec::new();
        for (flag, value) in values {
            if let Some(value) = value.filter(|value| in_environment(flag).as_ref() != Some(value)) {
                words.extend([format!("--{flag}"), value]);
            }
        }
        for (flag, is_set) in [("read-secrets", self.read_secrets), ("allow-http", self.allow_http)] {
            if is_set && in_environment(flag).is_none() {
                words.push(format!("--{flag}"));
            }
        }
        words
    }
}

/// `cloakrun doctor`
#[derive(Debug, Args)]
#[command(
    about = "Say as whom both sides are asked, what may be read, and what is missing for which rule",
    long_about = "Says as whom both sides are asked and where the credentials came from, what may be read, for each rule what is \
        missing and the smallest role or permission that grants it, and what is known of the server: version, clock, issuer at each \
        of its URLs, TLS. Nothing is written.",
    after_help = "Exit codes:\n  \
        0  everything that rules need can be read\n  \
        2  the command line is wrong, or a login was refused\n  \
        3  a server does not answer, or something that rules need cannot be read"
)]
pub struct DoctorArgs {
    /// Only this realm; may be repeated
    #[arg(
        long = "realm",
        value_name = "REALM",
        value_delimiter = ',',
        env = "CLOAKRUN_REALM",
        hide_env = true
    )]
    pub realms: Vec<String>,
    /// Format of the answer
    #[arg(
        long,
        short,
        value_enum,
        default_value_t = AnswerFormat::Table,
        env = "CLOAKRUN_FORMAT",
        hide_env = true
    )]
    pub format: AnswerFormat,
    /// Which servers.
    #[command(flatten)]
    pub live: Live,
}

/// `cloakrun snapshot`
#[derive(Debug, Args)]
#[command(
    about = "Write what both sides answer into a folder, without secrets, for `check` to read again",
    long_about = "Writes what both sides answer into a folder, one file an object, for `cloakrun check DIR` to read again with the same \
        findings. Secrets are replaced by tags: equal secrets have equal tags, and nothing else can be learnt from one. The same state \
        gives the same files, so that a folder under version control shows what changed.",
    after_help = "Exit codes:\n  \
        0  everything was read and written\n  \
        2  the command line is wrong, or a login was refused\n  \
        3  something could not be read (--allow-partial accepts it)\n  \
        5  the folder cannot be written"
)]
pub struct SnapshotArgs {
    /// The folder: a new or empty one, or one that holds an earlier snapshot
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Only this realm; may be repeated
    #[arg(
        long = "realm",
        value_name = "REALM",
        value_delimiter = ',',
        env = "CLOAKRUN_REALM",
        hide_env = true
    )]
    pub realms: Vec<String>,
    /// File with the key that makes the tags, made when there is none [default: snapshot.key in the state directory]
    #[arg(long, value_name = "FILE", env = "CLOAKRUN_KEY_FILE", hide_env = true)]
    pub key_file: Option<PathBuf>,
    /// Succeed although something could not be read
    #[arg(
        long,
        env = "CLOAKRUN_ALLOW_PARTIAL",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub allow_partial: bool,
    /// Which servers.
    #[command(flatten)]
    pub live: Live,
}

/// `30`, `30s`, `500ms`, `2m`: a time that is more than none.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "a time looks like 30s, 500ms or 2m".to_owned())?;
    let time = match &text[digits.len()..] {
        "" | "s" => Duration::from_secs(number),
        "ms" => Duration::from_millis(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("a time looks like 30s, 500ms or 2m".to_owned()),
    };
    if time.is_zero() { Err("a request needs some time".to_owned()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for text in ["", "s", "0", "1h", "-1s", "1.5s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
