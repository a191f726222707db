//! Names of server options: which versions know them, and which are fixed when the server is built.
//!
//! From the help texts of `kc.sh` of several versions and the upgrading guides of 24, 25 and 26. Inside the families of
//! [`FAMILIES`] every name counts as known, because they hold wildcards and grow with each release.

use crate::keycloak::version::Version;

/// A server option.
#[derive(Debug, Clone, Copy)]
pub struct OptionInfo {
    /// The name without dashes in front: `hostname-strict`.
    pub name: &'static str,
    /// First version that knows it; 17 stands for the first servers of this kind.
    pub since: Version,
    /// First version that ignores it.
    pub ignored_since: Option<Version>,
    /// What to use instead of an ignored one.
    pub instead: &'static str,
    build: Build,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Build {
    Never,
    Always,
    Before26,
}

impl OptionInfo {
    /// Whether a server of `version` fixes it when it is built, so that a start by `--optimized` does not take another value.
    pub fn is_build_option(&self, version: Version) -> bool {
        match self.build {
            Build::Never => false,
            Build::Always => true,
            Build::Before26 => version < Version::new(26, 0, 0),
        }
    }

    /// Whether a server of `version` reads it.
    pub fn is_read_by(&self, version: Version) -> bool {
        version >= self.since && self.ignored_since.is_none_or(|gone| version < gone)
    }
}

const fn known(name: &'static str) -> OptionInfo {
    since(17, name)
}

const fn since(major: u16, name: &'static str) -> OptionInfo {
    OptionInfo {
        name,
        since: Version::new(major, 0, 0),
        ignored_since: None,
        instead: "",
        build: Build::Never,
    }
}

const fn built(name: &'static str) -> OptionInfo {
    OptionInfo { build: Build::Always, ..known(name) }
}

const fn gone(name: &'static str, instead: &'static str) -> OptionInfo {
    OptionInfo { ignored_since: Some(Version::new(25, 0, 0)), instead, ..known(name) }
}

static OPTIONS: &[OptionInfo] = &[
    since(26, "bootstrap-admin-client-id"),
    since(26, "bootstrap-admin-client-secret"),
    since(26, "bootstrap-admin-password"),
    since(26, "bootstrap-admin-username"),
    OptionInfo { build: Build::Before26, ..known("cache") },
    OptionInfo { build: Build::Before26, ..known("cache-config-file") },
    known("cache-config-mutate"),
    OptionInfo { build: Build::Before26, ..known("cache-stack") },
    built("db"),
    known("db-connect-timeout"),
    known("db-debug-jpql"),
    built("db-dialect"),
    built("db-driver"),
    known("db-log-slow-queries-threshold"),
    known("db-password"),
    known("db-pool-initial-size"),
    known("db-pool-max-lifetime"),
    known("db-pool-max-size"),
    known("db-pool-min-size"),
    known("db-postgres-target-server-type"),
    known("db-schema"),
    known("db-url"),
    known("db-url-database"),
    known("db-url-host"),
    known("db-url-port"),
    known("db-url-properties"),
    known("db-username"),
    known("dir"),
    built("features"),
    built("features-disabled"),
    known("file"),
    built("fips-mode"),
    built("health-enabled"),
    known("hostname"),
    known("hostname-admin"),
    gone("hostname-admin-url", "`hostname-admin` with a full URL"),
    since(25, "hostname-backchannel-dynamic"),
    since(22, "hostname-debug"),
    gone("hostname-path", "`hostname` with a full URL"),
    gone("hostname-port", "`hostname` with a full URL"),
    known("hostname-strict"),
    gone("hostname-strict-backchannel", "`hostname-backchannel-dynamic`"),
    gone("hostname-strict-https", "`hostname` with a full URL"),
    gone("hostname-url", "`hostname` with a full URL"),
    known("http-accept-non-normalized-paths"),
    known("http-enabled"),
    known("http-host"),
    since(25, "http-management-port"),
    OptionInfo { build: Build::Always, ..since(25, "http-management-relative-path") },
    known("http-max-queued-requests"),
    built("http-metrics-histograms-enabled"),
    built("http-metrics-slos"),
    known("http-pool-max-threads"),
    known("http-port"),
    built("http-relative-path"),
    built("https-client-auth"),
    built("https-management-client-auth"),
    known("https-port"),
    known("import-realm"),
    OptionInfo { build: Build::Always, ..since(25, "legacy-observability-interface") },
    known("log"),
    built("metrics-enabled"),
    gone("proxy", "`proxy-headers`, and `http-enabled=true` where a proxy ends TLS"),
    since(24, "proxy-headers"),
    since(26, "proxy-protocol-enabled"),
    since(26, "proxy-trusted-addresses"),
    known("realm"),
    known("server-async-bootstrap"),
    known("shutdown-delay"),
    known("shutdown-timeout"),
    known("tls-hostname-verifier"),
    built("tracing-enabled"),
    built("transaction-jta-enabled"),
    known("transaction-default-timeout"),
    known("transaction-setup-timeout"),
    built("transaction-xa-enabled"),
    since(24, "truststore-paths"),
    built("vault"),
];

/// Beginnings under which every name counts as known.
const FAMILIES: [&str; 24] = [
    "cache-embedded-",
    "cache-metrics-",
    "cache-remote-",
    "config-keystore",
    "db-active-",
    "db-enabled-",
    "db-kind-",
    "db-tls-",
    "db-url-full-",
    "event-metrics-",
    "feature-",
    "http-access-log",
    "http-management-",
    "https-",
    "log-",
    "management-",
    "openapi-",
    "spi-",
    "telemetry-",
    "tracing-",
    "truststore-",
    "users-",
    "vault-",
    "windows-",
];

/// Variables that begin with `KC_` and are read by scripts of the server or its image, not as options.
const NO_OPTIONS: [&str; 9] = [
    "config-args",
    "config-file",
    "conf-dir",
    "debug",
    "home-dir",
    "opts",
    "optimized",
    "run-in-container",
    "version",
];

/// What is known of the option of this name.
pub fn find(name: &str) -> Option<&'static OptionInfo> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// Whether some version knows a name, as an option or as a variable of the server's scripts.
pub fn is_known(name: &str) -> bool {
    find(name).is_some()
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || NO_OPTIONS.contains(&name)
        || is_of_datasource(name)
}

// `db-username-audit`: an option for the additional data source `audit`.
fn is_of_datasource(name: &str) -> bool {
    OPTIONS.iter().any(|option| {
        option.name.starts_with("db-")
            && name.strip_prefix(option.name).is_some_and(|rest| rest.starts_with('-') && rest.len() > 1)
    })
}

/// The known option whose name is nearest to an unknown one, where it is near enough to be meant.
pub fn nearest(name: &str) -> Option<&'static str> {
    // The usual slips that are further away than a typing error.
    const SLIPS: [(&str, &str); 8] = [
        ("admin-password", "bootstrap-admin-password"),
        ("admin-username", "bootstrap-admin-username"),
        ("db-database", "db-url-database"),
        ("db-host", "db-url-host"),
        ("db-pass", "db-password"),
        ("db-port", "db-url-port"),
        ("db-user", "db-username"),
        ("port", "http-port"),
    ];
    if let Some((_, meant)) = SLIPS.iter().find(|(slip, _)| *slip == name) {
        return Some(meant);
    }
    OPTIONS
        .iter()
        .map(|option| (strsim::damerau_levenshtein(option.name, name), option.name))
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len() / 2)
        .min()
        .map(|(_, known)| known)
}

