//! Noticing that the data on this device is older than what this device last wrote.
//!
//! Two witnesses: the anchor of the database, its identity and generation, which the platform keeps outside of it, and the gateway, which
//! knows the last command of this device's chain. Nothing is thrown away for it: unsent work that is here is kept and
//! sent. Not a defence against somebody who sets back database and platform store together; the gateway remains.

use crate::engine::{Engine, Signal};
use crate::rpc::Topic;
use shenhai_store::{Anchor, Opened, Store};

/// What is suspected.
#[derive(Debug, Default)]
pub(crate) struct Rollback {
    pub(crate) suspected: bool,
    /// The anchor kept outside is the later one: it stays until a complete round with the gateway.
    held: bool,
    /// What is kept outside, or on its way there.
    kept: Option<Anchor>,
}

impl Rollback {
    /// A later anchor has to stay where it is kept.
    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// How the database was found.
    pub(crate) fn opened(&mut self, opened: &Opened) {
        let back = opened.rolled_back.is_some();
        self.suspected = back;
        self.held = back;
        self.kept = None;
        if back {
            tracing::error!("the database is older than what was kept of it outside");
        }
    }
}

impl Engine {
    /// The gateway holds more of this device's chain than the device does.
    pub(crate) fn compare_with_gateway(&mut self, device_seq: u64) {
        let last = self.live.as_ref().map(|live| live.identity.last_seq);
        if last.is_some_and(|last| device_seq > last) {
            self.suspect_rollback();
        }
    }

    pub(crate) fn suspect_rollback(&mut self) {
        if !self.rollback.suspected {
            self.rollback.suspected = true;
            self.mark(Topic::Session);
        }
    }

    /// Whatever was committed since is remembered outside: putting back the files from before the last touch is
    /// noticed like putting back those of last year. Called after each piece of work.
    pub(crate) fn anchor(&mut self) {
        let anchor = self.store().map(Store::anchor).ok();
        if !self.rollback.held && anchor.is_some() && anchor != self.rollback.kept {
            self.rollback.kept = anchor;
            self.signal(anchor.map(Signal::Anchor));
        }
    }

    /// A complete round: what the gateway has is here.
    pub(crate) fn round_completed(&mut self) {
        self.rollback.held = false;
    }

    /// Let go of the data, keeping its last anchor.
    pub(crate) fn anchor_and_drop(&mut self) {
        let held = self.rollback.held;
        let last = self.drop_store();
        if !held {
            self.signal(last.map(Signal::Anchor));
        }
    }
}
