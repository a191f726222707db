//! What the stand-in knows: projects, and in them regions, services and their like, secrets, policies.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::faults::Planted;
use super::operations::Operation;
use super::recorder::{Answered, Call};
use super::tokens::Tokens;
use super::{Config, Kind};

/// The regions of Cloud Run that have a known code in URLs, and the code.
pub(crate) const REGIONS: [(&str, &str); 37] = [
    ("asia-east1", "de"),
    ("asia-east2", "df"),
    ("asia-northeast1", "an"),
    ("asia-northeast2", "dt"),
    ("asia-northeast3", "du"),
    ("asia-south1", "el"),
    ("asia-south2", "em"),
    ("asia-southeast1", "as"),
    ("asia-southeast2", "et"),
    ("australia-southeast1", "ts"),
    ("australia-southeast2", "km"),
    ("europe-central2", "lm"),
    ("europe-north1", "lz"),
    ("europe-southwest1", "no"),
    ("europe-west1", "ew"),
    ("europe-west10", "oe"),
    ("europe-west12", "og"),
    ("europe-west2", "nw"),
    ("europe-west3", "ey"),
    ("europe-west4", "ez"),
    ("europe-west6", "oa"),
    ("europe-west8", "oc"),
    ("europe-west9", "od"),
    ("me-central1", "ww"),
    ("me-west1", "zf"),
    ("northamerica-northeast1", "nn"),
    ("northamerica-northeast2", "pd"),
    ("southamerica-east1", "rj"),
    ("southamerica-west1", "tl"),
    ("us-central1", "uc"),
    ("us-east1", "ue"),
    ("us-east4", "uk"),
    ("us-east5", "ul"),
    ("us-west1", "uw"),
    ("us-west2", "wl"),
    ("us-west3", "wm"),
    ("us-west4", "wn"),
];

/// A service, job or worker pool.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resource {
    /// The v2 resource, enums by name, defaults left out.
    pub(crate) value: Value,
    /// Its revisions, oldest first.
    pub(crate) revisions: Vec<Value>,
    /// The next revision's number.
    pub(crate) next_revision: u32,
    pub(crate) policy: Option<Value>,
    /// Annotations that only the v1 surface shows.
    pub(crate) v1_annotations: Map<String, Value>,
    /// The id of the last operation.
    pub(crate) operation: Option<String>,
    /// The operation that is under way.
    pub(crate) pending: Option<String>,
}

/// A version of a secret.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) value: Value,
    pub(crate) payload: Vec<u8>,
}

/// A secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secret {
    pub(crate) value: Value,
    /// Its versions, oldest first: version 1 is the first.
    pub(crate) versions: Vec<Version>,
    pub(crate) policy: Option<Value>,
}

/// A region of a project.
#[derive(Debug, Clone, Default)]
pub(crate) struct Region {
    pub(crate) initialized: bool,
    pub(crate) resources: BTreeMap<(Kind, String), Resource>,
    /// Domain mappings in the v1 shape, by domain.
    pub(crate) mappings: BTreeMap<String, Value>,
}

/// A project.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) created: String,
    pub(crate) policy: Value,
    pub(crate) regions: BTreeMap<String, Region>,
    /// Secrets by region (none: global) and name.
    pub(crate) secrets: BTreeMap<(Option<String>, String), Secret>,
}

/// A permission that is missing.
#[derive(Debug, Clone)]
pub(crate) struct Denial {
    pub(crate) permission: String,
    /// The resource, or what its name begins with; empty for all.
    pub(crate) resource: String,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) projects: BTreeMap<String, Project>,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) faults: Vec<Planted>,
    pub(crate) denials: Vec<Denial>,
    /// APIs that are not enabled: project and service.
    pub(crate) disabled: Vec<(String, String)>,
    pub(crate) quota: HashMap<(String, String), VecDeque<Instant>>,
    pub(crate) calls: Vec<Call>,
    pub(crate) answers: Vec<Answered>,
    pub(crate) tokens: Tokens,
    /// Failures that wait for the next change: name of the resource, code, message.
    pub(crate) failures: Vec<(String, i32, String)>,
    pub(crate) in_flight: BTreeMap<String, usize>,
    clock: Timestamp,
    serial: u64,
}

impl State {
    pub(crate) fn new(config: Config) -> State {
        State {
            config,
            projects: BTreeMap::new(),
            operations: BTreeMap::new(),
            faults: Vec::new(),
            denials: Vec::new(),
            disabled: Vec::new(),
            quota: HashMap::new(),
            calls: Vec::new(),
            answers: Vec::new(),
            tokens: Tokens::default(),
            failures: Vec::new(),
            in_flight: BTreeMap::new(),
            clock: Timestamp::UNIX_EPOCH,
            serial: 0,
        }
    }

