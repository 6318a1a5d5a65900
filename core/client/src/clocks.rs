//! The core's time: the host's two clocks read together, what passed, and what time it is.
//!
//! Everything in the core that asks how late it is or how long ago something was asks here; only the pause after a
//! wrong PIN goes by the host's steady clock alone, because setting a clock must not shorten it. Not here: what
//! hangs on the time (`lease`, `lock`, the machine). Called at every entry to the engine.

use crate::engine::Engine;
use crate::host::Host;
use crate::lease::LeaseWatch;
use crate::rpc::{LockState, Topic};
use shenhai_protocol::UnixMillis;
use shenhai_store::StoreError;
use shenhai_sync::{Reading, ServerClock};

/// With a PIN set, a machine that slept is looked at again after this at the latest: a platform's timers stand still
/// while it sleeps, and what the screen shows must not outlive the lock by their rest.
const LOOK_LOCKED_MILLIS: u64 = 5_000;
/// The same for the lease.
const LOOK_LEASE_MILLIS: u64 = 60_000;

/// Both clocks of a host at one moment.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the host's clocks"
)]
pub(crate) fn read_clocks(host: &dyn Host) -> Reading {
    Reading {
        steady: host.monotonic(),
        wall: host.now(),
    }
}

impl Engine {
    pub(crate) fn reading(&self) -> Reading {
        read_clocks(&*self.host)
    }

    /// Milliseconds that passed, a sleep included; only differences mean something.
    pub(crate) fn ticks(&self) -> u64 {
        self.elapsed.ticks(self.reading())
    }

    /// Now by the server's clock, as far as it is known here.
    pub(crate) fn server_now(&self) -> UnixMillis {
        let reading = self.reading();
        self.clock.map_or(reading.wall, |clock| clock.now(reading))
    }

    /// The latest that it may be: what a person says of the past is held against this.
    pub(crate) fn latest_now(&self) -> UnixMillis {
        let reading = self.reading();
        self.clock.map_or(reading.wall, |clock| clock.latest(reading))
    }

    /// Server time minus the device's, as last learnt.
    pub(crate) fn clock_offset(&self) -> i64 {
        self.clock.map_or(0, ServerClock::offset_millis)
    }

    /// The data was opened: go on with what is known in this process, or with what was kept.
    pub(crate) fn open_clocks(&mut self, offset: i64, seen: UnixMillis) {
        let reading = self.reading();
        self.lease
            .open(seen, offset, self.elapsed.ticks(reading), reading.wall);
        let reached = LeaseWatch::reached(seen);
        self.clock.get_or_insert_with(|| {
            ServerClock::with_kept(offset, reached, reading, self.host.counts_sleep())
        });
    }

    /// The data was destroyed: what was known of the time went with it.
    pub(crate) fn forget_clocks(&mut self) {
        self.clock = None;
        self.in_doubt.clear();
        self.lease = LeaseWatch::default();
    }

    /// Do what is due by now, before anything else is done or answered.
    pub(crate) fn notice_time(&mut self) {
        self.elapsed.observe(self.reading());
        if self.gate.state != LockState::Open {
            return;
        }
        if self.gate.locks_at().is_some_and(|at| at <= self.ticks()) {
            self.shut();
            return;
        }
        if let Err(error) = self.keep_up() {
            self.suspend(&error);
        }
    }

    fn keep_up(&mut self) -> Result<(), StoreError> {
        if self.store().is_err() || self.is_suspended() {
            return Ok(());
        }
        let reading = self.reading();
        if self
            .clock
            .as_mut()
            .is_some_and(|clock| clock.follow_wall(reading))
        {
            self.keep_offset()?;
        }
        self.checkpoint()
    }

    /// Learn the server's time from an answer just read.
    pub(crate) fn learn_time(&mut self, server_time: UnixMillis) -> Result<(), StoreError> {
        self.settle_stamps(server_time)?;
        if self.note_time(server_time) {
            self.keep_offset()?;
        }
        self.lease_learn(server_time)?;
        self.consider_renewal();
        Ok(())
    }

    /// An answer carried this time. Says whether the offset has to be kept.
    pub(crate) fn note_time(&mut self, server_time: UnixMillis) -> bool {
        let reading = self.reading();
        self.clock
            .get_or_insert_with(|| ServerClock::with_kept(0, server_time, reading, self.host.counts_sleep()))
            .learn(server_time, reading)
    }

    fn keep_offset(&mut self) -> Result<(), StoreError> {
        let offset = self.clock_offset();
        self.store_mut()?.write(|write| write.set_clock_offset(offset))?;
        self.mark(Topic::Orders);
        Ok(())
    }

    /// Longest pause of the driver, milliseconds.
    pub(crate) fn longest_pause(&self) -> u64 {
        if self.gate.locks_at().is_some() {
            LOOK_LOCKED_MILLIS
        } else if self.live.is_some() {
            LOOK_LEASE_MILLIS
        } else {
            u64::MAX
        }
    }
}
