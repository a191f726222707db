#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const NEWEST: Version = Version::new(26, 7, 3);

fn ask(
    options: &str,
    realm: &str,
    frontend: Option<&str>,
    headers: &[(&str, &str)],
    version: Version,
) -> Result<String, NoIssuer> {
    // The recording server ran by start-dev.
    let options = IssuerOptions::from_words(options.split_whitespace().chain(["start-dev"]));
    let headers = RequestHeaders::new(headers.iter().copied());
    issuer_of_request(&options, realm, frontend, &headers, version)
}

#[test]
fn recorded_issuers_are_met() {
    let data: Value =
        serde_json::from_str(include_str!("../../../tests/data/keycloak/issuer_cases.json")).unwrap();
    let mut wrong = Vec::new();
    let cases = data["cases"].as_array().unwrap();
    for case in cases {
        let headers: Vec<(&str, &str)> = case["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let realm = case["realm"].as_str().unwrap();
        let got =
            ask(case["options"].as_str().unwrap(), realm, case["frontendUrl"].as_str(), &headers, NEWEST);
        let expected = match case["issuer"].as_str() {
            Some(issuer) => Ok(issuer.to_owned()),
            None => Err(NoIssuer::Status(u16::try_from(case["status"].as_u64().unwrap()).unwrap())),
        };
        if got != expected {
            wrong.push(format!("{case}\n    got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_prefix_header_counts_from_26_6_on() {
    let headers = [("Host", "svc.run.app"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/auth/")];
    let with = |version| ask("--proxy-headers=xforwarded", "shop", None, &headers, version).unwrap();
    assert_eq!(with(Version::new(26, 5, 5)), "https://svc.run.app/realms/shop");
    assert_eq!(with(NEWEST), "https://svc.run.app/auth/realms/shop");
}

#[test]
fn the_relative_path_is_part_of_a_request_but_not_of_a_hostname_url() {
    let host = [("Host", "svc.run.app")];
    let ask = |options| ask(options, "shop", None, &host, NEWEST).unwrap();
    assert_eq!(ask("--http-relative-path=/auth"), "http://svc.run.app/auth/realms/shop");
    assert_eq!(
        ask("--http-relative-path auth/ --hostname sso.example.com"),
        "http://sso.example.com/auth/realms/shop"
    );
    assert_eq!(
        ask("--http-relative-path=/auth --hostname=https://sso.example.com"),
        "https://sso.example.com/realms/shop"
    );
}

#[test]
fn forwarded_is_read_as_the_server_reads_it() {
    let with = |value| {
        ask("--proxy-headers=forwarded", "shop", None, &[("Host", "int:8080"), ("Forwarded", value)], NEWEST)
            .unwrap()
    };
    assert_eq!(
        with(r#"for=1.2.3.4; proto=https; host="ext.example.com:8443""#),
        "https://ext.example.com:8443/realms/shop"
    );
    assert_eq!(
        with("host=a.example.com;proto=https, host=b.example.com;proto=http"),
        "https://a.example.com:8080/realms/shop"
    );
    assert_eq!(with(r#"proto=https;host="[2001:db8::1]:443""#), "https://[2001:db8::1]/realms/shop");
    // Names of parameters in upper case are not recognised.
    assert_eq!(with("Proto=https;Host=ext"), "http://int:8080/realms/shop");
}

#[test]
fn hostnames_that_are_neither_host_nor_url_stop_the_start() {
    for hostname in [
        "sso.example.com:8443",
        "sso.example.com/auth",
        "HTTPS://sso.example.com",
        "my_host",
        "https://u@h/",
        "https://h?x",
    ] {
        let got = ask(&format!("--hostname={hostname}"), "shop", None, &[("Host", "h")], NEWEST);
        assert!(matches!(got, Err(NoIssuer::DoesNotStart(_))), "{hostname}: {got:?}");
    }
    let strict = IssuerOptions::from_words(["start"]);
    assert!(strict.why_not_startable(NEWEST).is_some());
    assert!(
        IssuerOptions::from_words(["start", "--hostname-strict=false"]).why_not_startable(NEWEST).is_none()
    );
    assert!(
        IssuerOptions::from_words(["start", "--hostname=", "--hostname-strict=true"])
            .why_not_startable(NEWEST)
            .is_some()
    );
    let dynamic = IssuerOptions::from_words(["start", "--hostname=h", "--hostname-backchannel-dynamic=true"]);
    assert!(dynamic.why_not_startable(NEWEST).is_some());
}

#[test]
fn odd_frontend_urls_are_ignored_encoded_or_break() {
    let with = |url: &str| ask("", "shop", Some(url), &[("Host", "int")], NEWEST);
    let ignored = Ok("http://int/realms/shop".to_owned());
    for url in
        ["  ", "//h", "mailto:x", "https://h:abc", "https://[::1", "https://[1:2", "hps://h", "https//h"]
    {
        assert_eq!(with(url), ignored, "{url}");
    }
    assert_eq!(with("https://h/a b").unwrap(), "https://h/a%20b/realms/shop");
    assert_eq!(with("HTTPS://h:443").unwrap(), "HTTPS://h:443/realms/shop");
    assert_eq!(with("https://h:/x").unwrap(), "https://h/x/realms/shop");
    assert_eq!(with("https://h/x#f").unwrap(), "https://h/x/realms/shop#f");
    assert_eq!(with("https://[::1]:8443/x").unwrap(), "https://[::1]:8443/x/realms/shop");
    for url in ["https://h ", "\thttps://h", "https://h/{x}", "https://a b/", "https://"] {
        assert_eq!(with(url), Err(NoIssuer::Status(500)), "{url}");
    }
    let old = ask("", "shop", Some(" https://h "), &[("Host", "int")], Version::new(24, 0, 5));
    assert_eq!(old, ignored);
}

#[test]
fn before_25_the_first_hostname_options_count() {
    let old = Version::new(24, 0, 5);
    let ask = |words: &str| {
        let options = IssuerOptions::from_words(words.split_whitespace());
        let headers = RequestHeaders::of_cloud_run("kc.run.app");
        issuer_of_request(&options, "shop", None, &headers, old).unwrap()
    };
    assert_eq!(
        ask("start --hostname-url=https://sso.example.com/auth"),
        "https://sso.example.com/auth/realms/shop"
    );
    assert_eq!(ask("start --hostname=sso.example.com --proxy=edge"), "https://sso.example.com/realms/shop");
    assert_eq!(ask("start --hostname-strict=false --proxy=edge"), "https://kc.run.app/realms/shop");
    assert_eq!(ask("start --hostname-strict=false"), "http://kc.run.app/realms/shop");
}

proptest! {
    #[test]
    fn no_request_panics(options in "(--(hostname|proxy-headers|http-relative-path)=[ -~]{0,20} ?){0,3}", realm in "\\PC{0,12}", frontend in proptest::option::of("(https?://)?\\PC{0,20}"), host in "\\PC{0,20}", forwarded in "\\PC{0,30}") {
        let headers = [("Host", host.as_str()), ("Forwarded", forwarded.as_str()), ("X-Forwarded-Host", forwarded.as_str())];
        let _ = ask(&options, &realm, frontend.as_deref(), &headers, NEWEST);
    }

    #[test]
    fn an_issuer_never_ends_in_a_slash_and_its_default_port_is_dropped(host in "[a-z]{1,8}\\.example\\.com", port in proptest::option::of(1u16..), realm in "[a-z]{1,8}") {
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let issuer = ask("", &realm, None, &[("Host", &format!("{host}{port}"))], NEWEST).unwrap();
        let expected = if port == ":80" { String::new() } else { port };
        prop_assert_eq!(issuer, format!("http://{host}{expected}/realms/{realm}"));
    }
}
