//! Stamps that were given in doubt, and putting them right before anybody else sees them.
//!
//! A browser cannot tell a sleep from a clock that was set, and a core that was just opened has only a guess. What is
//! stamped then is remembered, and not sent before the gateway told the time; then its stamp is put right and it is
//! signed anew. Never done to what was sent. Not here: what the right time is (`shenhai_sync`). Called when a command is
//! made, before a push, and whenever the gateway tells the time.

use crate::chain::sign;
use crate::engine::Engine;
use crate::rpc::Topic;
use shenhai_protocol::{CmdId, UnixMillis};
use shenhai_store::{OutboxEntry, StoreError};
use std::collections::BTreeMap;

/// Commands stamped in doubt, with the gap of the two guesses at that moment.
pub(crate) type InDoubt = BTreeMap<CmdId, i64>;

impl Engine {
    /// A command was just stamped.
    pub(crate) fn note_stamp(&mut self, cmd_id: &CmdId) {
        let reading = self.reading();
        if let Some(gap) = self.clock.and_then(|clock| clock.doubt(reading)) {
            self.in_doubt.insert(cmd_id.clone(), gap);
        }
    }

    /// Whether the gateway has to tell the time before these are sent.
    pub(crate) fn stamps_in_doubt(&self, commands: &[CmdId]) -> bool {
        commands.iter().any(|cmd_id| self.in_doubt.contains_key(cmd_id))
    }

    /// The gateway told the time: put right what was stamped in doubt.
    pub(crate) fn settle_stamps(&mut self, server_time: UnixMillis) -> Result<(), StoreError> {
        let (reading, in_doubt) = (self.reading(), std::mem::take(&mut self.in_doubt));
        let Some(clock) = self.clock else { return Ok(()) };
        let correction = clock.correction(server_time, reading);
        let shifts: InDoubt = in_doubt
            .into_iter()
            .map(|(cmd_id, gap)| (cmd_id, correction.of(gap)))
            .filter(|(_, shift)| *shift != 0)
            .collect();
        if shifts.is_empty() {
            return Ok(());
        }
        self.stamp_anew(&shifts, server_time)
    }

    /// Sign these again with their stamps moved, and what follows them in the chain. All of it was made since the
    /// gateway last told the time and waited for it: none was sent.
    fn stamp_anew(&mut self, shifts: &InDoubt, server_time: UnixMillis) -> Result<(), StoreError> {
        let mut rng = self.rng.clone();
        let Some(live) = &self.live else { return Ok(()) };
        let store = self.store()?;
        let mut chain: Vec<OutboxEntry> = store.outbox(&live.record.user.id)?;
        chain.retain(|entry| entry.device_id == live.identity.device_id && entry.row.seq.is_some());
        chain.sort_by_key(|entry| entry.row.seq);
        let moves =
            |entry: &OutboxEntry| entry.row.state.is_sendable() && shifts.contains_key(&entry.row.cmd_id);
        let Some(first) = chain.iter().position(moves) else {
            return Ok(());
        };
        let moving = chain.split_off(first);
        let mut hash = chain
            .last()
            .map_or_else(|| live.identity.acked_hash.clone(), |entry| entry.hash.clone());
        let mut signed_anew = Vec::new();
        for entry in moving {
            let kept = store
                .envelope(&entry.row.cmd_id)?
                .ok_or(StoreError::Row("outbox"))?;
            let mut envelope = kept.open().map_err(|_| StoreError::Row("outbox"))?;
            let shift = shifts.get(&entry.row.cmd_id).copied().unwrap_or_default();
            envelope.client_time = envelope.client_time.plus(shift).min(server_time);
            envelope.prev_hash = hash;
            let signed =
                sign(&live.key, &envelope, kept.beside, &mut rng).map_err(|_| StoreError::Row("outbox"))?;
            hash = signed.entry.hash.clone();
            signed_anew.push((entry.row.cmd_id, envelope.device_seq, signed));
        }
        tracing::info!(count = signed_anew.len(), "stamps given in doubt were put right");
        self.store_mut()?.write(|write| {
            for (cmd_id, seq, signed) in &signed_anew {
                write.resign(cmd_id, *seq, &signed.entry.hash, &signed.envelope)?;
            }
            let end = signed_anew.last();
            end.map_or(Ok(()), |(_, seq, signed)| {
                write.set_chain_end(&signed.entry.device_id, *seq, &signed.entry.hash)
            })
        })?;
        if let Some(live) = &mut self.live {
            live.identity.last_hash = hash;
        }
        self.reload_pending()?;
        self.mark(Topic::Orders);
        self.mark(Topic::Outbox);
        Ok(())
    }
}
