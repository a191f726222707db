//! `secret-mismatch`: the secret that a service gets is not its client's.

use super::with_secrets::{
    Given, GivenValue, Resolved, day, given, is_live, name_version, resolve, stored, time, uses_secret,
};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::google::model::{SecretState, SecretVersion};
use crate::keycloak::model::{Client, ClientField, ClientSecret, attribute};
use crate::known::Tag;
use crate::link::Link;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "secret-mismatch",
    severity: Severity::Error,
    title: "The secret that a service gets is not its client's",
    why: "People still reach the login form, because it asks for no secret; then the exchange of the code fails with 401 and \
          `unauthorized_client`, and so does every request for a token of the service's own. A new secret in Keycloak that did not reach \
          the service, a version of another environment, and a line break at the end of the stored secret are the usual causes: the \
          service hands the line break on, and for Keycloak it is part of the secret.\n\n\
          Secrets are compared by keyed tags in memory; they are never shown or kept. After a rotation Keycloak takes the secret before \
          it as well until that one's own time has passed.",
    remedy: "Put the client's secret into the setting, without a line break at its end: as a new version in Secret Manager, and a new revision that uses it.",
    references: &[
        "https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1",
        "https://www.keycloak.org/docs/latest/server_admin/#_client-credentials",
        "https://www.keycloak.org/docs/latest/server_admin/#_secret_rotation",
        "https://cloud.google.com/run/docs/configuring/services/secrets",
    ],
    needs: &[Fact::ClientSecrets, Fact::SecretVersions, Fact::SecretPayloads],
    check: Check::Link(check),
};

/// By how many seconds the clocks of both sides may differ.
const SLACK: i64 = 300;

/// What it takes to see the secrets of clients.
const RIGHTS: &str = "Read Keycloak as an account with `view-clients` of `realm-management`; from 26.8 on it takes `manage-clients`.";

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let client = scene.client(link.client);
    // What a client without a secret, or a disabled one, does with the service's has rules of its own.
    if !uses_secret(client) || client.enabled.is_off() || client.public_client.why_unknown().is_some() {
        return Vec::new();
    }
    let case = Judged { link, client, scene };
    given(link, scene).iter().filter_map(|given| case.judge(given)).collect()
}

struct Judged<'a, 'b> {
    link: &'a Link,
    client: &'a Client,
    scene: &'a Scene<'b>,
}

/// What the service gets.
struct Got {
    tag: Tag,
    trailing_newline: bool,
    /// The version in words, where it is one.
    version: Option<String>,
    evidence: Vec<Evidence>,
}

impl Judged<'_, '_> {
    fn judge(&self, given: &Given<'_>) -> Option<Verdict> {
        let got = match self.got(given) {
            Ok(got) => got,
            Err(verdict) => return verdict,
        };
        let tag = match self.held(given) {
            Ok(tag) => tag,
            Err(verdict) => return verdict,
        };
        match tag.same(got.tag) {
            None => Some(self.undecided(
                given,
                "the two were recorded in different runs, and tags of different runs cannot be compared",
                Some("Record both sides in one run of `cloakrun snapshot`, or read them live."),
            )),
            Some(true) if got.trailing_newline => Some(self.newline(given, &got, "")),
            Some(true) => None,
            Some(false) => self.other(given, &got),
        }
    }

