//! How long personal data may be opened without having heard from the gateway.
//!
//! The lease is the signed grant's `offline_until`, counted by the server's time: the latest that is known of it plus
//! what passed since, a sleep included, or the device's corrected clock if that is later. Setting the device's clock
//! back therefore wins nothing; setting it forward only shuts the data early. What passes while the core is open is
//! written down *ahead*: somebody who kills it again and again before the next mark loses a minute with each start.
//! Not here: who may do what (`trust`). Called by the engine.

use crate::engine::{Engine, Job};
use crate::failure::Failure;
use crate::rpc::Topic;
use shenhai_protocol::{AccessGrant, ErrorCode, UnixMillis};
use shenhai_store::StoreError;

/// So much is written down ahead. A browser's tab is mostly killed, and costs this much of the lease each time.
const CHECKPOINT_MILLIS: i64 = 60_000;
/// After a renewal that failed, the next is not tried before.
const RENEW_PAUSE_MILLIS: u64 = 60_000;

/// What the lease is counted by.
#[derive(Debug, Default)]
pub(crate) struct LeaseWatch {
    /// The server's time at a tick; `None` before the data was first opened.
    anchor: Option<(UnixMillis, u64)>,
    /// Server time minus wall time as the server or an earlier run last told.
    offset: i64,
    /// What is written down: no instant before it counts as less late.
    kept: UnixMillis,
    /// A renewal is under way.
    renewing: bool,
    renew_not_before: u64,
    /// The screens were told that it ended.
    told: bool,
}

impl LeaseWatch {
    /// The data was opened at `tick`, with what was kept of the time. Counts from here, and never from less than
    /// what this process counted before it was shut.
    pub(crate) fn open(&mut self, kept: UnixMillis, offset: i64, tick: u64, wall: UnixMillis) {
        let counted = self.anchor.map_or(kept, |_| self.now(tick, wall));
        *self = Self {
            anchor: Some((kept.max(counted), tick)),
            offset,
            kept,
            renew_not_before: tick,
            ..Self::default()
        };
    }

    /// An instant that the server's clock has certainly reached, where `kept` is written down.
    pub(crate) fn reached(kept: UnixMillis) -> UnixMillis {
        kept.plus(-CHECKPOINT_MILLIS)
    }

    /// An answer carried this time. It may be anybody's who sits between: what was counted is not taken back.
    fn learn(&mut self, server_time: UnixMillis, tick: u64, wall: UnixMillis) {
        self.anchor = Some((server_time.max(self.now(tick, wall)), tick));
        self.offset = server_time.since(wall);
    }

    /// The time by which the lease is counted.
    fn now(&self, tick: u64, wall: UnixMillis) -> UnixMillis {
        let corrected = wall.plus(self.offset);
        let Some((server, at)) = self.anchor else {
            return corrected;
        };
        let passed = i64::try_from(tick.saturating_sub(at)).unwrap_or(i64::MAX);
        server.plus(passed).max(corrected)
    }
}

/// More than a third of the lease is used.
fn is_due(grant: &AccessGrant, now: UnixMillis) -> bool {
    now.since(grant.issued_at) > grant.offline_until.since(grant.issued_at) / 3
}

impl Engine {
    pub(crate) fn lease_now(&self) -> UnixMillis {
        let reading = self.reading();
        self.lease.now(self.elapsed.ticks(reading), reading.wall)
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
        let reading = self.reading();
        self.lease
            .learn(server_time, self.elapsed.ticks(reading), reading.wall);
        self.checkpoint()
    }

    /// Write the time down, ahead, once it reached what is written.
    pub(crate) fn checkpoint(&mut self) -> Result<(), StoreError> {
        let now = self.lease_now();
        if self.live.is_some() && now >= self.lease.kept {
            self.keep_time(now.plus(CHECKPOINT_MILLIS))?;
        }
        Ok(())
    }

    fn keep_time(&mut self, time: UnixMillis) -> Result<(), StoreError> {
        self.store_mut()?.write(|write| write.set_time_seen(time))?;
        self.lease.kept = time;
        Ok(())
    }

