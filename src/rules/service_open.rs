//! `service-open`: anyone may call a service that shows no sign of asking who it is.

use super::with_access::{ALL_ACCOUNTS, ALL_USERS, Access, is_called, is_on_the_internet};
use crate::conventions::{Certainty, Reading, Role, framework};
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::link::names::words;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::{Fact, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "service-open",
    severity: Severity::Warning,
    title: "Anyone may call a service that shows no sign of checking tokens or logging in",
    why: "A service whose invoker check is off, or that `allUsers` may invoke, gets every request of the internet. Most such services ask for a \
          token or a login themselves, and their settings show it: an issuer, a client, keys, a proxy that logs in. Where nothing of the \
          kind is set, whoever finds the URL gets what the service serves. `allAuthenticatedUsers` is no fence either: everybody can have an \
          account of Google's.\n\n\
          It is said only where a policy or a switch shows that the service is open, and beside a Keycloak that other services use. Services \
          that serve the program of a browser are meant to be open, and so is Keycloak.",
    remedy: "Let the service check tokens (issuer, audience and keys), put a proxy that logs people in before it, or let only those who need it invoke it.",
    references: &[
        "https://cloud.google.com/run/docs/authenticating/public",
        "https://cloud.google.com/run/docs/authenticating/end-users",
        "https://cloud.google.com/run/docs/securing/ingress",
    ],
    needs: &[Fact::Services, Fact::InvokerPolicy],
    check: Check::Service(check),
};

fn check(id: ServiceId, scene: &Scene<'_>) -> Vec<Verdict> {
    let service = scene.service(id);
    let access_matters = is_called(service)
        && is_on_the_internet(service)
        && !scene.reading(id).is_keycloak
        && has_keycloak(scene)
        && !asks_who_it_is(id, scene)
        && !is_meant_for_all(id, scene);
    if !access_matters {
        return Vec::new();
    }
    let access = Access::of(id, scene);
    if access.iap.is_some() || !service.invoker.iap_enabled.is_off() {
        return Vec::new();
    }
    judge(id, &access, scene).into_iter().collect()
}

fn judge(id: ServiceId, access: &Access, scene: &Scene<'_>) -> Option<Verdict> {
    let name = scene.name_service(id);
    let by_member = |member: &str| access.member(member).map(|member| member.evidence.clone());
    let (who, value, evidence) = if let Some(place) = &access.check_off {
        ("may be called by anyone, as Google's invoker check is off".to_owned(), None, place.clone())
    } else if let Some(place) = by_member(ALL_USERS) {
        (format!("may be called by anyone, as `{ALL_USERS}` may invoke it"), Some(ALL_USERS), place)
    } else if let Some(place) = by_member(ALL_ACCOUNTS) {
        let who = format!(
            "may be called by everybody with an account of Google's, as `{ALL_ACCOUNTS}` may invoke it"
        );
        (who, Some(ALL_ACCOUNTS), place)
    } else {
        // Files that tell nothing of policies are no reason to ask.
        let why = access.failed.as_ref()?;
        return Some(Verdict::Undecided(Undecided {
            reason: format!(
                "Whether anyone may call {name}, which shows no sign of checking tokens or logging in, is not known. {why}"
            ),
            remedy: None,
            evidence: vec![scene.service_itself(id, "may be called by anyone or not")],
        }));
    };
    let mut places: Vec<Evidence> = vec![evidence];
    places.push(scene.service_itself(id, "none of its settings names an issuer, a client or keys"));
    Some(Verdict::Wrong(Case {
        severity: None,
        message: format!(
            "{} {who}, and none of its settings shows that it checks tokens or logs people in: whoever finds its URL gets what it serves.",
            capitalized(&name)
        ),
        remedy: None,
        evidence: places,
        value: value.map(str::to_owned),
        fix: None,
    }))
}

/// Whether anything that was read is about a Keycloak, so that tokens are what services should ask for.
fn has_keycloak(scene: &Scene<'_>) -> bool {
    !scene.snapshot.realms.is_empty()
        || scene.links.services.iter().any(|reading| reading.is_keycloak || !reading.issuers.is_empty())
}

