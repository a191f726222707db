//! `federated-login-broken`: a client logs in with another issuer's tokens, and its realm cannot take them.

use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::keycloak::model::{Client, ClientField, Completeness, Realm, attribute};
use crate::keycloak::realm_settings::{IdentityProvider, provider_config};
use crate::keycloak::version::Version;
use crate::link::reading::option;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{ClientId, Fact};
use crate::words::{capitalized, listed};

pub(crate) static RULE: Rule = Rule {
    id: "federated-login-broken",
    severity: Severity::Error,
    title: "A client logs in with another issuer's tokens, and its realm cannot take them",
    why: "A client of type `federated-jwt` has no secret: it sends a token of another issuer, such as the ID token of its Google service \
          account, and Keycloak looks for the client by the issuer's identity provider (`jwt.credential.issuer`) and the token's subject \
          (`jwt.credential.sub`). When the provider is missing, disabled or not allowed to vouch for clients, or when two clients share \
          both, every request is answered with 401 and `invalid_client`, without a word about the cause.\n\n\
          Tokens of Google carry no `jti`, so the provider must allow them to be used again; their subject is the service account's \
          numeric id, never its e-mail address. Keycloak has this since 26.4, as a preview that must be switched on; since 26.6 it is on.",
    remedy: "Name an enabled identity provider that supports client assertions, and give each client a subject of its own.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc7523#section-3",
        "https://www.keycloak.org/docs-api/26.7.3/javadocs/org/keycloak/authentication/authenticators/client/FederatedJWTClientAuthenticator.html",
        "https://www.keycloak.org/docs-api/latest/javadocs/org/keycloak/broker/provider/ClientAssertionIdentityProvider.html",
        "https://cloud.google.com/docs/authentication/token-types",
    ],
    needs: &[Fact::IdentityProviders],
    check: Check::Scene(check),
};

/// The first version that knows such clients.
const FIRST: Version = Version::new(26, 4, 0);

/// The first version in which nothing has to be switched on for them.
const SUPPORTED: Version = Version::new(26, 6, 0);

/// The issuer of ID tokens of Google's service accounts.
const GOOGLE: &str = "https://accounts.google.com";

const ISSUER: ClientField = ClientField::Attribute(attribute::JWT_CREDENTIAL_ISSUER);
const SUBJECT: ClientField = ClientField::Attribute(attribute::JWT_CREDENTIAL_SUBJECT);

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    // Only of such clients is it undecided when providers are not told.
    scene
        .judged_clients()
        .flat_map(|id| {
            judge(id, scene).into_iter().map(move |verdict| (scene.subject_of_client(id), verdict))
        })
        .collect()
}

fn judge(id: ClientId, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(id);
    let is_federated = client.authenticator.as_ref().and_then(|name| name.text()) == Some("federated-jwt");
    if !is_federated || client.public_client.is_on() || client.bearer_only.is_on() {
        return Vec::new();
    }
    let case = Judged { id, client, realm: scene.realm(id.realm), who: scene.name_client(id), scene };
    if let Some(verdict) = case.too_old() {
        return vec![verdict];
    }
    let mut verdicts = case.attributes();
    verdicts.extend(case.shared());
    verdicts.extend(case.provider());
    if verdicts.is_empty() {
        verdicts.extend(case.preview());
    }
    verdicts
}

struct Judged<'a, 'b> {
    id: ClientId,
    client: &'a Client,
    realm: &'a Realm,
    who: String,
    scene: &'a Scene<'b>,
}

impl Judged<'_, '_> {
    fn wrong(&self, message: String, remedy: &str, evidence: Vec<Evidence>, value: Option<&str>) -> Verdict {
        Verdict::Wrong(Case {
            severity: None,
            message,
            remedy: Some(remedy.to_owned()),
            evidence,
            value: value.map(str::to_owned),
            fix: None,
        })
    }

    fn undecided(&self, why: &str, remedy: Option<String>, evidence: Vec<Evidence>) -> Verdict {
        let reason =
            format!("Whether {} can log in with the tokens of another issuer is not known: {why}.", self.who);
        Verdict::Undecided(Undecided { reason, remedy, evidence })
    }

    fn kind(&self) -> Evidence {
        let label = "makes the client log in with tokens of another issuer";
        self.scene.client_field(self.id, ClientField::Authenticator, label)
    }

