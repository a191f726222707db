//! Names taken apart: environment words, and what is left of a name without them.

/// The words by which people name environments, each with the name that stands for all of its spellings.
const ENVIRONMENT_WORDS: [(&str, &str); 31] = [
    ("acc", "acceptance"),
    ("acceptance", "acceptance"),
    ("demo", "demo"),
    ("dev", "dev"),
    ("develop", "dev"),
    ("development", "dev"),
    ("e2e", "test"),
    ("int", "integration"),
    ("integration", "integration"),
    ("live", "prod"),
    ("local", "local"),
    ("localhost", "local"),
    ("nonprod", "nonprod"),
    ("preprod", "preprod"),
    ("preview", "preview"),
    ("prd", "prod"),
    ("prod", "prod"),
    ("production", "prod"),
    ("qa", "qa"),
    ("sandbox", "sandbox"),
    ("sbx", "sandbox"),
    ("sit", "sit"),
    ("stage", "staging"),
    ("staging", "staging"),
    ("stg", "staging"),
    ("test", "test"),
    ("testing", "test"),
    ("tst", "test"),
    ("uat", "uat"),
    ("stag", "staging"),
    ("devel", "dev"),
];

/// The one name for an environment word, whatever its spelling: `production` and `prd` are `prod`.
pub(crate) fn environment_word(word: &str) -> Option<&'static str> {
    ENVIRONMENT_WORDS.iter().find(|(spelling, _)| *spelling == word).map(|(_, name)| *name)
}

/// The words of a name in lower case: `ShopWeb_prod` is `shop`, `web`, `prod`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_lower = false;
    for c in name.chars() {
        let ends_a_word = !c.is_alphanumeric() || (c.is_uppercase() && before_lower);
        if ends_a_word && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase() || c.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The environment that a path speaks of: in its file name, else in its nearest folder.
pub(crate) fn environment_of_path(path: &str) -> Option<&'static str> {
    path.rsplit(['/', '\\']).find_map(environment_of_name)
}

/// The environment that a name speaks of; none when it names two.
pub(crate) fn environment_of_name(name: &str) -> Option<&'static str> {
    let mut found = words(name).into_iter().filter_map(|word| environment_word(&word));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// A name without environment words, its words joined with `-`: what the same thing is called in every environment.
pub(crate) fn bare_name(name: &str) -> String {
    join(words(name).iter().filter(|word| environment_word(word).is_none()))
}

/// The words that say that something is a secret of a login, and of which login, but not of which client.
const SECRET_WORDS: [&str; 16] = [
    "client",
    "secret",
    "oidc",
    "oauth",
    "oauth2",
    "openid",
    "keycloak",
    "kc",
    "sso",
    "auth",
    "idp",
    "credentials",
    "credential",
    "key",
    "value",
    "password",
];

/// What is left of a secret's or setting's name without the words around a client's id; `None` when it does not end as a client secret does.
///
/// `arxiv_user_client_secret` and `ARXIV_USER_SECRET` leave `arxiv-user`; `KEYCLOAK_CLIENT_SECRET` leaves nothing.
pub(crate) fn client_in_secret_name(name: &str) -> Option<String> {
    let mut left = words(name);
    left.retain(|word| environment_word(word).is_none());
    if !left.iter().any(|word| word == "secret" || word == "credentials" || word == "credential") {
        return None;
    }
    let is_about = |word: &String| SECRET_WORDS.contains(&word.as_str());
    let start = left.iter().position(|word| !is_about(word))?;
    let end = left.iter().rposition(|word| !is_about(word))?;
    Some(join(left[start..=end].iter()))
}

fn join<'w>(words: impl Iterator<Item = &'w String>) -> String {
    let mut joined = String::new();
    for word in words {
        if !joined.is_empty() {
            joined.push('-');
        }
        joined.push_str(word);
    }
    joined
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn words_end_at_signs_and_at_humps() {
        assert_eq!(words("ShopWeb_prod-2"), ["shop", "web", "prod", "2"]);
        assert_eq!(words("KEYCLOAK_CLIENT_ID"), ["keycloak", "client", "id"]);
        assert_eq!(words("--"), Vec::<String>::new());
    }

    #[test]
    fn environments_are_found_in_names_and_paths() {
        assert_eq!(environment_of_path("deploy/production/web.yaml"), Some("prod"));
        assert_eq!(environment_of_path("realms/shop-dev.json"), Some("dev"));
        assert_eq!(environment_of_path("realms/shop.json"), None);
        assert_eq!(environment_of_name("dev-and-prod"), None);
        assert_eq!(bare_name("pa-prod-frontend"), "pa-frontend");
    }

    #[test]
    fn a_secret_is_named_after_its_client() {
        assert_eq!(client_in_secret_name("billing_user_client_secret").unwrap(), "billing-user");
        assert_eq!(client_in_secret_name("BILLING_USER_SECRET").unwrap(), "billing-user");
        assert_eq!(client_in_secret_name("prod-web-oidc-client-secret").unwrap(), "web");
        assert_eq!(client_in_secret_name("KEYCLOAK_CLIENT_SECRET"), None);
        assert_eq!(client_in_secret_name("db-password"), None);
    }
}
