//! The recorded answers of real servers, met by the calculator.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::keycloak::model::*;
use crate::locus::{FieldPath, PartId};

fn text(value: &str) -> Text {
    Known::Value(Arc::from(value))
}
fn texts(value: &Value) -> Vec<Text> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(text).collect()
}
fn by_client(value: &Value) -> BTreeMap<Arc<str>, Vec<Text>> {
    value.as_object().into_iter().flatten().map(|(k, v)| (Arc::from(k.as_str()), texts(v))).collect()
}
fn at() -> Locus {
    Locus::new(PartId(0), FieldPath::root())
}
fn mappers(value: &Value) -> Vec<Mapper> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|m| Mapper {
            at: at(),
            dialect: Dialect::RealmFile,
            name: text(m["name"].as_str().unwrap_or_default()),
            protocol: text(m["protocol"].as_str().unwrap()),
            provider: text(m["protocolMapper"].as_str().unwrap()),
            config: m["config"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, v)| v.as_str() != Some(""))
                .map(|(k, v)| (Arc::from(k.as_str()), text(v.as_str().unwrap())))
                .collect(),
        })
        .collect()
}
fn role(r: &Value) -> Role {
    Role {
        name: text(r["name"].as_str().unwrap()),
        realm_composites: texts(&r["composites"]["realm"]),
        client_composites: by_client(&r["composites"]["client"]),
    }
}
fn names(value: &Value) -> Option<ScopeNames> {
    value.is_array().then(|| Arc::from(texts(value)))
}
fn read(r: &Value) -> Realm {
    let flag = |v: &Value, d: bool| Known::Value(v.as_bool().unwrap_or(d));
    let clients = r["clients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| Client {
            at: at(),
            dialect: Dialect::RealmFile,
            client_id: text(c["clientId"].as_str().unwrap()),
            protocol: text(c["protocol"].as_str().unwrap_or("openid-connect")),
            enabled: flag(&c["enabled"], true),
            public_client: flag(&c["publicClient"], false),
            bearer_only: flag(&c["bearerOnly"], false),
            standard_flow: flag(&c["standardFlowEnabled"], true),
            implicit_flow: flag(&c["implicitFlowEnabled"], false),
            direct_access_grants: flag(&c["directAccessGrantsEnabled"], false),
            service_accounts: flag(&c["serviceAccountsEnabled"], false),
            full_scope: flag(&c["fullScopeAllowed"], true),
            consent_required: flag(&c["consentRequired"], false),
            stated: StatedSwitches::default(),
            root_url: None,
            base_url: None,
            admin_url: None,
            redirect_uris: vec![],
            web_origins: None,
            attributes: attribute::ALL
                .iter()
                .filter_map(|&name| Some((name, text(c["attributes"][name].as_str()?))))
                .collect(),
            authenticator: None,
            secret: ClientSecret::Absent,
            mappers: mappers(&c["protocolMappers"]),
            default_scopes: names(&c["defaultClientScopes"]),
            optional_scopes: names(&c["optionalClientScopes"]),
        })
        .collect();
    let mut scope_mappings = Vec::new();
    let mut mapping = |m: &Value, role_client: Option<Arc<str>>| {
        scope_mappings.push(ScopeMapping {
            at: at(),
            holder: match m["client"].as_str() {
                Some(c) => ScopeHolder::Client(text(c)),
                None => ScopeHolder::ClientScope(text(m["clientScope"].as_str().unwrap())),
            },
            role_client,
            roles: texts(&m["roles"]),
        });
    };
    for m in r["scopeMappings"].as_array().into_iter().flatten() {
        mapping(m, None);
    }
    for (c, ms) in r["clientScopeMappings"].as_object().into_iter().flatten() {
        for m in ms.as_array().unwrap() {
            mapping(m, Some(Arc::from(c.as_str())));
        }
    }
    Realm {
        at: at(),
        dialect: Dialect::RealmFile,
        name: text(r["realm"].as_str().unwrap()),
        enabled: Known::Value(true),
        keycloak_version: None,
        frontend_url: None,
        access_token_lifespan: None,
        ssl_required: None,
        clients,
        client_scopes: r["clientScopes"].as_array().map(|list| {
            list.iter()
                .map(|s| ClientScope {
                    at: at(),
                    name: text(s["name"].as_str().unwrap()),
                    protocol: text(s["protocol"].as_str().unwrap()),
                    in_token_scope: Known::Value(
                        s["attributes"]["include.in.token.scope"].as_str().is_none_or(|v| v == "true"),
                    ),
                    mappers: mappers(&s["protocolMappers"]),
                })
                .collect()
        }),
        default_scopes: None,
        optional_scopes: None,
        realm_roles: r["roles"]["realm"].as_array().into_iter().flatten().map(role).collect(),
        client_roles: r["roles"]["client"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(c, rs)| (Arc::from(c.as_str()), rs.as_array().unwrap().iter().map(role).collect()))
            .collect(),
        default_role: r["defaultRole"]["name"].as_str().map(text),
        default_roles: vec![],
        scope_mappings,
        groups: r["groups"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|g| Group {
                path: text(g["path"].as_str().unwrap()),
                realm_roles: texts(&g["realmRoles"]),
                client_roles: by_client(&g["clientRoles"]),
            })
            .collect(),
        users: r["users"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|u| User {
                username: text(u["username"].as_str().unwrap()),
                service_account_of: u["serviceAccountClientId"].as_str().map(text),
                realm_roles: texts(&u["realmRoles"]),
                client_roles: by_client(&u["clientRoles"]),
                groups: texts(&u["groups"]),
            })
            .collect(),
        complete: Completeness::Export,
    }
}

