//! Containers after the shapes of real repositories, with names and hosts of our own.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::{
    AudienceCheck, Certainty, ContainerView, Held, IssuerBasis, IssuerComparison, Role, SettingSource,
    SettingView, Understanding, Use, ValueView, framework, frameworks, understand,
};

fn of_env(image: &str, env: &[(&str, &str)]) -> Understanding {
    understand(&ContainerView::of_env(Some(image), env))
}

fn roles(understanding: &Understanding) -> Vec<Role> {
    understanding.readings.iter().map(|reading| reading.role).collect()
}

/// Keycloak behind a start script that takes options from variables of its own.
#[test]
fn keycloak_behind_a_start_script() {
    let env = [
        ("DB_ADDR", "10.0.0.5"),
        ("PROXY_MODE", "--proxy-headers=forwarded"),
        ("KC_BOOTSTRAP_ADMIN_USERNAME", "admin"),
        ("KC_BOOTSTRAP_ADMIN_PASSWORD", "long-and-secret"),
        ("KC_PORT", "8080"),
        ("KC_DB_PASS", "secret"),
    ];
    // A flags file names no image.
    let understanding = understand(&ContainerView::of_env(None, &env));
    let server = understanding.keycloak.as_ref().unwrap();
    assert!(understanding.is_keycloak_server());
    // What the script makes of PROXY_MODE is not ours to say.
    assert_eq!(
        server.options.keys().collect::<Vec<_>>(),
        ["bootstrap-admin-password", "bootstrap-admin-username", "db-pass", "port"]
    );
    assert_eq!(roles(&understanding), [Role::AdminUser, Role::AdminPassword]);
    assert_eq!(understanding.readings[1].held, Held::Secret);
    assert_eq!(understanding.readings[1].value, None);
    assert!(understanding.issuers.is_empty() && understanding.clients.is_empty());
}

/// A program that knows the server's base URL and keeps the rest in its code.
#[test]
fn a_base_url_without_a_realm() {
    let understanding = of_env(
        "gcr.io/shop-dev/shop-keycloak/oauth2-authenticator:latest",
        &[
            ("KEYCLOAK_SERVER_URL", "https://keycloak-service-123456789012.us-central1.run.app"),
            ("KEYCLOAK_ADMIN_SECRET", "${ADMIN_PASSWORD}"),
            ("OIDC_SERVER_SSL_VERIFY", "false"),
            ("SHOP_USER_SECRET", "x"),
            ("SESSION_DURATION", "${SESSION_DURATION}"),
        ],
    );
    assert!(!understanding.is_keycloak_server());
    assert_eq!(roles(&understanding), [Role::ServerUrl, Role::AdminPassword]);
    let issuer = &understanding.issuers[0];
    assert_eq!(issuer.issuer, None);
    assert_eq!(issuer.server.as_deref(), Some("https://keycloak-service-123456789012.us-central1.run.app"));
    assert_eq!(issuer.unknown.as_deref(), Some("no setting names the realm"));
    assert!(understanding.redirects.is_empty());
}

/// A Spring service that takes the realm URL from a name of its own.
#[test]
fn a_spring_service_with_a_realm_url() {
    let realm = "https://keycloak-abcdefghij-uc.a.run.app/realms/shop";
    let understanding = of_env(
        "gcr.io/shop-1/spring-backend",
        &[
            ("KEYCLOAK_REALM_URL", realm),
            ("CORS_ALLOWED_ORIGINS", "https://shop.pages.example"),
            ("DEPLOY_VERSION", "${DEPLOY_VERSION}"),
        ],
    );
    assert_eq!(roles(&understanding), [Role::Issuer, Role::AllowedOrigins]);
    assert_eq!(understanding.frameworks[0].framework.as_str(), "spring-rs");
    let issuer = &understanding.issuers[0];
    assert_eq!(issuer.issuer.as_deref(), Some(realm));
    assert_eq!(issuer.compared, IssuerComparison::Exact);
    let unchecked = understanding.audience_unchecked.as_ref().unwrap();
    assert_eq!(unchecked.settings, [0]);
    assert_eq!(unchecked.certainty, Certainty::Likely);
    assert!(
        unchecked
            .would_check
            .iter()
            .any(|name| name == "SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_AUDIENCES")
    );
    assert_eq!(understanding.uses(Use::ResourceServer), Some(Certainty::Likely));
    assert_eq!(understanding.uses(Use::LogsUsersIn), None);
}

