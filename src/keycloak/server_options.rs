//! The options of a Keycloak server that runs as a Cloud Run service, read from the environment, command and arguments of its
//! container.
//!
//! What stands there is all that can be seen: an image may set options of its own (`ENV KC_…`, `kc.sh build`, a start script), so
//! that a missing option proves nothing unless the image is Keycloak's own or the start command is stated.

use crate::cloud_run::model::{Container, EnvValue, Service};
use crate::cloud_run::secret_names::is_well_known;
use crate::finding::Evidence;
use crate::keycloak::base_uri::ProxyHeaders;
use crate::keycloak::issuer::IssuerOptions;
use crate::keycloak::option_names;
use crate::keycloak::version::Version;
use crate::known::Known;
use crate::locus::Locus;

/// An option as it is set.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The option's name without dashes in front: `hostname-strict`.
    pub name: String,
    /// As the document writes it: `KC_HOSTNAME_STRICT`, `--hostname-strict`.
    pub written: String,
    /// The value; unknown for a reference to a secret, and for a placeholder.
    pub value: Known<String>,
    /// How it gets to the server.
    pub origin: Origin,
    /// Whether the value is one of the passwords that everybody tries first.
    pub well_known: bool,
    /// The value's place.
    pub at: Locus,
}

/// How a setting gets to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A word of the command or its arguments; wins over the others.
    Argument,
    /// An environment variable that the server reads.
    Variable,
    /// A variable of the team's own that holds options (`PROXY_MODE=--proxy-headers=forwarded`): a start script of the image
    /// presumably passes them on.
    Handed,
}

/// What the container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartMode {
    /// `start`: production.
    Production,
    /// `start-dev`.
    Development,
}

/// The options of a Keycloak server, as far as its service tells them.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The container: its index in [`Service::containers`].
    pub container: usize,
    /// Every option that is set, in the document's order.
    pub settings: Vec<Setting>,
    /// `start` or `start-dev`, where the document states it.
    pub mode: Option<(StartMode, Origin, Evidence)>,
    /// `--optimized`, where the document states it.
    pub optimized: Option<Evidence>,
    /// The image, as evidence; none where the document does not name it.
    pub image: Option<Evidence>,
    /// Whether the image is Keycloak's own, which sets no option.
    pub stock_image: bool,
    /// The version that the image's tag names.
    pub image_version: Option<Version>,
}

const STOCK_IMAGES: [&str; 4] = [
    "quay.io/keycloak/keycloak",
    "docker.io/keycloak/keycloak",
    "keycloak/keycloak",
    "registry.redhat.io/rhbk/keycloak-rhel9",
];

/// Variables of older servers that mean an option of today.
const OLD_NAMES: [(&str, &str); 4] = [
    ("KEYCLOAK_ADMIN", "bootstrap-admin-username"),
    ("KEYCLOAK_ADMIN_PASSWORD", "bootstrap-admin-password"),
    ("KEYCLOAK_PASSWORD", "bootstrap-admin-password"),
    ("KEYCLOAK_USER", "bootstrap-admin-username"),
];

/// Words of a command line that take no value.
const FLAGS: [&str; 6] = ["help", "help-all", "import-realm", "optimized", "verbose", "debug"];

impl ServerOptions {
    /// The options of the service's Keycloak container; none when no container looks like one.
    pub fn of(service: &Service) -> Option<Self> {
        (0..)
            .zip(&service.containers)
            .filter(|(_, container)| !container.init)
            .map(|(index, container)| ServerOptions::of_container(index, container))
            .filter(|options| options.signs() > 0)
            .max_by_key(|options| (options.signs(), std::cmp::Reverse(options.container)))
    }

    fn of_container(index: usize, container: &Container) -> Self {
        let mut options = ServerOptions {
            container: index,
            settings: Vec::new(),
            mode: None,
            optimized: None,
            image: None,
            stock_image: false,
            image_version: None,
        };
        options.read_image(container);
        let words: Vec<Word> =
            container.command.iter().chain(&container.args).flat_map(split_shell).collect();
        options.read_words(&words, Origin::Argument);
        for secret in container.secret_args.iter().filter(|secret| secret.well_known) {
            for setting in options.settings.iter_mut().filter(|setting| setting.at == secret.at) {
                setting.well_known = true;
            }
        }
        options.read_variables(container);
        options
    }

