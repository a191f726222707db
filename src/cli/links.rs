//! `cloakrun links`

use serde::Serialize;

use crate::cli::args::{AnswerFormat, Global, LinksArgs};
use crate::cli::check::{check_names, selection};
use crate::cli::looking;
use crate::cli::terminal::Terminal;
use crate::fault::{Exit, Fault};
use crate::link::Strength;
use crate::report::columns::{self, Cell};
use crate::report::{LinkEntry, SubjectNames, escape, gather, json, paint, summary};
use crate::scene::Scene;

/// With fewer columns than this, sentences are no longer readable beside other columns.
const READABLE: usize = 32;

/// The answer of `cloakrun links --format json`.
#[derive(Debug, Serialize)]
struct LinksAnswer {
    schema_version: &'static str,
    /// Which service talks through which client.
    links: Vec<LinkAnswer>,
    /// Services that fit several clients equally well.
    ambiguous: Vec<AmbiguityAnswer>,
    /// Services that no client was found for, Keycloak itself left out.
    unlinked_services: Vec<String>,
}

#[derive(Debug, Serialize)]
struct LinkAnswer {
    #[serde(flatten)]
    link: json::Link,
    /// `certain`, `probable` or `weak`.
    strength: &'static str,
}

#[derive(Debug, Serialize)]
struct AmbiguityAnswer {
    environment: Option<String>,
    service: Option<String>,
    candidates: Vec<json::Link>,
    /// How many more fit.
    left_out: usize,
}

/// What was found, for both formats.
struct Found {
    links: Vec<(LinkEntry, Strength)>,
    ambiguous: Vec<(SubjectNames, Vec<LinkEntry>, usize)>,
    unlinked: Vec<String>,
}

pub(crate) fn run(args: &LinksArgs, global: &Global, terminal: &Terminal) -> Result<Exit, Fault> {
    let server = looking::server(&args.server)?;
    let sight = looking::look(&args.paths, &args.server, &args.selection.realms, global, terminal)?;
    let scene = Scene::new(&sight.snapshot, &sight.config, &server);
    check_names(&scene, &args.selection)?;
    let found = find(&scene, args);
    terminal.write(&match args.format {
        AnswerFormat::Table => table(&found, terminal.width()),
        AnswerFormat::Json => json::pretty(&answer(&found)),
    })?;
    looking::tell_failures(&sight.snapshot, terminal);
    Ok(looking::exit(&sight.snapshot))
}

fn find(scene: &Scene<'_>, args: &LinksArgs) -> Found {
    let selection = selection(&args.selection);
    let links = scene.links.links.iter();
    let links = links.filter(|link| selection.includes(scene, &scene.subject_of_link(link)));
    let ambiguous = scene.links.ambiguities.iter();
    let ambiguous =
        ambiguous.filter(|held| selection.includes(scene, &scene.subject_of_service(held.service)));
    let unlinked = scene.snapshot.services().map(|(id, _)| id).filter(|&id| {
        scene.links_of_service(id).is_empty()
            && !scene.reading(id).is_keycloak
            && !scene.links.ambiguities.iter().any(|held| held.service == id)
            && selection.includes(scene, &scene.subject_of_service(id))
    });
    Found {
        links: links.map(|link| (gather::link_entry(scene, link), link.strength())).collect(),
        ambiguous: ambiguous
            .map(|held| {
                let service = gather::subject(scene, &scene.subject_of_service(held.service));
                let candidates = held.candidates.iter().map(|(client, clues)| LinkEntry {
                    subject: SubjectNames {
                        service: service.service.clone(),
                        ..gather::subject(scene, &scene.subject_of_client(*client))
                    },
                    clues: clues.iter().map(gather::clue_entry).collect(),
                    uses: Vec::new(),
                });
                (service.clone(), candidates.collect(), held.left_out)
            })
            .collect(),
        unlinked: unlinked.map(|id| scene.service(id).display_name()).collect(),
    }
}

