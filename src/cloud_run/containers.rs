//! Containers: image, settings, arguments, probes and mounted secrets, which all four ways of writing spell a little differently.

use std::collections::BTreeMap;

use super::model::{Container, EnvValue, EnvVar, Probe, ProbeAction, ProbeKind, SecretFile};
use super::texts::{Texts, Words, known};
use crate::document::Node;
use crate::document::cursor::{Cursor, ShapeFault};
use crate::known::Known;

/// How a way of writing spells the fields of a container.
#[derive(Debug)]
pub(crate) struct Spelling {
    value_source: &'static str,
    secret_key_ref: &'static str,
    secret: &'static str,
    version: &'static str,
    container_port: &'static str,
    startup_probe: &'static str,
    liveness_probe: &'static str,
    readiness_probe: &'static str,
    http_get: &'static str,
    tcp_socket: &'static str,
    volume_mounts: &'static str,
    mount_path: &'static str,
    volume_secret: &'static str,
    item_version: &'static str,
    /// Whether a block is a list of at most one mapping, as Terraform has it.
    blocks_are_lists: bool,
}

pub(crate) static KNATIVE: Spelling = Spelling {
    value_source: "valueFrom",
    secret_key_ref: "secretKeyRef",
    secret: "name",
    version: "key",
    container_port: "containerPort",
    startup_probe: "startupProbe",
    liveness_probe: "livenessProbe",
    readiness_probe: "readinessProbe",
    http_get: "httpGet",
    tcp_socket: "tcpSocket",
    volume_mounts: "volumeMounts",
    mount_path: "mountPath",
    volume_secret: "secretName",
    item_version: "key",
    blocks_are_lists: false,
};

pub(crate) static V2: Spelling = Spelling {
    value_source: "valueSource",
    secret: "secret",
    version: "version",
    volume_secret: "secret",
    item_version: "version",
    ..KNATIVE_BASE
};

pub(crate) static TERRAFORM_V1: Spelling = Spelling {
    value_source: "value_from",
    secret_key_ref: "secret_key_ref",
    container_port: "container_port",
    startup_probe: "startup_probe",
    liveness_probe: "liveness_probe",
    readiness_probe: "readiness_probe",
    http_get: "http_get",
    tcp_socket: "tcp_socket",
    volume_mounts: "volume_mounts",
    mount_path: "mount_path",
    volume_secret: "secret_name",
    blocks_are_lists: true,
    ..KNATIVE_BASE
};

pub(crate) static TERRAFORM_V2: Spelling = Spelling {
    value_source: "value_source",
    secret: "secret",
    version: "version",
    volume_secret: "secret",
    item_version: "version",
    ..TERRAFORM_BASE
};

const KNATIVE_BASE: Spelling = Spelling {
    value_source: "valueFrom",
    secret_key_ref: "secretKeyRef",
    secret: "name",
    version: "key",
    container_port: "containerPort",
    startup_probe: "startupProbe",
    liveness_probe: "livenessProbe",
    readiness_probe: "readinessProbe",
    http_get: "httpGet",
    tcp_socket: "tcpSocket",
    volume_mounts: "volumeMounts",
    mount_path: "mountPath",
    volume_secret: "secretName",
    item_version: "key",
    blocks_are_lists: false,
};
