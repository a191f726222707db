//! Hosts in what people write where a URL is expected: settings, redirect URIs, lists of origins.

use crate::cloud_run::urls;

/// The host of a URL that stands in a setting or a redirect URI; none without a scheme, and none for a host with a star in it.
///
/// A star at the end of the host (`https://shop.example.com*`) is left out: the entry is about that host.
pub(crate) fn host_in(text: &str) -> Option<String> {
    if !text.contains("://") {
        return None;
    }
    let host = urls::host(text)?;
    let host = host.trim_end_matches('*').trim_end_matches('.');
    (!host.is_empty() && !host.contains('*')).then(|| host.to_owned())
}

/// The URLs with `http` or `https` in a setting's text: the whole of it, or the members of a list in it.
pub(crate) fn urls_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '|' | '[' | ']' | '{' | '}')
    })
    .filter_map(|word| {
        let start = word.find("http://").or_else(|| word.find("https://"))?;
        Some(&word[start..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_where_a_scheme_is() {
        assert_eq!(host_in("https://Shop.example.com*").as_deref(), Some("shop.example.com"));
        assert_eq!(host_in("http://localhost:3000/*").as_deref(), Some("localhost"));
        assert_eq!(host_in("/callback"), None);
        assert_eq!(host_in("https://*"), None);
        assert_eq!(host_in("https://*.example.com/x"), None);
    }

    #[test]
    fn urls_are_found_in_lists() {
        let found: Vec<_> = urls_in("https://a.example,https://b.example/x, c").collect();
        assert_eq!(found, ["https://a.example", "https://b.example/x"]);
        assert_eq!(urls_in("jdbc:postgresql://db").count(), 0);
    }
}
