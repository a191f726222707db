//! `keycloak-proxy-headers`: Keycloak does not believe the headers of Cloud Run's front end.

use super::with_keycloak::{Server, server, shown, undecided, with_severity, wrong};
use crate::finding::{Severity, Verdict};
use crate::keycloak::base_uri::ProxyHeaders;
use crate::keycloak::issuer::{PROXY_HEADERS_OPTION, SECOND_HOSTNAME, is_url_form};
use crate::keycloak::server_options::Origin;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

pub(crate) static RULE: Rule = Rule {
    id: "keycloak-proxy-headers",
    severity: Severity::Error,
    title: "Keycloak does not read the proxy headers of Cloud Run's front end",
    why: "Cloud Run ends TLS and hands requests on as plain HTTP, with the scheme in `X-Forwarded-Proto`. Without `proxy-headers` Keycloak \
          does not read it: the issuer and every URL in discovery begin with `http://`, and logins end with \"HTTPS required\".\n\n\
          A `hostname` that is a full URL fixes issuer and URLs, but the server still sees plain HTTP and one client address for everybody.\n\n\
          `KC_PROXY` did this up to 24; servers from 25 on ignore it.",
    remedy: "Set `KC_PROXY_HEADERS=xforwarded` on the Keycloak service.",
    references: &[
        "https://www.keycloak.org/server/reverseproxy",
        "https://cloud.google.com/run/docs/container-contract",
        "https://github.com/keycloak/keycloak/issues/27597",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

const DECIDE: &str =
    "Set `KC_PROXY_HEADERS=xforwarded` on the service, so that it does not depend on the image.";

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    server(id, scene).and_then(|server| judge(&server)).into_iter().collect()
}

fn judge(server: &Server) -> Option<Verdict> {
    let options = &server.options;
    let name = &server.name;
    if let Some(setting) = options.get("proxy-headers") {
        let evidence = vec![setting.evidence("which headers Keycloak believes")];
        if let Some(why) = setting.value.why_unknown() {
            let reason = format!("{name} sets {}, whose value is not known: {why}.", shown(setting));
            return Some(undecided(reason, "Check what is really deployed.", evidence));
        }
        if setting.origin == Origin::Handed {
            let reason = format!(
                "{name} names `proxy-headers` in {}, a variable that only a start script of its image can hand on to Keycloak.",
                shown(setting)
            );
            return Some(undecided(reason, DECIDE, evidence));
        }
        match options.proxy_headers() {
            Some(ProxyHeaders::XForwarded) => return None,
            Some(ProxyHeaders::Forwarded) => {
                let reason = format!(
                    "{name} believes the header `Forwarded` only; Google documents `X-Forwarded-Proto`, and whether Cloud Run sends `Forwarded` as well is not certain."
                );
                return Some(undecided(reason, DECIDE, evidence));
            }
            _ => {}
        }
    }
    without_headers(server)
}

fn without_headers(server: &Server) -> Option<Verdict> {
    let options = &server.options;
    let name = &server.name;
    let hostname = options.text("hostname");
    if let Some(why) = options.why_unknown("hostname") {
        let reason = format!(
            "{name} sets no `proxy-headers`, and whether its hostname is a full URL is not known: {why}."
        );
        return Some(undecided(reason, DECIDE, server.evidence_of(&["hostname"], "the hostname")));
    }
    let is_url = hostname.is_some_and(is_url_form)
        || (server.is_before(SECOND_HOSTNAME) && options.text("hostname-url").is_some());
    if let Some(proxy) =
        options.get("proxy").filter(|proxy| proxy.value.text().is_some_and(|mode| mode != "none"))
    {
        if server.is_before(SECOND_HOSTNAME) {
            return None;
        }
        let evidence = vec![proxy.evidence("ignored from 25 on")];
        if !server.is_since(SECOND_HOSTNAME) {
            let reason = format!(
                "{name} sets {} alone, which servers from 25 on ignore, and the server's version is not known.",
                shown(proxy)
            );
            return Some(undecided(
                reason,
                "Name the version with --keycloak-version, or set `KC_PROXY_HEADERS=xforwarded`.",
                evidence,
            ));
        }
        if !is_url {
            let message = format!(
                "{name} sets {} and no `proxy-headers`, but servers from 25 on ignore it: Keycloak takes every request for plain HTTP, its issuer begins with `http://`, and logins end with \"HTTPS required\".",
                shown(proxy)
            );
            return Some(wrong(message, None, evidence, proxy.written.clone()));
        }
    }
    if is_url {
        if options.why_hidden().is_some() {
            return None;
        }
        let message = format!(
            "{name} fixes its hostname as a full URL but sets no `proxy-headers`: the issuer is right, but Keycloak takes every request for plain HTTP from one address, so that `sslRequired` refuses logins and brute force detection locks everybody out together."
        );
        let evidence = server.evidence_of(&["hostname", "hostname-url"], "the hostname in use");
        return Some(with_severity(wrong(message, None, evidence, "proxy-headers"), Severity::Warning));
    }
    let mut evidence = vec![server.absence("no `proxy-headers` here")];
    evidence.extend(
        server.evidence_of(&["hostname"], "the hostname in use, which leaves the scheme to the request"),
    );
    if let Some(why) = options.why_hidden() {
        let reason = format!("{name} does not show whether Keycloak reads the proxy's headers: {why}.");
        return Some(undecided(reason, DECIDE, evidence));
    }
    let message = format!(
        "{name} sets no `proxy-headers`, and its hostname is no full URL: Keycloak takes every request for plain HTTP, its issuer begins with `http://`, and logins end with \"HTTPS required\"."
    );
    let remedy = server
        .is_before(PROXY_HEADERS_OPTION)
        .then(|| "Set `KC_PROXY=edge` on the Keycloak service; servers from 24 on have `KC_PROXY_HEADERS=xforwarded` for it.".to_owned());
    Some(wrong(message, remedy, evidence, "proxy-headers"))
}

#[cfg(test)]
mod tests {
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak};

    fn judge(image: &str, arguments: &[&str], env: &[(&str, &str)]) -> crate::testing::Said {
        keycloak(image, arguments, env).judge("keycloak-proxy-headers")
    }

    #[test]
    fn a_bare_hostname_without_headers_gives_http_issuers() {
        let said = judge("quay.io/keycloak/keycloak:26.3", &["start"], &[("KC_HOSTNAME", "sso.example.com")]);
        assert_eq!(
            said.wrong,
            [
                "error service keycloak: Service `keycloak` sets no `proxy-headers`, and its hostname is no full URL: Keycloak takes every request for plain HTTP, its issuer begins with `http://`, and logins end with \"HTTPS required\"."
            ]
        );
        assert_eq!(
            said.places,
            [
                "keycloak.yaml spec.template.spec.containers[0].args[0] = start (no `proxy-headers` here)",
                "keycloak.yaml spec.template.spec.containers[0].env[0].value = sso.example.com (the hostname in use, which leaves the scheme to the request)"
            ]
        );
    }

    #[test]
    fn headers_that_are_read_are_fine() {
        for env in [
            [("KC_PROXY_HEADERS", "xforwarded"), ("KC_HOSTNAME", "sso.example.com")],
            [("KC_PROXY_HEADERS", "xforwarded"), ("KC_HOSTNAME", "")],
        ] {
            assert!(judge(OWN_IMAGE, &[], &env).is_nothing());
        }
        assert!(
            judge("quay.io/keycloak/keycloak:26.3", &["start", "--proxy-headers", "xforwarded"], &[])
                .is_nothing()
        );
    }

    #[test]
    fn a_full_url_is_advice_only() {
        let said = judge(
            "quay.io/keycloak/keycloak:26.3",
            &["start"],
            &[("KC_HOSTNAME", "https://sso.example.com")],
        );
        assert!(
            said.wrong[0]
                .starts_with("warning service keycloak: Service `keycloak` fixes its hostname as a full URL")
        );
    }

    #[test]
    fn an_image_of_its_own_may_set_it() {
        let said = judge(OWN_IMAGE, &[], &[("KC_HOSTNAME", "sso.example.com")]);
        assert_eq!(said.wrong, [] as [&str; 0]);
        assert_eq!(
            said.undecided,
            [
                "service keycloak: Service `keycloak` does not show whether Keycloak reads the proxy's headers: the image may set it itself, and its Dockerfile was not read."
            ]
        );
        let handed =
            judge(OWN_IMAGE, &[], &[("PROXY_MODE", "--proxy-headers=forwarded"), ("KC_DB", "postgres")]);
        assert!(handed.wrong.is_empty() && handed.undecided[0].contains("a start script"));
    }

    #[test]
    fn forwarded_is_open() {
        let said = judge("quay.io/keycloak/keycloak:26.3", &["start"], &[("KC_PROXY_HEADERS", "forwarded")]);
        assert!(said.wrong.is_empty() && said.undecided[0].contains("`Forwarded` only"));
    }

    #[test]
    fn the_old_mode_is_judged_by_version() {
        let env = [("KC_PROXY", "edge"), ("KC_HOSTNAME", "sso.example.com")];
        assert!(judge("quay.io/keycloak/keycloak:24.0.5", &["start"], &env).is_nothing());
        let said = judge("quay.io/keycloak/keycloak:26.3", &["start"], &env);
        assert_eq!(said.values, ["KC_PROXY"]);
        assert!(judge(OWN_IMAGE, &["start"], &env).undecided[0].contains("version is not known"));
    }
}
