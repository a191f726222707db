#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::cloud_run::model::{EnvValue, ProbeAction, ProbeKind, UrlForm, UrlSource};
use crate::cloud_run::testing::{any_node, env, only, push_part, read_text, short, urls};
use proptest::prelude::*;

const EXPORTED: &str = r#"
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: web
  namespace: "123456789012"
  labels:
    cloud.googleapis.com/location: europe-west1
    managed-by: google-cloud-deploy
  annotations:
    run.googleapis.com/ingress: internal-and-cloud-load-balancing
    run.googleapis.com/custom-audiences: '["https://api.example.com","api"]'
    run.googleapis.com/invoker-iam-disabled: 'true'
    run.googleapis.com/urls: '["https://web-123456789012.europe-west1.run.app","https://web-abcdefghij-ew.a.run.app"]'
    run.googleapis.com/minScale: '2'
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/minScale: '1'
        autoscaling.knative.dev/maxScale: '5'
        run.googleapis.com/sessionAffinity: 'true'
        run.googleapis.com/container-dependencies: '{nginx: [app]}'
        run.googleapis.com/secrets: cs:projects/987/secrets/client-secret
    spec:
      serviceAccountName: web@shop.iam.gserviceaccount.com
      containers:
      - name: app
        image: europe-docker.pkg.dev/shop/web/web:1
        command: [/bin/app]
        args: [--oidc-issuer-url=https://sso.example.com/realms/shop, --client-secret, s3cret, "--cookie-secret=c00kie"]
        ports: [{name: http1, containerPort: 8080}]
        env:
        - {name: OIDC_CLIENT_ID, value: web}
        - {name: OIDC_CLIENT_SECRET, value: "s3cret\n"}
        - {name: KEYCLOAK_ADMIN_PASSWORD, value: admin}
        - {name: EMPTY}
        - {name: EMPTY_SECRET, value: ''}
        - {name: PORT_NUMBER, value: 8080}
        - {name: ISSUER, value: 'https://${HOST}/realms/shop'}
        - {name: DB_PASSWORD, value: '${DB_PASSWORD}'}
        - {name: DATABASE_URL, value: 'postgres://app:hunter2@db/app'}
        - {name: ACCOUNT, value: '{"x": "-----BEGIN PRIVATE KEY-----hunter2"}'}
        - {name: HASURA_GRAPHQL_JWT_SECRET, value: '{"issuer":"https://sso","key":"hunter2"}'}
        - {name: FROM_SECRET, valueFrom: {secretKeyRef: {name: cs, key: latest}}}
        - {name: FROM_MAP, valueFrom: {configMapKeyRef: {name: x, key: y}}}
        - {name: OIDC_CLIENT_ID, value: web2}
        startupProbe: {httpGet: {path: /health/ready, port: 9000}}
        livenessProbe: {tcpSocket: {port: 8080}}
        volumeMounts: [{name: conf, mountPath: /etc/conf/}]
      - name: nginx
        image: nginx
      initContainers:
      - name: proxy
        image: gcr.io/cloud-sql-connectors/cloud-sql-proxy
        args: ['--port=5432']
      volumes:
      - name: conf
        secret: {secretName: cs, items: [{key: '3', path: client.txt}]}
  traffic:
  - {percent: 100, revisionName: web-00001-abc}
  - {tag: pr-7, revisionName: web-00002-abc}
status:
  url: https://web-abcdefghij-ew.a.run.app
  traffic:
  - {tag: pr-7, url: 'https://pr-7---web-abcdefghij-ew.a.run.app'}
"#;

#[test]
fn an_exported_service_is_read_whole() {
    let service = only(read, EXPORTED);
    assert_eq!(service.name.text(), Some("web"));
    assert_eq!(service.name_at.path.to_string(), "metadata.name");
    assert_eq!(service.project_number.as_deref(), Some("123456789012"));
    assert_eq!(service.region, Some(Known::Value("europe-west1".to_owned())));
    assert_eq!(service.owner, Some(Owner::CloudDeploy));
    assert_eq!(service.ingress, Known::Value(Ingress::InternalAndLoadBalancer));
    assert!(service.invoker.check_disabled.is_on() && service.invoker.iap_enabled.is_off());
    let audiences: Vec<_> = service.custom_audiences.iter().map(|(text, _)| short(text)).collect();
    assert_eq!(audiences, ["https://api.example.com", "api"]);
    assert_eq!(service.min_instances, Some(Known::Value(2)));
    assert_eq!(service.max_instances, Some(Known::Value(5)));
    assert!(service.session_affinity.is_on() && service.marked_cloud_run);
    assert_eq!(service.service_account.as_ref().map(short).unwrap(), "web@shop.iam.gserviceaccount.com");
    assert_eq!(service.traffic.len(), 2);
}

#[test]
fn every_kind_of_setting_is_told_apart() {
    let service = only(read, EXPORTED);
    assert_eq!(service.containers.len(), 3);
    for (name, expected) in [
        ("OIDC_CLIENT_ID", "web"),
        ("OIDC_CLIENT_SECRET", "plain secret, with a line break"),
        ("KEYCLOAK_ADMIN_PASSWORD", "plain secret, well known"),
        ("EMPTY", ""),
        ("EMPTY_SECRET", ""),
        ("PORT_NUMBER", "8080"),
        ("ISSUER", "unknown: `${HOST}` is a placeholder"),
        ("DB_PASSWORD", "unknown: `${DB_PASSWORD}` is a placeholder"),
        ("DATABASE_URL", "postgres://app:***@db/app"),
        ("ACCOUNT", "***"),
        ("HASURA_GRAPHQL_JWT_SECRET", r#"{"issuer":"https://sso","key":"***"}"#),
        ("FROM_SECRET", "secret projects/987/secrets/client-secret version latest"),
        ("FROM_MAP", "unknown: `configMapKeyRef` is not read"),
    ] {
        assert_eq!(env(&service, name), expected, "{name}");
    }
    let app = &service.containers[0];
    assert_eq!(app.env.len(), 14);
    assert_eq!(app.env[1].at.path.to_string(), "spec.template.spec.containers[0].env[1].value");
    assert_eq!(app.env[11].at.path.to_string(), "spec.template.spec.containers[0].env[11].valueFrom");
    assert!(app.has_port && app.states_command && !service.containers[1].has_port);
    assert!(service.containers[2].init);
    assert_eq!(app.port, Some(Known::Value(8080)));
}

#[test]
fn secrets_among_arguments_become_tags_that_equal_those_of_settings() {
    let service = only(read, EXPORTED);
    let app = &service.containers[0];
    let words: Vec<_> = app.args.iter().map(|(word, _)| short(word)).collect();
    let expected = [
        "--oidc-issuer-url=https://sso.example.com/realms/shop",
        "--client-secret",
        "(secret)",
        "--cookie-secret",
        "(secret)",
    ];
    assert_eq!(words, expected);
    let names: Vec<_> = app.secret_args.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["--client-secret", "--cookie-secret"]);
    assert_eq!(app.secret_args[0].at.path.to_string(), "spec.template.spec.containers[0].args[2]");
    let EnvValue::PlainSecret { tag, .. } = app.env[1].value else { panic!() };
    assert_eq!(app.secret_args[0].tag, tag);
    assert!(!format!("{service:?}").contains("s3cret"));
    assert!(!format!("{service:?}").contains("hunter2"));
}

#[test]
fn probes_and_secret_files_are_read() {
    let service = only(read, EXPORTED);
    let app = &service.containers[0];
    assert_eq!(app.probes[0].kind, ProbeKind::Startup);
    assert_eq!(app.probes[0].action, ProbeAction::Http { path: "/health/ready".to_owned().into() });
    assert_eq!(app.probes[0].port, Some(Known::Value(9000)));
    assert_eq!(app.probes[1].action, ProbeAction::Tcp);
    let file = &app.secret_files[0];
    assert_eq!(short(&file.path), "/etc/conf/client.txt");
    assert_eq!(short(&file.secret), "projects/987/secrets/client-secret");
    assert_eq!(file.version.as_ref().map(short).as_deref(), Some("3"));
}

#[test]
fn the_url_set_holds_stated_and_derived_urls() {
    let service = only(read, EXPORTED);
    assert_eq!(
        urls(&service),
        [
            "https://web-abcdefghij-ew.a.run.app",
            "https://web-123456789012.europe-west1.run.app",
            "https://pr-7---web-abcdefghij-ew.a.run.app",
            "https://pr-7---web-123456789012.europe-west1.run.app",
        ]
    );
    assert_eq!(service.urls[3].source, UrlSource::Derived);
    assert_eq!(service.urls[3].form, UrlForm::Tagged("pr-7".to_owned()));
    assert_eq!(service.urls_incomplete, None);
}

#[test]
fn a_written_file_derives_one_url_and_says_what_it_lacks() {
    let file = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: web, namespace: '123456789012', labels: {cloud.googleapis.com/location: us-central1}}
spec: {template: {spec: {containers: [{image: web}]}}}
";
    let service = only(read, file);
    assert_eq!(urls(&service), ["https://web-123456789012.us-central1.run.app"]);
    assert_eq!(service.urls[0].source, UrlSource::Derived);
    assert_eq!(service.urls[0].at.path.to_string(), "metadata.name");
    assert!(service.urls_incomplete.as_deref().unwrap().contains("its second URL"));
    assert!(service.containers[0].has_port);
    let without = only(read, &file.replace("namespace: '123456789012', ", ""));
    assert!(without.urls.is_empty());
    assert!(without.urls_incomplete.unwrap().contains("the project's number"));
}

