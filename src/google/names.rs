//! The names that go into the paths of Google's APIs.
//!
//! The clients put names into paths as they are: `..` would climb, `%2F` would pass through. So a name is looked at before a path is
//! built of it. The checks ask no more than that a name is of the right alphabet: which names exist the servers know.

use std::fmt;

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A project: its id, or its number.
    Project,
    /// A region.
    Region,
    /// A Cloud Run service, job, worker pool or revision.
    Service,
    /// A secret of Secret Manager.
    Secret,
    /// A version of a secret: a number, `latest` or an alias.
    Version,
    /// The e-mail address of a service account.
    ServiceAccount,
}

/// A name that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName {
    /// What it was to be the name of.
    pub named: Named,
    /// The name as given.
    pub name: String,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, rule) = match self.named {
            Named::Project => (
                "project id",
                "it has small letters, digits and hyphens and begins with a letter, or it is the project's number",
            ),
            Named::Region => ("region", "regions look like `europe-west1`"),
            Named::Service => (
                "Cloud Run name",
                "it has small letters, digits and hyphens, begins with a letter and has at most 63 characters",
            ),
            Named::Secret => {
                ("name of a secret", "it has letters, digits, hyphens and underscores, at most 255")
            }
            Named::Version => ("version of a secret", "it is a number, `latest` or an alias"),
            Named::ServiceAccount => (
                "service account",
                "it is an e-mail address such as `auditor@PROJECT.iam.gserviceaccount.com`",
            ),
        };
        write!(f, "{:?} is no {what}: {rule}", self.name)
    }
}

impl std::error::Error for BadName {}

/// The name itself, if it can be one.
///
/// # Errors
/// [`BadName`] if it cannot.
pub fn checked(named: Named, name: &str) -> Result<&str, BadName> {
    let good = match named {
        Named::Project => is_project(name),
        Named::Region => is_label(name, 40),
        Named::Service => is_label(name, 63),
        Named::Secret => is_of(name, 255, |byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)),
        Named::Version => is_of(name, 63, |byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)),
        Named::ServiceAccount => is_account(name),
    };
    if good { Ok(name) } else { Err(BadName { named, name: name.to_owned() }) }
}

fn is_of(name: &str, longest: usize, alphabet: impl Fn(u8) -> bool) -> bool {
    !name.is_empty() && name.len() <= longest && name.bytes().all(alphabet)
}

/// Small letters, digits and hyphens; a letter first and no hyphen last.
fn is_label(name: &str, longest: usize) -> bool {
    is_of(name, longest, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && name.as_bytes()[0].is_ascii_lowercase()
        && !name.ends_with('-')
}

fn is_project(name: &str) -> bool {
    if is_of(name, 20, |byte| byte.is_ascii_digit()) {
        return true;
    }
    // Old projects of a domain are written `example.com:shop`.
    let (domain, id) = name.split_once(':').unwrap_or(("example.com", name));
    is_domain(domain) && is_label(id, 63)
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.') && domain.len() <= 253 && domain.split('.').all(is_label_of_host)
}

fn is_label_of_host(label: &str) -> bool {
    is_of(label, 63, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_account(name: &str) -> bool {
    let Some((local, domain)) = name.split_once('@') else { return false };
    let local_is_good =
        is_of(local, 64, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
    local_is_good && is_domain(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_right_alphabet_pass() {
        let good = [
            (Named::Project, "shop-prod"),
            (Named::Project, "123456789012"),
            (Named::Project, "example.com:shop"),
            (Named::Region, "europe-west1"),
            (Named::Region, "northamerica-northeast2"),
            (Named::Service, "web"),
            (Named::Service, "web-00003-abc"),
            (Named::Secret, "KC_client-Secret1"),
            (Named::Version, "latest"),
            (Named::Version, "12"),
            (Named::ServiceAccount, "auditor@shop.iam.gserviceaccount.com"),
            (Named::ServiceAccount, "123-compute@developer.gserviceaccount.com"),
        ];
        for (named, name) in good {
            assert_eq!(checked(named, name), Ok(name));
        }
    }

    #[test]
    fn what_would_change_a_path_is_no_name() {
        let every = [
            Named::Project,
            Named::Region,
            Named::Service,
            Named::Secret,
            Named::Version,
            Named::ServiceAccount,
        ];
        for name in ["", "..", ".", "a/b", "a%2Fb", "a?b", "a#b", "a b", "a\n", "a:b:c", "é", "-"] {
            for named in every {
                let lenient = name == "-" && matches!(named, Named::Secret | Named::Version);
                assert_eq!(checked(named, name).is_ok(), lenient, "{named:?} {name:?}");
            }
        }
    }

    #[test]
    fn ids_have_rules_of_their_own() {
        for (named, name) in [
            (Named::Project, "Shop"),
            (Named::Project, "shop-"),
            (Named::Project, "1shop"),
            (Named::Region, "1europe"),
            (Named::Service, "Web"),
            (Named::ServiceAccount, "auditor"),
            (Named::ServiceAccount, "auditor@localhost"),
        ] {
            assert!(checked(named, name).is_err(), "{named:?} {name:?}");
        }
    }
}
