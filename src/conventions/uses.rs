//! What a container does with Keycloak.

use super::catalogue::catalogue;
use super::expect::{is_of_foreign_provider, logs_users_in, recognised, takes_bearer_tokens};
use super::framework::FrameworkId;
use super::images::image_words;
use super::reading::{Certainty, Held, Reading, Understanding, Use, UseFound};
use super::role::Role;

/// Fills in what the container does with Keycloak, with reasons.
pub(super) fn uses(understanding: &Understanding, image: Option<&str>) -> Vec<UseFound> {
    let mut found = Vec::new();
    let readings: Vec<&Reading> = understanding
        .readings
        .iter()
        .filter(|reading| {
            !reading.overridden && reading.held != Held::Empty && reading.certainty > Certainty::Weak
        })
        .collect();
    if readings.is_empty() {
        return found;
    }
    let first = |roles: &[Role]| readings.iter().find(|reading| roles.contains(&reading.role)).copied();
    let mut add = |what, certainty, reason: String| {
        if !found.iter().any(|known: &UseFound| known.what == what) {
            found.push(UseFound { what, certainty, reason });
        }
    };
    let client = readings
        .iter()
        .find(|reading| reading.role == Role::ClientId && !is_of_foreign_provider(understanding, reading))
        .copied();
    let secret = first(&[Role::ClientSecret, Role::ClientSecretFile]);
    let mut explained = false;
    for (framework, certainty) in recognised(understanding) {
        let ours = readings.iter().any(|reading| {
            reading.framework == framework.id()
                || reading.framework == FrameworkId::GENERIC && reading.role.is_keycloak_url()
        });
        if !ours {
            continue;
        }
        if takes_bearer_tokens(understanding, framework) {
            explained = true;
            add(Use::ResourceServer, certainty, format!("{} checks tokens", framework.name));
        }
        if logs_users_in(understanding, framework) && client.is_some() && !only_credentials(&readings) {
            explained = true;
            add(Use::LogsUsersIn, certainty, format!("{} logs users in", framework.name));
        }
    }
    if let Some(reading) =
        first(&[Role::RedirectUri, Role::CallbackPath, Role::AuthorizationUrl, Role::PostLogoutRedirect])
    {
        add(Use::LogsUsersIn, reading.certainty, reading.reason.clone());
        explained = true;
    }
    if let Some(reading) = first(&[Role::Audience, Role::IntrospectionUrl, Role::AllowedResources]) {
        add(Use::ResourceServer, reading.certainty, reading.reason.clone());
        explained = true;
    }
    if only_credentials(&readings) {
        add(Use::ClientCredentials, Certainty::Certain, "its grant type is client_credentials".to_owned());
    } else if let (Some(_), Some(_), Some(token)) = (client, secret, first(&[Role::TokenUrl]))
        && first(&[Role::AuthorizationUrl, Role::RedirectUri, Role::CallbackPath]).is_none()
        && !recognised(understanding).any(|(framework, _)| framework.kind.logs_in())
    {
        add(
            Use::ClientCredentials,
            Certainty::Likely,
            format!("it has a client's secret and a token endpoint: {}", token.reason),
        );
    }
    if let Some(reading) =
        first(&[Role::AdminPassword, Role::AdminUser]).filter(|_| understanding.keycloak.is_none())
    {
        add(Use::AdministersKeycloak, reading.certainty, reading.reason.clone());
    }
    let in_browser = readings.iter().any(|reading| {
        reading.in_browser
            && (reading.role.is_keycloak_url() || matches!(reading.role, Role::ClientId | Role::Realm))
    });
    let names_keycloak = first(&[Role::Issuer, Role::DiscoveryUrl, Role::ServerUrl, Role::Realm]);
    if in_browser {
        add(
            Use::PublicBrowserApp,
            Certainty::Likely,
            "its settings are built into a program for the browser".to_owned(),
        );
        explained = true;
    } else if let (Some(_), None, Some(named), false) = (client, secret, names_keycloak, explained) {
        // Without a secret: a program in the browser, or a resource server that knows its own client.
        let hint = image.and_then(|image| {
            let words = image_words(image);
            let last = words.iter().rev().map(|(word, _)| *word);
            last.into_iter().find(|word| catalogue().generic.browser_images.contains(*word))
        });
        match hint {
            Some(word) => {
                let reason = format!("it has a client without a secret and its image's name holds `{word}`");
                add(Use::PublicBrowserApp, Certainty::Likely, reason);
            }
            None => {
                let reason = "it has a client without a secret".to_owned();
                add(Use::PublicBrowserApp, Certainty::Weak, reason);
                add(Use::ResourceServer, Certainty::Weak, named.reason.clone());
            }
        }
        explained = true;
    }
    if !explained
        && let Some(named) =
            first(&[Role::Issuer, Role::DiscoveryUrl, Role::JwksUri, Role::PublicKey, Role::ServerUrl])
    {
        match (client, secret) {
            (None, None) if named.role != Role::ServerUrl => {
                // Keys are for checking tokens. An issuer alone says less: many programs that log in keep their client in code.
                let of_tokens =
                    named.group.as_deref().is_some_and(|group| group.split('_').any(|word| word == "jwt"));
                let keys = first(&[Role::JwksUri, Role::PublicKey]).is_some();
                let certainty = if keys || of_tokens { Certainty::Likely } else { Certainty::Weak };
                let reason = if keys {
                    "it knows keys and has no client"
                } else {
                    "it knows the issuer and has no client"
                };
                add(Use::ResourceServer, certainty, reason.to_owned());
            }
            (Some(client), Some(_))
                if client.group.as_deref().is_some_and(|group| group.split('_').next() == Some("sso")) =>
            {
                add(
                    Use::LogsUsersIn,
                    Certainty::Likely,
                    "it has a client with a secret for single sign-on".to_owned(),
                );
            }
            (Some(_), Some(_)) => {
                // A client with a secret logs in or fetches tokens for itself; nothing tells which.
                let reason = "it has a client with a secret".to_owned();
                add(Use::LogsUsersIn, Certainty::Weak, reason.clone());
                add(Use::ClientCredentials, Certainty::Weak, reason);
            }
            _ => {}
        }
    }
    found
}

/// Whether every registration fetches tokens for the service itself.
fn only_credentials(readings: &[&Reading]) -> bool {
    let mut grants = readings.iter().filter(|reading| reading.role == Role::GrantType).peekable();
    grants.peek().is_some() && grants.all(|reading| reading.value.as_deref() == Some("client_credentials"))
}
