//! Flags and words of a container's command and arguments.

/// A flag with its value, or a word that is no flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// `--name=value`, `--name value`, `--name`.
    Flag {
        /// The name with its dashes.
        name: String,
        /// The value; `None` for a switch.
        value: Option<String>,
        /// The position of the text that holds the value (the name, for a switch) among the texts given.
        position: usize,
    },
    /// Anything else, such as a program or a subcommand.
    Word {
        /// The word.
        text: String,
        /// Its position among the texts given.
        position: usize,
    },
}

/// Takes command and arguments apart.
///
/// A text behind a shell's `-c` is split into words as a shell would, without expanding anything.
/// A flag without `=` takes the next word as its value when that word is no flag, so `--reverse-proxy` before a subcommand
/// is misread; programs that mix them that way are rare.
pub fn arguments<T: AsRef<str>>(texts: &[T]) -> Vec<Argument> {
    let mut words: Vec<Word> = Vec::new();
    for (position, text) in texts.iter().enumerate() {
        let text = text.as_ref();
        if follows_shell_switch(texts, position) {
            words.extend(shell_words(text).into_iter().map(|(text, begins)| Word { text, position, begins }));
        } else {
            words.push(Word { text: text.to_owned(), position, begins: false });
        }
    }
    let mut found = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(Word { text, position, .. }) = words.next() {
        if !is_flag(&text) {
            found.push(Argument::Word { text, position });
            continue;
        }
        if let Some((name, value)) = text.split_once('=') {
            found.push(Argument::Flag { name: name.to_owned(), value: Some(value.to_owned()), position });
            continue;
        }
        match words.next_if(|next| !next.begins && !is_flag(&next.text)) {
            Some(value) => {
                found.push(Argument::Flag { name: text, value: Some(value.text), position: value.position });
            }
            None => found.push(Argument::Flag { name: text, value: None, position }),
        }
    }
    found
}

struct Word {
    text: String,
    position: usize,
    /// Whether it is the first word of a shell's command, which is no flag's value.
    begins: bool,
}

fn is_flag(word: &str) -> bool {
    word.len() > 1
        && word.starts_with('-')
        && word[1..].starts_with(|c: char| c == '-' || c.is_ascii_alphabetic())
}

/// `sh -c TEXT`, `["/bin/bash", "-ec", TEXT]`: only a shell's switch, because programs have a `-c` of their own.
fn follows_shell_switch<T: AsRef<str>>(texts: &[T], position: usize) -> bool {
    let Some(switch) = position.checked_sub(1).map(|before| texts[before].as_ref()) else { return false };
    let is_switch =
        switch.starts_with('-') && !switch.starts_with("--") && switch.ends_with('c') && switch.len() <= 4;
    is_switch
        && (position == 1
            || texts[..position - 1].iter().any(|text| {
                let name = text.as_ref().rsplit('/').next().unwrap_or_default();
                matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh")
            }))
}

/// Words of a shell text, each with whether it begins a command; quotes and backslashes are taken away.
fn shell_words(text: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut begun = false;
    let mut begins = true;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (Some('"') | None, '\\') => {
                // A backslash before a line break continues the line.
                if let Some(next) = characters.next().filter(|next| *next != '\n') {
                    word.push(next);
                    begun = true;
                }
            }
            (Some(_), other) => word.push(other),
            (None, '"' | '\'') => {
                quote = Some(character);
                begun = true;
            }
            (None, ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|') => {
                if begun {
                    // `exec` hands over to what follows.
                    let hands_over = begins && word == "exec";
                    words.push((std::mem::take(&mut word), begins));
                    begun = false;
                    begins = hands_over;
                }
                begins |= matches!(character, '\n' | ';' | '&' | '|');
            }
            (None, other) => {
                word.push(other);
                begun = true;
            }
        }
    }
    if begun {
        words.push((word, begins));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(name: &str, value: Option<&str>, position: usize) -> Argument {
        Argument::Flag { name: name.to_owned(), value: value.map(str::to_owned), position }
    }

    fn word(text: &str, position: usize) -> Argument {
        Argument::Word { text: text.to_owned(), position }
    }

    #[test]
    fn flags_take_their_value_from_either_form() {
        assert_eq!(
            arguments(&["start", "--hostname=sso.example.com", "--http-port", "8080", "--optimized", "-v"]),
            [
                word("start", 0),
                flag("--hostname", Some("sso.example.com"), 1),
                flag("--http-port", Some("8080"), 3),
                flag("--optimized", None, 4),
                flag("-v", None, 5),
            ]
        );
    }

    #[test]
    fn a_value_may_hold_equal_signs_and_be_empty() {
        assert_eq!(arguments(&["--a=b=c", "--d="]), [flag("--a", Some("b=c"), 0), flag("--d", Some(""), 1)]);
    }

    #[test]
    fn a_number_below_zero_is_a_value() {
        assert_eq!(arguments(&["--skew", "-5"]), [flag("--skew", Some("-5"), 1)]);
    }

    #[test]
    fn the_text_of_a_shell_is_split() {
        let text = "set -e; exec /bin/oauth2-proxy \\\n --oidc-issuer-url='https://kc/realms/x' --cookie-name \"a b\" && true";
        assert_eq!(
            arguments(&["/bin/sh", "-c", text]),
            [
                word("/bin/sh", 0),
                flag("-c", None, 1),
                word("set", 2),
                flag("-e", None, 2),
                word("exec", 2),
                word("/bin/oauth2-proxy", 2),
                flag("--oidc-issuer-url", Some("https://kc/realms/x"), 2),
                flag("--cookie-name", Some("a b"), 2),
                word("true", 2),
            ]
        );
        // The shell itself may stand in `command`, so that `-c` comes first.
        assert_eq!(arguments(&["-c", "a --b=c"])[1..], [word("a", 1), flag("--b", Some("c"), 1)]);
        // `-c` of another program is its own.
        assert_eq!(
            arguments(&["nginx", "-g", "daemon off;", "-c", "a b"])[2..],
            [flag("-c", Some("a b"), 4)]
        );
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(arguments::<&str>(&[]), []);
        assert_eq!(arguments(&["-"]), [word("-", 0)]);
        assert_eq!(arguments(&["--"]), [flag("--", None, 0)]);
    }
}
