//! Writes a file anew so that it is never there by half: the new text beside it, then a rename.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What a file held when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// That of `bytes`, the whole content of a file.
    pub fn of(bytes: &[u8]) -> Self {
        Fingerprint(Sha256::digest(bytes).into())
    }

    fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; 256 << 10];
        loop {
            match file.read(&mut chunk) {
                Ok(0) => return Ok(Fingerprint(hash.finalize().into())),
                Ok(length) => hash.update(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Why a file was not replaced. Unless it says otherwise, the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Somebody changed the file since it was read.
    #[error(
        "`{0}` was changed by someone else since it was read; nothing was written. Run again to see what is to do now."
    )]
    Changed(String),
    /// The file is gone.
    #[error("`{0}` is not there any more; nothing was written. Run again to see what is to do now.")]
    Gone(String),
    /// The path leads out of the tree through a symbolic link.
    #[error(
        "`{0}` is a symbolic link, or stands behind one, that leads out of the folder that was given; nothing was written. Name the file it leads to."
    )]
    Outside(String),
    /// The path is no regular file.
    #[error("`{0}` is not a regular file; nothing was written.")]
    NotAFile(String),
    /// The file has several names, of which a rename would leave all but one with the old text.
    #[error(
        "`{0}` has other names (hard links), which would keep the old text; nothing was written. Change it by hand."
    )]
    HardLinks(String),
    /// The operating system refuses.
    #[error("`{path}` could not be written: {doing}: {error}. The file is as it was.")]
    Refused {
        /// The file.
        path: String,
        /// At what.
        doing: &'static str,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The file was replaced, but whether that outlives a power failure is not known.
    #[error("`{path}` was written, but its folder could not be flushed to the disk: {error}.")]
    NotFlushed {
        /// The file.
        path: String,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
}

/// Replaces the content of the file at `path`, which held what `was` says, by `new`.
///
/// The new content is written to a file beside it, flushed to the disk, and renamed, then the folder is flushed; the permissions stay,
/// and so does the owner where the system lets us. A symbolic link is followed when it leads to a file inside `tree`.
///
/// # Errors
/// See [`ReplaceError`].
pub fn replace(path: &Path, tree: &Path, was: Fingerprint, new: &[u8]) -> Result<(), ReplaceError> {
    let shown = || path.display().to_string();
    let refused =
        |doing| move |error| ReplaceError::Refused { path: path.display().to_string(), doing, error };
    let target = inside(path, tree)?;
    let metadata = fs::metadata(&target).map_err(refused("looking at it"))?;
    if !metadata.is_file() {
        return Err(ReplaceError::NotAFile(shown()));
    }
    if names(&metadata) > 1 {
        return Err(ReplaceError::HardLinks(shown()));
    }
    // A rename asks for rights on the folder only, and a file that may not be written is meant to stay.
    OpenOptions::new().append(true).open(&target).map_err(refused("opening it for writing"))?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let beside = Beside::create(&target, folder).map_err(refused("creating a file beside it"))?;
    let mut file = &beside.file;
    file.write_all(new).map_err(refused("writing a file beside it"))?;
    keep_owner(file, &metadata);
    file.set_permissions(metadata.permissions()).map_err(refused("setting its permissions"))?;
    file.sync_all().map_err(refused("flushing it to the disk"))?;
    // As late as can be: what changes between this look and the rename nobody can see.
    if Fingerprint::of_file(&target).map_err(refused("reading it again"))? != was {
        return Err(ReplaceError::Changed(shown()));
    }
    beside.rename(&target).map_err(refused("renaming the file beside it"))?;
    sync_folder(folder).map_err(|error| ReplaceError::NotFlushed { path: shown(), error })
}

/// The file that `path` leads to, inside `tree`.
fn inside(path: &Path, tree: &Path) -> Result<PathBuf, ReplaceError> {
    let shown = || path.display().to_string();
    let find = |path: &Path| {
        path.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReplaceError::Gone(shown()),
            _ => ReplaceError::Refused { path: shown(), doing: "finding it", error },
        })
    };
    let (target, tree) = (find(path)?, find(tree)?);
    if target.starts_with(&tree) { Ok(target) } else { Err(ReplaceError::Outside(shown())) }
}

