//! What reading tells whoever waits for it.

/// Told of every step of reading; it must return at once.
pub trait Progress: Sync {
    /// Something was done.
    fn report(&self, step: Step<'_>);
}

/// A step of reading from Google.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step<'a> {
    /// It is known who we are.
    Identified,
    /// The regions of a project are known.
    Regions {
        /// The project.
        project: &'a str,
        /// How many will be read.
        count: usize,
    },
    /// A region was read, or could not be.
    Region {
        /// The project.
        project: &'a str,
        /// The region.
        region: &'a str,
        /// How many services, jobs and worker pools it has.
        found: usize,
        /// How many regions of the project are done, with this one.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// The details of a service were read: its IAM policy and the revisions that serve.
    Service {
        /// How many services of the project are done.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// A secret was read.
    Secret {
        /// How many secrets are done.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// A server asks us to slow down.
    Waiting {
        /// Whose quota it is: a region, or an API.
        lane: &'a str,
        /// For how long, in seconds, rounded up.
        seconds: u64,
    },
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _: Step<'_>) {}
}
