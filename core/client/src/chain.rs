//! The device's chain: signing commands, putting them at its end, and signing anew what has to move.

use crate::engine::{Engine, Live, Pending};
use crate::failure::Failure;
use crate::host::uuid_v7;
use crate::letter::{self, Closed, Content, Letter};
use crate::rpc::Topic;
use rand_core::CryptoRng;
use shenhai_crypto::{SecretKey, device_id, sm3};
use shenhai_protocol::{
    ActName, Beside, CmdId, Command, DeviceId, Envelope, ErrorCode, HexHash, LawRef, PROTOCOL_VERSION,
    RecordRef, RoleName, ScopeId, SignedEnvelope, UnixMillis, UserId, WorkId, limits,
};
use shenhai_store::{Identity, OutboxEntry, StoreError, Write};
use shenhai_sync::{Event, Row, RowState};

/// A command as signed, with what the outbox keeps beside it.
pub(crate) struct Signed {
    pub(crate) envelope: SignedEnvelope,
    pub(crate) entry: OutboxEntry,
}

/// What the person had before them when they decided.
pub(crate) struct Basis {
    /// Where they saw the order.
    pub(crate) scope: ScopeId,
    /// Its revision.
    pub(crate) rev: u64,
    /// The piece of work it goes on with, where the same was signed before.
    pub(crate) work: Option<WorkId>,
}

/// What is to be signed: an act on a record, by its names.
pub(crate) struct Deed {
    pub(crate) cmd_id: CmdId,
    pub(crate) client_time: UnixMillis,
    pub(crate) record: RecordRef,
    pub(crate) act: ActName,
    pub(crate) role: RoleName,
    pub(crate) law: LawRef,
    pub(crate) closed: Closed,
}

