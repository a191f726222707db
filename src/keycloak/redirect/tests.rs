use proptest::prelude::*;

use super::table::{Cut, Table};
use super::{
    Breakage, Difference, Endpoint, How, Matcher, MissingReason, Refusal, Registration, Verdict, WildcardsOff,
};
use crate::keycloak::entry::DeadReason;
use crate::keycloak::generation::{Behaviour, GENERATIONS};
use crate::keycloak::version::Version;

const G1: Version = Version::new(26, 3, 2);
const NEWEST: Version = Version::new(26, 7, 3);

fn registration<'a>(registered: &'a [&'a str], root_url: Option<&'a str>) -> Registration<'a, &'a str> {
    Registration {
        registered,
        root_url,
        frontend_url: "https://sso.example.com/auth/",
        admin_url: Some("https://admin.example.com/"),
        allow_oidc_parameters: false,
    }
}

fn judge<'a>(registered: &[&str], requested: &'a str, version: Version) -> Verdict<'a> {
    Matcher::new(&registration(registered, None), version, Endpoint::Authorization)
        .judge(Some(requested), true)
}

fn accepts(registered: &[&str], requested: &str, version: Version) -> bool {
    judge(registered, requested, version).accepted() == Some(true)
}

fn on_all_since_g1(check: impl Fn(Version)) {
    for generation in GENERATIONS.iter().filter(|generation| generation.version >= Version::new(25, 0, 6)) {
        check(generation.version);
    }
}

#[test]
fn a_final_star_is_a_prefix_on_a_path() {
    on_all_since_g1(|version| {
        for requested in [
            "https://x/cb",
            "https://x/cb/",
            "https://x/cb/deep",
            "https://x/cb?anything",
            "https://x/cb#anything",
        ] {
            assert!(accepts(&["https://x/cb/*"], requested, version), "{requested} {version}");
        }
        assert!(!accepts(&["https://x/cb/*"], "https://x/cbx", version));
        assert!(accepts(&["https://x/cb*"], "https://x/cbx", version));
        assert!(!accepts(&["https://x/cb"], "https://x/cb/", version));
        assert!(!accepts(&["https://x/cb"], "https://x/cb?x=1", version));
        assert!(accepts(&["https://*"], "https://anything/at?all", version));
        assert!(!accepts(&["https://x/cb?x=*"], "https://x/cb?x=1", version));
        assert!(accepts(&["https://x/cb?x=*"], "https://x/cb?x=*", version));
        assert!(!accepts(&["https://*.run.app/*"], "https://a.run.app/cb", version));
        assert!(!accepts(&["https://x/a/*/b"], "https://x/a/1/b", version));
    });
}

#[test]
fn hosts_and_ports_are_compared_as_written() {
    on_all_since_g1(|version| {
        assert!(
            !accepts(&["https://h:443/cb"], "https://h/cb", version)
                && !accepts(&["https://h/cb"], "https://h:443/cb", version)
        );
        assert!(
            !accepts(&["https://h/cb"], "https://H/cb", version)
                && !accepts(&["https://h/cb"], "HTTPS://h/cb", version)
        );
        assert!(
            accepts(&["https://h:*"], "https://h:8443/cb", version)
                && !accepts(&["https://h:*"], "https://h/cb", version)
        );
        assert!(!accepts(&["https://h:*/cb"], "https://h:8443/cb", version));
    });
}

#[test]
fn a_star_behind_a_host_is_open_until_it_is_read_as_a_path() {
    assert!(accepts(&["https://host*"], "https://host.evil.tld/", G1));
    for closed in [Version::new(26, 4, 13), Version::new(26, 6, 3), NEWEST] {
        assert!(
            !accepts(&["https://host*"], "https://host.evil.tld/", closed)
                && accepts(&["https://host*"], "https://host/cb", closed),
            "{closed}"
        );
        assert!(accepts(&["https://host*"], "https://host", closed));
    }
}

#[test]
fn a_plain_star_lets_http_in_and_custom_schemes_out() {
    assert!(accepts(&["*"], "https://u@h/../x", NEWEST) && accepts(&["*"], "/x", NEWEST));
    let Verdict::Refused(refusal) = judge(&["*"], "custom:/cb", NEWEST) else { panic!("accepted") };
    assert_eq!(refusal, Refusal::SchemeNotSpelledOut { entry: 0 });
    assert!(!accepts(&["c*"], "custom:/cb", NEWEST) && accepts(&["custom:*"], "custom:/cb", NEWEST));
}

