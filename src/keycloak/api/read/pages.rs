//! Reads long lists page by page, and notices when the list moves meanwhile.
//!
//! The admin API gives neither a count nor a next link, and a client that is deleted between two pages makes the next page skip one.
//! So each page begins with the last entry of the one before: where it does not, the list has moved, or pages repeat.

use std::collections::{BTreeSet, VecDeque};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use serde_json::Value;

use super::Fields;
use crate::keycloak::api::http::CONCURRENCY;
use crate::keycloak::api::session::Session;
use crate::keycloak::api::trouble::Trouble;

/// Pages of this size are the fastest that servers give.
pub(super) const PAGE: usize = 100;
/// How often a list is read before its moving is reported.
const PASSES: usize = 3;

/// A list as far as it could be read.
#[derive(Debug)]
pub(super) struct Listing {
    /// The entries in the server's order, each once.
    pub(super) entries: Vec<Fields>,
    /// Whether it stood still while it was read. If not, entries may lack.
    pub(super) is_settled: bool,
}

/// Reads the list at `path`, in which `first` and `max` are still to be given. `seen` hears how many entries there are so far.
pub(super) async fn all(session: &Session, path: &str, seen: impl Fn(usize)) -> Result<Listing, Trouble> {
    let joint = if path.contains('?') { '&' } else { '?' };
    let page = |first: usize| -> Page<'_> {
        let address = format!("{path}{joint}first={first}&max={PAGE}");
        Box::pin(async move { session.get(&address).await })
    };
    collect(&page, seen).await
}

type Page<'f> = futures_util::future::BoxFuture<'f, Result<Vec<Fields>, Trouble>>;

async fn collect<'f>(
    page: &(dyn Fn(usize) -> Page<'f> + Sync),
    seen: impl Fn(usize),
) -> Result<Listing, Trouble> {
    for _ in 1..PASSES {
        if let Some(entries) = pass(page, true, &seen).await? {
            return Ok(Listing { entries, is_settled: true });
        }
    }
    let mut moved = false;
    let entries = match pass(page, true, &seen).await? {
        Some(entries) => entries,
        None => {
            moved = true;
            pass(page, false, &seen).await?.unwrap_or_default()
        }
    };
    Ok(Listing { entries, is_settled: !moved })
}

// None when the list moved and `strict` says that it may not.
async fn pass<'f>(
    page: &(dyn Fn(usize) -> Page<'f> + Sync),
    strict: bool,
    seen: &impl Fn(usize),
) -> Result<Option<Vec<Fields>>, Trouble> {
    let mut entries = page(0).await?;
    seen(entries.len());
    if entries.len() < PAGE {
        return Ok(Some(entries));
    }
    let mut known: BTreeSet<String> = entries.iter().map(id).collect();
    let mut last = entries.last().map(id);
    // Pages are asked for ahead, more of them the longer the list turns out to be.
    let mut ahead = 2;
    let mut waiting = FuturesOrdered::new();
    let mut next = PAGE - 1;
    loop {
        while waiting.len() < ahead {
            waiting.push_back(page(next));
            next += PAGE - 1;
        }
        let mut read = VecDeque::from(match waiting.next().await {
            Some(read) => read?,
            None => return Ok(Some(entries)),
        });
        let is_last = read.len() < PAGE;
        let follows = read.front().map(id) == last;
        if strict && !follows {
            return Ok(None);
        }
        if follows {
            read.pop_front();
        }
        last = read.back().map(id).or(last);
        let before = entries.len();
        entries.extend(read.into_iter().filter(|entry| known.insert(id(entry))));
        seen(entries.len());
        // A full page that brings nothing new repeats an earlier one.
        if is_last || entries.len() == before {
            return Ok((is_last || !strict).then_some(entries));
        }
        ahead = (ahead + 1).min(CONCURRENCY);
    }
}

fn id(entry: &Fields) -> String {
    entry.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    fn entry(number: usize) -> Fields {
        let Value::Object(fields) = json!({"id": format!("{number:05}")}) else { unreachable!() };
        fields
    }

    fn read(answer: impl Fn(usize) -> Vec<Fields> + Sync) -> (Listing, usize) {
        let calls = Mutex::new(0);
        let page = |first: usize| -> Page<'_> {
            *calls.lock().unwrap() += 1;
            let answered = answer(first);
            Box::pin(async move { Ok(answered) })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let listing = runtime.block_on(collect(&page, |_| ())).unwrap();
        let calls = *calls.lock().unwrap();
        (listing, calls)
    }

    fn of(list: &[usize], first: usize) -> Vec<Fields> {
        list.iter().skip(first).take(PAGE).map(|number| entry(*number)).collect()
    }

    #[test]
    fn every_entry_is_read_once_whatever_their_number() {
        for count in [0, 1, 99, 100, 101, 198, 199, 200, 1000, 1234] {
            let list: Vec<usize> = (0..count).collect();
            let (listing, calls) = read(|first| of(&list, first));
            assert!(listing.is_settled, "{count}");
            assert_eq!(listing.entries, list.iter().map(|n| entry(*n)).collect::<Vec<_>>(), "{count}");
            assert!(calls <= count / (PAGE - 1) + 1 + CONCURRENCY, "{count}: {calls} calls");
        }
    }

    #[test]
    fn a_list_that_moves_once_is_read_again() {
        let calls = Mutex::new(0);
        let (listing, _) = read(|first| {
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            let list: Vec<usize> = (0..500).collect();
            // One of the first page is deleted behind it.
            if *calls == 1 { of(&list, first) } else { of(&list[1..], first) }
        });
        assert!(listing.is_settled);
        assert_eq!(listing.entries.len(), 499);
    }

    #[test]
    fn pages_that_repeat_end_and_are_told() {
        let list: Vec<usize> = (0..500).collect();
        let (listing, calls) = read(|_| of(&list, 0));
        assert!(!listing.is_settled);
        assert_eq!(listing.entries.len(), PAGE);
        assert!(calls < 30, "{calls}");
    }
}