    fn signs(&self) -> usize {
        let image = self.image.as_ref().and_then(|image| image.value.as_deref()).is_some_and(|image| {
            image
                .split('@')
                .next()
                .unwrap_or(image)
                .rsplit('/')
                .next()
                .is_some_and(|name| name.contains("keycloak"))
        });
        let known =
            self.settings.iter().filter(|setting| option_names::find(&setting.name).is_some()).count();
        let runs = matches!(&self.mode, Some((_, Origin::Argument, _))) && known > 0;
        let of_settings = if known >= 2 || runs { known } else { 0 };
        usize::from(image) + usize::from(self.stock_image) + of_settings
    }

    fn read_image(&mut self, container: &Container) {
        let Some(image) = container.image.as_ref().and_then(|image| image.text()) else { return };
        self.image =
            Some(Evidence::cloud_run(container.at.key("image"), Some(image.to_owned()), "the image"));
        let without_digest = image.split('@').next().unwrap_or(image);
        let (path, tag) = match without_digest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (without_digest, None),
        };
        self.stock_image = STOCK_IMAGES.contains(&path);
        let is_named_so = path.rsplit('/').next() == Some("keycloak");
        self.image_version = tag
            .filter(|_| self.stock_image || is_named_so)
            .and_then(|tag| tag.parse::<Version>().ok())
            .filter(|version| (17..100).contains(&version.major()));
    }

    fn read_words(&mut self, words: &[Word], origin: Origin) {
        let mut rest = words.iter().peekable();
        while let Some(word) = rest.next() {
            let Known::Value(text) = &word.text else { continue };
            let evidence =
                |label: &str| Evidence::cloud_run(word.at.clone(), Some(word.whole.clone()), label);
            let mode = match text.as_str() {
                "start" => Some(StartMode::Production),
                "start-dev" => Some(StartMode::Development),
                _ => None,
            };
            if let Some(mode) = mode {
                if self.mode.is_none() {
                    self.mode = Some((mode, origin, evidence("the start command")));
                }
                continue;
            }
            if text == "--optimized" {
                self.optimized = Some(evidence("the server is not built again at the start"));
            }
            let Some(option) = text.strip_prefix("--") else { continue };
            if FLAGS.contains(&option) {
                continue;
            }
            let (name, value, at) = match option.split_once('=') {
                Some((name, value)) => (name, Known::Value(value.to_owned()), word.at.clone()),
                None => {
                    match rest.next_if(|next| !next.text.text().is_some_and(|text| text.starts_with('-'))) {
                        Some(value) => (option, value.text.clone(), value.at.clone()),
                        None => (option, Known::Value(String::new()), word.at.clone()),
                    }
                }
            };
            let written = format!("--{name}");
            self.settings.push(Setting {
                name: name.to_owned(),
                written,
                value,
                origin,
                well_known: false,
                at,
            });
        }
    }

    fn read_variables(&mut self, container: &Container) {
        for variable in &container.env {
            let Some(name) = variable.name.text() else { continue };
            let old = OLD_NAMES.iter().find(|(old, _)| *old == name).map(|(_, option)| (*option).to_owned());
            let Some(option) = option_names::of_variable(name).or(old) else {
                self.read_handed(name, variable);
                continue;
            };
            let (value, well_known) = match &variable.value {
                EnvValue::Literal(value) => {
                    let well_known = value.text().is_some_and(is_well_known);
                    (value.clone(), well_known)
                }
                EnvValue::SecretReference { .. } => (Known::unknown("it is kept in Secret Manager"), false),
                EnvValue::PlainSecret { tag, well_known, .. } => (Known::Secret(*tag), *well_known),
            };
            let at = variable.at.clone();
            let (written, origin) = (name.to_owned(), Origin::Variable);
            self.settings.push(Setting { name: option, written, value, origin, well_known, at });
        }
    }

    fn read_handed(&mut self, name: &str, variable: &crate::cloud_run::model::EnvVar) {
        let EnvValue::Literal(Known::Value(text)) = &variable.value else { return };
        let first = text.split_whitespace().next().unwrap_or_default();
        let names_option = first
            .strip_prefix("--")
            .and_then(|option| option.split('=').next())
            .is_some_and(|option| option_names::find(option).is_some());
        if !names_option && first != "start-dev" {
            return;
        }
        let words: Vec<Word> = text
            .split_whitespace()
            .map(|word| Word {
                text: Known::Value(word.to_owned()),
                whole: text.clone(),
                at: variable.at.clone(),
            })
            .collect();
        let from = self.settings.len();
        self.read_words(&words, Origin::Handed);
        for setting in &mut self.settings[from..] {
            setting.written = name.to_owned();
        }
    }

    /// Why an option that is not set may be set all the same, as a clause; none when what is not set is not set.
    pub fn why_hidden(&self) -> Option<&'static str> {
        let starts_here = matches!(&self.mode, Some((_, Origin::Argument, _)));
        (!self.stock_image && !starts_here)
            .then_some("the image may set it itself, and its Dockerfile was not read")
    }

    /// The setting in force of an option: an argument before a variable before one that is handed on; of equals the last.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().rev().filter(|setting| setting.name == name).min_by_key(|setting| setting.origin)
    }

    /// The value of an option, where it is known, not empty, and certain to reach the server.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .filter(|setting| setting.origin != Origin::Handed)
            .and_then(|setting| setting.value.text())
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// Whether an option is set to `true`.
    pub fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether an option is set to `false`.
    pub fn is_off(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("false"))
    }

    /// Whether an option is stated and empty, which the server takes for not set.
    pub fn is_stated_empty(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|setting| setting.value.text().is_some_and(|value| value.trim().is_empty()))
    }

    /// Whether an option is set to something that is not known, and why.
    pub fn why_unknown(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|setting| setting.value.why_unknown())
    }

    /// Whether the document states that the server runs by `start-dev`.
    pub fn is_development(&self) -> bool {
        matches!(&self.mode, Some((StartMode::Development, _, _)))
    }

    /// The lowest version that can read the options of the service, where some of them came with a later one.
    pub fn version_floor(&self) -> Option<Version> {
        self.settings
            .iter()
            .filter(|setting| setting.origin != Origin::Handed && !setting.written.starts_with("KEYCLOAK_"))
            .filter_map(|setting| option_names::find(&setting.name))
            .map(|option| option.since)
            .max()
            .filter(|since| *since > Version::new(17, 0, 0))
    }

    /// The options that an issuer depends on; those that are unknown or merely handed on count as not set.
    pub fn issuer_options(&self) -> IssuerOptions {
        let mut options = IssuerOptions { development: self.is_development(), ..IssuerOptions::default() };
        let names = [
            "hostname",
            "hostname-admin",
            "hostname-backchannel-dynamic",
            "hostname-path",
            "hostname-port",
            "hostname-strict",
            "hostname-strict-https",
            "hostname-url",
            "http-relative-path",
            "proxy",
            "proxy-headers",
        ];
        for name in names {
            if let Some(value) = self.text(name) {
                options.set(name, value);
            }
        }
        options
    }

    /// Which headers of the proxy the server believes, where the service says it.
    pub fn proxy_headers(&self) -> Option<ProxyHeaders> {
        self.text("proxy-headers").map(|_| self.issuer_options().proxy_headers)
    }
}