/// A new file that vanishes unless it is renamed.
struct Beside {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Beside {
    fn create(target: &Path, folder: &Path) -> io::Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for _ in 0..16 {
            let mut random = [0; 6];
            getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
            let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            // Hidden and without a known ending, so that nobody takes it for a file of the tree.
            let path = folder.join(format!(".{name}.{random}.cloakrun-new"));
            match open_new(&path) {
                Ok(file) => return Ok(Beside { path, file, renamed: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    fn rename(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.renamed {
            // Nobody can be told any more; the file has a name that says whose it is.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn open_new(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Until it has the permissions of the old file nobody else may read it.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn open_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn names(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_: &fs::Metadata) -> u64 {
    1
}

// Only root may give files away; for others the file is theirs already, or its group one of theirs.
#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if fchown(file, Some(metadata.uid()), Some(metadata.gid())).is_err() {
        let _ = fchown(file, None, Some(metadata.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

// Windows has no such thing for folders.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join("a.yaml"), "old").unwrap();
        tree
    }

    fn names_in(tree: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(tree)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_content_changes_and_the_mode_stays() {
        let tree = tree();
        let path = tree.path().join("a.yaml");
        for mode in [0o640, 0o755, 0o600] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            replace(&path, tree.path(), Fingerprint::of(b"old"), b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
        assert_eq!(names_in(tree.path()), ["a.yaml"]);
    }

    #[test]
    fn what_someone_else_wrote_stays() {
        let tree = tree();
        let path = tree.path().join("a.yaml");
        let error = replace(&path, tree.path(), Fingerprint::of(b"older"), b"new").unwrap_err();
        assert!(matches!(error, ReplaceError::Changed(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names_in(tree.path()), ["a.yaml"]);
        fs::remove_file(&path).unwrap();
        let error = replace(&path, tree.path(), Fingerprint::of(b"old"), b"new").unwrap_err();
        assert!(matches!(error, ReplaceError::Gone(_)), "{error}");
    }

    #[test]
    fn links_are_followed_inside_the_tree_only() {
        let (tree, other) = (tree(), tree());
        let (inner, outer) = (tree.path().join("inner.yaml"), tree.path().join("outer.yaml"));
        symlink("a.yaml", &inner).unwrap();
        symlink(other.path().join("a.yaml"), &outer).unwrap();
        symlink(other.path(), tree.path().join("folder")).unwrap();
        replace(&inner, tree.path(), Fingerprint::of(b"old"), b"new").unwrap();
        assert!(fs::symlink_metadata(&inner).unwrap().is_symlink());
        assert_eq!(fs::read(tree.path().join("a.yaml")).unwrap(), b"new");
        for path in [outer, tree.path().join("folder/a.yaml"), tree.path().join("..")] {
            let error = replace(&path, tree.path(), Fingerprint::of(b"old"), b"new").unwrap_err();
            assert!(matches!(error, ReplaceError::Outside(_) | ReplaceError::Gone(_)), "{error}");
        }
        assert_eq!(fs::read(other.path().join("a.yaml")).unwrap(), b"old");
    }

    #[test]
    fn folders_and_hard_links_are_refused() {
        let tree = tree();
        let error = replace(tree.path(), tree.path(), Fingerprint::of(b""), b"new").unwrap_err();
        assert!(matches!(error, ReplaceError::NotAFile(_)), "{error}");
        let path = tree.path().join("a.yaml");
        fs::hard_link(&path, tree.path().join("b.yaml")).unwrap();
        let error = replace(&path, tree.path(), Fingerprint::of(b"old"), b"new").unwrap_err();
        assert!(matches!(error, ReplaceError::HardLinks(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