#[test]
fn what_switches_wildcards_off_is_named() {
    let off = |requested, version| judge(&["https://app/*"], requested, version);
    let refused = |off| Verdict::Refused(Refusal::NoEntryMatched { wildcards_off: Some(off) });
    assert_eq!(off("https://app/../x", G1), refused(WildcardsOff::ParentAccess));
    assert_eq!(off("https://app/..;/x", NEWEST), refused(WildcardsOff::ParentAccess));
    assert!(accepts(&["https://app/*"], "https://app/..;/x", G1));
    assert_eq!(judge(&["https://u@app/*"], "https://u@app/x", G1), refused(WildcardsOff::UserInfo));
    assert_eq!(judge(&["https://a_b/*"], "https://a_b/x", NEWEST), refused(WildcardsOff::OddAuthority));
    assert!(
        accepts(&["https://a_b/*"], "https://a_b/x", G1)
            && accepts(&["https://a_b/x"], "https://a_b/x", NEWEST)
    );
}

#[test]
fn loopback_ports_are_forgiven_to_entries_without_one() {
    let entries = ["http://localhost/cb", "http://127.0.0.1/*", "http://[::1]/cb"];
    on_all_since_g1(|version| {
        for requested in [
            "http://localhost:9/cb",
            "http://127.0.0.1:1/x",
            "http://[::1]:9000/cb",
            "http://localhost:9/cb?",
        ] {
            assert!(accepts(&entries, requested, version), "{requested} {version}");
        }
        for requested in [
            "http://localhost:9/cb2",
            "https://localhost:9/cb",
            "http://LOCALHOST:9/cb",
            "http://localhost:1@evil.com/cb",
            "http://localhost:abc/cb",
            "http://127.0.0.2:9/cb",
        ] {
            assert!(!accepts(&entries, requested, version), "{requested} {version}");
        }
        assert!(!accepts(&["http://localhost:80/cb"], "http://localhost:9/cb", version));
    });
    let old = Version::new(24, 0, 5);
    for requested in ["http://localhost:1@evil.com/cb", "http://localhost/cb:x", "http://localhost:abc/cb"] {
        assert!(accepts(&["http://localhost/cb"], requested, old), "{requested}");
    }
    assert!(!accepts(&["http://[::1]/cb"], "http://[::1]:9000/cb", old));
    let Verdict::Accepted(acceptance) = judge(&["http://localhost/cb"], "http://localhost:9/cb", NEWEST)
    else {
        panic!("refused")
    };
    assert_eq!((acceptance.resolved.as_ref(), acceptance.how), ("http://localhost:9/cb", How::LoopbackPort));
}

#[test]
fn reserved_parameters_are_refused_even_when_registered() {
    let query = "https://a/cb?State=1";
    let fragment = "https://a/cb#code=1";
    assert!(
        accepts(&[query, fragment], query, Version::new(26, 6, 4))
            && !accepts(&[query], query, Version::new(26, 7, 0))
    );
    assert!(accepts(&[fragment], fragment, Version::new(26, 7, 0)));
    assert_eq!(
        judge(&[fragment], fragment, NEWEST),
        Verdict::Refused(Refusal::ReservedParameter { name: "code", in_fragment: true })
    );
    assert!(accepts(&["https://a/*"], "https://a/cb#/route?state=1", NEWEST));
    let mut allowed = registration(&["https://a/*"], None);
    allowed.allow_oidc_parameters = true;
    assert_eq!(
        Matcher::new(&allowed, NEWEST, Endpoint::Authorization).judge(Some(query), true).accepted(),
        Some(true)
    );
}

