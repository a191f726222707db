//! A realm of a test's own, and what tests put into it.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Keycloak};

/// How many clients one partial import takes; the server's time grows faster than their number.
const CHUNK: usize = 100;

/// A realm that is deleted when it is dropped.
pub struct Realm<'a> {
    pub(crate) server: &'a Keycloak,
    name: String,
}

impl Keycloak {
    /// Makes an empty realm whose name begins with `purpose` and is not used twice.
    pub fn realm(&self, purpose: &str) -> Realm<'_> {
        self.import_realm(&json!({"realm": unused_name(purpose), "enabled": true}))
            .unwrap_or_else(|answer| panic!("creating a realm: {} {}", answer.status, answer.body))
    }

    /// Imports a realm document under the name that it has: one of [`unused_name`].
    ///
    /// # Errors
    /// With the server's answer when it refuses the document.
    pub fn import_realm(&self, document: &Value) -> Result<Realm<'_>, Answer> {
        let name = document["realm"].as_str().expect("the document names the realm").to_owned();
        let answer = self.admin(Method::POST, "", Some(document));
        if answer.status == 201 { Ok(Realm { server: self, name }) } else { Err(answer) }
    }
}

/// A realm name that begins with `purpose` and that no other test uses.
pub fn unused_name(purpose: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("{purpose}-{}-{started}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Realm<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its server.
    pub fn server(&self) -> &Keycloak {
        self.server
    }

    /// Calls the admin API as administrator. `path` begins behind the realm.
    pub fn admin(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.server.admin(method, &format!("/{}{path}", self.name), body)
    }

    /// What the admin API answers to `GET`. `path` begins behind the realm.
    pub fn get(&self, path: &str) -> Value {
        self.admin(Method::GET, path, None).expect_success(path).json()
    }

    /// Changes fields of the realm.
    pub fn change(&self, fields: &Value) {
        self.admin(Method::PUT, "", Some(fields)).expect_success("changing the realm");
    }

    /// Creates a client through the checks of the admin API, and returns its id.
    pub fn create_client(&self, client: &Value) -> String {
        self.admin(Method::POST, "/clients", Some(client)).expect_success("creating the client");
        self.id_of(client["clientId"].as_str().expect("the client has a clientId"))
    }

    /// Puts clients in through partial import, which checks nothing: the only way in for odd redirect URIs. What is there is overwritten.
    pub fn import_clients(&self, clients: &[Value]) {
        for chunk in clients.chunks(CHUNK) {
            let body = json!({"ifResourceExists": "OVERWRITE", "clients": chunk});
            self.admin(Method::POST, "/partialImport", Some(&body)).expect_success("importing clients");
        }
    }

    /// The client's id, by its clientId.
    pub fn id_of(&self, client_id: &str) -> String {
        let found =
            self.get(&format!("/clients?clientId={}", utf8_percent_encode(client_id, NON_ALPHANUMERIC)));
        found[0]["id"].as_str().unwrap_or_else(|| panic!("there is no client {client_id}")).to_owned()
    }

    /// A client by its clientId, as the server holds it.
    pub fn client(&self, client_id: &str) -> Value {
        self.get(&format!("/clients/{}", self.id_of(client_id)))
    }

    /// All clients, as the server holds them.
    pub fn clients(&self) -> Vec<Value> {
        match self.get("/clients") {
            Value::Array(clients) => clients,
            other => panic!("the list of clients is {other}"),
        }
    }

    /// Puts a body to a client, and returns the answer.
    pub fn put_client(&self, client_id: &str, body: &Value) -> Answer {
        self.admin(Method::PUT, &format!("/clients/{}", self.id_of(client_id)), Some(body))
    }

    /// Creates a confidential client whose service account has exactly these roles of `realm-management`, not even the default role.
    /// Returns its secret.
    pub fn service_account(&self, client_id: &str, roles: &[&str]) -> String {
        let secret = format!("{client_id}-secret");
        let client = json!({
            "clientId": client_id, "secret": secret, "publicClient": false, "serviceAccountsEnabled": true,
            "standardFlowEnabled": false, "directAccessGrantsEnabled": false, "fullScopeAllowed": true});
        let id = self.create_client(&client);
        let user = self.get(&format!("/clients/{id}/service-account-user"));
        let user = user["id"].as_str().expect("a user has an id").to_owned();
        let of_user = format!("/users/{user}/role-mappings");
        let held = self.get(&format!("{of_user}/realm"));
        self.admin(Method::DELETE, &format!("{of_user}/realm"), Some(&held))
            .expect_success("taking roles away");
        let management = self.id_of("realm-management");
        let wanted: Vec<Value> =
            roles.iter().map(|role| self.get(&format!("/clients/{management}/roles/{role}"))).collect();
        self.admin(Method::POST, &format!("{of_user}/clients/{management}"), Some(&Value::Array(wanted)))
            .expect_success("granting roles");
        secret
    }
}

impl Drop for Realm<'_> {
    fn drop(&mut self) {
        // A failed test needs no second panic for a realm that stays.
        if thread::panicking() {
            return;
        }
        self.admin(Method::DELETE, "", None);
    }
}