    fn too_old(&self) -> Option<Verdict> {
        let versions = self.scene.versions(self.id.realm);
        // A file that is of no known server was made for one that has it.
        let server = self.scene.server(self.id.realm);
        if !server.version_known() || versions.iter().any(|version| *version >= FIRST) {
            return None;
        }
        let mut evidence = vec![self.kind()];
        evidence.extend(server.version_evidence().cloned());
        Some(self.wrong(
            format!(
                "{} logs in with tokens of another issuer, which servers before 26.4 do not know (judged {}): every request is refused.",
                capitalized(&self.who),
                server.describe_version()
            ),
            "Run the realm on Keycloak 26.6 or newer, or give the client a secret or a key of its own.",
            evidence,
            Some("federated-jwt"),
        ))
    }

    /// What the client itself must state.
    fn attributes(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (field, what) in [(ISSUER, "no identity provider"), (SUBJECT, "no subject")] {
            let ClientField::Attribute(name) = field else { continue };
            if self.client.attribute(name).is_some_and(|text| text.text() != Some("")) {
                continue;
            }
            verdicts.push(self.wrong(
                format!(
                    "{} logs in with tokens of another issuer but names {what} (`{name}`): no token is ever taken for it.",
                    capitalized(&self.who)
                ),
                if field == ISSUER {
                    "Set `jwt.credential.issuer` to the alias of an identity provider of the realm."
                } else {
                    "Set `jwt.credential.sub` to the subject of the tokens; of a Google service account, its numeric unique id."
                },
                vec![self.kind()],
                Some(name),
            ));
        }
        verdicts
    }

    /// That other clients have the same issuer and subject; servers look for the client by these two, whatever its type.
    fn shared(&self) -> Option<Verdict> {
        let pair = |client: &Client| {
            let issuer = client.attribute(attribute::JWT_CREDENTIAL_ISSUER)?.text()?.to_owned();
            let subject = client.attribute(attribute::JWT_CREDENTIAL_SUBJECT)?.text()?.to_owned();
            (!issuer.is_empty() && !subject.is_empty()).then_some((issuer, subject))
        };
        let own = pair(self.client)?;
        let others: Vec<ClientId> = (0..)
            .zip(&self.realm.clients)
            .map(|(client, other)| (ClientId { realm: self.id.realm, client }, other))
            .filter(|(other, client)| *other != self.id && pair(client).as_ref() == Some(&own))
            .map(|(other, _)| other)
            .collect();
        if others.is_empty() {
            return None;
        }
        let names: Vec<String> =
            others.iter().map(|other| format!("`{}`", self.scene.client_id(*other))).collect();
        let mut evidence =
            vec![self.scene.client_field(self.id, SUBJECT, "the subject, which is not this client's alone")];
        evidence.extend(
            others
                .iter()
                .map(|other| self.scene.client_field(*other, SUBJECT, "the same subject of the same issuer")),
        );
        Some(self.wrong(
            format!(
                "{} has the same issuer `{}` and subject `{}` as {}: Keycloak then finds no client for the token, and refuses all of them.",
                capitalized(&self.who),
                own.0,
                own.1,
                listed(&names)
            ),
            "Give each client a service account of its own, or use one client for both.",
            evidence,
            Some(&own.1),
        ))
    }

    /// What the identity provider must allow.
    fn provider(&self) -> Vec<Verdict> {
        let Some(alias) = self.client.attribute(attribute::JWT_CREDENTIAL_ISSUER) else { return Vec::new() };
        let named = || self.scene.client_field(self.id, ISSUER, "names the identity provider");
        if let Some(why) = alias.why_unknown() {
            return vec![self.undecided(
                &format!("the identity provider that it names is not known, because {why}"),
                None,
                vec![named()],
            )];
        }
        let Some(alias) = alias.text().filter(|alias| !alias.is_empty()) else { return Vec::new() };
        if let Some(missing) = self.scene.missing_of_realm(self.id.realm, Fact::IdentityProviders) {
            let why = format!(
                "the identity providers of the realm were not read ({})",
                missing.why.trim_end_matches('.')
            );
            return vec![self.undecided(&why, None, vec![named()])];
        }
        let providers = match &self.realm.identity_providers {
            Some(providers) => providers.as_slice(),
            None if self.realm.complete == Completeness::Export => &[],
            None => {
                let why = format!("the identity provider `{alias}` that it names is not in what was read");
                return vec![self.undecided(
                    &why,
                    Some("Read the realm's identity providers along with its clients.".to_owned()),
                    vec![named()],
                )];
            }
        };
        match providers.iter().find(|provider| provider.alias.text() == Some(alias)) {
            Some(provider) => self.allows(alias, provider),
            None if providers.iter().any(|provider| provider.alias.text().is_none()) => {
                vec![self.undecided(
                    "the alias of an identity provider of the realm is not known",
                    None,
                    vec![named()],
                )]
            }
            None => {
                let mut evidence = vec![named()];
                if self.realm.identity_providers.is_some() {
                    let at = self.realm.at.key("identityProviders");
                    evidence.push(Evidence::keycloak(at, None, "the identity providers of the realm"));
                }
                vec![self.wrong(
                    format!(
                        "{} logs in with tokens of the identity provider `{alias}`, which {} does not have: every request is refused with `invalid_client`.",
                        capitalized(&self.who),
                        self.scene.name_realm(self.id.realm)
                    ),
                    "Add the identity provider to the realm, or correct `jwt.credential.issuer`.",
                    evidence,
                    Some(alias),
                )]
            }
        }
    }

