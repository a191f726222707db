//! Realm documents with all that can put an audience into a token: mappers, client scopes, roles, groups, full scope on and off,
//! lightweight tokens, old documents.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// The clients of each realm that are logged into.
pub(crate) const APPS: [&str; 5] = ["app-0", "app-1", "app-2", "app-3", "app-4"];
pub(crate) const SECRET: &str = "secret-of-a-test";
pub(crate) const USER: &str = "bob";

const SCOPES: [&str; 3] = ["s1", "s2", "s3"];
/// What a list of client scopes may name; the last one does not exist, and the two before only where the document does not replace them.
const LISTED: [&str; 7] = ["s1", "s2", "s3", "roles", "basic", "profile", "undefined"];

/// A realm of this name.
pub(crate) fn realm(random: &mut Random, name: &str) -> Value {
    let mut realm = json!({
        // Hashing passwords as it is done in earnest would take most of the time.
        "realm": name, "enabled": true, "passwordPolicy": "hashAlgorithm(pbkdf2-sha512) and hashIterations(1)",
        "roles": {
            "realm": [
                {"name": "rr1"},
                {"name": "rr2", "composite": true, "composites": {"realm": ["rr1"], "client": {"svc": ["reader"]}}}],
            "client": {
                "svc": [
                    {"name": "reader"},
                    {"name": "writer", "composite": true, "composites": {"client": {"svc": ["reader"]}}}],
                "web": [
                    {"name": "reader"},
                    {"name": "comp", "composite": true, "composites": {"client": {"svc": ["writer"]}, "realm": ["rr1"]}}],
                "off": [{"name": "reader"}]}},
        "groups": [{
            "name": "g", "path": "/g", "realmRoles": random.pick(&[json!([]), json!(["rr1"])]),
            "clientRoles": random.pick(&[json!({}), json!({"web": ["comp"]})]),
            "subGroups": [{"name": "h", "path": "/g/h", "clientRoles": {"svc": ["reader"]}}]}],
    });
    let mut clients: Vec<Value> = APPS.iter().map(|client_id| app(random, client_id)).collect();
    clients.extend(["svc", "web", "off"].map(|client_id| {
        json!({"clientId": client_id, "enabled": client_id != "off", "publicClient": true, "fullScopeAllowed": false})
    }));
    realm["clients"] = json!(clients);
    let own = random.percent(60);
    if own {
        realm["clientScopes"] = json!(own_scopes(random));
    }
    if random.percent(30) {
        realm["keycloakVersion"] = json!(random.pick(&["24.0.5", "26.0.0", "23.0.1"]));
    }
    if random.percent(40) {
        realm["defaultDefaultClientScopes"] = json!(random.sample(&LISTED, 2));
    }
    scope_mappings(random, &mut realm, own);
    let mut users = vec![user(random, name)];
    for client_id in APPS {
        if random.percent(80) {
            let mut account = json!({"username": format!("service-account-{client_id}"), "enabled": true, "serviceAccountClientId": client_id});
            add_roles(random, &mut account, name);
            users.push(account);
        }
    }
    realm["users"] = json!(users);
    realm
}

/// The parameter `scope` of a token request for this client: mostly one that is not refused.
pub(crate) fn requested_scope(random: &mut Random, client: &Value) -> Option<String> {
    let optional: Vec<&str> =
        client["optionalClientScopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match random.below(20) {
        0..4 => None,
        4 => Some("openid nope".to_owned()),
        5 => Some(
            (*random.pick(&["s3", "openid s1 s2", "openid offline_access", "openid profile"])).to_owned(),
        ),
        6..12 if !optional.is_empty() => Some(format!("openid {}", random.pick(&optional))),
        12..14 if !optional.is_empty() => Some(optional.join(" ")),
        _ => Some("openid".to_owned()),
    }
}

fn app(random: &mut Random, client_id: &str) -> Value {
    let mut app = json!({
        "clientId": client_id, "enabled": true, "publicClient": false, "secret": SECRET, "serviceAccountsEnabled": true,
        "directAccessGrantsEnabled": true, "fullScopeAllowed": random.percent(70), "redirectUris": ["https://app.example.com/*"],
        "protocolMappers": mappers(random, &[1, 1, 2, 3]), "attributes": {}});
    if random.percent(75) {
        let listed = |random: &mut Random| {
            let count = random.below(4);
            random.sample(&LISTED, count).into_iter().copied().collect::<Vec<&str>>()
        };
        let default = listed(random);
        if random.percent(80) {
            let optional: Vec<&str> =
                listed(random).into_iter().filter(|name| !default.contains(name)).collect();
            app["optionalClientScopes"] = json!(optional);
        }
        app["defaultClientScopes"] = json!(default);
    }
    if random.percent(15) {
        app["attributes"]["client.use.lightweight.access.token.enabled"] = json!("true");
    }
    app
}

fn own_scopes(random: &mut Random) -> Vec<Value> {
    let mut scopes: Vec<Value> = SCOPES
        .iter()
        .map(|name| {
            json!({
                "name": name, "protocol": "openid-connect",
                "attributes": {"include.in.token.scope": random.pick(&["true", "false"])},
                "protocolMappers": mappers(random, &[0, 1, 1, 2])})
        })
        .collect();
    let built_in = |name: &str, mapper: &str, provider: &str| {
        json!({
            "name": name, "protocol": "openid-connect", "attributes": {"include.in.token.scope": "false"},
            "protocolMappers": [{
                "name": mapper, "protocol": "openid-connect", "protocolMapper": provider,
                "config": {"access.token.claim": "true", "introspection.token.claim": "true"}}]})
    };
    if random.percent(50) {
        scopes.push(built_in("roles", "audience resolve", "oidc-audience-resolve-mapper"));
    }
    if random.percent(50) {
        scopes.push(built_in("basic", "sub", "oidc-sub-mapper"));
    }
    scopes
}