/// Whether anything speaks for it that a service checks tokens or logs people in, with Keycloak or without.
fn asks_who_it_is(id: ServiceId, scene: &Scene<'_>) -> bool {
    let reading = scene.reading(id);
    let is_a_candidate = scene.links.ambiguities.iter().any(|open| open.service == id);
    let by_settings = || {
        reading.containers.iter().any(|container| {
            let understanding = &container.understanding;
            let by_framework = understanding
                .frameworks
                .iter()
                .any(|found| found.certainty >= Certainty::Likely && framework(found.framework).is_some());
            by_framework
                || !understanding.ignored.is_empty()
                || understanding.readings.iter().any(is_about_callers)
                || container.settings.iter().any(|setting| speaks_of_callers(&setting.name))
        })
    };
    let by_image = || {
        let images =
            scene.service(id).containers.iter().filter_map(|container| container.image.as_ref()?.text());
        images.flat_map(words).any(|word| PROXIES.contains(&word.as_str()))
    };
    !scene.links_of_service(id).is_empty()
        || is_a_candidate
        || !reading.issuers.is_empty()
        || !reading.client_ids.is_empty()
        || !reading.unknown.is_empty()
        || by_settings()
        || by_image()
}

/// Words of an image's name that mean a proxy: what it asks for stands in a file of its own.
const PROXIES: [&str; 9] =
    ["proxy", "gateway", "envoy", "esp", "nginx", "traefik", "caddy", "pomerium", "kong"];

/// What a setting means that a service has only if it asks its callers who they are.
fn is_about_callers(reading: &Reading) -> bool {
    !matches!(
        reading.role,
        Role::BaseUrl
            | Role::BaseUrlInternal
            | Role::BaseHost
            | Role::BaseScheme
            | Role::AllowedOrigins
            | Role::ForwardedHeaders
            | Role::TrustHost
            | Role::TlsRelax
            | Role::Other
    )
}

/// Words of a setting's name that speak of callers and what they show.
const CALLERS: [&str; 30] = [
    "auth",
    "authn",
    "authz",
    "authentication",
    "authorization",
    "oauth",
    "oauth2",
    "oidc",
    "openid",
    "sso",
    "saml",
    "jwt",
    "jwks",
    "token",
    "tokens",
    "session",
    "sessions",
    "cookie",
    "login",
    "issuer",
    "audience",
    "idp",
    "apikey",
    "keycloak",
    "auth0",
    "okta",
    "cognito",
    "clerk",
    "firebase",
    "supabase",
];

fn speaks_of_callers(name: &str) -> bool {
    let words = words(name);
    let is_api_key = words.windows(2).any(|pair| pair[0] == "api" && matches!(&*pair[1], "key" | "keys"));
    let is_signed = words.iter().any(|word| matches!(&**word, "webhook" | "hmac" | "signing" | "signature"));
    is_api_key || is_signed || words.iter().any(|word| CALLERS.contains(&word.as_str()))
}

/// Words of a name that mean what everybody may see: pages, and the program of a browser.
const FOR_ALL: [&str; 16] = [
    "frontend", "front", "spa", "ui", "webapp", "website", "site", "www", "landing", "static", "docs",
    "angular", "react", "vue", "svelte", "hello",
];