    /// The data is being closed in good order: what was written ahead did not pass.
    pub(crate) fn note_time_seen(&mut self) {
        if self.live.is_some()
            && self.store().is_ok()
            && let Err(error) = self.keep_time(self.lease_now())
        {
            tracing::error!(%error, "the time could not be kept");
        }
    }

    /// A verified grant says what time it is, whatever was believed before.
    pub(crate) fn lease_began(&mut self, grant: &AccessGrant) -> Result<(), StoreError> {
        let reading = self.reading();
        let tick = self.elapsed.ticks(reading);
        self.lease = LeaseWatch {
            anchor: Some((grant.issued_at, tick)),
            offset: grant.issued_at.since(reading.wall),
            renew_not_before: tick,
            ..LeaseWatch::default()
        };
        self.keep_time(grant.issued_at.plus(CHECKPOINT_MILLIS))
    }

    /// Ask for a new lease, or a new certificate, where it is time.
    pub(crate) fn consider_renewal(&mut self) {
        let tick = self.ticks();
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

    /// Ask for a new grant at once: the present one is known to lack something.
    pub(crate) fn renew_now(&mut self) {
        if !self.lease.renewing {
            self.lease.renewing = true;
            self.request(Job::Renew);
        }
    }

    /// The renewal came to nothing.
    pub(crate) fn renewal_failed(&mut self) {
        self.lease.renewing = false;
        self.lease.renew_not_before = self.ticks().saturating_add(RENEW_PAUSE_MILLIS);
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

    /// The tick at which the lease ends.
    pub(crate) fn lease_ends_at(&self) -> Option<u64> {
        let grant = self.live.as_ref()?.grant.as_ref()?;
        let left = u64::try_from(grant.offline_until.since(self.lease_now())).ok()?;
        (!self.lease.told && left > 0).then(|| self.ticks().saturating_add(left))
    }

    /// The next tick at which the time has to be written down.
    pub(crate) fn checkpoint_at(&self) -> Option<u64> {
        self.live.as_ref()?;
        let left = self.lease.kept.since(self.lease_now());
        Some(
            self.ticks()
                .saturating_add(u64::try_from(left).unwrap_or_default()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: UnixMillis = UnixMillis(1_795_399_200_000);
    const TEN_YEARS: i64 = 3_652 * 86_400_000;

    fn opened(kept: UnixMillis, tick: u64, wall: UnixMillis) -> LeaseWatch {
        let mut watch = LeaseWatch::default();
        watch.open(kept, 0, tick, wall);
        watch
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_a_lease() {
        let mut watch = opened(T, 5_000, T);
        watch.learn(T.plus(60_000), 5_000, T.plus(60_000));
        let set_back = T.plus(-TEN_YEARS);
        assert_eq!(watch.now(65_000, set_back), T.plus(120_000));
    }

    #[test]
    fn opened_under_a_clock_set_back_it_counts_from_opening() {
        let set_back = T.plus(-TEN_YEARS);
        let mut watch = opened(T, 0, set_back);
        assert_eq!(watch.now(3_600_000, set_back.plus(3_600_000)), T.plus(3_600_000));
        // Shut and opened again: what was written down is older than what this process counted.
        watch.open(T, 0, 7_200_000, set_back.plus(7_200_000));
        assert_eq!(watch.now(7_300_000, set_back), T.plus(7_300_000));
    }

    #[test]
    fn a_clock_that_runs_on_over_a_restart_counts() {
        let restarted = opened(T, 0, T.plus(3_600_000));
        assert_eq!(restarted.now(0, T.plus(3_600_000)), T.plus(3_600_000));
    }

    #[test]
    fn an_answer_from_the_past_takes_nothing_back() {
        let mut watch = opened(T, 0, T);
        watch.learn(T.plus(-TEN_YEARS), 1_000, T.plus(1_000));
        assert_eq!(watch.now(2_000, T.plus(2_000)), T.plus(2_000));
    }
}
