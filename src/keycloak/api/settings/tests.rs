#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::*;

fn read(flags: Flags, variables: &[(&str, &str)]) -> Result<Login, Fault> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let surroundings = Surroundings {
        variable: &|name| variables.get(name).map(|value| (*value).to_owned()),
        file: &|path| match path.to_str() {
            Some("secret.txt") => Ok("file-secret\n".to_owned()),
            Some("key.pem") => Ok("-----BEGIN PRIVATE KEY-----".to_owned()),
            Some("token.txt") => Ok("Bearer abc.def.ghi\n".to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        },
    };
    Login::read(&flags, surroundings)
}

fn source<'l>(login: &'l Login, what: &str) -> (Option<&'static str>, Option<&'l str>) {
    let source = login.sources.iter().find(|source| source.what == what).unwrap();
    (source.name, source.value.as_deref())
}

fn at(url: &str) -> Flags {
    Flags { url: Some(url.to_owned()), ..Flags::default() }
}

#[test]
fn our_names_come_before_those_of_others() {
    let login = read(
        Flags::default(),
        &[
            ("CLOAKRUN_KEYCLOAK_URL", "https://ours.example.com"),
            ("KEYCLOAK_URL", "https://theirs.example.com"),
            ("KEYCLOAK_CLIENT_ID", "terraform"),
            ("KEYCLOAK_CLIENTID", "config-cli"),
            ("KC_CLI_CLIENT_SECRET", "hunter2"),
        ],
    )
    .unwrap();
    assert_eq!(login.url, "https://ours.example.com");
    assert_eq!(source(&login, "URL"), (Some("CLOAKRUN_KEYCLOAK_URL"), Some("https://ours.example.com")));
    assert_eq!(source(&login, "client"), (Some("KEYCLOAK_CLIENT_ID"), Some("terraform")));
    assert_eq!(source(&login, "client secret"), (Some("KC_CLI_CLIENT_SECRET"), None));
    assert_eq!(source(&login, "login realm"), (None, Some("master")));
    let Grant::ClientCredentials { client, secret } = &login.grant else { unreachable!() };
    assert_eq!((client.as_str(), secret.expose_secret()), ("terraform", "hunter2"));
    assert!(!format!("{login:?}").contains("hunter2"));
}

#[test]
fn a_flag_is_told_from_its_twin_in_the_environment() {
    let twin = [("CLOAKRUN_KEYCLOAK_URL", "https://a"), ("KEYCLOAK_ACCESS_TOKEN", "a.b.c")];
    assert_eq!(source(&read(at("https://a"), &twin).unwrap(), "URL").0, Some("CLOAKRUN_KEYCLOAK_URL"));
    assert_eq!(source(&read(at("https://b"), &twin).unwrap(), "URL").0, Some("--keycloak-url"));
}

#[test]
fn the_base_path_of_the_terraform_provider_belongs_to_its_url_only() {
    let variables = [
        ("KEYCLOAK_URL", "https://a.example.com/"),
        ("KEYCLOAK_BASE_PATH", "/auth"),
        ("KEYCLOAK_ACCESS_TOKEN", "a.b.c"),
    ];
    assert_eq!(read(Flags::default(), &variables).unwrap().url, "https://a.example.com/auth");
    assert_eq!(read(at("https://b.example.com"), &variables).unwrap().url, "https://b.example.com");
}

#[test]
fn keycloak_realm_is_where_one_logs_in_and_only_else_what_is_read() {
    let variables = [("KEYCLOAK_REALM", "shop"), ("KEYCLOAK_ACCESS_TOKEN", "a.b.c")];
    let login = read(at("https://a"), &variables).unwrap();
    assert_eq!((login.realm.as_str(), login.realms.as_slice()), ("shop", &["shop".to_owned()][..]));
    assert!(login.notes[0].contains("KEYCLOAK_REALM"), "{:?}", login.notes);

    let named = Flags { realms: vec!["other".to_owned()], ..at("https://a") };
    let login = read(named, &variables).unwrap();
    assert_eq!((login.realm.as_str(), login.realms.as_slice()), ("shop", &["other".to_owned()][..]));
    assert!(login.notes.is_empty());

    let login =
        read(at("https://a"), &[("KEYCLOAK_REALM", "master"), ("KEYCLOAK_ACCESS_TOKEN", "a")]).unwrap();
    assert!(login.realms.is_empty() && login.notes.is_empty());
}

