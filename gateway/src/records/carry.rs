//! Carrying out what acts and entries asked of other records: each in a transaction of its own, which also takes it off the
//! list, so that a gateway that ends in between loses nothing and does nothing twice.
//!
//! Not what is asked (`errand`). One worker, in the order in which things were asked.

use super::commit::read;
use super::errand::{Errand, Seen, pack_of, seen, wire};
use super::keep::Ground;
use super::own::{Came, Own, enter, id_of};
use crate::app::App;
use crate::packs::Held;
use crate::store::{Holder, Key, OutwardRow, StoreError, Tx};
use shenhai_flow::record::Record;
use shenhai_pack::law::{Origin as From, Request, Who};
use shenhai_pack::names::Name;
use shenhai_protocol::{ActName, Cause, Disclosure, EntryBy, HexHash, Kind, OrderId, RecordRef, WorkId};
use shenhai_replay::MAX_DEPTH;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Most entries that follow from one command.
const MAX_CHAIN: u64 = 500;
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// What is asked when a link is opened.
const OPEN: &str = "@open";

/// Carry out whatever commits ask, until the gateway stops.
pub(crate) async fn serve(app: Arc<App>) {
    let mut stopping = app.stopping.subscribe();
    let mut commits = app.store.seals().follow();
    while !*stopping.borrow() {
        commits.borrow_and_update();
        match next(&app).await {
            Ok(true) => continue,
            Ok(false) => {
                tokio::select! {
                    _ = commits.changed() => {}
                    _ = stopping.changed() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "what an act asks of another record cannot be carried out");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    _ = stopping.changed() => {}
                }
            }
        }
    }
}

/// Carry one out; whether there was one.
async fn next(app: &Arc<App>) -> Result<bool, StoreError> {
    if app.store.read(|rows| rows.next_outward()).await?.is_none() {
        return Ok(false);
    }
    let ground = Ground::of(app, app.clock.now());
    let done = app.store.write(move |tx| {
        let Some(row) = tx.next_outward()? else {
            return Ok(false);
        };
        carry(tx, &ground, &row)?;
        tx.delete_outward(row.n)?;
        Ok(true)
    });
    done.await
}

/// What became of what was asked.
struct Outcome {
    /// The act that was accepted, or why it was refused.
    said: Result<String, String>,
    seen: Option<Seen>,
}

impl Outcome {
    fn refused(code: &str) -> Self {
        Self {
            said: Err(code.to_owned()),
            seen: None,
        }
    }
}

