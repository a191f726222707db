//! `service-declared-twice`: two sources describe the same service, and differ.

use std::collections::{BTreeMap, BTreeSet};

use super::with_differences::{Difference, differences, without_tag};
use crate::cloud_run::model::{EnvValue, Service, UrlSource, Workload};
use crate::cloud_run::urls::{RunAppUrl, is_project_number};
use crate::finding::{Case, Evidence, Severity, Subject, Undecided, Verdict};
use crate::known::Known;
use crate::link::hosts::urls_in;
use crate::link::names::environment_of_path;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{PartKind, ServiceId};
use crate::words::{capitalized, counted};

pub(crate) static RULE: Rule = Rule {
    id: "service-declared-twice",
    severity: Severity::Warning,
    title: "Two sources describe the same service, and differ",
    why: "A deployment replaces what the one before it set. Where Terraform and a script, or two files, describe one service and do not \
          agree, whichever is applied last decides its settings: an issuer, a secret or a login proxy in front comes and goes with every \
          deployment, and nothing says so.\n\n\
          Both descriptions are judged; neither is taken for the right one. Two descriptions are of the same service when name, project \
          and region agree, when the service's own URL or image says so, or when they stand side by side and nothing tells them apart.",
    remedy: "Keep one description, or make them agree and say in each which one is applied.",
    references: &[
        "https://cloud.google.com/run/docs/deploying",
        "https://cloud.google.com/sdk/gcloud/reference/run/services/replace",
        "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes",
    ],
    needs: &[],
    check: Check::Scene(check),
};

/// Of groups of equal name this many are compared with each other.
const MOST_GROUPS: usize = 8;

/// Of differences this many are told.
const MOST_DIFFERENCES: usize = 5;

/// With more differences than this no more are looked for.
const MOST_COLLECTED: usize = 50;

/// Of places that show differences this many are listed.
const MOST_PLACES: usize = 8;

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let mut by_name: BTreeMap<(u8, &str), Vec<Declared<'_>>> = BTreeMap::new();
    for (id, service) in scene.snapshot.services() {
        if let Some(name) = service.name.text() {
            by_name.entry((kind(service.workload), name)).or_default().push(Declared::of(id, service, scene));
        }
    }
    let several = by_name.into_values().filter(|declared| declared.len() > 1);
    several.flat_map(|declared| judge(group(declared), scene)).collect()
}

fn kind(workload: Workload) -> u8 {
    match workload {
        Workload::Service => 0,
        Workload::Job => 1,
        Workload::WorkerPool => 2,
        Workload::Instance => 3,
    }
}

/// A description of a service, and what tells which service it is.
#[derive(Clone)]
struct Declared<'s> {
    id: ServiceId,
    service: &'s Service,
    folder: &'s str,
    terraform: Option<&'s str>,
    is_terraform: bool,
    identity: Identity,
}

/// What is known of a service's identity besides its name.
#[derive(Debug, Clone, Default)]
struct Identity {
    /// The project's number.
    number: Option<String>,
    /// The project's id.
    project: Option<String>,
    region: Option<String>,
    /// The part of its run.app host that stands for project and region.
    hash: Option<String>,
    /// The environment that linking counted it to.
    environment: Option<String>,
    /// The environment that its path speaks of.
    word: Option<&'static str>,
}

impl<'s> Declared<'s> {
    fn of(id: ServiceId, service: &'s Service, scene: &'s Scene<'_>) -> Self {
        let part = scene.snapshot.part(service.at.part);
        let path = part.place.path();
        let text =
            |known: &Option<Known<String>>| known.as_ref().and_then(|known| known.text()).map(str::to_owned);
        let project = text(&service.project);
        let mut identity = Identity {
            number: service.project_number.clone(),
            project: project.filter(|text| !is_project_number(text)),
            region: text(&service.region),
            hash: None,
            environment: scene.reading(id).environment.clone(),
            word: environment_of_path(path),
        };
        let stated =
            service.urls.iter().filter(|url| url.source == UrlSource::Stated).map(|url| url.url.as_str());
        for url in stated.chain(own_urls(service)).filter_map(RunAppUrl::parse) {
            if service.name.text() != Some(&url.service) {
                continue;
            }
            identity.number = identity.number.or_else(|| url.project_number().map(str::to_owned));
            identity.region = identity.region.or_else(|| url.region().map(str::to_owned));
            identity.hash = identity.hash.or_else(|| url.hash().map(str::to_owned));
        }
        Declared {
            id,
            service,
            folder: path.rfind(['/', '\\']).map_or("", |slash| &path[..slash]),
            terraform: service.terraform_address.as_deref(),
            is_terraform: matches!(part.kind, PartKind::TerraformPlan | PartKind::TerraformState),
            identity,
        }
    }

