//! The key of a person's snapshots, so that tags of several snapshots can be compared: in a file that only they may read.

use std::path::{Path, PathBuf};

#[cfg(feature = "live")]
use crate::fault::{Fault, Whose};
use crate::secrets::KEY_LENGTH;
#[cfg(feature = "live")]
use crate::secrets::new_key;

/// `snapshot.key` in the state directory, by the XDG base directory specification; none where no home is known.
pub(crate) fn default_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .or_else(|| set("LOCALAPPDATA"))?;
    Some(state.join("cloakrun").join("snapshot.key"))
}

/// The key in a file: 64 hexadecimal digits. None when there is no such file.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub(crate) fn read(file: &Path) -> std::io::Result<Option<[u8; KEY_LENGTH]>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let digits = text.trim();
    let mut key = [0; KEY_LENGTH];
    let is_whole = digits.is_ascii() && digits.len() == 2 * KEY_LENGTH;
    let read = is_whole
        && key.iter_mut().enumerate().all(|(index, byte)| {
            let parsed = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16);
            parsed.is_ok_and(|parsed| {
                *byte = parsed;
                true
            })
        });
    if read { Ok(Some(key)) } else { Err(std::io::Error::other("it holds no key of 64 hexadecimal digits")) }
}

/// The key in a file, which is made when there is none.
#[cfg(feature = "live")]
pub(crate) fn read_or_make(file: &Path) -> Result<[u8; KEY_LENGTH], Fault> {
    let failed = |error: std::io::Error| {
        let what = format!("cannot use the key in {}", file.display());
        Fault::new(Whose::Input, anyhow::Error::new(error).context(what))
    };
    if let Some(key) = read(file).map_err(failed)? {
        return Ok(key);
    }
    let key = new_key().map_err(failed)?;
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).chain(["\n".to_owned()]).collect();
    write_private(file, &text).map_err(failed)?;
    Ok(key)
}

#[cfg(feature = "live")]
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file)?.write_all(text.as_bytes())
}
