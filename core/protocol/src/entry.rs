//! The gateway's own entries: what changed a record without a person's signature, written down as an act is.
//!
//! Not how one is decided (`shenhai-flow`). Each is a leaf of its kind's log and a text of the commit that took it, as a
//! receipt is; whoever checks a case folds it like an act.

use crate::{
    ActName, CmdId, Disclosure, GivenFacts, HexHash, Kind, LawRef, OrderId, RecordRef, SignedCommit,
    SignedEnvelope, SignedReceipt, WorkId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What made the gateway write an entry. The entry's id is a digest of this, so that a repetition is the same entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum EntryBy {
    /// A message of an outside system.
    Adapter {
        /// Which system.
        adapter: String,
        /// The message's number there.
        message: String,
    },
    /// An alarm.
    Clock {
        /// Of which clock.
        clock: String,
        /// In which of its generations.
        generation: u64,
        /// Its number in the law, from 0.
        alarm: u32,
    },
    /// Another record asked for an act.
    Asked {
        /// Its kind.
        kind: Kind,
        /// Its id.
        id: OrderId,
    },
    /// A linked record's news.
    Link {
        /// The link's key.
        key: HexHash,
        /// `done` and the other categories, `refused`, or the name of an act that was accepted.
        news: String,
        /// What this is the outcome of: `@open`, or the name of the act that was asked for; absent where the other changed by
        /// itself.
        outcome_of: Option<String>,
        /// The other's id, once it is known.
        id: Option<OrderId>,
        /// The other's category.
        category: Option<String>,
        /// What its contract gives, by name, each as a field of docs/record.md.
        gives: BTreeMap<String, String>,
        /// The code of a refusal.
        code: Option<String>,
    },
}

/// What an entry follows from: an entry before it, a command or one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Its id: a command's, or an entry's.
    pub entry: String,
    /// Which of its consequences, in its own order.
    pub ordinal: u64,
    /// How many entries lie between it and the person or message that began it, it included: bounded.
    pub depth: u32,
}

/// An entry of the gateway's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnEntry {
    /// [`crate::PROTOCOL_VERSION`].
    pub v: u32,
    /// Its id: SM3 of (adapter, message), of (record, clock, generation, alarm) or of (cause, ordinal).
    pub id: HexHash,
    /// Of which record.
    pub record: RecordRef,
    /// The piece of work: what ids of opened records are made of. 64 hex digits for what another record asked.
    pub work: WorkId,
    /// The act; absent where a link only reports.
    pub act: Option<ActName>,
    /// By which law.
    pub law: LawRef,
    /// What made it.
    pub by: EntryBy,
    /// What it follows from; absent where it comes from outside or from a clock.
    pub cause: Option<Cause>,
    /// Its answers by name, each as a field of docs/record.md, personal data as commitments; the rows of a table as an array
    /// of the same. Empty without.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub facts: serde_json::Map<String, serde_json::Value>,
    /// What the fold needs besides.
    pub given: GivenFacts,
    /// The record's revision after it; absent where it was refused.
    pub rev: Option<u64>,
    /// Why it was refused, where it was.
    pub refused: Option<String>,
    /// SM3 of the record's state text after it; empty where it was refused.
    pub after: String,
}

/// An own entry on the wire: its exact text and its place in its commit, as of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedEntry {
    /// JSON of an [`OwnEntry`].
    pub payload: String,
    /// Its place among the commit's texts, from 0.
    pub index: u64,
    /// From the text's sibling up to the commit's root.
    pub path: Vec<HexHash>,
    /// The commit that took it.
    pub commit: SignedCommit,
    /// What opens its commitments, for whom it is meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosures: Vec<Disclosure>,
}

impl SignedEntry {
    /// Read the payload. Proves nothing: check its place and its commit's signature first.
    ///
    /// # Errors
    /// When the payload is not the JSON of an [`OwnEntry`].
    pub fn open(&self) -> Result<OwnEntry, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}

/// One step of a record's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum RecordStep {
    /// A signed act.
    Act {
        /// As the device signed it, with what was filled in and without disclosures.
        envelope: SignedEnvelope,
        /// What the gateway said of it.
        receipt: SignedReceipt,
    },
    /// An entry of the gateway's own.
    Own {
        /// The entry.
        entry: SignedEntry,
    },
}

/// `GET /v1/records/{kind}/{id}/entries`: everything that happened to a record, oldest first, so that it can be judged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordEntries {
    /// Which record.
    pub record: RecordRef,
    /// Its steps.
    pub steps: Vec<RecordStep>,
}

impl Cause {
    /// What follows from a command.
    #[must_use]
    pub fn of_command(command: &CmdId, ordinal: u64) -> Self {
        Self {
            entry: command.0.clone(),
            ordinal,
            depth: 1,
        }
    }
}
