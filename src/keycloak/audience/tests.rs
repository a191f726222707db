//! The recorded answers of real servers, met by the calculator.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::nearest::{Obstacle, near_misses};
use super::*;
use crate::keycloak::realm_file::{Layout, read_json};
use crate::locus::PartId;
use crate::secrets::Tagger;

pub(crate) fn read(realm: &Value) -> Realm {
    let tagger = Tagger::new().unwrap();
    read_json(&realm.to_string(), Layout::Realm, PartId(0), &tagger).unwrap().realms.remove(0)
}

fn set(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect()
}

#[test]
fn recorded_answers_are_met() {
    let data: Value =
        serde_json::from_str(include_str!("../../../tests/data/keycloak/audience_cases.json")).unwrap();
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
                Err(NoTokens::Refused(refusal)) => json!({ "token_error": {
                    "status": refusal.status, "error": refusal.error, "error_description": refusal.description } }),
                Err(other) => panic!("{other}"),
                Ok(tokens) => json!({
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
                    && (seen["sub"]
                        == if version == "24.0.5" { Value::Bool(true) } else { expected["sub"].clone() })
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

const NEWEST: &str = "26.7.3";

fn tokens(realm: &Value, version: &str, request: &TokenRequest<'_>) -> Result<IssuedTokens, NoTokens> {
    let realm = read(realm);
    let held = HeldRealm::of(&realm, version.parse().unwrap());
    issue(&held, &realm, held.client(&realm, "app").unwrap(), request)
}

fn shop(app: Value, rest: Value) -> Value {
    let mut client = json!({"clientId": "app", "serviceAccountsEnabled": true});
    client.as_object_mut().unwrap().extend(app.as_object().unwrap().clone());
    let mut realm = json!({"realm": "Shop", "clients": [client, {"clientId": "svc"}, {"clientId": "off", "enabled": false}]});
    realm.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    realm
}

fn audience_mapper(config: Value) -> Value {
    json!([{"name": "m", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": config}])
}

#[test]
fn a_stock_client_gets_account_and_the_default_roles() {
    let issued = tokens(&shop(json!({}), json!({})), NEWEST, &TokenRequest::LOGIN).unwrap();
    assert_eq!(issued.access_token.aud, ["account"]);
    assert!(issued.access_token.sub);
    assert_eq!(issued.id_token.unwrap().aud, ["app"]);
    let roles: Vec<&str> = issued.roles.realm.iter().map(|role| &**role).collect();
    assert_eq!(roles, ["default-roles-shop", "offline_access", "uma_authorization"]);
    assert_eq!(issued.roles.client.len(), 1);
    let via = &issued.access_token.via[0];
    assert_eq!(via.mapper.as_deref(), Some("audience resolve"));
    assert_eq!(via.client_scope.as_deref(), Some("roles"));
}

#[test]
fn a_file_with_scopes_of_its_own_gets_no_subject_unless_it_is_migrated() {
    let own = json!({"clientScopes": [{"name": "mine", "protocol": "openid-connect"}], "defaultDefaultClientScopes": ["mine", "roles"]});
    let issued = |extra: Value, version: &str| {
        let mut rest = own.clone();
        rest.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        tokens(&shop(json!({}), rest), version, &TokenRequest::LOGIN).unwrap()
    };
    assert!(!issued(json!({}), NEWEST).access_token.sub);
    assert!(issued(json!({}), NEWEST).access_token.aud.is_empty());
    assert!(issued(json!({}), "24.0.5").access_token.sub);
    assert!(issued(json!({"keycloakVersion": "24.0.1"}), NEWEST).access_token.sub);
    assert!(!issued(json!({"keycloakVersion": "26.1.0"}), NEWEST).access_token.sub);
}

#[test]
fn dead_clients_leave_the_audience_from_the_fix_on() {
    for (audience, kept) in [("svc", true), ("off", false), ("ghost", false)] {
        let mapper =
            audience_mapper(json!({"included.client.audience": audience, "access.token.claim": "true"}));
        let realm = shop(json!({"protocolMappers": mapper, "fullScopeAllowed": false}), json!({}));
        let at = |version: &str| {
            tokens(&realm, version, &TokenRequest::LOGIN).unwrap().access_token.has_audience(audience)
        };
        for version in ["24.0.5", "26.6.7", "26.7.3", "26.7.4"] {
            assert!(at(version), "{audience} on {version}");
        }
        for version in ["26.6.8", "26.7.5", "26.8.1", "27.0.0"] {
            assert_eq!(at(version), kept, "{audience} on {version}");
        }
    }
}

#[test]
fn a_hardcoded_audience_beside_a_mapper_is_undefined() {
    let mappers = json!([
        {"name": "hc", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper",
         "config": {"claim.name": "aud", "claim.value": "https://hc", "access.token.claim": "true"}},
        {"name": "m", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
         "config": {"included.custom.audience": "https://x", "access.token.claim": "true"}}]);
    let issued = tokens(
        &shop(json!({"protocolMappers": mappers, "fullScopeAllowed": false}), json!({})),
        NEWEST,
        &TokenRequest::LOGIN,
    )
    .unwrap();
    assert_eq!(issued.access_token.aud, ["https://hc"]);
    assert_eq!(issued.access_token.perhaps, ["https://x"]);
    assert_eq!(issued.undefined.len(), 1);
}

/// What `aud` the access token of `bob` has, or of the service account, with this mapper alone; probed on 24.0.5 and 26.7.3.
fn claimed(provider: &str, config: Value, subject: Subject<'_>) -> Result<Vec<String>, String> {
    let mut settings = json!({"claim.name": "aud", "access.token.claim": "true"});
    settings.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    let mappers =
        json!([{"name": "m", "protocol": "openid-connect", "protocolMapper": provider, "config": settings}]);
    let rest = json!({
        "groups": [{"name": "g", "attributes": {"gmany": ["g1", "g2"], "both": ["gb"]}, "subGroups": [{"name": "h"}]},
                   {"name": "k", "attributes": {"other": ["k1"]}}, {"name": "d", "attributes": {"none": "dn"}}],
        "defaultGroups": ["/d"],
        "users": [{"username": "Bob", "email": "B@x.y", "groups": ["g/h", "/k"],
                   "attributes": {"dept": "d1", "many": ["m2", "m1", "m2"], "num": ["7"], "both": ["ub"], "word": ["w"], "empty": []}}]});
    let app = json!({"protocolMappers": mappers, "defaultClientScopes": []});
    let request = TokenRequest { subject, grant: Grant::Password, ..TokenRequest::LOGIN };
    let app = {
        let mut app = app;
        app["directAccessGrantsEnabled"] = json!(true);
        app
    };
    let issued = tokens(&shop(app, rest), NEWEST, &request).unwrap();
    match issued.unread.first() {
        Some(why) => Err(why.clone()),
        None => Ok(issued.access_token.aud),
    }
}

#[test]
fn attributes_of_the_user_get_into_the_audience() {
    const ATTRIBUTE: &str = "oidc-usermodel-attribute-mapper";
    let of = |attribute: &str, more: Value| {
        let mut config = json!({"user.attribute": attribute});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claimed(ATTRIBUTE, config, Subject::User("bob")).unwrap()
    };
    assert_eq!(of("dept", json!({})), ["d1"]);
    assert_eq!(of("many", json!({})), ["m2"]);
    assert_eq!(of("many", json!({"multivalued": "true"})), ["m1", "m2"]);
    assert_eq!(of("many", json!({"multivalued": "TRUE"})), ["m2"]);
    assert_eq!(of("both", json!({"multivalued": "true"})), ["ub"]);
    assert_eq!(of("both", json!({"multivalued": "true", "aggregate.attrs": "true"})), ["gb", "ub"]);
    assert_eq!(of("gmany", json!({"multivalued": "true"})), ["g1", "g2"]);
    assert_eq!(of("email", json!({})), ["b@x.y"]);
    assert_eq!(of("username", json!({})), ["bob"]);
    assert_eq!(of("num", json!({"jsonType.label": "long"})), ["7"]);
    assert_eq!(of("word", json!({"jsonType.label": "boolean"})), ["false"]);
    for nothing in [
        of("none", json!({})),
        of("empty", json!({})),
        of("word", json!({"jsonType.label": "int"})),
        of("Dept", json!({})),
    ] {
        assert!(nothing.is_empty(), "{nothing:?}");
    }
    // A service account that the server makes is in the default groups.
    let account = claimed(ATTRIBUTE, json!({"user.attribute": "none"}), Subject::ServiceAccount);
    assert_eq!(account.unwrap(), ["dn"]);
    let account = claimed(ATTRIBUTE, json!({"user.attribute": "username"}), Subject::ServiceAccount);
    assert_eq!(account.unwrap(), ["service-account-app"]);
    let failing = json!({"user.attribute": "word", "multivalued": "true", "jsonType.label": "long"});
    assert!(claimed(ATTRIBUTE, failing, Subject::User("bob")).unwrap_err().contains("500"));
    let anybody = claimed(ATTRIBUTE, json!({"user.attribute": "dept"}), Subject::AnyUser);
    assert!(anybody.unwrap_err().contains("it depends on the user"));
}

#[test]
fn properties_and_typed_texts_get_into_the_audience() {
    const PROPERTY: &str = "oidc-usermodel-property-mapper";
    let of = |property: &str| claimed(PROPERTY, json!({"user.attribute": property}), Subject::User("bob"));
    assert_eq!(of("Email").unwrap(), ["b@x.y"]);
    assert_eq!(of("username").unwrap(), ["bob"]);
    assert!(of("dept").unwrap().is_empty());
    assert!(of("emailVerified").is_err());
    let typed = |text: &str, label: &str| {
        let config = json!({"claim.value": text, "jsonType.label": label});
        claimed("oidc-hardcoded-claim-mapper", config, Subject::User("bob")).unwrap()
    };
    assert_eq!(typed("x", "boolean"), ["false"]);
    assert_eq!(typed("7", "int"), ["7"]);
    assert_eq!(typed("\"q\"", "JSON"), ["\"q\""]);
    assert_eq!(typed("{\"a\": [1, \"b c\"]}", "JSON"), ["{\"a\":[1,\"b c\"]}"]);
    assert!(typed("x", "long").is_empty());
    assert!(typed("a, b", "JSON").is_empty());
}

#[test]
fn default_groups_are_for_users_whom_the_server_makes() {
    let rest = json!({
        "roles": {"client": {"svc": [{"name": "reader"}]}},
        "groups": [{"name": "staff", "clientRoles": {"svc": ["reader"]}}], "defaultGroups": ["/staff"],
        "users": [{"username": "bob"}]});
    let realm = shop(json!({}), rest);
    let audiences = |subject| {
        let request = TokenRequest { subject, ..TokenRequest::LOGIN };
        tokens(&realm, NEWEST, &request).unwrap().access_token.aud
    };
    assert_eq!(audiences(Subject::AnyUser), ["account", "svc"]);
    assert_eq!(audiences(Subject::ServiceAccount), ["account", "svc"]);
    assert!(audiences(Subject::User("bob")).is_empty());
}

#[test]
fn lists_of_a_client_replace_those_of_the_realm_together() {
    let realm = shop(json!({"defaultClientScopes": ["profile"]}), json!({}));
    let refused = tokens(&realm, NEWEST, &TokenRequest::LOGIN.with_scope(Some("openid phone"))).unwrap_err();
    assert!(refused.to_string().contains("Invalid scopes: openid phone"), "{refused}");
    assert!(tokens(&realm, NEWEST, &TokenRequest::LOGIN.with_scope(Some("openid profile "))).is_ok());
    assert!(!tokens(&realm, NEWEST, &TokenRequest::LOGIN).unwrap().access_token.sub);
    assert!(tokens(&realm, NEWEST, &TokenRequest::SERVICE_ACCOUNT).unwrap().access_token.sub);
}

#[test]
fn undefined_scopes_are_listed_with_their_places() {
    let realm = read(&shop(
        json!({"defaultClientScopes": ["web-origins", "mine"], "optionalClientScopes": ["offline_access", "phone"]}),
        json!({"clientScopes": [{"name": "mine", "protocol": "openid-connect"}], "defaultDefaultClientScopes": ["roles", "mine"]}),
    ));
    let held = HeldRealm::of(&realm, NEWEST.parse().unwrap());
    let found: Vec<String> = held
        .undefined_scopes()
        .iter()
        .map(|scope| {
            format!(
                "{} {}",
                scope.name,
                scope.uses.iter().map(|used| used.at(&realm).path.to_string()).collect::<String>()
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "phone clients[0].optionalClientScopes[1]",
            "roles defaultDefaultClientScopes[0]",
            "web-origins clients[0].defaultClientScopes[0]",
        ]
    );
}

#[test]
fn what_comes_near_an_audience_is_said() {
    let obstacle = |app: Value, rest: Value, audience: &str| {
        let realm = read(&shop(app, rest));
        let held = HeldRealm::of(&realm, NEWEST.parse().unwrap());
        let client = held.client(&realm, "app").unwrap();
        near_misses(&held, &realm, client, &TokenRequest::LOGIN, audience).first().map(|miss| miss.obstacle)
    };
    let by = |config: Value| {
        obstacle(json!({"protocolMappers": audience_mapper(config)}), json!({}), "https://api")
    };
    assert_eq!(by(json!({"included.custom.audience": "https://api", "access.token.claim": "true"})), None);
    assert_eq!(
        by(json!({"included.custom.audience": "https://api", "id.token.claim": "true"})),
        Some(Obstacle::IdTokenOnly)
    );
    assert_eq!(
        by(json!({"included.custom.audience": "https://api", "lightweight.claim": "true"})),
        Some(Obstacle::LightweightOnly)
    );
    assert_eq!(by(json!({"included.custom.audience": "https://api"})), Some(Obstacle::SwitchedOff));
    assert_eq!(
        by(
            json!({"included.custom.audience": "https://api", "included.client.audience": "svc", "access.token.claim": "true"})
        ),
        Some(Obstacle::Shadowed)
    );
    let scope = json!([{"name": "api", "protocol": "openid-connect",
        "protocolMappers": audience_mapper(json!({"included.custom.audience": "https://api", "access.token.claim": "true"}))}]);
    let with_scope = |app: Value| obstacle(app, json!({"clientScopes": scope}), "https://api");
    assert_eq!(with_scope(json!({"optionalClientScopes": ["api"]})), Some(Obstacle::OptionalScope));
    assert_eq!(with_scope(json!({"defaultClientScopes": []})), Some(Obstacle::ForeignScope));
    let gated = json!({"clientScopes": scope, "scopeMappings": [{"clientScope": "api", "roles": ["staff"]}], "roles": {"realm": [{"name": "staff"}]}});
    assert_eq!(
        obstacle(json!({"defaultClientScopes": ["api"]}), gated, "https://api"),
        Some(Obstacle::ScopeNeedsRole)
    );
    let roles = json!({"roles": {"client": {"svc": [{"name": "reader"}]}}});
    assert_eq!(obstacle(json!({}), roles.clone(), "svc"), Some(Obstacle::UserNeedsRole));
    assert_eq!(obstacle(json!({"defaultClientScopes": []}), roles, "svc"), Some(Obstacle::NoResolving));
    assert_eq!(obstacle(json!({}), json!({}), "https://nobody"), None);
}

#[test]
fn offline_tokens_need_the_role() {
    let with_user = |roles: Value| {
        let realm = shop(json!({}), json!({"users": [{"username": "bob", "realmRoles": roles}]}));
        let request = TokenRequest {
            subject: Subject::User("Bob"),
            scope: Some("openid offline_access"),
            ..TokenRequest::LOGIN
        };
        tokens(&realm, NEWEST, &request).map(|issued| issued.scope)
    };
    assert!(with_user(json!(["default-roles-shop"])).unwrap().contains("offline_access"));
    assert!(with_user(json!(["staff"])).unwrap_err().to_string().contains("Offline tokens not allowed"));
}

#[test]
fn bare_clients_leave_their_scopes_open() {
    let tagger = Tagger::new().unwrap();
    let text = json!([{"clientId": "app", "defaultClientScopes": ["roles"]}]).to_string();
    let realm = read_json(&text, Layout::Clients, PartId(0), &tagger).unwrap().realms.remove(0);
    let held = HeldRealm::of(&realm, NEWEST.parse().unwrap());
    let issued = issue(&held, &realm, held.client(&realm, "app").unwrap(), &TokenRequest::LOGIN).unwrap();
    assert!(!issued.unread.is_empty());
}

proptest::proptest! {
    // Whatever the mappers say: no panic, an ID token keeps the client's id unless a claim mapper replaces it, and no audience is
    // both certain and not.
    #[test]
    fn mappers_never_break_a_token(
        kinds in proptest::collection::vec((0usize..7, "[a-z.]{0,6}", proptest::bool::ANY, proptest::bool::ANY), 0..6),
        scope in proptest::option::of("[a-z ]{0,12}"),
        version in proptest::sample::select(vec!["21.1.2", "24.0.5", "26.6.8", "26.7.3"]),
    ) {
        let providers = ["oidc-audience-mapper", "oidc-audience-resolve-mapper", "oidc-hardcoded-claim-mapper", "oidc-hardcoded-role-mapper", "oidc-role-name-mapper", "oidc-usermodel-client-role-mapper", "nonsense"];
        let mappers: Vec<Value> = kinds.iter().map(|(kind, text, access, id)| json!({
            "name": text, "protocol": "openid-connect", "protocolMapper": providers[*kind],
            "config": {"included.client.audience": text, "claim.name": "aud", "claim.value": text, "role": text, "new.role.name": format!("x.{text}"),
                "access.token.claim": access.to_string(), "id.token.claim": id.to_string()}})).collect();
        let replaces = kinds.iter().any(|(kind, text, _, id)| *kind == 2 && *id && !text.is_empty()) || kinds.iter().any(|(kind, _, _, id)| *kind == 5 && *id);
        let realm = shop(json!({"protocolMappers": mappers}), json!({}));
        let request = TokenRequest::LOGIN.with_scope(scope.as_deref());
        if let Ok(issued) = tokens(&realm, version, &request) {
            for token in issued.id_token.iter().chain([&issued.access_token]) {
                proptest::prop_assert!(token.perhaps.iter().all(|audience| !token.has_audience(audience)));
            }
            if let Some(id_token) = issued.id_token.filter(|_| !replaces) {
                proptest::prop_assert!(id_token.has_audience("app"));
            }
        }
    }
}