fn carry(tx: &mut Tx<'_>, ground: &Ground, row: &OutwardRow) -> Result<(), StoreError> {
    let errand = serde_json::from_str(&row.doc).map_err(|_| StoreError::Document("errand"))?;
    let asker = row.key.record().ok_or(StoreError::Document("errand"))?;
    let (link, of, outcome) = match errand {
        Errand::Tell { link, seen } => {
            let news = seen.category.clone();
            return report(
                tx,
                ground,
                row,
                &asker,
                News {
                    link,
                    news,
                    of: None,
                    seen: Some(seen),
                    code: None,
                },
            );
        }
        Errand::Follow { link, kind, id } => {
            let other = RecordRef { kind, id };
            let Some((held, record)) = find(tx, ground, &other)? else {
                return Ok(());
            };
            let shown = seen(&held, &record, &asker.kind);
            let may = held.law.kind(&record.kind).is_some_and(|kind| {
                let mut own = kind
                    .contracts
                    .iter()
                    .filter(|one| wire(&held, &one.who) == asker.kind);
                own.any(|one| one.may == Request::Link)
            });
            if !may {
                return Ok(());
            }
            let holder = Holder {
                key: row.key.clone(),
                link: link.clone(),
            };
            tx.hold_link(&Key::of_record(&other), &holder)?;
            let news = shown.category.clone();
            return report(
                tx,
                ground,
                row,
                &asker,
                News {
                    link,
                    news,
                    of: None,
                    seen: Some(shown),
                    code: None,
                },
            );
        }
        Errand::Open { link, kind, with } => {
            let target = opening(ground, &kind);
            let outcome = match target {
                Err(code) => Outcome::refused(code),
                Ok((held, act)) => {
                    let id =
                        OrderId(shenhai_flow::fold::derived(link.as_str(), "0").to_hex()[..32].to_owned());
                    let other = RecordRef {
                        kind: kind.clone(),
                        id,
                    };
                    let asked = Ask {
                        other,
                        act,
                        work: WorkId(link.0.clone()),
                        with,
                    };
                    let outcome = ask(tx, ground, row, &asker, &held, asked)?;
                    if let Some(seen) = &outcome.seen {
                        let other = RecordRef {
                            kind,
                            id: seen.id.clone(),
                        };
                        let holder = Holder {
                            key: row.key.clone(),
                            link: link.clone(),
                        };
                        tx.hold_link(&Key::of_record(&other), &holder)?;
                    }
                    outcome
                }
            };
            (link, OPEN.to_owned(), outcome)
        }
        Errand::Do {
            link,
            kind,
            id,
            act,
            work,
            with,
        } => {
            let id = match id {
                Some(id) => Some(id),
                None => linked(tx, &row.key, &link)?,
            };
            let other = id.map(|id| RecordRef { kind, id });
            let found = match &other {
                Some(other) => find(tx, ground, other)?,
                None => None,
            };
            let outcome = match (other, found) {
                (Some(other), Some((held, _))) => {
                    let asked = Ask {
                        other,
                        act: act.clone(),
                        work,
                        with,
                    };
                    ask(tx, ground, row, &asker, &held, asked)?
                }
                _ => Outcome::refused("no_record"),
            };
            (link, act, outcome)
        }
    };
    let (news, code) = match outcome.said {
        Ok(act) => (act, None),
        Err(code) => ("refused".to_owned(), Some(code)),
    };
    report(
        tx,
        ground,
        row,
        &asker,
        News {
            link,
            news,
            of: Some(of),
            seen: outcome.seen,
            code,
        },
    )
}

/// An act asked of another record.
struct Ask {
    other: RecordRef,
    act: String,
    work: WorkId,
    with: serde_json::Map<String, serde_json::Value>,
}

/// Enter it there, if the contracts of its kind let the asker hand over what it does.
fn ask(
    tx: &mut Tx<'_>,
    ground: &Ground,
    row: &OutwardRow,
    asker: &RecordRef,
    held: &Held,
    asked: Ask,
) -> Result<Outcome, StoreError> {
    if row.cause.depth >= MAX_DEPTH || tx.chain_length(&row.chain)? >= MAX_CHAIN {
        return Ok(Outcome::refused("chain_too_long"));
    }
    let Some((_, law)) = held.kind(&asked.other.kind) else {
        return Ok(Outcome::refused("unknown_kind"));
    };
    let takes = |name: &String| {
        let mut own = law
            .contracts
            .iter()
            .filter(|one| wire(held, &one.who) == asker.kind);
        own.any(|one| one.takes.iter().any(|fact| fact.as_str() == name))
    };
    if !asked.with.keys().all(takes) {
        return Ok(Outcome::refused("forbidden"));
    }
    let opened = handed_over(tx, &row.key, &asked.with)?;
    let act = asked.act;
    let came = enter(
        tx,
        ground,
        Own {
            id: id_of(&["cause", &row.cause.entry, &row.cause.ordinal.to_string()]),
            record: asked.other,
            work: asked.work,
            act: Some(ActName(act.clone())),
            by: EntryBy::Asked {
                kind: asker.kind.clone(),
                id: asker.id.clone(),
            },
            cause: Some(row.cause.clone()),
            chain: row.chain.clone(),
            facts: asked.with,
            opened,
        },
    )?;
    Ok(match came {
        Came::Accepted(after) => Outcome {
            seen: Some(seen(held, &after, &asker.kind)),
            said: Ok(act),
        },
        Came::Refused(code) => Outcome {
            said: Err(code),
            seen: None,
        },
        Came::Unjudged(why) => Outcome::refused(why),
        Came::Repeated => Outcome::refused("exists"),
    })
}

