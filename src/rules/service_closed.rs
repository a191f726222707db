//! `service-closed`: Google turns away the people and tokens that a service waits for.

use super::with_access::{ALL_ACCOUNTS, ALL_USERS, Access, Member, is_called};
use super::with_clients::service_side;
use super::with_entries::takes_browsers;
use crate::finding::{Case, Evidence, Severity, Undecided, Verdict};
use crate::link::{ClueKind, Link};
use crate::rules::{Check, Rule};
use crate::scene::Scene;
use crate::snapshot::Fact;
use crate::words::capitalized;

pub(crate) static RULE: Rule = Rule {
    id: "service-closed",
    severity: Severity::Error,
    title: "Google turns away the people or the tokens that a service waits for",
    why: "Unless the invoker check is off or `allUsers` may invoke the service, Google asks every request for an ID token that Google signed. \
          A browser sends none and gets 403 before the service can send it to Keycloak's login. A token of Keycloak in `Authorization` \
          is taken for Google's own and gets 401.\n\n\
          Google looks at `X-Serverless-Authorization` first. A caller that puts its Google token there keeps `Authorization` for Keycloak's; \
          a page in a browser cannot.\n\n\
          Identity-Aware Proxy in front of the service does the same with logins: it sends browsers to its own login page, and refuses a token of \
          Keycloak in `Authorization`.",
    remedy: "Turn the invoker check off where the service itself checks tokens or logs people in.",
    references: &[
        "https://cloud.google.com/run/docs/authenticating/public",
        "https://cloud.google.com/run/docs/authenticating/service-to-service",
        "https://cloud.google.com/iap/docs/enabling-cloud-run",
        "https://cloud.google.com/iap/docs/authentication-howto",
    ],
    needs: &[Fact::Services, Fact::InvokerPolicy],
    check: Check::Link(check),
};

fn check(link: &Link, scene: &Scene<'_>) -> Vec<Verdict> {
    let logs_in = link.uses.login && takes_browsers(scene.client(link.client));
    if !(logs_in || link.uses.bearer)
        || !is_called(scene.service(link.service))
        || scene.reading(link.service).is_keycloak
    {
        return Vec::new();
    }
    let access = Access::of(link.service, scene);
    let case = Judged { link, scene, access: &access, logs_in };
    case.judge().into_iter().collect()
}

struct Judged<'a, 'b> {
    link: &'a Link,
    scene: &'a Scene<'b>,
    access: &'a Access,
    /// Whether people log in at the service; else it is called with their tokens.
    logs_in: bool,
}

impl Judged<'_, '_> {
    fn judge(&self) -> Option<Verdict> {
        let access = self.access;
        if let Some(place) = &access.iap {
            return Some(self.behind_iap(place));
        }
        if access.check_off.is_some() || access.member(ALL_USERS).is_some() {
            return None;
        }
        if let Some(why) = &access.check_unknown {
            return Some(self.undecided(&format!("Whether the invoker check is off is not: {why}.")));
        }
        if access.is_read {
            return Some(self.behind_check());
        }
        // Of a policy that nobody was to read nothing is said: most files do not tell it.
        if let Some(why) = &access.failed {
            return Some(self.undecided(why));
        }
        let own = access.members.iter().find(|member| !member.on_project)?;
        Some(self.undecided(&format!(
            "The document lets `{}` invoke it, and does not tell who else may.",
            own.name
        )))
    }

    /// The service and what it waits for, as the beginning of a sentence.
    fn waits(&self) -> String {
        let service = capitalized(&self.scene.name_service(self.link.service));
        let client = self.scene.name_client(self.link.client);
        if self.logs_in {
            format!("{service} logs people in through {client}")
        } else {
            format!("{service} takes tokens of {client} in `Authorization`")
        }
    }

