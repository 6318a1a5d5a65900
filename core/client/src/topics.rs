//! Who listens to what changed.
//!
//! A listener first hears every topic's present version, then each change after it was committed. It is called
//! without any lock held, from whichever thread made the change; versions only ever go up for it.

use crate::host::{MaybeSend, MaybeSync};
use crate::rpc::{Event, Topic};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

const ALL: [Topic; 5] = [
    Topic::Session,
    Topic::Orders,
    Topic::Outbox,
    Topic::Sync,
    Topic::Lock,
];

#[cfg(not(target_arch = "wasm32"))]
type Listen = dyn Fn(Event) + Send + Sync;
#[cfg(target_arch = "wasm32")]
type Listen = dyn Fn(Event);

struct Listener {
    listen: Box<Listen>,
    /// Last version told per topic: what arrives late from another thread is not told.
    told: Mutex<BTreeMap<Topic, u64>>,
}

impl Listener {
    fn tell(&self, event: Event) {
        let mut told = lock(&self.told);
        let last = told.entry(event.topic).or_default();
        if event.version <= *last {
            return;
        }
        *last = event.version;
        drop(told);
        (self.listen)(event);
    }
}

#[derive(Default)]
struct State {
    versions: BTreeMap<Topic, u64>,
    next_id: u64,
    listeners: BTreeMap<u64, Arc<Listener>>,
}

impl State {
    fn event(&self, topic: Topic) -> Event {
        Event {
            topic,
            version: self.versions.get(&topic).copied().unwrap_or(1),
        }
    }
}

/// All listeners of one core.
#[derive(Clone, Default)]
pub(crate) struct Topics(Arc<Mutex<State>>);

impl Topics {
    pub(crate) fn subscribe(&self, listen: impl Fn(Event) + MaybeSend + MaybeSync + 'static) -> Subscription {
        let listener = Arc::new(Listener {
            listen: Box::new(listen),
            told: Mutex::default(),
        });
        let mut state = lock(&self.0);
        let id = state.next_id;
        state.next_id += 1;
        state.listeners.insert(id, Arc::clone(&listener));
        let present = ALL.map(|topic| state.event(topic));
        drop(state);
        for event in present {
            listener.tell(event);
        }
        Subscription {
            id,
            topics: Arc::downgrade(&self.0),
        }
    }

    /// These changed.
    pub(crate) fn publish(&self, changed: impl IntoIterator<Item = Topic>) {
        let mut state = lock(&self.0);
        let mut events = Vec::new();
        for topic in changed {
            *state.versions.entry(topic).or_insert(1) += 1;
            events.push(state.event(topic));
        }
        let listeners: Vec<Arc<Listener>> = state.listeners.values().cloned().collect();
        drop(state);
        for listener in listeners {
            for event in &events {
                listener.tell(event.clone());
            }
        }
    }
}

/// Keeps a listener listening; dropping it stops that.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription {
    id: u64,
    topics: Weak<Mutex<State>>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(state) = self.topics.upgrade() {
            let gone = lock(&state).listeners.remove(&self.id);
            // The listener's own drop runs outside of the lock.
            drop(gone);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(log: &Arc<Mutex<Vec<(Topic, u64)>>>) -> Vec<(Topic, u64)> {
        lock(log).clone()
    }

    #[test]
    fn a_listener_first_hears_every_version_then_the_changes_until_it_is_dropped() {
        let topics = Topics::default();
        topics.publish([Topic::Orders]);
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&log);
        let subscription = topics.subscribe(move |event| lock(&writer).push((event.topic, event.version)));
        let present = [
            (Topic::Session, 1),
            (Topic::Orders, 2),
            (Topic::Outbox, 1),
            (Topic::Sync, 1),
            (Topic::Lock, 1),
        ];
        assert_eq!(heard(&log), present);

        topics.publish([Topic::Outbox]);
        drop(subscription);
        topics.publish([Topic::Outbox]);
        assert_eq!(heard(&log)[5..], [(Topic::Outbox, 2)]);
    }

    #[test]
    fn a_listener_may_end_itself_while_it_is_told() {
        let topics = Topics::default();
        let slot: Arc<Mutex<Option<Subscription>>> = Arc::default();
        let own = Arc::clone(&slot);
        let subscription = topics.subscribe(move |event| {
            if event.version > 1 {
                drop(lock(&own).take());
            }
        });
        *lock(&slot) = Some(subscription);
        topics.publish([Topic::Sync]);
        assert!(lock(&slot).is_none());
    }
}
