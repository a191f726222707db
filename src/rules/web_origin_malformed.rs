//! `web-origin-malformed`: an entry that no browser ever sends as its origin.

use super::with_origins::{malformed, serves_pages, worst_need};
use crate::finding::{Case, Severity, Verdict};
use crate::fix::{Fix, Safety, offer};
use crate::keycloak::model::ClientField;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "web-origin-malformed",
    severity: Severity::Warning,
    title: "A web origin entry equals no origin that a browser sends",
    why: "Keycloak compares the `Origin` header of a request with the client's web origins as text. Browsers send scheme, host and port in small \
          letters, without the default port, without a path and without a slash at the end, so that an entry with more than that allows \
          nobody. Keycloak saves it all the same. A star is a wildcard only where it is the whole entry.\n\n\
          What such an entry was meant to allow is not allowed: the browser keeps the answer of the token endpoint from the page, and from \
          26.6.3 on the answer is 403 \"Invalid origin\".",
    remedy: "Write the origin as browsers send it: scheme, host and, where it is not the default one, port.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc6454#section-6.2",
        "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
        "https://github.com/keycloak/keycloak/issues/51776",
    ],
    needs: &[Fact::Clients],
    check: Check::Client(check),
};

fn check(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    if !serves_pages(client) {
        return Vec::new();
    }
    let stated = client.web_origins.as_deref().unwrap_or_default();
    let entries = stated.iter().enumerate().filter_map(|(index, entry)| Some((index, entry.text()?)));
    entries.filter_map(|(index, entry)| judge(id, index, entry, scene)).collect()
}

fn judge(id: ClientId, index: usize, entry: &str, scene: &Scene<'_>) -> Option<Verdict> {
    let found = malformed(entry)?;
    let client = scene.name_client(id);
    let named = scene.client(id).web_origins.as_deref().unwrap_or_default();
    let is_there = found.meant.as_deref().is_some_and(|meant| {
        named.iter().any(|other| other.text().is_some_and(|other| other == meant || other == "*"))
    });
    let (severity, effect) = if is_there {
        (Severity::Info, "so it allows nobody; the right entry is there as well".to_owned())
    } else {
        let need = found.meant.as_deref().and_then(|meant| worst_need(id, scene, |page| page == meant));
        match need {
            // At least the warning that it is without any service.
            Some((severity, what)) => {
                (severity.max(Severity::Warning), format!("so it allows nobody: {what}"))
            }
            None => (Severity::Warning, "so it allows nobody".to_owned()),
        }
    };
    let sent = match &found.meant {
        Some(meant) => {
            format!("Browsers send `{meant}` instead, and the two are compared as text, {effect}.")
        }
        None => format!("No browser sends it, {effect}."),
    };
    let remedy = match &found.meant {
        Some(_) if is_there => format!("Remove `{entry}` from the web origins of {client}."),
        Some(meant) => format!("Replace it by `{meant}` in the web origins of {client}."),
        None => format!(
            "Replace it by each origin that is meant, such as `https://shop.example.com`, in the web origins of {client}."
        ),
    };
    Some(Verdict::Wrong(Case {
        severity: Some(severity),
        message: format!(
            "{} has the web origin `{entry}`, but it {}. {sent}",
            capitalized(&client),
            found.fault
        ),
        remedy: Some(remedy),
        evidence: vec![scene.client_entry(
            id,
            ClientField::WebOrigins,
            index,
            "the entry that equals no origin of a browser",
        )],
        value: Some(entry.to_owned()),
        fix: fix(id, entry, found.meant.as_deref(), is_there, scene).map(Box::new),
    }))
}

