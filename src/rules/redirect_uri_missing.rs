//! `redirect-uri-missing`: a URL of a service that its client does not accept.

use super::with_callbacks::{Pinned, callbacks, is_public, label_of};
use super::with_entries::takes_browsers;
use crate::cloud_run::model::{ServiceUrl, UrlForm, Workload};
use crate::cloud_run::urls::is_loopback;
use crate::conventions::CallbackPurpose;
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::fix::{Fix, Safety, offer};
use crate::keycloak::model::{ClientField, Dialect, attribute};
use crate::keycloak::post_logout::PostLogoutMatcher;
use crate::keycloak::redirect::{Matcher, Registration};
use crate::keycloak::version::Version;
use crate::link::Link;
use crate::link::hosts::host_in;
use crate::rules::{Check, Rule};
use crate::scene::{RedirectMatchers, Scene};
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "redirect-uri-missing",
    severity: Severity::Error,
    title: "A URL of a service is accepted by no redirect URI of its client",
    why: "Keycloak sends browsers back only to redirect URIs that the client registers: without one every login ends on an error page, \
          \"Invalid parameter: redirect_uri\", before the person can log in.\n\n\
          A Cloud Run service answers on two run.app URLs, with the project number and with the project's hash, and on its custom domains. \
          Most frameworks ask for the host by which the user came, so each needs an entry, unless a setting (`AUTH_URL`, `--redirect-url` \
          …) pins one.\n\n\
          Scheme, host, port and path are compared as text: case, a slash at the end and the default port count.",
    remedy: "Add the redirect URI to the client.",
    references: &[
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
        "https://datatracker.ietf.org/doc/html/rfc9700#section-2.1",
        "https://cloud.google.com/run/docs/triggering/https-request",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Link(check),
};

const POST_LOGOUT: ClientField = ClientField::Attribute(attribute::POST_LOGOUT_REDIRECT_URIS);

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(link.client);
    if !link.uses.login
        || !takes_browsers(client)
        || scene.service(link.service).workload != Workload::Service
    {
        return Vec::new();
    }
    let matchers = scene.redirect_matchers(link.client);
    let login = callbacks(link, scene, CallbackPurpose::Login);
    let mut verdicts: Vec<Verdict> =
        login.pinned.iter().filter_map(|pinned| judge_pinned(pinned, &matchers, link, scene)).collect();
    for (why, evidence) in &login.unknown {
        verdicts.push(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether {} accepts the redirect URI of {} is not known, because the setting that pins it is not: {why}.",
                scene.name_client(link.client),
                scene.name_service(link.service)
            ),
            remedy: None,
            evidence: evidence.clone(),
        }));
    }
    if login.pinned.is_empty() && login.unknown.is_empty() {
        verdicts.extend(judge_urls(&login.paths, &matchers, link, scene));
    }
    verdicts.extend(judge_post_logout(link, scene));
    verdicts
}

/// What the servers of the judged versions say to one of several URIs.
enum Answer {
    Accepted,
    /// No version accepts any of them.
    Refused,
    /// Some versions accept one of them; those that refuse, in words.
    RefusedBy(String),
}

fn ask<'m>(uris: &[String], matchers: impl Iterator<Item = (Version, &'m Matcher)>) -> Answer {
    let mut refusing = Vec::new();
    let mut all = 0;
    for (version, matcher) in matchers {
        all += 1;
        // A server that breaks is another rule's finding.
        if !uris.iter().any(|uri| matcher.judge(Some(uri), true).accepted() != Some(false)) {
            refusing.push(version.to_string());
        }
    }
    match refusing.len() {
        0 => Answer::Accepted,
        refused if refused == all => Answer::Refused,
        _ => Answer::RefusedBy(refusing.join(" and ")),
    }
}

fn ask_login(uris: &[String], matchers: &RedirectMatchers) -> Answer {
    ask(uris, matchers.by_version.iter().map(|(version, matcher)| (*version, matcher)))
}

