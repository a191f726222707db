//! Ctrl-C, and who sees progress.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cloakrun_test_support::faults::Fault;
use cloakrun_test_support::google::{self, ALWAYS, Matching};

use crate::scene::Shop;
use crate::world::{World, files, proxy};

/// Runs a command until `started` is true, presses Ctrl-C, and gives its exit code and what it said.
fn interrupted(world: &World, args: &[&str], started: impl Fn() -> bool) -> (Option<i32>, String, Duration) {
    let child = world.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let limit = Instant::now() + Duration::from_secs(60);
    while !started() {
        assert!(Instant::now() < limit, "{args:?} asks nothing");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pressed = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let took = pressed.elapsed();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    world.look_for_secrets("the output of an interrupted run", &said);
    (output.status.code(), said, took)
}

#[test]
fn ctrl_c_ends_a_slow_read_and_leaves_nothing_half_done() {
    let shop = Shop::open("26.7.3");
    let mut world = shop.world();
    let proxy = proxy(shop.realm.server().base());
    world.set("CLOAKRUN_KEYCLOAK_URL", &proxy.url());
    proxy.fail(Matching::path("*/clients"), Fault::Silent, ALWAYS);
    shop.google.fail(Matching::path("/v2/*"), google::Fault::Silent, ALWAYS);
    let is_asked = || proxy.calls().iter().any(|call| call.contains("/clients?"));
    for args in [
        &["check", "--output", "report.json", "--format", "json", "--report", "table=report.txt"][..],
        &["snapshot", "snap"],
        &["doctor"],
    ] {
        proxy.forget_calls();
        let (code, said, took) = interrupted(&world, args, is_asked);
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains("interrupted; nothing was written"), "{said}");
        assert!(took < Duration::from_secs(5), "{args:?} took {took:?} to end");
        assert_eq!(files(&world.work()).keys().collect::<Vec<_>>(), Vec::<&String>::new(), "{args:?}");
    }
    world.keep_tokens_of(&proxy);
}

#[test]
fn progress_is_for_terminals_and_leaves_no_trace() {
    let shop = Shop::open("26.7.3");
    let mut world = shop.world();
    let proxy = proxy(shop.realm.server().base());
    world.set("CLOAKRUN_KEYCLOAK_URL", &proxy.url());
    shop.google.latency(Duration::from_millis(150));
    let piped = world.run(&["check", "--rule", "redirect-uri-missing"]);
    assert!(!piped.err.contains('\u{1b}') && !piped.err.contains("regions"), "{:?}", piped.err);
    let Ok(script) = Command::new("script").arg("--version").output() else {
        println!("skipped: `script`, which makes a terminal, is not installed");
        return;
    };
    assert!(script.status.success());
    let on_a_terminal = |world: &World, args: &str| {
        let program = assert_cmd::cargo::cargo_bin!("cloakrun").display().to_string();
        let mut command = world.command(&[]);
        let variables: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
        let typescript = world.file("typescript", "").display().to_string();
        command = Command::new("script");
        command.env_clear().envs(variables).env("PATH", std::env::var("PATH").unwrap_or_default());
        // Standard output goes to a file, as in `cloakrun check > report`, so that the terminal shows the rest.
        let line = format!("{program} {args} > report.txt");
        let output = command
            .args(["-qec", &line, &typescript])
            .current_dir(world.work())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        world.look_for_secrets("the terminal", &shown);
        (output.status.code(), shown)
    };
    let (code, shown) = on_a_terminal(&world, "check --rule redirect-uri-missing");
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("Keycloak: realm ") && shown.contains("of 2 regions"), "{shown:?}");
    assert!(shown.contains("\u{1b}[2K"), "the lines are cleared: {shown:?}");
    let report = std::fs::read_to_string(world.work().join("report.txt")).unwrap();
    assert!(report.contains("redirect-uri-missing") && !report.contains("regions ("), "{report}");
    // What stays is what a pipe gets.
    let last = shown.rsplit("\u{1b}[2K").next().unwrap();
    assert!(!last.contains("of 2 regions"), "{last:?}");
    for args in ["check --no-progress", "check --quiet"] {
        let (_, shown) = on_a_terminal(&world, &format!("{args} --rule redirect-uri-missing"));
        assert!(!shown.contains("regions"), "{args}: {shown:?}");
    }
    world.set("CI", "true");
    let (_, shown) = on_a_terminal(&world, "check --rule redirect-uri-missing");
    assert!(!shown.contains("regions"), "{shown:?}");
    world.keep_tokens_of(&proxy);
}