#[test]
fn what_is_set_decides_the_grant() {
    let grant = |flags: Flags, variables: &[(&str, &str)]| {
        read(flags, variables).map(|login| login.grant.describe()).map_err(|fault| fault.to_string())
    };
    let both = [
        ("KEYCLOAK_CLIENT_ID", "audit"),
        ("KEYCLOAK_CLIENT_SECRET", "s"),
        ("KEYCLOAK_USER", "me"),
        ("KEYCLOAK_PASSWORD", "p"),
    ];
    assert_eq!(grant(at("https://a"), &both).unwrap(), "client credentials with a secret");
    assert_eq!(grant(at("https://a"), &both[1..]).unwrap(), "password", "no client is named for the secret");
    assert_eq!(grant(at("https://a"), &both[2..]).unwrap(), "password");
    let asked = [both.as_slice(), &[("KEYCLOAK_GRANTTYPE", "password")]].concat();
    assert_eq!(grant(at("https://a"), &asked).unwrap(), "password");
    let user = Flags { user: Some("me".to_owned()), ..at("https://a") };
    assert_eq!(grant(user, &both).unwrap(), "password");
    let token = [both.as_slice(), &[("KEYCLOAK_ACCESS_TOKEN", "a.b.c")]].concat();
    assert_eq!(grant(at("https://a"), &token).unwrap(), "a ready token");
    let key = Flags { key_file: Some("key.pem".into()), ..at("https://a") };
    assert_eq!(grant(key.clone(), &both).unwrap(), "client credentials with a signed JWT");
    let file = Flags { client_secret_file: Some("secret.txt".into()), ..at("https://a") };
    let Grant::ClientCredentials { secret, .. } = read(file.clone(), &both).unwrap().grant else {
        unreachable!()
    };
    assert_eq!(secret.expose_secret(), "file-secret");
    let token = Flags { token_file: Some("token.txt".into()), ..at("https://a") };
    let Grant::Token(text) = read(token.clone(), &both).unwrap().grant else { unreachable!() };
    assert_eq!(text.expose_secret(), "abc.def.ghi");
    let two = Flags { key_file: Some("key.pem".into()), ..token };
    assert!(grant(two, &[]).unwrap_err().contains("--keycloak-token-file and --keycloak-key-file"));
}

#[test]
fn what_is_missing_is_named_with_every_name_that_gives_it() {
    let said = |flags: Flags, variables: &[(&str, &str)]| {
        let fault = read(flags, variables).unwrap_err();
        assert_eq!(fault.exit(), crate::fault::Exit::Usage);
        format!("{fault} {}", fault.hints.join(" "))
    };
    let nothing = said(Flags::default(), &[("KEYCLOAK_URL", "")]);
    for name in ["--keycloak-url", "CLOAKRUN_KEYCLOAK_URL", "KEYCLOAK_URL"] {
        assert!(nothing.contains(name), "{nothing}");
    }
    let no_login = said(at("https://a"), &[]);
    for name in [
        "CLOAKRUN_KEYCLOAK_CLIENT_SECRET",
        "KEYCLOAK_PASSWORD",
        "--keycloak-key-file",
        "KCWARDEN_CLIENT_SECRET",
    ] {
        assert!(no_login.contains(name), "{no_login}");
    }
    let no_password = said(at("https://a"), &[("KEYCLOAK_USER", "me")]);
    assert!(no_password.contains("KC_CLI_PASSWORD"), "{no_password}");
    let no_client = said(at("https://a"), &[("KEYCLOAK_CLIENT_SECRET", "hunter2")]);
    assert!(no_client.contains("--keycloak-client-id") && !no_client.contains("hunter2"), "{no_client}");
    let no_file = said(Flags { token_file: Some("gone".into()), ..at("https://a") }, &[]);
    assert!(no_file.contains("gone") && no_file.contains("--keycloak-token-file"), "{no_file}");
}

#[test]
fn a_password_in_the_url_is_never_shown() {
    let login =
        read(at("https://me:hunter2@a.example.com/auth"), &[("KEYCLOAK_ACCESS_TOKEN", "a.b.c")]).unwrap();
    assert_eq!(source(&login, "URL").1, Some("https://a.example.com/auth"));
}