#[test]
fn the_parameter_is_cleaned_and_measured_at_login_only() {
    assert!(
        accepts(&["https://a/cb"], "https://a/cb%00", NEWEST)
            && !accepts(&["https://a/cb"], "https://a/cb%00", Version::new(26, 6, 4))
    );
    let logout = Matcher::new(&registration(&["https://a/cb"], None), NEWEST, Endpoint::Logout);
    assert_eq!(logout.judge(Some("https://a/cb%00"), true).accepted(), Some(false));
    let long = format!("https://a/{}", "x".repeat(3990));
    assert!(accepts(&["https://a/*"], &long, NEWEST));
    let longer = format!("{long}x");
    assert_eq!(
        judge(&["https://a/*"], &longer, Version::new(26, 4, 0)),
        Verdict::Refused(Refusal::TooLong { length: 4001, limit: 4000 })
    );
    assert!(accepts(&["https://a/*"], &longer, G1));
    assert!(accepts(&["https://a/*"], &format!("{longer}%00")[..longer.len() - 1], NEWEST));
    // One character outside the basic plane counts twice.
    assert!(!accepts(&["https://a/*"], &format!("{}😀", &long[..3999]), NEWEST));
}

#[test]
fn entries_that_cannot_be_split_break_the_server_when_they_are_reached() {
    for (entry, requested) in [
        ("app.example.com/x:*", "https://a/b"),
        (":*", "https://a/b"),
        ("https://h:99999999999/*", "https://a/b"),
    ] {
        assert!(
            matches!(judge(&[entry], requested, NEWEST), Verdict::Breaks(Breakage::Entry { entry: 0, .. })),
            "{entry}"
        );
        assert_eq!(judge(&[entry], requested, G1).accepted(), Some(false), "{entry}");
    }
    assert!(accepts(&["https://a/b", ":*"], "https://a/b", NEWEST), "the longer entry comes first");
    assert_eq!(judge(&[":*"], "https://u@a/b", NEWEST).accepted(), Some(false), "wildcards do not count");
}

#[test]
fn relative_entries_get_the_base() {
    let resolved = |registered: &[&str], root_url, requested: &str| match Matcher::new(
        &registration(registered, root_url),
        NEWEST,
        Endpoint::Authorization,
    )
    .judge(Some(requested), true)
    {
        Verdict::Accepted(acceptance) => Some(acceptance.resolved.into_owned()),
        _ => None,
    };
    assert!(resolved(&["/cb"], None, "https://sso.example.com/cb").is_some());
    assert!(resolved(&["/cb"], Some("${authBaseUrl}"), "https://sso.example.com/auth/cb").is_some());
    assert!(resolved(&["/cb"], Some("${authAdminUrl}"), "https://admin.example.com/cb").is_some());
    assert!(resolved(&["/cb"], Some("https://svc.run.app/"), "https://svc.run.app//cb").is_some());
    assert!(resolved(&["/cb"], Some("https://svc.run.app/"), "https://svc.run.app/cb").is_none());
    assert_eq!(
        resolved(&["cb"], Some("https://svc.run.app"), "cb").as_deref(),
        Some("https://svc.run.app/cb")
    );
    assert!(resolved(&["/cb"], None, "/cb").is_none());
}

#[test]
fn a_missing_parameter_is_stood_in_for_by_a_single_entry() {
    let judge = |registered: &[&str], required| {
        Matcher::new(&registration(registered, None), NEWEST, Endpoint::Authorization).judge(None, required)
    };
    assert_eq!(judge(&["https://a/*"], true), Verdict::Refused(Refusal::Missing(MissingReason::Required)));
    assert_eq!(
        judge(&["https://a/x", "https://b"], false),
        Verdict::Refused(Refusal::Missing(MissingReason::NotOneEntry))
    );
    let Verdict::Accepted(acceptance) = judge(&["https://a/*", "https://a/*"], false) else {
        panic!("refused")
    };
    assert_eq!((acceptance.resolved.as_ref(), acceptance.how), ("https://a", How::SingleEntry));
}

