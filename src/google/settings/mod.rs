//! Which projects and regions are read, as whom, and where the servers are: flags first, then the environment, then what gcloud is
//! configured to, as gcloud itself resolves it.
//!
//! Everything is decided here once, before anything is asked: variables and files come through [`Surroundings`], so that tests need no
//! environment. Every value keeps the [`Source`] that gave it, for `cloakrun doctor` and for error messages.
//!
//! | value | looked for |
//! | --- | --- |
//! | projects | `--project`, `CLOUDSDK_CORE_PROJECT`, `GOOGLE_CLOUD_PROJECT`, `GCLOUD_PROJECT`, gcloud's `core/project`, the credentials |
//! | regions | `--region` (`-` for all), `CLOUDSDK_RUN_REGION`, gcloud's `run/region`; else all. `gcloud run` does not look at `compute/region`, so neither do we |
//! | quota project | `GOOGLE_CLOUD_QUOTA_PROJECT`, gcloud's `billing/quota_project`, the credentials |
//! | impersonation | `--impersonate-service-account`, gcloud's `auth/impersonate_service_account` |
//! | credentials | gcloud's `auth/disable_credentials`, `CLOUDSDK_AUTH_ACCESS_TOKEN`, gcloud's `auth/access_token_file`, `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's `auth/credential_file_override`, `application_default_credentials.json` in gcloud's directory, the metadata server |
//! | endpoints | gcloud's `api_endpoint_overrides/…` |
//!
//! "gcloud's `section/property`" is `CLOUDSDK_SECTION_PROPERTY` and then the file of the active configuration.

mod endpoints;
mod gcloud;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

pub use self::endpoints::{Endpoint, Endpoints};
use self::gcloud::Gcloud;
use super::names::{Named, checked};
use crate::fault::Fault;

/// Our own variables, which reach us through the flags that they stand for.
pub(crate) const PROJECT: &str = "CLOAKRUN_PROJECT";
pub(crate) const REGION: &str = "CLOAKRUN_REGION";
const IMPERSONATE: &str = "CLOAKRUN_IMPERSONATE_SERVICE_ACCOUNT";

/// What the command line says of Google.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--project`, in the order given.
    pub projects: Vec<String>,
    /// `--region`, in the order given; `-` stands for all regions, as in gcloud.
    pub regions: Vec<String>,
    /// `--impersonate-service-account`: an account, or a chain of them with commas, the last of which is impersonated.
    pub impersonate_service_account: Option<String>,
    /// `--allow-http`: whether plain http is spoken to other machines.
    pub allow_http: bool,
}

/// The environment and the files, as the process sees them or as a test says.
pub struct Surroundings<'a> {
    /// What a variable is set to.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub file: &'a dyn Fn(&Path) -> io::Result<String>,
}

impl Surroundings<'static> {
    /// Those of this process. A variable that is not Unicode counts as unset.
    pub fn of_process() -> Self {
        Surroundings {
            variable: &|name| std::env::var(name).ok(),
            file: &|path| std::fs::read_to_string(path),
        }
    }
}

impl Surroundings<'_> {
    /// A variable, if it is set and not empty.
    fn set(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// What gave a flag its value: the flag, or the variable that stands for it.
    fn flag(&self, flag: &'static str, variable: &str, value: &str) -> Source {
        match self.set(variable) {
            Some(set) if set == value => Source::Variable(variable.to_owned()),
            _ => Source::Flag(flag),
        }
    }

    /// Where gcloud keeps its files if no variable says otherwise.
    fn own_directory(&self) -> Option<PathBuf> {
        if cfg!(windows) {
            return self.set("APPDATA").map(|root| Path::new(&root).join("gcloud"));
        }
        self.set("HOME").map(|home| Path::new(&home).join(".config").join("gcloud"))
    }
}

/// What gave a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A flag: `--project`.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(String),
    /// A property of gcloud's active configuration.
    Gcloud {
        /// The configuration's name.
        configuration: String,
        /// `section/property`.
        property: String,
        /// The file.
        path: PathBuf,
    },
    /// The file with the credentials.
    CredentialsFile(PathBuf),
    /// The metadata server of the machine that this runs on.
    MetadataServer,
    /// Nothing said otherwise.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => f.write_str(flag),
            Source::Variable(name) => f.write_str(name),
            Source::Gcloud { configuration, property, path } => {
                write!(f, "{property} of gcloud's configuration {configuration:?} ({})", path.display())
            }
            Source::CredentialsFile(path) => write!(f, "the credentials in {}", path.display()),
            Source::MetadataServer => f.write_str("the metadata server"),
            Source::Default => f.write_str("the default"),
        }
    }
}

/// A value and what gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// What gave it.
    pub source: Source,
}

/// A service account to act as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impersonation {
    /// The account's e-mail address.
    pub target: String,
    /// The accounts through which it is reached, in order.
    pub delegates: Vec<String>,
}

