//! cloakrun checks that Keycloak clients and Google Cloud Run services fit together.
//!
//! Effects stand at the two ends: [`files`] and [`reading`] read, [`cli`] prints. Everything between is a function of values.
//!
//! ```text
//! files ─▶ reading ─▶ Snapshot ─▶ link ─▶ Scene ─▶ rules ─▶ Audit ─▶ report ─▶ cli
//! ```
//!
//! # The way of one redirect URI
//!
//! A repository holds `realm.json`, whose client `web` registers `https://web-abc….a.run.app/cb`, and `web.yaml`, the service that
//! logs people in through it.
//!
//! 1. [`files`] walks the folder, leaves out what git ignores, and recognises both files by their first keys.
//! 2. [`reading`] hands the realm to [`keycloak::realm_file`] and the service to [`cloud_run::service_yaml`] (Terraform's plans go to
//!    [`terraform`]). They make a [`snapshot::Snapshot`]: the redirect URI becomes a text of
//!    [`keycloak::model::Client::redirect_uris`]; a placeholder would become [`known::Known::Unknown`], a secret a
//!    [`known::Tag`] from [`secrets`]. Places are symbolic ([`locus::Locus`]: part and field), so no position is kept.
//! 3. [`conventions`] says what the service's settings mean: the framework, its issuer, client id, callback path.
//! 4. [`link`] puts service and client together, each time with its clues: here the client id in the settings, and the host.
//! 5. [`scene::Scene`] adds what follows: the server's version, the realm as that server holds it after import
//!    ([`keycloak::import`]), its issuer ([`keycloak::server_issuer`]), and matchers for its redirect URIs.
//! 6. [`rules`] judge. `redirect-uri-missing` asks [`keycloak::redirect::Matcher`] whether the server of that version accepts each
//!    URL of the service with the callback path. It does not accept the URL with the project number: a
//!    [`finding::Verdict::Wrong`] with the nearest entry, and what differs, as evidence.
//! 7. [`audit`] applies severities and waivers of [`config`], makes fingerprints, sorts, and says what could not be looked at.
//! 8. [`report`] looks the places up in the files that have findings ([`document::locate`]) and renders. [`cli`] prints it, and
//!    [`fault`] decides the exit code.
//!
//! [`fix`] turns what rules offer into a plan: the missing URI becomes an [`fix::Edit::Insert`] into `redirectUris` of that file, or of
//! that client on its server, one step among others, admitted or refused before anything is written.
//!
//! `cloakrun accepts` takes a short cut from 2 to the matcher ([`accepts`]); `cloakrun audience` goes from 5 to
//! [`keycloak::audience`].

pub mod accepts;
pub mod answers;
pub mod audit;
pub mod cli;
pub mod cloud_run;
pub mod config;
pub mod conventions;
pub mod document;
pub mod fault;
pub mod files;
pub mod finding;
pub mod fix;
pub mod google;
pub mod keycloak;
pub mod known;
pub mod link;
pub mod locus;
pub mod placeholder;
pub mod reading;
pub mod report;
pub mod rules;
pub mod scene;
pub mod secrets;
mod shell;
pub mod snapshot;
pub mod sorted;
pub mod suggest;
pub mod terraform;
#[cfg(test)]
pub(crate) mod testing;
mod words;
