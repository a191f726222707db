//! Changes made easy, for the rules that offer them: what stands in a field now is looked up here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Change, Datum, Edit, ListForm, MapperText, ObjectId, Phase};
use crate::keycloak::mapper::{
    ACCESS_SWITCH, CLIENT_AUDIENCE, CUSTOM_AUDIENCE, ID_SWITCH, LIGHTWEIGHT_SWITCH,
};
use crate::keycloak::model::{ClientField, Dialect, Mapper, attribute};
use crate::keycloak::post_logout;
use crate::known::Known;
use crate::locus::Locus;
use crate::scene::Scene;
use crate::scene::field_value;
use crate::snapshot::ClientId;

/// The attribute with the post-logout redirect URIs.
pub const POST_LOGOUT: ClientField = ClientField::Attribute(attribute::POST_LOGOUT_REDIRECT_URIS);

/// Puts `item` into a list of a client: `redirectUris`, `webOrigins` or the post-logout redirect URIs.
///
/// Where an absent list means more than an empty one, the other changes write down what it means, so that nothing that is allowed now
/// is lost.
pub fn insert(scene: &Scene<'_>, id: ClientId, field: ClientField, item: &str) -> Vec<Change> {
    let client = scene.client(id);
    let list = form(scene, id, field);
    let one = |item: &str, makes_list: bool| {
        let edit = Edit::Insert { item: Datum::text(item), list, makes_list };
        Change { of: ObjectId::Client(id), at: client.field(field), edit, phase: Phase::Expand }
    };
    let is_absent = match field {
        ClientField::WebOrigins => client.web_origins.is_none(),
        POST_LOGOUT => client.attribute(attribute::POST_LOGOUT_REDIRECT_URIS).is_none(),
        _ => client.redirect_uris.is_empty(),
    };
    // Servers fill an absent list with the origins of the redirect URIs, and after logout take those themselves.
    if is_absent && field != ClientField::RedirectUris {
        return vec![one("+", true), one(item, true)];
    }
    let stored = field_value(client, field).unwrap_or_default();
    if field == POST_LOGOUT && list == ListForm::JoinedByHashes {
        if stored.trim().is_empty() {
            let edit = Edit::Set { from: Datum::text(stored), to: Datum::text(format!("+##{item}")) };
            return vec![Change {
                of: ObjectId::Client(id),
                at: client.field(field),
                edit,
                phase: Phase::Expand,
            }];
        }
        // A minus sign forbids all; another entry beside it would stay without effect.
        if post_logout::elements(&stored).first() == Some(&"-") {
            let edit = Edit::Set { from: Datum::text(stored), to: Datum::text(item) };
            return vec![Change {
                of: ObjectId::Client(id),
                at: client.field(field),
                edit,
                phase: Phase::Expand,
            }];
        }
    }
    vec![one(item, is_absent)]
}

/// Takes `item` out of a list of a client.
pub fn remove(scene: &Scene<'_>, id: ClientId, field: ClientField, item: &str) -> Change {
    let edit = Edit::Remove { item: Datum::text(item), list: form(scene, id, field), takes_list: false };
    Change { of: ObjectId::Client(id), at: scene.client(id).field(field), edit, phase: Phase::Contract }
}

/// Puts `to` in the place of `from` in a list of a client: what takes over comes first, what it replaces goes last.
pub fn replace(scene: &Scene<'_>, id: ClientId, field: ClientField, from: &str, to: &str) -> Vec<Change> {
    let mut changes = if holds(scene, id, field, to) { Vec::new() } else { insert(scene, id, field, to) };
    changes.push(remove(scene, id, field, from));
    changes
}

fn holds(scene: &Scene<'_>, id: ClientId, field: ClientField, item: &str) -> bool {
    let client = scene.client(id);
    let listed =
        |entries: &[crate::keycloak::model::Text]| entries.iter().any(|entry| entry.text() == Some(item));
    match field {
        ClientField::RedirectUris => listed(&client.redirect_uris),
        ClientField::WebOrigins => client.web_origins.as_deref().is_some_and(listed),
        _ => {
            let stored = field_value(client, field).unwrap_or_default();
            post_logout::elements(&stored).contains(&item)
        }
    }
}

fn form(scene: &Scene<'_>, id: ClientId, field: ClientField) -> ListForm {
    match field {
        ClientField::Attribute(_) if scene.client(id).dialect != Dialect::Terraform => {
            ListForm::JoinedByHashes
        }
        _ => ListForm::Array,
    }
}

