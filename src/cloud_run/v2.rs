//! The v2 API: services, jobs, worker pools and instances as it answers them, and Terraform's resources of the same fields.

use std::collections::BTreeMap;

use super::containers::{Reader, Remarks, Spelling, TERRAFORM_V2, V2};
use super::marks;
use super::model::{Dialect, Ingress, Invoker, Service, TrafficTarget, Workload};
use super::service_yaml::{audiences_of, larger, project_number, say_what_a_list_leaves_out, smaller};
use super::texts::{Texts, known};
use super::url_set::{Stated, settle};
use crate::document::Node;
use crate::document::cursor::{Cursor, Outcome};
use crate::known::Known;
use crate::locus::PartId;
use crate::secrets::Tagger;
use crate::snapshot::{Fact, Snapshot};

const COLLECTIONS: [(&str, Workload); 4] = [
    ("services", Workload::Service),
    ("jobs", Workload::Job),
    ("workerPools", Workload::WorkerPool),
    ("instances", Workload::Instance),
];

/// Whether a document holds anything that [`read`] reads: a resource of the API, a list of them, or the answer of a list call.
pub fn recognises(document: &Node) -> bool {
    match document {
        Node::List(items) => items.iter().any(recognises),
        Node::Map(_) if workload_of(document).is_some() => true,
        Node::Map(entries) => COLLECTIONS.iter().any(|(key, _)| match document.get(key) {
            Some(Node::List(items)) if items.is_empty() => entries
                .iter()
                .all(|(name, _)| matches!(&**name, "nextPageToken" | "unreachable") || &**name == *key),
            Some(Node::List(items)) => items.iter().any(|item| workload_of(item).is_some()),
            _ => false,
        }),
        _ => false,
    }
}

/// Reads the services, jobs, worker pools and instances of a document into the snapshot.
///
/// What cannot be read of one is a fault at its place; the others are read all the same.
pub fn read(part: PartId, document: &Node, tagger: &Tagger, snapshot: &mut Snapshot) -> Outcome {
    let mut remarks = Remarks::default();
    let mut services = Vec::new();
    visit(&Cursor::root(part, document), Texts { tagger }, &mut remarks, &mut services);
    remarks.finish(part, services, snapshot)
}

fn visit(cursor: &Cursor<'_>, texts: Texts<'_>, remarks: &mut Remarks, services: &mut Vec<Service>) {
    if let Node::List(_) = cursor.node() {
        cursor.items().for_each(|item| visit(&item, texts, remarks, services));
        return;
    }
    if let Some(workload) = workload_of(cursor.node()) {
        let resource = Resource { item: cursor.clone(), before: None, workload, words: &API, texts };
        services.push(resource.read(remarks));
        return;
    }
    for (key, _) in COLLECTIONS {
        for item in cursor.get(key).iter().flat_map(Cursor::items) {
            if workload_of(item.node()).is_some() {
                visit(&item, texts, remarks, services);
            }
        }
    }
    say_what_a_list_leaves_out(cursor, remarks);
}

fn workload_of(document: &Node) -> Option<Workload> {
    let name = document.get("name")?.scalar()?;
    let name = full_name(name)?;
    COLLECTIONS.iter().find(|(key, _)| *key == name.collection).map(|(_, workload)| *workload)
}

struct FullName<'t> {
    project: &'t str,
    region: &'t str,
    collection: &'t str,
    name: &'t str,
}

/// `projects/P/locations/R/services/S`
fn full_name(text: &str) -> Option<FullName<'_>> {
    let mut parts = text.strip_prefix("projects/")?.split('/');
    let project = parts.next()?;
    let region = parts.next().filter(|word| *word == "locations").and_then(|_| parts.next())?;
    let (collection, name) = (parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && !project.is_empty() && !region.is_empty() && !name.is_empty();
    whole.then_some(FullName { project, region, collection, name })
}

/// Terraform's `google_cloud_run_v2_service` and its siblings.
pub(crate) static TERRAFORM: FieldNames = FieldNames {
    dialect: Dialect::TerraformV2,
    spelling: &TERRAFORM_V2,
    custom_audiences: "custom_audiences",
    default_uri_disabled: "default_uri_disabled",
    invoker_iam_disabled: "invoker_iam_disabled",
    iap_enabled: "iap_enabled",
    min_instances: "min_instance_count",
    max_instances: "max_instance_count",
    service_account: "service_account",
    session_affinity: "session_affinity",
    traffic_statuses: "traffic_statuses",
};

