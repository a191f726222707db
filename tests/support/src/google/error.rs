//! Errors in the shape and in the words of Google's APIs.

use serde_json::{Value, json};

/// An error as Google answers it: `{"error":{"code":…,"message":…,"status":…,"details":[…]}}`.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) status: &'static str,
    pub(crate) message: String,
    pub(crate) details: Vec<Value>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// The name of an HTTP status in `google.rpc.Code`, as far as these APIs use it.
pub(crate) fn status_name(code: u16) -> &'static str {
    match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500..=599 => "INTERNAL",
        _ => "UNKNOWN",
    }
}

impl ApiError {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> ApiError {
        ApiError {
            code,
            status: status_name(code),
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::new(400, message)
    }

    pub(crate) fn precondition(message: impl Into<String>) -> ApiError {
        ApiError { status: "FAILED_PRECONDITION", ..ApiError::new(400, message) }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> ApiError {
        ApiError::new(404, message)
    }

    pub(crate) fn aborted(message: impl Into<String>) -> ApiError {
        ApiError::new(409, message)
    }

    pub(crate) fn exists(message: impl Into<String>) -> ApiError {
        ApiError { status: "ALREADY_EXISTS", ..ApiError::new(409, message) }
    }

    /// What a body or query gets that has names or types the API does not know: one violation a line.
    pub(crate) fn violations(violations: &[(String, String)]) -> ApiError {
        let message = violations.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
        let listed: Vec<Value> = violations
            .iter()
            .map(|(field, text)| {
                if field.is_empty() {
                    json!({"description": text})
                } else {
                    json!({"field": field, "description": text})
                }
            })
            .collect();
        let mut error = ApiError::invalid(message);
        error
            .details
            .push(json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": listed}));
        error
    }

    pub(crate) fn with_info(mut self, reason: &str, domain: &str, metadata: Value) -> ApiError {
        self.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason, "domain": domain, "metadata": metadata,
        }));
        self
    }

    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message, "status": self.status});
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details.clone());
        }
        json!({"error": error})
    }
}
