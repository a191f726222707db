//! Which servers a command asks: the same arguments for every command that reads both sides.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;

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
    /// User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD
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