/// Judges a redirect URI that settings pin: the app asks for it whatever host the user came by.
fn judge_pinned(
    pinned: &Pinned,
    matchers: &RedirectMatchers,
    link: &Link,
    scene: &Scene<'_>,
) -> Option<Verdict> {
    let when = match ask_login(&pinned.uris, matchers) {
        Answer::Accepted => return None,
        Answer::Refused => String::new(),
        Answer::RefusedBy(versions) => format!(" on servers of version {versions}"),
    };
    let uri = likeliest(&pinned.uris, link, scene)?;
    let (nearest, place) = nearest_entry(uri, matchers, link, scene);
    if let Some(open) = not_certain(uri, matchers, link, scene, &pinned.evidence) {
        return Some(open);
    }
    let mut evidence = vec![place];
    evidence.extend(pinned.evidence.iter().cloned());
    Some(Verdict::Wrong(Case {
        severity: Some(Severity::Error),
        message: format!(
            "{} asks for the redirect URI `{uri}`, as {} says, but {} does not accept it{when}: {nearest}. Every login ends with \"Invalid parameter: redirect_uri\".",
            capitalized(&scene.name_service(link.service)),
            pinned.settings,
            scene.name_client(link.client),
        ),
        remedy: Some(format!("Add `{uri}` to the redirect URIs of {}.", scene.name_client(link.client))),
        evidence,
        value: Some(uri.clone()),
        fix: Some(Box::new(fix(link, ClientField::RedirectUris, uri, Safety::Safe, scene))),
    }))
}

/// Of the URIs that a framework may ask for, the one whose path an entry of the client has; else the usual one.
fn likeliest<'u>(uris: &'u [String], link: &Link, scene: &Scene<'_>) -> Option<&'u String> {
    let entries: Vec<&str> =
        scene.client(link.client).redirect_uris.iter().filter_map(|entry| entry.text()).collect();
    let is_known = |uri: &&String| entries.iter().any(|entry| path_of(entry) == path_of(uri));
    uris.iter().find(is_known).or_else(|| uris.first())
}

/// What follows the host of a URI; of a relative entry all of it.
fn path_of(uri: &str) -> &str {
    let behind = uri.split_once("://").map_or(uri, |(_, behind)| behind);
    behind.find('/').map_or("", |at| &behind[at..])
}

/// Judges the URLs of a service that asks for the host by which the user came.
fn judge_urls(paths: &[String], matchers: &RedirectMatchers, link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let urls = scene.urls(link.service);
    let public: Vec<&ServiceUrl> = urls.iter().filter(|url| is_public(url, link, scene)).collect();
    if urls.is_empty() {
        return judge_without_url(matchers, link, scene);
    }
    let known = if paths.is_empty() { sibling_paths(urls, link, scene) } else { paths.to_vec() };
    let main = scene.main_url(link.service).map(|url| &url.url);
    let behind_domain = has_domain_in_front(link, scene);
    let mut verdicts = Vec::new();
    for url in public {
        let uris: Vec<String> = if known.is_empty() {
            vec![url.url.clone(), format!("{}/", url.url)]
        } else {
            known.iter().map(|path| format!("{}{path}", url.url)).collect()
        };
        // Without a path, an entry on this host is taken for the callback, whatever its path.
        if known.is_empty() && has_entry_on(&url.url, link, scene) {
            continue;
        }
        let when = match ask_login(&uris, matchers) {
            Answer::Accepted => continue,
            Answer::Refused => String::new(),
            Answer::RefusedBy(versions) => format!(" on servers of version {versions}"),
        };
        let uri = if known.is_empty() { &url.url } else { likeliest(&uris, link, scene).unwrap_or(&url.url) };
        let url_evidence = vec![scene.service_url(url, label_of(url))];
        if let Some(open) = not_certain(uri, matchers, link, scene, &url_evidence) {
            verdicts.push(open);
            continue;
        }
        let severity = match &url.form {
            UrlForm::Tagged(_) => Severity::Info,
            UrlForm::Custom => Severity::Warning,
            _ if Some(&url.url) != main || behind_domain => Severity::Warning,
            _ => Severity::Error,
        };
        verdicts.push(wrong(severity, uri, &known, &when, url_evidence, matchers, link, scene));
    }
    verdicts
}