/// Keycloak with only a host name set, everything else in its image.
#[test]
fn keycloak_with_a_host_name() {
    let understanding = of_env(
        "gcr.io/shop-1/keycloak:latest",
        &[("KC_HOSTNAME", "keycloak-abcdefghij-uc.a.run.app"), ("DEPLOY_VERSION", "${X}")],
    );
    assert_eq!(understanding.keycloak.as_ref().unwrap().options["hostname"], 0);
    assert!(understanding.readings.is_empty());
}

/// Keycloak whose options stand in its arguments.
#[test]
fn keycloak_with_arguments() {
    let flag =
        |name, value| SettingView { name, source: SettingSource::Flag, value: ValueView::Plain(value) };
    let env = |name, value| SettingView { name, source: SettingSource::Env, value };
    let view = ContainerView {
        image: Some("asia-docker.pkg.dev/shop/r/keycloak:latest"),
        settings: vec![
            env("KC_DB", ValueView::Plain("postgres")),
            env("KC_BOOTSTRAP_ADMIN_USERNAME", ValueView::Plain("admin")),
            env("KC_BOOTSTRAP_ADMIN_PASSWORD", ValueView::SecretReference { secret: "keycloak-admin" }),
            flag("--optimized", "true"),
            flag("--hostname-strict", "false"),
        ],
        words: vec!["start"],
    };
    let understanding = understand(&view);
    let server = understanding.keycloak.unwrap();
    assert_eq!(server.command.as_deref(), Some("start"));
    assert_eq!(server.options["hostname-strict"], 4);
    assert_eq!(server.certainty, Certainty::Certain);
    assert_eq!(understanding.readings[1].held, Held::Reference { secret: "keycloak-admin".to_owned() });
}

/// A gateway with names of its vendor, and the proxy before another one.
#[test]
fn a_gateway_with_a_vendors_names() {
    let understanding = of_env(
        "asia-docker.pkg.dev/shop/r/gatehouse:latest",
        &[
            ("SSO_ENABLED", "true"),
            ("SSO_KEYCLOAK_ENABLED", "true"),
            ("SSO_KEYCLOAK_BASE_URL", "https://keycloak-abcdefghij-as.a.run.app"),
            ("SSO_KEYCLOAK_REALM", "fluid"),
            ("SSO_KEYCLOAK_CLIENT_ID", "gateway-sso"),
            ("SSO_KEYCLOAK_CLIENT_SECRET", "dev-secret-change-in-prod"),
            (
                "ALLOWED_ORIGINS",
                "https://gatehouse-abcdefghij-as.a.run.app,https://keycloak-abcdefghij-as.a.run.app",
            ),
        ],
    );
    assert!(understanding.frameworks.is_empty(), "{:?}", understanding.frameworks);
    let issuer = &understanding.issuers[0];
    assert_eq!(issuer.issuer.as_deref(), Some("https://keycloak-abcdefghij-as.a.run.app/realms/fluid"));
    assert_eq!(issuer.basis, IssuerBasis::ServerAndRealm);
    assert_eq!(issuer.settings, [2, 3]);
    let client = &understanding.clients[0];
    assert_eq!((client.client_id.as_deref(), client.secret), (Some("gateway-sso"), Some(5)));
    let secret = understanding.with_role(Role::ClientSecret).next().unwrap();
    assert_eq!((&secret.held, &secret.value), (&Held::Secret, &None));
    assert!(understanding.redirects.is_empty() && understanding.audiences.is_empty());

    let understanding = of_env(
        "asia-docker.pkg.dev/shop/r/auth-proxy:v4",
        &[
            ("UPSTREAM_URL", "http://localhost:8001"),
            ("KEYCLOAK_ISSUER", "https://keycloak-abcdefghij-as.a.run.app/realms/fluid"),
            ("PUBLIC_URL", "https://apollo-abcdefghij-as.a.run.app"),
        ],
    );
    assert_eq!(roles(&understanding), [Role::Issuer, Role::BaseUrl]);
    assert_eq!(understanding.readings[1].certainty, Certainty::Weak);
    assert!(understanding.redirects.is_empty());
    assert_eq!(understanding.audience_unchecked, None);
    assert_eq!(understanding.uses(Use::ResourceServer), Some(Certainty::Weak));

    let understanding = of_env(
        "asia-docker.pkg.dev/shop/r/credential-proxy@sha256:00",
        &[
            ("FORWARDED_ALLOW_IPS", "*"),
            ("TOKEN_SERVICE_URL", "https://token-service-abcdefghij-as.a.run.app"),
        ],
    );
    assert!(understanding.is_empty(), "{understanding:?}");
}

