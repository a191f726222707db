//! Verdicts as sentences.

use crate::keycloak::generation::{Folding, Matching};

use super::{Breakage, How, Matcher, MissingReason, Refusal, Verdict, WildcardsOff};

impl Matcher {
    /// Whether this and the other matcher, made from the same registration, put equal verdicts into the same words. (Which entry is nearest
    /// depends on how wildcard entries are read.)
    pub(crate) fn explains_alike(&self, other: &Self) -> bool {
        let reading = |matcher: &Self| {
            let decoding = match matcher.behaviour.matching {
                Matching::AsWritten => None,
                Matching::Decoded(rules) => Some(rules.folding == Folding::SchemeAndHost),
            };
            (matcher.behaviour.splits_wildcard_entries, decoding)
        };
        reading(self) == reading(other)
    }

    /// One sentence that says why: which entry matched and how, or the exact step that refused, with the nearest entry. `registered` is the
    /// list that the matcher was made from.
    #[must_use]
    pub fn reason<S: AsRef<str>>(
        &self,
        registered: &[S],
        requested: Option<&str>,
        verdict: &Verdict<'_>,
    ) -> String {
        let entry_text = |place: usize| registered.get(place).map_or("", AsRef::as_ref);
        match verdict {
            Verdict::Accepted(acceptance) => {
                let entry = entry_text(acceptance.entry);
                match acceptance.how {
                    How::Exactly => format!("The entry {entry} says exactly this."),
                    How::Wildcard => format!("The wildcard entry {entry} matches."),
                    How::LoopbackPort => format!("The entry {entry} matches, because the port of this loopback host does not count."),
                    How::SingleEntry => format!("The parameter was left out, and the only entry {entry} stands in for it."),
                }
            }
            Verdict::Refused(refusal) => self.refusal_reason(refusal, requested.unwrap_or_default(), entry_text),
            Verdict::Breaks(breakage) => match breakage {
                Breakage::Entry { entry, fault } => format!("The server breaks (status 500) on the entry {}: {}.", entry_text(*entry), fault.describe()),
                Breakage::EmptyHost => "The server breaks (status 500): the redirect URI has an authority without a host.".to_owned(),
                Breakage::MalformedMatch => "The server breaks (status 500): the redirect URI is malformed, but decoded it matches an entry.".to_owned(),
                Breakage::Unsplit => "The server breaks (status 500): it cannot split the redirect URI or an entry to compare them.".to_owned(),
            },
        }
    }

    fn refusal_reason<'e>(
        &self,
        refusal: &Refusal,
        requested: &str,
        entry_text: impl Fn(usize) -> &'e str,
    ) -> String {
        match refusal {
            Refusal::Missing(MissingReason::Required) => "The redirect URI parameter was left out, and it is required.".to_owned(),
            Refusal::Missing(MissingReason::NotOneEntry) => "The redirect URI parameter was left out, and the client does not have exactly one entry that could stand in for it.".to_owned(),
            Refusal::TooLong { length, limit } => format!("The redirect URI is {length} characters long; the server ignores the parameter when it is longer than {limit}."),
            Refusal::NoEntries => "The client has no redirect URI registered.".to_owned(),
            Refusal::NotAUri(problem) => format!("The server cannot parse the redirect URI: {}.", problem.describe(requested)),
            Refusal::ReservedParameter { name, in_fragment } => {
                let place = if *in_fragment { "fragment" } else { "query" };
                format!("The {place} of the redirect URI holds the reserved parameter {name}, which the server refuses even when an entry says so.")
            }
            Refusal::Undecodable => "The server cannot percent-decode the redirect URI.".to_owned(),
            Refusal::DecodedNotAUri => "What the redirect URI decodes to is not a URI.".to_owned(),
            Refusal::SchemeNotSpelledOut { entry } => {
                let entry = entry_text(*entry);
                let scheme = requested.split(':').next().unwrap_or_default();
                format!("The entry {entry} matches, but a scheme other than http and https must be spelled out by the entry: {scheme}: is not.")
            }
            Refusal::NoEntryMatched { wildcards_off: Some(off) } => {
                let why = match off {
                    WildcardsOff::UserInfo => "it holds a user name",
                    WildcardsOff::OddAuthority => "its host and port cannot be told apart",
                    WildcardsOff::ParentAccess => "its path looks like a way to a parent folder",
                };
                format!("Wildcards do not count for this redirect URI, because {why}, and no entry says exactly this.")
            }
            Refusal::NoEntryMatched { wildcards_off: None } => match self.nearest(requested) {
                Some(nearest) => {
                    let entry = entry_text(nearest.entry);
                    let differences: Vec<String> = nearest.differences.iter().map(|difference| difference.describe(entry)).collect();
                    format!("No entry matches. The nearest is {}: {}.", nearest.resolved, differences.join("; "))
                }
                None => "No entry matches.".to_owned(),
            },
        }
    }
}