#[test]
fn old_servers_decode_normalize_and_fold() {
    let (v21, v22, v23) = (Version::new(21, 1, 2), Version::new(22, 0, 5), Version::new(23, 0, 7));
    assert!(
        accepts(&["http://app/d/*"], "http://App/d/x", v22)
            && !accepts(&["http://app/d/*"], "http://App/d/x", v23)
    );
    assert!(
        accepts(&["https://App/x"], "HTTPS://App/x", v22),
        "the second slash of https:// is the eighth character"
    );
    assert!(!accepts(&["HTTPS://app/x"], "HTTPS://app/x", v22));
    assert!(
        accepts(&["https://app*"], "https://app@evil.com", v22)
            && !accepts(&["https://app*"], "https://app@evil.com", v23)
    );
    assert!(
        accepts(&["https://app/d/*"], "https://u@app/d/x", v23)
            && !accepts(&["https://app/d/*"], "https://u@app/d/x", v22)
    );
    assert!(
        !accepts(&["https://app/d/*"], "https://app/d/%2e%2e/x", v23)
            && accepts(&["https://app/*"], "https://app/d/%2e%2e/x", v23)
    );
    assert!(!accepts(&["https://app/d/*"], "https://app/d/100%25", v22));
    assert!(!accepts(&["https://app/*"], "https://app/%2525252525252541", v23), "five rounds are not enough");
    assert_eq!(judge(&["*"], "https:///cb", v23), Verdict::Breaks(Breakage::EmptyHost));
    assert_eq!(judge(&["*"], "https://a/b|c", v21), Verdict::Breaks(Breakage::MalformedMatch));
    assert_eq!(judge(&["https://b/*"], "https://a/b|c", v21).accepted(), Some(false));
    assert!(matches!(judge(&["*"], "https://a/b|c", v22), Verdict::Refused(Refusal::NotAUri(_))));
    assert!(
        !accepts(&["https://app/cb/*"], "https://app/cb#f", v22)
            && accepts(&["https://app/cb/*"], "https://app/cb#f", v23)
    );
}

#[test]
fn the_nearest_entry_and_what_differs_are_named() {
    let differences = |registered: &[&str], requested: &str| {
        let matcher = Matcher::new(&registration(registered, None), NEWEST, Endpoint::Authorization);
        assert_eq!(matcher.judge(Some(requested), true).accepted(), Some(false), "{requested}");
        matcher.nearest(requested).map(|nearest| (nearest.entry, nearest.differences))
    };
    let text = str::to_owned;
    let entries = ["https://other.example.com/cb", "https://app.example.com/cb", "http://localhost:3000/cb"];
    assert_eq!(
        differences(&entries, "https://app.example.com/cb/"),
        Some((1, vec![Difference::TrailingSlash { requested: true }]))
    );
    assert_eq!(
        differences(&entries, "http://app.example.com/cb"),
        Some((1, vec![Difference::Scheme { entry: Some(text("https")), requested: Some(text("http")) }]))
    );
    assert_eq!(
        differences(&entries, "https://APP.example.com/cb"),
        Some((
            1,
            vec![Difference::HostCase { entry: text("app.example.com"), requested: text("APP.example.com") }]
        ))
    );
    assert_eq!(
        differences(&entries, "https://app.example.com/Cb"),
        Some((1, vec![Difference::PathCase { entry: text("/cb"), requested: text("/Cb") }]))
    );
    assert_eq!(
        differences(&entries, "https://app.example.com:443/cb"),
        Some((1, vec![Difference::Port { entry: None, requested: Some(text("443")) }]))
    );
    assert_eq!(
        differences(&entries, "http://localhost:3001/cb"),
        Some((2, vec![Difference::LoopbackPort { entry: text("3000") }]))
    );
    assert_eq!(
        differences(&entries, "https://app.example.com/cb?x=1"),
        Some((1, vec![Difference::Query { entry: None, requested: Some(text("x=1")) }]))
    );
    assert_eq!(
        differences(&["https://*.run.app/*"], "https://a.run.app/cb"),
        Some((0, vec![Difference::InertStar(DeadReason::StarInHost)]))
    );
    assert_eq!(
        differences(&["https://a/cb?x=*"], "https://a/cb?x=1"),
        Some((0, vec![Difference::InertStar(DeadReason::StarBesideQuery)]))
    );
}

fn uri_text() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        Just("https://a.example"),
        Just("http://localhost"),
        Just("custom:"),
        Just("/"),
        Just("/cb"),
        Just("x"),
        Just("*"),
        Just("/*"),
        Just("?x=1"),
        Just("#f"),
        Just(":80"),
        Just("%2e"),
        Just("%2F"),
        Just(".."),
        Just("+"),
        Just("@"),
        Just(":"),
        Just("ü"),
        Just("😀"),
        Just("{a}"),
        Just("[m"),
        Just("%00"),
    ];
    prop::collection::vec(atom, 0..6).prop_map(|atoms| atoms.concat())
}

