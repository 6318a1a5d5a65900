//! Filling the table of a new face, and deriving again what changed by itself.
//!
//! One worker, a bounded number of records in one commit: pushes that wait behind it wait a few milliseconds. What was
//! filled is noted in the same commit, so a stop in between loses nothing.

use super::{Listed, row};
use crate::app::App;
use crate::packs::{Held, Shelf};
use crate::records::read_row;
use crate::store::{RecordRow, StoreError, Tx};
use shenhai_forms::value::Time;
use shenhai_pack::names::KindId;
use shenhai_protocol::{Kind, UnixMillis};
use std::sync::Arc;

/// Records in one commit.
const AT_ONCE: u32 = 200;

/// Fill what is new and freshen what is old, every [`crate::config::Tuning::packs_look`], until the gateway stops.
pub(crate) async fn serve(app: Arc<App>) {
    let mut stopping = app.stopping.subscribe();
    while !*stopping.borrow() {
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "lists cannot be filled");
        }
        tokio::select! {
            () = tokio::time::sleep(app.tuning.packs_look) => {}
            _ = stopping.changed() => {}
        }
    }
}

async fn look(app: &Arc<App>) -> Result<(), StoreError> {
    let shelf = app.packs.shelf();
    for newest in shelf.all_newest() {
        for id in newest.law.pack().law.kinds.keys() {
            let kind = newest.wire(id);
            let known = app.lists.each(&kind);
            let known = known.iter().any(|listed| Arc::ptr_eq(&listed.newest, newest));
            if !known {
                begin(app, &kind, id, newest).await?;
            }
            while fill(app, &kind, &shelf).await? {
                if *app.stopping.subscribe().borrow() {
                    return Ok(());
                }
            }
            freshen(app, &kind).await?;
        }
    }
    Ok(())
}

/// Make the table, or find it as an earlier start left it.
async fn begin(app: &Arc<App>, kind: &Kind, id: &KindId, newest: &Arc<Held>) -> Result<(), StoreError> {
    let (lists, kind, id, newest) = (
        Arc::clone(&app.lists),
        kind.clone(),
        id.clone(),
        Arc::clone(newest),
    );
    let begun = app.store.write(move |tx| {
        let pack = newest.law.pack();
        let index = tx.open_list(pack, kind.as_str(), &id)?;
        let whole = tx.list_is_whole(&index)?;
        let listed = Arc::new(Listed {
            index,
            columns: pack.index(&id),
            newest: Arc::clone(&newest),
            kind: id,
        });
        lists.change(&kind, |tables| match whole {
            true => tables.whole = Some(listed),
            false => tables.filling = Some(listed),
        });
        Ok(())
    });
    begun.await
}

/// Fill a stretch of a new table; answers whether there is more to do.
async fn fill(app: &Arc<App>, kind: &Kind, shelf: &Arc<Shelf>) -> Result<bool, StoreError> {
    let tables = app.lists.each(kind);
    let whole = app.lists.of(kind);
    let filling = tables
        .into_iter()
        .find(|listed| whole.as_ref().is_none_or(|whole| !Arc::ptr_eq(whole, listed)));
    let Some(listed) = filling else {
        return Ok(false);
    };
    let (lists, shelf, kind, now) = (
        Arc::clone(&app.lists),
        Arc::clone(shelf),
        kind.clone(),
        app.clock.now(),
    );
    let filled = app.store.write(move |tx| {
        let from = tx.list_filled_to(&listed.index)?;
        let rows = tx.records_of_kind(&kind, &from, AT_ONCE)?;
        for row in &rows {
            derive(tx, &listed, &shelf, row, now)?;
        }
        if let Some(last) = rows.last() {
            tx.note_list_filled(&listed.index, last.key.as_str())?;
            return Ok(true);
        }
        tx.take_list(&listed.index)?;
        lists.change(&kind, |tables| {
            tables.whole = Some(listed);
            tables.filling = None;
        });
        Ok(false)
    });
    filled.await
}

/// Derive again what changed by itself by now.
pub(crate) async fn freshen(app: &Arc<App>, kind: &Kind) -> Result<(), StoreError> {
    let Some(listed) = app.lists.of(kind) else {
        return Ok(());
    };
    let Some(now) = Time::new(app.clock.now().0) else {
        return Ok(());
    };
    loop {
        let looking = Arc::clone(&listed);
        let stale = app
            .store
            .read(move |rows| rows.stale_list_rows(&looking.index, now, AT_ONCE));
        let stale = stale.await?;
        if stale.is_empty() {
            return Ok(());
        }
        let (listed, shelf, at) = (Arc::clone(&listed), app.packs.shelf(), app.clock.now());
        let derived = app.store.write(move |tx| {
            for key in &stale {
                match tx.record_row(key)? {
                    Some(row) => derive(tx, &listed, &shelf, &row, at)?,
                    None => tx.remove_list_row(&listed.index, key)?,
                }
            }
            Ok(())
        });
        derived.await?;
    }
}

fn derive(
    tx: &mut Tx<'_>,
    listed: &Listed,
    shelf: &Shelf,
    row: &RecordRow,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let Some(held) = shelf.by_law(&row.law) else {
        return Ok(());
    };
    let record = read_row(row)?;
    let now = Time::new(now.0).map_or(record.changed, |now| now.max(record.changed));
    row::put(tx, listed, row, held, &record, now)
}
