//! One question put to servers of several versions, for clients whose server is unknown.

use super::generation::{GENERATIONS, Generation, newest, oldest};
use super::redirect::{Endpoint, Matcher, Registration, Verdict};

/// A client prepared for every generation of servers, in the order of [`GENERATIONS`].
#[derive(Debug, Clone)]
pub struct AcrossGenerations {
    matchers: Vec<(Generation, Matcher)>,
}

impl AcrossGenerations {
    /// Prepares a matcher for each generation.
    #[must_use]
    pub fn new<S: AsRef<str>>(registration: &Registration<'_, S>, endpoint: Endpoint) -> Self {
        Self {
            matchers: GENERATIONS
                .iter()
                .map(|generation| (*generation, Matcher::new(registration, generation.version, endpoint)))
                .collect(),
        }
    }

    /// The matchers, for their reasons.
    #[must_use]
    pub fn matchers(&self) -> &[(Generation, Matcher)] {
        &self.matchers
    }

    /// The verdict of each generation.
    #[must_use]
    pub fn judge<'a>(&self, requested: Option<&'a str>, required: bool) -> Vec<(Generation, Verdict<'a>)> {
        self.matchers
            .iter()
            .map(|(generation, matcher)| (*generation, matcher.judge(requested, required)))
            .collect()
    }
}

/// A client prepared for the oldest and the newest servers that we judge.
#[derive(Debug, Clone)]
pub struct OldestAndNewest {
    /// For [`oldest`].
    pub oldest: Matcher,
    /// For [`newest`].
    pub newest: Matcher,
}

/// What the oldest and the newest servers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BothVerdicts<'a> {
    /// The verdict of [`oldest`].
    pub oldest: Verdict<'a>,
    /// The verdict of [`newest`].
    pub newest: Verdict<'a>,
}

impl OldestAndNewest {
    /// Prepares both matchers.
    #[must_use]
    pub fn new<S: AsRef<str>>(registration: &Registration<'_, S>, endpoint: Endpoint) -> Self {
        Self {
            oldest: Matcher::new(registration, oldest(), endpoint),
            newest: Matcher::new(registration, newest(), endpoint),
        }
    }

    /// Asks both.
    #[must_use]
    pub fn judge<'a>(&self, requested: Option<&'a str>, required: bool) -> BothVerdicts<'a> {
        BothVerdicts {
            oldest: self.oldest.judge(requested, required),
            newest: self.newest.judge(requested, required),
        }
    }
}

impl BothVerdicts<'_> {
    /// Whether both accept, both refuse, or both break.
    #[must_use]
    pub fn agree(&self) -> bool {
        self.oldest.accepted() == self.newest.accepted()
    }
}

/// Judges one redirect URI by the oldest and the newest servers, for a client whose server's version is unknown.
#[must_use]
pub fn judge_oldest_and_newest<'a, S: AsRef<str>>(
    registration: &Registration<'_, S>,
    endpoint: Endpoint,
    requested: Option<&'a str>,
    required: bool,
) -> BothVerdicts<'a> {
    OldestAndNewest::new(registration, endpoint).judge(requested, required)
}
