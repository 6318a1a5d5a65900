//! One act as the fold takes it, from its signed text or its entry.

use crate::names::{pack_ref, split_kind};
use shenhai_crypto::Digest32;
use shenhai_flow::Calendar;
use shenhai_flow::fold::{Act, Actor, Asked, Disclosure, Forms, Given, News, What};
use shenhai_flow::record::{Holder, Item, Pending, read_spelt};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::PackRef;
use shenhai_pack::law::{Category, KindRef, LinkNews};
use shenhai_pack::names::{ActId, AskId, ClockId, FactId, KindId, Name, PackId, RoleName, SeatId};
use shenhai_protocol::{self as wire, Cause, EntryBy, Envelope, GivenFacts, OwnEntry, ScopeId, UnixMillis};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The act of the spine that gives a seat to somebody else, and the answer to whose unit they are of.
const REASSIGN: &str = "reassign";
const TO: &str = "to";

/// What cannot be what it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is not one")]
pub struct Unreadable(pub &'static str);

/// Everything of an act that is known before it is judged.
#[derive(Debug, Clone)]
pub struct Wording {
    kind: KindId,
    record: String,
    what: What,
    law: PackRef,
    entry: String,
    work: String,
    device: Option<String>,
    base_rev: Option<u64>,
    filled: Time,
    submission: Option<Digest32>,
}

impl Wording {
    /// Of a signed act. `given` says of which unit the person is whom `reassign` names, once that is known.
    ///
    /// # Errors
    /// [`Unreadable`] names the part.
    pub fn of_command(
        envelope: &Envelope,
        submission: Option<&str>,
        given: &GivenFacts,
    ) -> Result<Self, Unreadable> {
        let (pack, kind) = split_kind(&envelope.record.kind).ok_or(Unreadable("kind"))?;
        let law = pack_ref(&envelope.law).ok_or(Unreadable("law"))?;
        if law.id != pack {
            return Err(Unreadable("law"));
        }
        let act = ActId::parse(envelope.act.as_str()).ok_or(Unreadable("act"))?;
        let what = match act.as_str() {
            REASSIGN => reassigned(submission, given)?,
            _ => What::Named(act),
        };
        let named = envelope.submission.as_ref();
        let submission = named.map(|named| Digest32::from_hex(named.sm3.as_str()));
        if submission == Some(None) {
            return Err(Unreadable("submission"));
        }
        Ok(Self {
            kind,
            record: envelope.record.id.0.clone(),
            what,
            law,
            entry: envelope.cmd_id.0.clone(),
            work: envelope.work.0.clone(),
            device: Some(envelope.device_id.0.clone()),
            base_rev: Some(envelope.base_rev),
            filled: time(envelope.client_time)?,
            submission: submission.flatten(),
        })
    }

    /// Of an entry of the gateway's own, and who acts in it.
    ///
    /// # Errors
    /// [`Unreadable`] names the part.
    pub fn of_entry(entry: &OwnEntry) -> Result<(Self, Actor), Unreadable> {
        let (pack, kind) = split_kind(&entry.record.kind).ok_or(Unreadable("kind"))?;
        let law = pack_ref(&entry.law).ok_or(Unreadable("law"))?;
        let (by, news) = actor(&entry.by, &pack)?;
        let what = match (news, &entry.act) {
            (Some(news), _) => What::News(news),
            (None, Some(act)) => What::Named(ActId::parse(act.as_str()).ok_or(Unreadable("act"))?),
            (None, None) => return Err(Unreadable("act")),
        };
        let wording = Self {
            kind,
            record: entry.record.id.0.clone(),
            what,
            law,
            entry: entry.id.0.clone(),
            work: entry.work.0.clone(),
            device: None,
            base_rev: None,
            filled: time(entry.given.at)?,
            submission: None,
        };
        Ok((wording, by))
    }

    /// The law it names.
    #[must_use]
    pub fn law(&self) -> &PackRef {
        &self.law
    }

    /// What is asked.
    #[must_use]
    pub fn what(&self) -> &What {
        &self.what
    }

    /// The act, as it is folded.
    #[must_use]
    pub fn act<'a>(&'a self, forms: &'a dyn Forms, given: &'a Given<'a>) -> Act<'a> {
        Act {
            kind: &self.kind,
            record: Some(&self.record),
            what: &self.what,
            law: &self.law,
            entry: &self.entry,
            work: &self.work,
            device: self.device.as_deref(),
            base_rev: self.base_rev,
            filled: self.filled,
            submission: self.submission,
            forms,
            given,
        }
    }
}

/// What a receipt or an entry gives the fold.
///
/// # Errors
/// [`Unreadable`] names the part.
pub fn given<'c>(given: &GivenFacts, calendar: &'c Calendar) -> Result<Given<'c>, Unreadable> {
    Ok(Given {
        at: time(given.at)?,
        calendar,
        asked: asked(&given.asked)?,
    })
}

/// Answers to questions as the fold takes them. What is asked for an act of the spine is no question of a law.
///
/// # Errors
/// [`Unreadable`] where a name is none.
pub fn asked(asked: &BTreeMap<String, wire::Asked>) -> Result<BTreeMap<AskId, Asked>, Unreadable> {
    let one = |(name, answer): (&String, &wire::Asked)| {
        let name = AskId::parse(name).ok_or(Unreadable("asked"))?;
        let unit = answer.unit.as_ref().map(|unit| unit.0.clone());
        Ok((
            name,
            Asked {
                value: answer.value.clone(),
                unit,
            },
        ))
    };
    asked.iter().map(one).collect()
}

