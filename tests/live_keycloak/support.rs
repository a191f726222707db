//! Runs of the reader.

use std::collections::BTreeMap;

use cloakrun::answers::{Object, Resource, Untold};
use cloakrun::fault::Fault;
use cloakrun::keycloak::api::{CONCURRENCY, Flags, KeycloakAnswers, Login, Silent, Surroundings, What, read};
use cloakrun::snapshot::Fact;

/// The secret of the client that logs in to fakes; it may never be seen.
pub(crate) const SECRET: &str = "hunter2-the-secret";

/// How a test logs in.
pub(crate) const BY_SECRET: [(&str, &str); 2] =
    [("CLOAKRUN_KEYCLOAK_CLIENT_ID", "audit"), ("CLOAKRUN_KEYCLOAK_CLIENT_SECRET", SECRET)];

/// The login that flags and variables give.
pub(crate) fn login(flags: Flags, variables: &[(&str, &str)]) -> Login {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let around = Surroundings {
        variable: &|name| variables.get(name).map(|value| (*value).to_owned()),
        file: &|path| std::fs::read_to_string(path),
    };
    Login::read(&flags, around).unwrap()
}

/// Reads all that a login sees, or the realms that it names.
pub(crate) fn run(login: &Login) -> Result<KeycloakAnswers, Fault> {
    let what = What { realms: login.realms.clone(), ..What::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(read(login, &what, CONCURRENCY, &Silent))
}

/// What of a fact is not told.
pub(crate) fn untold(answers: &KeycloakAnswers, fact: Fact) -> Vec<&Untold> {
    answers.objects.iter().flat_map(|object| &object.missing).filter(|untold| untold.fact == fact).collect()
}

/// The document of a realm.
pub(crate) fn realm<'a>(answers: &'a KeycloakAnswers, name: &str) -> &'a Object {
    let is_it = |object: &&Object| matches!(&object.resource, Resource::Realm { realm, .. } if realm == name);
    answers.objects.iter().find(is_it).unwrap()
}

/// The clients by name.
pub(crate) fn clients(answers: &KeycloakAnswers) -> Vec<&str> {
    answers
        .objects
        .iter()
        .filter_map(|object| match &object.resource {
            Resource::Client { client, .. } => Some(client.as_str()),
            _ => None,
        })
        .collect()
}

/// Everything that a person may get to see of a run.
pub(crate) fn all_that_is_said(outcome: &Result<KeycloakAnswers, Fault>) -> String {
    match outcome {
        Ok(answers) => {
            let notes: Vec<&Untold> = answers.objects.iter().flat_map(|object| &object.missing).collect();
            format!("{:?} {notes:?} {:?} {:?}", answers.objects, answers.clocks, answers.identity)
        }
        Err(fault) => format!("{fault} {fault:?} {:?}", fault.hints),
    }
}
