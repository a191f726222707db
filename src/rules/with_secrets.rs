//! What the rules about client secrets share: how a service gets its client's secret, and what Secret Manager holds for it.

use super::with_clients::naming;
use crate::cloud_run::model::{Container, EnvValue};
use crate::conventions::Role;
use crate::finding::Evidence;
use crate::google::model::{Project, SecretVersion, StoredSecret};
use crate::keycloak::model::Client;
use crate::known::{Known, Tag};
use crate::link::Link;
use crate::locus::{Locus, PartId};
use crate::scene::Scene;
use crate::snapshot::{PartKind, ServiceId};

/// Whether anybody can authenticate with the client's secret; where the client's type is not known, as if it were confidential.
pub(super) fn uses_secret(client: &Client) -> bool {
    let by_secret = client.authenticator.as_ref().is_none_or(|known| {
        known.text().is_none_or(|name| matches!(name, "client-secret" | "client-secret-jwt"))
    });
    by_secret && !client.public_client.is_on() && !client.bearer_only.is_on()
}

/// Whether a document is an object as its server answered it.
pub(super) fn is_live(scene: &Scene<'_>, part: PartId) -> bool {
    scene.snapshot.part(part).kind == PartKind::Answer
}

/// A setting through which a service gets the secret of its client.
pub(super) struct Given<'s> {
    /// The container, counted from zero.
    pub(super) container: usize,
    /// The setting's position.
    pub(super) setting: usize,
    /// The setting's name as written.
    pub(super) name: &'s str,
    /// What it is set to.
    pub(super) value: GivenValue<'s>,
    /// The mount of the file that the setting names, where it names one.
    mount: Option<Locus>,
}

/// What a setting with a client's secret is set to.
pub(super) enum GivenValue<'s> {
    /// The secret itself.
    Plain {
        /// Stands for it, a line break at its end left out.
        tag: Tag,
        /// Whether it ends in a line break.
        trailing_newline: bool,
    },
    /// A version of a secret in Secret Manager.
    Stored {
        /// The secret's name as written.
        secret: &'s str,
        /// The version as written; none means `latest`.
        version: Option<&'s Known<String>>,
        /// Whether the service reads it from a file, so that it gets a newer version without a new revision.
        is_file: bool,
    },
}

impl Given<'_> {
    /// The place of the setting, or of the mount, without its value.
    pub(super) fn evidence(&self, link: &Link, scene: &Scene<'_>, label: impl Into<String>) -> Evidence {
        match &self.mount {
            Some(at) => Evidence::cloud_run(at.clone(), None, label),
            None => {
                Evidence { value: None, ..scene.setting(link.service, self.container, self.setting, label) }
            }
        }
    }
}

/// How the service of a link gets the secret of the link's client; settings that may be another client's are left out.
pub(super) fn given<'s>(link: &Link, scene: &'s Scene<'_>) -> Vec<Given<'s>> {
    let mut found: Vec<Given<'s>> = Vec::new();
    for named in naming(link, scene) {
        let Some(reading) = named.secret().filter(|reading| !reading.overridden) else { continue };
        let (Some(place), Some(container)) = (
            named.of.settings.get(reading.setting),
            scene.snapshot.service(link.service).containers.get(named.container),
        ) else {
            continue;
        };
        let others = named.of.understanding.clients.iter();
        let is_shared = others
            .filter(|other| other.secret == Some(reading.setting))
            .any(|other| other.client_id != named.found.client_id);
        let is_new =
            !found.iter().any(|known| (known.container, known.setting) == (named.container, reading.setting));
        if is_shared || !is_new {
            continue;
        }
        let (value, mount) = match reading.role {
            Role::ClientSecretFile => {
                let path = place.value.as_deref();
                let file =
                    container.secret_files.iter().find(|file| path.is_some() && file.path.text() == path);
                let Some((file, secret)) = file.and_then(|file| Some((file, file.secret.text()?))) else {
                    continue;
                };
                let version = file.version.as_ref();
                (GivenValue::Stored { secret, version, is_file: true }, Some(file.at.clone()))
            }
            _ => match value_at(container, &place.at) {
                Some(value) => (value, None),
                None => continue,
            },
        };
        found.push(Given {
            container: named.container,
            setting: reading.setting,
            name: place.name.as_str(),
            value,
            mount,
        });
    }
    found
}

