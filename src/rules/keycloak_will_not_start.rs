//! `keycloak-will-not-start`: a revision of the Keycloak service that cannot come up.

use super::with_keycloak::{Server, server, shown, undecided, wrong};
use crate::cloud_run::model::{Probe, ProbeAction};
use crate::finding::{Evidence, Severity, Verdict};
use crate::keycloak::option_names;
use crate::keycloak::server_options::{Origin, Setting, StartMode};
use crate::keycloak::version::Version;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};

pub(crate) static RULE: Rule = Rule {
    id: "keycloak-will-not-start",
    severity: Severity::Error,
    title: "The Keycloak server ends at its start, or its health probe never passes",
    why: "Keycloak checks its options before it listens, and ends when they do not fit: no hostname while the hostname is strict, no key for HTTPS \
          while HTTP is off, an option that its version does not know on the command line.\n\n\
          Build options (`db`, `features`, `health-enabled`, `http-relative-path` …) are fixed when the image is built by `kc.sh build`. Beside \
          `--optimized` any other value ends the start, and so does an option that was never built, even when its value is the default.\n\n\
          Health endpoints are on the management port 9000 from 25 on, below `http-relative-path`; elsewhere a probe gets 404, and Cloud Run \
          gives the revision up.",
    remedy: "Change the setting that the message names, and deploy again.",
    references: &[
        "https://www.keycloak.org/server/configuration",
        "https://www.keycloak.org/server/hostname",
        "https://www.keycloak.org/server/management-interface",
        "https://github.com/keycloak/keycloak/issues/44616",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

const MANAGEMENT_PORT_SINCE: Version = Version::new(25, 0, 0);
const OLD_OPTIONS_UNKNOWN: Version = Version::new(26, 0, 0);
const NO_OPTIMIZED_DEVELOPMENT: Version = Version::new(26, 4, 0);
const MANAGEMENT_PORT: i64 = 9000;
const READ_THE_IMAGE: &str = "Look into the image's Dockerfile, or try the revision without traffic.";

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(server) = server(id, scene) else { return Vec::new() };
    let service = scene.service(id);
    let container = &service.containers[server.options.container];
    let mut verdicts = Vec::new();
    if server.options.stock_image && !container.states_command {
        let message = format!(
            "{} runs Keycloak's own image without arguments: it prints its help and ends, so that no revision ever serves.",
            server.name
        );
        let remedy =
            Some("Set the container's arguments to `start` and the options of the server.".to_owned());
        verdicts.push(wrong(message, remedy, vec![server.absence("an image that needs a command")], "start"));
        return verdicts;
    }
    verdicts.extend(hostname(&server));
    verdicts.extend(plain_http(&server));
    verdicts.extend(built(&server));
    verdicts.extend(server.options.settings.iter().filter_map(|setting| argument(&server, setting)));
    verdicts.extend(header_value(&server));
    verdicts.extend(container.probes.iter().filter_map(|probe| {
        health_probe(&server, container.port.as_ref().and_then(|port| port.value()).copied(), probe)
    }));
    verdicts
}

fn hostname(server: &Server) -> Option<Verdict> {
    let options = &server.options;
    let names = ["hostname", "hostname-url", "hostname-strict", "hostname-admin"];
    if names.iter().any(|name| options.why_unknown(name).is_some()) {
        return None;
    }
    let newest = server.versions.last().copied()?;
    let seen = options.issuer_options();
    let why = seen.why_not_startable(newest)?;
    let mut evidence = server
        .evidence_of(&["hostname", "hostname-admin", "hostname-backchannel-dynamic"], "read at the start");
    let is_named = seen.hostname.is_some() || seen.hostname_url.is_some();
    let message = format!("{} does not start: {why}.", server.name);
    if is_named {
        let value = options.get("hostname").map_or("hostname", |setting| setting.written.as_str()).to_owned();
        return Some(wrong(message, None, evidence, value));
    }
    if evidence.is_empty() {
        evidence.push(server.absence("no hostname here"));
    }
    let remedy = "Set `KC_HOSTNAME` to the full URL by which browsers reach Keycloak.";
    let states_start = matches!(&options.mode, Some((StartMode::Production, Origin::Argument, _)));
    if options.stock_image || (options.is_stated_empty("hostname") && states_start) {
        return Some(wrong(message, Some(remedy.to_owned()), evidence, "hostname"));
    }
    if !states_start && !options.is_stated_empty("hostname") {
        return None;
    }
    let reason = format!("{} starts only if its image sets the hostname: {why} in the service.", server.name);
    Some(undecided(reason, READ_THE_IMAGE, evidence))
}

// Cloud Run speaks plain HTTP to the container, and Keycloak listens for it only when `http-enabled` says so, or in development.
fn plain_http(server: &Server) -> Option<Verdict> {
    let options = &server.options;
    let by_old_mode =
        server.is_before(Version::new(25, 0, 0)) && options.text("proxy").is_some_and(|mode| mode == "edge");
    if options.is_development()
        || options.is_on("http-enabled")
        || by_old_mode
        || options.why_unknown("http-enabled").is_some()
    {
        return None;
    }
    let message = format!(
        "{} does not listen for plain HTTP, which is what Cloud Run speaks to containers: without `http-enabled=true` Keycloak wants a key for HTTPS and ends with \"Key material not provided to setup HTTPS\".",
        server.name
    );
    let remedy = Some("Set `KC_HTTP_ENABLED=true` on the Keycloak service.".to_owned());
    if options.is_off("http-enabled") {
        return Some(wrong(
            message,
            remedy,
            server.evidence_of(&["http-enabled"], "turns plain HTTP off"),
            "http-enabled",
        ));
    }
    let evidence = || {
        let mut evidence = vec![server.absence("no `http-enabled` here")];
        evidence.extend(server.evidence_of(&["proxy"], "no longer turns plain HTTP on"));
        evidence
    };
    if options.stock_image && options.mode.is_some() {
        return Some(wrong(message, remedy, evidence(), "http-enabled"));
    }
    // An image of the team's own mostly sets it; only an option that once implied it is a sign that it may not.
    let relied_on_mode =
        options.text("proxy").is_some_and(|mode| mode == "edge") && server.is_since(Version::new(25, 0, 0));
    relied_on_mode.then(|| {
        let reason = format!("{} starts only if its image sets `http-enabled`: `KC_PROXY=edge` no longer implies it from 25 on.", server.name);
        undecided(reason, "Set `KC_HTTP_ENABLED=true` on the service.", evidence())
    })
}

fn built(server: &Server) -> Option<Verdict> {
    let options = &server.options;
    let newest = server.versions.last().copied()?;
    let is_built = |setting: &&Setting| {
        option_names::find(&setting.name).is_some_and(|option| option.is_build_option(newest))
    };
    let of_build: Vec<&Setting> = options.settings.iter().filter(is_built).collect();
    let names =
        |settings: &[&Setting]| settings.iter().map(|setting| shown(setting)).collect::<Vec<_>>().join(", ");
    let places = |settings: &[&Setting]| -> Vec<Evidence> {
        settings.iter().map(|setting| setting.evidence("fixed when the image is built")).collect()
    };
    let Some(optimized) = &options.optimized else {
        return hidden_build(server, &of_build, names, places);
    };
    if options.is_development() && server.is_since(NO_OPTIMIZED_DEVELOPMENT) {
        let message = format!(
            "{} does not start: `start-dev` knows no `--optimized` from 26.4 on, and Keycloak ends with \"Unknown option: '--optimized'\".",
            server.name
        );
        return Some(wrong(
            message,
            Some("Start with `start --optimized`.".to_owned()),
            vec![optimized.clone()],
            "--optimized",
        ));
    }
    if options.stock_image {
        let message = format!(
            "{} does not start: Keycloak's own image was never built for a start with `--optimized`.",
            server.name
        );
        let mut evidence = vec![optimized.clone()];
        evidence.extend(options.image.clone());
        return Some(wrong(
            message,
            Some("Leave `--optimized` out, or build an image with `kc.sh build`.".to_owned()),
            evidence,
            "--optimized",
        ));
    }
    let on_command_line: Vec<&Setting> =
        of_build.iter().copied().filter(|setting| setting.origin == Origin::Argument).collect();
    if !on_command_line.is_empty() {
        let message = format!(
            "{} does not start: {} stands beside `--optimized`, where Keycloak knows no build options and ends with \"Unknown option\".",
            server.name,
            names(&on_command_line)
        );
        let mut evidence = places(&on_command_line);
        evidence.push(optimized.clone());
        let remedy = Some(
            "Set build options when the image is built (`kc.sh build`), and leave them out at the start."
                .to_owned(),
        );
        return Some(wrong(message, remedy, evidence, on_command_line[0].written.clone()));
    }
    if of_build.is_empty() {
        return None;
    }
    let reason = format!(
        "{} starts only if its image was built with the same values: {} stands beside `--optimized`, and Keycloak ends when a build option differs from what is built.",
        server.name,
        names(&of_build)
    );
    let mut evidence = places(&of_build);
    evidence.push(optimized.clone());
    Some(undecided(reason, READ_THE_IMAGE, evidence))
}

// Without a start command in the service, the image may well start by `--optimized`. The database is left alone: an image that was
// built for another one would not get as far as being deployed.
fn hidden_build(
    server: &Server,
    of_build: &[&Setting],
    names: impl Fn(&[&Setting]) -> String,
    places: impl Fn(&[&Setting]) -> Vec<Evidence>,
) -> Option<Verdict> {
    let rest: Vec<&Setting> = of_build.iter().copied().filter(|setting| setting.name != "db").collect();
    if rest.is_empty() || server.options.why_hidden().is_none() || server.options.mode.is_some() {
        return None;
    }
    let reason = format!(
        "{} sets {}, a build option: if its image starts with `--optimized` and was not built with this very value, the start ends with \"build time options have values that differ from what is persisted\".",
        server.name,
        names(&rest)
    );
    Some(undecided(reason, READ_THE_IMAGE, places(&rest)))
}

fn argument(server: &Server, setting: &Setting) -> Option<Verdict> {
    let runs_here = matches!(&server.options.mode, Some((_, Origin::Argument, _)));
    if setting.origin != Origin::Argument || !runs_here {
        return None;
    }
    let evidence = vec![setting.evidence("a word that Keycloak does not know")];
    let written = &setting.written;
    let Some(option) = option_names::find(&setting.name) else {
        if option_names::is_known(&setting.name) {
            return None;
        }
        let message = format!(
            "{} does not start: no version of Keycloak knows `{written}`, and it ends with \"Unknown option\".",
            server.name
        );
        let remedy = option_names::nearest(&setting.name)
            .map(|meant| format!("Write `--{meant}` if that is meant, or leave it out."));
        return Some(wrong(message, remedy, evidence, written.clone()));
    };
    if option.ignored_since.is_some() && server.is_since(OLD_OPTIONS_UNKNOWN) {
        let message = format!(
            "{} does not start: servers from 26 on do not know `{written}` and end with \"Unknown option\".",
            server.name
        );
        return Some(wrong(
            message,
            Some(format!("Use {} instead.", option.instead)),
            evidence,
            written.clone(),
        ));
    }
    if option.ignored_since.is_some() && !server.is_before(OLD_OPTIONS_UNKNOWN) {
        let reason = format!(
            "{} starts only before 26, because newer servers do not know `{written}`; its version is not known.",
            server.name
        );
        return Some(undecided(reason, "Name the version with --keycloak-version.", evidence));
    }
    if server.is_before(option.since) {
        let message = format!(
            "{} does not start: `{written}` came with {}, and its server is older and ends with \"Unknown option\".",
            server.name,
            option.since.major()
        );
        return Some(wrong(message, None, evidence, written.clone()));
    }
    None
}

fn header_value(server: &Server) -> Option<Verdict> {
    let setting = server.options.get("proxy-headers").filter(|setting| setting.origin != Origin::Handed)?;
    let value =
        setting.value.text().filter(|value| !matches!(value.trim(), "" | "forwarded" | "xforwarded"))?;
    let message = format!(
        "{} does not start: `{}` is `{value}`, and Keycloak takes `forwarded` and `xforwarded` only.",
        server.name, setting.written
    );
    let remedy = Some("Set `KC_PROXY_HEADERS=xforwarded`.".to_owned());
    Some(wrong(message, remedy, vec![setting.evidence("no kind of header")], setting.written.clone()))
}

fn health_probe(server: &Server, container_port: Option<i64>, probe: &Probe) -> Option<Verdict> {
    let ProbeAction::Http { path } = &probe.action else { return None };
    let path = path.text()?;
    let options = &server.options;
    let before = path.find("/health")?;
    let (base, rest) = path.split_at(before);
    if !matches!(rest, "/health" | "/health/ready" | "/health/live" | "/health/started")
        || options.is_on("legacy-observability-interface")
    {
        return None;
    }
    let port = match &probe.port {
        Some(port) => *port.value()?,
        None => container_port.unwrap_or(8080),
    };
    let management =
        options.text("http-management-port").and_then(|port| port.parse().ok()).unwrap_or(MANAGEMENT_PORT);
    let evidence = |label: &str| vec![Evidence::cloud_run(probe.at.clone(), Some(path.to_owned()), label)];
    if port != management {
        if server.is_before(MANAGEMENT_PORT_SINCE) {
            return None;
        }
        let evidence = evidence("a health probe on the port of the server itself");
        if !server.is_since(MANAGEMENT_PORT_SINCE) {
            let reason = format!(
                "{} is probed at `{path}` on port {port}, where servers from 25 on answer 404; its version is not known.",
                server.name
            );
            return Some(undecided(reason, "Name the version with --keycloak-version.", evidence));
        }
        let message = format!(
            "{} is probed at `{path}` on port {port}, where servers from 25 on answer 404: the probe never passes, and no revision serves.",
            server.name
        );
        return Some(wrong(message, Some(format!("Probe port {management}.")), evidence, path.to_owned()));
    }
    let relative =
        options.text("http-management-relative-path").or_else(|| options.text("http-relative-path"));
    let relative = relative.map(|path| path.trim_end_matches('/')).unwrap_or_default();
    if relative.is_empty() || relative.trim_start_matches('/') == base.trim_start_matches('/') {
        return None;
    }
    let wanted = format!("/{}{rest}", relative.trim_start_matches('/'));
    let message = format!(
        "{} is probed at `{path}`, but its health endpoints are below `{relative}`: the probe gets 404, and no revision serves.",
        server.name
    );
    let mut places = evidence("a health probe beside the relative path");
    places.extend(
        server.evidence_of(
            &["http-management-relative-path", "http-relative-path"],
            "the path of all endpoints",
        ),
    );
    Some(wrong(message, Some(format!("Probe `{wanted}`.")), places, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::rules::with_keycloak::testing::{OWN_IMAGE, keycloak, keycloak_yaml};
    use crate::testing::{Said, Stage};

    const STOCK: &str = "quay.io/keycloak/keycloak:26.3";
    const FINE: [(&str, &str); 2] = [("KC_HOSTNAME", "https://sso.example.com"), ("KC_HTTP_ENABLED", "true")];

    fn judge(image: &str, arguments: &[&str], env: &[(&str, &str)]) -> Said {
        keycloak(image, arguments, env).judge("keycloak-will-not-start")
    }

    #[test]
    fn a_server_with_hostname_and_http_starts() {
        assert!(judge(STOCK, &["start"], &FINE).is_nothing());
        assert!(judge(STOCK, &["start", "--hostname-strict=false", "--http-enabled=true"], &[]).is_nothing());
        assert!(judge(STOCK, &["start-dev"], &[]).is_nothing());
        assert!(judge(OWN_IMAGE, &[], &[("KC_DB", "postgres"), ("KC_HOSTNAME", "h")]).is_nothing());
    }

    #[test]
    fn a_strict_hostname_that_is_missing_ends_the_start() {
        let said = judge(STOCK, &["start"], &[("KC_HTTP_ENABLED", "true")]);
        assert_eq!(
            said.wrong,
            [
                "error service keycloak: Service `keycloak` does not start: `hostname` is not set and `hostname-strict` is not false."
            ]
        );
        assert!(
            judge(OWN_IMAGE, &["start"], &[("KC_HTTP_ENABLED", "true")]).undecided[0]
                .contains("only if its image sets the hostname")
        );
        let empty = judge(OWN_IMAGE, &["start"], &[("KC_HTTP_ENABLED", "true"), ("KC_HOSTNAME", "")]);
        assert_eq!(empty.wrong.len(), 1);
        let port = judge(OWN_IMAGE, &[], &[("KC_DB", "postgres"), ("KC_HOSTNAME", "sso.example.com:8443")]);
        assert!(port.wrong[0].contains("neither a plain host name nor a valid URL"));
    }

    #[test]
    fn https_without_a_key_ends_the_start() {
        let said = judge(STOCK, &["start"], &FINE[..1]);
        assert_eq!(said.values, ["http-enabled"]);
        let edge = [FINE[0], ("KC_PROXY", "edge")];
        assert!(judge("quay.io/keycloak/keycloak:24.0.5", &["start"], &edge).is_nothing());
        assert!(judge("shop/keycloak:26.3", &["start"], &edge).undecided[0].contains("no longer implies it"));
    }

    #[test]
    fn build_options_beside_optimized() {
        let command_line = judge(
            OWN_IMAGE,
            &["start", "--optimized", "--db=postgres", "--hostname=https://h", "--http-enabled=true"],
            &[],
        );
        assert_eq!(command_line.values, ["--db"]);
        let variable =
            judge(OWN_IMAGE, &["start", "--optimized"], &[FINE[0], FINE[1], ("KC_HEALTH_ENABLED", "false")]);
        assert!(variable.wrong.is_empty() && variable.undecided[0].contains("`KC_HEALTH_ENABLED=false`"));
        let hidden = judge(OWN_IMAGE, &[], &[FINE[0], ("KC_HEALTH_ENABLED", "false")]);
        assert!(hidden.wrong.is_empty() && hidden.undecided.len() == 1);
        assert_eq!(judge(STOCK, &["start", "--optimized"], &FINE).values, ["--optimized"]);
        assert_eq!(judge("shop/keycloak:26.4", &["start-dev", "--optimized"], &[]).values, ["--optimized"]);
    }

    #[test]
    fn unknown_words_end_the_start() {
        let said = judge(STOCK, &["start", "--proxy=edge", "--hostnam=x"], &FINE);
        assert_eq!(said.values, ["--proxy", "--hostnam"]);
        assert!(
            judge(STOCK, &["start", "--spi-theme-static-max-age=1", "--log-level=INFO"], &FINE).is_nothing()
        );
        let value = judge(STOCK, &["start"], &[FINE[0], FINE[1], ("KC_PROXY_HEADERS", "edge")]);
        assert_eq!(value.values, ["KC_PROXY_HEADERS"]);
    }

    #[test]
    fn the_own_image_needs_a_command() {
        assert_eq!(judge(STOCK, &[], &FINE).values, ["start"]);
    }

    fn probed(image: &str, path: &str, port: &str, env: &[(&str, &str)]) -> Said {
        let probe = format!("        startupProbe:\n          httpGet:\n            path: {path}\n{port}");
        let text = keycloak_yaml(image, &["start"], &[&FINE[..], env].concat()) + &probe;
        Stage::new().service("keycloak.yaml", &text).judge("keycloak-will-not-start")
    }

    #[test]
    fn health_is_on_the_management_port() {
        let on_9000 = "            port: 9000\n";
        assert_eq!(probed(STOCK, "/health/ready", "", &[]).values, ["/health/ready"]);
        assert!(probed(STOCK, "/health/ready", on_9000, &[]).is_nothing());
        assert!(probed("quay.io/keycloak/keycloak:24.0.5", "/health/ready", "", &[]).is_nothing());
        let relative = probed(STOCK, "/health/ready", on_9000, &[("KC_HTTP_RELATIVE_PATH", "/auth")]);
        assert!(relative.wrong[0].contains("below `/auth`"));
        assert!(
            probed(STOCK, "/auth/health/ready", on_9000, &[("KC_HTTP_RELATIVE_PATH", "/auth")]).is_nothing()
        );
        assert!(probed(STOCK, "/realms/master", "", &[]).is_nothing());
        assert!(probed("shop/keycloak:latest", "/health", "", &[]).undecided[0].contains("answer 404"));
    }
}
