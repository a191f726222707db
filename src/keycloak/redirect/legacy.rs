//! How servers before 24.0.3 make a request comparable: they decode it, normalize it and, some of them, lower-case it.

use std::borrow::Cow;

use super::escaping;
use super::loose_uri::{LooseFault, LooseUri};
use crate::keycloak::generation::{Decoding, DecodingScope, Folding};
use crate::keycloak::java_uri::{JavaUri, NotAUri};

/// How often a server decodes before it gives up.
const DECODING_ROUNDS: usize = 5;

/// A request as these servers see it.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// What entries are compared with first: decoded, normalized, lower-cased.
    pub(super) decoded: Cow<'a, str>,
    /// The scheme of the decoded request.
    pub(super) scheme: Option<Cow<'a, str>>,
    /// The request itself, normalized and lower-cased but not decoded; `None` when it is no URI.
    pub(super) original: Option<Cow<'a, str>>,
    /// Whether the request has a scheme.
    pub(super) absolute: bool,
}

/// Why a request is not even compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    /// The request is no URI.
    Malformed(NotAUri),
    /// It cannot be decoded, or still changes after five rounds.
    Undecodable,
    /// What it decodes to is no URI.
    DecodedMalformed,
    /// The server breaks.
    Breaks(LooseFault),
}

impl From<LooseFault> for Unseen {
    fn from(fault: LooseFault) -> Self {
        match fault {
            LooseFault::Illegal => Self::Undecodable,
            LooseFault::EmptyHost | LooseFault::Marker => Self::Breaks(fault),
        }
    }
}

pub(super) fn see(request: &str, rules: Decoding) -> Result<Seen<'_>, Unseen> {
    let original = JavaUri::parse(request);
    if let Err(problem) = original
        && rules.refuses_malformed
    {
        return Err(Unseen::Malformed(problem));
    }
    let absolute = original.is_ok_and(|uri| uri.scheme.is_some());
    let folded = |normalized: Cow<'_, str>| {
        if rules.folding == Folding::Request { lower_case_front(&normalized).map(Cow::Owned) } else { None }
    };
    let original_text = original.ok().map(|uri| {
        let normalized = uri.normalized();
        folded(normalized.clone()).unwrap_or(normalized)
    });
    if let (Ok(uri), Some(text)) = (original, &original_text)
        && rules.folding != Folding::SchemeAndHost
        && rules.tries_original
        && decodes_to_itself(request)
    {
        return Ok(Seen {
            decoded: text.clone(),
            scheme: uri.scheme.map(Cow::Borrowed),
            original: original_text,
            absolute,
        });
    }
    let decoded = match rules.scope {
        DecodingScope::Path => decode_path(request)?,
        DecodingScope::AllButQuery | DecodingScope::AllButUserInfo => Cow::Owned(decode_all(request, rules)?),
    };
    let uri = JavaUri::parse(&decoded).map_err(|_| Unseen::DecodedMalformed)?;
    let normalized = uri.normalized();
    let seen = match rules.folding {
        Folding::None => normalized.into_owned(),
        Folding::Request => lower_case_front(&normalized).unwrap_or_else(|| normalized.into_owned()),
        Folding::SchemeAndHost => lower_case_scheme_and_host(&normalized)?,
    };
    let scheme = uri.scheme.map(|scheme| {
        if rules.folding == Folding::SchemeAndHost { scheme.to_lowercase() } else { scheme.to_owned() }
    });
    Ok(Seen { decoded: Cow::Owned(seen), scheme: scheme.map(Cow::Owned), original: original_text, absolute })
}