fn value_at<'s>(container: &'s Container, at: &Locus) -> Option<GivenValue<'s>> {
    let of_argument = || {
        let argument = container.secret_args.iter().find(|argument| argument.at == *at)?;
        Some(GivenValue::Plain { tag: argument.tag, trailing_newline: false })
    };
    let Some(variable) = container.env.iter().find(|variable| variable.at == *at) else {
        return of_argument();
    };
    match &variable.value {
        EnvValue::PlainSecret { tag, trailing_newline, .. } => {
            Some(GivenValue::Plain { tag: *tag, trailing_newline: *trailing_newline })
        }
        EnvValue::Literal(Known::Secret(tag)) => {
            Some(GivenValue::Plain { tag: *tag, trailing_newline: false })
        }
        EnvValue::SecretReference { secret, version } => {
            Some(GivenValue::Stored { secret: secret.text()?, version: version.as_ref(), is_file: false })
        }
        EnvValue::Literal(_) => None,
    }
}

/// A secret's name and, where it is written with one, its project: `projects/P/secrets/NAME`.
pub(super) fn name_and_project(written: &str) -> (&str, Option<&str>) {
    let Some((project, rest)) = written.strip_prefix("projects/").and_then(|rest| rest.split_once('/'))
    else {
        return (written, None);
    };
    // A regional secret has its region between the project and the name.
    let name = rest.rsplit_once("secrets/").map_or(rest, |(_, name)| name);
    (name.split('/').next().unwrap_or(name), Some(project))
}

/// The ids and numbers of the project that a secret lies in, as far as they are written.
pub(super) fn projects_of<'s>(written: &'s str, service: ServiceId, scene: &'s Scene<'_>) -> Vec<&'s str> {
    if let (_, Some(project)) = name_and_project(written) {
        return vec![project];
    }
    let service = scene.snapshot.service(service);
    let id = service.project.as_ref().and_then(|project| project.text());
    id.into_iter().chain(service.project_number.as_deref()).collect()
}

/// Whether two projects are one, by id, number, or what was read of projects.
fn is_same_project(one: &str, other: &str, scene: &Scene<'_>) -> bool {
    let is = |project: &Project, name: &str| project.id == name || project.number.as_deref() == Some(name);
    one == other || scene.snapshot.projects.iter().any(|project| is(project, one) && is(project, other))
}

/// The project that was read under one of these names.
pub(super) fn project<'s>(names: &[&str], scene: &'s Scene<'_>) -> Option<&'s Project> {
    scene.snapshot.projects.iter().find(|project| {
        names.iter().any(|name| project.id == *name || project.number.as_deref() == Some(*name))
    })
}

/// The secret of Secret Manager that a service refers to, where it was read.
pub(super) fn stored<'s>(
    written: &str,
    service: ServiceId,
    scene: &'s Scene<'_>,
) -> Option<&'s StoredSecret> {
    let (name, _) = name_and_project(written);
    let projects = projects_of(written, service, scene);
    scene.snapshot.secrets.iter().find(|stored| {
        let known = stored.project.as_ref().and_then(|project| project.text());
        let is_there = known.is_none_or(|known| {
            projects.is_empty() || projects.iter().any(|project| is_same_project(project, known, scene))
        });
        stored.name.text() == Some(name) && is_there
    })
}

/// What a reference to a version means.
pub(super) enum Resolved<'s> {
    /// The versions were not read, or which one is meant is not known.
    Unknown,
    /// There is no such version, or no such alias.
    Missing,
    /// This one; the position among the versions, newest first.
    Version(usize, &'s SecretVersion),
}

/// The version that a reference means: a number, an alias, or the newest one by its making, whatever its state.
pub(super) fn resolve<'s>(stored: &'s StoredSecret, version: Option<&Known<String>>) -> Resolved<'s> {
    let Some(versions) = &stored.versions else { return Resolved::Unknown };
    let written = match version {
        None => "latest",
        Some(Known::Value(text)) => text.as_str(),
        Some(_) => return Resolved::Unknown,
    };
    let alias = stored.aliases.iter().find(|(alias, _)| alias == written);
    let number = alias.map_or(written, |(_, number)| number.as_str());
    let position = match number {
        "latest" => (!versions.is_empty()).then_some(0),
        number => versions.iter().position(|version| version.number == number),
    };
    match position.and_then(|position| Some((position, versions.get(position)?))) {
        Some((position, version)) => Resolved::Version(position, version),
        None => Resolved::Missing,
    }
}

/// A reference in words: "version 3 of the secret `web`".
pub(super) fn name_version(secret: &str, version: Option<&Known<String>>) -> String {
    let (name, _) = name_and_project(secret);
    match version.map(|version| version.text().unwrap_or("(unknown)")) {
        None | Some("latest") => format!("the latest version of the secret `{name}`"),
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("version {number} of the secret `{name}`")
        }
        Some(alias) => format!("version `{alias}` of the secret `{name}`"),
    }
}