    fn allows(&self, alias: &str, provider: &IdentityProvider) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let place = |key: &str, label: &str| {
            let value = provider.setting(key).and_then(|value| value.text()).map(str::to_owned);
            let at =
                if value.is_some() { provider.at.key("config").key(key) } else { provider.at.key("alias") };
            Evidence::keycloak(at, value, label)
        };
        let named = self.scene.client_field(self.id, ISSUER, "names the identity provider");
        let lead =
            format!("{} logs in with tokens of the identity provider `{alias}`", capitalized(&self.who));
        let refused = "every request is refused with `invalid_client`";
        if provider.enabled.is_off() {
            let at = Evidence::keycloak(
                provider.at.key("enabled"),
                Some("false".to_owned()),
                "the provider is disabled",
            );
            verdicts.push(self.wrong(
                format!("{lead}, which is disabled: {refused}."),
                "Enable the identity provider; `hideOnLogin` keeps it off the login page.",
                vec![at, named.clone()],
                Some("enabled"),
            ));
        }
        // Other types vouch for clients by rules of their own.
        if !provider.provider.text().is_some_and(|kind| matches!(kind, "oidc" | "keycloak-oidc")) {
            return verdicts;
        }
        let assertions = provider.switch(provider_config::SUPPORTS_CLIENT_ASSERTIONS);
        if assertions.is_off() {
            verdicts.push(self.wrong(
                format!("{lead}, which may not vouch for clients (`supportsClientAssertions` is not on): {refused}."),
                "Set `supportsClientAssertions` of the identity provider to `true`.",
                vec![place(provider_config::SUPPORTS_CLIENT_ASSERTIONS, "the provider, which does not support client assertions"), named.clone()],
                Some(provider_config::SUPPORTS_CLIENT_ASSERTIONS),
            ));
        }
        let issuer = provider.setting(provider_config::ISSUER);
        if issuer.is_none() {
            verdicts.push(self.wrong(
                format!("{lead}, which names no issuer: no token is ever taken for one of its own."),
                "Set `issuer` of the identity provider to the `iss` of the tokens.",
                vec![place(provider_config::ISSUER, "the provider, which has no `issuer`"), named.clone()],
                Some(provider_config::ISSUER),
            ));
        }
        let by_url = provider.switch(provider_config::USE_JWKS_URL);
        let has_url = provider.setting(provider_config::JWKS_URL).is_some();
        let has_key = provider.setting(provider_config::PUBLIC_KEY).is_some();
        if (by_url.is_on() && !has_url) || (by_url.is_off() && !has_key) {
            verdicts.push(self.wrong(
                format!("{lead}, which has no key to check them with: {refused}."),
                "Set `useJwksUrl` of the identity provider to `true` and `jwksUrl` to the address of the issuer's keys.",
                vec![place(provider_config::USE_JWKS_URL, "the provider, which has no key"), named.clone()],
                Some(provider_config::JWKS_URL),
            ));
        }
        if issuer.and_then(|issuer| issuer.text()) == Some(GOOGLE) {
            verdicts.extend(self.of_google(&lead, &place, provider, &named));
        }
        verdicts
    }

    fn of_google(
        &self,
        lead: &str,
        place: &dyn Fn(&str, &str) -> Evidence,
        provider: &IdentityProvider,
        named: &Evidence,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        if provider.switch(provider_config::SUPPORTS_CLIENT_ASSERTION_REUSE).is_off() {
            verdicts.push(self.wrong(
                format!("{lead}, whose tokens are Google's and carry no `jti`, but `supportsClientAssertionReuse` is not on: every request is refused."),
                "Set `supportsClientAssertionReuse` of the identity provider to `true`.",
                vec![
                    place(provider_config::SUPPORTS_CLIENT_ASSERTION_REUSE, "the provider, which wants a `jti` in every token"),
                    named.clone(),
                ],
                Some(provider_config::SUPPORTS_CLIENT_ASSERTION_REUSE),
            ));
        }
        let subject = self.client.attribute(attribute::JWT_CREDENTIAL_SUBJECT).and_then(|text| text.text());
        if let Some(subject) = subject.filter(|subject| !subject.is_empty())
            && !subject.bytes().all(|byte| byte.is_ascii_digit())
        {
            verdicts.push(self.wrong(
                format!(
                    "{lead} with the subject `{subject}`, but the subject of Google's tokens is the service account's numeric id: no token is ever taken for this client."
                ),
                "Set `jwt.credential.sub` to the service account's `uniqueId` (gcloud iam service-accounts describe).",
                vec![self.scene.client_field(self.id, SUBJECT, "the subject, which is no numeric id"), place(provider_config::ISSUER, "Google's issuer")],
                Some(subject),
            ));
        }
        verdicts
    }

    /// That the server has it as a preview only, unless its own settings are known to switch it on.
    fn preview(&self) -> Option<Verdict> {
        let server = self.scene.server(self.id.realm);
        let versions = self.scene.versions(self.id.realm);
        if !server.version_known() || versions.iter().any(|version| *version >= SUPPORTED) {
            return None;
        }
        let containers = server.keycloak.map(|service| &self.scene.reading(service).containers);
        let is_on =
            containers.into_iter().flatten().filter_map(|container| option(container, "features")).any(
                |features| {
                    features.split(',').any(|feature| {
                        let name = feature.trim().split(':').next().unwrap_or_default();
                        matches!(name, "preview" | "client-auth-federated")
                    })
                },
            );
        if is_on {
            return None;
        }
        let why = format!(
            "the server has it as a preview only ({}), and whether `--features=client-auth-federated` switches it on is not seen",
            server.describe_version()
        );
        Some(self.undecided(
            &why,
            Some("Start Keycloak with `--features=client-auth-federated`, or run 26.6 or newer.".to_owned()),
            vec![self.kind()],
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml_with};

    const PROVIDER: &str = r#"{"alias": "google-sa", "providerId": "oidc", "enabled": true, "config": {"issuer": "https://accounts.google.com",
        "useJwksUrl": "true", "jwksUrl": "https://www.googleapis.com/oauth2/v3/certs", "validateSignature": "false",
        "supportsClientAssertions": "true", "supportsClientAssertionReuse": "true", "clientSecret": "not-to-be-kept"}}"#;

    fn client(id: &str, issuer: &str, subject: &str) -> String {
        format!(
            r#"{{"clientId": "{id}", "serviceAccountsEnabled": true, "clientAuthenticatorType": "federated-jwt",
                "attributes": {{"jwt.credential.issuer": "{issuer}", "jwt.credential.sub": "{subject}"}}}}"#
        )
    }

    fn stage(providers: &str, clients: &[String]) -> Stage {
        let realm = format!(r#"{{"realm": "shop", {providers} "clients": [{}]}}"#, clients.join(", "));
        Stage::new().realm("shop.json", &realm)
    }

    fn judge(provider: &str, clients: &[String]) -> Said {
        stage(&format!(r#""identityProviders": [{provider}],"#), clients).judge("federated-login-broken")
    }

    fn orders() -> String {
        client("orders", "google-sa", "107521234567890123456")
    }

    #[test]
    fn a_provider_that_allows_it_is_fine_even_if_it_checks_no_signatures_of_logins() {
        assert!(judge(PROVIDER, &[orders()]).is_nothing(), "{:?}", judge(PROVIDER, &[orders()]));
        let other = client("orders", "google-sa", "1").replace("federated-jwt", "client-secret");
        assert!(judge("", &[other]).is_nothing());
    }

    #[test]
    fn a_provider_that_is_not_there() {
        let said = judge(PROVIDER, &[client("orders", "gogle-sa", "1")]);
        assert_eq!(
            said.wrong,
            [
                "error client orders of realm shop: Client `orders` of realm `shop` logs in with tokens of the identity provider `gogle-sa`, which realm `shop` does not have: every request is refused with `invalid_client`."
            ]
        );
        assert_eq!(
            said.places,
            [
                r#"shop.json clients[0].attributes["jwt.credential.issuer"] = gogle-sa (names the identity provider)"#,
                "shop.json identityProviders (the identity providers of the realm)",
            ]
        );
    }

    #[test]
    fn each_switch_that_lacks_is_named() {
        for (from, to, says) in [
            (r#""enabled": true"#, r#""enabled": false"#, "which is disabled"),
            (r#""supportsClientAssertions": "true","#, "", "`supportsClientAssertions` is not on"),
            (
                r#""supportsClientAssertions": "true""#,
                r#""supportsClientAssertions": "false""#,
                "`supportsClientAssertions` is not on",
            ),
            (r#""supportsClientAssertionReuse": "true","#, "", "carry no `jti`"),
            (r#""useJwksUrl": "true","#, "", "has no key"),
            (r#""jwksUrl": "https://www.googleapis.com/oauth2/v3/certs","#, "", "has no key"),
            (r#""issuer": "https://accounts.google.com","#, "", "names no issuer"),
        ] {
            assert!(PROVIDER.contains(from), "{from}");
            let said = judge(&PROVIDER.replace(from, to), &[orders()]);
            assert_eq!(said.wrong.len(), 1, "{from}: {said:?}");
            assert!(said.wrong[0].contains(says), "{from}: {said:?}");
            assert!(said.places[0].contains("identityProviders[0]"), "{said:?}");
            assert!(!format!("{said:?}").contains("not-to-be-kept"));
        }
    }

    #[test]
    fn an_e_mail_address_is_no_subject_of_google() {
        let email = client("orders", "google-sa", "orders@shop.iam.gserviceaccount.com");
        let said = judge(PROVIDER, std::slice::from_ref(&email));
        assert!(
            said.wrong[0].contains("the subject of Google's tokens is the service account's numeric id"),
            "{said:?}"
        );
        // Other issuers have subjects of other shapes.
        let other = PROVIDER.replace("https://accounts.google.com", "https://ci.example.com");
        assert!(judge(&other, &[email]).is_nothing());
    }

    #[test]
    fn two_clients_with_one_subject_lock_each_other_out() {
        let said = judge(PROVIDER, &[orders(), client("returns", "google-sa", "107521234567890123456")]);
        assert_eq!(said.wrong.len(), 2, "{said:?}");
        assert!(
            said.wrong[0]
                .contains("has the same issuer `google-sa` and subject `107521234567890123456` as `returns`"),
            "{said:?}"
        );
        let apart = judge(PROVIDER, &[orders(), client("returns", "google-sa", "2")]);
        assert!(apart.is_nothing());
    }

    #[test]
    fn what_the_client_does_not_name() {
        let bare = r#"{"clientId": "orders", "clientAuthenticatorType": "federated-jwt"}"#.to_owned();
        let said = judge(PROVIDER, &[bare]);
        assert_eq!(said.wrong.len(), 2, "{said:?}");
        assert_eq!(said.values, ["jwt.credential.issuer", "jwt.credential.sub"]);
    }

    #[test]
    fn versions_decide_whether_it_exists_at_all() {
        let providers = format!(r#""identityProviders": [{PROVIDER}],"#);
        let old = stage(&providers, &[orders()]).version("26.3.2").judge("federated-login-broken");
        assert!(old.wrong[0].contains("servers before 26.4 do not know"), "{old:?}");
        let preview = stage(&providers, &[orders()]).version("26.5.5").judge("federated-login-broken");
        assert_eq!((preview.wrong.len(), preview.undecided.len()), (0, 1), "{preview:?}");
        assert!(
            stage(&providers, &[orders()]).version("26.6.0").judge("federated-login-broken").is_nothing()
        );
        let keycloak = service_yaml_with(
            "sso",
            "quay.io/keycloak/keycloak:26.5.5",
            &[
                ("KC_FEATURES", "client-auth-federated:v1,scripts"),
                ("KC_HOSTNAME", "https://sso.example.com"),
            ],
        );
        let on =
            stage(&providers, &[orders()]).service("sso.yaml", &keycloak).judge("federated-login-broken");
        assert!(on.is_nothing(), "{on:?}");
    }

    #[test]
    fn providers_that_were_not_read_are_not_decided() {
        let said = stage("", &[orders()]).judge("federated-login-broken");
        assert_eq!(
            said.undecided,
            [
                "client orders of realm shop: Whether client `orders` of realm `shop` can log in with the tokens of another issuer is not known: the identity provider `google-sa` that it names is not in what was read."
            ]
        );
        let placeholder = judge(PROVIDER, &[client("orders", "${ALIAS}", "1")]);
        assert_eq!((placeholder.wrong.len(), placeholder.undecided.len()), (0, 1), "{placeholder:?}");
    }
}
