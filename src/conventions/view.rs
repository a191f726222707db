//! What is looked at: a container's settings, free of where they were read.

/// A container as conventions see it.
#[derive(Debug, Clone, Default)]
pub struct ContainerView<'a> {
    /// The image, as written.
    pub image: Option<&'a str>,
    /// Environment variables and parsed arguments, in the document's order.
    pub settings: Vec<SettingView<'a>>,
    /// Words of command and arguments that are no flags (`start-dev`), as [`arguments`](super::arguments::arguments) finds them.
    pub words: Vec<&'a str>,
}

/// One setting of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingView<'a> {
    /// Its name as written; flags with their dashes.
    pub name: &'a str,
    /// Whether it is an environment variable or a flag.
    pub source: SettingSource,
    /// What it is set to.
    pub value: ValueView<'a>,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingSource {
    /// An environment variable.
    Env,
    /// A flag among the arguments.
    Flag,
}

/// What a setting is set to, as far as it may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueView<'a> {
    /// A text.
    Plain(&'a str),
    /// A plain text that was taken for a secret, so that nobody sees it any more.
    Secret,
    /// A version of a secret in Secret Manager.
    SecretReference {
        /// The secret's name as written.
        secret: &'a str,
    },
    /// Something is set, but not known what.
    Unknown,
}

impl<'a> ContainerView<'a> {
    /// A container with an image and environment variables of plain text.
    pub fn of_env(image: Option<&'a str>, env: &[(&'a str, &'a str)]) -> Self {
        let settings = env
            .iter()
            .map(|&(name, value)| SettingView {
                name,
                source: SettingSource::Env,
                value: ValueView::Plain(value),
            })
            .collect();
        ContainerView { image, settings, words: Vec::new() }
    }
}