    /// What stands for the client's secret.
    fn held(&self, given: &Given<'_>) -> Result<Tag, Option<Verdict>> {
        let live = is_live(self.scene, self.client.at.part);
        let missing = self.scene.snapshot.part(self.client.at.part).missing.iter();
        let missing = missing.into_iter().find(|missing| missing.fact == Fact::ClientSecrets);
        match &self.client.secret {
            // A file's word for "replace me" is what nobody runs with; a server's is what it compares with.
            ClientSecret::Held { tag, says_replace_me } if live || !says_replace_me => Ok(*tag),
            ClientSecret::Masked | ClientSecret::Absent
                if self.is_live(given) && (live || missing.is_some()) =>
            {
                let (why, remedy) = match missing {
                    Some(missing) => (missing.why.trim_end_matches('.'), None),
                    None => ("the server does not show the client's secret to this account", Some(RIGHTS)),
                };
                Err(Some(self.undecided(given, why, remedy)))
            }
            ClientSecret::Masked if self.is_live(given) => Err(Some(self.undecided(
                given,
                "the export masks the client's secret",
                Some("Read Keycloak live, as an account with `view-clients` of `realm-management`."),
            ))),
            _ => Err(None),
        }
    }

    /// What the service gets through the setting.
    fn got(&self, given: &Given<'_>) -> Result<Got, Option<Verdict>> {
        let (secret, version, is_file) = match given.value {
            GivenValue::Plain { tag, trailing_newline } => {
                return Ok(Got { tag, trailing_newline, version: None, evidence: Vec::new() });
            }
            GivenValue::Stored { secret, version, is_file } => (secret, version, is_file),
        };
        let name = name_version(secret, version);
        let read = "Let the run read payloads with `--read-secrets`; it takes `roles/secretmanager.secretAccessor` on the secret.";
        let unread = |why: String| Err(self.is_live(given).then(|| self.undecided(given, &why, Some(read))));
        let Some(stored) = stored(secret, self.link.service, self.scene) else {
            return unread(format!("{name} was not read"));
        };
        match resolve(stored, version) {
            // A file of Terraform tells payloads without their versions.
            Resolved::Unknown if !is_live(self.scene, stored.at.part) => Err(None),
            Resolved::Unknown => unread(format!("{name} was not read")),
            // What cannot be read at all is `secret-version-unusable`.
            Resolved::Missing => Err(None),
            Resolved::Version(_, found) if found.state != SecretState::Enabled => Err(None),
            Resolved::Version(_, found) => match found.payload {
                None if self.is_older(found) => Err(Some(self.older(given, found, &name))),
                None => {
                    let part = self.scene.snapshot.part(stored.at.part);
                    match part.missing.iter().find(|missing| missing.fact == Fact::SecretPayloads) {
                        Some(missing) => unread(missing.why.trim_end_matches('.').to_owned()),
                        None => Err(self.unasked(given, &name, read)),
                    }
                }
                Some(payload) => Ok(Got {
                    tag: payload.tag,
                    trailing_newline: payload.trailing_newline,
                    version: Some(name),
                    evidence: vec![Evidence::cloud_run(
                        found.at.clone(),
                        None,
                        if is_file { "the version that it reads" } else { "the version that it gets" },
                    )],
                }),
            },
        }
    }

    /// Whether a version was there before Keycloak made the client's secret, which is random: then it holds another one, unless that
    /// of before the last rotation is still taken.
    fn is_older(&self, version: &SecretVersion) -> bool {
        let made = time(self.client, attribute::SECRET_CREATION_TIME);
        let end = time(self.client, attribute::ROTATED_SECRET_EXPIRATION_TIME);
        let has_grace = end.is_some_and(|end| self.scene.now.is_none_or(|now| end > now));
        matches!((version.created, made), (Some(created), Some(made)) if created.as_second() + SLACK < made.as_second())
            && !has_grace
            && is_live(self.scene, self.client.at.part)
    }

