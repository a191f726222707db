//! What stands in front of relative entries.

/// The base that a server puts in front of entries, and requests, without a scheme: the root URL, where `${authBaseUrl}` and `${authAdminUrl}`
/// (the whole root URL, nothing behind) stand for the server's own URLs. Without a root URL it is the origin of the frontend URL, without its path.
#[must_use]
pub fn base_url(root_url: Option<&str>, frontend_url: &str, admin_url: Option<&str>) -> String {
    let without_slash = |url: &str| url.strip_suffix('/').unwrap_or(url).to_owned();
    let base = match root_url {
        Some("${authBaseUrl}") => without_slash(frontend_url),
        Some("${authAdminUrl}") => without_slash(admin_url.unwrap_or(frontend_url)),
        Some(root_url) => root_url.to_owned(),
        None => String::new(),
    };
    if base.is_empty() { origin_of(frontend_url).to_owned() } else { base }
}

/// The text up to its third slash, as servers take the origin of a URL: up to the first slash behind the eighth UTF-16 unit.
#[must_use]
pub fn origin_of(url: &str) -> &str {
    const BEHIND_HTTPS: usize = 8;
    let mut units = 0;
    let end = url.char_indices().find_map(|(at, character)| {
        let found = character == '/' && units >= BEHIND_HTTPS;
        units += character.len_utf16();
        found.then_some(at)
    });
    &url[..end.unwrap_or(url.len())]
}

#[cfg(test)]
mod tests {
    use super::{base_url, origin_of};

    #[test]
    fn the_base_is_the_root_url_or_the_frontend() {
        let frontend = "https://sso.example.com/auth/";
        for (root_url, base) in [
            (None, "https://sso.example.com"),
            (Some(""), "https://sso.example.com"),
            (Some("${authBaseUrl}"), "https://sso.example.com/auth"),
            (Some("${authAdminUrl}"), "https://admin.example.com"),
            (Some("${authBaseUrl}/x"), "${authBaseUrl}/x"),
            (Some("https://svc.run.app/"), "https://svc.run.app/"),
        ] {
            assert_eq!(
                base_url(root_url, frontend, Some("https://admin.example.com/")),
                base,
                "{root_url:?}"
            );
        }
        assert_eq!(base_url(Some("${authAdminUrl}"), frontend, None), "https://sso.example.com/auth");
    }

    #[test]
    fn an_origin_ends_at_the_third_slash() {
        for (url, expected) in [
            ("https://a/b", "https://a"),
            ("http://ab/c/d", "http://ab"),
            ("http://a/b/c", "http://a"),
            ("https://a", "https://a"),
            ("https://c?x=/y", "https://c?x="),
        ] {
            assert_eq!(origin_of(url), expected, "{url}");
        }
    }
}