/// A person as a receipt names them, who saw the record in a scope.
///
/// # Errors
/// [`Unreadable`] where the role is none.
pub fn person(by: &wire::Actor, scope: &ScopeId) -> Result<Actor, Unreadable> {
    Ok(Actor::Person {
        user: by.id.0.clone(),
        unit: by.unit.0.clone(),
        role: RoleName::parse(by.role.as_str()).ok_or(Unreadable("role"))?,
        scopes: BTreeSet::from([scope.0.clone()]),
    })
}

/// Disclosures as the fold's forms take them; one whose salt is none opens nothing and is left to them as it is.
///
/// # Errors
/// [`Unreadable`] where a salt is no 16 bytes.
pub fn disclosures(disclosed: &[wire::Disclosure]) -> Result<Vec<Disclosure>, Unreadable> {
    let one = |disclosure: &wire::Disclosure| {
        Ok(Disclosure {
            label: disclosure.label.clone(),
            salt: salt(&disclosure.salt).ok_or(Unreadable("disclosure"))?,
            value: disclosure.value.clone(),
        })
    };
    disclosed.iter().map(one).collect()
}

fn salt(hex: &str) -> Option<[u8; 16]> {
    let digits = hex.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut salt = [0; 16];
    for (byte, pair) in salt.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(salt)
}

fn time(at: UnixMillis) -> Result<Time, Unreadable> {
    Time::new(at.0).ok_or(Unreadable("time"))
}

/// `{"seat": …, "person": …}`.
fn reassigned(submission: Option<&str>, given: &GivenFacts) -> Result<What, Unreadable> {
    let unreadable = Unreadable("submission");
    let answers: BTreeMap<String, String> =
        serde_json::from_str(submission.ok_or(unreadable)?).map_err(|_| unreadable)?;
    let (Some(seat), Some(person)) = (answers.get("seat"), answers.get("person")) else {
        return Err(unreadable);
    };
    let unit = given.asked.get(TO).and_then(|to| to.unit.as_ref());
    Ok(What::Reassign {
        seat: SeatId::parse(seat).ok_or(unreadable)?,
        to: Holder::person(person, unit.map_or("", |unit| unit.as_str())),
    })
}

/// Who acts in an own entry, and what a link reports in it. A kind of the record's own pack is named without it.
fn actor(by: &EntryBy, pack: &PackId) -> Result<(Actor, Option<News>), Unreadable> {
    Ok(match by {
        EntryBy::Adapter { adapter, .. } => (Actor::Adapter(adapter.clone()), None),
        EntryBy::Clock {
            clock,
            generation,
            alarm,
        } => {
            let clock = ClockId::parse(clock).ok_or(Unreadable("clock"))?;
            let by = Actor::Clock {
                clock,
                generation: *generation,
                alarm: *alarm,
            };
            (by, None)
        }
        EntryBy::Asked { kind, id } => {
            let (of, kind) = split_kind(kind).ok_or(Unreadable("kind"))?;
            let kind = KindRef {
                pack: (of != *pack).then_some(of),
                kind,
            };
            (
                Actor::Asked {
                    kind,
                    id: id.0.clone(),
                },
                None,
            )
        }
        EntryBy::Link { .. } => (Actor::Link, Some(news(by).ok_or(Unreadable("link"))?)),
    })
}

fn news(by: &EntryBy) -> Option<News> {
    let EntryBy::Link {
        key,
        news,
        outcome_of,
        id,
        category,
        gives,
        code,
    } = by
    else {
        return None;
    };
    let what = match (Category::from_word(news), news.as_str()) {
        (Some(category), _) => LinkNews::Category(category),
        (None, "refused") => LinkNews::Refused,
        (None, act) => LinkNews::Accepted(ActId::parse(act)?),
    };
    let outcome_of = match outcome_of.as_deref() {
        None => None,
        Some("@open") => Some(Pending::Open),
        Some(act) => Some(Pending::Act(ActId::parse(act)?)),
    };
    let category = match category {
        None => None,
        Some(word) => Some(Category::from_word(word)?),
    };
    let mut given = BTreeMap::new();
    for (name, field) in gives {
        given.insert(FactId::parse(name)?, plain(field)?);
    }
    Some(News {
        key: Digest32::from_hex(key.as_str())?,
        what,
        outcome_of,
        id: id.as_ref().map(|id| id.0.clone()),
        category,
        gives: given,
        code: code.clone(),
    })
}

/// Links give no personal data.
fn plain(field: &str) -> Option<Value> {
    match read_spelt(field)? {
        Item::Plain(value) => Some(value),
        Item::Committed(_) => None,
    }
}

/// How deep a chain of causes may go.
pub const MAX_DEPTH: u32 = 8;

/// What follows from an entry of the gateway's own; `None` where the chain would become too long.
#[must_use]
pub fn after_entry(entry: &OwnEntry, ordinal: u64) -> Option<Cause> {
    let depth = entry.cause.as_ref().map_or(0, |cause| cause.depth) + 1;
    (depth < MAX_DEPTH).then(|| Cause {
        entry: entry.id.0.clone(),
        ordinal,
        depth,
    })
}
