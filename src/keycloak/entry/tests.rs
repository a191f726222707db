use super::{Danger, DeadReason, Pieces, Reach, examine};
use crate::keycloak::generation::{Behaviour, GENERATIONS};
use crate::keycloak::java_uri::JavaUri;
use crate::keycloak::redirect::{Endpoint, EntryFault, Matcher, Registration};
use crate::keycloak::version::Version;
use proptest::prelude::*;

const G1: Version = Version::new(26, 3, 2);
const NEWEST: Version = Version::new(26, 7, 4);

fn reach(entry: &str, version: Version) -> Reach {
    examine(entry, "https://base.example", version).reach
}

#[test]
fn wildcards_are_told_apart() {
    for (entry, expected) in [
        ("*", Reach::Anything),
        ("http://*", Reach::AnyHost),
        ("https://*", Reach::AnyHost),
        ("http*", Reach::AnyHost),
        ("https://a/*", Reach::PathWildcard),
        ("https://a/cb*", Reach::PathWildcard),
        ("/*", Reach::PathWildcard),
        ("myapp:*", Reach::AnyOfScheme),
        ("myapp://*", Reach::AnyOfScheme),
        ("https://a/cb", Reach::Exact),
        ("/cb", Reach::Exact),
        ("myapp:/cb", Reach::Exact),
    ] {
        for version in [G1, NEWEST] {
            assert_eq!(reach(entry, version), expected, "{entry} {version}");
        }
    }
    let host = |host: &str| host.to_owned();
    assert_eq!(reach("https://a.b*", G1), Reach::HostWildcard { host: host("a.b"), open: true });
    assert_eq!(reach("https://a.b*", NEWEST), Reach::HostWildcard { host: host("a.b"), open: false });
    assert_eq!(reach("https://a.b:*", G1), Reach::AnyPort { host: host("a.b"), open: true });
    assert_eq!(reach("https://a.b:*", NEWEST), Reach::AnyPort { host: host("a.b"), open: false });
}

#[test]
fn dead_entries_are_told_with_their_reason() {
    for (entry, expected) in [
        ("https://*.run.app/*", DeadReason::StarInHost),
        ("https://*.run.app/cb", DeadReason::StarInHost),
        ("https://a/*/cb", DeadReason::StarInside),
        ("https://a/*/cb/*", DeadReason::StarInside),
        ("https://a/cb?x=*", DeadReason::StarBesideQuery),
        ("https://a/cb#*", DeadReason::StarBesideFragment),
        ("https://a/cb#f", DeadReason::Fragment),
        ("app.example.com/*", DeadReason::RelativeWithoutSlash),
        ("cb", DeadReason::RelativeWithoutSlash),
        ("https://u@a/*", DeadReason::UserInfoBesideStar),
        ("https://a/../*", DeadReason::ParentAccessBesideStar),
        ("https://a/cb?state=1", DeadReason::ReservedParameter("state")),
        ("https://a/cb%00", DeadReason::Cleaned),
    ] {
        assert_eq!(reach(entry, NEWEST), Reach::Nothing(expected), "{entry}");
    }
    assert!(matches!(reach("https://a/c b", NEWEST), Reach::Nothing(DeadReason::NotAUri(_))));
    assert!(matches!(reach("https://a/c b*", NEWEST), Reach::Nothing(DeadReason::NotAUri(_))));
    assert_eq!(reach("https://a/cb?state=1", G1), Reach::Exact);
    assert_eq!(reach("http://A/cb", Version::new(22, 0, 5)), Reach::Nothing(DeadReason::UpperCase));
    assert_eq!(reach("https://a//cb", Version::new(23, 0, 7)), Reach::Nothing(DeadReason::NotNormalized));
    assert_eq!(reach("https://a//cb", G1), Reach::Exact);
}

#[test]
fn entries_that_break_logins_do_so_where_wildcards_are_split() {
    for (entry, fault) in [
        ("app.example.com/x:*", EntryFault::Colon),
        (":*", EntryFault::Colon),
        ("https://h:99999999999/*", EntryFault::Port),
    ] {
        assert_eq!(reach(entry, NEWEST), Reach::BreaksLogin(fault), "{entry}");
        assert!(!matches!(reach(entry, G1), Reach::BreaksLogin(_)), "{entry}");
    }
}

#[test]
fn dangers_are_seen_in_any_case() {
    for (entry, danger) in [
        ("JavaScript:alert(1)", Danger::Scheme),
        ("data:text/html,x", Danger::Scheme),
        ("https://good.example@evil.example/cb", Danger::UserInfo),
        ("https://a/%2e%2e/x", Danger::ParentAccess),
        ("https://a/cb?Code=1", Danger::ReservedParameter("code")),
    ] {
        assert_eq!(examine(entry, "", NEWEST).dangers, vec![danger], "{entry}");
    }
    assert!(examine("https://a/cb", "", NEWEST).dangers.is_empty());
}

fn accepts(entry: &str, requested: &str, version: Version) -> bool {
    let registered = [entry];
    let registration = Registration {
        registered: &registered,
        root_url: None,
        frontend_url: "https://sso",
        admin_url: None,
        allow_oidc_parameters: false,
    };
    Matcher::new(&registration, version, Endpoint::Authorization).judge(Some(requested), true).accepted()
        == Some(true)
}