/// The words in which a resource with the fields of the v2 API is written.
pub(crate) struct FieldNames {
    pub(crate) dialect: Dialect,
    pub(crate) spelling: &'static Spelling,
    pub(crate) custom_audiences: &'static str,
    pub(crate) default_uri_disabled: &'static str,
    pub(crate) invoker_iam_disabled: &'static str,
    pub(crate) iap_enabled: &'static str,
    pub(crate) min_instances: &'static str,
    pub(crate) max_instances: &'static str,
    pub(crate) service_account: &'static str,
    pub(crate) session_affinity: &'static str,
    pub(crate) traffic_statuses: &'static str,
}

static API: FieldNames = FieldNames {
    dialect: Dialect::V2,
    spelling: &V2,
    custom_audiences: "customAudiences",
    default_uri_disabled: "defaultUriDisabled",
    invoker_iam_disabled: "invokerIamDisabled",
    iap_enabled: "iapEnabled",
    min_instances: "minInstanceCount",
    max_instances: "maxInstanceCount",
    service_account: "serviceAccount",
    session_affinity: "sessionAffinity",
    traffic_statuses: "trafficStatuses",
};

/// A resource with the fields of the v2 API.
pub(crate) struct Resource<'n, 'w> {
    pub(crate) item: Cursor<'n>,
    /// The same before the change that Terraform plans, whose URLs stay as long as its name does.
    pub(crate) before: Option<Cursor<'n>>,
    pub(crate) workload: Workload,
    pub(crate) words: &'static FieldNames,
    pub(crate) texts: Texts<'w>,
}

