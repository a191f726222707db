//! Entries, root URLs, requests and origins, made of the pieces that servers treat in ways of their own.

use crate::random::Random;

const SCHEMES: [&str; 14] = [
    "https",
    "https",
    "https",
    "https",
    "https",
    "https",
    "http",
    "http",
    "http",
    "HTTPS",
    "Http",
    "myapp",
    "com.example.app",
    "x-1+a.b",
];
const HOSTS: [&str; 22] = [
    "app.example.com",
    "app.example.com",
    "app.example.com",
    "app.example.com",
    "a.b",
    "localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "App.Example.com",
    "LOCALHOST",
    "*.example.com",
    "app*",
    "app.example.*",
    "*",
    "xn--bcher-kva.example",
    "bücher.example",
    "app.example.com.",
    "10.0.0.1",
    "my_app",
    "localhost.evil.com",
    "",
];
const USERS: [&str; 4] = ["u@", "u:p@", "@", "app.example.com@"];
const PORTS: [&str; 12] =
    [":8080", ":8443", ":443", ":80", ":", ":0", ":065", ":*", ":99999", ":99999999999", ":x", ":4294967296"];
const SEGMENTS: [&str; 40] = [
    "cb",
    "cb",
    "callback",
    "a",
    "oauth2",
    "Cb",
    "..",
    ".",
    "",
    "..;",
    "..;x",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "a%2Fb",
    "%5C",
    "\\..\\",
    "%41",
    "%c3%a9",
    "é",
    "a b",
    "a+b",
    "a%20b",
    "%",
    "%zz",
    "%2525",
    "{x}",
    "a;b=c",
    "~-_.!$&'()",
    "a:b",
    "a@b",
    "a|b",
    "\u{1f600}",
    "%00",
    "%09x",
    "..%00",
    "[31m",
    "a\"b",
    "\u{200b}",
    "%3F",
];
const TAILS: [&str; 34] = [
    "",
    "",
    "",
    "",
    "",
    "",
    "*",
    "/*",
    "/*",
    "/*",
    "/**",
    "*/",
    "/",
    "?",
    "?x=1",
    "?x=*",
    "?code=1",
    "?a[m]=1",
    "?x=1&state=y",
    "?%63ode=1",
    "?iss=a#b",
    "#",
    "#f",
    "#/*",
    "#state=1",
    "?*",
    "/?x=1",
    "//",
    "/..",
    "/../",
    "/.",
    "%2F..",
    "/%2e%2e/",
    "/..%2f",
];
const CUSTOM: [&str; 14] = [
    "myapp:*",
    "myapp:/cb",
    "myapp:cb",
    "myapp:Cb/Zz",
    "myapp://*",
    "myapp:///cb",
    "urn:ietf:wg:oauth:2.0:oob",
    "urn:ietf:wg:oauth:2.0:oob:auto",
    "com.example.app:/oauth2redirect",
    "com.example.app:/*",
    "custom.scheme:x?y#z",
    "file:///x",
    "my:Cb/*",
    "javascript:alert(1)",
];
const ODD: [&str; 24] = [
    "*",
    "*",
    "+",
    "-",
    " ",
    "**",
    "http*",
    "https*",
    "https://*",
    "http://*",
    "https://**",
    "app.example.com",
    "app.example.com/*",
    "app.example.com/x:*",
    "a/b:c*",
    ":x*",
    "//app.example.com/*",
    "//app.example.com/cb",
    "https:app.example.com/cb",
    "https:/app/cb",
    "https:///cb",
    "https://app.example.com:99999999999/*",
    "?x=1",
    "#f",
];
const INSERTED: [&str; 84] = [
    "*",
    "/",
    "//",
    "..",
    ".",
    "/../",
    "/..;/",
    "%2e",
    "%2E%2E",
    "%2F",
    "%5C",
    "%252E",
    "%00",
    "%09",
    "%0a",
    "%7f",
    "%",
    "%2",
    "%zz",
    "?",
    "#",
    "&",
    "=",
    "+",
    " ",
    "%20",
    "@",
    "u@",
    "u:p@",
    ":",
    ":80",
    ":443",
    ":*",
    "*/",
    "/*",
    "*.",
    "[::1]",
    "[::1%25e]",
    "[",
    "m",
    "[31m",
    "\u{1b}[31m",
    "%1B[1m",
    "é",
    "\u{a0}",
    "\u{1f600}",
    "{x}",
    "{",
    "|",
    "^",
    "\\",
    "\"",
    "<",
    "`",
    "~",
    "!",
    "'",
    ",",
    ";",
    "%3B",
    "code=1",
    "?code=1",
    "#state=x",
    "&iss=",
    "Error=",
    "localhost",
    "127.0.0.1",
    "HTTP:",
    "custom:",
    "javascript:",
    "evil.com",
    ".evil.com",
    "99999",
    "99999999999",
    ":0",
    "%C3%A9",
    "%c3%28",
    "%ff",
    "%2525",
    "%3F",
    "%23",
    "%40",
    "\t",
    "\u{80}",
];
const ENDINGS: [&str; 16] = [
    "/",
    "*",
    "/x",
    "?x=1",
    "#f",
    "/cb",
    "?a[m]=1",
    "/..",
    "/%2e%2e/",
    "?code=1",
    "#code=1",
    "/../x",
    "%00",
    "/a/b?c=d",
    "@evil.com",
    ".evil.com",
];
const FILLINGS: [&str; 14] = [
    "",
    "",
    "x",
    "a/b",
    "cb",
    "..",
    "../x",
    "x?y=z",
    "x#f",
    "?q",
    "%2e%2e/x",
    "@evil.com",
    ".evil.com/",
    "a b",
];