    fn older(&self, given: &Given<'_>, version: &SecretVersion, name: &str) -> Verdict {
        let field = ClientField::Attribute(attribute::SECRET_CREATION_TIME);
        let days = [version.created, time(self.client, attribute::SECRET_CREATION_TIME)]
            .map(|time| time.map_or_else(String::new, day));
        let [created, made] = days;
        Verdict::Wrong(Case {
            // A person may have given the client the older secret again, which leaves the time as it is.
            severity: Some(Severity::Warning),
            message: format!(
                "{} gets the secret of {} from {name} (`{}`), which was made on {created}, before Keycloak made the client a new secret on {made}: it holds an older one, unless somebody gave the client that one again.",
                capitalized(&self.scene.name_service(self.link.service)),
                self.who(),
                given.name
            ),
            remedy: None,
            evidence: vec![
                given.evidence(self.link, self.scene, "refers to the version"),
                Evidence::cloud_run(version.at.clone(), None, "the version, which was there before"),
                self.scene.client_field(self.link.client, field, "when Keycloak made the client's secret"),
            ],
            value: Some(given.name.to_owned()),
            fix: None,
        })
    }

    /// Whether a server was asked on either side, so that what is not known could be.
    fn is_live(&self, _: &Given<'_>) -> bool {
        is_live(self.scene, self.client.at.part)
            || is_live(self.scene, self.scene.service(self.link.service).at.part)
    }

    /// Nobody asked for payloads.
    fn unasked(&self, given: &Given<'_>, name: &str, remedy: &str) -> Option<Verdict> {
        let why = format!("the payload of {name} was not read");
        match self.undecided(given, &why, Some(remedy)) {
            Verdict::Undecided(open) if self.is_live(given) => Some(Verdict::Unasked(open)),
            _ => None,
        }
    }

    /// A secret that is not the client's current one.
    fn other(&self, given: &Given<'_>, got: &Got) -> Option<Verdict> {
        let end = time(self.client, attribute::ROTATED_SECRET_EXPIRATION_TIME);
        let has_ended = matches!((end, self.scene.now), (Some(end), Some(now)) if end <= now);
        let rotated = self.client.rotated_secret.and_then(|rotated| rotated.same(got.tag));
        match rotated {
            Some(true) if got.trailing_newline && !has_ended => {
                return Some(self.newline(given, got, " from before the last rotation"));
            }
            Some(true) if !has_ended => return None,
            None if end.is_some() && !has_ended => {
                return Some(self.undecided(
                    given,
                    "it is not the client's current one, and the one before it, which is still taken, was not read",
                    None,
                ));
            }
            _ => {}
        }
        let (which, place) = match (rotated, end) {
            (Some(true), Some(end)) => (
                format!(
                    "is the one from before the last rotation of {}, which Keycloak took until {} only",
                    self.who(),
                    day(end)
                ),
                ClientField::Attribute(attribute::ROTATED_SECRET_EXPIRATION_TIME),
            ),
            _ => (format!("is not the one of {}", self.who()), ClientField::Secret),
        };
        let mut evidence = vec![given.evidence(self.link, self.scene, "the secret that the service gets")];
        evidence.extend(got.evidence.iter().cloned());
        let label = if place == ClientField::Secret {
            "the client's secret"
        } else {
            "when the secret before it expired"
        };
        evidence.push(self.scene.client_field(self.link.client, place, label));
        Some(Verdict::Wrong(Case {
            severity: None,
            message: format!("{} {which}: {}.", capitalized(&self.what(given, got)), self.breaks()),
            remedy: None,
            evidence,
            value: Some(given.name.to_owned()),
            fix: None,
        }))
    }

    fn newline(&self, given: &Given<'_>, got: &Got, which: &str) -> Verdict {
        let is_file = matches!(given.value, GivenValue::Stored { is_file: true, .. });
        let (severity, breaks) = if is_file {
            (Some(Severity::Warning), "unless its program cuts it off, Keycloak refuses it".to_owned())
        } else {
            (None, format!("for Keycloak it is part of the secret, so that {}", self.breaks()))
        };
        let mut evidence =
            vec![given.evidence(self.link, self.scene, "the secret with a line break at its end")];
        evidence.extend(got.evidence.iter().cloned());
        evidence.push(self.scene.client_field(
            self.link.client,
            ClientField::Secret,
            "the client's secret, without one",
        ));
        Verdict::Wrong(Case {
            severity,
            message: format!(
                "{} is the one of {}{which}, but with a line break at its end: {breaks}.",
                capitalized(&self.what(given, got)),
                self.who()
            ),
            remedy: Some(
                "Store the secret again without the line break: `printf %s \"$SECRET\" | gcloud secrets versions add NAME --data-file=-`."
                    .to_owned(),
            ),
            evidence,
            value: Some(given.name.to_owned()),
            fix: None,
        })
    }