impl<'n> Resource<'n, '_> {
    pub(crate) fn read(&self, remarks: &mut Remarks) -> Service {
        let (item, texts, words) = (&self.item, self.texts, self.words);
        let mut service = Service::blank(item.at(), words.dialect, self.workload);
        self.identify(&mut service);
        let switch = |key: &str| item.get(key).map_or(Known::Value(false), |found| texts.switch(&found));
        service.default_url_disabled = switch(words.default_uri_disabled);
        service.invoker = Invoker {
            check_disabled: switch(words.invoker_iam_disabled),
            iap_enabled: switch(words.iap_enabled),
            ..Invoker::unread()
        };
        if let Some(ingress) = item.get("ingress") {
            service.ingress = ingress_of(texts.text(&ingress));
        }
        if let Some(audiences) = item.get(words.custom_audiences) {
            service.custom_audiences = audiences_of(&audiences, texts, remarks);
        }
        if service.owner.is_none() {
            service.owner = item.get("labels").and_then(|labels| marks::owner_by_labels(&labels));
            let client = item.get("client").and_then(|client| client.node().scalar());
            service.owner = service.owner.or_else(|| client.and_then(marks::owner_by_client));
        }
        let mut reader = Reader { texts, spelling: words.spelling, aliases: BTreeMap::new(), remarks };
        if let Some((template, pod)) = self.pod(&mut reader) {
            service.containers = reader.containers(&pod);
            service.service_account = texts.text_at(&pod, words.service_account);
            let affinity = template.get(words.session_affinity);
            service.session_affinity = affinity.map_or(Known::Value(false), |found| texts.switch(&found));
            let scalings = || {
                [template.get("scaling"), item.get("scaling")]
                    .into_iter()
                    .flatten()
                    .filter_map(|found| found.block())
            };
            let bound = |key: &'static str| {
                scalings().filter_map(move |scaling| scaling.get(key)).filter(|found| !found.is_unknown())
            };
            service.min_instances =
                bound(words.min_instances).map(|found| texts.number(&found)).reduce(larger);
            // Zero is how the API leaves a limit out.
            let limits = bound(words.max_instances).map(|found| texts.number(&found));
            service.max_instances = limits.filter(|limit| *limit != Known::Value(0)).reduce(smaller);
        } else {
            let why = "The document holds no containers for it, so that its settings are not known.";
            remarks.missing(Fact::Settings, item.at(), why);
        }
        service.traffic = self.traffic();
        service.revision_created = self.revision_created();
        service.mark_sole_container();
        settle(&mut service, self.stated_urls());
        service
    }

    /// When the revision that serves was made: of several the oldest. Where the document holds none, the newest one serves, and was
    /// there when the service was last changed.
    fn revision_created(&self) -> Option<jiff::Timestamp> {
        let time = |found: Option<Cursor<'_>>| found?.node().scalar()?.parse::<jiff::Timestamp>().ok();
        let revisions = self.item.get("servingRevisions");
        let oldest = revisions
            .iter()
            .flat_map(|list| list.items())
            .filter_map(|one| time(one.get("createTime")))
            .min();
        oldest.or_else(|| time(self.item.get("updateTime")))
    }

    fn identify(&self, service: &mut Service) {
        let texts = self.texts;
        let Some(name) = self.item.get("name") else {
            service.name = Known::unknown("the document gives no name");
            return;
        };
        service.name_at = name.at().clone();
        // A full name is taken apart before placeholders are looked for, so that one in it leaves the rest known.
        if let Some(parts) = name.node().scalar().and_then(full_name) {
            service.name = known(parts.name);
            service.project = Some(known(parts.project));
            service.region = Some(known(parts.region));
        } else {
            service.name = texts.text(&name);
            service.project = texts.text_at(&self.item, "project");
            service.region = texts.text_at(&self.item, "location");
        }
        service.project_number = project_number(service.project.as_ref());
    }

    /// The template with the settings of the whole, and the pod with the containers.
    fn pod(&self, reader: &mut Reader<'_>) -> Option<(Cursor<'n>, Cursor<'n>)> {
        if let Some(revision) = self.serving_revision(reader.remarks) {
            return Some((revision.clone(), revision));
        }
        let template = match self.item.get("template") {
            Some(template) => reader.mapping(&template, "`template`")?,
            // An instance has no revisions and therefore no template.
            None if self.workload == Workload::Instance => self.item.clone(),
            None => return None,
        };
        if self.workload == Workload::Job {
            let task = reader.block(&template, "template")?;
            return Some((template, task));
        }
        Some((template.clone(), template))
    }

    /// The revision with the most traffic, where traffic is not on the newest: its settings are those that answer. Others that answer
    /// with other settings are said.
    fn serving_revision(&self, remarks: &mut Remarks) -> Option<Cursor<'n>> {
        let mut serving: Vec<Cursor<'n>> =
            self.item.get("servingRevisions").iter().flat_map(Cursor::items).collect();
        let name = |revision: &Cursor<'n>| {
            let name = revision.get("name")?.node().scalar()?;
            Some(name.rsplit('/').next().unwrap_or(name).to_owned())
        };
        let share = |revision: &Cursor<'n>| -> i64 {
            let name = name(revision);
            let targets = self.item.get(self.words.traffic_statuses).or_else(|| self.item.get("traffic"));
            let targets: Vec<Cursor<'n>> = targets.iter().flat_map(Cursor::items).collect();
            let is_its = |target: &&Cursor<'n>| {
                let own = target.get("revision").and_then(|own| own.node().scalar().map(str::to_owned));
                own.as_deref().map(|own| own.rsplit('/').next().unwrap_or(own).to_owned()) == name
            };
            let percents = targets.iter().filter(is_its).filter_map(|target| target.get("percent"));
            percents.filter_map(|percent| self.texts.number(&percent).value().copied()).sum()
        };
        serving.sort_by_key(|revision| std::cmp::Reverse(share(revision)));
        let most = serving.first()?.clone();
        for other in &serving[1..] {
            if other.get("containers").map(|found| found.node())
                != most.get("containers").map(|found| found.node())
            {
                let (most, other_name) = (name(&most).unwrap_or_default(), name(other).unwrap_or_default());
                let why = format!(
                    "Revision `{other_name}` serves as well, with other settings than `{most}`, by which the service is judged."
                );
                remarks.missing(Fact::Revisions, other.at(), why);
            }
        }
        Some(most)
    }

    fn traffic(&self) -> Vec<TrafficTarget> {
        let Some(traffic) = self.item.get("traffic") else { return Vec::new() };
        let targets = traffic.items().map(|target| TrafficTarget {
            revision: self.texts.text_at(&target, "revision"),
            tag: self.texts.text_at(&target, "tag"),
            percent: target.get("percent").map(|percent| self.texts.number(&percent)),
        });
        targets.collect()
    }

    fn stated_urls(&self) -> Stated {
        let mut stated = Stated::default();
        let known_before =
            self.before.as_ref().filter(|_| self.item.get("uri").is_some_and(|uri| uri.is_unknown()));
        let item = known_before.unwrap_or(&self.item);
        if let Some(uri) = item.get("uri").filter(|uri| uri.node().scalar() != Some("")) {
            stated.add(&uri, None);
        }
        if let Some(urls) = item.get("urls") {
            stated.add_all(&urls);
        }
        for status in item.get(self.words.traffic_statuses).iter().flat_map(Cursor::items) {
            let tag = self.texts.text_at(&status, "tag");
            if let (Some(tag), Some(uri)) = (tag.as_ref().and_then(Known::text), status.get("uri")) {
                stated.add(&uri, Some(tag));
            }
        }
        stated
    }
}