impl Engine {
    /// Sign `command` as the next of the chain, keep it, and do `together` in the same transaction.
    pub(crate) fn submit(
        &mut self,
        command: Command,
        basis: Basis,
        together: impl FnOnce(&Write<'_>) -> Result<(), StoreError>,
    ) -> Result<(), Failure> {
        let client_time = self.server_now();
        let mut rng = self.rng.clone();
        let live = self.live()?;
        let deed = Deed {
            closed: letter::close(&command, &mut rng),
            cmd_id: CmdId(uuid_v7(client_time, &mut rng)),
            client_time,
            record: RecordRef {
                kind: letter::ORDER.into(),
                id: command.order().clone(),
            },
            act: command.kind().act().into(),
            role: live.record.user.role.name().into(),
            law: letter::law().clone(),
        };
        let user = live.record.user.id.clone();
        // Signed anew, it may be of an order that left and of which nothing was kept.
        let seen = self.seen(command.order()).ok();
        let order = command.order().clone();
        self.append(
            deed,
            basis,
            |_| Content::Order(command),
            |write| {
                if let Some(seen) = &seen {
                    write.keep_seen(&user, &order, seen)?;
                }
                together(write)
            },
        )
    }

    /// Sign an act as the next of the chain, keep it, and do `together` in the same transaction. `content` says what is
    /// kept in memory of what travels beside it.
    pub(crate) fn append(
        &mut self,
        deed: Deed,
        basis: Basis,
        content: impl FnOnce(&Beside) -> Content,
        together: impl FnOnce(&Write<'_>) -> Result<(), StoreError>,
    ) -> Result<(), Failure> {
        let mut rng = self.rng.clone();
        let live = self.live()?;
        let envelope = Envelope {
            v: PROTOCOL_VERSION,
            work: basis.work.unwrap_or_else(|| WorkId(deed.cmd_id.0.clone())),
            cmd_id: deed.cmd_id,
            device_id: live.identity.device_id.clone(),
            device_seq: live.identity.last_seq + 1,
            prev_hash: live.identity.last_hash.clone(),
            actor: live.record.user.id.clone(),
            role: deed.role,
            scope: basis.scope,
            record: deed.record,
            base_rev: basis.rev,
            act: deed.act,
            law: deed.law,
            form: deed.closed.form,
            submission: deed.closed.submission,
            files: Vec::new(),
            of: None,
            client_time: deed.client_time,
        };
        let content = content(&deed.closed.beside);
        let signed = sign(&live.key, &envelope, deed.closed.beside, &mut rng)?;
        let user = live.record.user.id.clone();
        let entry = signed.entry.clone();
        self.store_mut()?.write(|write| {
            write.append(&user, &entry, &signed.envelope)?;
            together(write)
        })?;
        if let Some(live) = &mut self.live {
            live.identity.last_seq = envelope.device_seq;
            live.identity.last_hash.clone_from(&entry.hash);
        }
        self.note_stamp(&envelope.cmd_id);
        let row = entry.row.clone();
        self.pending.push(Pending {
            entry,
            letter: Some(Letter { envelope, content }),
        });
        self.mark(Topic::Orders);
        self.mark(Topic::Outbox);
        self.step(Event::RowAppended(row))?;
        Ok(())
    }

    /// The person decided about a parked command, and that was written: it is no longer pending. `kept` is its row as
    /// it stands now; `None` where it is gone.
    pub(crate) fn decided(&mut self, cmd_id: &CmdId, kept: Option<Row>) -> Result<(), StoreError> {
        self.pending.retain(|pending| pending.entry.row.cmd_id != *cmd_id);
        self.mark(Topic::Orders);
        self.mark(Topic::Outbox);
        self.step(kept.map_or_else(|| Event::RowRemoved(cmd_id.clone()), Event::RowChanged))
    }

    /// Sign the sendable rows again, in their order, to follow the last receipted command. Only called when
    /// the gateway said that none of them had any effect.
    pub(crate) fn rechain(&mut self) -> Result<(), StoreError> {
        let mut rng = self.rng.clone();
        let Some(live) = &self.live else { return Ok(()) };
        let store = self.store()?;
        let mut chain: Vec<OutboxEntry> = store.outbox(&live.record.user.id)?;
        chain.retain(|entry| entry.device_id == live.identity.device_id && entry.row.seq.is_some());
        chain.sort_by_key(|entry| entry.row.seq);
        let first = chain
            .iter()
            .position(|entry| entry.row.state.is_sendable())
            .unwrap_or(chain.len());
        let moving = chain.split_off(first);
        let (mut seq, mut hash) = match chain
            .last()
            .and_then(|entry| Some((entry.row.seq?, entry.hash.clone())))
        {
            Some(end) => end,
            None => (live.identity.acked_seq, live.identity.acked_hash.clone()),
        };
        let mut resigned = Vec::new();
        for entry in moving.iter().filter(|entry| entry.row.state.is_sendable()) {
            let kept = store
                .envelope(&entry.row.cmd_id)?
                .ok_or(StoreError::Row("outbox"))?;
            let mut envelope = kept.open().map_err(|_| StoreError::Row("outbox"))?;
            envelope.device_seq = seq + 1;
            envelope.prev_hash = hash;
            let signed =
                sign(&live.key, &envelope, kept.beside, &mut rng).map_err(|_| StoreError::Row("outbox"))?;
            (seq, hash) = (envelope.device_seq, signed.entry.hash.clone());
            resigned.push((entry.row.cmd_id.clone(), seq, signed));
        }
        let device = live.identity.device_id.clone();
        self.store_mut()?.write(|write| {
            for (cmd_id, seq, signed) in &resigned {
                write.resign(cmd_id, *seq, &signed.entry.hash, &signed.envelope)?;
            }
            write.set_chain_end(&device, seq, &hash)
        })?;
        if let Some(live) = &mut self.live {
            live.identity.last_seq = seq;
            live.identity.last_hash = hash;
        }
        Ok(())
    }

    /// Give the signed-in user a new key; the old one's chain cannot be continued.
    pub(crate) fn renew_identity(&mut self) -> Result<(), StoreError> {
        let (key, mut identity) = new_identity(&mut self.rng.clone());
        let Some(live) = &self.live else { return Ok(()) };
        identity.user = Some(live.record.user.id.clone());
        let old = live.identity.device_id.clone();
        let mut record = live.record.clone();
        record.device_id = identity.device_id.clone();
        // What the person may see does not hang on the key; the next sign-in brings a grant for the new one.
        let grant = live.grant.clone();
        self.store_mut()?.write(|write| {
            write.retire_identity(&old)?;
            write.add_identity(&identity)?;
            write.set_session(Some(&record))
        })?;
        self.live = Some(Live {
            record,
            identity,
            key,
            grant,
            certificate: None,
        });
        Ok(())
    }

    /// Sign the user's rows of other keys that `pick` chooses with `key`, at the end of its chain, in the order in
    /// which they were made. Only for commands that had no effect: should one have had, the gateway knows its id,
    /// refuses the other bytes, and the person decides.
    pub(crate) fn adopt_rows(
        &mut self,
        user: &UserId,
        identity: &Identity,
        key: &SecretKey,
        pick: impl Fn(RowState) -> bool,
    ) -> Result<(), StoreError> {
        let mut rng = self.rng.clone();
        let (mut seq, mut hash) = (identity.last_seq, identity.last_hash.clone());
        let store = self.store()?;
        let mut adopted = Vec::new();
        for entry in store.outbox(user)? {
            if entry.device_id == identity.device_id || !pick(entry.row.state) {
                continue;
            }
            // Content that cannot be read any more stays where it is, for the person to see.
            let Some(kept) = store.envelope(&entry.row.cmd_id)? else {
                continue;
            };
            let Ok(mut envelope) = kept.open() else {
                continue;
            };
            envelope.device_id = identity.device_id.clone();
            envelope.device_seq = seq + 1;
            envelope.prev_hash = hash.clone();
            let signed =
                sign(key, &envelope, kept.beside, &mut rng).map_err(|_| StoreError::Row("outbox"))?;
            (seq, hash) = (envelope.device_seq, signed.entry.hash.clone());
            adopted.push((entry.row.cmd_id, seq, signed));
        }
        self.store_mut()?.write(|write| {
            for (cmd_id, seq, signed) in &adopted {
                write.adopt(
                    user,
                    &identity.device_id,
                    cmd_id,
                    *seq,
                    &signed.entry.hash,
                    &signed.envelope,
                )?;
            }
            write.set_chain_end(&identity.device_id, seq, &hash)
        })
    }
}

/// A new device key with an empty chain.
pub(crate) fn new_identity(rng: &mut dyn CryptoRng) -> (Box<SecretKey>, Identity) {
    let key = Box::new(SecretKey::generate(rng));
    let identity = Identity {
        device_id: DeviceId(device_id(key.public())),
        user: None,
        secret: Box::new(key.to_bytes()),
        last_seq: 0,
        last_hash: HexHash::zero(),
        acked_seq: 0,
        acked_hash: HexHash::zero(),
    };
    (key, identity)
}

/// Serialise once, sign exactly that text.
pub(crate) fn sign(
    key: &SecretKey,
    envelope: &Envelope,
    beside: Beside,
    rng: &mut dyn CryptoRng,
) -> Result<Signed, Failure> {
    let unreadable = |_| Failure::Refused(ErrorCode::Internal, "the command has no JSON");
    let payload = serde_json::to_string(envelope).map_err(unreadable)?;
    let filled_in = beside.submission.as_ref().map_or(0, String::len);
    if payload.len() > limits::ENVELOPE_BYTES || filled_in > limits::SUBMISSION_BYTES {
        return Err(Failure::Refused(ErrorCode::TooLarge, "the form is too long"));
    }
    let sig = key.sign(payload.as_bytes(), rng).to_hex();
    let entry = OutboxEntry {
        row: Row {
            cmd_id: envelope.cmd_id.clone(),
            order: envelope.record.id.clone(),
            seq: Some(envelope.device_seq),
            bytes: payload.len() + beside.bytes(),
            attempts: 0,
            state: RowState::Queued,
        },
        device_id: envelope.device_id.clone(),
        scope: envelope.scope.clone(),
        record_kind: envelope.record.kind.clone(),
        act: envelope.act.clone(),
        created_at: envelope.client_time,
        hash: HexHash(sm3(payload.as_bytes()).to_hex()),
        covered_by: None,
        server_time: None,
    };
    Ok(Signed {
        envelope: SignedEnvelope { payload, sig, beside },
        entry,
    })
}
