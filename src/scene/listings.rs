//! Listings that hold every service of a project, so that what they lack does not exist.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Scene;
use crate::cloud_run::model::Service;
use crate::cloud_run::urls::{RunAppForm, RunAppUrl};
use crate::finding::Evidence;
use crate::locus::{PartId, Segment};
use crate::snapshot::{Fact, ServiceId};

/// The services that listings name, by project number and by project hash.
#[derive(Debug, Default)]
pub(super) struct Listings(HashMap<String, Listed>);

#[derive(Debug)]
struct Listed {
    /// A service of the listing, or the project, to show it.
    witness: Witness,
    /// The names in it, each with its region where it is known.
    services: HashSet<(String, Option<String>)>,
    /// The regions that it covers; none when it covers all.
    regions: Option<BTreeSet<String>>,
}

#[derive(Debug, Clone, Copy)]
enum Witness {
    Service(ServiceId),
    /// The project's index in the snapshot.
    Project(usize),
}

impl Listings {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut listings = Listings::default();
        listings.add_documents(scene);
        listings.add_projects(scene);
        listings
    }

    /// Documents that are lists of services.
    fn add_documents(&mut self, scene: &Scene<'_>) {
        let snapshot = scene.snapshot;
        let lacking: BTreeSet<PartId> = (0..)
            .map(PartId)
            .zip(&snapshot.parts)
            .filter(|(_, part)| part.missing.iter().any(|missing| missing.fact == Fact::Services))
            .map(|(id, _)| id)
            .collect();
        for (id, service) in snapshot.services() {
            // In a listing, services are elements of a list; a file of one service lists nothing.
            let is_listed = matches!(service.at.path.last(), Some(Segment::Index(_)))
                && !lacking.contains(&service.at.part);
            let Some(name) = service.name.text().filter(|_| is_listed) else { continue };
            for project in projects_of(id, scene) {
                let listed = self.0.entry(project).or_insert_with(|| Listed {
                    witness: Witness::Service(id),
                    services: HashSet::new(),
                    regions: None,
                });
                listed.services.insert((name.to_owned(), region_of(service)));
            }
        }
    }

    /// Projects that were asked: the regions that were read whole.
    fn add_projects(&mut self, scene: &Scene<'_>) {
        let snapshot = scene.snapshot;
        for (index, project) in snapshot.projects.iter().enumerate() {
            let is_its = |service: &Service| {
                let own = service.project.as_ref().and_then(|own| own.text());
                own == Some(project.id.as_str()) || (own.is_some() && own == project.number.as_deref())
            };
            let services: Vec<(ServiceId, &Service)> =
                snapshot.services().filter(|(_, service)| is_its(service)).collect();
            let mut numbers: BTreeSet<String> = project.number.iter().cloned().collect();
            numbers.extend(services.iter().flat_map(|(id, _)| projects_of(*id, scene)));
            for number in numbers {
                let names = services
                    .iter()
                    .filter_map(|(_, service)| Some((service.name.text()?.to_owned(), region_of(service))));
                self.0.insert(
                    number,
                    Listed {
                        witness: Witness::Project(index),
                        services: names.collect(),
                        regions: Some(project.regions.iter().cloned().collect()),
                    },
                );
            }
        }
    }
}

fn region_of(service: &Service) -> Option<String> {
    service.region.as_ref().and_then(|region| region.text()).map(str::to_owned)
}

/// The number and the hash of a service's project, as far as its URLs tell.
fn projects_of(id: ServiceId, scene: &Scene<'_>) -> BTreeSet<String> {
    let urls = scene.urls(id).iter().filter_map(|url| Some(project_of(&RunAppUrl::parse(&url.url)?)));
    urls.chain(scene.service(id).project_number.clone()).collect()
}

fn project_of(url: &RunAppUrl) -> String {
    match &url.form {
        RunAppForm::Deterministic { project_number, .. } => project_number.clone(),
        RunAppForm::Hash { hash, .. } => hash.clone(),
    }
}

impl Scene<'_> {
    /// What shows that the URL's service does not exist: a complete listing of its project in which it is not. `None` when it is there,
    /// and when no such listing was read.
    pub fn listing_without(&self, url: &RunAppUrl) -> Option<Evidence> {
        let listed = self.listings.get_or_init(|| Listings::of(self)).0.get(&project_of(url))?;
        let covers = match (&listed.regions, url.region()) {
            (None, _) => true,
            (Some(regions), Some(region)) => regions.contains(region),
            (Some(_), None) => false,
        };
        let has = |region: Option<String>| listed.services.contains(&(url.service.clone(), region));
        let is_there = match url.region() {
            Some(region) => has(Some(region.to_owned())) || has(None),
            None => listed.services.iter().any(|(name, _)| *name == url.service),
        };
        (covers && !is_there).then(|| match listed.witness {
            Witness::Service(id) => self.service_itself(id, "a service of the listing that does not have it"),
            Witness::Project(index) => {
                let project = &self.snapshot.projects[index];
                let at = project.at.key("regions");
                Evidence::cloud_run(at, Some(project.regions.join(", ")), "the regions that were read whole")
            }
        })
    }
}
