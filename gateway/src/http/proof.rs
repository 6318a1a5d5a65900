//! Proof: `GET /v1/log/head`, `/v1/log/consistency`, `/v1/orders/{id}/proof`, `/v1/orders/{id}/bundle`.
//!
//! Not the checks: whoever receives a proof verifies it with `shenhai_proof`. A head may be newer than the rows it is
//! asked with, so a proof reads its rows again after it has the head: then they hold at least the head's leaves.

use super::body::PathText;
use super::error::ApiError;
use super::papers;
use super::session::Session;
use crate::app::App;
use crate::store::{Key, Rows, StoreError, StoredCommand};
use crate::{access, law, log, seal, view};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use shenhai_crypto::sm3;
use shenhai_protocol::{
    AnchorRecord, BUNDLE_FORMAT, BUNDLE_VERSION, CaseBundle, CaseCommand, CaseDevice, CaseEntry, CaseRecord,
    DataClass, DeviceId, ErrorBody, ErrorCode, HexHash, LogConsistency, LogInclusion, OrderId, OrderProof,
    ProofEntry, ScopeId, SignedCase, SignedHead, UnixMillis, WorkOrder,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The log these endpoints speak of: that of the receipts.
const CLASS: DataClass = DataClass::OrderClosing;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[into_params(parameter_in = Query)]
pub(crate) struct HeadQuery {
    /// Leaves; all of them where it is left out.
    size: Option<u64>,
}

/// The log's signed head, as it is or as it was at an earlier size.
#[utoipa::path(get, path = "/v1/log/head", tag = "proof", security(("session" = [])), params(HeadQuery),
    responses((status = 200, body = SignedHead, description = "The head"),
        (status = "default", body = ErrorBody, description = "Refused")))]
