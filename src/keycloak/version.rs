//! The version of a Keycloak server, as exports and images name it.

use std::fmt;
use std::str::FromStr;

/// A Keycloak version. Ordered as released; a part that was left out (`26.5`, `26`) stands for the newest of its line, as a floating image tag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

/// A part that was left out.
const OPEN: u16 = u16::MAX;

/// Text that does not name a Keycloak version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a Keycloak version; a version looks like 26.7.3 or 26.5")]
pub struct NotAVersion {
    text: String,
}

impl Version {
    /// The version with all three numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// The major number.
    #[must_use]
    pub const fn major(self) -> u16 {
        self.major
    }

    /// The minor number; 65535 when it was left out.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.minor
    }

    /// The patch number; 65535 when it was left out.
    #[must_use]
    pub const fn patch(self) -> u16 {
        self.patch
    }

    /// Whether all three numbers were given. An inexact version is judged as the newest of its line.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        self.minor != OPEN && self.patch != OPEN
    }

    /// Whether this is `major.minor.patch` or a later patch of that very line.
    #[must_use]
    pub(crate) const fn is_on_line_since(self, major: u16, minor: u16, patch: u16) -> bool {
        self.major == major && self.minor == minor && self.patch >= patch
    }

    /// Whether this is `major.minor.patch` or anything later.
    #[must_use]
    pub(crate) fn is_since(self, major: u16, minor: u16, patch: u16) -> bool {
        self >= Self::new(major, minor, patch)
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    /// Reads `26.7.3`, `26.5`, `26`, `v26.7.3`, `26.5.6.redhat-00001`, `26.4.10-0`, `999.0.0-SNAPSHOT`: up to three numbers, then whatever follows a dot, dash or plus.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAVersion { text: text.to_owned() };
        let trimmed = text.trim();
        let numbers = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
        let numbers = numbers.split_once(['-', '+']).map_or(numbers, |(front, _)| front);
        let mut parts = [OPEN; 3];
        for (index, piece) in numbers.split('.').enumerate() {
            if index >= parts.len() {
                break;
            }
            if index > 0 && !piece.is_empty() && !piece.as_bytes()[0].is_ascii_digit() {
                // A qualifier such as "Final" or "redhat" ends the numbers early.
                break;
            }
            parts[index] = Some(piece)
                .filter(|piece| piece.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|piece| piece.parse().ok())
                .filter(|number| *number != OPEN)
                .ok_or_else(refused)?;
        }
        Ok(Self::new(parts[0], parts[1], parts[2]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.major)?;
        if self.minor != OPEN {
            write!(formatter, ".{}", self.minor)?;
            if self.patch != OPEN {
                write!(formatter, ".{}", self.patch)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Version;

    #[test]
    fn versions_of_exports_and_images_are_read() {
        for (text, shown) in [
            ("26.7.3", "26.7.3"),
            ("26.5", "26.5"),
            ("26", "26"),
            (" v26.7.3 ", "26.7.3"),
            ("26.5.6.redhat-00001", "26.5.6"),
            ("26.4.10-0", "26.4.10"),
            ("999.0.0-SNAPSHOT", "999.0.0"),
            ("4.8.3.Final", "4.8.3"),
            ("26.0.redhat-1", "26.0"),
        ] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "latest", "x.1", "26.", "26..1", "-1", "26.7.99999", "26.1a"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_missing_part_is_the_newest_of_its_line() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("26.5") > version("26.5.7"));
        assert!(version("26.5") < version("26.6.0"));
        assert!(version("26") > version("26.8.1"));
        assert!(!version("26.5").is_exact());
        assert!(version("26.4.9") < version("26.4.10"));
    }
}
