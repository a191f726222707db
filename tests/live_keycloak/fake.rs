//! A server that answers as Keycloak does, but where a test says otherwise: late, broken, cut short, with other statuses.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A call as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The path with its query.
    pub(crate) path: String,
    /// `Authorization`, empty when there is none.
    pub(crate) authorization: String,
    /// The body.
    pub(crate) body: String,
    /// How often this path (without query) was asked before.
    pub(crate) before: usize,
}

impl Call {
    /// The path without its query.
    pub(crate) fn place(&self) -> &str {
        self.path.split('?').next().unwrap()
    }

    fn parameter(&self, name: &str) -> usize {
        let query = self.path.split_once('?').map_or("", |(_, query)| query);
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}

/// What is answered.
pub(crate) enum Reply {
    /// A status, further header lines, a body.
    Answer(u16, Vec<String>, String),
    /// The same after a while.
    Late(Duration, Box<Reply>),
    /// Half of an answer, then the connection ends.
    Cut(String),
}

impl Reply {
    /// 200 with JSON.
    pub(crate) fn json(value: &Value) -> Reply {
        Reply::text(200, value.to_string())
    }

    /// A status with a body.
    pub(crate) fn text(status: u16, body: impl Into<String>) -> Reply {
        Reply::Answer(status, vec!["Content-Type: application/json".to_owned()], body.into())
    }

    /// A redirect.
    pub(crate) fn to(location: &str) -> Reply {
        Reply::Answer(302, vec![format!("Location: {location}")], String::new())
    }
}

/// What a test says otherwise: none for what a Keycloak answers.
type Otherwise = dyn Fn(&Call) -> Option<Reply> + Send + Sync;

/// A running server.
pub(crate) struct Fake {
    /// Its base URL.
    pub(crate) base: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: Mutex<Vec<Call>>,
    counts: Mutex<BTreeMap<String, usize>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Fake {
    /// Starts one with a realm `shop` and `clients` clients besides the built-in one.
    pub(crate) fn start(
        clients: usize,
        otherwise: impl Fn(&Call) -> Option<Reply> + Send + Sync + 'static,
    ) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let (of_thread, own, otherwise) = (Arc::clone(&seen), base.clone(), Arc::new(otherwise));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, own, otherwise) = (Arc::clone(&of_thread), own.clone(), Arc::clone(&otherwise));
                thread::spawn(move || serve(stream, &seen, &own, clients, &*otherwise));
            }
        });
        Fake { base, seen }
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.seen.calls.lock().unwrap().clone()
    }

    /// How many calls a place got.
    pub(crate) fn count(&self, place: &str) -> usize {
        self.calls().iter().filter(|call| call.place() == place).count()
    }

    /// How many calls were under way at once at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.seen.most.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, seen: &Seen, base: &str, clients: usize, otherwise: &Otherwise) {
    let Some(mut call) = request(&stream) else { return };
    {
        let mut counts = seen.counts.lock().unwrap();
        let count = counts.entry(call.place().to_owned()).or_default();
        call.before = *count;
        *count += 1;
    }
    seen.calls.lock().unwrap().push(call.clone());
    let now = seen.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most.fetch_max(now, Ordering::SeqCst);
    let reply = otherwise(&call).unwrap_or_else(|| usual(&call, base, clients));
    // Before the answer is out, as the client may send the next call as soon as it has it.
    let reply = wait(reply);
    seen.under_way.fetch_sub(1, Ordering::SeqCst);
    let _ = match reply {
        Reply::Answer(status, headers, body) => stream.write_all(whole(status, &headers, &body).as_bytes()),
        Reply::Cut(body) => {
            let text = whole(200, &[], &body);
            stream.write_all(&text.as_bytes()[..text.len() - body.len() / 2 - 1])
        }
        Reply::Late(..) => Ok(()),
    };
    let _ = stream.shutdown(Shutdown::Both);
}

fn wait(reply: Reply) -> Reply {
    match reply {
        Reply::Late(time, reply) => {
            thread::sleep(time);
            wait(*reply)
        }
        reply => reply,
    }
}

fn whole(status: u16, headers: &[String], body: &str) -> String {
    let mut text =
        format!("HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|header| text.push_str(&format!("{header}\r\n")));
    text + "\r\n" + body
}

fn request(stream: &TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let path = first.split_whitespace().nth(1)?.to_owned();
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorization = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Call { path, authorization, body: String::from_utf8(body).ok()?, before: 0 })
}

/// A token whose text names the login that it is of, issued now or so many seconds later.
pub(crate) fn token(login: usize, later: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"iat": i64::try_from(now).unwrap() + later, "azp": "audit", "sid": login});
    format!("eyJ0.{}.signature-{login}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// What the token endpoint answers.
pub(crate) fn token_answer(login: usize, later: i64, lives: u64) -> Reply {
    Reply::json(&json!({"access_token": token(login, later), "expires_in": lives}))
}

/// A client as the list has it.
pub(crate) fn client(number: usize) -> Value {
    json!({"id": format!("u{number:05}"), "clientId": format!("client-{number:05}"), "enabled": true, "publicClient": true, "fullScopeAllowed": true})
}

fn usual(call: &Call, base: &str, clients: usize) -> Reply {
    let place = call.place();
    if let Some(realm) = place.strip_suffix("/.well-known/openid-configuration") {
        return Reply::json(&json!({"issuer": format!("{base}{realm}")}));
    }
    if place.ends_with("/protocol/openid-connect/token") {
        return token_answer(call.before, 0, 60);
    }
    let Some(rest) = place.strip_prefix("/admin/") else {
        return Reply::text(404, r#"{"error":"Unable to find matching target resource method"}"#);
    };
    Reply::json(&match rest {
        "serverinfo" => json!({"systemInfo": {"version": "26.7.3"}}),
        "realms" => json!([{"realm": "shop"}]),
        "realms/shop" => json!({
            "realm": "shop", "enabled": true, "sslRequired": "external", "eventsEnabled": true,
            "clientPolicies": {"policies": []}, "clientProfiles": {"profiles": []}}),
        "realms/shop/clients" => {
            let own = json!({"id": "m", "clientId": "realm-management", "bearerOnly": true});
            let all = (0..clients).map(client).chain([own]);
            let page: Vec<Value> = all.skip(call.parameter("first")).take(call.parameter("max")).collect();
            json!(page)
        }
        "realms/shop/groups/count" => json!({"count": 0}),
        other if other.ends_with("-mappings") => json!({}),
        other if other.starts_with("realms/shop/") => json!([]),
        _ => return Reply::text(404, r#"{"error":"Realm not found."}"#),
    })
}
