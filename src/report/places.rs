//! From symbolic places to lines, columns and quotes, in the files that have findings only.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::document::excerpt::Excerpt;
use crate::finding::Evidence;
use crate::locus::{FieldPath, Locus, Segment};
use crate::report::quote::quote;
use crate::report::{PlaceEntry, Quote};
use crate::snapshot::{PartKind, Place, Snapshot};

/// Fields that begin further right than this get no quote: nobody sees them in their line.
const RIGHTMOST_QUOTE: usize = 2_000;

/// What finds fields in a file or standard input again: each of the pairs is a document of it, counted from zero, and a field; the
/// answers are in their order, none for what is gone.
pub type Find<'f> = dyn FnMut(&Place, &[(usize, FieldPath)]) -> Vec<Option<Excerpt>> + 'f;

/// Where the fields of findings stand.
#[derive(Debug, Default)]
pub struct Places {
    spots: HashMap<Locus, Excerpt>,
    quotes: bool,
}

impl Places {
    /// Finds all of `wanted`, and quotes their lines where `quotes` says so; `find` looks into the files.
    pub fn find<'l>(
        snapshot: &Snapshot,
        wanted: impl Iterator<Item = &'l Locus>,
        quotes: bool,
        find: &mut Find<'_>,
    ) -> Self {
        let mut by_file: BTreeMap<&str, Vec<Locus>> = BTreeMap::new();
        for locus in wanted {
            let part = snapshot.part(locus.part);
            let fields = by_file.entry(part.place.path()).or_default();
            if let Some(resource) = resource_of(part.kind, &locus.path) {
                fields.push(Locus::new(locus.part, resource.key("address")));
            }
            fields.push(locus.clone());
        }
        let mut places = Places { quotes, ..Places::default() };
        for mut fields in by_file.into_values() {
            fields.sort();
            fields.dedup();
            let documents = fields.iter().map(|locus| snapshot.part(locus.part).place.document());
            let wanted: Vec<(usize, FieldPath)> =
                documents.zip(&fields).map(|(document, locus)| (document, locus.path.clone())).collect();
            let found = find(&snapshot.part(fields[0].part).place, &wanted);
            for (locus, mut excerpt) in
                fields.into_iter().zip(found).filter_map(|(locus, found)| Some((locus, found?)))
            {
                let is_address = matches!(locus.path.last(), Some(Segment::Key(key)) if &**key == "address");
                if !(quotes || is_address) {
                    excerpt.text = String::new();
                }
                places.spots.insert(locus, excerpt);
            }
        }
        places
    }

    /// A place of a finding as reports tell it.
    pub fn entry(&self, snapshot: &Snapshot, evidence: &Evidence) -> PlaceEntry {
        let part = snapshot.part(evidence.at.part);
        let spot = self.spots.get(&evidence.at);
        let resource = resource_of(part.kind, &evidence.at.path);
        PlaceEntry {
            side: evidence.side,
            file: part.place.path().to_owned(),
            line: spot.map(|spot| spot.line),
            column: spot.map(|spot| spot.column),
            field: field(&evidence.at.path, resource.as_ref()),
            resource: resource.and_then(|resource| self.address(&Locus::new(evidence.at.part, resource))),
            value: evidence.value.clone(),
            label: evidence.label.clone(),
            quote: spot.and_then(|spot| self.quote(spot, evidence.value.as_deref())),
        }
    }

    /// Line and column of a field, counted from one.
    pub fn position(&self, at: &Locus) -> Option<(usize, usize)> {
        self.spots.get(at).map(|spot| (spot.line, spot.column))
    }

    fn quote(&self, spot: &Excerpt, value: Option<&str>) -> Option<Quote> {
        (self.quotes && spot.column <= RIGHTMOST_QUOTE).then(|| quote(&spot.text, &spot.located, value))
    }

    /// The text of a Terraform resource's `address`.
    fn address(&self, resource: &Locus) -> Option<String> {
        let spot = self.spots.get(&resource.key("address"))?;
        serde_json::from_str(spot.text.get(spot.located.span.clone())?).ok()
    }
}

/// The mapping of the Terraform resource that a field belongs to; none outside of Terraform.
fn resource_of(kind: PartKind, path: &FieldPath) -> Option<FieldPath> {
    if !matches!(kind, PartKind::TerraformPlan | PartKind::TerraformState) {
        return None;
    }
    let mut here = path.clone();
    loop {
        let last = here.last()?.clone();
        here = here.parent();
        let in_list = matches!(here.last(), Some(Segment::Index(_)));
        if in_list && matches!(&last, Segment::Key(key) if matches!(&**key, "values" | "change" | "address"))
        {
            return Some(here);
        }
    }
}

/// The field as people name it: for Terraform the attribute of its resource.
fn field(path: &FieldPath, resource: Option<&FieldPath>) -> String {
    let Some(resource) = resource else { return path.to_string() };
    let skipped = resource.segments().len();
    let below = path.segments();
    let wrapping = ["values", "change", "before", "after"];
    let attribute = below
        .into_iter()
        .skip(skipped)
        .skip_while(|segment| matches!(segment, Segment::Key(key) if wrapping.contains(&&**key)))
        .fold(FieldPath::root(), |path, segment| match segment {
            Segment::Key(key) => path.key(Arc::clone(key)),
            Segment::Index(index) => path.index(*index as usize),
        });
    attribute.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::document::Format;
    use crate::document::excerpt::excerpts;
    use crate::finding::Side;
    use crate::locus::PartId;
    use crate::snapshot::Part;

    fn entry(path: &str, kind: PartKind, text: &str, field: FieldPath, value: Option<&str>) -> PlaceEntry {
        let mut snapshot = Snapshot::default();
        snapshot.parts.push(Part {
            place: Place::File { path: path.to_owned(), document: 0 },
            kind,
            missing: Vec::new(),
            notes: Vec::new(),
        });
        let at = Locus::new(PartId(0), field);
        let places = Places::find(&snapshot, [&at].into_iter(), true, &mut |_, wanted| {
            excerpts(text, Format::Json, wanted)
        });
        places.entry(&snapshot, &Evidence::new(Side::Keycloak, at, value.map(str::to_owned), "label"))
    }

    #[test]
    fn a_field_of_a_realm_gets_line_column_and_quote() {
        let text =
            "{\n  \"clients\": [\n    {\"clientId\": \"ä\", \"rootUrl\": \"https://a.example\"}\n  ]\n}\n";
        let field = FieldPath::root().key("clients").index(0).key("rootUrl");
        let place = entry("realm.json", PartKind::Realm, text, field, Some("https://a.example"));
        assert_eq!(place.position(), "realm.json:3:34");
        assert_eq!(place.field, "clients[0].rootUrl");
        assert_eq!(place.quote.unwrap().text.trim_start(), "\"rootUrl\": \"https://a.example\"");
    }

    #[test]
    fn a_field_of_terraform_gets_its_resource() {
        let text = r#"{"planned_values": {"root_module": {"resources": [
            {"address": "keycloak_openid_client.web[\"a\"]", "values": {"valid_redirect_uris": ["https://a.example"]}}]}}}"#;
        let field = FieldPath::root().keys(["planned_values", "root_module", "resources"]).index(0);
        let field = field.keys(["values", "valid_redirect_uris"]).index(0);
        let place = entry("plan.json", PartKind::TerraformPlan, text, field, Some("https://a.example"));
        assert_eq!(place.resource.as_deref(), Some("keycloak_openid_client.web[\"a\"]"));
        assert_eq!(place.field, "valid_redirect_uris[0]");
        assert_eq!(place.line, Some(2));
    }
}