#[expect(clippy::too_many_arguments, reason = "the parts of one sentence")]
fn wrong(
    severity: Severity,
    uri: &str,
    paths: &[String],
    when: &str,
    url_evidence: Vec<Evidence>,
    matchers: &RedirectMatchers,
    link: &Link,
    scene: &Scene<'_>,
) -> Verdict {
    let (nearest, place) = nearest_entry(uri, matchers, link, scene);
    let client = scene.name_client(link.client);
    let (subject, remedy) = if paths.is_empty() {
        (
            format!("any redirect URI on `{uri}`, where {} answers", scene.name_service(link.service)),
            format!("Add the callback of the app on `{uri}` to the redirect URIs of {client}."),
        )
    } else {
        (
            format!("`{uri}`, the callback of {}", scene.name_service(link.service)),
            format!("Add `{uri}` to the redirect URIs of {client}."),
        )
    };
    let consequence = match severity {
        Severity::Info => "Logins through this tag end",
        Severity::Warning => "Logins of people who come by this host end",
        Severity::Error | Severity::Off => "Every login ends",
    };
    let mut evidence = vec![place];
    evidence.extend(url_evidence);
    Verdict::Wrong(Case {
        severity: Some(severity),
        message: format!(
            "{} does not accept {subject}{when}: {nearest}. {consequence} with \"Invalid parameter: redirect_uri\".",
            capitalized(&client)
        ),
        remedy: Some(remedy),
        evidence,
        value: Some(uri.to_owned()),
        fix: Some(Box::new(fix_of_url(severity, uri, paths, link, scene))),
    })
}

fn fix(link: &Link, list: ClientField, uri: &str, safety: Safety, scene: &Scene<'_>) -> Fix {
    let noun = if list == POST_LOGOUT { "post-logout redirect URIs" } else { "redirect URIs" };
    let title = format!("Add `{uri}` to the {noun} of {}", scene.name_client(link.client));
    Fix::of(title, safety, offer::insert(scene, link.client, list, uri))
}

/// Where the callback is not known, only a person who knows the app can say what to add.
fn fix_of_url(severity: Severity, uri: &str, paths: &[String], link: &Link, scene: &Scene<'_>) -> Fix {
    if paths.is_empty() {
        let client = scene.name_client(link.client);
        let title = format!("Add the callback on `{uri}` to the redirect URIs of {client}");
        return Fix::by_hand(
            title,
            vec![
                format!("Find the path to which {} takes browsers back.", scene.name_service(link.service)),
                format!("Add `{uri}` with this path to the redirect URIs of {client}."),
            ],
        );
    }
    // Whether people shall log in through a tagged revision is not told by the tag.
    let safety = if severity == Severity::Info { Safety::Review } else { Safety::Safe };
    fix(link, ClientField::RedirectUris, uri, safety, scene)
}

/// A service of which no URL is known: an entry that covers every host is all that can be said to accept it.
fn judge_without_url(matchers: &RedirectMatchers, link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let anywhere = vec!["https://a-host-of-the-service.invalid/".to_owned()];
    if matches!(ask_login(&anywhere, matchers), Answer::Accepted) {
        return Vec::new();
    }
    let service = scene.service(link.service);
    // That its run.app URLs are turned off, the rule about closed services says.
    if service.default_url_disabled.is_on() {
        return Vec::new();
    }
    let why = service
        .urls_incomplete
        .clone()
        .unwrap_or_else(|| "its file tells neither a URL nor project number and region".to_owned());
    vec![Verdict::Undecided(Undecided {
        reason: format!(
            "Whether {} accepts the URL of {} is not known, because the URL is not: {why}.",
            scene.name_client(link.client),
            scene.name_service(link.service)
        ),
        remedy: Some(
            "Name the service's URL or domain in cloakrun.yaml, or read what `gcloud run services describe --format export` prints."
                .to_owned(),
        ),
        evidence: vec![scene.service_itself(link.service, "the service whose URL is not known")],
    })]
}

