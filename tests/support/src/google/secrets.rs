//! Secret Manager.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::discovery::{camel_case, documents};
use super::error::ApiError;
use super::request::Request;
use super::store::{Project, Secret, State, Version, text};

const API: &str = "secretmanager.v1";
const MOST_BYTES: usize = 65536;

/// Where a secret stands.
struct Place {
    project: String,
    number: String,
    region: Option<String>,
}

impl Place {
    fn parent(&self) -> String {
        match &self.region {
            None => format!("projects/{}", self.number),
            Some(region) => format!("projects/{}/locations/{region}", self.number),
        }
    }

    fn secret(&self, name: &str) -> String {
        format!("{}/secrets/{name}", self.parent())
    }

    fn find<'a>(&self, state: &'a State, name: &str) -> Result<&'a Secret, ApiError> {
        let found = state
            .projects
            .get(&self.project)
            .and_then(|project| project.secrets.get(&(self.region.clone(), name.to_owned())));
        found.ok_or_else(|| ApiError::not_found(format!("Secret [{}] not found.", self.secret(name))))
    }

    fn find_mut<'a>(&self, state: &'a mut State, name: &str) -> Result<&'a mut Secret, ApiError> {
        let found = state
            .projects
            .get_mut(&self.project)
            .and_then(|project| project.secrets.get_mut(&(self.region.clone(), name.to_owned())));
        found.ok_or_else(|| ApiError::not_found(format!("Secret [{}] not found.", self.secret(name))))
    }
}

/// A missing permission in the words of Secret Manager.
fn denied(permission: &str, resource: &str) -> ApiError {
    ApiError::new(
        403,
        format!("Permission '{permission}' denied for resource '{resource}' (or it may not exist)."),
    )
    .with_info(
        "IAM_PERMISSION_DENIED",
        "iam.googleapis.com",
        json!({"permission": permission, "resource": resource}),
    )
}

fn permit(state: &State, permission: &str, resource: &str) -> Result<(), ApiError> {
    if state.is_denied(permission, resource) { Err(denied(permission, resource)) } else { Ok(()) }
}

/// Answers `/v1/projects/P[/locations/R]/secrets…`.
pub(crate) fn route(state: &mut State, request: &Request) -> Result<Value, ApiError> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let (project, region, rest) = match segments.as_slice() {
        ["v1", "projects", project, "secrets", rest @ ..] => (*project, None, rest),
        ["v1", "projects", project, "locations", region, "secrets", rest @ ..] => {
            (*project, Some((*region).to_owned()), rest)
        }
        _ => return Err(request.unknown()),
    };
    let Some(known) = state.project(project) else {
        return Err(denied("secretmanager.secrets.get", &format!("projects/{project}")));
    };
    let place = Place { project: known.id.clone(), number: known.number.clone(), region };
    let parent = place.parent();
    match (request.method.as_str(), request.custom.as_deref(), rest) {
        ("GET", None, []) => {
            permit(state, "secretmanager.secrets.list", &parent)?;
            list(state, request, &place)
        }
        ("POST", None, []) => {
            permit(state, "secretmanager.secrets.create", &parent)?;
            create(state, request, &place)
        }
        (method, custom, [name]) => {
            let full = place.secret(name);
            match (method, custom) {
                ("GET", None) => {
                    permit(state, "secretmanager.secrets.get", &full)?;
                    Ok(place.find(state, name)?.value.clone())
                }
                ("PATCH", None) => {
                    permit(state, "secretmanager.secrets.update", &full)?;
                    patch(state, request, &place, name)
                }
                ("DELETE", None) => {
                    permit(state, "secretmanager.secrets.delete", &full)?;
                    fresh(request.query("etag"), &place.find(state, name)?.value)?;
                    if let Some(project) = state.projects.get_mut(&place.project) {
                        project.secrets.remove(&(place.region.clone(), (*name).to_owned()));
                    }
                    Ok(json!({}))
                }
                ("POST", Some("addVersion")) => {
                    permit(state, "secretmanager.versions.add", &full)?;
                    add(state, request, &place, name)
                }
                ("GET", Some("getIamPolicy")) => {
                    permit(state, "secretmanager.secrets.getIamPolicy", &full)?;
                    super::iam::shown(
                        place.find(state, name)?.policy.as_ref(),
                        request.query("options.requestedPolicyVersion"),
                    )
                }
                ("POST", Some("setIamPolicy")) => {
                    permit(state, "secretmanager.secrets.setIamPolicy", &full)?;
                    let present = place.find(state, name)?.policy.clone();
                    let policy = super::iam::changed(state, request, present.as_ref())?;
                    place.find_mut(state, name)?.policy = Some(policy.clone());
                    Ok(policy)
                }
                ("POST", Some("testIamPermissions")) => super::iam::tested(state, request, &full),
                _ => Err(request.unknown()),
            }
        }
        ("GET", None, [name, "versions"]) => {
            permit(state, "secretmanager.versions.list", &place.secret(name))?;
            versions(state, request, &place, name)
        }
        (method, custom, [name, "versions", version]) => {
            let full = format!("{}/versions/{version}", place.secret(name));
            match (method, custom) {
                ("GET", None) => {
                    permit(state, "secretmanager.versions.get", &full)?;
                    let at = number(place.find(state, name)?, version, &full)?;
                    Ok(place.find(state, name)?.versions[at].value.clone())
                }
                ("GET", Some("access")) => {
                    permit(state, "secretmanager.versions.access", &full)?;
                    access(state, &place, name, version, &full)
                }
                ("POST", Some(change @ ("enable" | "disable" | "destroy"))) => {
                    permit(state, &format!("secretmanager.versions.{change}"), &full)?;
                    turn(state, request, &place, name, version, change)
                }
                _ => Err(request.unknown()),
            }
        }
        _ => Err(request.unknown()),
    }
}