    /// How much of its identity is known.
    fn known(&self) -> usize {
        let of = &self.identity;
        [of.number.is_some(), of.project.is_some(), of.region.is_some(), of.hash.is_some()]
            .into_iter()
            .filter(|known| *known)
            .count()
    }

    /// Each key that two descriptions of the same service share.
    fn keys(&self) -> Vec<Key<'s>> {
        let of = &self.identity;
        let mut keys = Vec::new();
        if let Some(region) = &of.region {
            keys.extend(of.number.as_ref().map(|number| Key::Place(number.clone(), region.clone())));
            keys.extend(of.project.as_ref().map(|project| Key::Place(project.clone(), region.clone())));
        }
        if let Some(region) = &of.region {
            keys.extend(own_image(self.service).map(|image| Key::Image(image, region.clone())));
        }
        keys.extend(of.hash.as_ref().map(|hash| Key::Hash(hash.clone())));
        // What one run of Terraform describes twice is two services, or Terraform itself would fail.
        keys.push(Key::Folder(self.folder, of.word));
        keys
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'s> {
    Place(String, String),
    Hash(String),
    Image(&'s str, String),
    Folder(&'s str, Option<&'static str>),
}

/// URLs in the settings, among which are those by which a service calls itself.
fn own_urls(service: &Service) -> impl Iterator<Item = &str> {
    let variables = service.containers.iter().flat_map(|container| &container.env);
    let texts = variables.filter_map(|variable| match &variable.value {
        EnvValue::Literal(Known::Value(text)) if text.contains(".run.app") => Some(text.as_str()),
        _ => None,
    });
    texts.flat_map(urls_in)
}

/// The image of a service that has one container, without its tag, where it is in a registry of a project.
fn own_image(service: &Service) -> Option<&str> {
    let [container] = service.containers.as_slice() else { return None };
    let image = without_tag(container.image.as_ref()?.text()?);
    let registry = image.split('/').next()?;
    (registry.ends_with("-docker.pkg.dev") || registry == "gcr.io" || registry.ends_with(".gcr.io"))
        .then_some(image)
}

impl Identity {
    /// Whether two cannot be the same service.
    fn contradicts(&self, other: &Identity) -> bool {
        fn differ<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
            matches!((one, other), (Some(one), Some(other)) if one != other)
        }
        differ(&self.number, &other.number)
            || differ(&self.project, &other.project)
            || differ(&self.region, &other.region)
            || differ(&self.hash, &other.hash)
            || differ(&self.environment, &other.environment)
            || differ(&self.word, &other.word)
    }

    fn learn(&mut self, other: &Identity) {
        fn fill<T: Clone>(own: &mut Option<T>, other: &Option<T>) {
            if own.is_none() {
                own.clone_from(other);
            }
        }
        fill(&mut self.number, &other.number);
        fill(&mut self.project, &other.project);
        fill(&mut self.region, &other.region);
        fill(&mut self.hash, &other.hash);
        fill(&mut self.environment, &other.environment);
        fill(&mut self.word, &other.word);
    }
}

/// Descriptions that are known to be of one service.
#[derive(Default)]
struct Group<'s> {
    members: Vec<Declared<'s>>,
    identity: Identity,
    addresses: BTreeSet<&'s str>,
}

