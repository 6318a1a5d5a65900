//! Carrying out what acts and entries asked of other records: each in a transaction of its own, which also takes it off the
//! list, so that a gateway that ends in between loses nothing and does nothing twice.
//!
//! Not what is asked (`errand`). One worker, in the order in which things were asked.

use super::commit::read;
use super::contract;
use super::errand::{Errand, Seen, pack_of, seen};
use super::keep::Ground;
use super::own::{Came, Own, enter, id_of};
use crate::app::App;
use crate::packs::Held;
use crate::store::{Holder, Key, OutwardRow, StoreError, Tx};
use shenhai_flow::fold::{Answers, Code};
use shenhai_flow::record::Record;
use shenhai_pack::law::{Origin as From, Request, Who};
use shenhai_pack::names::{ActId, Name};
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
/// What a link hears where nothing was done.
const REFUSED: &str = "refused";
/// No contract lets the asker's kind ask that, or hand over what it does.
const NO_CONTRACT: &str = "no_contract";

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
    let Some(first) = app.store.read(|rows| rows.next_outward()).await? else {
        return Ok(false);
    };
    let ground = Ground::of(app, app.clock.now());
    let done = app.store.write(move |tx| {
        let Some(row) = tx.next_outward()? else {
            return Ok(false);
        };
        carry(tx, &ground, &row)?;
        tx.delete_outward(row.n)?;
        Ok(true)
    });
    match done.await {
        // Rows that cannot be read do not come right by waiting, and would hold up all others for good.
        Err(StoreError::Document(what)) => {
            let record = first.key.as_str();
            tracing::error!(
                what,
                record,
                "what a record asks of another cannot be carried out and is put aside"
            );
            app.store.write(move |tx| tx.put_outward_aside(first.n)).await?;
            Ok(true)
        }
        done => done,
    }
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
    let news = match errand {
        Errand::Tell { link, seen } => News::of_change(link, seen),
        Errand::Follow { link, kind, id } => {
            match follow(tx, ground, row, &asker, &link, RecordRef { kind, id })? {
                Ok(seen) => News::of_change(link, seen),
                Err(code) => News {
                    link,
                    news: REFUSED.to_owned(),
                    of: None,
                    seen: None,
                    code: Some(code.to_owned()),
                },
            }
        }
        Errand::Open { link, kind, with } => {
            let outcome = match opening(ground, &kind) {
                Err(code) => Outcome::refused(code),
                Ok((held, act)) => {
                    let id =
                        OrderId(shenhai_flow::fold::derived(link.as_str(), "0").to_hex()[..32].to_owned());
                    let asked = Ask {
                        request: Request::Open,
                        other: RecordRef {
                            kind: kind.clone(),
                            id,
                        },
                        act,
                        work: WorkId(link.0.clone()),
                        with,
                    };
                    ask(tx, ground, row, &asker, &held, asked)?
                }
            };
            if let Some(seen) = &outcome.seen {
                let id = seen.id.clone();
                hold(tx, row, &link, &RecordRef { kind, id })?;
            }
            News::of_outcome(link, OPEN.to_owned(), outcome)
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
            let asked_act = ActId::parse(&act).ok_or(StoreError::Document("errand"))?;
            let outcome = match other.zip(found) {
                None => Outcome::refused("no_record"),
                Some((other, (held, _))) => {
                    let asked = Ask {
                        request: Request::Act(asked_act.clone()),
                        other,
                        act: asked_act,
                        work,
                        with,
                    };
                    ask(tx, ground, row, &asker, &held, asked)?
                }
            };
            News::of_outcome(link, act, outcome)
        }
    };
    report(tx, ground, row, &asker, news)
}

/// Hold a record as a link, if its kind lets the asker's; what the asker sees of it, or why not.
fn follow(
    tx: &mut Tx<'_>,
    ground: &Ground,
    row: &OutwardRow,
    asker: &RecordRef,
    link: &HexHash,
    other: RecordRef,
) -> Result<Result<Seen, &'static str>, StoreError> {
    let Some((held, record)) = find(tx, ground, &other)? else {
        return Ok(Err("no_record"));
    };
    let law = held.law.kind(&record.kind).ok_or(StoreError::Document("law"))?;
    if !contract::allows(&held, law, &asker.kind, &Request::Link, &Answers::default()) {
        return Ok(Err(NO_CONTRACT));
    }
    hold(tx, row, link, &other)?;
    Ok(Ok(seen(&held, &record, &asker.kind)))
}

fn hold(tx: &mut Tx<'_>, row: &OutwardRow, link: &HexHash, other: &RecordRef) -> Result<(), StoreError> {
    let holder = Holder {
        key: row.key.clone(),
        link: link.clone(),
    };
    tx.hold_link(&Key::of_record(other), &holder)
}

/// An act asked of another record.
struct Ask {
    /// As contracts name it.
    request: Request,
    other: RecordRef,
    act: ActId,
    work: WorkId,
    with: serde_json::Map<String, serde_json::Value>,
}

/// Enter it there, if a contract of its kind lets the asker ask it and hand over what it does.
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
    let answers = Answers::read_spelt(&asked.with).ok_or(StoreError::Document("errand"))?;
    if !contract::allows(held, law, &asker.kind, &asked.request, &answers) {
        return Ok(Outcome::refused(NO_CONTRACT));
    }
    if !contract::fit(held, law, &asked.act, &answers) {
        return Ok(Outcome::refused(Code::Form.word()));
    }
    let opened = handed_over(tx, &row.key, &asked.with)?;
    let act = asked.act.to_string();
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
fn opening(ground: &Ground, kind: &Kind) -> Result<(Arc<Held>, ActId), &'static str> {
    let newest = pack_of(kind).and_then(|pack| ground.shelf.newest(&pack).cloned());
    let held = newest
        .filter(|held| ground.shelf.opens(held, ground.now))
        .ok_or("law_changed")?;
    let (_, law) = held.kind(kind).ok_or("unknown_kind")?;
    let mut rows = law.acts.iter();
    let row = rows.find(|row| row.from == From::Nothing && row.who.contains(&Who::Asked));
    let act = row.ok_or(NO_CONTRACT)?.id.clone();
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

impl News {
    /// The linked record changed.
    fn of_change(link: HexHash, seen: Seen) -> Self {
        Self {
            link,
            news: seen.category.clone(),
            of: None,
            seen: Some(seen),
            code: None,
        }
    }

    /// What became of what was asked of it.
    fn of_outcome(link: HexHash, of: String, outcome: Outcome) -> Self {
        let (news, code) = match outcome.said {
            Ok(act) => (act, None),
            Err(code) => (REFUSED.to_owned(), Some(code)),
        };
        Self {
            link,
            news,
            of: Some(of),
            seen: outcome.seen,
            code,
        }
    }
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