/// The day of a time, as `2027-03-31`, in UTC.
pub(super) fn day(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A time that an attribute of a client holds in seconds since the epoch; none where it is absent, zero or no such number.
pub(super) fn time(client: &Client, attribute: &str) -> Option<jiff::Timestamp> {
    let seconds: i64 = client.attribute(attribute)?.text()?.trim().parse().ok()?;
    // Milliseconds, as people copy them, would be a time that no server reads so.
    (1..100_000_000_000).contains(&seconds).then(|| jiff::Timestamp::from_second(seconds).ok()).flatten()
}

/// A live pair with a secret in Secret Manager, for the tests of several rules.
#[cfg(test)]
pub(super) mod testing {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use crate::google::model::{Payload, SecretState, SecretVersion, StoredSecret};
    use crate::known::Known;
    use crate::locus::{FieldPath, Locus, PartId};
    use crate::secrets::Tagger;
    use crate::snapshot::{Part, PartKind, Place};
    use crate::testing::Stage;

    /// What differs between live pairs. The secret `web-secret` has versions 1 to 3; the service refers to version 2.
    pub(in crate::rules) struct Live<'l> {
        /// The client's secret.
        pub(in crate::rules) secret: &'l str,
        /// The version that the service refers to.
        pub(in crate::rules) version: &'l str,
        /// The state of version 2.
        pub(in crate::rules) state: SecretState,
        /// The state of version 3.
        pub(in crate::rules) newest: SecretState,
        /// What version 2 holds, where it was read; version 3 then holds another secret.
        pub(in crate::rules) payload: Option<&'l str>,
    }

    impl Default for Live<'_> {
        fn default() -> Self {
            Live {
                secret: "6Jq0e7cC1sAbd9",
                version: "2",
                state: SecretState::Enabled,
                newest: SecretState::Enabled,
                payload: None,
            }
        }
    }

    pub(in crate::rules) fn live(pair: &Live<'_>) -> Stage {
        let realm = format!(
            r#"{{"realm": "shop", "attributes": {{"frontendUrl": "https://sso.example.com"}}, "clients": [{{"clientId": "web", "secret": "{}"}}]}}"#,
            pair.secret
        );
        let service = format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: web\n  namespace: '123456789012'\n  labels:\n    cloud.googleapis.com/location: europe-west1\nspec:\n  template:\n    spec:\n      containers:\n      - image: app\n        env:\n        - name: OIDC_ISSUER\n          value: https://sso.example.com/realms/shop\n        - name: OIDC_CLIENT_ID\n          value: web\n        - name: OIDC_CLIENT_SECRET\n          valueFrom:\n            secretKeyRef:\n              name: web-secret\n              key: '{}'\n",
            pair.version
        );
        let mut stage =
            Stage::new().realm("shop.json", &realm).service("web.yaml", &service).now("2027-03-01T12:00:00Z");
        for part in &mut stage.snapshot.parts {
            part.kind = PartKind::Answer;
        }
        let part = PartId(u32::try_from(stage.snapshot.parts.len()).unwrap());
        stage.snapshot.parts.push(Part {
            place: Place::Live { address: "projects/shop/secrets/web-secret".to_owned() },
            kind: PartKind::Answer,
            missing: Vec::new(),
            notes: Vec::new(),
        });
        let at = Locus::new(part, FieldPath::root());
        let payload = |text: &str, tagger: &Tagger| Payload {
            tag: tagger.tag(text.trim_end_matches('\n')),
            trailing_newline: text.ends_with('\n'),
        };
        let version = |index: usize, state, text: Option<&str>| SecretVersion {
            at: at.key("versions").index(index),
            number: (3 - index).to_string(),
            state,
            created: Some(format!("2026-0{}-01T00:00:00Z", 5 - index).parse().unwrap()),
            payload: text.map(|text| payload(text, stage.tagger())),
        };
        let others = pair.payload.map(|_| "an0ther-secret");
        let versions = vec![
            version(0, pair.newest, others),
            version(1, pair.state, pair.payload),
            version(2, SecretState::Enabled, others),
        ];
        let secret = StoredSecret {
            at: at.clone(),
            project: Some(Known::Value("123456789012".to_owned())),
            name: Known::Value("web-secret".to_owned()),
            payloads: Vec::new(),
            versions: Some(versions),
            aliases: Vec::new(),
        };
        stage.snapshot.secrets.push(secret);
        stage
    }

    /// The settings of a service that logs in through client `web` with a secret.
    pub(in crate::rules) fn env_of(secret: &str) -> [(&str, &str); 3] {
        [
            ("OIDC_ISSUER", "https://sso.example.com/realms/shop"),
            ("OIDC_CLIENT_ID", "web"),
            ("OIDC_CLIENT_SECRET", secret),
        ]
    }

    /// A time in seconds since the epoch, as clients keep it.
    pub(in crate::rules) fn at(time: &str) -> i64 {
        time.parse::<jiff::Timestamp>().unwrap().as_second()
    }
}