/// Why a refusal is not certain, as a verdict; `None` when all entries are known.
fn not_certain(
    uri: &str,
    matchers: &RedirectMatchers,
    link: &Link,
    scene: &Scene<'_>,
    asked: &[Evidence],
) -> Option<Verdict> {
    let (index, why) = matchers.unknown.first()?;
    let mut evidence = vec![scene.client_entry(
        link.client,
        ClientField::RedirectUris,
        *index,
        "an entry that is not known",
    )];
    evidence.extend(asked.iter().cloned());
    Some(Verdict::Undecided(Undecided {
        reason: format!(
            "Whether {} accepts `{uri}` is not known: no other entry does, and {why}.",
            scene.name_client(link.client)
        ),
        remedy: None,
        evidence,
    }))
}

/// The nearest entry in words ("the nearest entry is `…`, but its host is a, not b"), and its place.
fn nearest_entry(
    uri: &str,
    matchers: &RedirectMatchers,
    link: &Link,
    scene: &Scene<'_>,
) -> (String, Evidence) {
    let newest = matchers.by_version.last().map(|(_, matcher)| matcher);
    let client = scene.client(link.client);
    match newest.and_then(|matcher| matcher.nearest(uri)) {
        Some(nearest) => {
            let index = matchers.positions[nearest.entry];
            let text = client.redirect_uris[index].text().unwrap_or_default();
            let told = nearest.differences.iter().take(2).map(|difference| difference.describe(text));
            let differs = told.collect::<Vec<_>>().join(" and ");
            let place = scene.client_entry(
                link.client,
                ClientField::RedirectUris,
                index,
                format!("the nearest entry: {differs}"),
            );
            (format!("the nearest entry is `{text}`, but {differs}"), place)
        }
        None => {
            let label = "the client without any redirect URI";
            let place = if client.redirect_uris.is_empty() {
                scene.client_itself(link.client, label)
            } else {
                scene.client_field(link.client, ClientField::RedirectUris, "the redirect URIs")
            };
            ("it has no redirect URI".to_owned(), place)
        }
    }
}

/// The paths of entries that stand on hosts of the service: with no convention to tell the callback, they do.
fn sibling_paths(urls: &[ServiceUrl], link: &Link, scene: &Scene<'_>) -> Vec<String> {
    let hosts: Vec<String> = urls.iter().filter_map(|url| host_in(&url.url)).collect();
    let mut paths = Vec::new();
    for entry in &scene.client(link.client).redirect_uris {
        let Some(text) = entry.text() else { continue };
        if !host_in(text).is_some_and(|host| hosts.contains(&host)) {
            continue;
        }
        let path = path_of(text);
        if !path.contains(['*', '?', '#']) && !path.is_empty() {
            paths.push(path.to_owned());
        }
    }
    paths
}

/// Whether any entry is on the URL's host.
fn has_entry_on(url: &str, link: &Link, scene: &Scene<'_>) -> bool {
    let host = host_in(url);
    scene.client(link.client).redirect_uris.iter().any(|entry| entry.text().and_then(host_in) == host)
}

/// Whether the client has entries on a domain that may stand in front of the service, so that nobody need come by the run.app URL.
pub(super) fn has_domain_in_front(link: &Link, scene: &Scene<'_>) -> bool {
    let client = scene.client(link.client);
    let root = client.root_url.as_ref().and_then(|url| url.text());
    let relative =
        client.redirect_uris.iter().any(|entry| entry.text().is_some_and(|text| text.starts_with('/')));
    let texts = client.redirect_uris.iter().filter_map(|entry| entry.text());
    texts.chain(root.filter(|_| relative)).any(|text| {
        host_in(text).is_some_and(|host| {
            !is_loopback(&host)
                && !host.ends_with(".run.app")
                && host.contains('.')
                && scene.services_on_host(&host).iter().all(|service| *service == link.service)
        })
    })
}