/// The place of a version in the list: by number, by alias, or the newest, whatever its state.
fn number(secret: &Secret, version: &str, full: &str) -> Result<usize, ApiError> {
    if version == "latest" {
        let none = || {
            ApiError::not_found(format!(
                "Secret [{}] not found or has no versions.",
                text(&secret.value, "name")
            ))
        };
        return secret.versions.len().checked_sub(1).ok_or_else(none);
    }
    let named = secret.value["versionAliases"][version].as_str().unwrap_or(version);
    let at = named
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1))
        .filter(|at| *at < secret.versions.len());
    at.ok_or_else(|| ApiError::not_found(format!("Secret Version [{full}] not found.")))
}

/// Whether a version can be read.
pub(crate) fn enabled(secret: &Secret, version: &str) -> bool {
    number(secret, version, "").is_ok_and(|at| secret.versions[at].value["state"] == "ENABLED")
}

fn fresh(etag: Option<&str>, current: &Value) -> Result<(), ApiError> {
    match etag {
        Some(etag) if !etag.is_empty() && etag != text(current, "etag") => {
            Err(ApiError::precondition(format!(
                "The etag provided in the request does not match the resource's current etag [{}].",
                text(current, "name")
            )))
        }
        _ => Ok(()),
    }
}

fn list(state: &State, request: &Request, place: &Place) -> Result<Value, ApiError> {
    let filter = request.query("filter").unwrap_or_default();
    let wanted = filter.strip_prefix("name:").or_else(|| filter.strip_prefix("name="));
    if !filter.is_empty() && wanted.is_none() {
        return Err(ApiError::invalid(format!("Invalid filter expression: {filter}")));
    }
    let project = &state.projects[&place.project];
    let mut items: Vec<(String, Value)> = project
        .secrets
        .iter()
        .filter(|((region, name), _)| {
            *region == place.region && wanted.is_none_or(|wanted| name.contains(wanted))
        })
        .map(|((_, name), secret)| {
            (format!("{} {name}", text(&secret.value, "createTime")), secret.value.clone())
        })
        .collect();
    items.sort_by(|a, b| b.0.cmp(&a.0));
    let total = items.len();
    let (page, next) = state.page(
        &format!("{}/secrets", place.parent()),
        request.query("pageSize"),
        request.query("pageToken"),
        items,
    )?;
    Ok(totalled(super::run::listed("secrets", page, next), total))
}

