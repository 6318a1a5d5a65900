//! State comes down: `GET /v1/pull`, `POST /v1/wake`.
//!
//! Not what a scope masks (`view`). A pull is one snapshot of the database.

use super::body::read_json;
use super::error::ApiError;
use super::session::{self, Session};
use crate::app::App;
use crate::records::{self, Ground};
use crate::store::{Key, Logged, Rows, StoreError};
use crate::{law, log, view};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use futures_util::future::select_all;
use serde::Deserialize;
use shenhai_protocol::{
    Change, ChangeKind, ErrorBody, ErrorCode, Kind, PullReply, ScopeId, WakeReply, WakeRequest, limits,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const WAKE_BYTES: usize = 16 * 1024;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PullQuery {
    /// Which scope.
    scope: ScopeId,
    /// Answer what comes after this change number.
    #[serde(default)]
    cursor: u64,
    /// The epoch the cursor belongs to; needed beyond cursor 0.
    epoch: Option<String>,
    /// Changes at most, 1–500.
    limit: Option<usize>,
}

/// The changes of a scope after a cursor.
#[utoipa::path(get, path = "/v1/pull", tag = "sync", security(("session" = [])), params(PullQuery),
    responses((status = 200, description = "A page of changes", body = PullReply), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn pull(
    State(app): State<Arc<App>>,
    session: Session,
    query: Result<Query<PullQuery>, QueryRejection>,
) -> Result<Json<PullReply>, ApiError> {
    let Query(query) =
        query.map_err(|_| ApiError::new(ErrorCode::Malformed, "scope, cursor, epoch or limit"))?;
    if !session.asker.scopes.contains(&query.scope) {
        return Err(ApiError::new(
            ErrorCode::ScopeDenied,
            "the scope is not the user's",
        ));
    }
    // Cursor 0 has nothing to lose and is where a client goes after a 410: it is good in every epoch.
    if query.cursor > 0 && query.epoch.as_deref() != Some(&*app.epoch) {
        return Err(cursor_gone());
    }
    let limit = query
        .limit
        .unwrap_or(limits::PULL_CHANGES)
        .clamp(1, limits::PULL_CHANGES);
    // What of a scope is a matter of other kinds is not for this session's eyes.
    let granted = session
        .asker
        .granted
        .into_iter()
        .filter(|scope| scope.id == query.scope);
    let kinds: Vec<Kind> = granted.flat_map(|scope| scope.kinds).collect();
    let ground = Ground::of(&app, app.clock.now());
    let device = session.asker.device;
    let (scope, cursor) = (query.scope.clone(), query.cursor);
    let pulled = app
        .store
        .read(move |rows| {
            let page = rows.page(&scope, cursor, limit)?;
            let mut changes = Vec::with_capacity(page.entries.len());
            for entry in page.entries {
                let seen = seen(rows, &ground, entry.key, entry.what, &scope, &kinds)?;
                changes.extend(seen.map(|kind| Change { n: entry.n, kind }));
            }
            let device_seq = rows.device(&device)?.map_or(0, |device| device.last_seq);
            Ok(Pulled {
                head: page.head,
                cursor: page.cursor,
                more: page.more,
                changes,
                device_seq,
            })
        })
        .await?;
    if query.cursor > pulled.head {
        return Err(cursor_gone());
    }
    Ok(Json(PullReply {
        epoch: app.epoch.clone(),
        scope: query.scope,
        cursor: pulled.cursor,
        head: pulled.head,
        changes: pulled.changes,
        more: pulled.more,
        device_seq: pulled.device_seq,
        server_time: app.clock.now(),
        log: log::head_at_hand(&app).await,
    }))
}

/// A stretch of a scope's log as the session sees it.
struct Pulled {
    head: u64,
    cursor: u64,
    more: bool,
    changes: Vec<Change>,
    device_seq: u64,
}

/// What a scope's log says of something, as the scope sees it; `None` where it is of a kind that is not asked for, or cannot
/// be shown.
fn seen(
    rows: &Rows<'_>,
    ground: &Ground,
    key: Key,
    what: Logged,
    scope: &ScopeId,
    kinds: &[Kind],
) -> Result<Option<ChangeKind>, StoreError> {
    let record = key.record();
    let kind = record
        .as_ref()
        .map_or_else(law::orders, |record| record.kind.clone());
    if !kinds.contains(&kind) {
        return Ok(None);
    }
    Ok(match (what, record) {
        (Logged::Order(order), _) => Some(ChangeKind::Upsert {
            order: Box::new(view::in_scope(*order, scope)),
        }),
        (Logged::Record(row), _) => {
            records::held(rows, ground, row, scope)?.map(|record| ChangeKind::Record {
                record: Box::new(record),
            })
        }
        (Logged::Left, Some(record)) => Some(ChangeKind::Gone { record }),
        (Logged::Left, None) => Some(ChangeKind::Remove {
            order_id: key.order(),
        }),
    })
}

fn cursor_gone() -> ApiError {
    ApiError::new(ErrorCode::CursorGone, "start again from cursor 0")
}

/// Wait until one of the scopes has a head other than the cursor.
#[utoipa::path(post, path = "/v1/wake", tag = "sync", security(("session" = [])), request_body = WakeRequest,
    responses((status = 200, description = "The heads that moved, none where the wait ended", body = WakeReply), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn wake(
    State(app): State<Arc<App>>,
    session: Session,
    body: Body,
) -> Result<Json<WakeReply>, ApiError> {
    let request: WakeRequest = read_json(body, WAKE_BYTES).await?;
    let denied = || ApiError::new(ErrorCode::ScopeDenied, "a scope is not the user's");
    let mut cursors = BTreeMap::new();
    for (scope, cursor) in request.cursors {
        let scope = ScopeId(scope);
        if !session.asker.scopes.contains(&scope) {
            return Err(denied());
        }
        cursors.insert(scope, cursor);
    }
    let wait = Duration::from_millis(request.wait_ms.min(limits::WAKE_MILLIS));
    let mut stopping = app.stopping.subscribe();
    tokio::select! {
        gone = revoked(&app, &session.token_hash) => return Err(gone),
        () = news(&app, &cursors) => {}
        () = tokio::time::sleep(wait) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    let heads = cursors
        .into_iter()
        .map(|(scope, cursor)| (*app.store.heads().follow(&scope).borrow(), scope, cursor))
        .filter(|(head, _, cursor)| head != cursor)
        .map(|(head, scope, _)| (scope.0, head));
    Ok(Json(WakeReply {
        heads: heads.collect(),
        server_time: app.clock.now(),
    }))
}

/// Ends when the session's device is revoked, or its session ended otherwise.
async fn revoked(app: &Arc<App>, token_hash: &str) -> ApiError {
    let mut revocations = app.revocations.subscribe();
    loop {
        // Looked at before the first wait too: the revocation may lie between the session's check and this one.
        if let Err(refused) = session::of_token(app, token_hash).await {
            return refused;
        }
        if revocations.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Ends as soon as one head differs from its cursor. A head *below* the cursor is news too: the log began anew
/// and the pull that follows says so.
async fn news(app: &App, cursors: &BTreeMap<ScopeId, u64>) {
    let followed = cursors.iter().map(|(scope, cursor)| {
        let mut head = app.store.heads().follow(scope);
        Box::pin(async move {
            // An error means the store is gone; the stop ends the wait as well.
            let _ = head.wait_for(|head| head != cursor).await;
        })
    });
    let followed: Vec<_> = followed.collect();
    if followed.is_empty() {
        return std::future::pending().await;
    }
    select_all(followed).await;
}
