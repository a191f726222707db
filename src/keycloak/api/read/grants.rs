//! Which role would show what was not told, and the notes that say so.

use crate::answers::Untold;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::Trouble;
use crate::snapshot::Fact;

pub(super) const VIEW_CLIENTS: &str = "view-clients";
pub(super) const VIEW_REALM: &str = "view-realm";
pub(super) const VIEW_USERS: &str = "view-users";
pub(super) const VIEW_EVENTS: &str = "view-events";
pub(super) const VIEW_IDENTITY_PROVIDERS: &str = "view-identity-providers";
pub(super) const MANAGE_CLIENTS: &str = "manage-clients";

/// Where the administration roles of a realm live, for an account of one realm.
pub(super) struct Grants {
    realm: String,
    holder: String,
}

impl Grants {
    /// The roles by which an account of the session's realm sees `realm`: those of `realm-management` in its own realm, those of
    /// `<realm>-realm` for accounts of `master`.
    pub(super) fn new(session: &Session, realm: &str) -> Grants {
        let holder = match session.realm() {
            "master" => format!("`{realm}-realm` in `master`"),
            _ => "`realm-management`".to_owned(),
        };
        Grants { realm: realm.to_owned(), holder }
    }

    /// The roles as a person would be told to give them.
    pub(super) fn roles(&self, roles: &[&str]) -> String {
        let quoted: Vec<String> = roles.iter().map(|role| format!("`{role}`")).collect();
        format!("{} of {}", crate::words::listed(&quoted), self.holder)
    }

    /// `what` of the realm was not told because of `trouble`; where that is a matter of rights, `roles` would show it.
    pub(super) fn untold(&self, fact: Fact, what: &str, trouble: &Trouble, roles: &[&str]) -> Untold {
        if trouble.is_forbidden() {
            return self.hidden(fact, what, roles);
        }
        let why = format!("In realm `{}` {what} could not be read: {trouble}", self.realm);
        Untold { fact, why, grant: None, region: None }
    }

    /// As [`untold`](Self::untold) of one of many: where a right lacks it lacks for all of them, and `all` says it once.
    pub(super) fn untold_of(
        &self,
        fact: Fact,
        (all, this): (&str, &str),
        trouble: &Trouble,
        roles: &[&str],
    ) -> Untold {
        self.untold(fact, if trouble.is_forbidden() { all } else { this }, trouble, roles)
    }

    /// `what` of the realm is hidden from this account; `roles` would show it.
    pub(super) fn hidden(&self, fact: Fact, what: &str, roles: &[&str]) -> Untold {
        let why = format!("In realm `{}` this account may not see {what}.", self.realm);
        Untold { fact, why, grant: Some(self.roles(roles)), region: None }
    }

    /// `what` changed while it was read, each time anew, so that something of it may lack.
    pub(super) fn moved(&self, fact: Fact, what: &str) -> Untold {
        let why = format!(
            "In realm `{}` {what} changed while it was read, each time that it was read; something may lack.",
            self.realm
        );
        Untold { fact, why, grant: None, region: None }
    }

    /// `why` says what of the realm is shown in part only; `roles` would show all of it.
    pub(super) fn thinned(&self, fact: Fact, why: &str, roles: &[&str]) -> Untold {
        Untold { fact, why: why.to_owned(), grant: Some(self.roles(roles)), region: None }
    }
}

/// Notes without repetition.
#[derive(Default)]
pub(super) struct Notes(pub(super) Vec<Untold>);

impl Notes {
    pub(super) fn add(&mut self, note: Untold) {
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    pub(super) fn extend(&mut self, notes: Notes) {
        notes.0.into_iter().for_each(|note| self.add(note));
    }
}
