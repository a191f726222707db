//! From the names that people type to what was read.

use crate::fault::Fault;
use crate::scene::Scene;
use crate::snapshot::ClientId;
use crate::suggest::did_you_mean;

/// The client with the id `name`, in the realm `realm` where one is named.
///
/// # Errors
/// When there is none, with the nearest; when there are several, with what would tell them apart.
pub(crate) fn client(scene: &Scene<'_>, name: &str, realm: Option<&str>) -> Result<ClientId, Fault> {
    let in_realm = |id: ClientId| realm.is_none_or(|realm| scene.realm_name(id.realm) == realm);
    let found: Vec<ClientId> = scene
        .snapshot
        .clients()
        .map(|(id, _)| id)
        .filter(|&id| in_realm(id) && scene.client_id(id) == name)
        .collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(none(scene, name, realm)),
        several => Err(ambiguous(scene, name, several)),
    }
}

fn none(scene: &Scene<'_>, name: &str, realm: Option<&str>) -> Fault {
    let snapshot = scene.snapshot;
    if snapshot.realms.is_empty() {
        return Fault::usage("no Keycloak realm was found in what was read.")
            .hint("Name the file that holds the client, behind the other arguments.");
    }
    if let Some(realm) = realm
        && !snapshot.realms().any(|(id, _)| scene.realm_name(id) == realm)
    {
        let realms = snapshot.realms().map(|(id, _)| scene.realm_name(id));
        return Fault::usage(format!("no realm `{realm}` is in what was read."))
            .maybe_hint(did_you_mean(realm, realms));
    }
    let clients = snapshot.clients().map(|(id, _)| scene.client_id(id));
    let of_realm = realm.map_or_else(String::new, |realm| format!(" of realm `{realm}`"));
    Fault::usage(format!("no client `{name}`{of_realm} is in what was read."))
        .maybe_hint(did_you_mean(name, clients))
}

fn ambiguous(scene: &Scene<'_>, name: &str, several: &[ClientId]) -> Fault {
    let one_realm =
        several.windows(2).all(|pair| scene.realm_name(pair[0].realm) == scene.realm_name(pair[1].realm));
    let hint = if one_realm {
        "Name the file whose client is meant."
    } else {
        "Choose one with --realm, or name its file."
    };
    let mut fault = Fault::usage(format!("{} clients have the id `{name}`.", several.len())).hint(hint);
    for id in several {
        let place = scene.snapshot.part(scene.client(*id).at.part).place.path();
        fault = fault.hint(format!("{place}: realm {}", scene.realm_name(id.realm)));
    }
    fault
}
