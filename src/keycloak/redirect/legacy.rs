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
    pub(super) decoded: String,
    /// The scheme of the decoded request.
    pub(super) scheme: Option<String>,
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
    let decoded = match rules.scope {
        DecodingScope::Path => decode_path(request)?,
        DecodingScope::AllButQuery | DecodingScope::AllButUserInfo => Cow::Owned(decode_all(request, rules)?),
    };
    let uri = JavaUri::parse(&decoded).map_err(|_| Unseen::DecodedMalformed)?;
    let normalized = uri.normalized();
    let folded = match rules.folding {
        Folding::None => normalized,
        Folding::Request => Cow::Owned(lower_case_front(&normalized)),
        Folding::SchemeAndHost => Cow::Owned(lower_case_scheme_and_host(&normalized)?),
    };
    let scheme = uri.scheme.map(|scheme| {
        if rules.folding == Folding::SchemeAndHost { scheme.to_lowercase() } else { scheme.to_owned() }
    });
    Ok(Seen {
        scheme,
        decoded: folded.into_owned(),
        absolute: original.is_ok_and(|uri| uri.scheme.is_some()),
        original: original.ok().map(|uri| {
            let normalized = uri.normalized();
            if rules.folding == Folding::Request {
                Cow::Owned(lower_case_front(&normalized))
            } else {
                normalized
            }
        }),
    })
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

/// Lower-cases everything before the first slash at or behind the eighth UTF-16 unit, or all of it when there is none there.
fn lower_case_front(text: &str) -> String {
    const BEHIND_HTTP: usize = 7;
    let mut units = 0;
    let slash = text.char_indices().find_map(|(at, character)| {
        let found = character == '/' && units >= BEHIND_HTTP;
        units += character.len_utf16();
        found.then_some(at)
    });
    slash.map_or_else(|| text.to_lowercase(), |at| format!("{}{}", text[..at].to_lowercase(), &text[at..]))
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