/// The longest entry that a database holds is 255 units; some room is left for what mutations add.
const LONGEST: usize = 200;

/// What a client registers.
pub(crate) fn entry(random: &mut Random) -> String {
    let mut entry = match random.below(20) {
        0..12 => absolute(random),
        12..16 => relative(random),
        16..18 => (*random.pick(&CUSTOM)).to_owned(),
        _ => (*random.pick(&ODD)).to_owned(),
    };
    if random.percent(15) {
        entry = mutated(random, &entry);
    }
    // A null character cannot be stored; Java's blanks at the ends are another matter.
    shortened(entry.replace('\0', ""))
}

/// A client's root URL, mostly none.
pub(crate) fn root_url(random: &mut Random) -> Option<String> {
    let written = match random.below(20) {
        0..10 => return None,
        10..14 => "https://app.example.com".to_owned(),
        14 => "https://app.example.com/".to_owned(),
        15 => "http://localhost:3000/base".to_owned(),
        16 => "${authBaseUrl}".to_owned(),
        17 => "${authAdminUrl}/x".to_owned(),
        18 => String::new(),
        _ => return Some(shortened(absolute(random))),
    };
    Some(written)
}

/// What is asked of a client: mostly what comes near one of its entries.
pub(crate) fn request(
    random: &mut Random,
    entries: &[String],
    root_url: Option<&str>,
    base: &str,
) -> Option<String> {
    if random.percent(2) {
        return None;
    }
    if entries.is_empty() || random.percent(20) {
        return Some(entry(random));
    }
    let entry = random.pick(entries).clone();
    let mut request = match (entry.strip_prefix('/'), root_url) {
        (Some(_), _) if random.percent(15) => entry,
        (Some(_), Some(root)) if !root.contains('$') => format!("{root}{entry}"),
        (Some(_), _) => format!("{base}{entry}"),
        (None, _) => entry,
    };
    if !random.percent(10) {
        request = request.replace('*', FILLINGS[random.below(FILLINGS.len())]);
    }
    if let Some(host) =
        ["://localhost", "://127.0.0.1", "://[::1]"].into_iter().find(|host| request.contains(host))
        && random.percent(50)
    {
        let port = *random.pick(&PORTS);
        request = request.replacen(host, &format!("{host}{port}"), 1);
    }
    for _ in 0..*random.pick(&[0, 0, 0, 1, 1, 2]) {
        request = mutated(random, &request);
    }
    Some(request)
}

