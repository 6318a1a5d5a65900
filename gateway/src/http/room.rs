//! Room for requests: who may be worked for at once, and how slowly a body may come.
//!
//! Not how often (`limiter`) and not connections (`crate::door`). People who are signed in have room of their own, so
//! that strangers cannot take it; within it one device, and among strangers one address, has only a share. A
//! request's session is looked up here, before a byte of its body is read.

use super::HEALTH_PATH;
use super::WAKE_PATH;
use super::caller::Caller;
use super::error::ApiError;
use super::pace::paced;
use super::session::{self, Presented};
use crate::app::App;
use crate::config::Tuning;
use crate::door::Known;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shenhai_protocol::{DeviceId, ErrorCode};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Sessions looked up at once: each takes a moment of one of a few readers, and the rest wait their turn.
const LOOKUPS: usize = 64;

/// The room there is.
pub(crate) struct Room {
    signed_in: Semaphore,
    strangers: Semaphore,
    waits: Semaphore,
    lookups: Semaphore,
    by_device: Shares<DeviceId>,
    waits_by_device: Shares<DeviceId>,
    by_address: Shares<IpAddr>,
}

/// A place in a room and in somebody's share of it.
struct Place<'r, K: Eq + Hash> {
    _permit: SemaphorePermit<'r>,
    _share: Share<'r, K>,
}

impl Room {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        Self {
            signed_in: Semaphore::new(tuning.concurrent_requests),
            strangers: Semaphore::new(tuning.concurrent_strangers),
            waits: Semaphore::new(tuning.concurrent_waits),
            lookups: Semaphore::new(LOOKUPS),
            by_device: Shares::of(tuning.requests_per_device),
            waits_by_device: Shares::of(tuning.waits_per_device),
            by_address: Shares::of(tuning.strangers_per_address),
        }
    }

    fn for_stranger(&self, caller: Caller) -> Option<Place<'_, IpAddr>> {
        place(&self.strangers, &self.by_address, caller.counted_by())
    }

    fn for_device(&self, device: &DeviceId, path: &str) -> Option<Place<'_, DeviceId>> {
        match path {
            WAKE_PATH => place(&self.waits, &self.waits_by_device, device.clone()),
            _ => place(&self.signed_in, &self.by_device, device.clone()),
        }
    }
}

fn place<'r, K: Eq + Hash + Clone>(
    room: &'r Semaphore,
    shares: &'r Shares<K>,
    key: K,
) -> Option<Place<'r, K>> {
    Some(Place {
        _share: shares.take(key)?,
        _permit: room.try_acquire().ok()?,
    })
}

/// How many of something each has at once.
struct Shares<K> {
    most: usize,
    taken: Mutex<HashMap<K, usize>>,
}

struct Share<'r, K: Eq + Hash> {
    shares: &'r Shares<K>,
    key: K,
}

impl<K: Eq + Hash + Clone> Shares<K> {
    fn of(most: usize) -> Self {
        Self {
            most,
            taken: Mutex::default(),
        }
    }

    fn take(&self, key: K) -> Option<Share<'_, K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(key.clone()).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Share { shares: self, key })
    }
}

impl<K: Eq + Hash> Drop for Share<'_, K> {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

/// Find out whose request it is, give it room, and let its body come only so slowly.
pub(super) async fn make_room(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if path == HEALTH_PATH {
        return next.run(request).await;
    }
    let presented = {
        // Never closed.
        let _turn = app.room.lookups.acquire().await;
        session::present(&app, request.headers()).await
    };
    let window = match &presented {
        Presented::Good(_) => app.tuning.signed_in_body_window,
        Presented::Nothing | Presented::Refused(_) => app.tuning.body_window,
    };
    let least = app.tuning.body_least;
    request = request.map(|body| paced(body, window, least));
    let full = || ApiError::new(ErrorCode::Overloaded, "too many requests at once").into_response();
    if let Presented::Good(found) = &presented {
        if let Some(known) = request.extensions().get::<Known>() {
            known.say();
        }
        let Some(_place) = app.room.for_device(&found.session.device, &path) else {
            return full();
        };
        request.extensions_mut().insert(presented);
        return next.run(request).await;
    }
    let caller = request.extensions().get::<Caller>().copied();
    let Some(_place) = caller.and_then(|caller| app.room.for_stranger(caller)) else {
        return full();
    };
    request.extensions_mut().insert(presented);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_given_back_and_one_persons_is_not_anothers() {
        let shares = Shares::of(2);
        let first = shares.take("a").expect("the first");
        let _second = shares.take("a").expect("the second");
        assert!(shares.take("a").is_none());
        assert!(shares.take("b").is_some());
        drop(first);
        assert!(shares.take("a").is_some());
        assert_eq!(shares.taken.lock().expect("no panic").len(), 1, "b is forgotten");
    }
}
