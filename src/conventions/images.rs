//! Words of an image's name.

/// Parts of an image's name that may name a product: every path component, every run of its words joined by dashes,
/// and the last two components together; each with whether it is whole components. Registry host, tag and digest are left out.
pub(super) fn image_words(image: &str) -> Vec<(&str, bool)> {
    let image = image.split('@').next().unwrap_or(image);
    let path = match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => image,
    };
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let path = match path[last..].find(':') {
        Some(tag) => &path[..last + tag],
        None => path,
    };
    let mut words = Vec::new();
    for component in path.split('/').filter(|component| !component.is_empty()) {
        let starts: Vec<usize> = word_starts(component);
        for (from, start) in starts.iter().enumerate() {
            // Product names have three words at most.
            for next in from + 1..(from + 4).min(starts.len() + 1) {
                let end = starts.get(next).map_or(component.len(), |at| at - 1);
                words.push((&component[*start..end], *start == 0 && end == component.len()));
            }
        }
    }
    if let Some(before) =
        path[..last.saturating_sub(1)].rfind('/').map(|at| at + 1).or((last > 0).then_some(0))
    {
        words.push((&path[before..], true));
    }
    words
}

fn word_starts(component: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(component.match_indices(['-', '_', '.']).map(|(at, _)| at + 1))
        .filter(|at| *at < component.len())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::image_words;

    #[test]
    fn words_of_an_image_are_parts_of_its_path() {
        let words = |image| image_words(image).into_iter().map(|(word, _)| word).collect::<Vec<&str>>();
        let found = words("quay.io/oauth2-proxy/oauth2-proxy:v7.6.0");
        for word in ["oauth2-proxy", "oauth2", "proxy", "oauth2-proxy/oauth2-proxy"] {
            assert!(found.contains(&word), "{word} in {found:?}");
        }
        assert!(!found.contains(&"quay"));
        let found = words("europe-docker.pkg.dev/shop/node-repo/web@sha256:00");
        assert!(found.contains(&"web") && found.contains(&"node") && found.contains(&"node-repo"));
        assert_eq!(image_words("grafana:10"), [("grafana", true)]);
        assert_eq!(image_words(""), []);
        assert!(words("temporalio/ui:2").contains(&"temporalio/ui"));
        assert!(words("localhost:5000/minio").contains(&"minio"));
        assert!(words("a--b").contains(&"b"));
        assert!(image_words("shop/my-grafana").contains(&("grafana", false)));
    }
}
