//! One connection, from its first byte to its last.
//!
//! Not what is answered (`http`). Spawned by the door.

use super::pulse::{AtWork, Felt};
use super::{Patience, Place};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// Longest head of a request, bytes.
const HEAD_BYTES: usize = 32 * 1024;
/// Requests at once on one HTTP/2 connection. A device needs four; a proxy opens more connections.
const STREAMS: u32 = 16;
/// Of a body that nobody reads yet, bytes: what one connection can make the gateway hold.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;

/// Serve `io` until it ends, was silent too long, or has to make place.
pub(super) async fn attend<T>(
    io: T,
    peer: SocketAddr,
    router: Router,
    place: Place,
    patience: Patience,
    mut closing: watch::Receiver<bool>,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pulse = Arc::clone(&place.pulse);
    let answering = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        let mut work = AtWork::begin(&pulse);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(work.known());
        let answered = answering.call(request);
        async move {
            let response: Response<Body> = answered.await?;
            work.answer();
            Ok::<_, std::convert::Infallible>(response.map(|body| Sent { body, _work: work }))
        }
    });
    let builder = builder();
    let io = TokioIo::new(Felt {
        io,
        pulse: Arc::clone(&place.pulse),
    });
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut outlasted = pin!(place.pulse.outlasted(&patience));
    let mut leaving = false;
    loop {
        tokio::select! {
            // How it ended is the caller's affair: a cut, bytes that are no HTTP.
            _ = connection.as_mut() => return,
            () = place.pulse.told_to_leave() => return,
            () = outlasted.as_mut() => {
                place.outlasted();
                return;
            }
            _ = closing.wait_for(|closing| *closing), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES as u32)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    builder
}

/// The body of an answer; the request is at work until it is sent or given up.
struct Sent {
    body: Body,
    _work: AtWork,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
