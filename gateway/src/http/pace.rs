//! The least pace at which a request's body has to come.
//!
//! Not its size (`body`). A body that trickles holds room that others wait for.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep};

/// A body came too slowly: fewer bytes in a window than must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the body came too slowly")]
pub(super) struct TooSlow;

/// `body`, which fails once less than `least` bytes of it came in a `window` and it did not end.
pub(super) fn paced(body: Body, window: Duration, least: usize) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(Paced {
        body,
        window,
        least,
        came: 0,
        ends: Box::pin(sleep(window)),
    })
}

struct Paced {
    body: Body,
    window: Duration,
    least: usize,
    /// Bytes of this window.
    came: usize,
    ends: Pin<Box<Sleep>>,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
                self.came += data.map_or(0, Bytes::len);
                return Poll::Ready(frame);
            }
            ready!(self.ends.as_mut().poll(cx));
            if self.came < self.least {
                return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
            }
            self.came = 0;
            let ends = Instant::now() + self.window;
            self.ends.as_mut().reset(ends);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