fn totalled(mut answer: Value, total: usize) -> Value {
    if total > 0 {
        answer["totalSize"] = json!(total);
    }
    answer
}

fn versions(state: &State, request: &Request, place: &Place, name: &str) -> Result<Value, ApiError> {
    let secret = place.find(state, name)?;
    let filter = request.query("filter").unwrap_or_default();
    let wanted = match filter.strip_prefix("state:").or_else(|| filter.strip_prefix("state=")) {
        Some(wanted @ ("ENABLED" | "DISABLED" | "DESTROYED")) => Some(wanted),
        None if filter.is_empty() => None,
        _ => return Err(ApiError::invalid(format!("Invalid filter expression: {filter}"))),
    };
    let numbered = secret.versions.iter().enumerate().rev();
    let items: Vec<(String, Value)> = numbered
        .filter(|(_, version)| wanted.is_none_or(|wanted| version.value["state"] == wanted))
        .map(|(at, version)| (format!("{at:08}"), version.value.clone()))
        .collect();
    let total = items.len();
    let (page, next) = state.page(
        &format!("{}/versions", place.secret(name)),
        request.query("pageSize"),
        request.query("pageToken"),
        items,
    )?;
    Ok(totalled(super::run::listed("versions", page, next), total))
}

fn create(state: &mut State, request: &Request, place: &Place) -> Result<Value, ApiError> {
    let body = documents().read(API, "Secret", request.body()?)?;
    let name = request.query("secretId").unwrap_or_default().to_owned();
    let legal = (1..=255).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !legal {
        return Err(ApiError::invalid(
            "The provided Secret ID does not match the expected format [[a-zA-Z_0-9]+].",
        ));
    }
    if place.find(state, &name).is_ok() {
        return Err(ApiError::exists(format!("Secret [{}] already exists.", place.secret(&name))));
    }
    if place.region.is_none() && body.get("replication").is_none() {
        return Err(ApiError::invalid("Secret.replication must be provided."));
    }
    Ok(insert(state, place, &name, body))
}

fn insert(state: &mut State, place: &Place, name: &str, body: Value) -> Value {
    let created = state.now();
    let mut value = json!({"name": place.secret(name), "createTime": created, "etag": etag(state)});
    if let (Some(into), Value::Object(body)) = (value.as_object_mut(), body) {
        into.extend(
            body.into_iter().filter(|(field, _)| !matches!(field.as_str(), "name" | "createTime" | "etag")),
        );
    }
    if let Some(project) = state.projects.get_mut(&place.project) {
        project.secrets.insert(
            (place.region.clone(), name.to_owned()),
            Secret { value: value.clone(), versions: Vec::new(), policy: None },
        );
    }
    value
}

fn etag(state: &mut State) -> String {
    format!("\"{:014x}\"", 0x16_0000_0000_0000 + state.serial())
}

fn patch(state: &mut State, request: &Request, place: &Place, name: &str) -> Result<Value, ApiError> {
    let body = documents().read(API, "Secret", request.body()?)?;
    let mask = request.query("updateMask").unwrap_or_default().to_owned();
    if mask.is_empty() {
        return Err(ApiError::invalid("update_mask must be provided."));
    }
    fresh(body["etag"].as_str(), &place.find(state, name)?.value)?;
    let new_etag = etag(state);
    let secret = place.find_mut(state, name)?;
    for path in mask.split(',') {
        let field = camel_case(path.trim());
        if documents().mask(API, "Secret", std::slice::from_ref(&field)) != Some(false) {
            return Err(ApiError::invalid(format!("Invalid field mask: {mask}")));
        }
        let fields = secret.value.as_object_mut().expect("a secret is an object");
        match body.get(&field) {
            Some(value) => drop(fields.insert(field, value.clone())),
            None => drop(fields.remove(&field)),
        }
    }
    secret.value["etag"] = json!(new_etag);
    Ok(secret.value.clone())
}

