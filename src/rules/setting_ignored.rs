//! `setting-ignored`: a setting that its framework does not read.

use super::with_issuers::{containers, evidence_of};
use crate::conventions::{IgnoredSetting, Role};
use crate::finding::{Case, Severity, Verdict};
use crate::link::ContainerReading;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "setting-ignored",
    severity: Severity::Warning,
    title: "A setting about logins or tokens is not read",
    why: "Some names look right and are read by nobody: `Authentication__Schemes__Bearer__Audience` (ASP.NET Core binds \
          `ValidAudience`), Spring names with an underscore too many, a plural that is missing. The framework goes on with its \
          default. For an audience the default is mostly no check at all, so that any token of the realm gets in.\n\n\
          Options of Keycloak itself that servers ignore are for `keycloak-option-ignored`.",
    remedy: "Use the name that the framework reads.",
    references: &[
        "https://github.com/dotnet/aspnetcore/blob/main/src/Security/Authentication/JwtBearer/src/JwtBearerConfigureOptions.cs",
        "https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.typesafe-configuration-properties.relaxed-binding.environment-variables",
    ],
    needs: &[Fact::Services],
    check: Check::Service(check),
};

fn check(service: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    containers(service, scene)
        .flat_map(|(container, reading)| {
            reading
                .understanding
                .ignored
                .iter()
                .map(move |ignored| wrong(service, container, reading, ignored, scene))
        })
        .collect()
}

fn wrong(
    service: ServiceId,
    container: usize,
    reading: &ContainerReading,
    ignored: &IgnoredSetting,
    scene: &Scene<'_>,
) -> Verdict {
    let name = scene.setting_name(service, container, ignored.setting);
    let right = ignored.right_name.as_deref();
    let right_is_set = right.and_then(|right| reading.settings.iter().position(|place| place.name == right));
    let consequence = match (right_is_set, ignored.intended) {
        (Some(_), _) => format!(" `{}` counts, which is set as well.", right.unwrap_or_default()),
        (None, Role::Audience) if reading.understanding.audience_unchecked.is_some() => {
            " So it checks no audience, and any token of the realm gets in.".to_owned()
        }
        (None, _) => " What it is meant for does not happen.".to_owned(),
    };
    let why = ignored.why.trim_end_matches('.');
    let mut evidence = evidence_of(service, container, &[ignored.setting], "is read by nobody", scene);
    if let Some(setting) = right_is_set {
        evidence.extend(evidence_of(service, container, &[setting], "is read", scene));
    }
    Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} sets `{name}` in vain: {}.{consequence}",
            capitalized(&scene.name_service(service)),
            why_as_clause(why),
        ),
        remedy: right.map(|right| match right_is_set {
            Some(_) => format!("Remove `{name}`."),
            None => format!("Set `{right}` instead."),
        }),
        evidence,
        value: Some(name.to_owned()),
        fix: None,
    })
}

/// The sentence as what follows a colon.
fn why_as_clause(why: &str) -> String {
    match why.strip_prefix("The ") {
        Some(rest) => format!("the {rest}"),
        None => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml_with};

    fn judge(image: &str, env: &[(&str, &str)]) -> Said {
        Stage::new().service("api.yaml", &service_yaml_with("api", image, env)).judge("setting-ignored")
    }

    const ASPNET: &str = "mcr.microsoft.com/dotnet/aspnet:9.0";
    const AUTHORITY: (&str, &str) =
        ("Authentication__Schemes__Bearer__Authority", "https://sso.example.com/realms/shop");

    #[test]
    fn an_audience_under_a_name_that_nobody_reads() {
        let found = judge(ASPNET, &[AUTHORITY, ("Authentication__Schemes__Bearer__Audience", "orders")]);
        assert_eq!(
            found.wrong,
            [
                "warning service api: Service `api` sets `Authentication__Schemes__Bearer__Audience` in vain: the \
              configuration binder of JwtBearer does not read a key named Audience. So it checks no audience, and any token of \
              the realm gets in."
            ]
        );
        assert_eq!(
            found.places,
            ["api.yaml spec.template.spec.containers[0].env[1].value = orders (is read by nobody)"]
        );
        assert_eq!(found.values, ["Authentication__Schemes__Bearer__Audience"]);
    }

    #[test]
    fn the_name_that_counts_is_fine() {
        let right = ("Authentication__Schemes__Bearer__ValidAudience", "orders");
        assert!(judge(ASPNET, &[AUTHORITY, right]).is_nothing());
        let both = judge(ASPNET, &[AUTHORITY, right, ("Authentication__Schemes__Bearer__Audience", "x")]);
        assert!(
            both.wrong[0]
                .ends_with("`Authentication__Schemes__Bearer__ValidAudience` counts, which is set as well."),
            "{both:?}"
        );
    }

    #[test]
    fn wrong_underscores() {
        let found = judge(
            "gcr.io/shop/spring-api",
            &[(
                "SPRING_SECURITY_OAUTH2_RESOURCE_SERVER_JWT_ISSUER_URI",
                "https://sso.example.com/realms/shop",
            )],
        );
        assert_eq!(found.wrong.len(), 1, "{found:?}");
        assert!(
            found.wrong[0].contains("is another name to it. What it is meant for does not happen."),
            "{found:?}"
        );
    }

    #[test]
    fn options_of_keycloak_are_another_rules() {
        let found = judge(
            "quay.io/keycloak/keycloak:26.3",
            &[("KC_HOSTNAME_STRICT_HTTPS", "false"), ("KC_PROXY", "edge")],
        );
        assert!(found.is_nothing(), "{found:?}");
    }
}