impl Setting {
    /// The setting as evidence; a secret and an unknown value are not shown.
    pub fn evidence(&self, label: impl Into<String>) -> Evidence {
        let value = self.value.text().map(|value| match self.origin {
            Origin::Handed => format!("--{}={value}", self.name),
            Origin::Argument | Origin::Variable => value.to_owned(),
        });
        Evidence::cloud_run(self.at.clone(), value, label)
    }
}

struct Word {
    text: Known<String>,
    whole: String,
    at: Locus,
}

// A word that holds a whole command line, as in `sh -c "kc.sh start --hostname=…"`, gives its words.
fn split_shell((word, at): &(Known<String>, Locus)) -> Vec<Word> {
    let single = |text: Known<String>, whole: &str| Word { text, whole: whole.to_owned(), at: at.clone() };
    match word {
        Known::Value(text)
            if text.contains(char::is_whitespace) && (text.contains("kc.sh") || text.contains("start")) =>
        {
            text.split_whitespace()
                .map(|piece| {
                    let piece = piece.trim_matches(['"', '\'', ';']);
                    single(Known::Value(piece.to_owned()), piece)
                })
                .collect()
        }
        Known::Value(text) => vec![single(Known::Value(text.clone()), text)],
        other => vec![single(other.clone(), "")],
    }
}