#[test]
fn urls_that_are_turned_off_are_kept_apart_in_both_spellings() {
    for key in ["default-url-disabled", "disable-default-url"] {
        let text = EXPORTED.replace("invoker-iam-disabled", key);
        let service = only(read, &text);
        assert!(service.urls.is_empty() && service.default_url_disabled.is_on());
        assert_eq!(service.disabled_urls.len(), 4);
        assert_eq!(service.urls_incomplete, None);
    }
}

#[test]
fn lists_jobs_pools_and_several_documents_are_read() {
    let text = "
kind: List
apiVersion: v1
unreachable: [europe-west9]
metadata: {continue: abc}
items:
- apiVersion: run.googleapis.com/v1
  kind: Job
  metadata: {name: migrate, labels: {cloud.googleapis.com/location: us-east1}}
  spec: {template: {spec: {template: {spec: {containers: [{image: job, env: [{name: A, value: b}]}]}}}}}
- apiVersion: run.googleapis.com/v1
  kind: WorkerPool
  metadata: {name: pool}
  spec: {template: {spec: {containers: [{image: pool}]}}}
---
- apiVersion: serving.knative.dev/v1
  kind: Service
  metadata: {name: one}
  spec: {template: {spec: {containers: [{image: gcr.io/shop/one}]}}}
- {apiVersion: serving.knative.dev/v1, kind: Revision, metadata: {name: one-1}, spec: {}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
";
    let (snapshot, outcome) = read_text(read, text);
    assert_eq!((outcome.items, outcome.faults.len()), (3, 0));
    let workloads: Vec<_> = snapshot.services.iter().map(|service| service.workload).collect();
    assert_eq!(workloads, [Workload::Job, Workload::WorkerPool, Workload::Service]);
    assert_eq!(env(&snapshot.services[0], "A"), "b");
    assert!(snapshot.services[0].urls.is_empty() && snapshot.services[0].urls_incomplete.is_none());
    assert!(!snapshot.services[0].containers[0].has_port);
    assert_eq!(snapshot.parts[0].missing.len(), 2);
    assert_eq!(snapshot.parts[0].missing[0].at.as_ref().unwrap().path.to_string(), "unreachable[0]");
    assert!(snapshot.parts[1].notes[0].text.contains("A Revision is not read"));
}

#[test]
fn plain_knative_is_read_with_lower_confidence() {
    let plain = |image: &str| {
        format!(
            "{{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {{name: app}}, \
             spec: {{template: {{spec: {{containers: [{{image: {image}}}]}}}}}}}}"
        )
    };
    for image in ["ko://example.com/cmd", "gcr.io/knative-samples/helloworld", "docker.io/x/y"] {
        let (snapshot, _) = read_text(read, &plain(image));
        assert!(!snapshot.services[0].marked_cloud_run, "{image}");
        assert!(snapshot.parts[0].notes[0].text.contains("may run elsewhere"));
    }
    for image in ["gcr.io/cloudrun/hello", "us-docker.pkg.dev/shop/x/y"] {
        let (snapshot, _) = read_text(read, &plain(image));
        assert!(snapshot.services[0].marked_cloud_run, "{image}");
        assert!(snapshot.parts[0].notes.is_empty());
    }
}

#[test]
fn placeholders_are_unknown_wherever_they_stand() {
    let text = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: '${NAME}', labels: {cloud.googleapis.com/location: '%REGION%'}}
spec:
  template:
    spec:
      containers:
      - image: '{{ .Values.image }}'
        env: {{ .Values.env }}
        args: ['--issuer=${ISSUER}', '--client-secret=${SECRET}']
";
    let (snapshot, outcome) = read_text(read, text);
    assert_eq!(outcome.faults, []);
    let service = &snapshot.services[0];
    assert_eq!(short(&service.name), "unknown: `${NAME}` is a placeholder");
    assert!(service.region.as_ref().unwrap().value().is_none());
    let words: Vec<_> = service.containers[0].args.iter().map(|(word, _)| short(word)).collect();
    let expected = [
        "--issuer",
        "unknown: `${ISSUER}` is a placeholder",
        "--client-secret",
        "unknown: `${SECRET}` is a placeholder",
    ];
    assert_eq!(words, expected);
    assert_eq!(snapshot.parts[0].missing[0].fact, Fact::Settings);
}