fn scope_mappings(random: &mut Random, realm: &mut Value, own: bool) {
    let mut of_realm = Vec::new();
    for client_id in APPS {
        if random.percent(40) {
            of_realm.push(json!({"client": client_id, "roles": [random.pick(&["rr1", "rr2"])]}));
        }
    }
    if own && random.percent(35) {
        of_realm.push(json!({"clientScope": random.pick(&SCOPES), "roles": [random.pick(&["rr1", "rr2"])]}));
    }
    if !of_realm.is_empty() {
        realm["scopeMappings"] = json!(of_realm);
    }
    if random.percent(40) {
        let mut of_client = vec![json!({"client": random.pick(&APPS), "roles": ["reader"]})];
        if own && random.percent(50) {
            of_client.push(json!({"clientScope": random.pick(&SCOPES), "roles": ["reader"]}));
        }
        realm["clientScopeMappings"] = json!({*random.pick(&["svc", "web"]): of_client});
    }
}

fn user(random: &mut Random, realm: &str) -> Value {
    let mut user = json!({
        "username": USER, "enabled": true, "email": "bob@example.com", "emailVerified": true, "firstName": "Bob", "lastName": "Other",
        "attributes": {"dept": ["d1"]}, "credentials": [{"type": "password", "value": SECRET}],
        "groups": random.pick(&[json!([]), json!(["/g"]), json!(["/g/h"])])});
    add_roles(random, &mut user, realm);
    user
}

fn add_roles(random: &mut Random, user: &mut Value, realm: &str) {
    if random.percent(60) {
        let mut roles = vec![format!("default-roles-{realm}")];
        if random.percent(50) {
            roles.push((*random.pick(&["rr1", "rr2"])).to_owned());
        }
        user["realmRoles"] = json!(roles);
    }
    if random.percent(50) {
        let roles = [
            json!({"svc": ["reader"]}),
            json!({"svc": ["writer"]}),
            json!({"web": ["comp"]}),
            json!({"off": ["reader"]}),
            json!({"web": ["reader"], "svc": ["reader"]}),
        ];
        user["clientRoles"] = random.pick(&roles).clone();
    }
}

fn mappers(random: &mut Random, counts: &[usize]) -> Vec<Value> {
    (0..*random.pick(counts)).map(|number| mapper(random, number)).collect()
}

fn mapper(random: &mut Random, number: usize) -> Value {
    let mut config = Map::new();
    let provider = match random.below(11) {
        0..4 => {
            switches(random, &mut config);
            let clients = ["svc", "web", "app-0", "ghost", "off"];
            let customs = ["https://api.example.com", "svc", "a,b"];
            let way = random.below(20);
            if !(9..17).contains(&way) {
                set(&mut config, "included.client.audience", random.pick(&clients));
            }
            if way >= 9 {
                set(&mut config, "included.custom.audience", random.pick(&customs));
            }
            "oidc-audience-mapper"
        }
        4 => {
            switches(random, &mut config);
            "oidc-audience-resolve-mapper"
        }
        5 => {
            let roles = ["svc.reader", "ghost.reader", "rr1", "web.comp", "svc.nope"];
            set(&mut config, "role", random.pick(&roles));
            "oidc-hardcoded-role-mapper"
        }
        6 => {
            set(&mut config, "role", random.pick(&["svc.reader", "rr1"]));
            set(
                &mut config,
                "new.role.name",
                random.pick(&["svc.renamed", "plain", "web.other", "web.reader"]),
            );
            "oidc-role-name-mapper"
        }
        7 => {
            switches(random, &mut config);
            set(&mut config, "claim.name", random.pick(&["aud", "foo", "sub2"]));
            set(&mut config, "claim.value", "https://hardcoded.example.com");
            set(&mut config, "jsonType.label", "String");
            "oidc-hardcoded-claim-mapper"
        }
        8 => {
            set(&mut config, "access.token.claim", random.pick(&["true", "true", "false"]));
            "oidc-sub-mapper"
        }
        9 => {
            switches(random, &mut config);
            set(&mut config, "user.attribute", "dept");
            set(&mut config, "claim.name", random.pick(&["dept", "aud"]));
            set(&mut config, "jsonType.label", "String");
            "oidc-usermodel-attribute-mapper"
        }
        _ => {
            set(&mut config, "access.token.claim", "true");
            set(&mut config, "claim.name", "resource_access.${client_id}.roles");
            set(&mut config, "multivalued", "true");
            "oidc-usermodel-client-role-mapper"
        }
    };
    json!({"name": format!("{provider}-{number}"), "protocol": "openid-connect", "protocolMapper": provider, "config": config})
}

fn switches(random: &mut Random, config: &mut Map<String, Value>) {
    for switch in ["access.token.claim", "id.token.claim"] {
        let values = [Some("true"), Some("true"), Some("false"), None];
        if let Some(value) = random.pick(&values) {
            set(config, switch, value);
        }
    }
    if random.percent(25) {
        set(config, "lightweight.claim", "true");
    }
}

fn set(config: &mut Map<String, Value>, key: &str, value: impl AsRef<str>) {
    config.insert(key.to_owned(), json!(value.as_ref()));
}
