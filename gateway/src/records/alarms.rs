//! Alarms: when one that asks for an act is due, the gateway enters the act, once, however late.
//!
//! Not when it is due (`shenhai_flow::clock`). One worker; each record is a job of the writer's of its own, so that pushes
//! come in between.

use super::commit::read;
use super::keep::Ground;
use super::own::{Came, Own, enter, id_of};
use crate::app::App;
use crate::store::{Key, RecordRow, StoreError, Tx};
use shenhai_flow::clock::{Alarming, alarms};
use shenhai_flow::{Calendar, record::Record};
use shenhai_pack::names::Name;
use shenhai_protocol::{EntryBy, UnixMillis};
use std::sync::Arc;
use std::time::Duration;

/// Records that one look sounds the alarms of.
const AT_ONCE: usize = 200;
/// What could not be judged is looked at again after this many milliseconds.
const AGAIN_MILLIS: i64 = 3_600_000;

/// Look when the next one is due, and at least every [`crate::config::Tuning::alarms_look`], until the gateway stops.
pub(crate) async fn serve(app: Arc<App>) {
    let mut stopping = app.stopping.subscribe();
    while !*stopping.borrow() {
        let pause = match look(&app).await {
            Ok(pause) => pause.min(app.tuning.alarms_look),
            Err(error) => {
                tracing::warn!(%error, "alarms that are due cannot be sounded");
                app.tuning.alarms_look
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.changed() => {}
        }
    }
}

/// Sound what is due; answers how long nothing more will be.
async fn look(app: &Arc<App>) -> Result<Duration, StoreError> {
    let now = app.clock.now();
    let due = app.store.read(move |rows| rows.alarmed(now, AT_ONCE)).await?;
    if due.is_empty() {
        let next = app.store.read(|rows| rows.next_alarm()).await?;
        let millis = next.map(|next| u64::try_from(next.since(now)).unwrap_or(0));
        return Ok(millis.map_or(Duration::MAX, Duration::from_millis));
    }
    let mut stopping = app.stopping.subscribe();
    for key in due {
        if *stopping.borrow_and_update() {
            break;
        }
        let ground = Ground::of(app, now);
        app.store.write(move |tx| sound(tx, &ground, &key)).await?;
    }
    Ok(Duration::ZERO)
}

/// Enter the act of a record's first due alarm that was not entered yet. One that the law refuses stays written down and is
/// not tried again.
fn sound(tx: &mut Tx<'_>, ground: &Ground, key: &Key) -> Result<(), StoreError> {
    let Some(row) = tx.record_row(key)? else {
        return Ok(());
    };
    let again = UnixMillis(ground.now.0 + AGAIN_MILLIS);
    let Some(held) = ground.shelf.by_law(&row.law).cloned() else {
        return tx.look_at(&row, Some(again));
    };
    let record = read(&row)?;
    let all = match held.law.kind(&record.kind) {
        Some(kind) => alarms(&record, kind, Calendar::standard()).unwrap_or_default(),
        None => Vec::new(),
    };
    let mut next = None;
    for alarm in all.into_iter().filter(|alarm| alarm.act.is_some()) {
        if alarm.at.millis() > ground.now.0 {
            next = Some(UnixMillis(alarm.at.millis()));
            break;
        }
        let Some(own) = entry(&row, &record, &alarm) else {
            continue;
        };
        match enter(tx, ground, own)? {
            // Its row says when to look next.
            Came::Accepted(_) => return Ok(()),
            Came::Refused(code) => tracing::info!(code, "the law refuses the act of an alarm"),
            Came::Repeated => {}
            Came::Unjudged(why) => {
                tracing::warn!(why, "the act of an alarm cannot be judged");
                next = Some(again);
                break;
            }
        }
    }
    tx.look_at(&row, next)
}

fn entry(row: &RecordRow, record: &Record, alarm: &Alarming) -> Option<Own> {
    let clock = alarm.clock.to_string();
    let (generation, number) = (alarm.generation.to_string(), alarm.alarm.to_string());
    let id = id_of(&["clock", row.key.as_str(), &clock, &generation, &number]);
    Some(Own {
        record: row.key.record().filter(|named| named.id.as_str() == record.id)?,
        work: id.0.as_str().into(),
        act: Some(alarm.act.as_ref()?.as_str().into()),
        by: EntryBy::Clock {
            clock,
            generation: alarm.generation,
            alarm: alarm.alarm,
        },
        cause: None,
        chain: id.0.clone(),
        id,
        facts: serde_json::Map::new(),
        opened: std::collections::BTreeMap::new(),
    })
}