/// The post-logout attribute, mostly of entries.
pub(crate) fn post_logout(random: &mut Random) -> Option<String> {
    if random.percent(15) {
        return None;
    }
    let count = 1 + random.below(3);
    let parts: Vec<String> = (0..count)
        .map(|_| match random.below(10) {
            0 => "+".to_owned(),
            1 => "-".to_owned(),
            2 => String::new(),
            _ => entry(random),
        })
        .collect();
    let separator: &str = ["##", "##", " ## ", "###"][random.below(4)];
    Some(parts.join(separator))
}

/// What a client allows as web origin.
pub(crate) fn web_origin(random: &mut Random) -> String {
    match random.below(10) {
        0..3 => "+".to_owned(),
        3 => "*".to_owned(),
        4 => entry(random),
        _ => origin(random),
    }
}

/// What a browser sends as `Origin`, or nearly: HTTP leaves only ASCII.
pub(crate) fn origin(random: &mut Random) -> String {
    let hosts = [
        "app.example.com",
        "app.example.com",
        "a.b",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "App.Example.com",
        "evil.com",
    ];
    match random.below(12) {
        0 => "null".to_owned(),
        1 => format!("{}://{}/", random.pick(&["https", "http"]), random.pick(&hosts)),
        number => {
            let port = if number > 8 { *random.pick(&[":8080", ":443", ":80"]) } else { "" };
            format!("{}://{}{port}", random.pick(&["https", "https", "http", "HTTPS"]), random.pick(&hosts))
        }
    }
}

fn absolute(random: &mut Random) -> String {
    let user = if random.percent(6) { *random.pick(&USERS) } else { "" };
    let port = if random.percent(12) { *random.pick(&PORTS) } else { "" };
    let scheme = random.pick(&SCHEMES);
    let host = if random.percent(50) { HOSTS[0] } else { *random.pick(&HOSTS) };
    format!("{scheme}://{user}{host}{port}{}{}", path(random), tail(random))
}

fn relative(random: &mut Random) -> String {
    let path = path(random);
    let path = if path.is_empty() { "/".to_owned() } else { path };
    path + tail(random)
}

fn tail(random: &mut Random) -> &'static str {
    // A star, or none, most of the time.
    let among = if random.percent(70) { 11 } else { TAILS.len() };
    TAILS[random.below(among)]
}

fn path(random: &mut Random) -> String {
    let count = *random.pick(&[0, 1, 1, 1, 2, 3]);
    // Plain ones half of the time, so that cases go far enough to meet the later steps.
    let among = if random.percent(75) { 6 } else { SEGMENTS.len() };
    (0..count).map(|_| format!("/{}", random.pick(&SEGMENTS[..among]))).collect()
}

fn mutated(random: &mut Random, text: &str) -> String {
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
    let place = *random.pick(&places);
    let (front, behind) = text.split_at(place);
    match random.below(20) {
        0..10 => format!("{front}{}{behind}", random.pick(&INSERTED)),
        10..13 => {
            let mut rest = behind.chars();
            rest.next();
            format!("{front}{}", rest.as_str())
        }
        13 => format!("{front}{}", behind.to_uppercase()),
        14 => {
            let mut rest = behind.chars();
            rest.next();
            format!("{front}{}{}", random.pick(&INSERTED), rest.as_str())
        }
        _ => format!("{text}{}", random.pick(&ENDINGS)),
    }
}

fn shortened(text: String) -> String {
    text.chars().take(LONGEST).collect()
}
