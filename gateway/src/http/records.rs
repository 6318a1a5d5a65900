//! `GET /v1/records/{kind}/{id}/entries`: the history of a record of a pack, for whoever may see it.
//!
//! Not the check: whoever receives it judges it again with `shenhai_replay`. Disclosures stay here: what the sights show is
//! pulled with the record, and a history is judged without them.

use super::error::ApiError;
use super::session::Session;
use crate::app::App;
use crate::seal;
use crate::store::Key;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use shenhai_protocol::{
    ErrorBody, ErrorCode, Kind, OrderId, RecordEntries, RecordRef, RecordStep, SignedEntry,
};
use std::sync::Arc;

/// Everything that happened to a record, oldest first.
#[utoipa::path(get, path = "/v1/records/{kind}/{id}/entries", operation_id = "record_entries", tag = "records",
    security(("session" = [])),
    params(("kind" = String, Path, description = "`PACK.KIND`"), ("id" = String, Path, description = "The record's id")),
    responses((status = 200, description = "Its steps", body = RecordEntries),
        (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn entries(
    State(app): State<Arc<App>>,
    session: Session,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<RecordEntries>, ApiError> {
    let Path((kind, id)) = path.map_err(|_| ApiError::new(ErrorCode::Malformed, "the path is not UTF-8"))?;
    let record = RecordRef {
        kind: Kind(kind),
        id: OrderId(id),
    };
    let scopes = session.asker.scopes_with(&record.kind);
    seal::settle(&app).await?;
    let found = app.store.read(move |rows| {
        let key = Key::of_record(&record);
        let shown = rows.record_row(&key)?.is_some();
        let holders = rows.holders(&key)?;
        if !shown || !scopes.iter().any(|scope| holders.contains(scope)) {
            return Ok(None);
        }
        let acts = rows.commands_of(&key)?.into_iter().map(|mut command| {
            command.envelope.beside.disclosures.clear();
            let step = RecordStep::Act {
                envelope: command.envelope,
                receipt: command.receipt,
            };
            (command.leaf, step)
        });
        let own = rows.entries_of(&key)?.into_iter().map(|(leaf, given)| {
            let entry = SignedEntry {
                payload: given.payload,
                index: given.index,
                path: given.path,
                commit: given.commit,
                disclosures: Vec::new(),
            };
            (leaf, RecordStep::Own { entry })
        });
        let mut steps: Vec<(u64, RecordStep)> = acts.chain(own).collect();
        // Both stand in one log, in the order in which they were taken.
        steps.sort_by_key(|(leaf, _)| *leaf);
        let steps = steps.into_iter().map(|(_, step)| step).collect();
        Ok(Some(RecordEntries { record, steps }))
    });
    let found = found.await?.map(Json);
    // One that is not the asker's and one that is not there look alike.
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound, "no such record"))
}
