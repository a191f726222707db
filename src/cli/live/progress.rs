//! Progress on standard error while servers are read: a line for each side, on a terminal only.

use std::borrow::Cow;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::google::progress as google;
use crate::keycloak::api as keycloak;

/// A line for each side.
pub(super) struct Bars {
    lines: Option<Lines>,
}

struct Lines {
    all: MultiProgress,
    keycloak: ProgressBar,
    google: ProgressBar,
}

impl Bars {
    /// Lines that are drawn as soon as there is something to say; none at all where nobody looks.
    pub(super) fn new(shown: bool) -> Self {
        let lines = shown.then(|| {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            let line = || all.add(ProgressBar::no_length().with_style(style()));
            let (keycloak, google) = (line(), line());
            Lines { all, keycloak, google }
        });
        Bars { lines }
    }

    /// Takes the lines away.
    pub(super) fn clear(&self) {
        if let Some(lines) = &self.lines {
            lines.keycloak.finish_and_clear();
            lines.google.finish_and_clear();
            // A terminal that is gone shows nothing anyway.
            let _ = lines.all.clear();
        }
    }

    fn tell(&self, line: impl Fn(&Lines) -> &ProgressBar, text: impl Into<Cow<'static, str>>) {
        if let Some(lines) = &self.lines {
            let bar = line(lines);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_message(text);
        }
    }
}

fn style() -> ProgressStyle {
    // A constant template; a mistake in it would show as the plain style.
    ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl keycloak::Progress for Bars {
    fn report(&self, step: keycloak::Step) {
        let text = match step {
            keycloak::Step::LoggedIn => "Keycloak: logged in".to_owned(),
            keycloak::Step::Realms(1) => "Keycloak: 1 realm".to_owned(),
            keycloak::Step::Realms(count) => format!("Keycloak: {count} realms"),
            keycloak::Step::Clients { realm, count } => {
                format!("Keycloak: realm {}, {count} clients", plain(&realm))
            }
            keycloak::Step::ServiceAccounts { realm, count, of } => {
                format!("Keycloak: realm {}, {count} of {of} service accounts", plain(&realm))
            }
            keycloak::Step::Realm { realm } => format!("Keycloak: realm {} read", plain(&realm)),
        };
        self.tell(|lines| &lines.keycloak, text);
    }
}

impl google::Progress for Bars {
    fn report(&self, step: google::Step<'_>) {
        let text = match step {
            google::Step::Identified => "Google Cloud: credentials found".to_owned(),
            google::Step::Regions { project, count } => {
                format!("Google Cloud: project {}, {count} regions", plain(project))
            }
            google::Step::Region { project, region, done, of, .. } => {
                format!(
                    "Google Cloud: project {}, {done} of {of} regions ({})",
                    plain(project),
                    plain(region)
                )
            }
            google::Step::Service { done, of } => format!("Google Cloud: {done} of {of} services"),
            google::Step::Secret { done, of } => format!("Google Cloud: {done} of {of} secrets"),
            google::Step::Waiting { lane, seconds } => {
                format!("Google Cloud: waiting {seconds} s, as {} asks", plain(lane))
            }
        };
        self.tell(|lines| &lines.google, text);
    }
}

/// A name from a server without what a terminal could obey.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
