//! A URI as readers see it, for messages and for entries that are no URIs.

/// A text cut at the places where readers see scheme, authority, path, query and fragment, whether or not it is a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pieces<'a> {
    pub(crate) scheme: Option<&'a str>,
    pub(crate) authority: Option<&'a str>,
    pub(crate) user_info: Option<&'a str>,
    /// The authority without user-info and port.
    pub(crate) host: Option<&'a str>,
    pub(crate) port: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) fragment: Option<&'a str>,
}

impl<'a> Pieces<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let (rest, fragment) =
            text.split_once('#').map_or((text, None), |(rest, fragment)| (rest, Some(fragment)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (scheme, rest) = match rest.find([':', '/']) {
            Some(at) if at > 0 && rest.as_bytes()[at] == b':' => (Some(&rest[..at]), &rest[at + 1..]),
            _ => (None, rest),
        };
        let mut pieces = Self {
            scheme,
            authority: None,
            user_info: None,
            host: None,
            port: None,
            path: rest,
            query,
            fragment,
        };
        if let Some(behind) = rest.strip_prefix("//") {
            let end = behind.find('/').unwrap_or(behind.len());
            pieces.read_authority(&behind[..end]);
            pieces.path = &behind[end..];
        }
        pieces
    }

    fn read_authority(&mut self, authority: &'a str) {
        self.authority = Some(authority);
        let server = match authority.rsplit_once('@') {
            Some((user_info, server)) => {
                self.user_info = Some(user_info);
                server
            }
            None => authority,
        };
        let address_end = server.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match server[address_end..].find(':') {
            Some(at) => (&server[..address_end + at], Some(&server[address_end + at + 1..])),
            None => (server, None),
        };
        self.host = Some(host);
        self.port = port;
    }

    pub(crate) fn is_web(&self) -> bool {
        self.scheme
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
    }
}
