//! `cloakrun audience`

use serde::Serialize;

use crate::cli::args::{AnswerFormat, AudienceArgs, Global};
use crate::cli::terminal::Terminal;
use crate::cli::{looking, naming};
use crate::fault::{Exit, Fault};
use crate::keycloak::audience::{Grant, IssuedTokens, NoTokens, Token, TokenRequest, issue};
use crate::report::{escape, json, paint, summary};
use crate::scene::Scene;
use crate::snapshot::ClientId;

/// The answer of `cloakrun audience --format json`.
#[derive(Debug, Serialize)]
struct AudienceAnswer {
    schema_version: &'static str,
    environment: Option<String>,
    realm: String,
    client: String,
    /// How the token is asked for.
    grant: &'static str,
    /// The login name of `--user`.
    user: Option<String>,
    /// The version of the server that the answer is for.
    keycloak_version: String,
    /// Whether the version is known; otherwise it is the newest one, and `older` holds what the oldest one does otherwise.
    keycloak_version_known: bool,
    #[serde(flatten)]
    answer: Answer,
    /// What the oldest version answers, where it differs and the version is not known.
    older: Option<Box<Older>>,
}

#[derive(Debug, Serialize)]
struct Older {
    keycloak_version: String,
    #[serde(flatten)]
    answer: Answer,
}

/// Tokens, or what the server answers instead.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Answer {
    Tokens(Box<IssuedTokens>),
    Refused { refused: crate::keycloak::audience::Refusal },
}

pub(crate) fn run(args: &AudienceArgs, global: &Global, terminal: &Terminal) -> Result<Exit, Fault> {
    let server = looking::server(&args.server)?;
    let sight = looking::look(&args.paths, &args.server, args.realm.as_slice(), global, terminal)?;
    let scene = Scene::new(&sight.snapshot, &sight.config, &server);
    looking::tell_failures(&sight.snapshot, terminal);
    let id = naming::client(&scene, &args.client, args.realm.as_deref())?;
    let answer = answer(&scene, id, args)?;
    terminal.write(&match args.format {
        AnswerFormat::Table => table(&answer, terminal.width()),
        AnswerFormat::Json => json::pretty(&answer),
    })?;
    Ok(exit(&answer.answer))
}

fn exit(answer: &Answer) -> Exit {
    match answer {
        Answer::Refused { .. } => Exit::Findings,
        Answer::Tokens(tokens) if tokens.unread.is_empty() => Exit::Clean,
        Answer::Tokens(_) => Exit::Incomplete,
    }
}

fn answer(scene: &Scene<'_>, id: ClientId, args: &AudienceArgs) -> Result<AudienceAnswer, Fault> {
    let client = scene.client(id);
    let scopes = args.scopes.join(" ");
    let (request, scope) = if args.service_account {
        (TokenRequest::SERVICE_ACCOUNT, (!scopes.is_empty()).then_some(scopes))
    } else {
        let scope = match scopes.as_str() {
            "" => "openid".to_owned(),
            named if named.split(' ').any(|name| name == "openid") => scopes,
            named => format!("openid {named}"),
        };
        (TokenRequest::of_user(client, args.user.as_deref()), Some(scope))
    };
    let request = request.with_scope(scope.as_deref());
    let mut answers = Vec::new();
    for (held, version) in scene.held(id.realm).iter().zip(scene.versions(id.realm)) {
        let answer = match issue(held, scene.realm(id.realm), client, &request) {
            Ok(tokens) => Answer::Tokens(Box::new(tokens)),
            Err(NoTokens::Refused(refused)) => Answer::Refused { refused },
            Err(error @ NoTokens::NoSuchUser(_)) => return Err(Fault::usage(format!("{error}."))),
        };
        answers.push((version.to_string(), answer));
    }
    let known = answers.len() == 1;
    let Some((keycloak_version, newest)) = answers.pop() else {
        return Err(Fault::usage("no server version is known to judge by."));
    };
    let older = answers.into_iter().next().filter(|(_, answer)| *answer != newest);
    Ok(AudienceAnswer {
        schema_version: json::SCHEMA_VERSION,
        environment: scene.subject_of_client(id).environment,
        realm: scene.realm_name(id.realm).to_owned(),
        client: scene.client_id(id).to_owned(),
        grant: match request.grant {
            Grant::AuthorizationCode => "authorization-code",
            Grant::Password => "password",
            Grant::ClientCredentials => "client-credentials",
        },
        user: args.user.clone(),
        keycloak_version,
        keycloak_version_known: known,
        answer: newest,
        older: older.map(|(keycloak_version, answer)| Box::new(Older { keycloak_version, answer })),
    })
}