/// The entry allows nobody, so nobody misses it; where it is not known what it was meant to be, a person has to say.
fn fix(id: ClientId, entry: &str, meant: Option<&str>, is_there: bool, scene: &Scene<'_>) -> Option<Fix> {
    let client = scene.name_client(id);
    let (title, changes) = match meant {
        Some(_) if is_there => (
            format!("Remove `{entry}` from the web origins of {client}"),
            vec![offer::remove(scene, id, ClientField::WebOrigins, entry)],
        ),
        Some(meant) => (
            format!("Write `{meant}` for `{entry}` in the web origins of {client}"),
            offer::replace(scene, id, ClientField::WebOrigins, entry, meant),
        ),
        None => return None,
    };
    Some(Fix::of(title, Safety::Safe, changes))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml};

    fn stage(client: &str) -> Stage {
        Stage::new().realm(
            "shop.json",
            &format!(
                r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", {client}}}]}}"#
            ),
        )
    }

    fn judge(client: &str) -> Said {
        stage(client).judge("web-origin-malformed")
    }

    #[test]
    fn a_slash_at_the_end_is_found() {
        let said = judge(r#""publicClient": true, "webOrigins": ["+", "https://shop.example.com/"]"#);
        assert_eq!(
            said.wrong,
            [
                "warning client web of realm shop: Client `web` of realm `shop` has the web origin `https://shop.example.com/`, but it has a slash at the end. Browsers send `https://shop.example.com` instead, and the two are compared as text, so it allows nobody."
            ]
        );
        assert_eq!(
            said.places,
            [
                "shop.json clients[0].webOrigins[1] = https://shop.example.com/ (the entry that equals no origin of a browser)"
            ]
        );
        assert_eq!(said.values, ["https://shop.example.com/"]);
    }

    #[test]
    fn what_browsers_send_is_fine() {
        assert!(
            judge(r#""webOrigins": ["*", "+", "null", "http://localhost:3000", "https://shop.example.com"]"#)
                .is_nothing()
        );
        assert!(judge(r#""redirectUris": ["https://shop*"]"#).is_nothing());
    }

    #[test]
    fn beside_the_right_entry_it_is_advice() {
        let said = judge(r#""webOrigins": ["https://shop.example.com/*", "https://shop.example.com"]"#);
        assert!(said.wrong[0].starts_with("info ") && said.wrong.len() == 1, "{said:?}");
    }

    #[test]
    fn a_client_without_pages_is_left_alone() {
        assert!(judge(r#""standardFlowEnabled": false, "webOrigins": ["/*"]"#).is_nothing());
        assert!(judge(r#""bearerOnly": true, "webOrigins": ["/*"]"#).is_nothing());
        assert!(judge(r#""webOrigins": ["${WEB_URL}/"]"#).is_nothing());
    }

    #[test]
    fn an_entry_that_a_browser_app_needs_is_an_error() {
        let url = "https://web-123456789012.europe-west1.run.app";
        let said =
            stage(&format!(r#""publicClient": true, "redirectUris": ["{url}/*"], "webOrigins": ["{url}/"]"#))
                .service(
                    "web.yaml",
                    &service_yaml(
                        "web",
                        &[
                            ("VITE_OIDC_ISSUER", "https://sso.example.com/realms/shop"),
                            ("VITE_OIDC_CLIENT_ID", "web"),
                        ],
                    ),
                )
                .version("26.7.3")
                .judge("web-origin-malformed");
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(said.wrong[0].starts_with("error client web"), "{said:?}");
        assert!(said.wrong[0].ends_with("so it allows nobody: on pages of service `web` the token endpoint answers 403 \"Invalid origin\", and the login ends there."), "{said:?}");
    }

    #[test]
    fn the_fix_writes_what_browsers_send() {
        let client = r#""publicClient": true, "webOrigins": ["https://shop.example.com/"]"#;
        assert_eq!(
            stage(client).fixes("web-origin-malformed"),
            [
                "safe expand shop.json: webOrigins +https://shop.example.com, webOrigins -https://shop.example.com/"
            ]
        );
        let beside = r#""webOrigins": ["https://shop.example.com/*", "https://shop.example.com"]"#;
        assert_eq!(
            stage(beside).fixes("web-origin-malformed"),
            ["safe contract shop.json: webOrigins -https://shop.example.com/*"]
        );
    }
}
