//! `web-origin-missing`: pages of a service fetch tokens, but its client does not allow their origin.

use super::with_entries::{self, List};
use super::with_origins::{
    InBrowser, Origins, Page, Way, in_browser, is_on_loopback, malformed, needed, refused_pages,
};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::fix::{Fix, Safety, offer};
use crate::keycloak::model::ClientField;
use crate::link::Link;
use crate::rules::redirect_uri_any::is_any;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "web-origin-missing",
    severity: Severity::Warning,
    title: "Pages of a service fetch tokens, but their origin is not among the client's web origins",
    why: "A program in the browser fetches its tokens itself. Its request carries the page's origin, and Keycloak lets the page read the answer only \
          if the client's `webOrigins` hold that origin, byte for byte. Before 26.6.3 the answer comes without the header that the browser asks \
          for; from 26.6.3 on the token endpoint does not even look at the request and answers 403 \"Invalid origin\".\n\n\
          `+` stands for the origins of the redirect URIs. A server that creates a client without `webOrigins` fills in those of the absolute \
          redirect URIs; relative ones it leaves out, and an empty list stays empty.\n\n\
          An app that logs people in on the server needs none, so it is said only of services whose settings or image show a program for \
          the browser, or that have a public client with web origins and no secret. A list that holds nothing but `localhost` is worth \
          a word of advice for the others.",
    remedy: "Add the origin to the client's web origins.",
    references: &[
        "https://fetch.spec.whatwg.org/#http-cors-protocol",
        "https://www.keycloak.org/securing-apps/javascript-adapter",
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
        "https://github.com/keycloak/keycloak/issues/51831",
    ],
    needs: &[Fact::Clients, Fact::Services],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    if !link.uses.login {
        return Vec::new();
    }
    // Most services log people in on the server, and of those only a list of a person's own machine is worth a look.
    let listed = scene.client(link.client).web_origins.as_deref().unwrap_or_default();
    let is_local = listed.first().is_some_and(|entry| entry.text().is_some_and(is_on_loopback));
    if !is_local && in_browser(link, scene) == InBrowser::No {
        return Vec::new();
    }
    let origins = Origins::of(link.client, scene);
    if let Some((why, pages)) = needed(link, &origins, scene) {
        if let Some((index, unknown)) = &origins.unknown {
            return pages
                .first()
                .map(|page| undecided(link, page, *index, unknown, scene))
                .into_iter()
                .collect();
        }
        if is_said_elsewhere(link, &origins, scene) {
            return Vec::new();
        }
        let stated = origins.stated.as_deref().unwrap_or_default();
        let meant: Vec<String> = stated.iter().filter_map(|(_, entry)| malformed(entry)?.meant).collect();
        // What an entry that is spelt wrong does to its page, the rule about such entries says.
        let pages = pages.iter().filter(|page| !meant.contains(&page.origin));
        return pages.map(|page| missing(link, page, &why, &origins, scene)).collect();
    }
    left_over(link, &origins, scene).into_iter().collect()
}

/// Whether the list is `+` beside a redirect URI that accepts every host, which `web-origin-any` explains.
fn is_said_elsewhere(link: &Link, origins: &Origins<'_>, scene: &Scene<'_>) -> bool {
    origins.stated.is_some()
        && origins.follow_redirects()
        && with_entries::odd_entries(link.client, scene)
            .iter()
            .any(|entry| entry.list == List::Redirect && is_any(entry))
}

fn missing(link: &Link, page: &Page, why: &str, origins: &Origins<'_>, scene: &Scene<'_>) -> Verdict {
    let (client, service) = (scene.name_client(link.client), scene.name_service(link.service));
    let refusal = origins.refusal(&page.origin);
    let (origin, consequence) = (&page.origin, refusal.consequence());
    let (list, place) = list_of(link, origins, scene);
    let happens = match page.way {
        Way::Usual => consequence.to_owned(),
        Way::Other => format!("for people who come by this host {consequence}"),
        Way::Tagged => format!("for people who come by this tag {consequence}"),
    };
    let mut evidence = vec![place];
    evidence.extend(page.evidence.iter().cloned());
    Verdict::Wrong(Case {
        severity: Some(page.severity(refusal)),
        message: format!(
            "{} does not allow the web origin `{origin}`, from which pages of {service} fetch tokens ({why}): {list}. {}.",
            capitalized(&client),
            capitalized(&happens),
        ),
        remedy: Some(format!("Add `{origin}` to the web origins of {client}.")),
        evidence,
        value: Some(origin.clone()),
        fix: Some(Box::new(fix(link, origin, scene))),
    })
}

