//! The audience calculator against tokens that real servers issue, and against what they say they would issue.

use std::collections::{BTreeMap, BTreeSet};

use cloakrun::keycloak::audience::{Grant, IssuedTokens, NoTokens, Subject, Token, TokenRequest, issue};
use cloakrun::keycloak::import::HeldRealm;
use cloakrun::keycloak::model;
use cloakrun::keycloak::realm_file::{Layout, read_json};
use cloakrun::locus::PartId;
use cloakrun::secrets::Tagger;
use cloakrun_test_support::keycloak::{Keycloak, Realm, claims, unused_name};
use serde_json::Value;

use crate::factor;
use crate::random::Random;
use crate::realms::{self, APPS, SECRET, USER};

const REALMS: usize = 16;

/// How many answers were compared, by kind.
#[derive(Debug, Default)]
struct Counts {
    tokens: usize,
    with_audience: usize,
    id_tokens: usize,
    refusals: usize,
    examples: usize,
    undefined: usize,
    unread: usize,
}

struct Comparison<'a> {
    server: &'a Keycloak,
    counts: Counts,
    differences: Vec<String>,
}

fn read(document: &Value) -> model::Realm {
    let tagger = Tagger::new().unwrap();
    read_json(&document.to_string(), Layout::Realm, PartId(0), &tagger).unwrap().realms.remove(0)
}

/// A claim that is a text, a list of texts, or left out.
fn texts(claim: &Value) -> BTreeSet<String> {
    match claim {
        Value::String(text) => BTreeSet::from([text.clone()]),
        Value::Array(list) => list.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
        _ => BTreeSet::new(),
    }
}

/// Whether the claim `aud` is one that we say it can be.
fn fits(token: &Token, claim: &Value) -> bool {
    let seen = texts(claim);
    let certain: BTreeSet<String> = token.aud.iter().cloned().collect();
    let possible: BTreeSet<String> = token.aud.iter().chain(&token.perhaps).cloned().collect();
    certain.is_subset(&seen) && seen.is_subset(&possible)
}

fn same_roles(ours: &IssuedTokens, access: &Value) -> bool {
    let clients: BTreeMap<String, BTreeSet<String>> = access["resource_access"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(client, held)| (client.clone(), texts(&held["roles"])))
        .collect();
    let our_clients: BTreeMap<String, BTreeSet<String>> = ours
        .roles
        .client
        .iter()
        .map(|(client, roles)| (client.to_string(), roles.iter().map(|role| role.to_string()).collect()))
        .collect();
    let our_realm: BTreeSet<String> = ours.roles.realm.iter().map(|role| role.to_string()).collect();
    our_realm == texts(&access["realm_access"]["roles"]) && our_clients == clients
}