/// A Spring back end known by its data source, beside a front end and Google's push audience.
#[test]
fn a_back_end_and_a_front_end() {
    let issuer = "https://cup-keycloak-123456789012.europe-west1.run.app/realms/cup";
    let view = ContainerView {
        image: Some("europe-docker.pkg.dev/cup/cup/backend:latest"),
        settings: [
            (
                "APP_CORS_ALLOWED_ORIGINS",
                ValueView::Plain("https://cup-frontend-123456789012.europe-west1.run.app"),
            ),
            ("KEYCLOAK_ISSUER_URI", ValueView::Plain(issuer)),
            (
                "PUBSUB_PUSH_AUDIENCE",
                ValueView::Plain("https://cup-backend-123456789012.europe-west1.run.app/jobs"),
            ),
            ("SPRING_DATASOURCE_PASSWORD", ValueView::SecretReference { secret: "db" }),
            ("SPRING_DATASOURCE_URL", ValueView::Unknown),
        ]
        .into_iter()
        .map(|(name, value)| SettingView { name, source: SettingSource::Env, value })
        .collect(),
        words: Vec::new(),
    };
    let understanding = understand(&view);
    assert_eq!(roles(&understanding), [Role::AllowedOrigins, Role::Issuer]);
    assert_eq!(understanding.frameworks[0].framework.as_str(), "spring-rs");
    assert_eq!(understanding.audience_unchecked.as_ref().unwrap().settings, [1]);
    assert!(understanding.audiences.is_empty());

    let understanding = of_env(
        "europe-docker.pkg.dev/cup/cup/frontend:latest",
        &[
            ("API_URL", "https://cup-backend-123456789012.europe-west1.run.app"),
            ("KEYCLOAK_CLIENT_ID", "cup-frontend"),
            ("KEYCLOAK_REALM", "cup"),
            ("KEYCLOAK_URL", "https://cup-keycloak-123456789012.europe-west1.run.app"),
        ],
    );
    assert_eq!(understanding.issuers[0].issuer.as_deref(), Some(issuer));
    assert_eq!(understanding.clients[0].client_id.as_deref(), Some("cup-frontend"));
    assert_eq!(understanding.uses(Use::PublicBrowserApp), Some(Certainty::Likely));
}

/// Everything is a variable of a workflow; and one that administers Keycloak under names that look like the server's.
#[test]
fn placeholders_of_a_workflow() {
    let understanding = of_env(
        "us-docker.pkg.dev/$PROJECT_ID/med/authorizer",
        &[
            ("KEYCLOAK_SERVER_URL", "${{ vars.KEYCLOAK_SERVER_URL }}"),
            ("KEYCLOAK_REALM", "${{ vars.KEYCLOAK_REALM }}"),
            ("KEYCLOAK_CLIENT_ID", "${{ vars.KEYCLOAK_CLIENT_ID }}"),
            ("AUTHENTICATOR_SERVICE_URL", "${{ vars.AUTHENTICATOR_SERVICE_URL }}"),
        ],
    );
    assert_eq!(roles(&understanding), [Role::ServerUrl, Role::Realm, Role::ClientId]);
    assert!(understanding.readings.iter().all(|reading| matches!(reading.held, Held::Placeholder { .. })));
    assert_eq!(understanding.issuers[0].issuer, None);
    assert_eq!(
        understanding.issuers[0].unknown.as_deref(),
        Some("`${{ vars.KEYCLOAK_SERVER_URL }}` is a placeholder")
    );
    assert_eq!(
        understanding.clients[0].unknown.as_deref(),
        Some("`${{ vars.KEYCLOAK_CLIENT_ID }}` is a placeholder")
    );

    let understanding = of_env(
        "us-docker.pkg.dev/$PROJECT_ID/med/authenticator",
        &[
            ("KC_BASE_URL", "${{ vars.KC_BASE_URL }}"),
            ("KC_ADMIN_USER", "${{ vars.KC_ADMIN_USER }}"),
            ("KC_ADMIN_PASSWORD", "${{ vars.KC_ADMIN_PASSWORD }}"),
            ("DATABASE_URL", "${{ vars.DATABASE_URL }}"),
        ],
    );
    assert!(!understanding.is_keycloak_server());
    assert_eq!(roles(&understanding), [Role::ServerUrl, Role::AdminUser, Role::AdminPassword]);
    assert!(understanding.uses(Use::AdministersKeycloak).is_some());
}