/// Whether taking the text apart, decoding it and putting it together again cannot change it, as is the case for nearly every request: an http
/// or https URL with a plain host, a port without leading zeros, and no character that is encoded or decodes to another.
fn decodes_to_itself(text: &str) -> bool {
    let Some(behind) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let (host, port) =
        behind[..end].split_once(':').map_or((&behind[..end], None), |(host, port)| (host, Some(port)));
    let plain_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let plain_port = port.is_none_or(|port| {
        (1..=9).contains(&port.len())
            && !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    let rest = &behind[end..];
    // A bare question mark is dropped.
    let bare_query = rest.ends_with('?') || rest.contains("?#");
    plain_host
        && plain_port
        && !bare_query
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*,/;=:@?#".contains(&byte))
}

fn decode_all(request: &str, rules: Decoding) -> Result<String, LooseFault> {
    let mut uri = LooseUri::parse(request, rules.placeholders)?;
    let query = uri.query.take();
    let fragment = uri.fragment.take();
    let user_info = if rules.scope == DecodingScope::AllButUserInfo { uri.user_info.take() } else { None };
    let decoded = decode_rounds(uri.build(rules.tries_original)?)?;
    let mut uri = LooseUri::parse(&decoded, rules.placeholders)?;
    // Query and fragment were read in one mode and are always put back as templates.
    uri.set_query(query.as_deref(), true)?;
    uri.set_fragment(fragment.as_deref(), true)?;
    if rules.scope == DecodingScope::AllButUserInfo {
        uri.user_info = user_info;
    }
    uri.build(rules.tries_original)
}

fn decode_path(request: &str) -> Result<Cow<'_, str>, LooseFault> {
    let mut uri = LooseUri::parse(request, false)?;
    let Some(path) = uri.path.take() else {
        return Ok(Cow::Borrowed(request));
    };
    uri.set_path(&decode_rounds(path)?)?;
    uri.build(true).map(Cow::Owned)
}

fn decode_rounds(mut text: String) -> Result<String, LooseFault> {
    for _ in 0..DECODING_ROUNDS {
        let decoded = escaping::form_decoded(&text).ok_or(LooseFault::Illegal)?;
        if decoded == text {
            return Ok(decoded);
        }
        text = decoded;
    }
    Err(LooseFault::Illegal)
}

/// Lower-cases everything before the first slash at or behind the eighth UTF-16 unit, or all of it when there is none there: scheme and host of
/// an `http` URL, but only the scheme of an `https` one. `None` when nothing changes.
fn lower_case_front(text: &str) -> Option<String> {
    const BEHIND_HTTP: usize = 7;
    let mut units = 0;
    let slash = text.char_indices().find_map(|(at, character)| {
        let found = character == '/' && units >= BEHIND_HTTP;
        units += character.len_utf16();
        found.then_some(at)
    });
    let (front, rest) = text.split_at(slash.unwrap_or(text.len()));
    let unchanged = front.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    (!unchanged).then(|| [front.to_lowercase().as_str(), rest].concat())
}

/// Lower-cases scheme and host; what cannot be split breaks the server.
pub(super) fn lower_case_scheme_and_host(text: &str) -> Result<String, LooseFault> {
    let unsplit = |_| LooseFault::EmptyHost;
    let mut uri = LooseUri::parse(text, false).map_err(unsplit)?;
    uri.scheme = uri.scheme.map(|scheme| scheme.to_lowercase());
    uri.host = uri.host.map(|host| host.to_lowercase());
    uri.build(true).map_err(unsplit)
}

/// What a wildcard is compared with.
pub(super) fn cut_for_wildcards(decoded: &str, rules: Decoding) -> Result<Cow<'_, str>, LooseFault> {
    if !rules.strips_for_wildcards {
        return Ok(Cow::Borrowed(decoded.split_once('?').map_or(decoded, |(front, _)| front)));
    }
    if decodes_to_itself(decoded) {
        return Ok(Cow::Borrowed(decoded.find(['?', '#']).map_or(decoded, |end| &decoded[..end])));
    }
    let mut uri = LooseUri::parse(decoded, false)?;
    uri.user_info = None;
    uri.query = None;
    uri.fragment = None;
    uri.build(true).map(Cow::Owned)
}

/// Whether the text has an authority without a host.
pub(super) fn has_empty_host(text: &str) -> bool {
    LooseUri::parse(text, false).is_ok_and(|uri| uri.host.is_some_and(|host| host.is_empty()))
}

/// Whether servers that lower-case requests would change this text.
pub(crate) fn is_folded(text: &str) -> bool {
    lower_case_front(text).is_some_and(|folded| folded != text)
}
