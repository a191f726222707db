//! What linking needs of a service's settings, in one shape for every framework.

use std::collections::BTreeMap;

use crate::finding::Evidence;
use crate::known::{Known, Tag};
use crate::locus::{Locus, PartId};
use crate::snapshot::Snapshot;

/// What the settings of a service say that linking can use.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Issuers as the service will compare them: URLs that name a realm.
    pub(super) issuers: Vec<Stated>,
    /// Base URLs of a Keycloak whose realm no setting tells.
    pub(super) bases: Vec<Stated>,
    /// Names of realms without any URL of a Keycloak.
    pub(super) realm_names: Vec<Stated>,
    /// Client ids.
    pub(super) client_ids: Vec<StatedClientId>,
    /// Audiences that it demands.
    pub(super) audiences: Vec<Stated>,
    /// URLs that it calls its own: redirect URLs, public base URLs.
    pub(super) own_urls: Vec<Stated>,
    /// Origins whose browsers it lets call it.
    pub(super) origins: Vec<Stated>,
    /// What may be the secret of a client.
    pub(super) secrets: Vec<SecretHint>,
    /// All URLs in its settings, whatever they mean.
    pub(super) mentions: Vec<Stated>,
    /// Whether it sends browsers to Keycloak.
    pub(super) login: bool,
    /// Whether it checks tokens that others send to it.
    pub(super) api: bool,
    /// Whether it fetches tokens of its own.
    pub(super) machine: bool,
}

/// A text that settings state, or that follows from several of them.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// The name of the setting as people write it.
    pub(super) setting: String,
    /// The text.
    pub(super) text: String,
    /// Where it comes from.
    pub(super) evidence: Vec<Evidence>,
}

/// A client id that a setting states.
#[derive(Debug, Clone)]
pub(super) struct StatedClientId {
    /// The container.
    pub(super) container: usize,
    /// The name of the setting as people write it.
    pub(super) setting: String,
    /// The id.
    pub(super) id: Known<String>,
    /// Where it stands.
    pub(super) at: Locus,
    /// The issuers of the same login, as indexes into the service's issuers; empty when not told.
    pub(super) issuers: Vec<usize>,
    /// Whether the setting's name alone speaks for it, so that it counts only when a client of this id is there.
    pub(super) is_weak: bool,
}

/// Something that may be the secret of a client.
#[derive(Debug, Clone)]
pub(super) struct SecretHint {
    /// The name of the setting.
    pub(super) setting: String,
    /// The name of the secret in Secret Manager, where it is a reference.
    pub(super) reference: Option<String>,
    /// Stands for the secret, where its text was read.
    pub(super) tag: Option<Tag>,
    /// Where it stands.
    pub(super) at: Locus,
}

/// Gives references to secrets what stands for their payload, where the document of the service holds that too, as a state of
/// Terraform does. Payloads of several versions that differ are left alone: which one is meant is not known.
pub(super) fn know_payloads(snapshot: &Snapshot, facts: &mut [Facts]) {
    let mut payloads: BTreeMap<(PartId, &str), Option<Tag>> = BTreeMap::new();
    for secret in &snapshot.secrets {
        let Some(name) = secret.name.text() else { continue };
        for (tag, _) in &secret.payloads {
            let known = payloads.entry((secret.at.part, name)).or_insert(Some(*tag));
            if *known != Some(*tag) {
                *known = None;
            }
        }
    }
    if payloads.is_empty() {
        return;
    }
    for hint in facts.iter_mut().flat_map(|facts| &mut facts.secrets) {
        if let (None, Some(name)) = (hint.tag, &hint.reference) {
            hint.tag = payloads.get(&(hint.at.part, name.as_str())).copied().flatten();
        }
    }
}

impl Facts {
    /// Whether anything in the settings speaks of Keycloak.
    pub(super) fn is_silent(&self) -> bool {
        self.issuers.is_empty()
            && self.bases.is_empty()
            && self.realm_names.is_empty()
            && self.client_ids.is_empty()
            && self.audiences.is_empty()
            && !self.login
            && !self.machine
    }
}
