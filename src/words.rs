//! Sentences put together from pieces.

/// The text with its first letter in upper case, for a name that begins a sentence.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The text with its first letter in lower case, for a sentence that goes on behind another beginning.
pub(crate) fn uncapitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// A count with its noun: `1 client`, `3 clients`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Several things in one sentence: `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(things: &[T]) -> String {
    let Some((last, before)) = things.split_last() else { return String::new() };
    let before: Vec<&str> = before.iter().map(AsRef::as_ref).collect();
    if before.is_empty() {
        last.as_ref().to_owned()
    } else {
        format!("{} and {}", before.join(", "), last.as_ref())
    }
}

/// A span of seconds as people say it: `1 hour`, `12 hours`, `90 minutes`, `45 seconds`.
pub(crate) fn seconds(seconds: i64) -> String {
    let (count, noun) = match seconds {
        _ if seconds % 86_400 == 0 && seconds > 86_400 => (seconds / 86_400, "day"),
        _ if seconds % 3600 == 0 && seconds != 0 => (seconds / 3600, "hour"),
        _ if seconds % 60 == 0 && seconds != 0 => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_read_as_people_say_them() {
        assert_eq!(capitalized("client `web`"), "Client `web`");
        assert_eq!(capitalized(""), "");
        assert_eq!(uncapitalized("No service"), "no service");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(counted(1, "client"), "1 client");
        assert_eq!(counted(0, "service"), "0 services");
        let said: Vec<String> = [45, 60, 3600, 5400, 43_200, 172_800, 0].into_iter().map(seconds).collect();
        assert_eq!(
            said,
            ["45 seconds", "1 minute", "1 hour", "90 minutes", "12 hours", "2 days", "0 seconds"]
        );
    }
}
