//! The claim `aud` under construction, with where each value comes from.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Token, Via};
use crate::keycloak::model::Mapper;

#[derive(Default)]
pub(super) struct Audiences {
    certain: BTreeSet<String>,
    perhaps: BTreeSet<String>,
    via: Vec<Via>,
}

impl Audiences {
    pub(super) fn add(&mut self, audience: &str, via: Via) {
        self.certain.insert(audience.to_owned());
        self.via.push(via);
    }

    pub(super) fn add_perhaps(&mut self, audience: &str, via: Via) {
        self.perhaps.insert(audience.to_owned());
        self.via.push(via);
    }

    pub(super) fn into_token(self) -> Token {
        let perhaps = self.perhaps.difference(&self.certain).cloned().collect();
        Token { aud: self.certain.into_iter().collect(), perhaps, sub: false, via: self.via }
    }
}

pub(super) fn via(
    scope: Option<&str>,
    mapper: &Mapper,
    audience: &str,
    role: Option<String>,
    how: String,
) -> Via {
    Via {
        claim: "aud",
        audience: Some(audience.to_owned()),
        mapper: mapper.name.text().map(str::to_owned),
        client_scope: scope.map(str::to_owned),
        role,
        how,
        at: Some(mapper.at.clone()),
    }
}

/// A mapper in words: "the mapper `x` of the client scope `y`".
pub(super) fn describe(scope: Option<&str>, mapper: &Mapper) -> String {
    let name = mapper.name.text().unwrap_or("?");
    match scope {
        Some(scope) => format!("the mapper `{name}` of the client scope `{scope}`"),
        None => format!("the client's mapper `{name}`"),
    }
}

pub(super) fn prefixed(prefix: &str, name: &Arc<str>) -> Arc<str> {
    if prefix.is_empty() { name.clone() } else { Arc::from(format!("{prefix}{name}")) }
}
