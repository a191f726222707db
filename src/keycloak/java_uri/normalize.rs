//! `java.net.URI.normalize` for one path.

/// The path without empty and `.` segments and with `x/..` taken out, or `None` when it stays as it is.
pub(super) fn normalized_path(path: &str) -> Option<String> {
    if !needs_normalization(path) {
        return None;
    }
    // Every segment with whether a slash follows it: one that stays keeps its slash, whatever came behind it.
    let segments: Vec<(&str, bool)> = path
        .split_inclusive('/')
        .map(|piece| piece.strip_suffix('/').map_or((piece, false), |segment| (segment, true)))
        .collect();
    let mut kept: Vec<(usize, &str, bool)> = Vec::with_capacity(segments.len());
    let named = segments.iter().filter(|(segment, _)| !segment.is_empty());
    for (index, (segment, slash)) in named.enumerate() {
        match *segment {
            "." => {}
            ".." if kept.last().is_some_and(|(_, last, _)| *last != "..") => {
                kept.pop();
            }
            _ => kept.push((index, segment, *slash)),
        }
    }
    let mut text = String::with_capacity(path.len());
    if path.starts_with('/') {
        text.push('/');
    } else if kept.first().is_some_and(|(index, segment, _)| *index > 0 && segment.contains(':')) {
        // Without this the segment would read as a scheme.
        text.push_str("./");
    }
    for (_, segment, slash) in kept {
        text.push_str(segment);
        if slash {
            text.push('/');
        }
    }
    (text != path).then_some(text)
}

fn needs_normalization(path: &str) -> bool {
    let relative = path.strip_prefix('/').unwrap_or(path);
    let mut segments = relative.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment == "." || segment == ".." || (segment.is_empty() && segments.peek().is_some()) {
            return true;
        }
    }
    // A path of two slashes or more is never normal.
    relative.starts_with('/')
}
