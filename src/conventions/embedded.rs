//! The files of `conventions/`, which are part of the program.

/// Every framework by its id.
pub(super) const FRAMEWORKS: &[(&str, &str)] = &[
    ("airflow-keycloak", include_str!("../../conventions/airflow-keycloak.yaml")),
    ("apollo-router", include_str!("../../conventions/apollo-router.yaml")),
    ("argo-cd", include_str!("../../conventions/argo-cd.yaml")),
    ("argo-workflows", include_str!("../../conventions/argo-workflows.yaml")),
    ("aspnet-jwtbearer", include_str!("../../conventions/aspnet-jwtbearer.yaml")),
    ("aspnet-oidc", include_str!("../../conventions/aspnet-oidc.yaml")),
    ("authjs", include_str!("../../conventions/authjs.yaml")),
    ("authlib", include_str!("../../conventions/authlib.yaml")),
    ("bookstack", include_str!("../../conventions/bookstack.yaml")),
    ("chainlit", include_str!("../../conventions/chainlit.yaml")),
    ("contextforge", include_str!("../../conventions/contextforge.yaml")),
    ("dependency-track", include_str!("../../conventions/dependency-track.yaml")),
    ("directus", include_str!("../../conventions/directus.yaml")),
    ("discourse-oidc", include_str!("../../conventions/discourse-oidc.yaml")),
    ("django-allauth", include_str!("../../conventions/django-allauth.yaml")),
    ("documenso", include_str!("../../conventions/documenso.yaml")),
    ("drf-keycloak-auth", include_str!("../../conventions/drf-keycloak-auth.yaml")),
    ("envoy-jwt-authn", include_str!("../../conventions/envoy-jwt-authn.yaml")),
    ("esp-v2", include_str!("../../conventions/esp-v2.yaml")),
    ("express-openid-connect", include_str!("../../conventions/express-openid-connect.yaml")),
    ("flask-oidc", include_str!("../../conventions/flask-oidc.yaml")),
    ("flask-pyoidc", include_str!("../../conventions/flask-pyoidc.yaml")),
    ("formbricks", include_str!("../../conventions/formbricks.yaml")),
    ("gatekeeper", include_str!("../../conventions/gatekeeper.yaml")),
    ("gitea", include_str!("../../conventions/gitea.yaml")),
    ("go-oidc", include_str!("../../conventions/go-oidc.yaml")),
    ("grafana", include_str!("../../conventions/grafana.yaml")),
    ("grist", include_str!("../../conventions/grist.yaml")),
    ("hasura", include_str!("../../conventions/hasura.yaml")),
    ("headscale", include_str!("../../conventions/headscale.yaml")),
    ("hedgedoc2", include_str!("../../conventions/hedgedoc2.yaml")),
    ("homarr", include_str!("../../conventions/homarr.yaml")),
    ("jupyterhub-generic", include_str!("../../conventions/jupyterhub-generic.yaml")),
    ("kafka-ui", include_str!("../../conventions/kafka-ui.yaml")),
    ("keycloak-connect", include_str!("../../conventions/keycloak-connect.yaml")),
    ("langfuse", include_str!("../../conventions/langfuse.yaml")),
    ("laravel-keycloak-guard", include_str!("../../conventions/laravel-keycloak-guard.yaml")),
    ("linkwarden", include_str!("../../conventions/linkwarden.yaml")),
    ("lua-resty-openidc", include_str!("../../conventions/lua-resty-openidc.yaml")),
    ("mastodon", include_str!("../../conventions/mastodon.yaml")),
    ("mattermost", include_str!("../../conventions/mattermost.yaml")),
    ("mealie", include_str!("../../conventions/mealie.yaml")),
    ("micronaut-jwt", include_str!("../../conventions/micronaut-jwt.yaml")),
    ("micronaut", include_str!("../../conventions/micronaut.yaml")),
    ("microprofile-jwt", include_str!("../../conventions/microprofile-jwt.yaml")),
    ("miniflux", include_str!("../../conventions/miniflux.yaml")),
    ("minio", include_str!("../../conventions/minio.yaml")),
    ("mlflow-oidc-auth", include_str!("../../conventions/mlflow-oidc-auth.yaml")),
    ("mod-auth-openidc", include_str!("../../conventions/mod-auth-openidc.yaml")),
    ("mozilla-django-oidc", include_str!("../../conventions/mozilla-django-oidc.yaml")),
    ("n8n", include_str!("../../conventions/n8n.yaml")),
    ("nest-keycloak-connect", include_str!("../../conventions/nest-keycloak-connect.yaml")),
    ("nextauth4", include_str!("../../conventions/nextauth4.yaml")),
    ("nuxt-auth-utils", include_str!("../../conventions/nuxt-auth-utils.yaml")),
    ("oauth2-jwt-bearer", include_str!("../../conventions/oauth2-jwt-bearer.yaml")),
    ("oauth2-proxy", include_str!("../../conventions/oauth2-proxy.yaml")),
    ("omniauth-openid-connect", include_str!("../../conventions/omniauth-openid-connect.yaml")),
    ("open-webui", include_str!("../../conventions/open-webui.yaml")),
    ("openfga", include_str!("../../conventions/openfga.yaml")),
    ("outline", include_str!("../../conventions/outline.yaml")),
    ("paperless-ngx", include_str!("../../conventions/paperless-ngx.yaml")),
    ("penpot", include_str!("../../conventions/penpot.yaml")),
    ("pgadmin4", include_str!("../../conventions/pgadmin4.yaml")),
    ("pomerium", include_str!("../../conventions/pomerium.yaml")),
    ("postgrest", include_str!("../../conventions/postgrest.yaml")),
    ("python-social-auth", include_str!("../../conventions/python-social-auth.yaml")),
    ("quarkus-oidc", include_str!("../../conventions/quarkus-oidc.yaml")),
    ("socialite-keycloak", include_str!("../../conventions/socialite-keycloak.yaml")),
    ("spring-client", include_str!("../../conventions/spring-client.yaml")),
    ("spring-rs", include_str!("../../conventions/spring-rs.yaml")),
    ("supabase-auth", include_str!("../../conventions/supabase-auth.yaml")),
    ("superset", include_str!("../../conventions/superset.yaml")),
    ("temporal-ui", include_str!("../../conventions/temporal-ui.yaml")),
    ("traefik-forward-auth", include_str!("../../conventions/traefik-forward-auth.yaml")),
    ("vault-jwt", include_str!("../../conventions/vault-jwt.yaml")),
    ("vaultwarden", include_str!("../../conventions/vaultwarden.yaml")),
    ("vouch", include_str!("../../conventions/vouch.yaml")),
    ("wekan", include_str!("../../conventions/wekan.yaml")),
];

/// Names that many applications use.
pub(super) const GENERIC: &str = include_str!("../../conventions/generic.yaml");

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_folder_is_embedded_under_its_id() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/conventions");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(".yaml").unwrap().to_owned())
            .filter(|name| name != "generic")
            .collect();
        let embedded: BTreeSet<String> = super::FRAMEWORKS.iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(files, embedded);
        for (id, text) in super::FRAMEWORKS {
            assert!(text.starts_with(&format!("id: {id}\n")), "{id}");
        }
    }
}
