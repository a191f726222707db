//! All ways of logging in, at real servers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cloakrun::fault::Exit;
use cloakrun::keycloak::api::{Flags, Login};
use cloakrun_test_support::keycloak::{Keycloak, Realm};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};

use crate::support::{all_that_is_said, clients, login, run};

/// Made for this test; it opens nothing.
const RSA_KEY: &str = include_str!("test-only-key.pem");

fn at(server: &Keycloak, realm: &str) -> Flags {
    Flags {
        url: Some(server.base().to_owned()),
        login_realm: Some(realm.to_owned()),
        realms: vec![realm.to_owned()],
        ..Flags::default()
    }
}

/// RSA and elliptic private keys in PEM with their public halves.
fn keys() -> [(String, Value); 2] {
    let der: Vec<u8> = RSA_KEY.lines().filter(|line| !line.starts_with('-')).collect::<String>().into();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let parts: PublicKeyComponents<Vec<u8>> = PublicKeyComponents::from(pair.public_key());
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let rsa = json!({"kty": "RSA", "use": "sig", "kid": "rsa", "n": encode(&parts.n), "e": encode(&parts.e)});

    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let elliptic = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "elliptic",
        "x": encode(&point[..32]), "y": encode(&point[32..])});
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(pkcs8.as_ref())
    );
    [(RSA_KEY.to_owned(), rsa), (pem, elliptic)]
}

// Gives the client's service account a role, and its login a key.
fn signed(realm: &Realm<'_>, name: &str, key: &Value, algorithm: &str) {
    realm.service_account(name, &["view-clients"]);
    let mut key = key.clone();
    key["alg"] = algorithm.into();
    let mut client = realm.client(name);
    client["clientAuthenticatorType"] = "client-jwt".into();
    client["attributes"]["use.jwks.string"] = "true".into();
    client["attributes"]["jwks.string"] = json!({"keys": [key]}).to_string().into();
    client["attributes"]["token.endpoint.auth.signing.alg"] = algorithm.into();
    realm.put_client(name, &client).expect_success("giving the client a key");
}

fn signed_logins_are_accepted(version: &str) {
    let realm = Keycloak::server(version).realm("signed");
    let [(rsa, rsa_public), (elliptic, elliptic_public)] = keys();
    for (algorithm, private, public) in
        [("RS256", &rsa, &rsa_public), ("PS256", &rsa, &rsa_public), ("ES256", &elliptic, &elliptic_public)]
    {
        let name = format!("signed-{algorithm}").to_lowercase();
        signed(&realm, &name, public, algorithm);
        let variables = [
            ("CLOAKRUN_KEYCLOAK_CLIENT_ID", name.as_str()),
            ("CLOAKRUN_KEYCLOAK_JWT_SIGNING_KEY", private),
            ("CLOAKRUN_KEYCLOAK_JWT_SIGNING_ALG", algorithm),
        ];
        let login = login(at(realm.server(), realm.name()), &variables);
        let outcome = run(&login);
        let said = all_that_is_said(&outcome);
        let key_line = private.lines().nth(1).unwrap();
        assert!(!said.contains(key_line), "{algorithm}");
        let answers = outcome.unwrap_or_else(|fault| panic!("{algorithm} on {version}: {fault}"));
        assert!(clients(&answers).contains(&name.as_str()));
        assert_eq!(answers.identity.client.as_deref(), Some(name.as_str()));
    }
}

#[test]
fn signed_logins_are_accepted_by_26_7_3() {
    signed_logins_are_accepted("26.7.3");
}

#[test]
fn signed_logins_are_accepted_by_24_0_5() {
    signed_logins_are_accepted("24.0.5");
}

#[test]
fn a_key_that_is_not_the_clients_is_refused() {
    let realm = Keycloak::server("26.7.3").realm("wrong-key");
    let [(rsa, _), (_, elliptic)] = keys();
    signed(&realm, "other", &elliptic, "RS256");
    let variables = [("CLOAKRUN_KEYCLOAK_CLIENT_ID", "other"), ("CLOAKRUN_KEYCLOAK_JWT_SIGNING_KEY", &*rsa)];
    let fault = run(&login(at(realm.server(), realm.name()), &variables)).unwrap_err();
    assert_eq!(fault.exit(), Exit::Usage, "{fault}");
}

#[test]
fn people_and_ready_tokens_get_in() {
    let server = Keycloak::server("26.7.3");
    let realm = server.realm("people");
    let mut flags = at(server, "master");
    flags.realms = vec![realm.name().to_owned()];
    let by_password = login(
        Flags { user: Some("admin".to_owned()), ..flags.clone() },
        &[("CLOAKRUN_KEYCLOAK_PASSWORD", "admin")],
    );
    let answers = run(&by_password).unwrap();
    assert_eq!(answers.identity.user.as_deref(), Some("admin"));
    assert!(clients(&answers).contains(&"realm-management"));
    let token = server.admin_token();
    let answers = run(&login(flags.clone(), &[("KEYCLOAK_ACCESS_TOKEN", &token)])).unwrap();
    assert!(clients(&answers).contains(&"realm-management"));
    let wrong = login(
        Flags { user: Some("admin".to_owned()), ..flags },
        &[("CLOAKRUN_KEYCLOAK_PASSWORD", "not-the-password")],
    );
    let outcome = run(&wrong);
    assert!(!all_that_is_said(&outcome).contains("not-the-password"));
    assert_eq!(outcome.unwrap_err().exit(), Exit::Usage);
}

/// What a server answers to wrong credentials, and the hint that it leads to.
#[test]
fn wrong_credentials_are_told_apart() {
    let server = Keycloak::server("26.7.3");
    let realm = server.realm("wrong");
    realm.service_account("audit", &["view-clients"]);
    let hints = |realm: &str, client: &str, secret: &str| {
        let variables = [("KEYCLOAK_CLIENT_ID", client), ("KEYCLOAK_CLIENT_SECRET", secret)];
        let login: Login = login(at(server, realm), &variables);
        let fault = run(&login).unwrap_err();
        assert_eq!(fault.exit(), Exit::Usage, "{fault}");
        format!("{fault} {}", fault.hints.join(" "))
    };
    assert!(hints(realm.name(), "audit", "wrong").contains("credentials of the client `audit` are wrong"));
    assert!(hints(realm.name(), "nobody", "wrong").contains("does not exist in realm"));
    assert!(hints("no-such-realm", "audit", "wrong").contains("has no realm `no-such-realm`"));
}
