//! The stack's controls over HTTP, for runners in other languages: cut the link, lose answers, restart the
//! gateway.

use crate::{Stack, StackError};
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The controls of one stack, served until dropped.
pub struct Control {
    addr: SocketAddr,
    serving: JoinHandle<io::Result<()>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkState {
    up: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DropReplies {
    count: u32,
}

impl Control {
    /// Serve the controls of `stack` on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(stack: Arc<Stack>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let routes = Router::new()
            .route("/link", post(link))
            .route("/drop-replies", post(drop_replies))
            .route("/restart-gateway", post(restart_gateway))
            .with_state(stack);
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { addr, serving })
    }

    /// Where they answer.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn link(State(stack): State<Arc<Stack>>, Json(asked): Json<LinkState>) -> Response {
    stack.relay().set_up(asked.up);
    done()
}

async fn drop_replies(State(stack): State<Arc<Stack>>, Json(asked): Json<DropReplies>) -> Response {
    let lost = stack.relay().drop_replies(asked.count);
    Json(json!({"ok": true, "lost": lost})).into_response()
}

async fn restart_gateway(State(stack): State<Arc<Stack>>) -> Response {
    match stack.restart_gateway().await {
        Ok(()) => done(),
        Err(error) => refused(&error),
    }
}

fn done() -> Response {
    Json(json!({"ok": true})).into_response()
}

fn refused(error: &StackError) -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({"ok": false, "message": error.to_string()})),
    )
        .into_response()
}