/// What proves who we are. Its secrets are shown by nothing.
#[derive(Debug, Clone)]
pub enum CredentialSource {
    /// Nobody: gcloud's `auth/disable_credentials` is on. For servers that ask for nothing.
    Anonymous,
    /// An access token that someone else fetched.
    Token(SecretString),
    /// A file of Application Default Credentials, of any kind.
    File {
        /// Where it lies.
        path: PathBuf,
        /// Its text.
        json: SecretString,
    },
    /// The metadata server, since there is no file.
    MetadataServer {
        /// Its host with a port, where `GCE_METADATA_HOST` names it.
        host: Option<String>,
    },
}

/// All that is to be known before Google is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The projects to read; none where only the metadata server may tell one.
    pub projects: Vec<Sourced<String>>,
    /// The regions to read; none for all that the project uses.
    pub regions: Vec<Sourced<String>>,
    /// The project that calls are counted against, where it is another than that of the credentials.
    pub quota_project: Option<Sourced<String>>,
    /// The service account to act as.
    pub impersonate: Option<Sourced<Impersonation>>,
    /// What proves who we are, and what said so.
    pub credentials: Sourced<CredentialSource>,
    /// Where the servers are.
    pub endpoints: Endpoints,
    /// Where a project was looked for, for the message that says that there is none.
    looked_for_project: Vec<String>,
}

impl Settings {
    /// Decides everything from flags, environment and gcloud's configuration.
    ///
    /// # Errors
    /// A name that cannot be one, a file that is named and cannot be read, an endpoint that is no URL or speaks plain http to another
    /// machine. A missing project is no error yet: [`Settings::no_project`].
    pub fn resolve(flags: &Flags, around: &Surroundings<'_>) -> Result<Settings, Fault> {
        let gcloud = Gcloud::read(around)?;
        let credentials = credentials(around, &gcloud)?;
        let (projects, looked_for_project) = projects(flags, around, &gcloud, &credentials)?;
        Ok(Settings {
            regions: regions(flags, around, &gcloud)?,
            quota_project: quota_project(around, &gcloud, &projects)?,
            impersonate: impersonation(flags, around, &gcloud)?,
            endpoints: Endpoints::resolve(flags.allow_http, |api| {
                gcloud.property(around, "api_endpoint_overrides", api)
            })?,
            projects,
            credentials,
            looked_for_project,
        })
    }

    /// The error that no project was named, with every place that was looked at.
    pub fn no_project(&self) -> Fault {
        Fault::usage("no Google Cloud project is named")
            .hint(format!("Looked at, in this order: {}.", self.looked_for_project.join(", ")))
            .hint("Name it with `--project`, or once for all with `gcloud config set project PROJECT`.")
    }
}

fn named(named: Named, found: Sourced<String>) -> Result<Sourced<String>, Fault> {
    match checked(named, found.value.trim()) {
        Ok(value) => Ok(Sourced { value: value.to_owned(), source: found.source }),
        Err(bad) => Err(Fault::usage(format!("{bad} (it is from {})", found.source))),
    }
}

type Projects = (Vec<Sourced<String>>, Vec<String>);

fn projects(
    flags: &Flags,
    around: &Surroundings<'_>,
    gcloud: &Gcloud,
    credentials: &Sourced<CredentialSource>,
) -> Result<Projects, Fault> {
    let mut looked = vec!["`--project`".to_owned()];
    let mut projects: Vec<Sourced<String>> = Vec::new();
    let source = around.flag("--project", PROJECT, &flags.projects.join(","));
    for value in &flags.projects {
        let project = named(Named::Project, Sourced { value: value.clone(), source: source.clone() })?;
        if !projects.iter().any(|known| known.value == project.value) {
            projects.push(project);
        }
    }
    if !projects.is_empty() {
        return Ok((projects, looked));
    }
    for name in ["CLOUDSDK_CORE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"] {
        looked.push(name.to_owned());
        if let Some(value) = around.set(name) {
            let found = Sourced { value, source: Source::Variable(name.to_owned()) };
            return Ok((vec![named(Named::Project, found)?], looked));
        }
    }
    looked.push(match &gcloud.path {
        Some(path) => {
            format!("core/project of gcloud's configuration {:?} ({})", gcloud.name, path.display())
        }
        None => "core/project of gcloud's active configuration (there is none)".to_owned(),
    });
    // Asked as a property, so that an empty CLOUDSDK_CORE_PROJECT hides the file as in gcloud.
    if let Some(found) = gcloud.property(around, "core", "project") {
        return Ok((vec![named(Named::Project, found)?], looked));
    }
    looked.push(format!("the credentials ({})", credentials.source));
    if let CredentialSource::File { path, json } = &credentials.value
        && let Some(value) = project_of(json)
    {
        let found = Sourced { value, source: Source::CredentialsFile(path.clone()) };
        return Ok((vec![named(Named::Project, found)?], looked));
    }
    Ok((Vec::new(), looked))
}

/// The project of a service account's key. The quota project of a person's credentials is not what they want to look at.
fn project_of(json: &SecretString) -> Option<String> {
    use secrecy::ExposeSecret as _;
    let key: serde_json::Value = serde_json::from_str(json.expose_secret()).ok()?;
    let project = key.get("project_id")?.as_str()?;
    (!project.is_empty()).then(|| project.to_owned())
}