/// Frameworks answer for what rules ask of them.
#[test]
fn frameworks_tell_their_conventions() {
    assert_eq!(frameworks().count(), 78);
    for one in frameworks() {
        assert_eq!(framework(one.id()).map(|found| found.id()), Some(one.id()));
        assert!(one.settings.iter().all(|setting| !setting.name.is_empty()), "{}", one.id);
        let checks = one.audience_check().access_token;
        let has_setting = one.settings.iter().any(|setting| {
            matches!(
                setting.role,
                Role::Audience | Role::AudienceCheckEnable | Role::Blob | Role::IssuerAudiencePairs
            )
        });
        assert!(
            checks != AudienceCheck::WhenSet || has_setting || one.id == "micronaut",
            "{} says when_set without a setting",
            one.id
        );
    }
    let spring = frameworks().find(|one| one.id == "spring-rs").unwrap();
    assert_eq!((spring.compares_issuer(), spring.leeway_seconds()), (IssuerComparison::Exact, 60));
    let proxy = frameworks().find(|one| one.id == "oauth2-proxy").unwrap();
    assert_eq!(proxy.callback_paths()[0].path, "{prefix}/callback");
}

/// No text makes it fail, whatever its alphabet or length.
#[test]
fn odd_texts_are_survived() {
    let long = "é".repeat(5_000);
    let odd = [
        "",
        "_",
        "__",
        "-",
        "--",
        "=",
        "é",
        "A_é_ISSUER",
        "Authentication__Schemes____Authority",
        "_CLIENT_ID",
        &long,
    ];
    for name in odd {
        for value in ["", "é", "https://é/realms/é", "{\"auth-server-url\"", "[", &long] {
            for source in [SettingSource::Env, SettingSource::Flag] {
                let setting = SettingView { name, source, value: ValueView::Plain(value) };
                let view = ContainerView { image: Some(name), settings: vec![setting; 2], words: vec![name] };
                let _ = understand(&view);
            }
        }
    }
}

/// A registration and its provider of another name belong to one group, so that client and issuer are seen together.
#[test]
fn an_issuer_belongs_to_the_registration_that_refers_to_it() {
    let understanding = of_env(
        "gcr.io/shop/portal",
        &[
            ("SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_PORTAL_CLIENTID", "portal"),
            ("SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_PORTAL_PROVIDER", "keycloak"),
            (
                "SPRING_SECURITY_OAUTH2_CLIENT_PROVIDER_KEYCLOAK_ISSUERURI",
                "https://sso.example.com/realms/shop",
            ),
        ],
    );
    assert_eq!(understanding.issuers[0].group.as_deref(), Some("portal"));
    assert_eq!(understanding.clients[0].group, understanding.issuers[0].group);
}

/// A flag without a value switches on, however the reader hands it over.
#[test]
fn a_flag_without_a_value_is_on() {
    let flag =
        |name, value| SettingView { name, source: SettingSource::Flag, value: ValueView::Plain(value) };
    let view = ContainerView {
        image: Some("quay.io/oauth2-proxy/oauth2-proxy"),
        settings: vec![
            flag("--client-id", "web"),
            flag("--oidc-issuer-url", "https://sso.example.com/realms/shop"),
            flag("--skip-jwt-bearer-tokens", ""),
        ],
        words: Vec::new(),
    };
    assert_eq!(understand(&view).audiences[0].any_of, ["web"]);
}
