//! `secret-version-unusable`: the version of a client secret that a service refers to cannot be read.

use super::with_secrets::{Given, GivenValue, Resolved, given, name_version, resolve, stored};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::google::model::{SecretState, SecretVersion};
use crate::link::Link;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "secret-version-unusable",
    severity: Severity::Error,
    title: "The version of a client's secret that a service refers to is disabled, destroyed or missing",
    why: "Cloud Run fetches the secrets of environment variables before an instance starts: when the version cannot be read, no new instance \
          starts, and the service dies with its last old one. Of a secret that is mounted as a file, reading the file fails.\n\n\
          `latest` means the version that was made last, whatever its state: a disabled newest version breaks the service although older ones \
          are there.",
    remedy: "Enable the version again, or refer to one that is enabled and holds the client's secret.",
    references: &[
        "https://cloud.google.com/run/docs/configuring/services/secrets",
        "https://cloud.google.com/secret-manager/docs/access-secret-version",
        "https://cloud.google.com/secret-manager/docs/disable-secret-version",
    ],
    needs: &[Fact::SecretVersions],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    given(link, scene).iter().filter_map(|given| judge(given, link, scene)).collect()
}

fn judge(given: &Given<'_>, link: &Link, scene: &Scene<'_>) -> Option<Verdict> {
    let GivenValue::Stored { secret, version, is_file } = given.value else { return None };
    let stored = stored(secret, link.service, scene)?;
    let name = name_version(secret, version);
    let service = scene.name_service(link.service);
    let setting = given.evidence(link, scene, "refers to the version");
    let missing = scene.snapshot.part(stored.at.part).missing.iter();
    let missing = missing.into_iter().find(|missing| missing.fact == Fact::SecretVersions);
    let (is, place, value) = match resolve(stored, version) {
        // A list that broke off does not tell what is missing from it.
        Resolved::Unknown | Resolved::Missing if missing.is_some() => {
            let missing = missing?;
            return Some(Verdict::Undecided(Undecided {
                reason: format!(
                    "Whether {service} can read {name}, which `{}` refers to, is not known: {}.",
                    given.name,
                    missing.why.trim_end_matches('.')
                ),
                remedy: Some("Read it as an account with `roles/secretmanager.viewer`.".to_owned()),
                evidence: vec![setting],
            }));
        }
        Resolved::Unknown => return None,
        Resolved::Missing => {
            let place = Evidence::cloud_run(stored.at.clone(), None, "the secret, which has no such version");
            let is = match stored.versions.as_deref() {
                Some([]) => "does not exist, nor does any other version of it",
                _ => "does not exist",
            };
            (is.to_owned(), place, "missing")
        }
        Resolved::Version(_, found) => {
            let value = match found.state {
                SecretState::Enabled => return None,
                SecretState::Disabled => "disabled",
                SecretState::Destroyed => "destroyed",
            };
            let place = Evidence::cloud_run(found.at.clone(), None, format!("the version, which is {value}"));
            (
                of_number(found, version.is_none_or(|version| version.text() == Some("latest")), value),
                place,
                value,
            )
        }
    };
    let breaks = if is_file { "reading the file fails" } else { "no new instance of the service starts" };
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} {is}, but {service} gets the secret of {} from it (`{}`): {breaks}.",
            capitalized(&name),
            scene.name_client(link.client),
            given.name
        ),
        remedy: None,
        evidence: vec![setting, place],
        value: Some(format!("{} {value}", given.name)),
        fix: None,
    }))
}

fn of_number(found: &SecretVersion, is_latest: bool, value: &str) -> String {
    if is_latest { format!("is version {}, which is {value}", found.number) } else { format!("is {value}") }
}

#[cfg(test)]
mod tests {
    use crate::google::model::SecretState;
    use crate::rules::with_secrets::testing::{Live, live};

    #[test]
    fn versions_that_cannot_be_read() {
        let disabled = live(&Live { state: SecretState::Disabled, ..Live::default() });
        assert_eq!(
            disabled.judge("secret-version-unusable").wrong,
            [
                "error service web ↔ client web of realm shop: Version 2 of the secret `web-secret` is disabled, but service `web` gets the secret of client `web` of realm `shop` from it (`OIDC_CLIENT_SECRET`): no new instance of the service starts."
            ]
        );
        let destroyed = live(&Live { state: SecretState::Destroyed, ..Live::default() });
        assert!(destroyed.judge("secret-version-unusable").wrong[0].contains("is destroyed"));
        let missing = live(&Live { version: "9", ..Live::default() });
        assert!(
            missing.judge("secret-version-unusable").wrong[0]
                .contains("Version 9 of the secret `web-secret` does not exist")
        );
        let alias = live(&Live { version: "current", ..Live::default() });
        assert!(alias.judge("secret-version-unusable").wrong[0].contains("Version `current` of the secret"));
    }

    #[test]
    fn the_latest_version_is_the_one_made_last() {
        let newest = live(&Live { version: "latest", newest: SecretState::Disabled, ..Live::default() });
        let said = newest.judge("secret-version-unusable");
        assert!(
            said.wrong[0]
                .contains("The latest version of the secret `web-secret` is version 3, which is disabled"),
            "{said:?}"
        );
    }

    #[test]
    fn what_can_be_read_or_was_not_read_is_fine() {
        assert!(live(&Live::default()).judge("secret-version-unusable").is_nothing());
        assert!(
            live(&Live { version: "latest", ..Live::default() })
                .judge("secret-version-unusable")
                .is_nothing()
        );
        let mut unread = live(&Live::default());
        unread.snapshot.secrets[0].versions = None;
        assert!(unread.judge("secret-version-unusable").is_nothing());
        unread.snapshot.secrets.clear();
        assert!(unread.judge("secret-version-unusable").is_nothing());
    }
}
