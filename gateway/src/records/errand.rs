//! What an accepted act or entry causes beyond its record, as it is stored with it: what is asked of other records, and what
//! those who hold it as a link are told.
//!
//! Not the carrying out (`carry`). Messages end in a sink, whatever port they are for.

use super::keep::key_of;
use crate::packs::Held;
use crate::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use shenhai_flow::fold::Outward;
use shenhai_flow::record::{Item, Record, spelt};
use shenhai_forms::value::Value;
use shenhai_pack::law::KindRef;
use shenhai_pack::names::Name;
use shenhai_protocol::{Cause, HexHash, Kind, OrderId, WorkId};
use shenhai_replay::{MAX_DEPTH, split_kind};
use std::collections::BTreeMap;

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Errand {
    /// Open a record that is to be a link.
    Open {
        link: HexHash,
        kind: Kind,
        with: serde_json::Map<String, serde_json::Value>,
    },
    /// Ask an act of a link.
    Do {
        link: HexHash,
        kind: Kind,
        id: Option<OrderId>,
        act: String,
        work: WorkId,
        with: serde_json::Map<String, serde_json::Value>,
    },
    /// A record became a link.
    Follow { link: HexHash, kind: Kind, id: OrderId },
    /// A link changed.
    Tell { link: HexHash, seen: Seen },
}

/// What others see of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) id: OrderId,
    pub(crate) category: String,
    /// What its contract gives, spelt; what is absent too.
    pub(crate) gives: BTreeMap<String, String>,
}

/// From which command or entry something follows.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) entry: String,
    pub(crate) depth: u32,
    pub(crate) chain: String,
}

impl Origin {
    pub(crate) fn of_command(id: &str) -> Self {
        Self {
            entry: id.to_owned(),
            depth: 0,
            chain: id.to_owned(),
        }
    }

    fn cause(&self, ordinal: u64) -> Cause {
        Cause {
            entry: self.entry.clone(),
            ordinal,
            depth: self.depth + 1,
        }
    }
}

/// What the contracts of a record's kind let another kind see of it.
pub(crate) fn seen(held: &Held, record: &Record, by: &Kind) -> Seen {
    let mut gives = BTreeMap::new();
    let contracts = held.law.kind(&record.kind).map(|kind| &kind.contracts);
    for contract in contracts.into_iter().flatten() {
        if wire(held, &contract.who) != *by {
            continue;
        }
        for fact in &contract.gives {
            let item = record.facts.get(fact).map(|fact| &fact.item);
            // A link gives no personal data.
            let value = match item {
                Some(Item::Plain(value)) => value.clone(),
                Some(Item::Committed(_)) | None => Value::Absent,
            };
            gives.insert(fact.to_string(), spelt(&Item::Plain(value)));
        }
    }
    Seen {
        id: OrderId(record.id.clone()),
        category: record.category.word().to_owned(),
        gives,
    }
}

/// A kind that a law names, as the wire does.
pub(crate) fn wire(held: &Held, kind: &KindRef) -> Kind {
    match &kind.pack {
        Some(pack) => Kind(format!("{pack}.{}", kind.kind)),
        None => held.wire(&kind.kind),
    }
}

/// Store what follows from a change. Beyond the depth of a chain nothing does.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    held: &Held,
    before: Option<&Record>,
    after: &Record,
    outward: &[Outward],
    origin: &Origin,
) -> Result<(), StoreError> {
    // One more than may act, so that the asker learns of the end.
    if origin.depth > MAX_DEPTH {
        return Ok(());
    }
    let key = key_of(held, after);
    for one in outward {
        if let Outward::Send { port, message, .. } = one {
            tracing::info!(pack = %held.id(), %port, %message, "a message went into the sink");
        }
    }
    let mut ordinal = 0;
    for errand in outward.iter().filter_map(|one| of_outward(held, one)) {
        ordinal += 1;
        store(tx, &key, &origin.cause(ordinal), &origin.chain, &errand)?;
    }
    let Some(before) = before else {
        return Ok(());
    };
    for holder in tx.holders_of(&key)? {
        let Some(by) = holder.key.record().map(|named| named.kind) else {
            continue;
        };
        let now = seen(held, after, &by);
        if now == seen(held, before, &by) {
            continue;
        }
        ordinal += 1;
        let errand = Errand::Tell {
            link: holder.link,
            seen: now,
        };
        store(tx, &holder.key, &origin.cause(ordinal), &origin.chain, &errand)?;
    }
    Ok(())
}

fn store(
    tx: &mut Tx<'_>,
    key: &crate::store::Key,
    cause: &Cause,
    chain: &str,
    errand: &Errand,
) -> Result<(), StoreError> {
    let doc = serde_json::to_string(errand).map_err(|_| StoreError::Document("errand"))?;
    tx.insert_outward(key, cause, chain, &doc)
}

fn of_outward(held: &Held, outward: &Outward) -> Option<Errand> {
    Some(match outward {
        Outward::Open { key, kind, with, .. } => Errand::Open {
            link: HexHash(key.to_hex()),
            kind: wire(held, kind),
            with: with.spell(),
        },
        Outward::Do {
            key,
            kind,
            id,
            act,
            work,
            with,
            ..
        } => Errand::Do {
            link: HexHash(key.to_hex()),
            kind: wire(held, kind),
            id: id.clone().map(OrderId),
            act: act.as_str().to_owned(),
            work: WorkId(work.to_hex()),
            with: with.spell(),
        },
        Outward::Follow { key, kind, id, .. } => Errand::Follow {
            link: HexHash(key.to_hex()),
            kind: wire(held, kind),
            id: OrderId(id.clone()),
        },
        Outward::Tell { .. } | Outward::Send { .. } | Outward::Recorded { .. } => return None,
    })
}

/// The pack of a kind on the wire.
pub(crate) fn pack_of(kind: &Kind) -> Option<String> {
    split_kind(kind).map(|(pack, _)| pack.as_str().to_owned())
}