/// Gives a field of a client a value; `None` when it holds one that is not known.
pub fn set(scene: &Scene<'_>, id: ClientId, field: ClientField, to: Datum, phase: Phase) -> Option<Change> {
    use ClientField as F;
    let client = scene.client(id);
    let stated = &client.stated;
    let switch = |is_stated: bool, value: &Known<bool>| match (is_stated, value) {
        (false, _) => Some(None),
        (true, Known::Value(on)) => Some(Some(Datum::switch(*on))),
        (true, _) => None,
    };
    let text = |text: Option<&crate::keycloak::model::Text>| match text {
        None => Some(None),
        Some(known) => known.text().map(|text| Some(Datum::text(text))),
    };
    let from = match field {
        F::Enabled => switch(stated.enabled, &client.enabled),
        F::PublicClient => switch(stated.public_client, &client.public_client),
        F::BearerOnly => switch(stated.bearer_only, &client.bearer_only),
        F::StandardFlow => switch(stated.standard_flow, &client.standard_flow),
        F::ImplicitFlow => switch(stated.implicit_flow, &client.implicit_flow),
        F::DirectAccessGrants => switch(stated.direct_access_grants, &client.direct_access_grants),
        F::ServiceAccounts => switch(stated.service_accounts, &client.service_accounts),
        F::FullScope => switch(stated.full_scope, &client.full_scope),
        F::RootUrl => text(client.root_url.as_ref()),
        F::BaseUrl => text(client.base_url.as_ref()),
        F::AdminUrl => text(client.admin_url.as_ref()),
        F::Attribute(name) => text(client.attribute(name)),
        // Lists are changed by element, and secrets and names not at all.
        F::ClientId
        | F::RedirectUris
        | F::WebOrigins
        | F::Secret
        | F::Authenticator
        | F::DefaultScopes
        | F::OptionalScopes
        | F::Mappers => None,
    }?;
    // Terraform has one field for both, which holds no switch.
    if client.dialect == Dialect::Terraform && matches!(field, F::PublicClient | F::BearerOnly) {
        return None;
    }
    Some(Change { of: ObjectId::Client(id), at: client.field(field), edit: set_or_create(from, to), phase })
}

fn set_or_create(from: Option<Datum>, to: Datum) -> Edit {
    match from {
        Some(from) => Edit::Set { from, to },
        None => Edit::Create { value: to },
    }
}

/// Gives a client a mapper that writes `audience` into its access tokens.
pub fn add_audience_mapper(scene: &Scene<'_>, id: ClientId, audience: &str, is_client: bool) -> Change {
    let client = scene.client(id);
    let mut config = BTreeMap::from([
        (if is_client { CLIENT_AUDIENCE } else { CUSTOM_AUDIENCE }.to_owned(), audience.to_owned()),
        (ACCESS_SWITCH.to_owned(), "true".to_owned()),
        (ID_SWITCH.to_owned(), "false".to_owned()),
    ]);
    if client.attribute(attribute::LIGHTWEIGHT).and_then(|text| text.text()) == Some("true") {
        config.insert(LIGHTWEIGHT_SWITCH.to_owned(), "true".to_owned());
    }
    let mapper = MapperText {
        name: free_name(&client.mappers, &format!("audience {audience}")),
        protocol: "openid-connect".to_owned(),
        protocol_mapper: "oidc-audience-mapper".to_owned(),
        config,
    };
    Change {
        of: ObjectId::Client(id),
        at: client.field(ClientField::Mappers),
        edit: Edit::AddMapper { mapper },
        phase: Phase::Expand,
    }
}

/// A name that no mapper has.
fn free_name(mappers: &[Mapper], wanted: &str) -> String {
    let is_free = |name: &str| !mappers.iter().any(|mapper| mapper.name.text() == Some(name));
    let mut name = wanted.to_owned();
    let mut number = 2;
    while !is_free(&name) {
        name = format!("{wanted} {number}");
        number += 1;
    }
    name
}

/// Sets a key in the configuration of the mapper at `at`, of the client itself or of a client scope of its realm; with it, whether
/// other clients have the mapper too. `None` where there is no such mapper, or where it is written in a way of its own.
pub fn set_mapper(
    scene: &Scene<'_>,
    id: ClientId,
    at: &Locus,
    key: &str,
    to: &str,
    phase: Phase,
) -> Option<(Change, bool)> {
    let own = scene.client(id).mappers.iter().find(|mapper| mapper.at == *at);
    let scopes = scene.realm(id.realm).client_scopes.iter().flatten();
    let (mapper, of, is_shared) = match own {
        Some(mapper) => (mapper, ObjectId::Client(id), false),
        None => {
            let mapper = scopes.flat_map(|scope| &scope.mappers).find(|mapper| mapper.at == *at)?;
            (mapper, ObjectId::Realm(id.realm), true)
        }
    };
    if mapper.dialect == Dialect::Terraform {
        return None;
    }
    let from = match mapper.config.get(key) {
        None => None,
        Some(known) => Some(Datum::text(known.text()?)),
    };
    let at = mapper.at.key("config").key(key);
    let edit = set_or_create(from, Datum::Plain(Value::String(to.to_owned())));
    Some((Change { of, at, edit, phase }, is_shared))
}