#[test]
fn a_wrong_shape_is_a_fault_at_its_place_and_the_rest_is_read() {
    for (spec, place, words) in [
        (
            "spec: {template: {spec: {containers: web}}}",
            "[0].spec.template.spec.containers",
            "A list of containers",
        ),
        (
            "spec: {template: {spec: {containers: [{env: {A: b}}]}}}",
            "[0].spec.template.spec.containers[0].env",
            "pairs",
        ),
        (
            "spec: {template: {spec: {containers: [web]}}}",
            "[0].spec.template.spec.containers[0]",
            "A container",
        ),
        ("spec: {template: [1]}", "[0].spec.template", "`template`"),
        ("spec: 3", "[0].spec", "`spec`"),
        ("other: 3", "[0]", "`spec`"),
    ] {
        let text = format!(
            "- {{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {{name: bad}}, {spec}}}\n\
             - {{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {{name: good}}, \
             spec: {{template: {{spec: {{containers: [{{image: gcr.io/a/b}}]}}}}}}}}"
        );
        let (snapshot, outcome) = read_text(read, &text);
        assert_eq!(outcome.faults.len(), 1, "{spec}");
        assert_eq!(outcome.faults[0].at.path.to_string(), place);
        assert!(outcome.faults[0].message.contains(words), "{}", outcome.faults[0].message);
        assert_eq!(snapshot.services.last().unwrap().name.text(), Some("good"));
    }
}

proptest! {
    #[test]
    fn no_tree_panics(node in any_node(
        &["apiVersion", "kind", "metadata", "spec", "template", "containers", "env", "name", "value", "valueFrom",
          "secretKeyRef", "annotations", "labels", "traffic", "status", "url", "items", "run.googleapis.com/urls",
          "volumes", "secret", "volumeMounts", "args", "ports", "startupProbe", "httpGet", "tag"],
        &["serving.knative.dev/v1", "run.googleapis.com/v1", "Service", "Job", "List", "--client-secret=x", "--password"],
    )) {
        let tagger = Tagger::new().unwrap();
        for workload in [Workload::Service, Workload::Job, Workload::WorkerPool, Workload::Instance] {
            let mut snapshot = Snapshot::default();
            let part = push_part(&mut snapshot);
            recognises(&node);
            read(part, &node, &tagger, &mut snapshot);
            let cursor = Cursor::root(part, &node);
            item(&cursor, workload, Texts { tagger: &tagger }, &mut Remarks::default());
        }
    }
}
