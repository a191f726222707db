//! A repository as the benchmarks want it: one realm export and many service files, generated, the same bytes every time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const PROJECT: &str = "418273645546";

/// Writes a realm with `clients` clients and `services` services under `folder`; a tenth of the clients belongs to a service.
///
/// A client is as an export of 26.x writes it, about 1.4 kB; services are written a hundred to a file.
pub(crate) fn write(folder: &Path, clients: usize, services: usize) -> std::io::Result<u64> {
    fs::create_dir_all(folder.join("deploy"))?;
    let realm = realm(clients, services);
    let mut bytes = realm.len() as u64;
    fs::write(folder.join("shop-realm.json"), realm)?;
    for (number, range) in (0..services).collect::<Vec<_>>().chunks(100).enumerate() {
        let text: String = range.iter().map(|index| service(*index)).collect();
        bytes += text.len() as u64;
        fs::write(folder.join(format!("deploy/services-{number:03}.yaml")), text)?;
    }
    Ok(bytes)
}

fn realm(clients: usize, services: usize) -> String {
    let mut text = String::from(
        "{\n  \"id\": \"3d0c2a62-7c1a-4d7c-9d55-9a7f0c6c1f11\",\n  \"realm\": \"shop\",\n  \"enabled\": true,\n  \"sslRequired\": \"external\",\n  \"accessTokenLifespan\": 300,\n  \"attributes\": {\n    \"frontendUrl\": \"https://sso.example.com\"\n  },\n  \"clients\": [\n",
    );
    for index in 0..clients {
        let host = if index < services {
            format!("https://svc-{index}-{PROJECT}.europe-west1.run.app")
        } else {
            format!("https://app-{index}.example.com")
        };
        let _ = write!(
            text,
            r#"    {{
      "id": "00000000-0000-4000-8000-{index:012}",
      "clientId": "client-{index}",
      "name": "Client number {index}",
      "description": "Generated for the benchmark",
      "rootUrl": "{host}",
      "adminUrl": "",
      "baseUrl": "/",
      "surrogateAuthRequired": false,
      "enabled": true,
      "alwaysDisplayInConsole": false,
      "clientAuthenticatorType": "client-secret",
      "secret": "**********",
      "redirectUris": [
        "{host}/oauth2/callback",
        "{host}/signed-out"
      ],
      "webOrigins": [
        "{host}"
      ],
      "notBefore": 0,
      "bearerOnly": false,
      "consentRequired": false,
      "standardFlowEnabled": true,
      "implicitFlowEnabled": false,
      "directAccessGrantsEnabled": false,
      "serviceAccountsEnabled": false,
      "publicClient": false,
      "frontchannelLogout": true,
      "protocol": "openid-connect",
      "attributes": {{
        "realm_client": "false",
        "oidc.ciba.grant.enabled": "false",
        "backchannel.logout.session.required": "true",
        "post.logout.redirect.uris": "+",
        "oauth2.device.authorization.grant.enabled": "false",
        "pkce.code.challenge.method": "S256"
      }},
      "authenticationFlowBindingOverrides": {{}},
      "fullScopeAllowed": true,
      "nodeReRegistrationTimeout": -1,
      "defaultClientScopes": [
        "web-origins",
        "acr",
        "roles",
        "profile",
        "basic",
        "email"
      ],
      "optionalClientScopes": [
        "address",
        "phone",
        "organization",
        "offline_access",
        "microprofile-jwt"
      ],
      "access": {{
        "view": true,
        "configure": true,
        "manage": true
      }}
    }}{}
"#,
            if index + 1 < clients { "," } else { "" }
        );
    }
    text.push_str("  ],\n  \"keycloakVersion\": \"26.5.5\"\n}\n");
    text
}

fn service(index: usize) -> String {
    format!(
        "apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: svc-{index}
  namespace: '{PROJECT}'
  labels:
    cloud.googleapis.com/location: europe-west1
  annotations:
    run.googleapis.com/ingress: all
    run.googleapis.com/client-name: gcloud
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/maxScale: '10'
        run.googleapis.com/startup-cpu-boost: 'true'
    spec:
      containerConcurrency: 80
      timeoutSeconds: 300
      serviceAccountName: run-{index}@shop-prod.iam.gserviceaccount.com
      containers:
      - image: quay.io/oauth2-proxy/oauth2-proxy:v7.6.0
        ports:
        - name: http1
          containerPort: 4180
        env:
        - name: OAUTH2_PROXY_PROVIDER
          value: keycloak-oidc
        - name: OAUTH2_PROXY_OIDC_ISSUER_URL
          value: https://sso.example.com/realms/shop
        - name: OAUTH2_PROXY_CLIENT_ID
          value: client-{index}
        - name: OAUTH2_PROXY_CLIENT_SECRET
          valueFrom:
            secretKeyRef:
              key: latest
              name: client-{index}-secret
        - name: OAUTH2_PROXY_REDIRECT_URL
          value: https://svc-{index}-{PROJECT}.europe-west1.run.app/oauth2/callback
        - name: OAUTH2_PROXY_UPSTREAMS
          value: http://localhost:8080
        - name: OAUTH2_PROXY_EMAIL_DOMAINS
          value: '*'
        - name: OAUTH2_PROXY_REVERSE_PROXY
          value: 'true'
        resources:
          limits:
            cpu: 1000m
            memory: 512Mi
        startupProbe:
          timeoutSeconds: 240
          periodSeconds: 240
          failureThreshold: 1
          tcpSocket:
            port: 4180
  traffic:
  - percent: 100
    latestRevision: true
---
"
    )
}
