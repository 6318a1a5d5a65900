//! The last change number of every scope, in memory, for those who wait for news.
//!
//! Not the truth: that is the table `scopes`, published here after each commit. Called by the writer and by
//! `/v1/wake`.

use shenhai_protocol::ScopeId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

#[derive(Debug, Default)]
pub(crate) struct Heads(Mutex<HashMap<ScopeId, watch::Sender<u64>>>);

impl Heads {
    /// Follow one scope. Ask only for scopes somebody may hold: each is remembered for good.
    pub(crate) fn follow(&self, scope: &ScopeId) -> watch::Receiver<u64> {
        self.with(scope, watch::Sender::subscribe)
    }

    pub(super) fn publish(&self, scope: &ScopeId, head: u64) {
        self.with(scope, |sender| {
            sender.send_if_modified(|known| std::mem::replace(known, head) != head);
        });
    }

    fn with<T>(&self, scope: &ScopeId, act: impl FnOnce(&watch::Sender<u64>) -> T) -> T {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = map.get(scope) {
            return act(sender);
        }
        act(map.entry(scope.clone()).or_insert_with(|| watch::Sender::new(0)))
    }
}
