//! Requests and answers of HTTP/1.1 as bytes, so that an answer can be spoilt anywhere.

use tokio::io::{AsyncRead, AsyncReadExt};

/// A request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Asked {
    /// Reads a request with a body of a known length; none where the connection ends. What comes behind it stays in `buffer`.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Asked> {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            more(stream, buffer).await?;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or_default();
        while buffer.len() < end + length {
            more(stream, buffer).await?;
        }
        let body = buffer[end..end + length].to_vec();
        buffer.drain(..end + length);
        Some(Asked { method, target, headers, body })
    }

    /// Asks for the first page, whichever was meant.
    pub(super) fn ask_for_first_page(&mut self) {
        let Some((path, query)) = self.target.split_once('?') else { return };
        let query: Vec<String> = query
            .split('&')
            .map(|pair| if pair.starts_with("first=") { "first=0".to_owned() } else { pair.to_owned() })
            .collect();
        self.target = format!("{path}?{}", query.join("&"));
    }
}

async fn more(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 8192];
    match stream.read(&mut chunk).await {
        Ok(0) | Err(_) => None,
        Ok(length) => {
            buffer.extend_from_slice(&chunk[..length]);
            Some(())
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn of(status: u16, content_type: &str, body: &str) -> Reply {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Reply { status, headers, body: body.as_bytes().to_vec() }
    }

    /// The document with which Keycloak answers most errors.
    pub(super) fn error(status: u16) -> Reply {
        let body = match status {
            401 => r#"{"error":"HTTP 401 Unauthorized"}"#,
            403 => r#"{"error":"HTTP 403 Forbidden"}"#,
            404 => r#"{"error":"HTTP 404 Not Found"}"#,
            _ => {
                r#"{"error":"unknown_error","error_description":"For more on this error consult the server log."}"#
            }
        };
        Reply::of(status, "application/json", body)
    }

    pub(super) fn echo(status: u16, asked: &Asked) -> Reply {
        let token = asked.headers.iter().find(|(name, _)| name == "authorization");
        let token = token.map(|(_, value)| value.as_str()).unwrap_or_default();
        let form = String::from_utf8_lossy(&asked.body);
        let body = serde_json::json!({"error": format!("cannot handle {token}"), "error_description": form});
        Reply::of(status, "application/json", &body.to_string())
    }

    /// The whole answer as it goes out.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Answer\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