pub(crate) async fn head(
    State(app): State<Arc<App>>,
    _session: Session,
    query: Result<Query<HeadQuery>, QueryRejection>,
) -> Result<Json<SignedHead>, ApiError> {
    let Query(HeadQuery { size }) = query.map_err(|_| ApiError::new(ErrorCode::Malformed, "size"))?;
    let Some(size) = size else {
        return Ok(Json(current(&app).await?.head));
    };
    let signing = Arc::clone(&app);
    let then = app
        .store
        .read(move |rows| log::head_then(&signing, rows, CLASS, size));
    match then.await? {
        Some(head) => Ok(Json(head)),
        None => Err(ApiError::new(ErrorCode::NotFound, "the log has no such size")),
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsistencyQuery {
    /// Leaves of the older log.
    from: u64,
    /// Leaves of the newer log.
    to: u64,
}

/// That the log only grew between two sizes.
#[utoipa::path(get, path = "/v1/log/consistency", tag = "proof", security(("session" = [])), params(ConsistencyQuery),
    responses((status = 200, description = "The proof", body = LogConsistency), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn consistency(
    State(app): State<Arc<App>>,
    _session: Session,
    query: Result<Query<ConsistencyQuery>, QueryRejection>,
) -> Result<Json<LogConsistency>, ApiError> {
    let Query(ConsistencyQuery { from, to }) =
        query.map_err(|_| ApiError::new(ErrorCode::Malformed, "from or to"))?;
    let path = app
        .store
        .read(move |rows| rows.log_consistency(CLASS, from, to))
        .await?;
    match path {
        Some(path) => Ok(Json(LogConsistency { from, to, path })),
        None => Err(ApiError::new(ErrorCode::NotFound, "the log has no such sizes")),
    }
}

/// Every receipted command of an order with what proves it.
#[utoipa::path(get, path = "/v1/orders/{id}/proof", tag = "proof", security(("session" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses((status = 200, description = "Each receipted command with what proves it", body = OrderProof), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn proof(
    State(app): State<Arc<App>>,
    session: Session,
    PathText(id): PathText,
) -> Result<Json<OrderProof>, ApiError> {
    let (order, scopes) = (OrderId(id), session.asker.scopes_with(&law::orders()));
    seal::settle(&app).await?;
    let head = current(&app).await?;
    let reading = Arc::clone(&app);
    let proof = app.store.read(move |rows| {
        let Some((_, scope)) = seen_in(rows, &order, &scopes, reading.clock.now())? else {
            return Ok(None);
        };
        let commands = rows.commands_of(&Key::of_order(&order))?.into_iter();
        let mut signed_by = BTreeSet::new();
        let entries = commands
            .filter(|command| command.leaf < head.size)
            .inspect(|command| {
                signed_by.insert(command.signed_by.clone());
            })
            .map(|command| entry(&reading, rows, command, head.size, scope.shows_callers()))
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(OrderProof {
            order_id: order,
            entries,
            gateway_key: reading.keys.public_hex(),
            gateway_certificates: papers::gateway_certificates(&reading.keys, rows, &signed_by, None)?,
            head: Some(head.head),
        }))
    });
    found(proof.await?)
}

/// An order's whole evidence, to be kept and checked without this gateway.
#[utoipa::path(get, path = "/v1/orders/{id}/bundle", tag = "proof", security(("session" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses((status = 200, description = "The whole evidence", body = CaseBundle), (status = "default", description = "Not done; `code` says why", body = ErrorBody)))]
pub(crate) async fn bundle(
    State(app): State<Arc<App>>,
    session: Session,
    PathText(id): PathText,
) -> Result<Json<CaseBundle>, ApiError> {
    if !access::may_export(session.asker.user.role) {
        return Err(ApiError::new(ErrorCode::Forbidden, "only a reviewer may export"));
    }
    seal::settle(&app).await?;
    let (order, scopes, reading) = (
        OrderId(id),
        session.asker.scopes_with(&law::orders()),
        Arc::clone(&app),
    );
    let bundle = app.store.read(move |rows| {
        let Some((order, scope)) = seen_in(rows, &order, &scopes, reading.clock.now())? else {
            return Ok(None);
        };
        // The order, its commands and the head are of one moment: nothing in the one is missing in the others.
        let head = log::head_of(&reading, rows, CLASS)?;
        export(&reading, rows, view::in_scope(order, &scope), head).map(Some)
    });
    found(bundle.await?)
}

fn found<T>(proof: Option<T>) -> Result<Json<T>, ApiError> {
    proof
        .map(Json)
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "no such order"))
}

async fn current(app: &Arc<App>) -> Result<log::SizedHead, ApiError> {
    let signing = Arc::clone(app);
    Ok(app
        .store
        .read(move |rows| log::head(&signing, rows, CLASS))
        .await?)
}

/// The order, and the asker's scope it shows in.
fn seen_in(
    rows: &Rows<'_>,
    order: &OrderId,
    scopes: &[ScopeId],
    now: UnixMillis,
) -> Result<Option<(WorkOrder, ScopeId)>, StoreError> {
    let Some(order) = rows.order(order)? else {
        return Ok(None);
    };
    let scope = scopes
        .iter()
        .find(|scope| access::is_shown_in(&order, scope, now))
        .cloned();
    Ok(scope.map(|scope| (order, scope)))
}

fn entry(
    app: &App,
    rows: &Rows<'_>,
    mut command: StoredCommand,
    size: u64,
    in_full: bool,
) -> Result<ProofEntry, StoreError> {
    if !in_full {
        command.envelope.beside.disclosures.clear();
    }
    let device = rows
        .device(&command.device_id)?
        .ok_or(StoreError::Document("device"))?;
    let actor = app.directory.user(&command.actor);
    Ok(ProofEntry {
        inclusion: Some(inclusion(rows, command.leaf, size)?),
        envelope: command.envelope,
        receipt: command.receipt,
        device_key: device.public_key,
        device_name: device.name,
        actor_name: actor.map_or_else(|| command.actor.0.clone(), |user| user.name.clone()),
    })
}