fn table(answer: &AudienceAnswer, width: usize) -> String {
    let width = width.clamp(40, 100);
    let mut text = String::new();
    let client = escape::one_line(&answer.client);
    let whose = match (answer.grant, &answer.user) {
        ("client-credentials", _) => format!("the service account of {client}"),
        (_, Some(user)) => format!("user {} through client {client}", escape::one_line(user)),
        (_, None) => format!("a user with the default roles and groups through client {client}"),
    };
    let realm = escape::one_line(&answer.realm);
    let heading = format!("Tokens of {whose}, realm {realm}");
    summary::push_wrapped(&mut text, "", "  ", &heading, width);
    let known =
        if answer.keycloak_version_known { "" } else { " (the version is not known; this is the newest)" };
    text.push_str(&format!("{}\n", paint::faint(&format!("Keycloak {}{known}", answer.keycloak_version))));
    push_answer(&mut text, &answer.answer, width);
    match &answer.older {
        Some(older) => {
            text.push_str(&format!(
                "\n{}\n",
                paint::undecided(&format!("Keycloak {} differs", older.keycloak_version))
            ));
            push_answer(&mut text, &older.answer, width);
        }
        None if !answer.keycloak_version_known => text.push_str("\nOlder servers answer the same.\n"),
        None => {}
    }
    text
}

fn push_answer(text: &mut String, answer: &Answer, width: usize) {
    let tokens = match answer {
        Answer::Tokens(tokens) => tokens,
        Answer::Refused { refused } => {
            let line = format!(
                "No token: the server answers {} {}: {}",
                refused.status, refused.error, refused.description
            );
            summary::push_wrapped(text, "", "  ", &escape::one_line(&line), width);
            return;
        }
    };
    push_token(text, "access token", &tokens.access_token, width);
    match &tokens.id_token {
        Some(token) => push_token(text, "ID token", token, width),
        None => text.push_str(&format!("\n{}  none: `openid` is not asked for\n", paint::strong("ID token"))),
    }
    text.push_str(&format!("\n{}\n", paint::strong("roles in the access token")));
    let join = |roles: &std::collections::BTreeSet<std::sync::Arc<str>>| {
        roles.iter().map(|role| escape::one_line(role).into_owned()).collect::<Vec<_>>().join(", ")
    };
    if !tokens.roles.realm.is_empty() {
        summary::push_wrapped(text, "  realm  ", "         ", &join(&tokens.roles.realm), width);
    }
    for (client, roles) in &tokens.roles.client {
        let line = format!("{}: {}", escape::one_line(client), join(roles));
        summary::push_wrapped(text, "  client ", "         ", &line, width);
    }
    if tokens.roles.realm.is_empty() && tokens.roles.client.is_empty() {
        text.push_str("  none\n");
    }
    for (heading, lines) in [("Not defined by the server", &tokens.undefined), ("Not known", &tokens.unread)]
    {
        if !lines.is_empty() {
            text.push_str(&format!("\n{}\n", paint::undecided(heading)));
            for line in lines {
                summary::push_wrapped(text, "  • ", "    ", &escape::one_line(line), width);
            }
        }
    }
}

fn push_token(text: &mut String, name: &str, token: &Token, width: usize) {
    text.push_str(&format!("\n{}\n", paint::strong(name)));
    if token.aud.is_empty() {
        text.push_str("  aud  none\n");
    }
    for audience in &token.aud {
        let via = token.via.iter().find(|via| via.audience.as_deref() == Some(audience));
        push_claim(text, "aud", &escape::one_line(audience), via.map(|via| via.how.as_str()), width);
    }
    for audience in &token.perhaps {
        push_claim(
            text,
            "aud?",
            &escape::one_line(audience),
            Some("perhaps: it hangs on the order of mappers"),
            width,
        );
    }
    let via = token.via.iter().find(|via| via.claim == "sub");
    let sub = if token.sub { "yes" } else { "no" };
    push_claim(text, "sub", sub, via.map(|via| via.how.as_str()), width);
}

/// "  aud  shop-api", and below it where that comes from.
fn push_claim(text: &mut String, claim: &str, value: &str, how: Option<&str>, width: usize) {
    text.push_str(&format!("  {claim:<4} {}\n", paint::good(value)));
    if let Some(how) = how {
        for line in summary::wrap(&escape::one_line(how), width.saturating_sub(7)) {
            text.push_str(&format!("       {}\n", paint::faint(&line)));
        }
    }
}
