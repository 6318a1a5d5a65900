//! `GET /v1/packs` and `GET /v1/packs/{sm3}`: the packs that the asker's grant has to do with.
//!
//! Not their check: a device holds every digest and signature against the text itself.

use super::body::PathText;
use super::error::ApiError;
use super::session::Session;
use crate::app::App;
use crate::packs::Held;
use axum::Json;
use axum::extract::State;
use shenhai_protocol::{ErrorBody, ErrorCode, Kind, PackFolder, PackList, PackOffer, Scope};
use std::sync::Arc;

/// The newest version of each pack of the asker's grant.
#[utoipa::path(get, path = "/v1/packs", operation_id = "packs", tag = "packs", security(("session" = [])),
    responses((status = 200, description = "The packs, by name", body = PackList),
        (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn list(State(app): State<Arc<App>>, session: Session) -> Json<PackList> {
    let shelf = app.packs.shelf();
    let packs = shelf.all_newest().filter_map(|held| {
        let kinds = granted(held, &session.asker.granted);
        (!kinds.is_empty()).then(|| PackOffer {
            law: held.law_ref(),
            face: held.face.clone(),
            stage: shelf.stage(held.id()),
            kinds,
        })
    });
    Json(PackList {
        packs: packs.collect(),
    })
}

/// A pack by the SM3 of its law, with its newest face; older versions too, for the records that stand under them.
#[utoipa::path(get, path = "/v1/packs/{sm3}", operation_id = "pack", tag = "packs", security(("session" = [])),
    params(("sm3" = String, Path, description = "SM3 of its law, 64 hex digits")),
    responses((status = 200, description = "Its files", body = PackFolder),
        (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn folder(
    State(app): State<Arc<App>>,
    session: Session,
    PathText(sm3): PathText,
) -> Result<Json<PackFolder>, ApiError> {
    let shelf = app.packs.shelf();
    let held = shelf.by_law(&sm3);
    // A pack that is not the asker's and one that is not there look alike.
    let held = held.filter(|held| !granted(held, &session.asker.granted).is_empty());
    let held = held.ok_or_else(|| ApiError::new(ErrorCode::NotFound, "no such pack"))?;
    Ok(Json(PackFolder {
        files: held.files.clone(),
    }))
}

/// The kinds of a pack that a grant names.
fn granted(held: &Held, scopes: &[Scope]) -> Vec<Kind> {
    let kinds = held.law.pack().law.kinds.keys().map(|kind| held.wire(kind));
    kinds
        .filter(|kind| scopes.iter().any(|scope| scope.kinds.contains(kind)))
        .collect()
}