fn answer(found: &Found) -> LinksAnswer {
    LinksAnswer {
        schema_version: json::SCHEMA_VERSION,
        links: found
            .links
            .iter()
            .map(|(link, strength)| LinkAnswer { link: json::Link::from(link), strength: word(*strength) })
            .collect(),
        ambiguous: found
            .ambiguous
            .iter()
            .map(|(subject, candidates, left_out)| AmbiguityAnswer {
                environment: subject.environment.clone(),
                service: subject.service.clone(),
                candidates: candidates.iter().map(json::Link::from).collect(),
                left_out: *left_out,
            })
            .collect(),
        unlinked_services: found.unlinked.clone(),
    }
}

fn word(strength: Strength) -> &'static str {
    match strength {
        Strength::Certain => "certain",
        Strength::Probable => "probable",
        Strength::Weak => "weak",
    }
}

fn table(found: &Found, width: usize) -> String {
    let mut text = String::new();
    if found.links.is_empty() {
        text.push_str("No link between a service and a client was found.\n");
    } else {
        text.push_str(&rows(&found.links, width));
    }
    for (subject, candidates, left_out) in &found.ambiguous {
        let service = subject.service.as_deref().unwrap_or("(unnamed)");
        text.push_str(&format!(
            "\n{}\n",
            paint::undecided(&format!("{} fits several clients", escape::one_line(service)))
        ));
        for candidate in candidates {
            let client = SubjectNames { service: None, ..candidate.subject.clone() };
            let why = candidate.clues.first().map_or("", |clue| clue.text.as_str());
            let line = format!("{}: {}", client.describe(), escape::one_line(why));
            summary::push_wrapped(&mut text, "  • ", "    ", &line, width);
        }
        if *left_out > 0 {
            text.push_str(&format!("  • and {left_out} more\n"));
        }
        text.push_str("  Pin the right one under `links` in cloakrun.yaml.\n");
    }
    if !found.unlinked.is_empty() {
        let names = found.unlinked.iter().map(|name| escape::one_line(name)).collect::<Vec<_>>().join(", ");
        text.push('\n');
        summary::push_wrapped(&mut text, "", "  ", &format!("Services without a client: {names}."), width);
    }
    text
}

/// For terminals too narrow for a column of words: each link with its clues below.
fn stacked(links: &[(LinkEntry, Strength)], width: usize) -> String {
    let mut text = String::new();
    for (link, strength) in links {
        let subject = escape::one_line(&link.subject.describe()).into_owned();
        for line in summary::wrap(&subject, width) {
            text.push_str(&format!("{}\n", paint::strong(&line)));
        }
        let mut uses = link.uses.join(", ");
        if *strength == Strength::Weak {
            uses.push_str(" (a guess)");
        }
        summary::push_wrapped(&mut text, "  uses: ", "    ", &uses, width);
        for clue in &link.clues {
            summary::push_wrapped(&mut text, "  • ", "    ", &escape::one_line(&clue.text), width);
        }
    }
    text
}

fn rows(links: &[(LinkEntry, Strength)], width: usize) -> String {
    let name = |text: &Option<String>| escape::one_line(text.as_deref().unwrap_or("—")).into_owned();
    let environments = links.iter().any(|(link, _)| link.subject.environment.is_some());
    let mut head = vec!["service", "client", "realm", "uses", "because"];
    if environments {
        head.insert(0, "environment");
    }
    let row = |(link, strength): &(LinkEntry, Strength)| {
        let why = link.clues.iter().map(|clue| escape::one_line(&clue.text)).collect::<Vec<_>>().join("; ");
        let mut row = vec![
            Cell::strong(name(&link.subject.service)),
            Cell::plain(name(&link.subject.client)),
            Cell::plain(name(&link.subject.realm)),
            Cell::plain(link.uses.join(", ")),
            Cell::plain(if *strength == Strength::Weak { format!("a guess: {why}") } else { why }),
        ];
        if environments {
            row.insert(0, Cell::plain(name(&link.subject.environment)));
        }
        row
    };
    let rows: Vec<Vec<Cell>> = links.iter().map(row).collect();
    if columns::taken(&head, &rows) + READABLE > width {
        return stacked(links, width);
    }
    columns::render(&head, rows, width)
}