/// Ingress by name, or by number as Google's Rust and Python clients print it.
fn ingress_of(text: Known<String>) -> Known<Ingress> {
    match text {
        Known::Value(text) => match text.as_str() {
            "INGRESS_TRAFFIC_ALL" | "1" | "INGRESS_TRAFFIC_UNSPECIFIED" | "0" | "" => {
                Known::Value(Ingress::All)
            }
            "INGRESS_TRAFFIC_INTERNAL_ONLY" | "2" => Known::Value(Ingress::Internal),
            "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" | "3" => Known::Value(Ingress::InternalAndLoadBalancer),
            "INGRESS_TRAFFIC_NONE" | "4" => Known::Value(Ingress::None),
            _ => Known::unknown(format!("`{text}` is no ingress setting of Cloud Run")),
        },
        Known::Secret(tag) => Known::Secret(tag),
        Known::Unknown(why) => Known::Unknown(why),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::cloud_run::model::Owner;
    use crate::cloud_run::testing::{any_node, env, only, push_part, read_text, short, urls};
    use proptest::prelude::*;

    const ANSWERED: &str = r#"{
      "name": "projects/shop/locations/europe-west1/services/web",
      "generation": "3", "client": "terraform", "ingress": 2, "invokerIamDisabled": true,
      "customAudiences": ["api"],
      "uri": "https://web-abcdefghij-ew.a.run.app",
      "urls": ["https://web-123456789012.europe-west1.run.app", "https://web-abcdefghij-ew.a.run.app"],
      "traffic": [{"type": 2, "revision": "web-1", "percent": 100}, {"type": 1, "tag": "next"}],
      "trafficStatuses": [{"tag": "next", "uri": "https://next---web-abcdefghij-ew.a.run.app"}],
      "scaling": {"minInstanceCount": 1},
      "template": {
        "serviceAccount": "web@shop.iam.gserviceaccount.com",
        "sessionAffinity": true,
        "scaling": {"minInstanceCount": 3, "maxInstanceCount": 0},
        "containers": [{
          "image": "web", "ports": [{"name": "http1", "containerPort": 3000}],
          "env": [
            {"name": "ISSUER", "value": "https://sso.example.com/realms/shop"},
            {"name": "CLIENT_SECRET", "valueSource": {"secretKeyRef": {"secret": "projects/9/secrets/cs", "version": "2"}}},
            {"name": "EMPTY"}
          ],
          "startupProbe": {"httpGet": {"path": "/ready", "port": 3000}},
          "volumeMounts": [{"name": "v", "mountPath": "/secrets"}]
        }],
        "volumes": [{"name": "v", "secret": {"secret": "cs", "items": [{"path": "cs", "version": "latest"}]}}]
      }
    }"#;

    #[test]
    fn a_service_of_the_api_is_read_whole() {
        let service = only(read, ANSWERED);
        assert_eq!(service.name.text(), Some("web"));
        assert_eq!(service.project, Some(Known::Value("shop".to_owned())));
        assert_eq!(service.project_number.as_deref(), Some("123456789012"));
        assert_eq!(service.region.as_ref().map(short).as_deref(), Some("europe-west1"));
        assert_eq!(service.ingress, Known::Value(Ingress::Internal));
        assert_eq!(service.owner, Some(Owner::Terraform));
        assert_eq!(service.min_instances, Some(Known::Value(3)));
        assert_eq!(service.max_instances, None);
        assert!(service.invoker.check_disabled.is_on() && service.session_affinity.is_on());
        assert_eq!(env(&service, "CLIENT_SECRET"), "secret projects/9/secrets/cs version 2");
        assert_eq!(env(&service, "EMPTY"), "");
        assert_eq!(short(&service.containers[0].secret_files[0].path), "/secrets/cs");
        assert_eq!(service.containers[0].port, Some(Known::Value(3000)));
        assert_eq!(
            urls(&service),
            [
                "https://web-abcdefghij-ew.a.run.app",
                "https://web-123456789012.europe-west1.run.app",
                "https://next---web-abcdefghij-ew.a.run.app",
                "https://next---web-123456789012.europe-west1.run.app",
            ]
        );
        assert_eq!(service.urls_incomplete, None);
        assert_eq!(service.containers[0].env[0].at.path.to_string(), "template.containers[0].env[0].value");
    }

    #[test]
    fn answers_of_list_calls_are_read() {
        let text = r#"{
          "jobs": [{"name": "projects/1/locations/us-east1/jobs/j",
                    "template": {"template": {"serviceAccount": "a@b", "containers": [{"env": [{"name": "A", "value": "b"}]}]}}}],
          "nextPageToken": "more"
        }
---
        {"workerPools": [{"name": "projects/1/locations/us-east1/workerPools/p", "template": {"containers": []}}]}
---
        {"services": [], "unreachable": ["projects/1/locations/europe-west9"]}
---
        [{"name": "projects/1/locations/us-east1/instances/i", "containers": [{"image": "x"}], "urls": ["https://i.example.com"]}]
        "#;
        let (snapshot, outcome) = read_text(read, text);
        assert_eq!((outcome.items, outcome.faults.len()), (3, 0));
        assert_eq!(env(&snapshot.services[0], "A"), "b");
        assert_eq!(snapshot.services[0].service_account.as_ref().map(short).as_deref(), Some("a@b"));
        assert_eq!(snapshot.services[1].workload, Workload::WorkerPool);
        assert_eq!(urls(&snapshot.services[2]), ["https://i.example.com"]);
        let missing: Vec<_> = snapshot.parts.iter().map(|part| part.missing.len()).collect();
        assert_eq!(missing, [1, 0, 1, 0]);
    }

    #[test]
    fn what_is_no_answer_of_the_api_is_not_taken_for_one() {
        for text in
            ["{services: {web: {image: x}}}", "{name: web}", "{services: [], version: 3}", "[]", "x", "{}"]
        {
            let node = &crate::document::yaml::parse(text).unwrap()[0];
            assert!(!recognises(node), "{text}");
        }
        let answer = &crate::document::yaml::parse(ANSWERED).unwrap()[0];
        assert!(recognises(answer));
    }

    #[test]
    fn a_placeholder_in_the_full_name_leaves_the_rest_known() {
        let text = ANSWERED.replace("projects/shop", "projects/${PROJECT}");
        let service = only(read, &text);
        assert_eq!(service.name.text(), Some("web"));
        assert!(service.project.as_ref().unwrap().value().is_none());
    }

    proptest! {
        #[test]
        fn no_tree_panics(node in any_node(
            &["name", "template", "containers", "env", "value", "valueSource", "secretKeyRef", "traffic", "services",
              "jobs", "uri", "urls", "trafficStatuses", "tag", "scaling", "ingress", "customAudiences", "volumes"],
            &["projects/p/locations/r/services/s", "projects/p/locations/r/jobs/s", "https://x", "1"],
        )) {
            let tagger = Tagger::new().unwrap();
            let mut snapshot = Snapshot::default();
            let part = push_part(&mut snapshot);
            recognises(&node);
            read(part, &node, &tagger, &mut snapshot);
            let item = Cursor::root(part, &node);
            for (_, workload) in COLLECTIONS {
                let item = item.clone();
                Resource { item, before: None, workload, words: &API, texts: Texts { tagger: &tagger } }.read(&mut Remarks::default());
            }
        }
    }

    #[test]
    fn the_oldest_revision_that_serves_tells_since_when_it_does() {
        let made = |more: &str| {
            let text = format!(
                r#"{{"name": "projects/shop/locations/europe-west1/services/web", "template": {{"containers": []}}{more}}}"#
            );
            only(read, &text).revision_created.map(|time| time.to_string())
        };
        assert_eq!(made(""), None);
        let updated = r#", "updateTime": "2026-11-10T08:00:00.5Z""#;
        assert_eq!(made(updated).as_deref(), Some("2026-11-10T08:00:00.5Z"));
        let serving = r#", "servingRevisions": [{"createTime": "2026-11-02T08:00:00Z"}, {"createTime": "2026-10-02T08:00:00Z"}, {}]"#;
        assert_eq!(made(&format!("{updated}{serving}")).as_deref(), Some("2026-10-02T08:00:00Z"));
    }
}
