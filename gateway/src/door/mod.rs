//! The door: who may connect, how long a connection may be silent or slow, and what becomes of it when the house is
//! full.
//!
//! Not requests (`http`). One task per connection; a table of all of them, so that a newcomer can take the place of
//! one that only stands there. Called by `server`.

mod connection;
mod descriptors;
mod pulse;

pub(crate) use pulse::Known;
use pulse::{Pulse, Standing};

use crate::http::caller::Proxies;
use axum::Router;
use connection::attend;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// Pause after a failed `accept`: it fails at once again while descriptors are short, and would spin.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// All that a caller is told for whom there is no place.
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
    Content-Length: 0\r\n\r\n";

/// How long a connection may do nothing, or next to nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Until the head of its first request is there.
    pub(crate) first: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
    /// In which something of an answer that is owed must be taken.
    pub(crate) stall: Duration,
}

/// How many connections there may be.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// In all.
    pub(crate) total: usize,
    /// From one address.
    pub(crate) per_address: usize,
    /// From which the second bound does not hold: many people stand behind them.
    pub(crate) proxies: Proxies,
}

impl Places {
    /// As many as wanted, or as descriptors allow.
    pub(crate) fn within_descriptors(total: usize, per_address: usize, proxies: Proxies) -> Self {
        let total = descriptors::room_for(total);
        Self {
            total,
            per_address: per_address.min(total),
            proxies,
        }
    }
}

/// What happened at the door so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DoorStats {
    /// Connections taken.
    pub accepted: u64,
    /// `accept` failed.
    pub accept_errors: u64,
    /// Callers for whom there was no place.
    pub turned_away: u64,
    /// Connections that made place for a newcomer.
    pub displaced: u64,
    /// Connections closed because they were silent or too slow.
    pub outlasted: u64,
}

#[derive(Debug, Default)]
struct Counters {
    accepted: AtomicU64,
    accept_errors: AtomicU64,
    turned_away: AtomicU64,
    displaced: AtomicU64,
    outlasted: AtomicU64,
}

/// Where connections come from: a listener, or in tests whatever they need.
pub(crate) trait Entrance: Send + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next one.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, SocketAddr)>> + Send;

    /// Tell somebody for whom there is no place, without waiting for them.
    fn refuse(io: Self::Io);
}

impl Entrance for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        // Small answers must not wait for the next packet.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }

    fn refuse(stream: TcpStream) {
        // A socket that takes no byte at once is closed without a word.
        let _ = stream.try_write(NO_PLACE);
    }
}

/// The table of connections.
#[derive(Debug)]
pub(crate) struct Door {
    places: Places,
    patience: Patience,
    inside: Mutex<HashMap<u64, Guest>>,
    counters: Counters,
}

#[derive(Debug)]
struct Guest {
    address: IpAddr,
    pulse: Arc<Pulse>,
}

impl Door {
    pub(crate) fn new(places: Places, patience: Patience) -> Self {
        Self {
            places,
            patience,
            inside: Mutex::default(),
            counters: Counters::default(),
        }
    }

    pub(crate) fn stats(&self) -> DoorStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DoorStats {
            accepted: count(&self.counters.accepted),
            accept_errors: count(&self.counters.accept_errors),
            turned_away: count(&self.counters.turned_away),
            displaced: count(&self.counters.displaced),
            outlasted: count(&self.counters.outlasted),
        }
    }

    /// Take connections until `closed`, then let those under way finish.
    pub(crate) async fn serve<E: Entrance>(
        self: Arc<Self>,
        mut entrance: E,
        router: Router,
        mut closed: oneshot::Receiver<()>,
    ) {
        let closing = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        let mut pause = FIRST_PAUSE;
        let mut number = 0_u64;
        loop {
            let accepted = tokio::select! {
                accepted = entrance.accept() => accepted,
                _ = &mut closed => break,
                Some(_) = tasks.join_next() => continue,
            };
            match accepted {
                Ok((io, peer)) => {
                    pause = FIRST_PAUSE;
                    number += 1;
                    let Some(place) = self.enter(number, peer.ip()) else {
                        E::refuse(io);
                        continue;
                    };
                    let service = router.clone();
                    tasks.spawn(attend(
                        io,
                        peer,
                        service,
                        place,
                        self.patience,
                        closing.subscribe(),
                    ));
                }
                Err(error) if of_the_caller(&error) => {}
                Err(error) => {
                    let count = self.counters.accept_errors.fetch_add(1, Ordering::Relaxed) + 1;
                    tracing::warn!(%error, count, "a connection could not be accepted");
                    // Where descriptors ran out, one that only stands there gives its own back.
                    self.displace(None);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        drop(entrance);
        closing.send_replace(true);
        while tasks.join_next().await.is_some() {}
    }

    /// A place for a connection, taken from another one if need be.
    fn enter(self: &Arc<Self>, number: u64, peer: IpAddr) -> Option<Place> {
        let address = peer.to_canonical();
        let shared = self.places.proxies.contains(address);
        if !shared && self.from(address) >= self.places.per_address && !self.displace(Some(address)) {
            return self.turn_away();
        }
        if self.inside().len() >= self.places.total && !self.displace(None) {
            return self.turn_away();
        }
        self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        let pulse = Arc::new(Pulse::new());
        let guest = Guest {
            address,
            pulse: Arc::clone(&pulse),
        };
        self.inside().insert(number, guest);
        Some(Place {
            door: Arc::clone(self),
            number,
            pulse,
        })
    }

    fn turn_away(&self) -> Option<Place> {
        let count = self.counters.turned_away.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_power_of_two() {
            tracing::warn!(count, "no place for a connection");
        }
        None
    }

    fn from(&self, address: IpAddr) -> usize {
        let inside = self.inside();
        inside.values().filter(|guest| guest.address == address).count()
    }

    /// Send one away, of `address` if one is named, that is not at work for somebody who signed in: rather one that
    /// never asked for anything than one between two requests, and that rather than a stranger's request; of equals
    /// one of the address with the most connections; of these the oldest. Whether there was one.
    fn displace(&self, address: Option<IpAddr>) -> bool {
        let mut inside = self.inside();
        let mut held: HashMap<IpAddr, usize> = HashMap::new();
        for guest in inside.values() {
            *held.entry(guest.address).or_default() += 1;
        }
        let candidates = inside
            .iter()
            .filter(|(_, guest)| address.is_none_or(|address| address == guest.address))
            .filter_map(|(number, guest)| {
                let standing = guest.pulse.standing();
                let crowd = held.get(&guest.address).copied().unwrap_or_default();
                (standing != Standing::SignedIn).then_some((standing, usize::MAX - crowd, *number))
            });
        let Some((_, _, number)) = candidates.min() else {
            return false;
        };
        if let Some(guest) = inside.remove(&number) {
            guest.pulse.send_away();
            self.counters.displaced.fetch_add(1, Ordering::Relaxed);
        }
        true
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Guest>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place in the table, given back when it is dropped.
struct Place {
    door: Arc<Door>,
    number: u64,
    pulse: Arc<Pulse>,
}

impl Place {
    fn outlasted(&self) {
        self.door.counters.outlasted.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.inside().remove(&self.number);
    }
}

/// The caller was gone before they were let in: nothing that need be said.
fn of_the_caller(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests;
