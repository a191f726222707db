//! Fetches a Keycloak distribution and prepares it once: unpacked, built, and with a database that has the administrator.

use std::env;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use zip::ZipArchive;

use super::http;
use super::process::Running;

/// Maven Central, where no Maven is installed and no other repository is named.
const CENTRAL: &str = "https://repo1.maven.org/maven2";
/// Names another repository of the same layout.
const REPOSITORY: &str = "CLOAKRUN_TEST_MAVEN_REPOSITORY";

/// A prepared distribution.
pub(crate) struct Install {
    /// The unpacked distribution.
    pub(crate) home: PathBuf,
    /// The database with the administrator, to be copied.
    pub(crate) database: PathBuf,
}

/// The prepared distribution of a version, made now if it is not there. Other processes wait meanwhile.
///
/// # Errors
/// A sentence that says what could not be done.
pub(crate) fn prepared(version: &str) -> Result<Install, String> {
    let cache = cache().join(format!("keycloak-{version}"));
    let install =
        Install { home: cache.join(format!("keycloak-{version}")), database: cache.join("keycloakdb.mv.db") };
    let failed = |what: &str, error: std::io::Error| format!("{what} in {}: {error}", cache.display());
    fs::create_dir_all(&cache).map_err(|error| failed("cannot make the folder", error))?;
    let lock = File::create(cache.join("lock")).map_err(|error| failed("cannot make the lock", error))?;
    lock.lock().map_err(|error| failed("cannot take the lock", error))?;
    if !install.home.exists() {
        unpack(&fetched(version, &cache)?, &cache, &install.home)?;
    }
    if !install.database.exists() {
        first_start(&install).map_err(|error| format!("the first start of Keycloak {version}: {error}"))?;
    }
    Ok(install)
}

fn cache() -> PathBuf {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME")
        .or_else(|| named("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(env::temp_dir)
        .join("cloakrun-tests")
}

/// The distribution's archive: through Maven, which knows the mirrors of the machine, else from the repository itself.
fn fetched(version: &str, cache: &Path) -> Result<Vec<u8>, String> {
    let file = format!("keycloak-quarkus-dist-{version}.zip");
    let repository = env::var(REPOSITORY).ok();
    let copied = repository.is_none()
        && Command::new("mvn")
            .args(["-q", "-B", "dependency:copy", "-Dmdep.useBaseVersion=true"])
            .arg(format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{version}:zip"))
            .arg(format!("-DoutputDirectory={}", cache.display()))
            .current_dir(cache)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    let copy = cache.join(&file);
    if copied && let Ok(archive) = fs::read(&copy) {
        // What is unpacked needs no archive beside it.
        let _ = fs::remove_file(copy);
        return Ok(archive);
    }
    let repository = repository.unwrap_or_else(|| CENTRAL.to_owned());
    let url = format!("{repository}/org/keycloak/keycloak-quarkus-dist/{version}/{file}");
    let failed = |error: String| format!("cannot fetch {url}: {error}");
    let archive = http::download(&url).map_err(failed)?;
    let expected = http::download(&format!("{url}.sha1")).map_err(failed)?;
    let seen: String = digest(&SHA1_FOR_LEGACY_USE_ONLY, &archive)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let expected = String::from_utf8_lossy(&expected);
    match expected.split_whitespace().next() {
        Some(sum) if sum.eq_ignore_ascii_case(&seen) => Ok(archive),
        _ => Err(failed(format!("its SHA-1 is {seen}, not {}", expected.trim()))),
    }
}

// Unpacked beside its place and then renamed, so that a half unpacked one is never taken for a whole one.
fn unpack(archive: &[u8], cache: &Path, home: &Path) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot unpack {}: {error}", home.display());
    let half = cache.join("half");
    if half.exists() {
        fs::remove_dir_all(&half).map_err(|error| failed(&error))?;
    }
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(|error| failed(&error))?;
    archive.extract(&half).map_err(|error| failed(&error))?;
    let name = home.file_name().unwrap_or_default();
    fs::rename(half.join(name), home).map_err(|error| failed(&error))?;
    fs::remove_dir(&half).map_err(|error| failed(&error))
}

// Builds the server and makes the administrator; a database file that is whole is left behind only by a server that ends by itself.
fn first_start(install: &Install) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let running = Running::in_folder(&install.home, folder.path())?;
    running.stop()?;
    let aside = install.database.with_extension("half");
    fs::copy(folder.path().join("keycloakdb.mv.db"), &aside)
        .and_then(|_| fs::rename(&aside, &install.database))
        .map_err(|error| error.to_string())
}

/// The last lines of a server's log.
pub(crate) fn end_of(log: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = File::open(log) {
        let _ = file.read_to_string(&mut text);
    }
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