    fn undecided(&self, given: &Given<'_>, why: &str, remedy: Option<&str>) -> Verdict {
        Verdict::Undecided(Undecided {
            reason: format!(
                "Whether the secret that {} gets through `{}` is the one of {} is not known: {why}.",
                self.scene.name_service(self.link.service),
                given.name,
                self.who()
            ),
            remedy: remedy.map(str::to_owned),
            evidence: vec![
                given.evidence(self.link, self.scene, "the secret that the service gets"),
                self.scene.client_field(self.link.client, ClientField::Secret, "the client's secret"),
            ],
        })
    }

    fn who(&self) -> String {
        self.scene.name_client(self.link.client)
    }

    fn what(&self, given: &Given<'_>, got: &Got) -> String {
        let service = self.scene.name_service(self.link.service);
        match &got.version {
            Some(version) => format!("the secret that {service} gets through `{}` ({version})", given.name),
            None => format!("the secret that {service} gets through `{}`", given.name),
        }
    }

    fn breaks(&self) -> &'static str {
        if self.link.uses.client_credentials && !self.link.uses.login {
            "every request for a token is answered with 401 and `unauthorized_client`"
        } else {
            "every login fails with 401 and `unauthorized_client` once the user has logged in"
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::google::model::SecretState;
    use crate::rules::with_secrets::testing::{Live, at, env_of, live};
    use crate::testing::{Said, Stage, service_yaml};

    fn files(client: &str, secret: &str) -> Said {
        let realm = format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", {client}}}]}}"#
        );
        Stage::new()
            .realm("shop.json", &realm)
            .service("web.yaml", &service_yaml("web", &env_of(secret)))
            .now("2027-03-01T12:00:00Z")
            .judge("secret-mismatch")
    }