/// Puts descriptions of one name together that are of the same service; by keys, so that the cost grows with their number.
fn group<'s>(mut declared: Vec<Declared<'s>>) -> Vec<Group<'s>> {
    // Those that tell most come first, so that the others find them.
    declared.sort_by_key(|one| (std::cmp::Reverse(one.known()), one.id));
    let mut groups: Vec<Group<'s>> = Vec::new();
    let mut by_key: BTreeMap<Key<'s>, Vec<usize>> = BTreeMap::new();
    for one in declared {
        let keys = one.keys();
        let mut fitting: BTreeSet<usize> = BTreeSet::new();
        for key in &keys {
            let is_folder = matches!(key, Key::Folder(..));
            let candidates = by_key.get(key).map(Vec::as_slice).unwrap_or_default();
            fitting.extend(candidates.iter().rev().take(MOST_GROUPS).copied().filter(|index| {
                let group = &groups[*index];
                let side_by_side = is_folder && one.is_terraform && group.has_other_terraform(&one);
                !group.identity.contradicts(&one.identity) && !side_by_side
            }));
        }
        // One that fits several services stays by itself: which of them it describes is not known.
        if fitting.len() > 1 {
            let mut alone = Group::default();
            alone.add(one);
            groups.push(alone);
            continue;
        }
        let index = fitting.first().copied().unwrap_or_else(|| {
            groups.push(Group::default());
            groups.len() - 1
        });
        for key in keys {
            let known = by_key.entry(key).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
        groups[index].add(one);
    }
    groups
}

impl<'s> Group<'s> {
    /// Whether it holds a resource of Terraform under another address.
    fn has_other_terraform(&self, one: &Declared<'_>) -> bool {
        self.members.iter().any(|known| known.is_terraform && known.terraform != one.terraform)
    }

    fn add(&mut self, one: Declared<'s>) {
        self.identity.learn(&one.identity);
        // A plan and a state of the same address are one description at two times.
        if let Some(address) = one.terraform
            && !self.addresses.insert(address)
        {
            return;
        }
        self.members.push(one);
    }
}

fn judge(groups: Vec<Group<'_>>, scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let mut verdicts: Vec<(Subject, Verdict)> =
        groups.iter().filter_map(|group| differing(group, scene)).collect();
    verdicts.extend(perhaps_the_same(&groups, scene));
    verdicts
}

/// The finding about a group whose descriptions differ.
fn differing(group: &Group<'_>, scene: &Scene<'_>) -> Option<(Subject, Verdict)> {
    let mut members: Vec<&Declared<'_>> = group.members.iter().collect();
    members.sort_by_key(|member| member.id);
    let (first, others) = members.split_first()?;
    let mut differing = vec![*first];
    let mut found: Vec<Difference> = Vec::new();
    for other in others {
        let own = differences(first.service, other.service, scene);
        if own.is_empty() {
            continue;
        }
        differing.push(other);
        for difference in own {
            if found.len() < MOST_COLLECTED && !found.iter().any(|known| known.clause == difference.clause) {
                found.push(difference);
            }
        }
    }
    if found.is_empty() {
        return None;
    }
    let mut clauses: Vec<String> =
        found.iter().take(MOST_DIFFERENCES).map(|difference| difference.clause.clone()).collect();
    if found.len() > MOST_DIFFERENCES {
        clauses.push(counted(found.len() - MOST_DIFFERENCES, "more difference"));
    }
    let mut evidence: Vec<Evidence> = Vec::new();
    for (number, one) in differing.iter().enumerate() {
        let label = if number == 0 { "one description" } else { "another description of the same service" };
        evidence.push(scene.service_itself(one.id, label));
    }
    evidence.extend(found.into_iter().flat_map(|difference| difference.places).take(MOST_PLACES));
    let message = format!(
        "{} is described by {} that differ: {}. Whichever is applied last decides what runs.",
        capitalized(&scene.name_service(first.id)),
        counted(differing.len(), "source"),
        clauses.join("; ")
    );
    let subject =
        Subject { environment: group.identity.environment.clone(), ..scene.subject_of_service(first.id) };
    let case = Case { severity: None, message, remedy: None, evidence, value: None, fix: None };
    Some((subject, Verdict::Wrong(case)))
}