/// What is called open to strangers lets the known attack in, and what is not does not, on every generation.
#[test]
fn openness_is_what_servers_do() {
    for generation in GENERATIONS {
        let version = generation.version;
        let open = match reach("https://host*", version) {
            Reach::HostWildcard { open, .. } => open,
            other => panic!("{other:?}"),
        };
        assert_eq!(open, accepts("https://host*", "https://host.evil.tld/", version), "{version}");
        let open = match reach("https://host:*", version) {
            Reach::AnyPort { open, .. } => open,
            other => panic!("{other:?}"),
        };
        let attacks = ["https://host:x@evil.tld/", "https://host:x@y@evil.tld/"];
        assert_eq!(
            open,
            attacks.iter().any(|attack| accepts("https://host:*", attack, version)),
            "{version}"
        );
        for (entry, attacks) in [
            ("http://localhost", vec!["http://localhost:1@evil.tld"]),
            ("http://localhost/cb", vec!["http://localhost:1@evil.tld/cb"]),
            ("http://127.0.0.1/cb", vec!["http://127.0.0.1:1@evil.tld/cb"]),
            ("http://localhost/*", vec!["http://localhost:1@evil.tld/cb"]),
            ("http://localhost*", vec!["http://localhost:1@evil.tld/cb"]),
            ("http://localhost:*", vec!["http://localhost:1@evil.tld/cb"]),
            (
                "http://localhost:8080/cb",
                vec![
                    "http://localhost:8080:1@evil.tld/cb",
                    "http://localhost:1@evil.tld/cb",
                    "http://localhost:8080@evil.tld/cb",
                ],
            ),
            ("http://[::1]/cb", vec!["http://[::1]:1@evil.tld/cb"]),
        ] {
            let open = examine(entry, "", version).dangers.contains(&Danger::OpenLoopback);
            // Wildcards right behind the host are open in a way of their own.
            let attacked =
                entry != "http://localhost*" && attacks.iter().any(|attack| accepts(entry, attack, version));
            let expected = open && entry != "http://localhost*";
            assert_eq!(expected, attacked, "{entry} {version}");
        }
    }
}

#[test]
fn lengths_are_counted_in_utf16() {
    let entry = format!("https://a/{}", "😀".repeat(123));
    assert!(!examine(&entry, "", NEWEST).is_storable());
    assert!(examine(&entry[..entry.len() - 4], "", NEWEST).is_storable());
}

#[test]
fn messages_guess_what_was_meant() {
    let text = |entry: &str| match reach(entry, NEWEST) {
        Reach::Nothing(reason) => reason.describe(entry),
        other => panic!("{other:?}"),
    };
    assert!(text("app.example.com/*").ends_with("probably https://app.example.com/* was meant"));
    assert!(text("cb/*").ends_with("probably /cb/* was meant"));
}

#[test]
fn pieces_are_what_readers_see() {
    let pieces = Pieces::of("https://u:p@[::1]:80/a?b#c");
    assert_eq!(
        (pieces.scheme, pieces.user_info, pieces.host, pieces.port),
        (Some("https"), Some("u:p"), Some("[::1]"), Some("80"))
    );
    assert_eq!((pieces.path, pieces.query, pieces.fragment), ("/a", Some("b"), Some("c")));
    assert_eq!(Pieces::of("/a:b").path, "/a:b");
}

fn entry_text() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        Just("https://"),
        Just("http://"),
        Just("a.example"),
        Just("custom:"),
        Just("/"),
        Just("cb"),
        Just("*"),
        Just("?x"),
        Just("#"),
        Just(":"),
        Just(":80"),
        Just(".."),
        Just("%00"),
        Just("@"),
        Just("A"),
        Just(" "),
        Just("[::1]"),
        Just("//"),
    ];
    prop::collection::vec(atom, 0..7).prop_map(|atoms| atoms.concat())
}

proptest! {
    /// What is called dead for a reason that leaves no request must not match what it says or anything behind its star.
    #[test]
    fn dead_entries_match_nothing(entry in entry_text(), tail in "[a-z/.:@]{0,6}") {
        for generation in GENERATIONS {
            let facts = examine(&entry, "https://base.example", generation.version);
            let Reach::Nothing(reason) = facts.reach else { continue };
            if !matches!(reason, DeadReason::NotAUri(_) | DeadReason::ReservedParameter(_) | DeadReason::Cleaned | DeadReason::UpperCase | DeadReason::NotNormalized | DeadReason::UserInfoBesideStar | DeadReason::ParentAccessBesideStar) {
                continue;
            }
            let registered = [entry.as_str()];
            let registration = Registration { registered: &registered, root_url: Some("https://base.example"), frontend_url: "https://sso", admin_url: None, allow_oidc_parameters: false };
            let matcher = Matcher::new(&registration, generation.version, Endpoint::Authorization);
            for requested in [facts.resolved.clone(), [facts.resolved.trim_end_matches('*'), &tail].concat()] {
                let literally_itself = requested == facts.resolved && JavaUri::parse(&requested).is_ok();
                let accepted = matcher.judge(Some(&requested), true).accepted() == Some(true);
                prop_assert!(!accepted || literally_itself, "{} {:?} {} {}", entry, reason, requested, generation.version);
            }
        }
    }

    /// The entries that are not taken apart are what a close look would make of them, on every version.
    #[test]
    fn a_plain_entry_is_what_a_close_look_says(
        host in "[a-z0-9-]{1,6}(\\.[a-z0-9-]{1,5}){0,3}",
        path in "(/[a-zA-Z0-9_-]{0,5}){0,4}",
        end in prop_oneof![Just(""), Just("/"), Just("/*"), Just("*")],
    ) {
        let entry = format!("https://{host}{path}{end}");
        for generation in GENERATIONS {
            let close = super::examine_closely(&entry, entry.clone(), &Behaviour::of(generation.version));
            prop_assert_eq!(examine(&entry, "https://base.example", generation.version), close);
        }
    }
}
