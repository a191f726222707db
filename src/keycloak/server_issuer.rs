//! Which issuer a realm has on a Keycloak that runs as a Cloud Run service, as far as the service's settings decide it.

use crate::finding::Evidence;
use crate::keycloak::base_uri::{ProxyHeaders, RequestHeaders};
use crate::keycloak::issuer::{IssuerOptions, NoIssuer, SECOND_HOSTNAME, is_url_form, issuer_of_request};
use crate::keycloak::server_options::{Origin, ServerOptions, StartMode};
use crate::keycloak::version::Version;

/// Which issuer a server's settings decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerIssuer {
    /// Every request gets this one.
    Fixed {
        /// The issuer.
        issuer: String,
        /// What decides it.
        evidence: Vec<Evidence>,
    },
    /// It follows the host by which the server is called.
    FollowsHost {
        /// Why, as a clause: "`hostname-strict` is false and no `hostname` is set".
        reason: String,
        /// The hosts by which the server is known to be called, each with the issuer that it gets.
        issuers: Vec<(String, String)>,
        /// What decides it.
        evidence: Vec<Evidence>,
    },
    /// The server does not start with these settings, so that there is no issuer.
    DoesNotStart {
        /// Why, as a clause.
        why: String,
    },
    /// The settings leave it open.
    Undecided {
        /// Why, as a clause.
        why: String,
        /// The issuers that are possible, where they can be listed.
        candidates: Vec<String>,
        /// What would decide it.
        evidence: Vec<Evidence>,
    },
}

/// The issuer of the realm `realm_name` on a server with these options, called by `hosts` through Cloud Run's front end.
///
/// The realm's own `frontendUrl` wins over all of it and is not looked at here.
pub fn server_issuer(
    options: &ServerOptions,
    realm_name: &str,
    hosts: &[String],
    version: Version,
) -> ServerIssuer {
    let names =
        ["hostname", "hostname-url", "hostname-strict", "http-relative-path", "proxy-headers", "proxy"];
    let evidence: Vec<Evidence> = names
        .iter()
        .filter_map(|name| options.get(name))
        .map(|setting| setting.evidence("decides the issuer"))
        .chain(
            options.mode.iter().filter(|_| options.is_development()).map(|(_, _, evidence)| evidence.clone()),
        )
        .collect();
    let undecided = |why: String, candidates: Vec<String>| ServerIssuer::Undecided {
        why,
        candidates,
        evidence: if evidence.is_empty() {
            options.image.iter().cloned().collect()
        } else {
            evidence.clone()
        },
    };
    for name in ["hostname", "hostname-url", "hostname-strict", "http-relative-path", "proxy-headers"] {
        if let Some(why) = options.why_unknown(name) {
            return undecided(format!("`{name}` is not known: {why}"), Vec::new());
        }
    }
    let seen = options.issuer_options();
    let at = |options: &IssuerOptions, host: &str| {
        issuer_of_request(options, realm_name, None, &RequestHeaders::of_cloud_run(host), version)
    };
    let is_named = seen.hostname.is_some() || (version < SECOND_HOSTNAME && seen.hostname_url.is_some());
    if !is_named {
        return follows_host(options, &seen, hosts, at, evidence.clone(), undecided);
    }
    if let Some(why) = seen.why_not_startable(version) {
        return ServerIssuer::DoesNotStart { why };
    }
    let is_url = seen.hostname.as_deref().is_some_and(is_url_form);
    let hidden = options.why_hidden();
    let possible = possible_headers(options, &seen, version);
    let mut candidates: Vec<String> = possible
        .iter()
        .filter_map(|&proxy_headers| {
            at(&IssuerOptions { proxy_headers, ..seen.clone() }, "host.invalid").ok()
        })
        .collect();
    candidates.dedup();
    let path_is_open = !is_url
        && seen.relative_path.is_empty()
        && hidden.is_some()
        && options.get("http-relative-path").is_none();
    match (candidates.as_slice(), path_is_open) {
        ([issuer], false) => ServerIssuer::Fixed { issuer: issuer.clone(), evidence },
        ([issuer], true) => {
            let why = "the path of its URLs (`http-relative-path`) may be set by the image";
            undecided(why.to_owned(), vec![issuer.clone()])
        }
        _ => {
            let why = match options.get("proxy-headers") {
                Some(_) => "it is not certain that Cloud Run sends the headers that `proxy-headers` names",
                None => {
                    "whether the server believes the proxy's headers (`proxy-headers`) may be set by the image"
                }
            };
            undecided(why.to_owned(), candidates)
        }
    }
}

// Which headers the server may believe: what is stated, or both where the image may say otherwise.
fn possible_headers(options: &ServerOptions, seen: &IssuerOptions, version: Version) -> Vec<ProxyHeaders> {
    let handed = options.get("proxy-headers").is_some_and(|setting| setting.origin == Origin::Handed);
    let by_mode = version < SECOND_HOSTNAME && seen.proxy.is_some();
    match seen.proxy_headers {
        ProxyHeaders::XForwarded => vec![ProxyHeaders::XForwarded],
        // Whether the front end sends `Forwarded` is known second hand only; with it the answers are as with the other kind.
        ProxyHeaders::Forwarded => vec![ProxyHeaders::XForwarded, ProxyHeaders::None],
        ProxyHeaders::None if handed || (options.why_hidden().is_some() && !by_mode) => {
            vec![ProxyHeaders::XForwarded, ProxyHeaders::None]
        }
        ProxyHeaders::None => vec![ProxyHeaders::None],
    }
}