/// Whether a service's name or image says that it serves pages, or that it is Google's sample that waits for the first release.
fn is_meant_for_all(id: ServiceId, scene: &Scene<'_>) -> bool {
    let service = scene.service(id);
    let images = service.containers.iter().filter_map(|container| container.image.as_ref()?.text());
    let last = images.filter_map(|image| image.split('@').next()?.rsplit('/').next());
    last.chain(service.name.text()).flat_map(words).any(|word| FOR_ALL.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use crate::known::Known;
    use crate::testing::{Said, Stage, service_yaml};

    const REALM: &str = r#"{"realm": "shop", "clients": []}"#;
    const OFF: &str = "run.googleapis.com/invoker-iam-disabled: 'true'";

    fn stage(name: &str, annotations: &[&str], env: &[(&str, &str)]) -> Stage {
        let lines: String = annotations.iter().map(|line| format!("    {line}\n")).collect();
        let mut yaml =
            service_yaml(name, env).replace("  labels:", &format!("  annotations:\n{lines}  labels:"));
        if annotations.is_empty() {
            yaml = service_yaml(name, env);
        }
        Stage::new().realm("shop.json", REALM).service("api.yaml", &yaml)
    }

    fn judge(annotations: &[&str], env: &[(&str, &str)]) -> Said {
        stage("orders", annotations, env).judge("service-open")
    }

    const DB: (&str, &str) = ("DB_HOST", "10.0.0.3");

    #[test]
    fn an_open_service_without_a_sign_is_found() {
        let said = judge(&[OFF], &[DB]);
        assert_eq!(
            said.wrong,
            [
                "warning service orders: Service `orders` may be called by anyone, as Google's invoker check is off, and none of its settings shows that it checks tokens or logs people in: whoever finds its URL gets what it serves."
            ]
        );
        assert_eq!(
            said.places,
            [
                "api.yaml metadata.annotations[\"run.googleapis.com/invoker-iam-disabled\"] = true (turns Google's invoker check off)",
                "api.yaml metadata.name = orders (none of its settings names an issuer, a client or keys)",
            ]
        );
    }

    #[test]
    fn members_open_it_too() {
        for (member, is_open) in [
            ("allUsers", true),
            ("allAuthenticatedUsers", true),
            ("serviceAccount:x@shop.iam.gserviceaccount.com", false),
        ] {
            let mut stage = stage("orders", &[], &[DB]);
            let service = &mut stage.snapshot.services[0];
            let at = service.at.key("members");
            service.invoker.members.push((Known::Value(member.to_owned()), at));
            assert_eq!(stage.judge("service-open").wrong.len(), usize::from(is_open), "{member}");
        }
    }

    #[test]
    fn plain_files_are_not_asked() {
        assert!(judge(&[], &[DB]).is_nothing());
    }

    #[test]
    fn fences_and_signs_are_fine() {
        for fence in ["run.googleapis.com/ingress: internal", "run.googleapis.com/iap-enabled: 'true'"] {
            assert!(judge(&[OFF, fence], &[DB]).is_nothing(), "{fence}");
        }
        for sign in [
            ("OIDC_ISSUER", "https://sso.example.com/realms/shop"),
            ("KEYCLOAK_URL", "${KEYCLOAK_URL}"),
            ("AUTH0_DOMAIN", "shop.eu.auth0.com"),
            ("API_KEY", "x"),
            ("SESSION_SECRET", "x"),
            ("WEBHOOK_SECRET", "x"),
        ] {
            assert!(judge(&[OFF], &[sign]).is_nothing(), "{sign:?}");
        }
        assert!(stage("shop-frontend", &[OFF], &[DB]).judge("service-open").is_nothing());
    }

    #[test]
    fn keycloak_itself_and_an_audit_without_one_are_left_alone() {
        let keycloak = crate::rules::with_keycloak::testing::keycloak_yaml(
            "quay.io/keycloak/keycloak:26.3",
            &["start"],
            &[],
        );
        let mut stage = Stage::new().realm("shop.json", REALM).service("keycloak.yaml", &keycloak);
        stage.snapshot.services[0].invoker.check_disabled = Known::Value(true);
        assert!(stage.judge("service-open").is_nothing());
        let mut alone = Stage::new().service("api.yaml", &service_yaml("orders", &[DB]));
        alone.snapshot.services[0].invoker.check_disabled = Known::Value(true);
        assert!(alone.judge("service-open").is_nothing());
    }

    #[test]
    fn a_policy_that_could_not_be_read_is_undecided() {
        let mut stage = stage("orders", &[], &[DB]);
        let at = stage.snapshot.services[0].at.clone();
        stage.snapshot.parts[at.part.0 as usize].missing.push(crate::snapshot::Missing {
            fact: crate::snapshot::Fact::InvokerPolicy,
            why: "Google answered 403 to the question who may invoke it.".to_owned(),
            at: None,
        });
        let said = stage.judge("service-open");
        assert!(said.wrong.is_empty() && said.undecided[0].contains("Google answered 403"), "{said:?}");
    }
}
