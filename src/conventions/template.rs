//! Names with parts that stand for any key: `AUTH_<PROVIDER>_ISSUER`.

/// A name with one or two parts in angle brackets.
#[derive(Debug, Clone)]
pub(super) struct Template {
    literals: Vec<String>,
    keys: Vec<String>,
    fold: bool,
}

impl Template {
    /// Reads a name; `fold` compares capitals and small letters as equal.
    pub(super) fn new(name: &str, fold: bool) -> Template {
        let mut literals = Vec::new();
        let mut keys = Vec::new();
        let mut rest = name;
        while let Some((before, after)) = rest.split_once('<') {
            let (key, after) = after.split_once('>').unwrap_or((after, ""));
            literals.push(if fold { before.to_ascii_uppercase() } else { before.to_owned() });
            keys.push(key.to_owned());
            rest = after;
        }
        literals.push(if fold { rest.to_ascii_uppercase() } else { rest.to_owned() });
        Template { literals, keys, fold }
    }

    /// What stands before the first key.
    pub(super) fn beginning(&self) -> &str {
        &self.literals[0]
    }

    /// The keys in `name` when it fits. A key named `N` stands for a number.
    pub(super) fn capture(&self, name: &str) -> Option<Vec<(String, String)>> {
        let (first, end) = (self.literals[0].as_bytes(), self.literals[self.keys.len()].as_bytes());
        // Most names are told apart by their last letter.
        let last = |text: &[u8]| text.last().map(u8::to_ascii_uppercase);
        if !end.is_empty() && last(end) != last(name.as_bytes()) {
            return None;
        }
        let start = name.as_bytes().get(..first.len())?;
        if !(if self.fold { start.eq_ignore_ascii_case(first) } else { start == first }) {
            return None;
        }
        let folded;
        let compared = if self.fold {
            folded = name.to_ascii_uppercase();
            folded.as_str()
        } else {
            name
        };
        let mut from = first.len();
        if !compared.as_bytes().ends_with(end) {
            return None;
        }
        let mut captures = Vec::with_capacity(self.keys.len());
        for (index, key) in self.keys.iter().enumerate() {
            let literal = &self.literals[index + 1];
            let end = if index + 1 == self.keys.len() {
                compared.len().checked_sub(literal.len()).filter(|_| compared.ends_with(literal.as_str()))?
            } else {
                from + compared.get(from..)?.find(literal.as_str())?
            };
            let value = name.get(from..end)?;
            let fits = |byte: u8| {
                if key == "N" { byte.is_ascii_digit() } else { byte.is_ascii_alphanumeric() || byte == b'_' }
            };
            if value.is_empty() || !value.bytes().all(fits) {
                return None;
            }
            captures.push((key.clone(), value.to_owned()));
            from = end + literal.len();
        }
        Some(captures)
    }

    /// The name with the keys filled in.
    pub(super) fn fill(name: &str, captures: &[(String, String)]) -> String {
        let mut filled = name.to_owned();
        for (key, value) in captures {
            filled = filled.replace(&format!("<{key}>"), value);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Template;

    fn keys(template: &str, fold: bool, name: &str) -> Option<Vec<String>> {
        let captures = Template::new(template, fold).capture(name)?;
        Some(captures.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn keys_are_what_stands_between() {
        assert_eq!(keys("AUTH_<P>_ISSUER", false, "AUTH_KEYCLOAK_ISSUER").unwrap(), ["KEYCLOAK"]);
        assert_eq!(keys("<NAME>_CLIENT_ID", false, "SHOP_CLIENT_ID").unwrap(), ["SHOP"]);
        assert_eq!(keys("A__<S>__Valid__<N>", true, "a__Bearer__valid__0").unwrap(), ["Bearer", "0"]);
        assert_eq!(keys("AUD_<N>", false, "AUD_12").unwrap(), ["12"]);
        for (template, name) in [
            ("AUTH_<P>_ISSUER", "AUTH_ISSUER"),
            ("AUTH_<P>_ISSUER", "AUTH__ISSUER"),
            ("AUD_<N>", "AUD_X"),
            ("A_<P>_B", "A_é_B"),
        ] {
            assert_eq!(keys(template, false, name), None, "{template} {name}");
        }
    }

    #[test]
    fn keys_are_filled_in_again() {
        let captures = Template::new("A_<P>_B", false).capture("A_x_B").unwrap();
        assert_eq!(Template::fill("C_<P>_D", &captures), "C_x_D");
    }
}
