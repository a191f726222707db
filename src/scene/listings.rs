//! Listings that hold every service of a project, so that what they lack does not exist.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Scene;
use crate::cloud_run::urls::{RunAppForm, RunAppUrl};
use crate::locus::{PartId, Segment};
use crate::snapshot::{Fact, ServiceId};

/// The services that listings name, by project number and by project hash.
#[derive(Debug, Default)]
pub(super) struct Listings(HashMap<String, Listed>);

#[derive(Debug)]
struct Listed {
    /// Any service of the listing, to show it.
    witness: ServiceId,
    /// The names in it, each with its region where it is known.
    services: HashSet<(String, Option<String>)>,
}

impl Listings {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let snapshot = scene.snapshot;
        let lacking: BTreeSet<PartId> = (0..)
            .map(PartId)
            .zip(&snapshot.parts)
            .filter(|(_, part)| part.missing.iter().any(|missing| missing.fact == Fact::Services))
            .map(|(id, _)| id)
            .collect();
        let mut listings = Listings::default();
        for (id, service) in snapshot.services() {
            // In a listing, services are elements of a list; a file of one service lists nothing.
            let is_listed = matches!(service.at.path.last(), Some(Segment::Index(_)))
                && !lacking.contains(&service.at.part);
            let Some(name) = service.name.text().filter(|_| is_listed) else { continue };
            let region = service.region.as_ref().and_then(|region| region.text()).map(str::to_owned);
            let mut projects: BTreeSet<String> = service.project_number.iter().cloned().collect();
            projects.extend(
                scene.urls(id).iter().filter_map(|url| Some(project_of(&RunAppUrl::parse(&url.url)?))),
            );
            for project in projects {
                let listed = listings.0.entry(project);
                let listed = listed.or_insert_with(|| Listed { witness: id, services: HashSet::new() });
                listed.services.insert((name.to_owned(), region.clone()));
            }
        }
        listings
    }
}

fn project_of(url: &RunAppUrl) -> String {
    match &url.form {
        RunAppForm::Deterministic { project_number, .. } => project_number.clone(),
        RunAppForm::Hash { hash, .. } => hash.clone(),
    }
}

impl Scene<'_> {
    /// A service of a complete listing of the URL's project in which the URL's service is not; `None` when it is there, and when no such
    /// listing was read.
    pub fn listing_without(&self, url: &RunAppUrl) -> Option<ServiceId> {
        let listed = self.listings.get_or_init(|| Listings::of(self)).0.get(&project_of(url))?;
        let has = |region: Option<String>| listed.services.contains(&(url.service.clone(), region));
        let is_there = match url.region() {
            Some(region) => has(Some(region.to_owned())) || has(None),
            None => listed.services.iter().any(|(name, _)| *name == url.service),
        };
        (!is_there).then_some(listed.witness)
    }
}
