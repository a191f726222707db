//! `secret-in-plain-env`: a client secret or a password of Keycloak's administrators stands as plain text in a setting.

use std::collections::BTreeMap;

use super::with_clients::is_of_a_store;
use crate::cloud_run::masking::MASK;
use crate::cloud_run::model::{Container, Dialect, EnvValue, Workload};
use crate::cloud_run::secret_names::is_no_secret;
use crate::conventions::{ContainerView, Role, SettingSource, SettingView, ValueView, understand};
use crate::finding::{Case, Evidence, Severity, Subject, Verdict};
use crate::fix::Fix;
use crate::keycloak::model::{ClientField, ClientSecret};
use crate::known::{Known, Tag};
use crate::link::{ContainerReading, NamedClient};
use crate::locus::Locus;
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::secrets::looks_masked;
use crate::shell;
use crate::snapshot::{ClientId, Fact, PartKind, Place, ServiceId};
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "secret-in-plain-env",
    severity: Severity::Error,
    title: "A client secret or an administrator's password of Keycloak stands as plain text in a setting",
    why: "Everybody with the right to view a Cloud Run service sees its environment variables and arguments, and every revision keeps \
          them. So do the files that deploy it, and their history.\n\n\
          With a client's secret one gets tokens as the client; with a password of Keycloak's administrators one takes the realms over. \
          A reference to Secret Manager shows only the name of the secret, and its readers are on record.\n\n\
          Placeholders are no secrets. A variable of a GitHub repository (`${{ vars.X }}`) is one that everybody with access to the \
          repository can read, and it ends up as plain text.",
    remedy: "Keep the secret in Secret Manager, reference a version of it in the setting, and replace the secret, as the old one stays readable.",
    references: &[
        "https://cloud.google.com/run/docs/configuring/services/environment-variables",
        "https://cloud.google.com/run/docs/configuring/services/secrets",
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
    ],
    needs: &[Fact::Services, Fact::Jobs, Fact::WorkerPools],
    check: Check::Scene(check),
};

/// Of clients that have the same secret this many are shown.
const MOST_HOLDERS: usize = 3;

fn check(scene: &Scene<'_>) -> Vec<(Subject, Verdict)> {
    let found: Vec<(ServiceId, usize, Plain<'_>)> = scene
        .snapshot
        .services()
        .flat_map(|(id, service)| {
            let containers = service.containers.iter().zip(&scene.reading(id).containers).enumerate();
            containers.flat_map(move |(index, (container, of))| {
                plain_texts(container, of).into_iter().map(move |plain| (id, index, plain))
            })
        })
        .collect();
    let holders = Holders::of(&found, scene);
    found
        .iter()
        .filter_map(|(id, index, plain)| {
            let verdict = judge(*id, *index, plain, &holders, scene)?;
            Some((scene.subject_of_service(*id), verdict))
        })
        .collect()
}

/// A setting whose plain text is secret.
struct Plain<'s> {
    name: &'s str,
    at: &'s Locus,
    /// Stands for the text, where it was taken for a secret as a whole.
    tag: Option<Tag>,
    well_known: bool,
    /// Whether it is an argument.
    argument: bool,
    /// The variable of a GitHub repository that it is filled from.
    repository_variable: Option<&'s str>,
    role: Option<Role>,
    /// The position of the setting, where it is one of the container's reading.
    setting: Option<usize>,
}

fn plain_texts<'s>(container: &'s Container, of: &'s ContainerReading) -> Vec<Plain<'s>> {
    let mut found = Vec::new();
    for variable in &container.env {
        let Some(name) = variable.name.text() else { continue };
        let mut plain = Plain::new(name, &variable.at, of);
        match &variable.value {
            EnvValue::PlainSecret { tag, well_known, .. } => {
                (plain.tag, plain.well_known) = (Some(*tag), *well_known);
            }
            EnvValue::Literal(Known::Secret(tag)) => plain.tag = Some(*tag),
            EnvValue::Literal(Known::Value(text)) if plain.role.is_some() => {
                let is_secret = text.contains(MASK) || !(is_no_secret(text) || looks_masked(text));
                if !is_secret {
                    continue;
                }
            }
            EnvValue::Literal(Known::Unknown(why)) => match repository_variable(why) {
                Some(variable) => plain.repository_variable = Some(variable),
                None => continue,
            },
            EnvValue::Literal(Known::Value(_)) | EnvValue::SecretReference { .. } => continue,
        }
        found.push(plain);
    }
    for secret in &container.secret_args {
        let mut plain = Plain::new(&secret.name, &secret.at, of);
        (plain.tag, plain.well_known, plain.argument) = (Some(secret.tag), secret.well_known, true);
        plain.role = plain.role.or_else(|| role_of_name(&secret.name));
        found.push(plain);
    }
    found
}

