//! What claim mappers find of the subject of a token.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Subject;
use crate::keycloak::mapper::{OfGroups, UserClaim, breaks_on_wrong_type};
use crate::keycloak::model::{Group, Realm, Text, User};
use crate::keycloak::roles::groups_at;
use crate::keycloak::version::Version;
use crate::known::Known;
use crate::sorted::SortedMap;

/// The subject of a token, as far as claim mappers ask.
pub(super) enum Person<'a> {
    /// Any user: nothing is known.
    Anybody,
    /// One user.
    Somebody {
        username: Known<Cow<'a, str>>,
        attributes: Option<&'a SortedMap<Arc<str>, Box<[Text]>>>,
        groups: Vec<&'a Group>,
        knows_groups: bool,
    },
}

/// What a mapper makes of what it finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claimed {
    /// There is no value, so that the mapper does nothing.
    Nothing,
    /// All of these.
    All(Vec<String>),
    /// One of these: servers read values and groups in no defined order.
    OneOf(Vec<String>),
    /// Why it is not known, as a clause.
    Unknown(String),
}

impl<'a> Person<'a> {
    pub(super) fn of(realm: &'a Realm, client_id: &str, subject: Subject<'_>) -> Self {
        let user = match subject {
            Subject::AnyUser => return Person::Anybody,
            Subject::User(name) => realm.user(name),
            Subject::ServiceAccount => realm.service_account(client_id),
        };
        match user {
            Some(user) => Person::listed(realm, user),
            None => Person::service_account(realm, client_id),
        }
    }

    fn listed(realm: &'a Realm, user: &'a User) -> Self {
        let (groups, knows_groups) = groups_at(realm, &user.groups);
        // Servers keep login names in lower case.
        let username = user.username.clone().map(|name| Cow::Owned(name.to_lowercase()));
        Person::Somebody { username, attributes: Some(&user.attributes), groups, knows_groups }
    }

    // One that the server makes: by name it is `service-account-` and the clientId.
    fn service_account(realm: &'a Realm, client_id: &str) -> Self {
        let (groups, knows_groups) = groups_at(realm, &realm.default_groups);
        let username = Known::Value(Cow::Owned(format!("service-account-{client_id}").to_lowercase()));
        Person::Somebody { username, attributes: None, groups, knows_groups }
    }

    pub(super) fn claims(&self, claim: &UserClaim, version: Version) -> Claimed {
        let Person::Somebody { username, attributes, groups, knows_groups } = self else {
            return Claimed::Unknown("it depends on the user".to_owned());
        };
        let name = &*claim.attribute;
        let own = match (name, username) {
            ("username", name) => vec![name.clone().map(Cow::into_owned)],
            _ => texts(attributes.and_then(|attributes| attributes.get(name)).map(|values| &**values)),
        };
        let lower = name == "email";
        let own: Vec<Known<String>> = own
            .into_iter()
            .map(|value| value.map(|text| if lower { text.to_lowercase() } else { text }))
            .collect();
        // Servers have these as an attribute of one value, which may be null.
        if own.is_empty() && matches!(name, "email" | "firstName" | "lastName") {
            return if claim.multivalued { Claimed::Unknown(NO_VALUE.to_owned()) } else { Claimed::Nothing };
        }
        let asks_groups = match claim.groups {
            OfGroups::Added => true,
            OfGroups::Instead => own.is_empty(),
            OfGroups::Never => false,
        };
        if asks_groups && !knows_groups {
            return Claimed::Unknown("not all groups of the user are known".to_owned());
        }
        let of_groups: Vec<Vec<Known<String>>> = groups
            .iter()
            .filter(|_| asks_groups)
            .map(|group| texts(group.attributes.get(name).map(|values| &**values)))
            .filter(|values| !values.is_empty())
            .collect();
        let choices = if claim.groups == OfGroups::Added {
            vec![own.into_iter().chain(of_groups.into_iter().flatten()).collect()]
        } else if own.is_empty() {
            of_groups
        } else {
            vec![own]
        };
        choose(choices, claim, breaks_on_wrong_type(version))
    }
}

fn texts(values: Option<&[Text]>) -> Vec<Known<String>> {
    values.into_iter().flatten().map(|value| value.clone().map(|text| text.to_string())).collect()
}

// Each choice is a list of values, of which the claim takes all or one.
fn choose(choices: Vec<Vec<Known<String>>>, claim: &UserClaim, breaks: bool) -> Claimed {
    let mut written: BTreeSet<Vec<String>> = BTreeSet::new();
    for choice in choices {
        let mut texts = Vec::new();
        for value in choice {
            match value {
                Known::Value(text) => texts.push(text),
                other => return Claimed::Unknown(other.why_unknown().unwrap_or("it is a secret").to_owned()),
            }
        }
        let converted = texts.iter().map(|text| claim.value_type.convert(text));
        if claim.multivalued {
            let Some(mut values) = converted.collect::<Option<Vec<String>>>() else {
                return Claimed::Unknown(NOT_CONVERTIBLE.to_owned());
            };
            values.sort();
            values.dedup();
            written.extend(Some(values).filter(|values| !values.is_empty()));
        } else {
            // With attributes of groups servers gather all in a set, which has no order; else the first one counts.
            let count = if claim.groups == OfGroups::Added { usize::MAX } else { 1 };
            let converted: Vec<Option<String>> = converted.take(count).collect();
            if breaks && converted.contains(&None) {
                return Claimed::Unknown(NOT_CONVERTIBLE.to_owned());
            }
            written.extend(converted.into_iter().flatten().map(|value| vec![value]));
        }
    }
    let mut written = written.into_iter();
    match (written.next(), written.next()) {
        (None, _) => Claimed::Nothing,
        (Some(only), None) => Claimed::All(only),
        (Some(one), Some(other)) => {
            let all: BTreeSet<String> = one.into_iter().chain(other).chain(written.flatten()).collect();
            Claimed::OneOf(all.into_iter().collect())
        }
    }
}

const NO_VALUE: &str = "the user does not have it, and servers answer that with status 500";
const NOT_CONVERTIBLE: &str = "a value of the user is not of the JSON type that the mapper names, and servers answer that with status 500";