proptest! {
    #[test]
    fn no_string_makes_a_matcher_panic(registered in prop::collection::vec(any::<String>(), 0..4), root_url in any::<Option<String>>(), requested in any::<Option<String>>(), required in any::<bool>()) {
        let registration = Registration { registered: &registered, root_url: root_url.as_deref(), frontend_url: "https://sso", admin_url: None, allow_oidc_parameters: false };
        for generation in GENERATIONS {
            let matcher = Matcher::new(&registration, generation.version, Endpoint::Authorization);
            let verdict = matcher.judge(requested.as_deref(), required);
            prop_assert!(!matcher.reason(&registered, requested.as_deref(), &verdict).is_empty());
        }
    }

    #[test]
    fn uri_like_strings_do_not_either(registered in prop::collection::vec(uri_text(), 0..5), requested in uri_text()) {
        let registration = Registration { registered: &registered, root_url: None, frontend_url: "https://sso", admin_url: None, allow_oidc_parameters: false };
        for generation in GENERATIONS {
            let matcher = Matcher::new(&registration, generation.version, Endpoint::Authorization);
            let verdict = matcher.judge(Some(&requested), true);
            prop_assert!(!matcher.reason(&registered, Some(&requested), &verdict).is_empty());
        }
    }

    #[test]
    fn a_literal_entry_accepts_itself(entry in "https://[a-z]{1,8}(\\.[a-z]{1,5}){0,2}(:[1-9][0-9]{0,3})?(/[a-z0-9._~%-]{0,6}){0,3}(\\?[a-z]{1,3}=[a-z0-9]{0,3})?") {
        prop_assume!(crate::keycloak::java_uri::JavaUri::parse(&entry).is_ok());
        for generation in GENERATIONS.iter().filter(|generation| generation.version >= Version::new(24, 0, 3) && generation.version < Version::new(26, 6, 5)) {
            prop_assert!(accepts(&[&entry], &entry, generation.version), "{} {}", entry, generation.version);
        }
    }

    #[test]
    fn order_and_duplicates_of_entries_do_not_matter(registered in prop::collection::vec(uri_text(), 1..5), requested in uri_text(), seed in any::<usize>()) {
        let mut shuffled = registered.clone();
        shuffled.rotate_left(seed % registered.len());
        shuffled.extend(registered.iter().take(seed % 3).cloned());
        for generation in GENERATIONS {
            let of = |list: &[String]| {
                let registration = Registration { registered: list, root_url: Some("https://a.example"), frontend_url: "https://sso", admin_url: None, allow_oidc_parameters: false };
                match Matcher::new(&registration, generation.version, Endpoint::Authorization).judge(Some(&requested), true) {
                    Verdict::Accepted(acceptance) => (Some(true), Some((acceptance.resolved.into_owned(), list[acceptance.entry].clone()))),
                    verdict => (verdict.accepted(), None),
                }
            };
            prop_assert_eq!(of(&registered), of(&shuffled));
        }
    }

    #[test]
    fn looking_up_is_comparing_one_by_one(mut registered in prop::collection::vec(uri_text(), 1..40), whole in uri_text(), pick in any::<prop::sample::Index>(), cut_at in any::<prop::sample::Index>()) {
        registered.extend((0..30).map(|number| format!("https://filler{number}/*")));
        for version in [Version::new(22, 0, 5), G1, NEWEST] {
            let Ok(table) = Table::new(&registered, "https://base", &Behaviour::of(version)) else { continue };
            let known = &registered[pick.index(registered.len())];
            for text in [&whole, known, &format!("{}x", known.trim_end_matches('*'))] {
                let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let front = &text[..ends[cut_at.index(ends.len())]];
                for cut in [Cut::Off, Cut::At(text), Cut::At(front), Cut::Fails] {
                    prop_assert_eq!(table.find(text, cut), table.find_one_by_one(text, cut), "{} {:?}", text, cut);
                }
            }
        }
    }
}
