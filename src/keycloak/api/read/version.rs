//! Which version a server is: as it says, or as far as other answers leave room.

use serde::Deserialize;

use crate::keycloak::api::paths;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::Trouble;
use crate::keycloak::version::Version;

/// What is known of the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// The server says it.
    Exactly(String),
    /// It hides it.
    Between {
        /// The oldest that it can be.
        from: Option<Version>,
        /// The newest that it can be.
        to: Option<Version>,
        /// Why, and what would tell it.
        why: String,
        /// The role that would show it, where one would.
        grant: Option<String>,
    },
}

impl Told {
    /// The oldest and the newest that it can be.
    pub(super) fn range(&self) -> (Option<Version>, Option<Version>) {
        match self {
            Told::Exactly(text) => {
                let version = text.parse().ok();
                (version, version)
            }
            Told::Between { from, to, .. } => (*from, *to),
        }
    }
}

#[derive(Deserialize)]
struct ServerInfo {
    #[serde(rename = "systemInfo")]
    system: Option<SystemInfo>,
    #[serde(default)]
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct SystemInfo {
    version: Option<String>,
}

#[derive(Deserialize)]
struct Feature {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    prompt_values_supported: Option<serde_json::Value>,
}

/// Asks for it.
pub(super) async fn ask(session: &Session) -> Told {
    let grant = match session.realm() {
        "master" => "`manage-realm` of `master-realm` in `master`",
        _ => "`manage-realm` of `realm-management`",
    };
    let why = |reason: &str| {
        format!("{reason} State it with --keycloak-version, as the role that shows it also allows writing.")
    };
    match session.get::<ServerInfo>("serverinfo").await {
        Ok(ServerInfo { system: Some(SystemInfo { version: Some(version) }), .. }) => Told::Exactly(version),
        Ok(info) => {
            let features: Vec<(&str, &str)> =
                info.features.iter().map(|feature| (feature.name.as_str(), feature.kind.as_str())).collect();
            let (from, to) = by_features(&features);
            let why = why("The server hides its version from this account.");
            Told::Between { from, to, why, grant: Some(grant.to_owned()) }
        }
        Err(trouble) => {
            let (from, to) = by_metadata(session).await;
            let (reason, grant) = match trouble.is_forbidden() {
                true => ("The server tells its version to administrators only.".to_owned(), Some(grant)),
                false => (format!("The server's version could not be read: {trouble}"), None),
            };
            Told::Between { from, to, why: why(&reason), grant: grant.map(str::to_owned) }
        }
    }
}

/// The bounds that the list of features leaves for a server that answers it without its version. The list also holds what is
/// switched off, so that a name that lacks is one that the release does not know.
///
/// Seen on running servers: none of the three names in 25.0.6; the second as a preview in 26.5.5; all in 26.7.0, the second as
/// supported. Keycloak's release notes say since when.
fn by_features(features: &[(&str, &str)]) -> (Option<Version>, Option<Version>) {
    let kind = |wanted: &str| features.iter().find(|(name, _)| *name == wanted).map(|(_, kind)| *kind);
    // The first that hides its version from anyone.
    let mut from = Version::new(26, 2, 10);
    let mut to = None;
    if features.is_empty() {
        return (Some(from), to);
    }
    // With the patch left open it is the newest of its line.
    let line = |text: &str| text.parse::<Version>().ok();
    match kind("CLIENT_AUTH_FEDERATED") {
        None => to = line("26.3"),
        Some("DEFAULT") => from = from.max(Version::new(26, 6, 0)),
        Some(_) => {
            from = from.max(Version::new(26, 4, 0));
            to = line("26.5");
        }
    }
    match kind("RESOURCE_INDICATORS") {
        Some(_) => from = from.max(Version::new(26, 6, 0)),
        None => to = earlier(to, line("26.5")),
    }
    match kind("CLIENT_SECRET_ROTATION") {
        Some("DEFAULT") => from = from.max(Version::new(26, 8, 0)),
        Some("PREVIEW") => to = earlier(to, line("26.7")),
        _ => {}
    }
    (Some(from), to)
}

fn earlier(one: Option<Version>, other: Option<Version>) -> Option<Version> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The bounds that the discovery document leaves: 25.0.6, the last of its line, does not name prompts, 26.5.5 does.
async fn by_metadata(session: &Session) -> (Option<Version>, Option<Version>) {
    let address = paths::discovery(session.base(), session.realm());
    let read: Result<Vec<u8>, Trouble> = session.public(&address).await;
    let Some(metadata) = read.ok().and_then(|body| serde_json::from_slice::<Metadata>(&body).ok()) else {
        return (None, None);
    };
    match metadata.prompt_values_supported {
        Some(_) => (Some(Version::new(26, 0, 0)), None),
        None => (None, Some(Version::new(26, 5, 4))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_narrow_a_hidden_version() {
        let bounds = |features: &[(&str, &str)]| {
            let (from, to) = by_features(features);
            let text = |version: Option<Version>| version.map(|version| version.to_string());
            (text(from), text(to))
        };
        let pair = |from: &str, to: Option<&str>| (Some(from.to_owned()), to.map(str::to_owned));
        let rotation = ("CLIENT_SECRET_ROTATION", "PREVIEW");
        assert_eq!(
            bounds(&[
                ("CLIENT_AUTH_FEDERATED", "DEFAULT"),
                ("RESOURCE_INDICATORS", "EXPERIMENTAL"),
                rotation
            ]),
            pair("26.6.0", Some("26.7"))
        );
        assert_eq!(bounds(&[("CLIENT_AUTH_FEDERATED", "PREVIEW"), rotation]), pair("26.4.0", Some("26.5")));
        assert_eq!(bounds(&[rotation]), pair("26.2.10", Some("26.3")));
        assert_eq!(
            bounds(&[
                ("CLIENT_AUTH_FEDERATED", "DEFAULT"),
                ("RESOURCE_INDICATORS", "DEFAULT"),
                ("CLIENT_SECRET_ROTATION", "DEFAULT")
            ]),
            pair("26.8.0", None)
        );
        assert_eq!(bounds(&[]), pair("26.2.10", None));
    }
}
