//! Reads the document of a Keycloak server: its version as far as it told it, and its issuers through each URL.

use super::server::{Discovery, KeycloakServer, ServerVersion};
use super::version::Version;
use crate::document::cursor::{Cursor, Outcome};

/// Reads a server's document; see [`crate::answers`] for its shape.
pub(crate) fn read(cursor: &Cursor<'_>, url: String, outcome: &mut Outcome) -> KeycloakServer {
    let discovery = cursor.get("discovery");
    let discovery = discovery.iter().flat_map(Cursor::items).filter_map(|found| {
        let entry = self::discovery(&found);
        if entry.is_none() {
            outcome
                .faults
                .push(found.fault("What discovery answered: `realm`, `asked`, and `issuer` or `failed`,"));
        }
        entry
    });
    let discovery = discovery.collect();
    let version = if cursor.get("version").is_some() {
        version(cursor, "version", outcome).map_or_else(unheard_of, ServerVersion::Told)
    } else {
        ServerVersion::Between {
            from: version(cursor, "versionFrom", outcome),
            to: version(cursor, "versionTo", outcome),
            why: text(cursor, "versionWhy")
                .unwrap_or_else(|| "The server does not tell its version.".to_owned()),
        }
    };
    KeycloakServer { at: cursor.at().clone(), url, version, discovery, clock: None }
}

fn unheard_of() -> ServerVersion {
    let why = "The version that the server tells is none that is known.".to_owned();
    ServerVersion::Between { from: None, to: None, why }
}

fn discovery(cursor: &Cursor<'_>) -> Option<Discovery> {
    let answer = match (text(cursor, "issuer"), text(cursor, "failed")) {
        (Some(issuer), _) => Ok(issuer),
        (None, failed) => Err(failed?),
    };
    Some(Discovery {
        at: cursor.at().clone(),
        realm: text(cursor, "realm")?,
        asked: text(cursor, "asked")?.trim_end_matches('/').to_owned(),
        answer,
    })
}

fn version(cursor: &Cursor<'_>, key: &str, outcome: &mut Outcome) -> Option<Version> {
    let found = cursor.get(key)?;
    let version = found.node().scalar().and_then(|text| text.parse().ok());
    if version.is_none() {
        outcome.faults.push(found.fault("The version of a Keycloak server"));
    }
    version
}

fn text(cursor: &Cursor<'_>, key: &str) -> Option<String> {
    cursor.get(key)?.node().scalar().map(str::to_owned)
}