    fn behind_check(&self) -> Verdict {
        let access = self.access;
        let mut evidence = vec![service_side(self.link, self.scene, self.tie())];
        let all_accounts = access.member(ALL_ACCOUNTS);
        let named = access.members.iter().filter(|member| !member.is_wider && member.name != ALL_ACCOUNTS);
        let named: Vec<&Member> = named.collect();
        evidence.extend(all_accounts.or(named.first().copied()).map(|member| member.evidence.clone()));
        let who = match all_accounts {
            Some(_) => format!("`{ALL_USERS}` may not invoke it, only `{ALL_ACCOUNTS}`"),
            None => format!("its invoker check is on and `{ALL_USERS}` may not invoke it"),
        };
        if self.logs_in {
            let message = format!(
                "{}, but {who}: browsers carry no token of Google's and get 403 before Keycloak is asked.",
                self.waits()
            );
            let remedy = "Turn the invoker check off (`--no-invoker-iam-check`), as the service logs people in itself; or give it a URL behind a proxy that calls it with a Google token in `X-Serverless-Authorization`.";
            return self.wrong(Severity::Error, message, remedy, evidence, Some(ALL_USERS));
        }
        // Whoever may invoke it by name carries a Google token, and may carry both.
        let by_pages = self.link.clues.iter().any(|clue| clue.kind == ClueKind::Origin);
        let severity = if named.is_empty() || by_pages { Severity::Error } else { Severity::Warning };
        let message = match named.first() {
            Some(first) if !by_pages => format!(
                "{}, but {who}: calls with a token of Keycloak alone get 401, and those of `{}` must carry a Google token besides.",
                self.waits(),
                first.name
            ),
            _ if by_pages => format!(
                "{}, but {who}: the calls of pages in a browser, which can carry no token of Google's, are refused.",
                self.waits()
            ),
            _ => format!("{}, but {who}: calls with a token of Keycloak get 401.", self.waits()),
        };
        let remedy = "Turn the invoker check off (`--no-invoker-iam-check`), as the service checks tokens itself; or let callers put Google's ID token into `X-Serverless-Authorization` and leave `Authorization` to Keycloak's.";
        self.wrong(severity, message, remedy, evidence, Some(ALL_USERS))
    }

    fn behind_iap(&self, place: &Evidence) -> Verdict {
        let evidence = vec![place.clone(), service_side(self.link, self.scene, self.tie())];
        if self.logs_in {
            let message = format!(
                "{}, but Identity-Aware Proxy stands in front: it sends browsers to its own login first, and people whom it does not know never reach Keycloak's.",
                self.waits()
            );
            let remedy = "Turn Identity-Aware Proxy off for this service (`--no-iap`) and let Keycloak log people in, or the other way round.";
            return self.wrong(Severity::Error, message, remedy, evidence, None);
        }
        let message = format!(
            "{}, but Identity-Aware Proxy stands in front and takes them for its own: calls with a token of Keycloak get 401.",
            self.waits()
        );
        let remedy = "Turn Identity-Aware Proxy off for this service (`--no-iap`), or let callers put the token for it into `Proxy-Authorization` and leave `Authorization` to Keycloak's.";
        self.wrong(Severity::Error, message, remedy, evidence, None)
    }

