//! `cloakrun accepts`: one question about a redirect URI, a post-logout URI or a web origin, and the answer of one server or of all generations.
//!
//! [`batch`] speaks JSON Lines. A question is
//! `{id, kind, registered, root_url, requested, version, required, frontend_url, admin_url, attribute, web_origins, allow_oidc_parameters}`; only `requested` and,
//! for redirect and post-logout questions, `registered` are needed. An answer is `{id, accepted, resolved, matched, reason}`, where `accepted` is
//! `null` when the server breaks. Without `version` every generation is asked: the answer holds `by_generation` (version → the same fields and `servers`), and
//! `accepted` stands at the top only when all of them agree, so that no script takes a mixed answer for a yes or a no. A line that cannot be answered gives
//! `{id, line, error}`.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keycloak::generation::GENERATIONS;
use crate::keycloak::post_logout::PostLogoutMatcher;
use crate::keycloak::redirect::{Endpoint, Matcher, Registration, Verdict, origin_of};
use crate::keycloak::version::Version;
use crate::keycloak::web_origin::{AllowedOrigins, OriginVerdict, filled_in};

mod batch;

pub use batch::{BatchOutcome, LONGEST_LINE, batch};

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The `redirect_uri` of a login.
    #[default]
    Redirect,
    /// The `post_logout_redirect_uri` of a logout.
    PostLogout,
    /// The `Origin` header of a browser page.
    WebOrigin,
}

/// What a question says about the client and the server. Equal settings are prepared once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Settings {
    /// What is asked about.
    pub kind: Kind,
    /// The client's redirect URIs.
    pub registered: Vec<String>,
    /// The client's root URL.
    pub root_url: Option<String>,
    /// The URL that browsers reach the server under.
    pub frontend_url: String,
    /// The URL of the admin console.
    pub admin_url: Option<String>,
    /// The attribute `post.logout.redirect.uris` as stored, for post-logout questions.
    pub attribute: Option<String>,
    /// The client's web origins, for web-origin questions. `None` when they were left out, and the server fills them in from the redirect URIs.
    pub web_origins: Option<Vec<String>>,
    /// Whether the client may redirect to URIs with parameters of the protocol.
    pub allow_oidc_parameters: bool,
    /// The server's version; `None` asks every generation.
    pub version: Option<Version>,
}

/// The frontend URL of a question that names none.
pub const DEFAULT_FRONTEND_URL: &str = "http://localhost:8080";

/// The answer of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Yes, no, or `null` when the server breaks with status 500.
    pub accepted: Option<bool>,
    /// The URI that the server redirects to, or the origin that it allows.
    pub resolved: Option<String>,
    /// The registered entry that matched, as registered.
    pub matched: Option<String>,
    /// Why, in one sentence.
    pub reason: String,
}

/// The answer to a question: of one server, or of every generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answers {
    /// The question named a version.
    One(Rc<Answer>),
    /// It did not: the version that stands for each generation, which servers belong to it, and its answer.
    ByGeneration(Vec<GenerationAnswer>),
}

/// The answer of one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationAnswer {
    /// The version that stands for the generation.
    pub version: Version,
    /// Which servers belong to it, for readers.
    pub servers: &'static str,
    /// The answer. Generations that say the same share it.
    pub answer: Rc<Answer>,
}

/// Settings prepared to answer many questions.
#[derive(Debug)]
pub struct Prepared {
    settings: Settings,
    servers: Vec<(Version, &'static str, Server)>,
}

#[derive(Debug)]
enum Server {
    Redirect(Matcher),
    PostLogout(PostLogoutMatcher),
    WebOrigin { origins: AllowedOrigins, entries: Vec<String>, server_origin: String },
}

impl Prepared {
    /// Prepares the settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let servers = match settings.version {
            Some(version) => vec![(version, "", Server::new(&settings, version))],
            None => GENERATIONS
                .iter()
                .map(|generation| {
                    (generation.version, generation.servers, Server::new(&settings, generation.version))
                })
                .collect(),
        };
        Self { settings, servers }
    }

    /// The settings that were prepared.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers one question. `requested` is the parameter, or the `Origin` header, `None` when it was left out; `required` says whether a
    /// `redirect_uri` may be left out.
    #[must_use]
    pub fn answer(&self, requested: Option<&str>, required: bool) -> Answers {
        let mut known: Vec<(Judged<'_>, Rc<Answer>)> = Vec::new();
        let mut answers: Vec<GenerationAnswer> = Vec::with_capacity(self.servers.len());
        for (version, servers, server) in &self.servers {
            let judged = server.judge(requested, required);
            let answer = match known.iter().find(|(earlier, _)| earlier.has_words_of(&judged)) {
                Some((_, answer)) => Rc::clone(answer),
                None => {
                    let answer = Rc::new(judged.explain(&self.settings, requested));
                    known.push((judged, Rc::clone(&answer)));
                    answer
                }
            };
            answers.push(GenerationAnswer { version: *version, servers, answer });
        }
        match (self.settings.version, answers.pop()) {
            (Some(_), Some(only)) => Answers::One(only.answer),
            (_, last) => {
                answers.extend(last);
                Answers::ByGeneration(answers)
            }
        }
    }
}

/// A verdict and whoever gave it.
enum Judged<'a> {
    Redirect(&'a Matcher, Verdict<'a>),
    PostLogout(&'a PostLogoutMatcher, Verdict<'a>),
    WebOrigin { entries: &'a [String], server_origin: &'a str, verdict: Option<OriginVerdict<'a>> },
}

