//! A connection's pulse: what it is at work on, and whether it still takes what it is owed.
//!
//! Not the connection. Shared by its task, the requests on it, and the door, which looks who may be sent away.

use super::Patience;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Least that is taken of an owed answer in one window of [`Patience::stall`], bytes. A telephone on the slowest
/// network takes a hundred times as much.
const LEAST_WRITTEN: u64 = 4 * 1024;

/// What a connection is worth when places are short, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Never asked for anything.
    Silent,
    /// Between two requests.
    Idle,
    /// At work for a stranger.
    Stranger,
    /// At work for somebody who signed in.
    SignedIn,
}

#[derive(Debug)]
struct State {
    /// Requests whose answer is not yet sent in full.
    running: usize,
    /// Of these, answers that were begun.
    answering: usize,
    /// Of these, requests of somebody who signed in.
    signed_in: usize,
    /// There was a request.
    heard: bool,
    /// Since when there is nothing to do.
    quiet_since: Instant,
}

#[derive(Debug)]
pub(crate) struct Pulse {
    state: Mutex<State>,
    born: Instant,
    /// Bytes.
    written: AtomicU64,
    /// When something was written last, milliseconds since `born`.
    written_at: AtomicU64,
    /// The last write did not fit: the other side does not read.
    blocked: AtomicBool,
    sent_away: Notify,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let state = State {
            running: 0,
            answering: 0,
            signed_in: 0,
            heard: false,
            quiet_since: Instant::now(),
        };
        Self {
            state: Mutex::new(state),
            born: Instant::now(),
            written: AtomicU64::new(0),
            written_at: AtomicU64::new(0),
            blocked: AtomicBool::new(false),
            sent_away: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn standing(&self) -> Standing {
        let state = self.state();
        match (state.signed_in, state.running, state.heard) {
            (1.., _, _) => Standing::SignedIn,
            (0, 1.., _) => Standing::Stranger,
            (0, 0, true) => Standing::Idle,
            (0, 0, false) => Standing::Silent,
        }
    }

    pub(super) fn send_away(&self) {
        self.sent_away.notify_one();
    }

    pub(super) async fn told_to_leave(&self) {
        self.sent_away.notified().await;
    }

    /// Ends when the connection was silent, or did not take what it is owed, for too long.
    pub(super) async fn outlasted(&self, patience: &Patience) {
        let mut window = Window::begin(self, patience);
        loop {
            let until = match self.quiet_until(patience) {
                Some(end) if end <= Instant::now() => return,
                Some(end) => end,
                None if window.ends > Instant::now() => window.ends,
                None if window.stalled(self) => return,
                None => {
                    window = Window::begin(self, patience);
                    window.ends
                }
            };
            tokio::time::sleep_until(until).await;
        }
    }

    /// How long it may go on doing nothing; `None` while it has something to do.
    fn quiet_until(&self, patience: &Patience) -> Option<Instant> {
        let state = self.state();
        let quiet = state.running == 0 && !self.blocked.load(Ordering::Relaxed);
        let allowed = if state.heard {
            patience.idle
        } else {
            patience.first
        };
        // What was answered may still be on its way out.
        let written_at = self.born + Duration::from_millis(self.written_at.load(Ordering::Relaxed));
        quiet.then(|| state.quiet_since.max(written_at) + allowed)
    }

    /// Something of an answer still has to be taken.
    fn owing(&self) -> bool {
        self.blocked.load(Ordering::Relaxed) || self.state().answering > 0
    }

    fn wrote(&self, outcome: &Poll<std::io::Result<usize>>) {
        match outcome {
            Poll::Ready(Ok(bytes)) => {
                let at = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.written.fetch_add(*bytes as u64, Ordering::Relaxed);
                self.written_at.store(at, Ordering::Relaxed);
                self.blocked.store(false, Ordering::Relaxed);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.blocked.store(true, Ordering::Relaxed),
        }
    }
}

/// A span of time in which something must be written, if anything is owed.
struct Window {
    ends: Instant,
    owing: bool,
    written: u64,
}

impl Window {
    fn begin(pulse: &Pulse, patience: &Patience) -> Self {
        Self {
            ends: Instant::now() + patience.stall,
            owing: pulse.owing(),
            written: pulse.written.load(Ordering::Relaxed),
        }
    }

    fn stalled(&self, pulse: &Pulse) -> bool {
        let taken = pulse.written.load(Ordering::Relaxed).saturating_sub(self.written);
        self.owing && pulse.owing() && taken < LEAST_WRITTEN
    }
}

/// A request at work on a connection, until its answer is sent or given up.
#[derive(Debug)]
pub(super) struct AtWork {
    pulse: Arc<Pulse>,
    answering: bool,
    signed_in: Arc<AtomicBool>,
}

/// By which a request says that it is of somebody who signed in.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pulse: Arc<Pulse>,
    said: Arc<AtomicBool>,
}

impl Known {
    pub(crate) fn say(&self) {
        // Under the lock, as where the request ends: counted and taken back are then never the other way round.
        let mut state = self.pulse.state();
        if !self.said.swap(true, Ordering::Relaxed) {
            state.signed_in += 1;
        }
    }
}

impl AtWork {
    pub(super) fn begin(pulse: &Arc<Pulse>) -> Self {
        let mut state = pulse.state();
        state.running += 1;
        state.heard = true;
        drop(state);
        Self {
            pulse: Arc::clone(pulse),
            answering: false,
            signed_in: Arc::new(AtomicBool::new(false)),
        }
    }

    pub(super) fn known(&self) -> Known {
        Known {
            pulse: Arc::clone(&self.pulse),
            said: Arc::clone(&self.signed_in),
        }
    }

    pub(super) fn answer(&mut self) {
        self.answering = true;
        self.pulse.state().answering += 1;
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.running -= 1;
        state.answering -= usize::from(self.answering);
        // Said too late for anybody, once taken here.
        state.signed_in -= usize::from(self.signed_in.swap(true, Ordering::Relaxed));
        state.quiet_since = Instant::now();
    }
}

/// A stream that tells the pulse what is written.
pub(super) struct Felt<T> {
    pub(super) io: T,
    pub(super) pulse: Arc<Pulse>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Felt<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Felt<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.pulse.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write_vectored(cx, pieces);
        self.pulse.wrote(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
