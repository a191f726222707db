//! A report for the tests of the formats.

use crate::fault::Exit;
use crate::finding::{Severity, Side};
use crate::report::{
    ClueEntry, Entry, Input, Item, LinkEntry, Looked, NextStep, PlaceEntry, Quote, Report, SubjectNames,
    Suppressed, Unread,
};

/// A report with one of everything, hostile values among it.
pub(crate) fn report() -> Report {
    let pair = SubjectNames {
        environment: None,
        realm: Some("shop".to_owned()),
        client: Some("web".to_owned()),
        service: Some("shop-web".to_owned()),
    };
    let client = SubjectNames { service: None, ..pair.clone() };
    Report {
        inputs: vec![Input {
            path: "keycloak/shop-realm.json".to_owned(),
            kind: "realm",
            described: "Keycloak realm",
            items: vec![Item { kind: "realm", name: "shop".to_owned(), clients: Some(4) }],
        }],
        links: vec![LinkEntry {
            subject: pair.clone(),
            clues: vec![ClueEntry { kind: "client-id", text: "`OIDC_CLIENT_ID` is `web`.".to_owned() }],
            uses: vec!["login"],
        }],
        findings: vec![missing(pair.clone()), hostile(client.clone())],
        undecided: vec![undecided(pair)],
        suppressed: vec![Suppressed {
            entry: hostile(client),
            reason: "Goes away with the old app.".to_owned(),
        }],
        looked: Looked {
            realms: 1,
            clients: 4,
            services: 3,
            links: 1,
            below_min_severity: 0,
            unread: vec![Unread {
                file: Some("deploy/broken.yaml".to_owned()),
                line: Some(7),
                column: Some(3),
                message: "A mapping was expected here, not a list.".to_owned(),
                incomplete: true,
            }],
        },
        show_suppressed: false,
        next: vec![NextStep {
            purpose: "What a rule means".to_owned(),
            command: "cloakrun explain redirect-uri-missing".to_owned(),
        }],
        exit: Exit::Findings,
    }
}

fn missing(subject: SubjectNames) -> Entry {
    let entry = "        \"https://shop.example.com/*\"";
    let sent = "              value: https://shop-web-4711.europe-west1.run.app/oauth2/callback";
    Entry {
        rule: "redirect-uri-missing".to_owned(),
        title: "A URL of the service is accepted by no redirect URI of its client".to_owned(),
        severity: Severity::Error,
        fingerprint: "a1".to_owned(),
        subject,
        message: "Client `web` accepts no redirect to `https://shop-web-4711.europe-west1.run.app/oauth2/callback`, \
                  which shop-web sends: every login ends with \"Invalid parameter: redirect_uri\". The nearest entry \
                  has another host."
            .to_owned(),
        remedy: "Add `https://shop-web-4711.europe-west1.run.app/oauth2/callback` to the client's redirect URIs."
            .to_owned(),
        places: vec![
            PlaceEntry {
                side: Side::Keycloak,
                file: "keycloak/shop-realm.json".to_owned(),
                line: Some(41),
                column: Some(9),
                field: "clients[3].redirectUris[0]".to_owned(),
                resource: None,
                value: Some("https://shop.example.com/*".to_owned()),
                label: "the nearest entry, which has another host".to_owned(),
                quote: Some(Quote { text: entry.to_owned(), start: 8, end: entry.len() }),
            },
            PlaceEntry {
                side: Side::CloudRun,
                file: "deploy/shop-web.yaml".to_owned(),
                line: Some(22),
                column: Some(22),
                field: "spec.template.spec.containers[0].env[2].value".to_owned(),
                resource: None,
                value: Some("https://shop-web-4711.europe-west1.run.app/oauth2/callback".to_owned()),
                label: "what the service sends".to_owned(),
                quote: Some(Quote { text: sent.to_owned(), start: 21, end: sent.len() }),
            },
        ],
        also: Vec::new(),
    }
}

fn hostile(subject: SubjectNames) -> Entry {
    Entry {
        rule: "redirect-uri-dead".to_owned(),
        title: "A redirect URI that no request can ever match".to_owned(),
        severity: Severity::Warning,
        fingerprint: "b2".to_owned(),
        subject,
        message: "The redirect URI `https://a\u{1b}[31m.example\n` can never match.".to_owned(),
        remedy: "Remove it.".to_owned(),
        places: vec![PlaceEntry {
            side: Side::Keycloak,
            file: "infra/plan.json".to_owned(),
            line: Some(1),
            column: Some(4021),
            field: "valid_redirect_uris[0]".to_owned(),
            resource: Some("module.sso.keycloak_openid_client.web".to_owned()),
            value: Some("https://a\u{1b}[31m.example\n".to_owned()),
            label: "can never match".to_owned(),
            quote: Some(Quote {
                text: format!("{}\"valid_redirect_uris\": [\"•••\"", " ".repeat(3996)),
                start: 4020,
                end: 4031,
            }),
        }],
        also: Vec::new(),
    }
}

fn undecided(subject: SubjectNames) -> Entry {
    Entry {
        rule: "issuer-mismatch".to_owned(),
        title: "The issuer that a service expects is not the one that the realm issues".to_owned(),
        severity: Severity::Error,
        fingerprint: "c3".to_owned(),
        subject,
        message: "Whether shop-web expects the right issuer cannot be said: `${ISSUER}` is a placeholder."
            .to_owned(),
        remedy: "Check the file after the placeholders are filled in.".to_owned(),
        places: vec![PlaceEntry {
            side: Side::CloudRun,
            file: "deploy/shop-web.yaml".to_owned(),
            line: Some(24),
            column: Some(22),
            field: "spec.template.spec.containers[0].env[3].value".to_owned(),
            resource: None,
            value: Some("${ISSUER}".to_owned()),
            label: "a placeholder".to_owned(),
            quote: None,
        }],
        also: Vec::new(),
    }
}