fn regions(flags: &Flags, around: &Surroundings<'_>, gcloud: &Gcloud) -> Result<Vec<Sourced<String>>, Fault> {
    if flags.regions.iter().any(|region| region == "-") {
        return Ok(Vec::new());
    }
    let mut regions: Vec<Sourced<String>> = Vec::new();
    let source = around.flag("--region", REGION, &flags.regions.join(","));
    for value in &flags.regions {
        let region = named(Named::Region, Sourced { value: value.clone(), source: source.clone() })?;
        if !regions.iter().any(|known| known.value == region.value) {
            regions.push(region);
        }
    }
    if regions.is_empty()
        && let Some(found) = gcloud.property(around, "run", "region")
    {
        regions.push(named(Named::Region, found)?);
    }
    Ok(regions)
}

fn quota_project(
    around: &Surroundings<'_>,
    gcloud: &Gcloud,
    projects: &[Sourced<String>],
) -> Result<Option<Sourced<String>>, Fault> {
    let variable = "GOOGLE_CLOUD_QUOTA_PROJECT";
    if let Some(value) = around.set(variable) {
        let found = Sourced { value, source: Source::Variable(variable.to_owned()) };
        return named(Named::Project, found).map(Some);
    }
    let Some(found) = gcloud.property(around, "billing", "quota_project") else { return Ok(None) };
    match found.value.as_str() {
        // Words of gcloud: the project of the credentials, and the project that is looked at.
        "LEGACY" => Ok(None),
        "CURRENT_PROJECT" | "CURRENT_PROJECT_WITH_FALLBACK" => {
            let current = projects.first().map(|project| project.value.clone());
            Ok(current.map(|value| Sourced { value, source: found.source }))
        }
        _ => named(Named::Project, found).map(Some),
    }
}

fn impersonation(
    flags: &Flags,
    around: &Surroundings<'_>,
    gcloud: &Gcloud,
) -> Result<Option<Sourced<Impersonation>>, Fault> {
    let flag = flags.impersonate_service_account.clone().filter(|account| !account.is_empty());
    let found = flag
        .map(|value| {
            let source = around.flag("--impersonate-service-account", IMPERSONATE, &value);
            Sourced { value, source }
        })
        .or_else(|| gcloud.property(around, "auth", "impersonate_service_account"));
    let Some(found) = found else { return Ok(None) };
    let mut accounts = Vec::new();
    for account in found.value.split(',').map(str::trim).filter(|account| !account.is_empty()) {
        let account = Sourced { value: account.to_owned(), source: found.source.clone() };
        accounts.push(named(Named::ServiceAccount, account)?.value);
    }
    let Some(target) = accounts.pop() else { return Ok(None) };
    Ok(Some(Sourced { value: Impersonation { target, delegates: accounts }, source: found.source }))
}

fn credentials(around: &Surroundings<'_>, gcloud: &Gcloud) -> Result<Sourced<CredentialSource>, Fault> {
    if let Some(off) = gcloud.switch(around, "auth", "disable_credentials").filter(|off| off.value) {
        return Ok(Sourced { value: CredentialSource::Anonymous, source: off.source });
    }
    let variable = "CLOUDSDK_AUTH_ACCESS_TOKEN";
    if let Some(token) = around.set(variable) {
        let value = CredentialSource::Token(SecretString::from(token.trim()));
        return Ok(Sourced { value, source: Source::Variable(variable.to_owned()) });
    }
    if let Some(file) = gcloud.property(around, "auth", "access_token_file") {
        let token = read(around, Path::new(&file.value), &file.source)?;
        let value = CredentialSource::Token(SecretString::from(token.trim()));
        return Ok(Sourced { value, source: file.source });
    }
    let variable = "GOOGLE_APPLICATION_CREDENTIALS";
    let file = around
        .set(variable)
        .map(|value| Sourced { value, source: Source::Variable(variable.to_owned()) })
        .or_else(|| gcloud.property(around, "auth", "credential_file_override"));
    if let Some(file) = file {
        let path = PathBuf::from(&file.value);
        let json = SecretString::from(read(around, &path, &file.source)?);
        return Ok(Sourced { value: CredentialSource::File { path, json }, source: file.source });
    }
    if let Some(directory) = &gcloud.directory {
        let path = directory.join("application_default_credentials.json");
        match (around.file)(&path) {
            Ok(text) => {
                let source = Source::CredentialsFile(path.clone());
                let value = CredentialSource::File { path, json: SecretString::from(text) };
                return Ok(Sourced { value, source });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Fault::usage(format!("{}: {error}", path.display()))),
        }
    }
    let host = around.set("GCE_METADATA_HOST");
    Ok(Sourced { value: CredentialSource::MetadataServer { host }, source: Source::MetadataServer })
}

fn read(around: &Surroundings<'_>, path: &Path, named_by: &Source) -> Result<String, Fault> {
    (around.file)(path).map_err(|error| {
        Fault::usage(format!("{}: {error}", path.display())).hint(format!("{named_by} names this file."))
    })
}
