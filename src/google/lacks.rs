//! What could not be read, in the words in which answers keep it.

use super::failure::{Failure, Kind};
use crate::answers::Untold;
use crate::snapshot::Fact;

/// Something to read, and what it takes to read it.
#[derive(Debug, Clone)]
pub(crate) struct Lack<'a> {
    pub(crate) fact: Fact,
    /// It, as a sentence begins: `The services of region europe-west1 in project shop`.
    pub(crate) what: String,
    /// The permission that reading it takes.
    pub(crate) permission: &'static str,
    /// The smallest role with this permission.
    pub(crate) role: &'static str,
    /// The API that tells it.
    pub(crate) api: &'static str,
    pub(crate) project: &'a str,
    pub(crate) region: Option<&'a str>,
}

impl Lack<'_> {
    /// That it was not read because of `failure`.
    pub(crate) fn because(&self, failure: &Failure) -> Untold {
        let mut why = format!("{} could not be read: {failure}.", self.what);
        let grant = match failure.kind {
            Kind::Denied => {
                // What the server names is what lacks; the role is that of the permission we know.
                let named = failure.permission.as_deref().unwrap_or(self.permission);
                Some(if named == self.permission {
                    format!("`{named}` ({})", self.role)
                } else {
                    format!("`{named}`")
                })
            }
            Kind::ApiDisabled => {
                why.push_str(&format!(
                    " `gcloud services enable {} --project {}` enables it.",
                    self.api, self.project
                ));
                None
            }
            _ => None,
        };
        Untold { fact: self.fact, why, grant, region: self.region.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lack() -> Lack<'static> {
        Lack {
            fact: Fact::Services,
            what: "The services of region us-east1 in project shop".to_owned(),
            permission: "run.services.list",
            role: "roles/run.viewer",
            api: "run.googleapis.com",
            project: "shop",
            region: Some("us-east1"),
        }
    }

    #[test]
    fn a_refusal_names_what_to_grant() {
        let untold = lack().because(&Failure::of(Kind::Denied));
        assert_eq!(
            untold.why,
            "The services of region us-east1 in project shop could not be read: it was refused (403)."
        );
        assert_eq!(untold.grant.as_deref(), Some("`run.services.list` (roles/run.viewer)"));
        assert_eq!(untold.region.as_deref(), Some("us-east1"));
        let other =
            Failure { permission: Some("serviceusage.services.use".to_owned()), ..Failure::of(Kind::Denied) };
        assert_eq!(lack().because(&other).grant.as_deref(), Some("`serviceusage.services.use`"));
    }

    #[test]
    fn what_no_right_would_change_names_none() {
        let untold = lack().because(&Failure { attempts: 5, ..Failure::of(Kind::Unreachable) });
        assert!(untold.why.ends_with("or the connection broke, 5 times in a row."), "{}", untold.why);
        assert_eq!(untold.grant, None);
        let untold = lack().because(&Failure::of(Kind::ApiDisabled));
        assert!(untold.why.contains("gcloud services enable run.googleapis.com --project shop"));
    }
}