/// Judges the URIs that settings pin for the time after logout.
fn judge_post_logout(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(link.client);
    let pinned = callbacks(link, scene, CallbackPurpose::PostLogout).pinned;
    let stored = client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS);
    let entries: Vec<&str> = client.redirect_uris.iter().filter_map(|entry| entry.text()).collect();
    let is_known =
        entries.len() == client.redirect_uris.len() && stored.is_none_or(|text| text.text().is_some());
    if pinned.is_empty() || !is_known {
        return Vec::new();
    }
    let registration = Registration {
        registered: &entries,
        root_url: client.root_url.as_ref().and_then(|url| url.text()),
        frontend_url: scene.frontend_url(link.client.realm).unwrap_or("https://frontend-url.invalid"),
        admin_url: None,
        allow_oidc_parameters: false,
    };
    let matchers: Vec<(Version, PostLogoutMatcher)> = scene
        .versions(link.client.realm)
        .iter()
        .map(|version| {
            let attribute = stored.and_then(|text| text.text());
            (*version, PostLogoutMatcher::new(&registration, attribute, *version))
        })
        .collect();
    pinned.iter().filter_map(|pinned| judge_pinned_logout(pinned, &matchers, link, scene)).collect()
}

fn judge_pinned_logout(
    pinned: &Pinned,
    matchers: &[(Version, PostLogoutMatcher)],
    link: &Link,
    scene: &Scene<'_>,
) -> Option<Verdict> {
    let uri = pinned.uris.first()?;
    let refuses = |matcher: &PostLogoutMatcher| {
        pinned.uris.iter().all(|uri| matcher.judge(Some(uri)).accepted() == Some(false))
    };
    if !matchers.iter().any(|(_, matcher)| refuses(matcher)) {
        return None;
    }
    let client = scene.client(link.client);
    let field = match client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS) {
        Some(_) => scene.client_field(link.client, POST_LOGOUT, "the post-logout redirect URIs"),
        None => scene.client_field(
            link.client,
            ClientField::RedirectUris,
            "the redirect URIs, which hold for logouts as well as `post.logout.redirect.uris` is absent",
        ),
    };
    let setting = if client.dialect == Dialect::Terraform {
        "valid_post_logout_redirect_uris"
    } else {
        "post.logout.redirect.uris"
    };
    let mut evidence = vec![field];
    evidence.extend(pinned.evidence.iter().cloned());
    Some(Verdict::Wrong(Case {
        severity: Some(Severity::Error),
        message: format!(
            "{} sends people to `{uri}` after logout, as {} says, but {} does not accept it: the logout ends with \"Invalid redirect uri\".",
            capitalized(&scene.name_service(link.service)),
            pinned.settings,
            scene.name_client(link.client),
        ),
        remedy: Some(format!("Add `{uri}` to `{setting}` of {}.", scene.name_client(link.client))),
        evidence,
        value: Some(uri.clone()),
        fix: Some(Box::new(fix(link, POST_LOGOUT, uri, Safety::Safe, scene))),
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");
    const ID: (&str, &str) = ("OIDC_CLIENT_ID", "web");

    fn judge(client: &str, env: &[(&str, &str)]) -> Said {
        let mut all = vec![ISSUER, ID];
        all.extend(env);
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", {client}}}]}}"#
                ),
            )
            .service("web.yaml", &service_yaml("web", &all))
            .judge("redirect-uri-missing")
    }

    #[test]
    fn a_pinned_uri_that_no_entry_accepts_is_an_error() {
        let said = judge(
            r#""redirectUris": ["https://web.example.com/callback/"]"#,
            &[("OIDC_REDIRECT_URI", "https://web.example.com/callback")],
        );
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: Service `web` asks for the redirect URI `https://web.example.com/callback`, as `OIDC_REDIRECT_URI` says, but client `web` of realm `shop` does not accept it: the nearest entry is `https://web.example.com/callback/`, but it has a slash at the end. Every login ends with \"Invalid parameter: redirect_uri\"."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].redirectUris[0] = https://web.example.com/callback/ (the nearest entry: it has a slash at the end)",
                "web.yaml spec.template.spec.containers[0].env[2].value = https://web.example.com/callback (the setting that pins it)",
            ]
        );
        assert_eq!(said.values, ["https://web.example.com/callback"]);
    }

    #[test]
    fn a_pinned_uri_that_is_accepted_leaves_other_urls_alone() {
        let said = judge(
            r#""redirectUris": ["https://web.example.com/*"]"#,
            &[("OIDC_REDIRECT_URI", "https://web.example.com/callback")],
        );
        assert!(said.is_nothing(), "{said:?}");
    }

    #[test]
    fn a_localhost_only_client_misses_the_url_whatever_the_path() {
        let said = judge(r#""redirectUris": ["http://localhost:3000/*"]"#, &[]);
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(said.wrong[0].starts_with("error service web ↔ client web of realm shop: Client `web` of realm `shop` does not accept any redirect URI on `https://web-123456789012.europe-west1.run.app`, where service `web` answers: the nearest entry is `http://localhost:3000/*`"), "{said:?}");
        assert_eq!(said.values, ["https://web-123456789012.europe-west1.run.app"]);
    }

    #[test]
    fn an_entry_on_the_host_is_taken_for_the_callback() {
        let said = judge(
            r#""redirectUris": ["https://web-123456789012.europe-west1.run.app/secret/callback"]"#,
            &[],
        );
        assert!(said.is_nothing(), "{said:?}");
    }

    #[test]
    fn a_domain_in_front_makes_it_a_warning() {
        let said = judge(r#""redirectUris": ["https://shop.example.com/cb"]"#, &[]);
        assert_eq!(said.wrong.len(), 1);
        assert!(said.wrong[0].starts_with("warning "), "{said:?}");
    }

    #[test]
    fn a_placeholder_among_the_entries_makes_it_undecided() {
        let said = judge(r#""redirectUris": ["${WEB_URL}/*"]"#, &[]);
        assert_eq!(said.wrong, Vec::<String>::new());
        assert_eq!(said.undecided.len(), 1, "{said:?}");
    }

    #[test]
    fn machines_and_apis_need_none() {
        assert!(judge(r#""standardFlowEnabled": false, "serviceAccountsEnabled": true"#, &[]).is_nothing());
        assert!(judge(r#""bearerOnly": true"#, &[]).is_nothing());
    }

    #[test]
    fn the_fix_adds_the_uri_and_touches_no_other() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web", "redirectUris": ["https://web.example.com/callback/"]}]}"#,
        ).service(
            "web.yaml",
            &service_yaml(
                "web",
                &[("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web"), ("OIDC_REDIRECT_URI", "https://web.example.com/callback")],
            ),
        );
        assert_eq!(
            stage.fixes("redirect-uri-missing"),
            ["safe expand shop.json: redirectUris +https://web.example.com/callback"]
        );
    }

    #[test]
    fn a_callback_that_nothing_tells_is_for_a_person() {
        let stage = Stage::new().realm(
            "shop.json",
            r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [{"clientId": "web", "redirectUris": ["http://localhost:3000/*"]}]}"#,
        ).service(
            "web.yaml",
            &service_yaml(
                "web",
                &[("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")],
            ),
        );
        assert_eq!(
            stage.fixes("redirect-uri-missing"),
            [
                "by hand Add the callback on `https://web-123456789012.europe-west1.run.app` to the redirect URIs of client `web` of realm `shop`"
            ]
        );
    }
}
