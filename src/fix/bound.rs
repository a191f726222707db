//! What a plan was made from: a hash for each field of each object that it changes, so that a later run can tell what moved.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ObjectId;
use super::edit::Target;
use super::plan::{Object, object, target};
use crate::cloud_run::model::Service;
use crate::keycloak::model::{Client, ClientSecret, Mapper, Realm};
use crate::scene::Scene;
use crate::snapshot::{RealmId, ServiceId};

/// How many bytes of each hash are kept.
const LENGTH: usize = 16;

/// What was read of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bound {
    /// Where it was read.
    pub target: Target,
    /// The object.
    pub of: Object,
    /// A hash of what each field said, by field. Secrets have no part in it.
    pub fields: BTreeMap<String, String>,
}

/// What was read of an object.
pub(super) fn of(scene: &Scene<'_>, id: ObjectId, target: &Target) -> Bound {
    let mut fields = Fields::default();
    match id {
        ObjectId::Client(id) => fields.client(scene.client(id)),
        ObjectId::Realm(id) => fields.realm(scene.realm(id)),
        ObjectId::Service(id) => fields.service(scene.service(id)),
    }
    Bound { target: target.clone(), of: object(scene, id), fields: fields.0 }
}

/// What changed since: sentences, one an object.
pub(super) fn drift(scene: &Scene<'_>, bound: &[Bound]) -> Vec<String> {
    let mut found = Vec::new();
    for old in bound {
        let who = crate::words::capitalized(&old.of.describe());
        let place = old.target.name();
        let Some(id) = find(scene, old) else {
            found.push(format!("{who} is not in `{place}` any more."));
            continue;
        };
        let new = of(scene, id, &old.target);
        let mut moved: Vec<String> = old
            .fields
            .keys()
            .chain(new.fields.keys())
            .filter(|field| old.fields.get(*field) != new.fields.get(*field))
            .map(|field| format!("`{field}`"))
            .collect();
        moved.sort_unstable();
        moved.dedup();
        if !moved.is_empty() {
            found.push(format!("{who} in `{place}` changed since the plan was made: {}.", moved.join(", ")));
        }
    }
    found
}

fn find(scene: &Scene<'_>, old: &Bound) -> Option<ObjectId> {
    let is_there = |part| target(scene, part).as_ref() == Some(&old.target);
    match &old.of {
        Object::Client { realm, client, .. } => {
            let named = |name: &crate::keycloak::model::Text, wanted: Option<&str>| name.text() == wanted;
            let mut clients = scene.snapshot.clients();
            let found = clients.find(|(id, found)| {
                is_there(found.at.part)
                    && scene.client_id(*id) == client
                    && named(&scene.realm(id.realm).name, realm.as_deref())
            });
            found.map(|(id, _)| ObjectId::Client(id))
        }
        Object::Realm { realm } => {
            let mut realms: Box<dyn Iterator<Item = (RealmId, &Realm)>> = Box::new(scene.snapshot.realms());
            let found =
                realms.find(|(_, found)| is_there(found.at.part) && found.name.text() == realm.as_deref());
            found.map(|(id, _)| ObjectId::Realm(id))
        }
        Object::Service { .. } => {
            let mut services: Box<dyn Iterator<Item = (ServiceId, &Service)>> =
                Box::new(scene.snapshot.services());
            let found = services.find(|(id, found)| {
                is_there(found.at.part) && object(scene, ObjectId::Service(*id)) == old.of
            });
            found.map(|(id, _)| ObjectId::Service(id))
        }
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Fields {
    /// The debug form shows every value that reports may print, and of a secret that it is one.
    fn add(&mut self, name: impl Into<String>, value: &impl Debug) {
        let digest = Sha256::digest(format!("{value:?}").as_bytes());
        let text = digest.iter().take(LENGTH).fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        self.0.insert(name.into(), text);
    }

    fn client(&mut self, client: &Client) {
        let stated = &client.stated;
        self.add("enabled", &(stated.enabled, &client.enabled));
        self.add("publicClient", &(stated.public_client, &client.public_client));
        self.add("bearerOnly", &(stated.bearer_only, &client.bearer_only));
        self.add("standardFlowEnabled", &(stated.standard_flow, &client.standard_flow));
        self.add("implicitFlowEnabled", &(stated.implicit_flow, &client.implicit_flow));
        self.add("directAccessGrantsEnabled", &(stated.direct_access_grants, &client.direct_access_grants));
        self.add("serviceAccountsEnabled", &(stated.service_accounts, &client.service_accounts));
        self.add("fullScopeAllowed", &(stated.full_scope, &client.full_scope));
        self.add("consentRequired", &client.consent_required);
        self.add("protocol", &client.protocol);
        self.add("rootUrl", &client.root_url);
        self.add("baseUrl", &client.base_url);
        self.add("adminUrl", &client.admin_url);
        self.add("clientAuthenticatorType", &client.authenticator);
        self.add("redirectUris", &sorted(&client.redirect_uris));
        self.add("webOrigins", &client.web_origins.as_deref().map(sorted));
        self.add("defaultClientScopes", &client.default_scopes);
        self.add("optionalClientScopes", &client.optional_scopes);
        for (name, value) in client.attributes.iter() {
            self.add(format!("attributes.{name}"), value);
        }
        self.add("secret", &matches!(client.secret, ClientSecret::Held { .. }));
        self.mappers("protocolMappers", &client.mappers);
    }

    fn realm(&mut self, realm: &Realm) {
        for scope in realm.client_scopes.iter().flatten() {
            let name = scope.name.text().unwrap_or("?");
            self.mappers(&format!("clientScopes.{name}"), &scope.mappers);
        }
    }

    fn mappers(&mut self, before: &str, mappers: &[Mapper]) {
        self.add(format!("{before} (names)"), &mappers.iter().map(|mapper| &mapper.name).collect::<Vec<_>>());
        for mapper in mappers {
            let name = mapper.name.text().unwrap_or("?");
            let config: Vec<_> = mapper.config.iter().collect();
            self.add(format!("{before}.{name}"), &(&mapper.protocol, &mapper.provider, config));
        }
    }

    fn service(&mut self, service: &Service) {
        self.add("ingress", &service.ingress);
        self.add("serviceAccount", &service.service_account);
        self.add("invokerIamDisabled", &service.invoker.check_disabled);
        self.add("defaultUriDisabled", &service.default_url_disabled);
        let traffic = service.traffic.iter();
        let traffic = traffic.map(|target| (&target.revision, &target.tag, &target.percent));
        self.add("traffic", &traffic.collect::<Vec<_>>());
        self.add("owner", &service.owner);
        for (index, container) in service.containers.iter().enumerate() {
            let of = format!("containers[{index}]");
            self.add(format!("{of}.image"), &container.image);
            let words = |words: &[(crate::known::Known<String>, crate::locus::Locus)]| {
                words.iter().map(|(word, _)| word.clone()).collect::<Vec<_>>()
            };
            self.add(format!("{of}.command"), &words(&container.command));
            self.add(format!("{of}.args"), &words(&container.args));
            for variable in &container.env {
                let name = variable.name.text().unwrap_or("?");
                self.add(format!("{of}.env {name}"), &variable.value);
            }
        }
    }
}

/// Servers keep no order.
fn sorted(texts: &[crate::keycloak::model::Text]) -> Vec<&crate::keycloak::model::Text> {
    let mut sorted: Vec<_> = texts.iter().collect();
    sorted.sort_unstable();
    sorted
}
