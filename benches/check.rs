//! `check` against a bare typed parse of the same bytes, and against twice as much; verdicts of the matcher.
//!
//! `cargo bench` measures with criterion. `cargo bench --bench check -- --ratios` prints the ratios of one run, peak memory included:
//! that is what benches/README.md records, since absolute times of a machine mean nothing on another.

mod bare;
mod repository;

use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cloakrun::keycloak::redirect::{Endpoint, Matcher, Registration};
use criterion::Criterion;

const CLIENTS: usize = 50_000;
const SERVICES: usize = 5_000;
const ROUNDS: usize = 5;

fn main() {
    if std::env::args().any(|argument| argument == "--ratios") {
        ratios();
        return;
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    verdicts(&mut criterion);
    checks(&mut criterion);
    criterion.final_summary();
}

fn registration() -> Vec<String> {
    let mut entries: Vec<String> =
        (0..20).map(|index| format!("https://app-{index}.example.com/oauth2/callback")).collect();
    entries.push("https://shop.example.com/*".to_owned());
    entries.push("http://localhost/*".to_owned());
    entries
}

const REQUESTS: [&str; 4] = [
    "https://app-7.example.com/oauth2/callback",
    "https://shop.example.com/deep/page?x=1",
    "https://evil.example/cb",
    "http://localhost:3000/cb",
];

fn matcher(version: &str) -> Matcher {
    let entries = registration();
    let registration = Registration {
        registered: &entries,
        root_url: None,
        frontend_url: "https://sso.example.com",
        admin_url: None,
        allow_oidc_parameters: false,
    };
    Matcher::new(&registration, version.parse().expect("a version"), Endpoint::Authorization)
}

fn verdicts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("redirect verdicts");
    group.throughput(criterion::Throughput::Elements(REQUESTS.len() as u64));
    for version in ["22.0.5", "24.0.5", "26.5.5", "26.7.3"] {
        let matcher = matcher(version);
        group.bench_function(version, |bencher| {
            bencher.iter(|| {
                for request in REQUESTS {
                    black_box(matcher.judge(Some(black_box(request)), true).accepted());
                }
            });
        });
    }
    group.finish();
}

fn checks(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    repository::write(folder.path(), CLIENTS / 10, SERVICES / 10).expect("the repository is written");
    let mut group = criterion.benchmark_group("a tenth of the repository");
    group.bench_function("bare typed parse", |bencher| bencher.iter(|| bare::parse(folder.path())));
    group.bench_function("check", |bencher| bencher.iter(|| check(folder.path())));
    group.finish();
}

/// Runs the program; the time it took and the most memory that it held, in bytes.
fn check(folder: &Path) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cloakrun"))
        .args(["check", ".", "--format", "concise", "--no-config", "--quiet"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak = 0;
    let status = format!("/proc/{}/status", child.id());
    let code = loop {
        peak = peak.max(high_water_mark(&status));
        if let Some(code) = child.try_wait().expect("the program is a child") {
            break code;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let took = begun.elapsed();
    let mut output = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut output).expect("text");
    assert_eq!((code.code(), output.as_str()), (Some(0), ""), "the generated repository is clean");
    (took, peak)
}

/// The most memory that a process has held so far, as Linux tells it; zero elsewhere.
fn high_water_mark(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().map_or(0, |kilobytes| kilobytes * 1024)
}

fn least<T: Ord>(rounds: usize, mut run: impl FnMut() -> T) -> T {
    let first = run();
    (1..rounds).map(|_| run()).fold(first, std::cmp::min)
}

#[expect(clippy::print_stdout, reason = "the ratios are the result of this program")]
fn ratios() {
    let whole = tempfile::tempdir().expect("a temporary folder");
    let half = tempfile::tempdir().expect("a temporary folder");
    let bytes = repository::write(whole.path(), CLIENTS, SERVICES).expect("the repository is written");
    repository::write(half.path(), CLIENTS / 2, SERVICES / 2).expect("the repository is written");
    let bare = least(ROUNDS, || {
        let begun = Instant::now();
        assert_eq!(black_box(bare::parse(whole.path())), (CLIENTS, SERVICES));
        begun.elapsed()
    });
    let (took, _) = least(ROUNDS, || check(whole.path()));
    let peak = check(whole.path()).1;
    let (took_half, _) = least(ROUNDS, || check(half.path()));
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!("input: {CLIENTS} clients, {SERVICES} services, {:.1} MB", bytes as f64 / 1e6);
    println!(
        "bare typed parse: {bare:.2?}; check: {took:.2?}; ratio {:.2} (aim: at most 3)",
        ratio(took, bare)
    );
    println!(
        "half the input: {took_half:.2?}; twice as much costs {:.2} times (aim: at most 2.2)",
        ratio(took, took_half)
    );
    println!(
        "peak memory: {:.1} MB, {:.2} of the input (aim: at most 1.5)",
        peak as f64 / 1e6,
        peak as f64 / bytes as f64
    );
    for version in ["22.0.5", "24.0.5", "26.5.5", "26.7.3"] {
        let matcher = matcher(version);
        let rounds = 500_000;
        let took = least(3, || {
            let begun = Instant::now();
            for _ in 0..rounds {
                for request in REQUESTS {
                    black_box(matcher.judge(Some(black_box(request)), true).accepted());
                }
            }
            begun.elapsed()
        });
        let millions = (rounds * REQUESTS.len()) as f64 / took.as_secs_f64() / 1e6;
        println!("redirect verdicts, {version}: {millions:.1} million a second (aim: at least 1)");
    }
}