impl<'s> Plain<'s> {
    fn new(name: &'s str, at: &'s Locus, of: &'s ContainerReading) -> Self {
        let reading = of.understanding.readings.iter().find(|reading| {
            matches!(reading.role, Role::ClientSecret | Role::AdminPassword)
                && of.settings.get(reading.setting).is_some_and(|place| place.name == name && place.at == *at)
        });
        Plain {
            name,
            at,
            tag: None,
            well_known: false,
            argument: false,
            repository_variable: None,
            role: reading.map(|reading| reading.role),
            setting: reading.map(|reading| reading.setting),
        }
    }
}

/// What a setting inside a shell's line means by its name.
fn role_of_name(name: &str) -> Option<Role> {
    let name = name.trim_start_matches('-').to_ascii_uppercase().replace(['-', '.'], "_");
    let setting = SettingView { name: &name, source: SettingSource::Env, value: ValueView::Secret };
    let understood = understand(&ContainerView { image: None, settings: vec![setting], words: Vec::new() });
    let mut roles = understood.readings.iter().map(|reading| reading.role);
    roles.find(|role| matches!(role, Role::ClientSecret | Role::AdminPassword))
}

/// The name of the repository variable in "`${{ vars.NAME }}` is a placeholder".
fn repository_variable(why: &str) -> Option<&str> {
    let inner = why.strip_prefix("`${{")?.split("}}").next()?.trim();
    inner
        .strip_prefix("vars.")
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// The clients that have the same secrets as settings; of each secret the first few.
struct Holders(BTreeMap<Tag, Vec<ClientId>>);

impl Holders {
    fn of(found: &[(ServiceId, usize, Plain<'_>)], scene: &Scene<'_>) -> Self {
        let mut by_tag: BTreeMap<Tag, Vec<ClientId>> =
            found.iter().filter_map(|(_, _, plain)| Some((plain.tag?, Vec::new()))).collect();
        if !by_tag.is_empty() {
            for (id, client) in scene.snapshot.clients() {
                if let ClientSecret::Held { tag, .. } = &client.secret
                    && let Some(clients) = by_tag.get_mut(tag)
                    && clients.len() < MOST_HOLDERS
                {
                    clients.push(id);
                }
            }
        }
        Holders(by_tag)
    }

    fn get(&self, plain: &Plain<'_>) -> &[ClientId] {
        plain.tag.and_then(|tag| self.0.get(&tag)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn judge(
    service: ServiceId,
    container: usize,
    plain: &Plain<'_>,
    holders: &Holders,
    scene: &Scene<'_>,
) -> Option<Verdict> {
    let same = holders.get(plain);
    let is_client_secret = match plain.role {
        Some(Role::AdminPassword) => false,
        Some(_) => true,
        // The same text in a realm file says what it is, unless many use it for anything.
        None => {
            let replace_me = |client: &ClientId| {
                matches!(scene.client(*client).secret, ClientSecret::Held { says_replace_me: true, .. })
            };
            if same.is_empty()
                || plain.well_known
                || is_of_a_store(plain.name)
                || same.first().is_some_and(replace_me)
            {
                return None;
            }
            true
        }
    };
    let client = is_client_secret.then(|| client_of(service, container, plain, same, scene)).flatten();
    let (what, harm) = describe(service, plain, is_client_secret, client, scene);
    let who = capitalized(&scene.name_service(service));
    let name = plain.name;
    let message = match plain.repository_variable {
        Some(variable) => format!(
            "{who} gets {what} in `{name}` from the repository variable `{variable}`, which is readable, and as plain text: whoever may look at the repository or the service can {harm}."
        ),
        None => format!(
            "{who} has {what} as plain text in `{name}`: whoever may look at the service or its files can {harm}."
        ),
    };
    let mut evidence = vec![Evidence::cloud_run(plain.at.clone(), None, "a secret in plain text")];
    if plain.repository_variable.is_some() {
        evidence[0].label = "filled from a variable that is no secret".to_owned();
    }
    // The client that the message names first.
    let shown = same
        .iter()
        .filter(|holder| Some(**holder) == client)
        .chain(same.iter().filter(|holder| Some(**holder) != client));
    for holder in shown.take(MOST_HOLDERS) {
        let label = format!("the same secret, of {}", scene.name_client(*holder));
        evidence.push(scene.client_field(*holder, ClientField::Secret, label));
    }
    Some(Verdict::Wrong(Case {
        severity: None,
        message,
        remedy: Some(remedy(service, plain, is_client_secret, scene)),
        evidence,
        value: Some(name.to_owned()),
        fix: Some(Box::new(fix(service, plain, client, is_client_secret, scene))),
    }))
}

/// What the secret is, and what one can do with it.
fn describe(
    service: ServiceId,
    plain: &Plain<'_>,
    is_client_secret: bool,
    client: Option<ClientId>,
    scene: &Scene<'_>,
) -> (String, &'static str) {
    if is_client_secret {
        let what = match client {
            Some(client) => format!("the secret of {}", scene.name_client(client)),
            None => "a client secret".to_owned(),
        };
        return (what, "get tokens as the client");
    }
    let is_server = scene.reading(service).is_keycloak;
    let is_client = plain.name.to_ascii_uppercase().contains("CLIENT");
    let what = match (is_server, is_client) {
        (true, false) => "the password of Keycloak's first administrator",
        (true, true) => "the secret of Keycloak's first administrator client",
        (false, _) => "the password of a Keycloak administrator",
    };
    (
        what.to_owned(),
        if is_server { "take the server over" } else { "do in Keycloak what that administrator may do" },
    )
}

/// The client whose secret it is: by the settings beside it, else by the equal secret of a client that the service talks through, else
/// by that of the only client that has it.
fn client_of(
    service: ServiceId,
    container: usize,
    plain: &Plain<'_>,
    same: &[ClientId],
    scene: &Scene<'_>,
) -> Option<ClientId> {
    let reading = scene.reading(service);
    let of = reading.containers.get(container)?;
    let expected = of
        .understanding
        .clients
        .iter()
        .filter(|found| plain.setting.is_some() && found.secret == plain.setting);
    let mut named = expected.filter_map(|found| {
        let place = of.settings.get(found.setting)?;
        let ids = reading.client_ids.iter();
        ids.filter(|id| {
            id.container == container && id.at == place.at && id.id.text() == found.client_id.as_deref()
        })
        .find_map(|id| match id.names {
            NamedClient::Client(client) => Some(client),
            _ => None,
        })
    });
    let linked = || {
        let mut clients = scene.links_of_service(service).iter().map(|link| link.client);
        clients.find(|client| match &scene.client(*client).secret {
            ClientSecret::Held { tag, .. } => plain.tag == Some(*tag),
            _ => false,
        })
    };
    let only = || match same {
        [only] => Some(*only),
        _ => None,
    };
    // Of several clients that share one secret setting, the one whose secret is equal.
    let first = named.next();
    match named.next() {
        None => first.or_else(linked).or_else(only),
        Some(_) => linked().or_else(only),
    }
}

/// The way to Secret Manager, command by command. The secret itself stands in none of them: it is typed where gcloud asks for it.
fn fix(
    service: ServiceId,
    plain: &Plain<'_>,
    client: Option<ClientId>,
    is_client_secret: bool,
    scene: &Scene<'_>,
) -> Fix {
    let (of, who) = (scene.service(service), scene.name_service(service));
    let name = plain.name;
    let title = format!("Move `{name}` of {who} to Secret Manager");
    let project = of.project.as_ref().and_then(|project| project.text());
    let in_project =
        project.map_or_else(String::new, |project| format!(" --project={}", shell::word(project)));
    let secret = secret_name(&of.display_name(), name);
    let renew = match client {
        _ if !is_client_secret => "Change the password: everybody who saw the old one still has it.".to_owned(),
        Some(client) => format!(
            "Give {} a new secret, when the service may be restarted: the old one stays readable in revisions and files.",
            scene.name_client(client)
        ),
        None => "Give the client a new secret, when the service may be restarted: the old one stays readable in revisions and files.".to_owned(),
    };
    let account = match of.service_account.as_ref().map(|account| account.text()) {
        Some(Some(account)) => shell::word(account),
        Some(None) => "SERVICE_ACCOUNT".to_owned(),
        None => match &of.project_number {
            Some(number) => format!("{number}-compute@developer.gserviceaccount.com"),
            None => "PROJECT_NUMBER-compute@developer.gserviceaccount.com".to_owned(),
        },
    };
    let steps = vec![
        format!(
            "Make the secret:\ngcloud secrets create {secret} --replication-policy=automatic{in_project}"
        ),
        renew,
        format!(
            "Store the new secret, without a line break at its end (paste it, then press Ctrl-D twice):\ngcloud secrets versions add {secret} --data-file=-{in_project}"
        ),
        format!(
            "Let the service read it:\ngcloud secrets add-iam-policy-binding {secret} --member=serviceAccount:{account} --role=roles/secretmanager.secretAccessor{in_project}"
        ),
        reference(service, plain, &secret, &in_project, scene),
    ];
    Fix::by_hand(title, steps)
}

/// A name for a secret: letters, digits, hyphens and underscores.
fn secret_name(service: &str, setting: &str) -> String {
    let setting = setting.trim_start_matches('-').to_ascii_lowercase();
    let text = format!("{service}-{setting}");
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

/// How the setting comes to name the secret: in the file where there is one, else by a command.
fn reference(
    service: ServiceId,
    plain: &Plain<'_>,
    secret: &str,
    in_project: &str,
    scene: &Scene<'_>,
) -> String {
    let of = scene.service(service);
    let name = plain.name;
    let part = scene.snapshot.part(plain.at.part);
    if plain.argument {
        return format!(
            "Hand it over in an environment variable or a file that comes from the secret `{secret}`, in place of `{name}` among the arguments."
        );
    }
    let path = part.place.path();
    if !matches!(part.place, Place::Live { .. }) && part.kind != PartKind::Answer {
        let quoted = serde_json::to_string(name).unwrap_or_default();
        let lines = match of.dialect {
            Dialect::Knative => format!(
                "- name: {quoted}\n  valueFrom:\n    secretKeyRef:\n      name: {secret}\n      key: '1'"
            ),
            Dialect::V2 => format!(
                "{{\"name\": {quoted}, \"valueSource\": {{\"secretKeyRef\": {{\"secret\": \"{secret}\", \"version\": \"1\"}}}}}}"
            ),
            Dialect::TerraformV2 => format!(
                "env {{\n  name = {quoted}\n  value_source {{\n    secret_key_ref {{\n      secret  = \"{secret}\"\n      version = \"1\"\n    }}\n  }}\n}}"
            ),
            Dialect::TerraformV1 => format!(
                "env {{\n  name = {quoted}\n  value_from {{\n    secret_key_ref {{\n      name = \"{secret}\"\n      key  = \"1\"\n    }}\n  }}\n}}"
            ),
            Dialect::Flags => format!("--set-secrets={}", shell::word(&format!("{name}={secret}:1"))),
        };
        let place = if matches!(of.dialect, Dialect::TerraformV1 | Dialect::TerraformV2) {
            "the .tf file of the service".to_owned()
        } else {
            format!("`{path}`")
        };
        return format!("Write this in {place} in place of the entry `{name}`:\n{lines}");
    }
    let kind = match of.workload {
        Workload::Service | Workload::Instance => "services",
        Workload::Job => "jobs",
        Workload::WorkerPool => "worker-pools",
    };
    let region = of.region.as_ref().and_then(|region| region.text());
    let in_region = region.map_or_else(String::new, |region| format!(" --region={}", shell::word(region)));
    format!(
        "Let the setting name it:\ngcloud run {kind} update {} --remove-env-vars={} --update-secrets={}{in_region}{in_project}",
        shell::word(&of.display_name()),
        shell::word(name),
        shell::word(&format!("{name}={secret}:1")),
    )
}

fn remedy(service: ServiceId, plain: &Plain<'_>, is_client_secret: bool, scene: &Scene<'_>) -> String {
    let name = plain.name;
    let reference = match scene.service(service).dialect {
        _ if plain.argument => {
            "hand it over in an environment variable or a file that comes from there".to_owned()
        }
        Dialect::Knative => format!("reference a version of it in `{name}` (`valueFrom.secretKeyRef`)"),
        Dialect::V2 => format!("reference a version of it in `{name}` (`valueSource.secretKeyRef`)"),
        Dialect::TerraformV2 => {
            format!("reference a version of it in `{name}` (`value_source.secret_key_ref`)")
        }
        Dialect::TerraformV1 => {
            format!("reference a version of it in `{name}` (`value_from.secret_key_ref`)")
        }
        Dialect::Flags => format!("reference a version of it with `--set-secrets={name}=SECRET:VERSION`"),
    };
    let replace = if is_client_secret { "give the client a new secret" } else { "change the password" };
    format!(
        "Keep it in Secret Manager, {reference}, and {replace}: the old one stays readable in revisions and in the history of the files."
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{Said, Stage, service_yaml, service_yaml_with};

    const REALM: &str = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"},
        "clients": [{"clientId": "web", "secret": "6Jq0e7cC1sAbd9"}, {"clientId": "jobs", "secret": "change-me-in-prod"}]}"#;
    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");

    fn judge(env: &[(&str, &str)]) -> Said {
        let said = Stage::new().service("web.yaml", &service_yaml("web", env)).judge("secret-in-plain-env");
        assert!(!format!("{said:?}").contains("s3cret"), "{said:?}");
        said
    }

    fn with_realm(env: &[(&str, &str)]) -> Said {
        let stage = Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("web", env));
        stage.judge("secret-in-plain-env")
    }

    fn with_arguments(image: &str, arguments: &str) -> Said {
        let yaml = service_yaml_with("web", image, &[ISSUER])
            .replace("        env:\n", &format!("        args: {arguments}\n        env:\n"));
        let said = Stage::new().service("web.yaml", &yaml).judge("secret-in-plain-env");
        assert!(!format!("{said:?}").contains("s3cret"), "{said:?}");
        said
    }

    #[test]
    fn a_client_secret_is_shown_on_both_sides() {
        let said = with_realm(&[ISSUER, ("OIDC_CLIENT_ID", "web"), ("OIDC_CLIENT_SECRET", "6Jq0e7cC1sAbd9")]);
        assert_eq!(
            said.wrong,
            [
                "error service web: Service `web` has the secret of client `web` of realm `shop` as plain text in `OIDC_CLIENT_SECRET`: whoever may look at the service or its files can get tokens as the client."
            ]
        );
        assert_eq!(
            said.places,
            [
                "web.yaml spec.template.spec.containers[0].env[2].value (a secret in plain text)",
                "shop.json clients[0].secret (the same secret, of client `web` of realm `shop`)",
            ]
        );
        assert_eq!(said.values, ["OIDC_CLIENT_SECRET"]);
        assert!(!format!("{said:?}").contains("6Jq0e7"));
    }

    #[test]
    fn one_side_is_enough() {
        let said = judge(&[ISSUER, ("OIDC_CLIENT_ID", "web"), ("OIDC_CLIENT_SECRET", "s3cret-of-web")]);
        assert_eq!(
            said.wrong,
            [
                "error service web: Service `web` has a client secret as plain text in `OIDC_CLIENT_SECRET`: whoever may look at the service or its files can get tokens as the client."
            ]
        );
    }

    #[test]
    fn an_equal_secret_tells_whatever_the_setting_is_called() {
        let said = with_realm(&[ISSUER, ("UPSTREAM_PASSWORD", "6Jq0e7cC1sAbd9")]);
        assert_eq!(said.wrong.len(), 1, "{said:?}");
        assert!(said.wrong[0].contains("the secret of client `web` of realm `shop`"), "{said:?}");
        // A text that is used for anything tells nothing, and databases have passwords of their own.
        assert!(with_realm(&[ISSUER, ("UPSTREAM_PASSWORD", "change-me-in-prod")]).is_nothing());
        assert!(with_realm(&[ISSUER, ("DB_PASSWORD", "6Jq0e7cC1sAbd9")]).is_nothing());
    }

    #[test]
    fn administrators_of_keycloak_are_meant_too() {
        let server = |name: &str| {
            let yaml = service_yaml_with(
                "keycloak",
                "quay.io/keycloak/keycloak:26.3",
                &[
                    ("KC_HOSTNAME", "https://sso.example.com"),
                    (name, "s3cret"),
                    ("KC_DB_PASSWORD", "s3cret-of-db"),
                ],
            );
            Stage::new().service("keycloak.yaml", &yaml).judge("secret-in-plain-env")
        };
        let said = server("KC_BOOTSTRAP_ADMIN_PASSWORD");
        assert_eq!(
            said.wrong,
            [
                "error service keycloak: Service `keycloak` has the password of Keycloak's first administrator as plain text in `KC_BOOTSTRAP_ADMIN_PASSWORD`: whoever may look at the service or its files can take the server over."
            ]
        );
        assert_eq!(server("KEYCLOAK_ADMIN_PASSWORD").values, ["KEYCLOAK_ADMIN_PASSWORD"]);
        assert_eq!(server("KC_BOOTSTRAP_ADMIN_CLIENT_SECRET").values, ["KC_BOOTSTRAP_ADMIN_CLIENT_SECRET"]);
        let other = judge(&[
            ("KC_BASE_URL", "https://sso.example.com"),
            ("KC_ADMIN_USER", "ops"),
            ("KC_ADMIN_PASSWORD", "s3cret"),
        ]);
        assert_eq!(
            other.wrong,
            [
                "error service web: Service `web` has the password of a Keycloak administrator as plain text in `KC_ADMIN_PASSWORD`: whoever may look at the service or its files can do in Keycloak what that administrator may do."
            ]
        );
    }

    #[test]
    fn a_variable_of_the_repository_ends_up_as_plain_text() {
        let base = ("KC_BASE_URL", "${{ vars.KC_BASE_URL }}");
        let said = judge(&[base, ("KC_ADMIN_PASSWORD", "${{ vars.KC_ADMIN_PASSWORD }}")]);
        assert_eq!(
            said.wrong,
            [
                "error service web: Service `web` gets the password of a Keycloak administrator in `KC_ADMIN_PASSWORD` from the repository variable `KC_ADMIN_PASSWORD`, which is readable, and as plain text: whoever may look at the repository or the service can do in Keycloak what that administrator may do."
            ]
        );
        assert!(judge(&[base, ("KC_ADMIN_PASSWORD", "${{ secrets.KC_ADMIN_PASSWORD }}")]).is_nothing());
    }

    #[test]
    fn what_is_no_secret_in_plain_text_is_fine() {
        for value in [
            "",
            "${SECRET}",
            "REPLACE_AT_RUNTIME",
            "**********",
            "none",
            "/secrets/web/secret",
            "projects/1/secrets/web/versions/2",
        ] {
            let env = [ISSUER, ("OIDC_CLIENT_ID", "web"), ("OIDC_CLIENT_SECRET", value)];
            assert!(judge(&env).is_nothing(), "{value}: {:?}", judge(&env));
        }
        let reference = service_yaml("web", &[ISSUER]).replace(
            "        env:\n",
            "        env:\n        - name: OIDC_CLIENT_SECRET\n          valueFrom:\n            secretKeyRef:\n              name: web\n              key: '1'\n",
        );
        assert!(Stage::new().service("web.yaml", &reference).judge("secret-in-plain-env").is_nothing());
    }

    #[test]
    fn other_secrets_are_not_its_business() {
        for name in [
            "DB_PASSWORD",
            "DATABASE_PASSWORD",
            "NEXTAUTH_SECRET",
            "OAUTH2_PROXY_COOKIE_SECRET",
            "GITHUB_TOKEN",
            "AUTH_GOOGLE_SECRET",
            "GOOGLE_CLIENT_SECRET",
            "STRIPE_API_KEY",
        ] {
            assert!(judge(&[ISSUER, (name, "s3cret-of-it")]).is_nothing(), "{name}");
        }
    }

    #[test]
    fn arguments_are_read_too() {
        let image = "quay.io/oauth2-proxy/oauth2-proxy:v7.9.0";
        let said = with_arguments(image, r#"["--client-id=web", "--client-secret=s3cret-of-web"]"#);
        assert_eq!(said.values, ["--client-secret"], "{said:?}");
        assert_eq!(
            said.places,
            ["web.yaml spec.template.spec.containers[0].args[1] (a secret in plain text)"]
        );
        let spaced = with_arguments(image, r#"["--client-id", "web", "--client-secret", "s3cret-of-web"]"#);
        assert_eq!(spaced.values, ["--client-secret"], "{spaced:?}");
        let shell = with_arguments(
            "europe-docker.pkg.dev/shop/images/app:1",
            r#"["-c", "OIDC_CLIENT_SECRET=s3cret-of-web DB_PASSWORD=s3cret exec app"]"#,
        );
        assert_eq!(shell.values, ["OIDC_CLIENT_SECRET"], "{shell:?}");
        assert!(with_arguments(image, r#"["--client-secret=${SECRET}"]"#).is_nothing());
        let keycloak = with_arguments(
            "quay.io/keycloak/keycloak:26.3",
            r#"["start", "--bootstrap-admin-password=s3cret", "--db-password=s3cret2"]"#,
        );
        assert_eq!(keycloak.values, ["--bootstrap-admin-password"], "{keycloak:?}");
    }

    #[test]
    fn json_with_a_secret_in_it_counts() {
        let value = r#"{"openid_connect":{"APPS":[{"provider_id":"keycloak","client_id":"web","secret":"s3cret-of-web","settings":{"server_url":"https://sso.example.com/realms/shop"}}]}}"#;
        let yaml = service_yaml_with(
            "web",
            "ghcr.io/paperless-ngx/paperless-ngx:2",
            &[("PAPERLESS_SOCIALACCOUNT_PROVIDERS", value)],
        );
        let said = Stage::new().service("web.yaml", &yaml).judge("secret-in-plain-env");
        assert_eq!(said.values, ["PAPERLESS_SOCIALACCOUNT_PROVIDERS"], "{said:?}");
        assert!(!format!("{said:?}").contains("s3cret"));
    }

    #[test]
    fn the_way_to_secret_manager_holds_no_secret() {
        let env = [ISSUER, ("OIDC_CLIENT_ID", "web"), ("OIDC_CLIENT_SECRET", "6Jq0e7cC1sAbd9")];
        let mut stage =
            Stage::new().realm("shop.json", REALM).service("web.yaml", &service_yaml("web", &env));
        let fix = |stage: &Stage| {
            let found =
                stage.audit().findings.into_iter().find(|finding| finding.rule == "secret-in-plain-env");
            found.and_then(|finding| finding.fix).map(|fix| fix.steps).unwrap_or_default()
        };
        let steps = fix(&stage);
        assert_eq!(
            steps[2],
            "Store the new secret, without a line break at its end (paste it, then press Ctrl-D twice):\ngcloud secrets versions add web-oidc-client-secret --data-file=- --project=123456789012"
        );
        assert!(
            steps[4]
                .starts_with("Write this in `web.yaml` in place of the entry `OIDC_CLIENT_SECRET`:\n- name:"),
            "{steps:?}"
        );
        assert!(!format!("{steps:?}").contains("6Jq0e7"));
        for part in &mut stage.snapshot.parts {
            part.place = crate::snapshot::Place::Live { address: part.place.path().to_owned() };
        }
        assert_eq!(
            fix(&stage)[4],
            "Let the setting name it:\ngcloud run services update web --remove-env-vars=OIDC_CLIENT_SECRET --update-secrets=OIDC_CLIENT_SECRET=web-oidc-client-secret:1 --region=europe-west1 --project=123456789012"
        );
    }
}
