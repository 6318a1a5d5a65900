//! The HTTP side: which path is whose, and what holds for every request.
//!
//! Not decisions. Each endpoint reads, asks the store or `decide`, and answers with the types of
//! `shenhai_protocol`. Called by `server`.

mod body;
pub(crate) mod caller;
mod devices;
mod enrol;
pub(crate) mod error;
mod ingest;
pub(crate) mod limiter;
mod list;
pub(crate) mod openapi;
mod pace;
mod packs;
mod pages;
mod papers;
mod people;
mod proof;
mod push;
pub(crate) mod quota;
mod records;
pub(crate) mod room;
mod session;
mod sync;
pub(crate) mod trust;

use crate::app::App;
use crate::clock::Moment;
use crate::crypto::SecurityGatewayError;
use crate::crypto::security_gateway::identity;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::uri::PathAndQuery;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use caller::Caller;
use error::ApiError;
use futures_util::FutureExt;
use serde::Serialize;
use shenhai_protocol::{ErrorCode, limits};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tower_http::compression::CompressionLayer;

const WAKE_PATH: &str = "/v1/wake";
/// What clients call; platforms sign their own requests, pages are anybody's.
const CLIENT_PATHS: &str = "/v1/";
const HEALTH_PATH: &str = "/healthz";

/// Every path of the gateway.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::to_hotline))
        .route(HEALTH_PATH, get(health))
        .route("/openapi.json", get(openapi::serve))
        .route("/v1/apps/{app}/login", get(session::login))
        .route("/v1/sessions", post(session::sign_in))
        .route("/v1/sessions/current", delete(session::sign_out))
        .route("/v1/grant", post(trust::renew))
        .route("/v1/trust", get(trust::trust))
        .route("/v1/devices", get(devices::list))
        .route("/v1/devices/invitations", post(devices::invite))
        .route("/v1/devices/rotate", post(devices::rotate))
        .route("/v1/devices/{id}/revoke", post(devices::revoke))
        .route("/v1/devices/{id}/release", post(devices::release))
        .route("/v1/people", get(people::list))
        .route("/v1/list", post(list::list))
        .route("/v1/packs", get(packs::list))
        .route("/v1/packs/{sm3}", get(packs::folder))
        .route("/v1/records/{kind}/{id}/entries", get(records::entries))
        .route("/v1/push", post(push::push))
        .route("/v1/pull", get(sync::pull))
        .route(WAKE_PATH, post(sync::wake))
        .route("/v1/orders/{id}/proof", get(proof::proof))
        .route("/v1/orders/{id}/bundle", get(proof::bundle))
        .route("/v1/log/head", get(proof::head))
        .route("/v1/log/consistency", get(proof::consistency))
        .route("/city/v1/hotline/{platform}/orders", post(ingest::take_order))
        .method_not_allowed_fallback(async || error::wrong_method())
        .fallback(pages::serve)
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(Arc::clone(&app), room::make_room))
        .layer(from_fn_with_state(Arc::clone(&app), behind_security_gateway))
        .layer(from_fn_with_state(Arc::clone(&app), watch_over))
        .with_state(app)
}

/// State of the gateway.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`, `stopping`, or `storage_full`: what is there can be read and nothing new is taken.
    status: &'static str,
    /// Of the program.
    version: &'static str,
    /// Of the change log.
    epoch: String,
}

/// Whether the gateway serves.
#[utoipa::path(get, path = "/healthz", tag = "service",
    responses((status = 200, description = "Serving", body = Health), (status = 503, description = "Stopping", body = Health),
        (status = 507, description = "The disk is full", body = Health)))]
async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let stopping = *app.stopping.borrow();
    let (status, name) = if stopping {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if app.store.has_room().await {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::INSUFFICIENT_STORAGE, "storage_full")
    };
    let health = Health {
        status: name,
        version: env!("CARGO_PKG_VERSION"),
        epoch: app.epoch.clone(),
    };
    (status, Json(health))
}

/// Where a security gateway stands in front, only what it authenticated reaches the interface for clients.
async fn behind_security_gateway(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let Some(config) = &app.city.security_gateway else {
        return next.run(request).await;
    };
    if !request.uri().path().starts_with(CLIENT_PATHS) {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let path = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
    let now = app.clock.now().0.div_euclid(1000);
    let found = peer
        .ok_or(SecurityGatewayError::Peer)
        .and_then(|ConnectInfo(peer)| {
            identity(config, peer.ip(), request.method(), path, request.headers(), now)
        });
    match found {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
        Err(reason) => {
            tracing::warn!(%reason, "a request did not come through the security gateway");
            ApiError::new(ErrorCode::Forbidden, reason.text()).into_response()
        }
    }
}

/// Time, panics and the log, for every request.
async fn watch_over(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let began = Moment::now();
    let method = request.method().clone();
    // The route, never the address itself: addresses hold order numbers and state.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let limit = match request.uri().path() {
        WAKE_PATH => Duration::from_millis(limits::WAKE_MILLIS),
        _ => Duration::ZERO,
    };
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(ConnectInfo(peer)) = peer {
        let caller = Caller::of(peer.ip(), request.headers(), &app.proxies);
        request.extensions_mut().insert(caller);
    }
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match tokio::time::timeout(app.tuning.request_timeout + limit, answered).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!(route, "a request handler panicked");
            ApiError::new(ErrorCode::Internal, "the gateway failed; its log has the details").into_response()
        }
        Err(_) => ApiError::new(ErrorCode::Overloaded, "the request took too long").into_response(),
    };
    pages::guard_every_answer(&mut response);
    let status = response.status().as_u16();
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, route, status, millis, "request");
    response
}