fn set(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect()
}

#[test]
fn recorded_answers_are_met() {
    let data: Value = serde_json::from_str(include_str!("../../tests/data/keycloak/audience_cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in data["cases"].as_array().unwrap() {
        for version in ["24.0.5", "26.5.5", "26.7.3"] {
            let realm = read(&case["realm"]);
            let held = HeldRealm::of(&realm, version.parse().unwrap());
            let request = &case["request"];
            let client = held.client(&realm, request["client_id"].as_str().unwrap()).unwrap();
            let credentials = request["grant"] == "client_credentials";
            let asked = TokenRequest {
                grant: if credentials { Grant::ClientCredentials } else { Grant::Password },
                subject: if credentials {
                    Subject::ServiceAccount
                } else {
                    Subject::User(request["user"].as_str().unwrap())
                },
                scope: request["scope"].as_str(),
            };
            let mut expected = case["expect"].clone();
            let other = &case["other_servers"][version];
            if !other["resource_access"].is_null() {
                expected["client_roles"] = other["resource_access"].clone();
            }
            let got = issue(&held, &realm, client, &asked);
            let seen = match &got {
                Err(NoTokens::Refused(refusal)) => serde_json::json!({ "token_error": {
                    "status": refusal.status, "error": refusal.error, "error_description": refusal.description } }),
                Err(other) => panic!("{other}"),
                Ok(tokens) => serde_json::json!({
                    "access_aud": tokens.access_token.aud,
                    "id_aud": tokens.id_token.as_ref().map(|t| t.aud.clone()),
                    "id_token": tokens.id_token.is_some(),
                    "realm_roles": tokens.roles.realm, "client_roles": tokens.roles.client,
                    "scope": tokens.scope, "sub": tokens.access_token.sub }),
            };
            let same = if expected["token_error"].is_null() && seen["token_error"].is_null() {
                let lists = ["access_aud", "id_aud", "realm_roles"]
                    .iter()
                    .all(|key| set(&expected[key]) == set(&seen[key]));
                let empty = serde_json::Map::new();
                let clients = |v: &Value| {
                    v["client_roles"]
                        .as_object()
                        .unwrap_or(&empty)
                        .iter()
                        .map(|(k, v)| (k.clone(), set(v)))
                        .collect::<BTreeMap<_, _>>()
                };
                let scopes = |v: &Value| {
                    v["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect::<BTreeSet<_>>()
                };
                lists
                    && clients(&expected) == clients(&seen)
                    && scopes(&expected) == scopes(&seen)
                    && expected["id_token"] == seen["id_token"]
                    && (seen["sub"] == if version == "24.0.5" { Value::Bool(true) } else { expected["sub"].clone() })
            } else {
                expected == seen
            };
            if !same {
                wrong.push(format!("{} on {version}: expected {expected}, got {seen}", case["id"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