/// What opens the commitments that are handed over: whoever may see them there sees them by the other kind's sights.
fn handed_over(
    tx: &Tx<'_>,
    from: &Key,
    with: &serde_json::Map<String, serde_json::Value>,
) -> Result<BTreeMap<HexHash, Disclosure>, StoreError> {
    let text = serde_json::to_string(with).map_err(|_| StoreError::Document("errand"))?;
    let mut opened = tx.opened(from)?;
    opened.retain(|commitment, _| text.contains(commitment.as_str()));
    Ok(opened)
}

/// The law under which a record of a kind is opened now, and the act that another record asks for it by.
fn opening(ground: &Ground, kind: &Kind) -> Result<(Arc<Held>, String), &'static str> {
    let newest = pack_of(kind).and_then(|pack| ground.shelf.newest(&pack).cloned());
    let held = newest
        .filter(|held| ground.shelf.opens(held, ground.now))
        .ok_or("law_changed")?;
    let (_, law) = held.kind(kind).ok_or("unknown_kind")?;
    let mut rows = law.acts.iter();
    let row = rows.find(|row| row.from == From::Nothing && row.who.contains(&Who::Asked));
    let act = row.ok_or("forbidden")?.id.as_str().to_owned();
    Ok((held, act))
}

/// A record with its law; `None` where either is missing.
fn find(tx: &Tx<'_>, ground: &Ground, other: &RecordRef) -> Result<Option<(Arc<Held>, Record)>, StoreError> {
    let Some(row) = tx.record_row(&Key::of_record(other))? else {
        return Ok(None);
    };
    let record = read(&row)?;
    Ok(ground
        .shelf
        .by_law(&row.law)
        .map(|held| (Arc::clone(held), record)))
}

/// The id of a link, once the other was opened.
fn linked(tx: &Tx<'_>, asker: &Key, link: &HexHash) -> Result<Option<OrderId>, StoreError> {
    let Some(row) = tx.record_row(asker)? else {
        return Ok(None);
    };
    let record = read(&row)?;
    let found = record.links.into_iter().find(|one| one.key.to_hex() == link.0);
    Ok(found
        .filter(|one| one.category.is_some())
        .and_then(|one| one.id)
        .map(OrderId))
}

/// What a link's holder is told.
struct News {
    link: HexHash,
    news: String,
    /// What was asked.
    of: Option<String>,
    seen: Option<Seen>,
    code: Option<String>,
}

/// Enter news of a link in the record that holds it.
fn report(
    tx: &mut Tx<'_>,
    ground: &Ground,
    row: &OutwardRow,
    holder: &RecordRef,
    news: News,
) -> Result<(), StoreError> {
    let id = id_of(&["cause", &row.cause.entry, &row.cause.ordinal.to_string(), "news"]);
    let (other, category, gives) = match news.seen {
        Some(seen) => (Some(seen.id), Some(seen.category), seen.gives),
        None => (None, None, BTreeMap::new()),
    };
    let cause = Cause {
        depth: row.cause.depth + 1,
        ..row.cause.clone()
    };
    let own = Own {
        record: holder.clone(),
        work: WorkId(id.0.clone()),
        id,
        act: None,
        by: EntryBy::Link {
            key: news.link,
            news: news.news,
            outcome_of: news.of,
            id: other,
            category,
            gives,
            code: news.code,
        },
        cause: Some(cause),
        chain: row.chain.clone(),
        facts: serde_json::Map::new(),
        opened: BTreeMap::new(),
    };
    match enter(tx, ground, own)? {
        Came::Accepted(_) | Came::Repeated => {}
        Came::Refused(code) => tracing::info!(code, "the law refuses the news of a link"),
        Came::Unjudged(why) => tracing::warn!(why, "the news of a link cannot be judged"),
    }
    Ok(())
}
