//! Where values of a JSON text stand.

use std::ops::Range;

use super::super::scan::{Scanner, Stop};
use super::super::without_bom;
use super::layout::{Kind, Layout};
use super::wanted::Wanted;
use crate::locus::Segment;

/// The layout of a sound JSON text as far as the edits need it.
pub(super) fn read(text: &str, wanted: &Wanted<'_>) -> Result<Layout, Stop> {
    let mut scanner = Scanner::new(text.as_bytes(), text.len() - without_bom(text).len());
    value(&mut scanner, Some(wanted), 1, None, 0)
}

/// The elements or entries of the list or mapping at `place`, without what is in them.
pub(super) fn children(text: &str, place: Range<usize>) -> Vec<Layout> {
    let mut scanner = Scanner::new(&text.as_bytes()[..place.end], place.start);
    value(&mut scanner, None, 2, None, 0).map(|layout| layout.children).unwrap_or_default()
}

/// `depth` says how deep what is not on the way to an edit is looked into: one for the value alone, two for what is in it as well.
fn value(
    scanner: &mut Scanner<'_>,
    wanted: Option<&Wanted<'_>>,
    depth: usize,
    key: Option<(Range<usize>, String)>,
    ordinal: u32,
) -> Result<Layout, Stop> {
    let slot = scanner.at;
    let first = scanner.peek()?;
    let start = scanner.at;
    let kind = match first {
        b'{' => Kind::FlowMap,
        b'[' => Kind::FlowList,
        b'"' => Kind::Double,
        _ => Kind::Plain,
    };
    let mut layout = Layout {
        kind,
        head: key.as_ref().map_or(start, |(key, _)| key.start),
        slot: if key.is_some() { slot } else { start },
        name: None,
        key: None,
        ordinal,
        value: start..start,
        anchor: 0,
        children: Vec::new(),
    };
    if let Some((place, name)) = key {
        (layout.key, layout.name) = (Some(place), Some(name));
    }
    let here = wanted.is_some_and(Wanted::is_here);
    let opens = here || depth > 1 || wanted.is_some_and(|wanted| !wanted.children.is_empty());
    if !opens || !kind.is_flow() {
        layout.value = scanner.value(usize::MAX)?;
        return Ok(layout);
    }
    scanner.at += 1;
    let closing = if first == b'{' { b'}' } else { b']' };
    for index in 0.. {
        if scanner.peek()? == closing {
            break;
        }
        if index > 0 {
            scanner.expect(b',')?;
        }
        let (key, step) = if first == b'[' {
            (None, Segment::Index(index))
        } else {
            let place = scanner.string()?;
            let name = scanner.text(place.clone()).ok_or(Stop::Broken)?.into_owned();
            scanner.expect(b':')?;
            let step = Segment::Key(name.as_str().into());
            (Some((place, name)), step)
        };
        let below = wanted.and_then(|wanted| wanted.children.get(&step));
        if here || depth > 1 || below.is_some() {
            layout.children.push(value(scanner, below, 1, key, index)?);
        } else {
            scanner.value(usize::MAX)?;
        }
    }
    scanner.at += 1;
    layout.value = start..scanner.at;
    Ok(layout)
}
