//! `secret-version-behind`: a newer version of a client's secret exists than the one that its service runs with.

use super::with_secrets::{Given, GivenValue, Resolved, day, given, is_live, name_version, resolve, stored};
use crate::finding::{Case, Evidence, Severity, Verdict};
use crate::google::model::{SecretState, SecretVersion};
use crate::keycloak::model::{Client, ClientSecret};
use crate::link::Link;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "secret-version-behind",
    severity: Severity::Warning,
    title: "A newer version of a client's secret exists than the one that its service runs with",
    why: "A version that is pinned stays until somebody deploys another one: after a rotation the service goes on with the old secret, which \
          Keycloak takes for the time of grace only, or not at all.\n\n\
          `latest` in an environment variable is read when an instance starts and never again. A version that was made after the revision \
          leaves old instances with the old secret and gives new ones the new: some requests work and some do not. A file is read anew \
          each time.",
    remedy: "Deploy a revision that refers to the newest version by its number; then disable the old one.",
    references: &[
        "https://cloud.google.com/run/docs/configuring/services/secrets",
        "https://cloud.google.com/secret-manager/docs/best-practices",
        "https://cloud.google.com/secret-manager/docs/rotation-recommendations",
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
    let Resolved::Version(position, used) = resolve(stored, version) else { return None };
    // What cannot be read at all is `secret-version-unusable`.
    if used.state != SecretState::Enabled {
        return None;
    }
    let is_latest = version.is_none_or(|version| version.text() == Some("latest"));
    if is_latest {
        moved(given, link, scene, used, is_file)
    } else {
        pinned(given, link, scene, (position, used), secret)
    }
}

/// A pinned version, with newer enabled ones beside it.
fn pinned(
    given: &Given<'_>,
    link: &Link,
    scene: &Scene<'_>,
    (position, used): (usize, &SecretVersion),
    secret: &str,
) -> Option<Verdict> {
    let GivenValue::Stored { version, .. } = given.value else { return None };
    let versions = stored(secret, link.service, scene)?.versions.as_ref()?;
    let newest = versions[..position].iter().find(|newer| newer.state == SecretState::Enabled)?;
    let client = scene.client(link.client);
    if is_same_payload(used, newest) || (is_of(client, used, scene) && !is_of(client, newest, scene)) {
        return None;
    }
    let made = newest.created.map(|made| format!(" (made on {})", day(made))).unwrap_or_default();
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} gets the secret of {} from {} (`{}`), but version {} is newer{made}: after a rotation the old secret is refused, at the latest when its time of grace is over.",
            capitalized(&scene.name_service(link.service)),
            scene.name_client(link.client),
            name_version(secret, version),
            given.name,
            newest.number
        ),
        remedy: Some(format!(
            "Deploy a revision that refers to version {}; then disable the old one.",
            newest.number
        )),
        evidence: vec![
            given.evidence(link, scene, "refers to the older version"),
            Evidence::cloud_run(newest.at.clone(), None, "the newer version"),
        ],
        value: Some(format!("{} {}", given.name, newest.number)),
        fix: None,
    }))
}

/// `latest`, which moved after the revision was made.
fn moved(
    given: &Given<'_>,
    link: &Link,
    scene: &Scene<'_>,
    newest: &SecretVersion,
    is_file: bool,
) -> Option<Verdict> {
    let (made, revision) = (newest.created?, scene.service(link.service).revision_created?);
    if is_file || made <= revision {
        return None;
    }
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} gets the secret of {} from the latest version (`{}`), which is version {} since {}, after its revision was made on {}: instances that started before go on with the old secret.",
            capitalized(&scene.name_service(link.service)),
            scene.name_client(link.client),
            given.name,
            newest.number,
            day(made),
            day(revision)
        ),
        remedy: Some(format!("Deploy a new revision, best with version {} by its number.", newest.number)),
        evidence: vec![
            given.evidence(link, scene, "refers to whatever version is the newest"),
            Evidence::cloud_run(newest.at.clone(), None, "the version that was made after the revision"),
        ],
        value: Some(format!("{} {}", given.name, newest.number)),
        fix: None,
    }))
}

fn is_same_payload(one: &SecretVersion, other: &SecretVersion) -> bool {
    match (one.payload, other.payload) {
        (Some(one), Some(other)) => {
            one.tag.same(other.tag) == Some(true) && one.trailing_newline == other.trailing_newline
        }
        _ => false,
    }
}

/// Whether a version is known to hold the client's secret: then a newer one that does not is one that nobody uses yet.
fn is_of(client: &Client, version: &SecretVersion, scene: &Scene<'_>) -> bool {
    let (ClientSecret::Held { tag, .. }, Some(payload)) = (&client.secret, version.payload) else {
        return false;
    };
    is_live(scene, client.at.part) && tag.same(payload.tag) == Some(true)
}

#[cfg(test)]
mod tests {
    use crate::google::model::SecretState;
    use crate::rules::with_secrets::testing::{Live, live};

    #[test]
    fn a_newer_version_beside_the_pinned_one() {
        let said = live(&Live::default()).judge("secret-version-behind");
        assert_eq!(
            said.wrong,
            [
                "warning service web ↔ client web of realm shop: Service `web` gets the secret of client `web` of realm `shop` from version 2 of the secret `web-secret` (`OIDC_CLIENT_SECRET`), but version 3 is newer (made on 2026-05-01): after a rotation the old secret is refused, at the latest when its time of grace is over."
            ]
        );
        assert_eq!(said.values, ["OIDC_CLIENT_SECRET 3"]);
    }

    #[test]
    fn the_newest_version_is_fine() {
        assert!(live(&Live { version: "3", ..Live::default() }).judge("secret-version-behind").is_nothing());
        let disabled = Live { newest: SecretState::Disabled, ..Live::default() };
        assert!(live(&disabled).judge("secret-version-behind").is_nothing());
        let unusable = Live { state: SecretState::Disabled, ..Live::default() };
        assert!(live(&unusable).judge("secret-version-behind").is_nothing());
    }

    #[test]
    fn a_version_that_holds_the_clients_secret_is_not_behind_one_that_does_not() {
        let right = Live { payload: Some("6Jq0e7cC1sAbd9"), ..Live::default() };
        assert!(live(&right).judge("secret-version-behind").is_nothing());
        let wrong = Live { payload: Some("0ther"), ..Live::default() };
        assert_eq!(live(&wrong).judge("secret-version-behind").wrong.len(), 1);
    }

    #[test]
    fn latest_moves_under_instances_that_run() {
        let stage = |revision: Option<&str>| {
            let mut stage = live(&Live { version: "latest", ..Live::default() });
            stage.snapshot.services[0].revision_created = revision.and_then(|time| time.parse().ok());
            stage.judge("secret-version-behind")
        };
        let said = stage(Some("2026-04-20T00:00:00Z"));
        assert!(
            said.wrong[0]
                .contains("which is version 3 since 2026-05-01, after its revision was made on 2026-04-20"),
            "{said:?}"
        );
        assert!(stage(Some("2026-05-02T00:00:00Z")).is_nothing());
        assert!(stage(None).is_nothing());
    }
}