fn fix(link: &Link, origin: &str, scene: &Scene<'_>) -> Fix {
    let title = format!("Add `{origin}` to the web origins of {}", scene.name_client(link.client));
    Fix::of(title, Safety::Safe, offer::insert(scene, link.client, ClientField::WebOrigins, origin))
}

/// The client's list in words, and its place.
fn list_of(link: &Link, origins: &Origins<'_>, scene: &Scene<'_>) -> (String, Evidence) {
    let Some(stated) = &origins.stated else {
        let text =
            "it states no `webOrigins`, and the server fills in the origins of absolute redirect URIs only";
        let label = "the redirect URIs that a server takes web origins from";
        return (text.to_owned(), scene.client_field(link.client, ClientField::RedirectUris, label));
    };
    let field = |label: &str| scene.client_field(link.client, ClientField::WebOrigins, label);
    match stated.as_slice() {
        [] if scene.client(link.client).web_origins.is_none() => (
            "it has no web origins".to_owned(),
            scene.client_itself(link.client, "the client without web origins"),
        ),
        [] => ("its list of web origins is empty".to_owned(), field("the list without the origin")),
        [(index, only)] => (
            format!("its only web origin is `{only}`"),
            scene.client_entry(link.client, ClientField::WebOrigins, *index, "the only entry"),
        ),
        several => {
            let shown: Vec<String> = several.iter().take(4).map(|(_, entry)| format!("`{entry}`")).collect();
            let more = if several.len() > 4 { " and more" } else { "" };
            (format!("its web origins are {}{more}", shown.join(", ")), field("the list without the origin"))
        }
    }
}

fn undecided(link: &Link, page: &Page, index: Option<usize>, why: &str, scene: &Scene<'_>) -> Verdict {
    let place = match index {
        Some(index) => {
            scene.client_entry(link.client, ClientField::WebOrigins, index, "an entry that is not known")
        }
        None => {
            scene.client_field(link.client, ClientField::RedirectUris, "redirect URIs whose origins count")
        }
    };
    let mut evidence = vec![place];
    evidence.extend(page.evidence.iter().cloned());
    Verdict::Undecided(Undecided {
        reason: format!(
            "Whether {} allows the web origin `{}`, from which pages of {} fetch tokens, is not known: no other entry does, and {why}.",
            scene.name_client(link.client),
            page.origin,
            scene.name_service(link.service)
        ),
        remedy: None,
        evidence,
    })
}

