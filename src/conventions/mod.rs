//! Which setting of which framework means issuer, audience, client id, callback.
//!
//! The knowledge stands in the files of `conventions/`, one for each framework, and is part of the program. [`understand`] looks
//! at one container: it recognises the frameworks by the image and by names that are a framework's own, reads each setting as
//! its framework does, falls back to names that many applications use and to the endings of vendor-prefixed names, and puts
//! together what the container expects: issuers, clients, audiences, redirect URIs. It does no input or output.

mod audience;
mod blob;
mod callback;
mod catalogue;
mod embedded;
mod expect;
mod families;
mod framework;
mod generic;
mod generic_file;
mod hash;
mod identify;
mod images;
mod interpret;
mod keycloak_server;
mod reading;
mod redirect;
mod role;
mod setting;
mod shield;
mod special;
mod template;
mod uses;
mod view;

pub mod arguments;
pub mod value;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod pairs;

pub use callback::{
    CallbackConvention, CallbackPurpose, CallbackVariable, Pin, PinKind, RedirectConvention,
    RedirectOtherwise,
};
pub use framework::{
    AudienceCheck, AudienceConvention, FlagNames, FlagStyle, Framework, FrameworkId, FrameworkKind, Identify,
    IssuerComparison, IssuerConvention, IssuerForm, Names, Source,
};
pub use keycloak_server::keycloak_option;
pub use reading::{
    AudienceExpectation, AudienceUnchecked, Certainty, ClientExpectation, ExpectedRedirect, FormMismatch,
    Held, Identified, IgnoredSetting, IssuerBasis, IssuerExpectation, KeycloakServer, Reading, RedirectHost,
    TokenKind, Understanding, Use, UseFound,
};
pub use role::Role;
pub use setting::{
    BlobField, BlobFormat, IgnoredConvention, ListFormat, SettingConvention, SettingKind, Verified,
};
pub use shield::{Shielded, shield};
pub use view::{ContainerView, SettingSource, SettingView, ValueView};

/// What the settings of a container mean, and what it expects of Keycloak.
pub fn understand(view: &ContainerView<'_>) -> Understanding {
    let keycloak = keycloak_server::keycloak_server(view);
    if keycloak.is_some() {
        // The server's own options are no client's settings.
        return Understanding {
            readings: keycloak_server::administrators(view),
            keycloak,
            ..Understanding::default()
        };
    }
    let candidates = identify::candidates(view);
    let guesses: Vec<_> = view.settings.iter().map(generic::guess).collect();
    let frameworks = identify::identify(view, &candidates, &guesses);
    let interpreted = interpret::interpret(view, &candidates, guesses, &frameworks);
    let mut understanding = Understanding {
        frameworks,
        readings: interpreted.readings,
        ignored: interpreted.ignored,
        ..Understanding::default()
    };
    expect::expect(&mut understanding);
    understanding.redirects = redirect::redirects(&understanding);
    understanding.uses = uses::uses(&understanding, view.image);
    understanding
}

/// Every framework, ordered by id.
pub fn frameworks() -> impl Iterator<Item = &'static Framework> {
    catalogue::catalogue().frameworks.iter()
}

/// The framework with an id; `None` for [`FrameworkId::GENERIC`].
pub fn framework(id: FrameworkId) -> Option<&'static Framework> {
    catalogue::catalogue().by_id(id)
}
