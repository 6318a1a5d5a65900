//! How long personal data may be opened without having heard from the gateway.
//!
//! The lease is the signed grant's `offline_until`, counted by the server's time: the latest of the time seen last
//! plus what passed since by a clock that cannot be set, and the device's corrected clock. Setting the device's
//! clock back therefore wins nothing; setting it forward only shuts the data early. Not here: who may do what
//! (`trust`). Called by the engine.

use crate::engine::{Engine, Job};
use crate::failure::Failure;
use crate::rpc::Topic;
use shenhai_protocol::{AccessGrant, ErrorCode, UnixMillis};
use shenhai_store::StoreError;

/// The time seen is written down when it moved by this much.
const CHECKPOINT_MILLIS: i64 = 10 * 60 * 1000;
/// After a renewal that failed, the next is not tried before.
const RENEW_PAUSE_MILLIS: u64 = 60_000;

/// What the lease is counted by.
#[derive(Debug, Default)]
pub(crate) struct LeaseWatch {
    /// The server's time at a tick.
    anchor: Option<(UnixMillis, u64)>,
    /// Latest time written down.
    kept: UnixMillis,
    /// A renewal is under way.
    renewing: bool,
    renew_not_before: u64,
    /// The screens were told that it ended.
    told: bool,
}

impl LeaseWatch {
    /// With the time kept from earlier.
    pub(crate) fn with_kept(kept: UnixMillis) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    /// An answer carried this time.
    fn learn(&mut self, server_time: UnixMillis, tick: u64) {
        self.anchor = Some((server_time, tick));
    }

    /// The time by which the lease is counted; `corrected` is the device's clock with what is known of its error.
    fn now(&self, tick: u64, corrected: UnixMillis) -> UnixMillis {
        let passed = |(server, at): (UnixMillis, u64)| {
            server.plus(i64::try_from(tick.saturating_sub(at)).unwrap_or(i64::MAX))
        };
        let counted = self.anchor.map_or(self.kept, passed);
        counted.max(self.kept).max(corrected)
    }
}

/// More than a third of the lease is used.
fn is_due(grant: &AccessGrant, now: UnixMillis) -> bool {
    now.since(grant.issued_at) > grant.offline_until.since(grant.issued_at) / 3
}

impl Engine {
    pub(crate) fn lease_now(&self) -> UnixMillis {
        self.lease.now(self.host.monotonic(), self.server_now())
    }

    /// Whether personal data stays shut.
    pub(crate) fn lease_expired(&self) -> bool {
        let Some(live) = &self.live else { return false };
        live.grant
            .as_ref()
            .is_none_or(|grant| self.lease_now() >= grant.offline_until)
    }

    /// Whether orders, drafts and the content of commands may be opened.
    pub(crate) fn readable(&self) -> Result<(), Failure> {
        let Some(live) = &self.live else { return Ok(()) };
        if live.record.ended == Some(ErrorCode::DeviceRevoked) {
            return Err(Failure::Refused(
                ErrorCode::DeviceRevoked,
                "this device was revoked",
            ));
        }
        if self.lease_expired() {
            return Err(Failure::Refused(
                ErrorCode::LeaseExpired,
                "too long without the gateway",
            ));
        }
        Ok(())
    }

    /// An answer of the gateway carried this time.
    pub(crate) fn lease_learn(&mut self, server_time: UnixMillis) -> Result<(), StoreError> {
        self.lease.learn(server_time, self.host.monotonic());
        self.checkpoint()
    }

    /// Write the time down when it moved.
    pub(crate) fn checkpoint(&mut self) -> Result<(), StoreError> {
        let now = self.lease_now();
        if now.since(self.lease.kept) >= CHECKPOINT_MILLIS {
            self.keep_time(now)?;
        }
        Ok(())
    }

    fn keep_time(&mut self, now: UnixMillis) -> Result<(), StoreError> {
        self.lease.kept = now;
        self.store_mut()?.write(|write| write.set_time_seen(now))
    }

    /// The data is being closed: remember how late it is.
    pub(crate) fn note_time_seen(&mut self) {
        let now = self.lease_now();
        if self.store().is_ok()
            && now > self.lease.kept
            && let Err(error) = self.keep_time(now)
        {
            tracing::error!(%error, "the time could not be kept");
        }
    }

    /// A verified grant says what time it is, whatever was believed before.
    pub(crate) fn lease_began(&mut self, grant: &AccessGrant) -> Result<(), StoreError> {
        let tick = self.host.monotonic();
        self.lease = LeaseWatch {
            anchor: Some((grant.issued_at, tick)),
            kept: grant.issued_at,
            renewing: false,
            renew_not_before: tick,
            told: false,
        };
        self.store_mut()?
            .write(|write| write.set_time_seen(grant.issued_at))
    }

    /// Ask for a new lease, or a new certificate, where it is time.
    pub(crate) fn consider_renewal(&mut self) {
        let tick = self.host.monotonic();
        let Some(live) = &self.live else { return };
        let wanted = live.record.ended.is_none()
            && (live
                .grant
                .as_ref()
                .is_none_or(|grant| is_due(grant, self.lease_now()))
                || live.certificate_ends_soon(self.lease_now()));
        if wanted && !self.lease.renewing && tick >= self.lease.renew_not_before {
            self.lease.renewing = true;
            self.request(Job::Renew);
        }
    }

    /// The renewal came to nothing.
    pub(crate) fn renewal_failed(&mut self) {
        self.lease.renewing = false;
        self.lease.renew_not_before = self.host.monotonic().saturating_add(RENEW_PAUSE_MILLIS);
    }

    /// A session began or was abandoned: nothing is under way any more.
    pub(crate) fn renewal_abandoned(&mut self) {
        self.lease.renewing = false;
    }

    /// Tell the screens once that the lease ended.
    pub(crate) fn tell_lease(&mut self) {
        let expired = self.lease_expired();
        if expired && !std::mem::replace(&mut self.lease.told, expired) {
            self.mark(Topic::Session);
            self.mark(Topic::Orders);
        }
    }

    /// The tick at which the lease ends, as far as a clock that cannot be set tells.
    pub(crate) fn lease_ends_at(&self) -> Option<u64> {
        let grant = self.live.as_ref()?.grant.as_ref()?;
        let left = u64::try_from(grant.offline_until.since(self.lease_now())).ok()?;
        (!self.lease.told && left > 0).then(|| self.host.monotonic().saturating_add(left))
    }

    /// The next tick at which the time has to be written down.
    pub(crate) fn checkpoint_at(&self) -> Option<u64> {
        self.live.as_ref()?;
        let (server, tick) = self.lease.anchor?;
        let left = CHECKPOINT_MILLIS - server.since(self.lease.kept);
        Some(tick.saturating_add(u64::try_from(left).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: UnixMillis = UnixMillis(1_795_399_200_000);

    #[test]
    fn a_clock_set_back_does_not_lengthen_a_lease() {
        let mut watch = LeaseWatch::with_kept(T);
        watch.learn(T.plus(60_000), 5_000);
        let set_back = T.plus(-86_400_000);
        assert_eq!(watch.now(65_000, set_back), T.plus(120_000));
        let restarted = LeaseWatch::with_kept(T.plus(120_000));
        assert_eq!(restarted.now(0, set_back), T.plus(120_000));
    }

    #[test]
    fn a_clock_that_runs_on_over_a_restart_counts() {
        let restarted = LeaseWatch::with_kept(T);
        assert_eq!(restarted.now(0, T.plus(3_600_000)), T.plus(3_600_000));
    }
}