fn inclusion(rows: &Rows<'_>, index: u64, size: u64) -> Result<LogInclusion, StoreError> {
    let path = rows
        .log_inclusion(CLASS, index, size)?
        .ok_or(StoreError::Document("log leaf"))?;
    Ok(LogInclusion { index, size, path })
}

fn export(
    app: &App,
    rows: &Rows<'_>,
    order: WorkOrder,
    head: log::SizedHead,
) -> Result<CaseBundle, StoreError> {
    let mut commands = Vec::new();
    let mut devices = BTreeSet::new();
    let mut entries = Vec::new();
    let mut signed_by = BTreeSet::new();
    let mut emulated = app.keys.emulated();
    for command in rows.commands_of(&Key::of_order(&order.id))? {
        let actor = command.actor.clone();
        signed_by.insert(command.signed_by.clone());
        let proven = entry(app, rows, command, head.size, false)?;
        let receipt = proven
            .receipt
            .open()
            .map_err(|_| StoreError::Document("receipt"))?;
        emulated |= receipt.emulated;
        let (device, at) = (&receipt.device_id, receipt.given.at);
        let certificate = papers::device_certificate(&app.keys, rows, device, &actor, at)?;
        commands.push(CaseCommand {
            cmd_id: receipt.cmd_id,
            hash: receipt.hash,
            actor_name: proven.actor_name,
            certificate: certificate
                .as_ref()
                .map(|text| HexHash(sm3(text.as_bytes()).to_hex())),
        });
        devices.insert((receipt.device_id, proven.device_name));
        entries.push(CaseEntry {
            envelope: proven.envelope,
            receipt: proven.receipt,
            device_key: proven.device_key,
            device_certificate: certificate,
            inclusion: proven.inclusion.ok_or(StoreError::Document("log leaf"))?,
        });
    }
    let anchor = anchor(app, rows, head.size)?;
    let anchored = anchor.as_ref().and_then(|anchor| anchor.head.open().ok());
    let anchored = anchored.map(|head| head.at);
    let record = CaseRecord {
        v: BUNDLE_VERSION,
        exported_at: app.clock.now(),
        order,
        commands,
        devices: case_devices(rows, devices)?,
        files: Vec::new(),
        anchor,
        emulated,
    };
    let payload = serde_json::to_string(&record).map_err(|_| StoreError::Document("case record"))?;
    let sig = app.keys.sign_text(&SignedCase::signed_text(&payload))?;
    Ok(CaseBundle {
        format: BUNDLE_FORMAT.to_owned(),
        v: BUNDLE_VERSION,
        authority_certificate: app.keys.authority_certificate.to_base64(),
        gateway_certificates: papers::gateway_certificates(&app.keys, rows, &signed_by, anchored)?,
        record: SignedCase { payload, sig },
        entries,
        head: head.head,
    })
}

fn case_devices(
    rows: &Rows<'_>,
    devices: BTreeSet<(DeviceId, String)>,
) -> Result<Vec<CaseDevice>, StoreError> {
    let with_revocation = devices.into_iter().map(|(id, name)| {
        let revoked_at = rows.device_revoked_at(&id)?;
        Ok(CaseDevice { id, name, revoked_at })
    });
    with_revocation.collect()
}

/// The last anchored head of this log, and that the case's head continues it.
fn anchor(app: &App, rows: &Rows<'_>, size: u64) -> Result<Option<AnchorRecord>, StoreError> {
    let Some(anchored) = rows.last_anchor(CLASS, &app.epoch, size)? else {
        return Ok(None);
    };
    let path = rows.log_consistency(CLASS, anchored.size, size)?;
    Ok(Some(AnchorRecord {
        digest: crate::anchor::digest(&anchored.head),
        head: anchored.head,
        chain: anchored.chain,
        transaction: anchored.transaction,
        at: anchored.at,
        consistency: path.ok_or(StoreError::Document("anchor"))?,
    }))
}