    fn tie(&self) -> &'static str {
        if self.logs_in {
            "logs people in, but browsers do not get in"
        } else {
            "takes Keycloak's tokens, but they do not get in"
        }
    }

    fn wrong(
        &self,
        severity: Severity,
        message: String,
        remedy: &str,
        evidence: Vec<Evidence>,
        value: Option<&str>,
    ) -> Verdict {
        Verdict::Wrong(Case {
            severity: Some(severity),
            message,
            remedy: Some(remedy.to_owned()),
            evidence,
            value: value.map(str::to_owned),
            fix: None,
        })
    }

    fn undecided(&self, why: &str) -> Verdict {
        let whom = if self.logs_in { "browsers" } else { "calls with tokens of Keycloak" };
        Verdict::Undecided(Undecided {
            reason: format!(
                "Whether Google lets {whom} through to {} is not known. {why}",
                self.scene.name_service(self.link.service)
            ),
            remedy: Some(
                "Read the policy: `gcloud run services get-iam-policy NAME`, or check the services as they run."
                    .to_owned(),
            ),
            evidence: vec![self.scene.service_itself(self.link.service, "the service whose policy is not known")],
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::known::Known;
    use crate::testing::{Said, Stage, service_yaml};

    const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://sso.example.com/realms/shop");
    const LOGIN: [(&str, &str); 3] =
        [ISSUER, ("OIDC_CLIENT_ID", "web"), ("OIDC_REDIRECT_URI", "https://shop.example.com/callback")];
    const API: [(&str, &str); 2] = [ISSUER, ("OIDC_AUDIENCE", "api")];

    fn stage(env: &[(&str, &str)]) -> Stage {
        let realm = r#"{"realm": "shop", "attributes": {"frontendUrl": "https://sso.example.com"}, "clients": [
          {"clientId": "web", "redirectUris": ["https://shop.example.com/*"],
           "protocolMappers": [{"name": "aud", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
             "config": {"included.custom.audience": "api", "access.token.claim": "true"}}]}]}"#;
        Stage::new().realm("shop.json", realm).service("web.yaml", &service_yaml("web", env))
    }

    fn judge(env: &[(&str, &str)], read: bool, members: &[&str], iap: bool) -> Said {
        let mut stage = stage(env);
        let service = &mut stage.snapshot.services[0];
        let at = service.at.key("members");
        let members = members.iter().map(|member| (Known::Value((*member).to_owned()), at.clone()));
        service.invoker.members.extend(members);
        service.invoker.policy_read = read;
        service.invoker.iap_enabled = Known::Value(iap);
        stage.judge("service-closed")
    }

    const CALLER: &str = "serviceAccount:bff@shop.iam.gserviceaccount.com";

    #[test]
    fn browsers_do_not_get_past_the_invoker_check() {
        let said = judge(&LOGIN, true, &[], false);
        assert_eq!(
            said.wrong,
            [
                "error service web ↔ client web of realm shop: Service `web` logs people in through client `web` of realm `shop`, but its invoker check is on and `allUsers` may not invoke it: browsers carry no token of Google's and get 403 before Keycloak is asked."
            ]
        );
        let accounts = judge(&LOGIN, true, &["allAuthenticatedUsers"], false);
        assert!(accounts.wrong[0].contains("only `allAuthenticatedUsers`"), "{accounts:?}");
    }

    #[test]
    fn tokens_of_keycloak_do_not_either() {
        let said = judge(&API, true, &[], false);
        assert!(
            said.wrong[0].starts_with("error ")
                && said.wrong[0].ends_with("calls with a token of Keycloak get 401."),
            "{said:?}"
        );
        let named = judge(&API, true, &[CALLER], false);
        assert!(named.wrong[0].starts_with("warning "), "{named:?}");
        assert!(named.wrong[0].contains("must carry a Google token besides"), "{named:?}");
    }

    #[test]
    fn identity_aware_proxy_logs_people_in_itself() {
        assert!(judge(&LOGIN, false, &[], true).wrong[0].contains("its own login first"));
        assert!(judge(&API, false, &["allUsers"], true).wrong[0].contains("takes them for its own"));
    }

    #[test]
    fn open_services_and_policies_that_files_do_not_tell_are_fine() {
        assert!(judge(&LOGIN, true, &["allUsers"], false).is_nothing());
        assert!(judge(&LOGIN, false, &[], false).is_nothing());
        let mut off = stage(&LOGIN);
        off.snapshot.services[0].invoker.check_disabled = Known::Value(true);
        off.snapshot.services[0].invoker.policy_read = true;
        assert!(off.judge("service-closed").is_nothing());
    }

    #[test]
    fn a_document_that_names_some_who_may_leaves_it_open() {
        let said = judge(&LOGIN, false, &[CALLER], false);
        assert!(said.wrong.is_empty(), "{said:?}");
        assert!(said.undecided[0].contains("does not tell who else may"), "{said:?}");
    }
}