fn follows_host(
    options: &ServerOptions,
    seen: &IssuerOptions,
    hosts: &[String],
    at: impl Fn(&IssuerOptions, &str) -> Result<String, NoIssuer>,
    evidence: Vec<Evidence>,
    undecided: impl Fn(String, Vec<String>) -> ServerIssuer,
) -> ServerIssuer {
    let reason = if options.is_off("hostname-strict") {
        "`hostname-strict` is false and no `hostname` is set"
    } else if let Some((StartMode::Development, Origin::Handed, _)) = &options.mode
        && options.why_hidden().is_some()
    {
        let why = "no `hostname` is set, and whether the image's start script, to which `start-dev` is handed, sets one is not known";
        return undecided(why.to_owned(), Vec::new());
    } else if options.is_development() {
        "`start-dev` does without a `hostname`, and none is set"
    } else if let Some(why) = options.why_hidden() {
        return undecided(format!("no `hostname` is set; {why}"), Vec::new());
    } else {
        let why = "`hostname` is not set and `hostname-strict` is not false".to_owned();
        return ServerIssuer::DoesNotStart { why };
    };
    let hides_headers = options.get("proxy-headers").is_none() && options.why_hidden().is_some();
    let mut believed = seen.clone();
    if hides_headers || seen.proxy_headers == ProxyHeaders::Forwarded {
        believed.proxy_headers = ProxyHeaders::XForwarded;
    }
    let issuers = hosts.iter().filter_map(|host| Some((host.clone(), at(&believed, host).ok()?))).collect();
    ServerIssuer::FollowsHost { reason: reason.to_owned(), issuers, evidence }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Stage, service_yaml_with};

    const STOCK: &str = "quay.io/keycloak/keycloak:26.3";
    const OWN: &str = "europe-docker.pkg.dev/shop/images/keycloak:latest";

    fn decide(image: &str, command: &str, env: &[(&str, &str)]) -> ServerIssuer {
        let arguments = format!("image: {image}\n        args: {command}\n");
        let text =
            service_yaml_with("keycloak", image, env).replace(&format!("image: {image}\n"), &arguments);
        let stage = Stage::new().service("keycloak.yaml", &text);
        let options = ServerOptions::of(&stage.snapshot.services[0]).unwrap();
        server_issuer(&options, "shop", &["kc.run.app".to_owned()], Version::new(26, 3, 2))
    }

    fn fixed(image: &str, command: &str, env: &[(&str, &str)]) -> String {
        match decide(image, command, env) {
            ServerIssuer::Fixed { issuer, .. } => issuer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_full_url_decides_alone() {
        let env = [("KC_HOSTNAME", "https://sso.example.com/auth"), ("KC_DB", "postgres")];
        assert_eq!(fixed(OWN, "[]", &env), "https://sso.example.com/auth/realms/shop");
        // An argument wins over a variable.
        assert_eq!(
            fixed(OWN, "[start, --hostname=https://id.example.com]", &env),
            "https://id.example.com/realms/shop"
        );
    }

    #[test]
    fn a_bare_hostname_takes_the_scheme_from_the_headers_it_believes() {
        let bare = ("KC_HOSTNAME", "sso.example.com");
        let headers = ("KC_PROXY_HEADERS", "xforwarded");
        let path = ("KC_HTTP_RELATIVE_PATH", "/auth");
        assert_eq!(fixed(STOCK, "[start]", &[bare, headers]), "https://sso.example.com/realms/shop");
        assert_eq!(
            fixed(STOCK, "[start]", &[bare, headers, path]),
            "https://sso.example.com/auth/realms/shop"
        );
        assert_eq!(fixed(STOCK, "[start]", &[bare]), "http://sso.example.com/realms/shop");
    }

    #[test]
    fn what_the_image_may_set_leaves_candidates() {
        let env = [("KC_HOSTNAME", "sso.example.com"), ("KC_DB", "postgres")];
        let ServerIssuer::Undecided { candidates, .. } = decide(OWN, "[]", &env) else { panic!("decided") };
        assert_eq!(candidates, ["https://sso.example.com/realms/shop", "http://sso.example.com/realms/shop"]);
    }

    #[test]
    fn without_a_hostname_the_host_decides() {
        let ServerIssuer::FollowsHost { issuers, .. } =
            decide(STOCK, "[start-dev, --proxy-headers, xforwarded]", &[("KC_DB", "postgres")])
        else {
            panic!("fixed")
        };
        assert_eq!(issuers, [("kc.run.app".to_owned(), "https://kc.run.app/realms/shop".to_owned())]);
        assert!(matches!(
            decide(STOCK, "[start]", &[("KC_DB", "postgres")]),
            ServerIssuer::DoesNotStart { .. }
        ));
        assert!(matches!(
            decide(STOCK, "[start]", &[("KC_HOSTNAME", "${HOST}")]),
            ServerIssuer::Undecided { .. }
        ));
    }

    #[test]
    fn a_command_line_inside_a_shell_is_read() {
        let shell = r#"["-c", "/opt/keycloak/bin/kc.sh start --hostname=https://sso.example.com"]"#;
        assert_eq!(fixed(OWN, shell, &[("KC_DB", "postgres")]), "https://sso.example.com/realms/shop");
    }
}