/// Groups that may be one service, because nothing tells them apart and nothing says that they are the same.
fn perhaps_the_same(groups: &[Group<'_>], scene: &Scene<'_>) -> Option<(Subject, Verdict)> {
    let compared = &groups[..groups.len().min(MOST_GROUPS)];
    let mut first = None;
    let mut open: Vec<&Declared<'_>> = Vec::new();
    for (index, group) in compared.iter().enumerate() {
        let Some(one) = group.members.first() else { continue };
        for other in &compared[index + 1..] {
            let Some(another) = other.members.first() else { continue };
            // Resources of Terraform in one run, and the same address in two, are told apart by their addresses.
            let by_address = one.is_terraform
                && another.is_terraform
                && (one.service.at.part == another.service.at.part || one.terraform == another.terraform);
            if by_address
                || group.identity.contradicts(&other.identity)
                || differences(one.service, another.service, scene).is_empty()
            {
                continue;
            }
            first.get_or_insert(one.id);
            for member in [one, another] {
                if !open.iter().any(|known| known.id == member.id) {
                    open.push(member);
                }
            }
        }
    }
    let first = first?;
    open.sort_by_key(|one| one.id);
    let evidence =
        open.iter().map(|one| scene.service_itself(one.id, "may describe the same service")).collect();
    let count = if groups.len() > MOST_GROUPS { groups.len() } else { open.len() };
    let reason = format!(
        "Whether {} that differ describe the same {} is not known: not all of them tell project and region.",
        counted(count, "source"),
        scene.name_service(first)
    );
    let remedy =
        "Name project and region in each of them, or count their files to environments in cloakrun.yaml.";
    let open = Undecided { reason, remedy: Some(remedy.to_owned()), evidence };
    Some((scene.subject_of_service(first), Verdict::Undecided(open)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::testing::{Said, Stage, service_yaml, service_yaml_with};

    /// A service without project and region.
    fn bare(name: &str, env: &[(&str, &str)]) -> String {
        service_yaml(name, env)
            .replace("  namespace: '123456789012'\n", "")
            .replace("  labels:\n    cloud.googleapis.com/location: europe-west1\n", "")
    }

    fn judge(files: &[(&str, String)]) -> Said {
        let stage = files.iter().fold(Stage::new(), |stage, (path, text)| stage.service(path, text));
        stage.judge("service-declared-twice")
    }

    const ISSUER: &str = "https://sso.example.com/realms/shop";

    #[test]
    fn two_files_that_differ_are_listed() {
        let one = service_yaml_with(
            "web",
            "europe-docker.pkg.dev/shop/images/web:1",
            &[("OIDC_ISSUER", ISSUER), ("MODE", "a")],
        );
        let two = service_yaml_with(
            "web",
            "europe-docker.pkg.dev/shop/images/web:2",
            &[("MODE", "b"), ("OIDC_CLIENT_SECRET", "s3cret")],
        );
        let said = judge(&[("deploy/web.yaml", one), ("ops/web.yaml", two)]);
        assert_eq!(
            said.wrong,
            [
                "warning service web: Service `web` is described by 2 sources that differ: the image is `europe-docker.pkg.dev/shop/images/web:1` in one and `europe-docker.pkg.dev/shop/images/web:2` in another; only one of them sets `OIDC_CLIENT_SECRET` and `OIDC_ISSUER`; they set `MODE` to different values. Whichever is applied last decides what runs."
            ]
        );
        assert_eq!(
            said.places,
            [
                "deploy/web.yaml metadata.name = web (one description)",
                "ops/web.yaml metadata.name = web (another description of the same service)",
                "deploy/web.yaml spec.template.spec.containers[0].image = europe-docker.pkg.dev/shop/images/web:1 (the image)",
                "ops/web.yaml spec.template.spec.containers[0].image = europe-docker.pkg.dev/shop/images/web:2 (the image)",
                "ops/web.yaml spec.template.spec.containers[0].env[1].value (a setting that only one description has)",
                "deploy/web.yaml spec.template.spec.containers[0].env[0].value = https://sso.example.com/realms/shop (a setting that only one description has)",
                "deploy/web.yaml spec.template.spec.containers[0].env[1].value = a (a setting with different values)",
                "ops/web.yaml spec.template.spec.containers[0].env[0].value = b (a setting with different values)",
            ]
        );
        assert!(!format!("{said:?}").contains("s3cret"));
    }

    #[test]
    fn equal_descriptions_are_no_finding() {
        let text = service_yaml("web", &[("OIDC_ISSUER", ISSUER)]);
        assert!(
            judge(&[("a.yaml", text.clone()), ("b.yaml", text.clone()), ("c/d.yaml", text)]).is_nothing()
        );
    }

    #[test]
    fn placeholders_are_not_different_values() {
        let one = service_yaml("web", &[("OIDC_ISSUER", ISSUER)]);
        let two = service_yaml("web", &[("OIDC_ISSUER", "${ISSUER}")]);
        assert!(judge(&[("a.yaml", one), ("b.yaml", two)]).is_nothing());
    }

    #[test]
    fn secrets_are_compared_by_their_tags() {
        let with = |secret: &str| service_yaml("web", &[("OIDC_CLIENT_SECRET", secret)]);
        assert!(judge(&[("a.yaml", with("s3cret")), ("b.yaml", with("s3cret"))]).is_nothing());
        let said = judge(&[("a.yaml", with("s3cret")), ("b.yaml", with("0ther"))]);
        assert!(said.wrong[0].contains("they set `OIDC_CLIENT_SECRET` to different values"), "{said:?}");
        assert!(!format!("{said:?}").contains("s3cret") && !format!("{said:?}").contains("0ther"));
    }

    #[test]
    fn side_by_side_without_project_is_the_same_service() {
        let proxy = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: api\n  annotations: {run.googleapis.com/launch-stage: BETA}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: proxy, image: gcr.io/shop/proxy, ports: [{containerPort: 8000}], env: [{name: KEYCLOAK_ISSUER, value: x}]}\n      - {name: app, image: 'gcr.io/shop/app:1'}\n";
        let plain = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: api\n  annotations: {run.googleapis.com/launch-stage: BETA}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: app, image: 'gcr.io/shop/app:2', ports: [{containerPort: 8000}]}\n";
        let said = judge(&[("api-authenticated.yaml", proxy.to_owned()), ("api.yaml", plain.to_owned())]);
        assert_eq!(
            said.wrong,
            [
                "warning service api: Service `api` is described by 2 sources that differ: only one of them has container `proxy`; the image is `gcr.io/shop/app:1` in one and `gcr.io/shop/app:2` in another. Whichever is applied last decides what runs."
            ]
        );
    }

    #[test]
    fn other_projects_regions_and_environments_are_other_services() {
        let one = service_yaml("web", &[("MODE", "a")]);
        let two = service_yaml("web", &[("MODE", "b")]);
        let project = two.replace("123456789012", "210987654321");
        let region = two.replace("europe-west1", "us-central1");
        assert!(judge(&[("a.yaml", one.clone()), ("b.yaml", project)]).is_nothing());
        assert!(judge(&[("a.yaml", one.clone()), ("b.yaml", region)]).is_nothing());
        assert!(
            judge(&[
                ("dev/web.yaml", bare("web", &[("MODE", "a")])),
                ("prod/web.yaml", bare("web", &[("MODE", "b")]))
            ])
            .is_nothing()
        );
        assert!(
            judge(&[("a.yaml", one.clone()), ("b.yaml", service_yaml("web-service", &[("MODE", "b")]))])
                .is_nothing()
        );
        let job = two
            .replace("kind: Service", "kind: Job")
            .replace("serving.knative.dev/v1", "run.googleapis.com/v1");
        assert!(judge(&[("a.yaml", one), ("b.yaml", job)]).wrong.is_empty());
    }

    #[test]
    fn stated_hosts_tell_projects_apart() {
        let with = |mode: &str, hash: &str| {
            format!("{}status:\n  url: https://web-{hash}-ew.a.run.app\n", bare("web", &[("MODE", mode)]))
        };
        assert!(
            judge(&[("a.yaml", with("a", "ab12cd34ef")), ("b.yaml", with("b", "gh56ij78kl"))]).is_nothing()
        );
        let same = judge(&[("x/a.yaml", with("a", "ab12cd34ef")), ("y/b.yaml", with("b", "ab12cd34ef"))]);
        assert_eq!(same.wrong.len(), 1, "{same:?}");
    }

    #[test]
    fn the_own_url_in_the_settings_tells_the_project() {
        let own = |mode: &str| {
            let env = [("MODE", mode), ("AUTH_URL", "https://web-123456789012.europe-west1.run.app/cb")];
            bare("web", &env).replace("/shop/images/", "/hub/images/")
        };
        let said =
            judge(&[("ops/web.yaml", own("a")), ("deploy/web.yaml", service_yaml("web", &[("MODE", "b")]))]);
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        // The URL of another service says nothing.
        let other = own("a").replace("//web-", "//api-").replace("deploy", "x");
        let said =
            judge(&[("ops/web.yaml", other), ("deploy/web.yaml", service_yaml("web", &[("MODE", "b")]))]);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
    }

    #[test]
    fn folders_that_nothing_tells_apart_are_not_decided() {
        let said = judge(&[
            ("north/web.yaml", bare("web", &[("MODE", "a")])),
            ("south/web.yaml", bare("web", &[("MODE", "b")])),
        ]);
        assert_eq!(said.wrong, Vec::<String>::new());
        assert_eq!(
            said.undecided,
            [
                "service web: Whether 2 sources that differ describe the same service `web` is not known: not all of them tell project and region."
            ]
        );
    }

    #[test]
    fn many_services_of_one_name_cost_little() {
        let texts: Vec<(String, String)> = (0..2000)
            .map(|number| {
                (format!("tenant{number}/web.yaml"), bare("web", &[("TENANT", &number.to_string())]))
            })
            .collect();
        let files: Vec<(&str, String)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
        let said = judge(&files);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1));
        assert!(said.undecided[0].contains("Whether 2000 sources that differ"), "{said:?}");
    }

    #[test]
    fn one_that_fits_two_services_is_not_decided() {
        let with = |mode: &str| service_yaml("web", &[("MODE", mode)]);
        let said = judge(&[
            ("a.yaml", with("a")),
            ("b.yaml", with("b").replace("123456789012", "210987654321")),
            ("c.yaml", bare("web", &[("MODE", "c")])),
        ]);
        assert_eq!((said.wrong.len(), said.undecided.len()), (0, 1), "{said:?}");
    }

    #[test]
    fn a_plan_and_a_state_of_one_address_are_one_description() {
        use crate::document::json;
        use crate::locus::PartId;
        use crate::secrets::Tagger;
        use crate::snapshot::{Part, PartKind, Place, Snapshot};

        let read = |documents: &[(&str, PartKind, String)]| {
            let mut stage = Stage::new();
            let mut snapshot = Snapshot::default();
            for (path, kind, text) in documents {
                let part = PartId(u32::try_from(snapshot.parts.len()).unwrap());
                let place = Place::File { path: (*path).to_owned(), document: 0 };
                snapshot.parts.push(Part { place, kind: *kind, missing: Vec::new(), notes: Vec::new() });
                let node = json::parse(text).unwrap();
                crate::terraform::read(part, &node, &Tagger::new().unwrap(), &mut snapshot);
            }
            stage.snapshot = snapshot;
            stage.judge("service-declared-twice")
        };
        let resource = |address: &str, image: &str| {
            format!(
                r#"{{"address": "{address}", "mode": "managed", "type": "google_cloud_run_v2_service", "name": "web",
                    "values": {{"name": "web", "location": "europe-west1", "project": "shop", "template": [{{"containers": [{{"image": "{image}"}}]}}]}}}}"#
            )
        };
        let state = |resources: &[String]| {
            format!(
                r#"{{"format_version": "1.0", "terraform_version": "1.9.0", "values": {{"root_module": {{"resources": [{}]}}}}}}"#,
                resources.join(",")
            )
        };
        let one = state(&[resource("google_cloud_run_v2_service.web", "gcr.io/shop/web:1")]);
        let two = state(&[resource("google_cloud_run_v2_service.web", "gcr.io/shop/web:2")]);
        let other = state(&[resource("module.more.google_cloud_run_v2_service.web", "gcr.io/shop/web:2")]);
        let kind = PartKind::TerraformState;
        assert!(read(&[("a.json", kind, one.clone()), ("b.json", kind, two)]).is_nothing());
        assert_eq!(read(&[("a.json", kind, one), ("b.json", kind, other)]).wrong.len(), 1);
    }
}
