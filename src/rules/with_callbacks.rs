//! Where a service takes browsers back after a login, and whether its client lets it. For the rules about missing and closed entries.

use crate::cloud_run::model::{ServiceUrl, UrlForm, UrlSource};
use crate::conventions::{CallbackPurpose, ExpectedRedirect, RedirectHost};
use crate::finding::Evidence;
use crate::link::Link;
use crate::scene::Scene;

/// A redirect URI that the settings of a service pin.
#[derive(Debug)]
pub(super) struct Pinned {
    /// The whole URIs of which the service uses one; several when the path depends on what is not visible.
    pub(super) uris: Vec<String>,
    /// The settings that pin it.
    pub(super) evidence: Vec<Evidence>,
    /// Their names in backquotes: "`NEXTAUTH_URL`".
    pub(super) settings: String,
}

/// What the settings of a service tell about its callbacks.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    /// The redirect URIs that settings pin.
    pub(super) pinned: Vec<Pinned>,
    /// Why a pinned one is not known, as clauses, each with its settings.
    pub(super) unknown: Vec<(String, Vec<Evidence>)>,
    /// The callback paths on whatever host the user came by; empty when the application's code decides.
    pub(super) paths: Vec<String>,
}

/// What the settings of the link's service tell about callbacks for one purpose.
pub(super) fn callbacks(link: &Link, scene: &Scene<'_>, purpose: CallbackPurpose) -> Callbacks {
    let mut callbacks = Callbacks::default();
    for (container, reading) in scene.reading(link.service).containers.iter().enumerate() {
        for redirect in reading.understanding.redirects.iter().filter(|redirect| redirect.purpose == purpose)
        {
            add(&mut callbacks, redirect, container, link, scene);
        }
    }
    if purpose == CallbackPurpose::Login && !link.callback_paths.is_empty() {
        callbacks.paths.clone_from(&link.callback_paths);
    }
    callbacks.paths.sort_unstable();
    callbacks.paths.dedup();
    callbacks
}

fn add(
    callbacks: &mut Callbacks,
    redirect: &ExpectedRedirect,
    container: usize,
    link: &Link,
    scene: &Scene<'_>,
) {
    let evidence = |label: &str| -> Vec<Evidence> {
        redirect
            .settings
            .iter()
            .map(|setting| scene.setting(link.service, container, *setting, label))
            .collect()
    };
    let names = || {
        let names =
            redirect.settings.iter().map(|setting| scene.setting_name(link.service, container, *setting));
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
    };
    match &redirect.host {
        RedirectHost::Pinned(base) => {
            let mut uris = redirect.pinned_uris();
            if !link.callback_paths.is_empty() && redirect.purpose == CallbackPurpose::Login {
                let base = base.trim_end_matches('/');
                uris = link.callback_paths.iter().map(|path| format!("{base}{path}")).collect();
            }
            if uris.is_empty() {
                // The host is pinned, but not the path: judged as a host that the user came by.
                return;
            }
            callbacks.pinned.push(Pinned {
                uris,
                evidence: evidence("the setting that pins it"),
                settings: names(),
            });
        }
        RedirectHost::Unknown(why) => {
            let places = &scene.reading(link.service).containers[container].settings;
            let own = redirect.settings.iter().find_map(|setting| places.get(*setting)?.unknown.clone());
            callbacks.unknown.push((
                own.unwrap_or_else(|| why.clone()),
                evidence("the setting that pins it, whose value is not known"),
            ));
        }
        RedirectHost::Request | RedirectHost::Application => {
            callbacks.paths.extend(redirect.paths.iter().cloned())
        }
    }
}

/// Whether browsers of users reach the service at this URL, as far as ingress decides it: internal services answer on custom domains
/// only, through a load balancer.
pub(super) fn is_public(url: &ServiceUrl, link: &Link, scene: &Scene<'_>) -> bool {
    use crate::cloud_run::model::Ingress as I;
    url.form == UrlForm::Custom
        || !matches!(
            scene.service(link.service).ingress.value(),
            Some(I::Internal | I::InternalAndLoadBalancer | I::None)
        )
}

/// How a URL is known and what it is, as a label of evidence.
pub(super) fn label_of(url: &ServiceUrl) -> String {
    let form = match &url.form {
        UrlForm::Deterministic => "a URL of the service with the project number",
        UrlForm::Hash => "a URL of the service with the project's hash",
        UrlForm::Tagged(_) => "a tagged URL of the service",
        UrlForm::Custom => "a custom domain of the service",
    };
    let source = match url.source {
        UrlSource::Stated => "",
        UrlSource::Derived => ", made of its name, project number and region",
        UrlSource::Configured => ", from the configuration",
        UrlSource::Clue => ", made of what other hosts reveal of the project",
    };
    format!("{form}{source}")
}