    /// A time that is later than every one given before, to the microsecond.
    pub(crate) fn now(&mut self) -> String {
        let now = Timestamp::now();
        let step = jiff::SignedDuration::from_micros(1);
        self.clock = if now > self.clock { now } else { self.clock.saturating_add(step).unwrap_or(now) };
        format!("{:.6}", self.clock)
    }

    /// A number that was not given before.
    pub(crate) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A name as uuids are, without chance: the same in every run.
    pub(crate) fn uuid(&mut self) -> String {
        let serial = self.serial();
        let mixed = serial.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{serial:012x}",
            mixed >> 32,
            (mixed >> 16) & 0xffff,
            (mixed >> 4) & 0xfff,
            mixed & 0xfff
        )
    }

    /// An etag of Cloud Run: opaque text in quotes.
    pub(crate) fn run_etag(&mut self) -> String {
        let serial = self.serial();
        format!(
            "\"{}\"",
            URL_SAFE_NO_PAD.encode([&[8, 200, 6, 16], serial.to_be_bytes().as_slice()].concat())
        )
    }

    /// An etag of an IAM policy: base64 of eight bytes.
    pub(crate) fn policy_etag(&mut self) -> String {
        STANDARD.encode((self.serial() + 0x0600_0000_0000_0000).to_be_bytes())
    }

    /// A project by its id or number.
    pub(crate) fn project(&self, name: &str) -> Option<&Project> {
        self.projects.get(name).or_else(|| self.projects.values().find(|project| project.number == name))
    }

    pub(crate) fn project_mut(&mut self, name: &str) -> Option<&mut Project> {
        let id = self.project(name)?.id.clone();
        self.projects.get_mut(&id)
    }

    pub(crate) fn resource(&self, key: &Key) -> Option<&Resource> {
        self.project(&key.project)?.regions.get(&key.region)?.resources.get(&(key.kind, key.name.clone()))
    }

    pub(crate) fn resource_mut(&mut self, key: &Key) -> Option<&mut Resource> {
        self.project_mut(&key.project)?
            .regions
            .get_mut(&key.region)?
            .resources
            .get_mut(&(key.kind, key.name.clone()))
    }

    /// Whether a permission is missing on a resource; projects are meant by id and by number.
    pub(crate) fn is_denied(&self, permission: &str, resource: &str) -> bool {
        let resource = self.by_id(resource);
        self.denials.iter().any(|denial| {
            let within = self.by_id(&denial.resource);
            let rest = resource.strip_prefix(&within);
            denial.permission == permission
                && (within.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        })
    }

    /// A resource name with the project's id for its number.
    fn by_id(&self, resource: &str) -> String {
        let mut parts: Vec<&str> = resource.split('/').collect();
        if let Some(project) = parts.get(1).and_then(|name| self.project(name)) {
            parts[1] = &project.id;
        }
        parts.join("/")
    }

    /// Passes a page of a list: items with their sort keys, best first.
    pub(crate) fn page(
        &self,
        scope: &str,
        size: Option<&str>,
        token: Option<&str>,
        items: Vec<(String, Value)>,
    ) -> Result<(Vec<Value>, Option<String>), ApiError> {
        let size = match size.filter(|size| !size.is_empty()).map(str::parse::<i64>) {
            None | Some(Ok(0)) => self.config.page_size,
            Some(Ok(size)) if size > 0 => {
                usize::try_from(size).unwrap_or(usize::MAX).min(self.config.page_size)
            }
            Some(_) => return Err(ApiError::invalid("page_size must not be negative.")),
        };
        let after = match token.filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => Some(
                read_token(scope, token).ok_or_else(|| ApiError::invalid("The page token is invalid."))?,
            ),
        };
        let mut rest = items
            .into_iter()
            .skip_while(|(key, _)| after.as_ref().is_some_and(|after| key >= after))
            .peekable();
        let mut page = Vec::new();
        let mut last = String::new();
        while page.len() < size
            && let Some((key, item)) = rest.next()
        {
            last = key;
            page.push(item);
        }
        let next = rest.peek().map(|_| page_token(scope, &last));
        Ok((page, next))
    }
}

/// A token that names where a page ended; it only fits the list it came from.
pub(crate) fn page_token(scope: &str, last: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!([scope, last]).to_string())
}

fn read_token(scope: &str, token: &str) -> Option<String> {
    let read: (String, String) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    (read.0 == scope).then_some(read.1)
}

/// Which service, job or worker pool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) project: String,
    pub(crate) region: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

impl Key {
    /// `projects/P/locations/R/services/S`.
    pub(crate) fn resource_name(&self) -> String {
        format!(
            "projects/{}/locations/{}/{}/{}",
            self.project,
            self.region,
            self.kind.collection(),
            self.name
        )
    }
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
