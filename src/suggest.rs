//! "Did you mean": the nearest of the words that would have been right.

/// The candidate that `word` is most probably a slip of; none when nothing is near.
///
/// Near means a Jaro-Winkler similarity above 0.8, the measure that clap uses for its flags, or a single slip: a letter too many,
/// too few or wrong, or two in the wrong order. In short words the former alone misses the latter.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (similarity(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        // The first of equally near ones, so that the answer does not hang on the order of comparison.
        .fold(None, |best: Option<(f64, &str)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, candidate)| candidate)
}

fn similarity(word: &str, candidate: &str) -> f64 {
    let alike = strsim::jaro_winkler(word, candidate);
    let one_slip = word.chars().count() > 1 && strsim::osa_distance(word, candidate) == 1;
    if one_slip { alike.max(0.9) } else { alike }
}

/// "Did you mean `…`?" for the nearest candidate.
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("Did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let rules = ["redirect-uri-missing", "redirect-uri-stale", "issuer-mismatch"];
        assert_eq!(nearest("redirect-uri-mising", rules), Some("redirect-uri-missing"));
        assert_eq!(nearest("Issuer-Missmatch", rules), Some("issuer-mismatch"));
        assert_eq!(nearest("banana", rules), None);
        assert_eq!(nearest("wbe", ["api", "web"]), Some("web"));
    }
}