/// The option that an environment variable sets: `KC_HOSTNAME_STRICT` sets `hostname-strict`.
pub fn of_variable(variable: &str) -> Option<String> {
    let name = variable.strip_prefix("KC_").filter(|name| !name.is_empty())?;
    Some(name.to_ascii_lowercase().replace('_', "-"))
}

/// The environment variable that sets an option.
pub fn variable_of(option: &str) -> String {
    format!("KC_{}", option.to_ascii_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_translate_both_ways() {
        for option in OPTIONS {
            assert_eq!(of_variable(&variable_of(option.name)).as_deref(), Some(option.name));
        }
        let mut names: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
        names.dedup();
        assert_eq!(names.len(), OPTIONS.len());
    }

    #[test]
    fn slips_and_typing_errors_are_found() {
        assert_eq!(nearest("db-pass"), Some("db-password"));
        assert_eq!(nearest("proxy-header"), Some("proxy-headers"));
        assert_eq!(nearest("hostname-stric"), Some("hostname-strict"));
        assert_eq!(nearest("shop-theme"), None);
        assert!(
            is_known("db-username-audit") && is_known("spi-theme-static-max-age") && !is_known("db-user")
        );
    }

    #[test]
    fn versions_decide_what_is_read() {
        let reads = |name, version| find(name).is_some_and(|option| option.is_read_by(version));
        assert!(reads("proxy", Version::new(24, 0, 5)) && !reads("proxy", Version::new(25, 0, 0)));
        assert!(
            !reads("proxy-headers", Version::new(23, 0, 7)) && reads("proxy-headers", Version::new(24, 0, 0))
        );
    }
}
