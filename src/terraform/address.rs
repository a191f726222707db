//! Addresses of Terraform resources: `module.shop["eu"].google_cloud_run_v2_service.web[0]`.

/// A step of an address: a name, and the key of the instance where there are several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// `0` of `[0]`, `eu` of `["eu"]`.
    pub(crate) key: Option<String>,
}

/// An address taken apart. Of a reference that goes on (`….web.id`) the rest is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    /// The modules around the resource, from the outermost on.
    pub(crate) modules: Vec<Step>,
    /// Whether it is a data source.
    pub(crate) data: bool,
    /// The type: `google_cloud_run_v2_service`.
    pub(crate) kind: String,
    /// The name with the key.
    pub(crate) resource: Step,
}

impl Address {
    /// Takes an address apart; none when it is no address of a resource.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let steps = steps(text)?;
        let mut steps = steps.into_iter().peekable();
        let mut modules = Vec::new();
        while steps.peek().is_some_and(|step| step.name == "module" && step.key.is_none()) {
            steps.next();
            modules.push(steps.next()?);
        }
        let data = steps.next_if(|step| step.name == "data" && step.key.is_none()).is_some();
        let kind = steps.next().filter(|step| step.key.is_none())?.name;
        Some(Address { modules, data, kind, resource: steps.next()? })
    }

    /// How many modules around this resource and another are the same, from the outermost on.
    pub(crate) fn shared_modules(&self, other: &Address) -> usize {
        self.modules.iter().zip(&other.modules).take_while(|(one, other)| one == other).count()
    }
}

/// The steps of an address or reference. Dots inside a quoted key do not part them.
pub(crate) fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        if name.is_empty() {
            return None;
        }
        rest = &rest[end..];
        let mut key = None;
        if let Some(inside) = rest.strip_prefix('[') {
            let (found, after) = key_of(inside)?;
            key = Some(found);
            rest = after;
        }
        steps.push(Step { name, key });
        // Whatever else is indexed behind the key is no part of the address.
        if rest.is_empty() || rest.starts_with('[') {
            return Some(steps);
        }
        rest = rest.strip_prefix('.')?;
    }
}

fn key_of(inside: &str) -> Option<(String, &str)> {
    let Some(quoted) = inside.strip_prefix('"') else {
        let (key, after) = inside.split_once(']')?;
        return Some((key.to_owned(), after));
    };
    let mut key = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => key.push(characters.next()?.1),
            '"' => return Some((key, quoted[index + 1..].strip_prefix(']')?)),
            _ => key.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_taken_apart() {
        let address =
            Address::parse(r#"module.shop["a.b\"c"].module.web[1].keycloak_role.admin[0].id"#).unwrap();
        assert_eq!(address.modules[0], Step { name: "shop".to_owned(), key: Some("a.b\"c".to_owned()) });
        assert_eq!(address.modules[1].key.as_deref(), Some("1"));
        assert_eq!((address.kind.as_str(), address.resource.name.as_str()), ("keycloak_role", "admin"));
        assert_eq!(address.resource.key.as_deref(), Some("0"));
        let data = Address::parse("data.google_project.this").unwrap();
        assert!(data.data && data.kind == "google_project");
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "module", "module.a", "x", "a..b", "a[", "a.b[\"c]", ".a.b"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(module|data|[a-z.\\[\\]\"\\\\é]){0,20}") {
            Address::parse(&text);
        }
    }
}