/// A list that holds nothing but origins of a person's own machine, in a client of a deployed service that does not show whether its
/// pages need one.
fn left_over(link: &Link, origins: &Origins<'_>, scene: &Scene<'_>) -> Option<Verdict> {
    let stated = origins.stated.as_deref().filter(|stated| !stated.is_empty())?;
    let is_left_over = stated.iter().all(|(_, entry)| is_on_loopback(entry));
    let logs_in = with_entries::takes_browsers(scene.client(link.client));
    if link.is_weak() || !is_left_over || origins.unknown.is_some() || !logs_in {
        return None;
    }
    // A browser app without such a page has nothing to gain.
    if matches!(in_browser(link, scene), InBrowser::Yes(_)) {
        return None;
    }
    let page = refused_pages(link, origins, scene).into_iter().find(|page| page.way == Way::Usual)?;
    let (list, place) = list_of(link, origins, scene);
    let (client, service) = (scene.name_client(link.client), scene.name_service(link.service));
    let mut evidence = vec![place];
    evidence.extend(page.evidence);
    Some(Verdict::Wrong(Case {
        severity: Some(Severity::Info),
        message: format!(
            "{} lets in pages of a person's own machine alone: {list}. It is left over from development: pages of the deployed {service} on `{}` that call Keycloak from the browser are refused.",
            capitalized(&client),
            page.origin
        ),
        remedy: Some(format!(
            "Replace it by `{}` in the web origins of {client}, or empty the list if no page calls Keycloak.",
            page.origin
        )),
        evidence,
        value: Some(page.origin),
        fix: None,
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml, service_yaml_with};

    const URL: &str = "https://web-123456789012.europe-west1.run.app";
    const SPA: [(&str, &str); 2] =
        [("VITE_OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("VITE_OIDC_CLIENT_ID", "web")];
    const PLAIN: [(&str, &str); 2] =
        [("OIDC_ISSUER", "https://sso.example.com/realms/shop"), ("OIDC_CLIENT_ID", "web")];

    fn stage(client: &str, service: &str) -> Stage {
        Stage::new()
            .realm(
                "shop.json",
                &format!(
                    r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", {client}}}]}}"#
                ),
            )
            .service("web.yaml", service)
    }

    fn judge(client: &str, env: &[(&str, &str)], version: &str) -> Said {
        stage(client, &service_yaml("web", env)).version(version).judge("web-origin-missing")
    }

    fn spa(origins: &str) -> String {
        format!(r#""publicClient": true, "redirectUris": ["{URL}/*"]{origins}"#)
    }

    #[test]
    fn a_browser_app_without_its_origin_is_an_error_from_26_6_3_on() {
        let client = spa(r#", "webOrigins": ["http://localhost:5173"]"#);
        let said = judge(&client, &SPA, "26.7.3");
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: Client `web` of realm `shop` does not allow the web origin `https://web-123456789012.europe-west1.run.app`, from which pages of service `web` fetch tokens (`VITE_OIDC_CLIENT_ID` is built into a program for the browser): its only web origin is `http://localhost:5173`. The token endpoint answers 403 \"Invalid origin\", and the login ends there."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].webOrigins[0] = http://localhost:5173 (the only entry)",
                "web.yaml metadata.name = https://web-123456789012.europe-west1.run.app (a URL of the service with the project number, made of its name, project number and region)",
            ]
        );
        let old = judge(&client, &SPA, "26.5.6");
        assert!(old.wrong[0].starts_with("warning ") && old.wrong[0].contains("keeps the answer"), "{old:?}");
        let unknown = stage(&client, &service_yaml("web", &SPA)).judge("web-origin-missing");
        assert!(unknown.wrong[0].starts_with("error "), "{unknown:?}");
        assert!(unknown.wrong[0].contains("the server's version is not known"), "{unknown:?}");
    }

    #[test]
    fn lists_that_hold_the_origin_are_fine() {
        for origins in [
            ", \"webOrigins\": [\"+\"]",
            "",
            ", \"webOrigins\": [\"*\"]",
            &format!(", \"webOrigins\": [\"{URL}\"]"),
        ] {
            assert!(judge(&spa(origins), &SPA, "26.7.3").is_nothing(), "{origins}");
        }
    }

    #[test]
    fn relative_redirect_uris_are_not_filled_in() {
        let relative = format!(r#""publicClient": true, "rootUrl": "{URL}", "redirectUris": ["/*"]"#);
        let said = judge(&relative, &SPA, "26.7.3");
        assert!(
            said.wrong[0].contains("the server fills in the origins of absolute redirect URIs only"),
            "{said:?}"
        );
        let with_plus = format!(r#"{relative}, "webOrigins": ["+"]"#);
        assert!(judge(&with_plus, &SPA, "26.7.3").is_nothing());
    }

    #[test]
    fn an_app_that_logs_in_on_the_server_needs_none() {
        let with_secret = [PLAIN[0], PLAIN[1], ("OIDC_CLIENT_SECRET", "s3cret-value-1")];
        assert!(judge(&spa(r#", "webOrigins": []"#), &with_secret, "26.7.3").is_nothing());
        let confidential = format!(r#""redirectUris": ["{URL}/*"], "webOrigins": []"#);
        assert!(judge(&confidential, &with_secret, "26.7.3").is_nothing());
        assert!(judge(&confidential, &SPA, "26.7.3").is_nothing());
        // Nothing but a client id: code that nobody sees.
        assert!(judge(&spa(r#", "webOrigins": []"#), &PLAIN, "26.7.3").is_nothing());
        let proxy = service_yaml_with(
            "web",
            "quay.io/oauth2-proxy/oauth2-proxy:v7.8.1",
            &[
                ("OAUTH2_PROXY_OIDC_ISSUER_URL", "https://sso.example.com/realms/shop"),
                ("OAUTH2_PROXY_CLIENT_ID", "web"),
            ],
        );
        let said = stage(&spa(r#", "webOrigins": []"#), &proxy).version("26.7.3").judge("web-origin-missing");
        assert!(said.is_nothing(), "{said:?}");
    }

    #[test]
    fn a_list_left_over_from_development_is_advice() {
        let with_secret = [PLAIN[0], PLAIN[1], ("OIDC_CLIENT_SECRET", "s3cret-value-1")];
        let said = judge(
            r#""redirectUris": ["http://localhost:8080/*"], "webOrigins": ["http://localhost:8080"]"#,
            &with_secret,
            "26.4.7",
        );
        assert_eq!(
            said.wrong,
            [
                "info service web ↔ client web of realm shop: Client `web` of realm `shop` lets in pages of a person's own machine alone: its only web origin is `http://localhost:8080`. It is left over from development: pages of the deployed service `web` on `https://web-123456789012.europe-west1.run.app` that call Keycloak from the browser are refused."
            ]
        );
    }

    #[test]
    fn a_public_client_with_origins_of_development_is_one_of_a_browser_app() {
        let said = judge(&spa(r#", "webOrigins": ["http://localhost:5173"]"#), &PLAIN, "26.7.3");
        assert!(said.wrong[0].starts_with("error "), "{said:?}");
    }

    #[test]
    fn the_missing_redirect_uri_brings_the_origin_with_it() {
        let client =
            r#""publicClient": true, "redirectUris": ["http://localhost:5173/*"], "webOrigins": ["+"]"#;
        assert!(judge(client, &SPA, "26.7.3").is_nothing());
        let filled_in = r#""publicClient": true, "redirectUris": ["http://localhost:5173/*"]"#;
        assert!(judge(filled_in, &SPA, "26.7.3").is_nothing());
    }

    #[test]
    fn entries_that_are_not_known_make_it_undecided() {
        let said = judge(&spa(r#", "webOrigins": ["${WEB_URL}"]"#), &SPA, "26.7.3");
        assert_eq!(said.wrong, Vec::<String>::new());
        assert!(said.undecided[0].contains("is not known: no other entry does, and"), "{said:?}");
    }

    #[test]
    fn a_malformed_entry_is_another_rules() {
        let said = judge(&spa(&format!(r#", "webOrigins": ["{URL}/"]"#)), &SPA, "26.7.3");
        assert!(said.is_nothing(), "{said:?}");
    }

    #[test]
    fn the_fix_adds_the_origin() {
        let client = spa(r#", "webOrigins": ["http://localhost:5173"]"#);
        let listed = stage(&client, &service_yaml("web", &SPA)).version("26.7.3");
        assert_eq!(
            listed.fixes("web-origin-missing"),
            ["safe expand shop.json: webOrigins +https://web-123456789012.europe-west1.run.app"]
        );
        // Without a list the server would take the origins of the redirect URIs, which an own list has to keep.
        let relative = r#""publicClient": true, "rootUrl": "https://web-123456789012.europe-west1.run.app", "redirectUris": ["/*"]"#;
        let absent = stage(relative, &service_yaml("web", &SPA)).version("26.7.3");
        assert_eq!(
            absent.fixes("web-origin-missing"),
            [
                "safe expand shop.json: webOrigins ++, webOrigins +https://web-123456789012.europe-west1.run.app"
            ]
        );
    }
}