impl Comparison<'_> {
    fn differ(&mut self, document: &Value, request: &TokenRequest<'_>, what: &str) {
        self.differences.push(format!("on {}: {request:?}: {what}\n  {document}", self.server.version()));
    }

    fn compare(&mut self, realm: &Realm<'_>, document: &Value, client_id: &str, request: &TokenRequest<'_>) {
        let read = read(document);
        let held = HeldRealm::of(&read, self.server.version().parse().unwrap());
        let ours = issue(&held, &read, held.client(&read, client_id).unwrap(), request);
        let mut form = vec![("client_id", client_id), ("client_secret", SECRET)];
        match request.grant {
            Grant::Password => {
                form.extend([("grant_type", "password"), ("username", USER), ("password", SECRET)])
            }
            _ => form.push(("grant_type", "client_credentials")),
        }
        form.extend(request.scope.map(|scope| ("scope", scope)));
        let answer = realm.token(&form);
        let theirs = answer.json();
        let ours = match ours {
            Ok(ours) if answer.status == 200 => ours,
            Err(NoTokens::Refused(refusal)) => {
                self.counts.refusals += 1;
                let same = refusal.status == answer.status
                    && theirs["error"] == refusal.error
                    && theirs["error_description"] == refusal.description;
                if !same {
                    self.differ(
                        document,
                        request,
                        &format!("{client_id}: {} {theirs}, we: {refusal:?}", answer.status),
                    );
                }
                return;
            }
            // Mappers of the wrong kind can break a server; then we must have said that something is not known.
            Ok(ours) if answer.status == 500 && !ours.unread.is_empty() => return,
            ours => {
                self.differ(
                    document,
                    request,
                    &format!("{client_id}: {} {theirs}, we: {ours:?}", answer.status),
                );
                return;
            }
        };
        if !ours.unread.is_empty() {
            self.counts.unread += 1;
            return;
        }
        let access = claims(theirs["access_token"].as_str().unwrap());
        let id_token = theirs["id_token"].as_str().map(claims);
        self.count(&ours, id_token.is_some());
        if !fits(&ours.access_token, &access["aud"]) || !same_roles(&ours, &access) {
            self.differ(document, request, &format!("{client_id}: access token {access}, we: {ours:?}"));
        }
        if access["sub"].is_string() != ours.access_token.sub {
            self.differ(
                document,
                request,
                &format!("{client_id}: subject in {access}, we: {:?}", ours.access_token),
            );
        }
        match (&ours.id_token, &id_token) {
            (Some(ours), Some(theirs)) if fits(ours, &theirs["aud"]) => {}
            (None, None) => {}
            (ours, theirs) => {
                self.differ(document, request, &format!("{client_id}: id token {theirs:?}, we: {ours:?}"));
            }
        }
        self.compare_examples(realm, document, client_id, request, &ours);
    }

    fn count(&mut self, ours: &IssuedTokens, has_id_token: bool) {
        self.counts.tokens += 1;
        self.counts.with_audience += usize::from(!ours.access_token.aud.is_empty());
        self.counts.id_tokens += usize::from(has_id_token);
        self.counts.undefined += usize::from(!ours.undefined.is_empty());
    }

    fn compare_examples(
        &mut self,
        realm: &Realm<'_>,
        document: &Value,
        client_id: &str,
        request: &TokenRequest<'_>,
        ours: &IssuedTokens,
    ) {
        let client = realm.id_of(client_id);
        let user = match request.grant {
            Grant::Password => realm.get(&format!("/users?username={USER}&exact=true"))[0]["id"].clone(),
            _ => realm.get(&format!("/clients/{client}/service-account-user"))["id"].clone(),
        };
        let user = user.as_str().unwrap();
        let tokens = [("access", Some(&ours.access_token)), ("id", ours.id_token.as_ref())];
        // Without `openid` servers still show an ID token that they do not issue.
        for (kind, token) in tokens {
            let Some(token) = token else { continue };
            let example =
                realm.example_token(kind, &client, user, request.scope).expect_success("the example").json();
            self.counts.examples += 1;
            if !fits(token, &example["aud"]) || (kind == "access" && !same_roles(ours, &example)) {
                self.differ(
                    document,
                    request,
                    &format!("{client_id}: example {kind} token {example}, we: {ours:?}"),
                );
            }
        }
    }
}

fn tokens_have_the_audiences_that_we_say(version: &str) {
    let server = Keycloak::server(version);
    let mut random = Random::of("audiences");
    let mut comparison = Comparison { server, counts: Counts::default(), differences: Vec::new() };
    for _ in 0..REALMS * factor() {
        let document = realms::realm(&mut random, &unused_name("audiences"));
        let realm = server
            .import_realm(&document)
            .unwrap_or_else(|answer| panic!("{} {}: {document}", answer.status, answer.body));
        for (client_id, client) in APPS.into_iter().zip(document["clients"].as_array().unwrap()) {
            let scopes = [(); 2].map(|()| realms::requested_scope(&mut random, client));
            let by_password = TokenRequest {
                grant: Grant::Password,
                subject: Subject::User(USER),
                scope: scopes[0].as_deref(),
            };
            let by_itself = TokenRequest {
                grant: Grant::ClientCredentials,
                subject: Subject::ServiceAccount,
                scope: scopes[1].as_deref(),
            };
            for request in [by_password, by_itself] {
                comparison.compare(&realm, &document, client_id, &request);
            }
        }
    }
    let Comparison { counts, differences, .. } = comparison;
    println!("tokens of {version}: {counts:?}");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(counts.tokens >= 100 * factor() && counts.with_audience >= 50 * factor(), "{counts:?}");
    assert!(counts.id_tokens >= 40 * factor() && counts.examples >= 100 * factor(), "{counts:?}");
    assert!(counts.undefined * 5 < counts.tokens && counts.unread * 20 < counts.tokens, "{counts:?}");
}

#[test]
fn tokens_of_26_7_3_have_the_audiences_that_we_say() {
    tokens_have_the_audiences_that_we_say("26.7.3");
}

#[test]
fn tokens_of_24_0_5_have_the_audiences_that_we_say() {
    tokens_have_the_audiences_that_we_say("24.0.5");
}