impl Judged<'_> {
    /// Whether both are put into the same words.
    fn has_words_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Redirect(matcher, verdict), Self::Redirect(other, others)) => {
                verdict == others && matcher.explains_alike(other)
            }
            (Self::PostLogout(matcher, verdict), Self::PostLogout(other, others)) => {
                verdict == others && matcher.explains_alike(other)
            }
            (Self::WebOrigin { verdict, .. }, Self::WebOrigin { verdict: others, .. }) => verdict == others,
            _ => false,
        }
    }

    fn explain(&self, settings: &Settings, requested: Option<&str>) -> Answer {
        match self {
            Self::Redirect(matcher, verdict) => redirect_answer(
                verdict,
                &settings.registered,
                matcher.reason(&settings.registered, requested, verdict),
            ),
            Self::PostLogout(matcher, verdict) => {
                redirect_answer(verdict, matcher.entries(), matcher.reason(requested, verdict))
            }
            Self::WebOrigin { entries, server_origin, verdict } => {
                origin_answer(*verdict, entries, server_origin, settings, requested.unwrap_or_default())
            }
        }
    }
}

/// Answers one question.
#[must_use]
pub fn answer(settings: Settings, requested: Option<&str>, required: bool) -> Answers {
    Prepared::new(settings).answer(requested, required)
}

impl Server {
    fn new(settings: &Settings, version: Version) -> Self {
        let registration = Registration {
            registered: &settings.registered,
            root_url: settings.root_url.as_deref(),
            frontend_url: &settings.frontend_url,
            admin_url: settings.admin_url.as_deref(),
            allow_oidc_parameters: settings.allow_oidc_parameters,
        };
        match settings.kind {
            Kind::Redirect => Self::Redirect(Matcher::new(&registration, version, Endpoint::Authorization)),
            Kind::PostLogout => Self::PostLogout(PostLogoutMatcher::new(
                &registration,
                settings.attribute.as_deref(),
                version,
            )),
            Kind::WebOrigin => {
                let entries = settings.web_origins.clone().unwrap_or_else(|| filled_in(&settings.registered));
                Self::WebOrigin {
                    origins: AllowedOrigins::new(&entries, &registration, version),
                    entries,
                    server_origin: origin_of(&settings.frontend_url).to_owned(),
                }
            }
        }
    }

    fn judge<'a>(&'a self, requested: Option<&'a str>, required: bool) -> Judged<'a> {
        match self {
            Self::Redirect(matcher) => Judged::Redirect(matcher, matcher.judge(requested, required)),
            Self::PostLogout(matcher) => Judged::PostLogout(matcher, matcher.judge(requested)),
            Self::WebOrigin { origins, entries, server_origin } => Judged::WebOrigin {
                entries,
                server_origin,
                verdict: requested.map(|origin| origins.judge(origin, server_origin)),
            },
        }
    }
}

fn redirect_answer(verdict: &Verdict<'_>, entries: &[String], reason: String) -> Answer {
    let accepted = verdict.accepted();
    match verdict {
        Verdict::Accepted(acceptance) => Answer {
            accepted,
            resolved: Some(acceptance.resolved.clone().into_owned()),
            matched: entries.get(acceptance.entry).cloned(),
            reason,
        },
        Verdict::Refused(_) | Verdict::Breaks(_) => {
            Answer { accepted, resolved: None, matched: None, reason }
        }
    }
}

fn origin_answer(
    verdict: Option<OriginVerdict<'_>>,
    entries: &[String],
    server_origin: &str,
    settings: &Settings,
    origin: &str,
) -> Answer {
    let refused = |reason: &str| Answer {
        accepted: Some(false),
        resolved: None,
        matched: None,
        reason: reason.to_owned(),
    };
    match verdict {
        None => refused(
            "The request has no Origin header, so the answer carries no permission for a browser page.",
        ),
        Some(OriginVerdict::Allowed(allowed)) => {
            let entry = entries.get(allowed.entry).cloned().unwrap_or_default();
            let reason = match allowed.redirect_uri.and_then(|place| settings.registered.get(place)) {
                Some(uri) => format!("The web origin + stands for the origin of the redirect URI {uri}."),
                None if entry == "*" => "The web origin * allows every origin.".to_owned(),
                None => format!("The web origin {entry} says exactly this."),
            };
            Answer {
                accepted: Some(true),
                resolved: Some(origin.trim_matches([' ', '\t']).to_owned()),
                matched: Some(entry),
                reason,
            }
        }
        Some(OriginVerdict::Unread { refused: true }) => {
            refused("No web origin equals it, so the server refuses the request with status 403.")
        }
        Some(OriginVerdict::Unread { refused: false }) if origin == server_origin => refused(
            "It is the server's own origin: the request is answered, but without a permission for a browser page.",
        ),
        Some(OriginVerdict::Unread { refused: false }) => refused(
            "No web origin equals it; the request is answered, but the browser keeps the answer from the page.",
        ),
    }
}

/// A question as a line of JSON says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    kind: Kind,
    registered: Option<Vec<String>>,
    root_url: Option<String>,
    requested: Option<String>,
    version: Option<String>,
    required: Option<bool>,
    frontend_url: Option<String>,
    admin_url: Option<String>,
    attribute: Option<String>,
    web_origins: Option<Vec<String>>,
    allow_oidc_parameters: Option<bool>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