fn add(state: &mut State, request: &Request, place: &Place, name: &str) -> Result<Value, ApiError> {
    let body = documents().read(API, "AddSecretVersionRequest", request.body()?)?;
    let payload = STANDARD.decode(text(&body["payload"], "data")).map_err(|_| {
        ApiError::invalid("Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed")
    })?;
    if payload.len() > MOST_BYTES {
        return Err(ApiError::invalid("Secret payload must be at most 65536 bytes."));
    }
    let sum = body["payload"]["dataCrc32c"].as_str();
    if sum.is_some_and(|sum| sum != crc32c::crc32c(&payload).to_string()) {
        return Err(ApiError::invalid("The checksum of the payload does not match the data."));
    }
    place.find(state, name)?;
    let summed = sum.is_some();
    let version = append(state, place, name, payload);
    if summed {
        version["clientSpecifiedPayloadChecksum"] = json!(true);
    }
    Ok(version.clone())
}

fn append<'a>(state: &'a mut State, place: &Place, name: &str, payload: Vec<u8>) -> &'a mut Value {
    let (created, etag) = (state.now(), etag(state));
    let secret = place.find_mut(state, name).expect("the caller looked for the secret");
    let number = secret.versions.len() + 1;
    let mut value = json!({
        "name": format!("{}/versions/{number}", place.secret(name)), "createTime": created, "state": "ENABLED", "etag": etag,
    });
    if place.region.is_none() {
        value["replicationStatus"] = json!({"automatic": {}});
    }
    secret.versions.push(Version { value, payload });
    &mut secret.versions.last_mut().expect("just pushed").value
}

fn access(state: &State, place: &Place, name: &str, version: &str, full: &str) -> Result<Value, ApiError> {
    let secret = place.find(state, name)?;
    let found = &secret.versions[number(secret, version, full)?];
    let state = text(&found.value, "state");
    if state != "ENABLED" {
        return Err(ApiError::precondition(format!(
            "Secret Version [{}] is in {state} state.",
            text(&found.value, "name")
        )));
    }
    Ok(json!({
        "name": found.value["name"],
        "payload": {"data": STANDARD.encode(&found.payload), "dataCrc32c": crc32c::crc32c(&found.payload).to_string()},
    }))
}

fn turn(
    state: &mut State,
    request: &Request,
    place: &Place,
    name: &str,
    version: &str,
    change: &str,
) -> Result<Value, ApiError> {
    let full = format!("{}/versions/{version}", place.secret(name));
    let at = number(place.find(state, name)?, version, &full)?;
    fresh(
        request.body.as_ref().and_then(|body| body["etag"].as_str()),
        &place.find(state, name)?.versions[at].value,
    )?;
    let (now, etag) = (state.now(), etag(state));
    let version = &mut place.find_mut(state, name)?.versions[at];
    if version.value["state"] == "DESTROYED" {
        return Err(ApiError::precondition(format!(
            "Secret Version [{}] is in DESTROYED state.",
            text(&version.value, "name")
        )));
    }
    version.value["state"] = json!(match change {
        "enable" => "ENABLED",
        "disable" => "DISABLED",
        _ => "DESTROYED",
    });
    if change == "destroy" {
        version.value["destroyTime"] = json!(now);
        version.payload.clear();
    }
    version.value["etag"] = json!(etag);
    Ok(version.value.clone())
}

/// Puts a secret with its versions, oldest first, into the store.
pub(crate) fn put(state: &mut State, project: &Project, name: &str, payloads: &[Vec<u8>], described: &Value) {
    let place = Place { project: project.id.clone(), number: project.number.clone(), region: None };
    let mut body = documents()
        .read(API, "Secret", described)
        .unwrap_or_else(|error| panic!("secret {name} cannot be put: {}", error.message));
    if body.get("replication").is_none() {
        body["replication"] = json!({"automatic": {}});
    }
    let created = body["createTime"].clone();
    insert(state, &place, name, body);
    for payload in payloads {
        append(state, &place, name, payload.clone());
    }
    if created.is_string() {
        place.find_mut(state, name).expect("just inserted").value["createTime"] = created;
    }
}