    #[test]
    fn a_plain_secret_that_is_another_one() {
        let said = files(r#""secret": "6Jq0e7cC1sAbd9""#, "another-0ne-9aXb");
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: The secret that service `web` gets through `OIDC_CLIENT_SECRET` is not the one of client `web` of realm `shop`: every login fails with 401 and `unauthorized_client` once the user has logged in."
            ]
        );
        assert_eq!(
            said.places,
            [
                "web.yaml spec.template.spec.containers[0].env[2].value (the secret that the service gets)",
                "shop.json clients[0].secret (the client's secret)",
            ]
        );
        assert!(!format!("{said:?}").contains("6Jq0e7") && !format!("{said:?}").contains("9aXb"));
        assert!(files(r#""secret": "6Jq0e7cC1sAbd9""#, "6Jq0e7cC1sAbd9").is_nothing());
    }

    #[test]
    fn a_line_break_at_the_end_is_named_as_such() {
        let said = files(r#""secret": "6Jq0e7cC1sAbd9""#, "6Jq0e7cC1sAbd9\n");
        assert!(said.wrong[0].contains("is the one of client `web` of realm `shop`, but with a line break at its end: for Keycloak it is part of the secret"), "{said:?}");
    }

    #[test]
    fn the_secret_before_the_last_rotation_counts_while_it_is_taken() {
        let rotated = |until: &str| {
            let until = at(until);
            format!(
                r#""secret": "6Jq0e7cC1sAbd9", "attributes": {{"client.secret.rotated": "0ld-0ne-4tZz", "client.secret.rotated.expiration.time": "{until}"}}"#
            )
        };
        assert!(files(&rotated("2027-03-02T00:00:00Z"), "0ld-0ne-4tZz").is_nothing());
        let late = files(&rotated("2027-02-25T00:00:00Z"), "0ld-0ne-4tZz");
        assert!(late.wrong[0].contains("from before the last rotation of client `web` of realm `shop`, which Keycloak took until 2027-02-25 only"), "{late:?}");
        assert_eq!(files(&rotated("2027-03-02T00:00:00Z"), "a-third-0ne").wrong.len(), 1);
    }

    #[test]
    fn files_that_do_not_tell_are_left_alone() {
        for client in [
            r#""secret": "**********""#,
            r#""secret": "${WEB_SECRET}""#,
            r#""description": "none""#,
            r#""secret": "change-me-in-prod""#,
            r#""secret": "6Jq0e7cC1sAbd9", "publicClient": true"#,
            r#""secret": "6Jq0e7cC1sAbd9", "clientAuthenticatorType": "client-jwt""#,
        ] {
            assert!(files(client, "another-0ne-9aXb").is_nothing(), "{client}");
        }
        assert!(files(r#""secret": "6Jq0e7cC1sAbd9""#, "${SECRET}").is_nothing());
    }

    #[test]
    fn what_a_version_holds_is_compared() {
        let right = Live { payload: Some("6Jq0e7cC1sAbd9"), ..Live::default() };
        assert!(live(&right).judge("secret-mismatch").is_nothing());
        let other = live(&Live { payload: Some("0ther"), ..Live::default() }).judge("secret-mismatch");
        assert!(
            other.wrong[0].contains("The secret that service `web` gets through `OIDC_CLIENT_SECRET` (version 2 of the secret `web-secret`) is not the one"),
            "{other:?}"
        );
        let newline = live(&Live { payload: Some("6Jq0e7cC1sAbd9\n"), ..Live::default() });
        assert!(newline.judge("secret-mismatch").wrong[0].contains("with a line break at its end"));
        let latest = Live { payload: Some("6Jq0e7cC1sAbd9"), version: "latest", ..Live::default() };
        assert_eq!(
            live(&latest).judge("secret-mismatch").wrong.len(),
            1,
            "the newest version holds another one"
        );
    }

    #[test]
    fn a_version_from_before_the_clients_secret_holds_another_one() {
        let stage = |made: &str| {
            let mut stage = live(&Live::default());
            let time = known_text(&at(made).to_string());
            stage.snapshot.realms[0].clients[0].attributes =
                [("client.secret.creation.time", time)].into_iter().collect();
            stage.judge("secret-mismatch")
        };
        let said = stage("2026-06-15T00:00:00Z");
        assert!(
            said.wrong[0].starts_with("warning service web ↔ client web of realm shop: Service `web` gets the secret of client `web` of realm `shop` from version 2 of the secret `web-secret` (`OIDC_CLIENT_SECRET`), which was made on 2026-04-01, before Keycloak made the client a new secret on 2026-06-15"),
            "{said:?}"
        );
        let before = stage("2026-03-15T00:00:00Z");
        assert_eq!((before.wrong.len(), before.undecided.len()), (0, 1), "{before:?}");
    }

    fn known_text(text: &str) -> crate::keycloak::model::Text {
        crate::known::Known::Value(text.into())
    }

    #[test]
    fn what_could_be_read_and_was_not_is_undecided() {
        let unread = live(&Live::default()).judge("secret-mismatch");
        assert!(
            unread.undecided[0]
                .ends_with("is not known: the payload of version 2 of the secret `web-secret` was not read."),
            "{unread:?}"
        );
        let masked = Live { secret: "**********", payload: Some("0ther"), ..Live::default() };
        let masked = live(&masked).judge("secret-mismatch");
        assert!(
            masked.undecided[0].contains("the server does not show the client's secret to this account"),
            "{masked:?}"
        );
        let disabled = Live { state: SecretState::Disabled, ..Live::default() };
        assert!(live(&disabled).judge("secret-mismatch").is_nothing());
    }
}
