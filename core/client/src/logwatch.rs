//! Watching the gateway's log: a later head has to continue the one this device keeps.
//!
//! Each pull, and each proof, brings a signed head. The newest that was proved to continue the kept one takes its place.
//! A proof is not signed: one that fails, or cannot be had, accuses nobody, and is asked for again with the next head.
//! `log_forked` is shown for good once the gateway signed two heads that contradict each other: two roots for one size,
//! or a smaller log after a larger. Nobody's work waits for any of it. Not here: the check itself (`shenhai-proof`).
//! Heads of another epoch are of another log, and are kept beside.

use crate::core::Shared;
use crate::engine::{Engine, Job};
use crate::failure::Failure;
use crate::rpc::Topic;
use shenhai_crypto::PublicKey;
use shenhai_proof::{Beside, Fault, Head, Signers, check_pair, compare, open_head, read_head};
use shenhai_protocol::{ErrorCode, SignedHead};
use shenhai_store::{KeptHead, StoreError};

/// Logs remembered. There is one more for each restored backup of the gateway; the oldest sound ones go first.
const LOGS_MOST: usize = 16;

/// What is known of the gateway's logs.
#[derive(Default)]
pub(crate) struct LogWatch {
    kept: Vec<KeptHead>,
    /// The session, by its generation, that waits for a proof.
    asking: Option<u64>,
}

impl LogWatch {
    pub(crate) fn with_kept(kept: Vec<KeptHead>) -> Self {
        Self { kept, asking: None }
    }

    /// Two heads contradict each other.
    pub(crate) fn is_forked(&self) -> bool {
        self.kept.iter().any(|kept| kept.contradicted_by.is_some())
    }

    /// The kept head of the same log.
    fn beside(&self, seen: &Head) -> Option<(usize, Head)> {
        self.kept.iter().enumerate().find_map(|(index, kept)| {
            let head = read_head(&kept.head).ok()?;
            (compare(&head, seen) != Beside::Other).then_some((index, head))
        })
    }
}

/// A head whose signature was checked, as it came and as read.
#[derive(Debug)]
pub(crate) struct Seen {
    signed: SignedHead,
    head: Head,
}

impl Engine {
    /// A head came. What it says is checked now or asked for; nothing else is held up.
    pub(crate) fn saw_head(&mut self, signed: &SignedHead) {
        let known = |kept: &KeptHead| kept.head.payload == signed.payload;
        if self.log_watch.kept.iter().any(known) {
            return;
        }
        let Some(seen) = self.verified_head(signed) else {
            tracing::warn!("a head of the log does not verify");
            return;
        };
        if let Err(error) = self.weigh(seen) {
            tracing::error!(%error, "a head of the log could not be kept");
        }
    }

    fn verified_head(&self, signed: &SignedHead) -> Option<Seen> {
        let live = self.live.as_ref()?;
        let pinned = PublicKey::from_hex(&live.record.gateway_key).ok()?;
        let head = open_head(signed, &Signers::pinned(&pinned)).ok()?;
        Some(Seen {
            signed: signed.clone(),
            head,
        })
    }

    fn weigh(&mut self, seen: Seen) -> Result<(), StoreError> {
        let Some((index, kept)) = self.log_watch.beside(&seen.head) else {
            return self.keep_head(None, seen.signed);
        };
        if self.log_watch.kept[index].contradicted_by.is_some() {
            return Ok(());
        }
        match compare(&kept, &seen.head) {
            Beside::Same | Beside::Other => Ok(()),
            Beside::Forked => self.contradict(index, None, seen.signed),
            Beside::Unproven { .. } => {
                if self.log_watch.asking != Some(self.generation()) {
                    self.log_watch.asking = Some(self.generation());
                    self.request(Job::CheckLog(Box::new(seen)));
                }
                Ok(())
            }
        }
    }

    /// Keep a head in the place of an earlier one of its log, or as the first of its log.
    fn keep_head(&mut self, place: Option<usize>, head: SignedHead) -> Result<(), StoreError> {
        let mut heads = self.log_watch.kept.clone();
        match place {
            Some(index) => heads[index].head = head,
            None => heads.push(KeptHead {
                head,
                contradicted_by: None,
            }),
        }
        let oldest = heads.iter().position(|kept| kept.contradicted_by.is_none());
        if let Some(oldest) = oldest.filter(|_| heads.len() > LOGS_MOST) {
            heads.remove(oldest);
        }
        self.write_heads(heads)
    }

    /// `by` does not go with the kept head, or with the one that is to be kept `instead`.
    fn contradict(
        &mut self,
        index: usize,
        instead: Option<SignedHead>,
        by: SignedHead,
    ) -> Result<(), StoreError> {
        let mut heads = self.log_watch.kept.clone();
        if let Some(head) = instead {
            heads[index].head = head;
        }
        // Both are signed by the gateway and hold nothing of any person.
        tracing::error!(
            kept = %heads[index].head.payload,
            seen = %by.payload,
            "the gateway's log shrank or forked"
        );
        heads[index].contradicted_by = Some(by);
        self.write_heads(heads)?;
        self.mark(Topic::Session);
        Ok(())
    }

    fn write_heads(&mut self, heads: Vec<KeptHead>) -> Result<(), StoreError> {
        self.store_mut()?.write(|write| write.set_log_heads(&heads))?;
        self.log_watch.kept = heads;
        Ok(())
    }

    /// What the gateway had to say about a head that was not proved yet.
    fn judge(&mut self, seen: Seen, answer: Answer) -> Result<(), StoreError> {
        self.log_watch.asking = None;
        let Some((index, kept)) = self.log_watch.beside(&seen.head) else {
            return Ok(());
        };
        let newer = seen.head.head.size > kept.head.size;
        match answer {
            Answer::Continues if newer => self.keep_head(Some(index), seen.signed),
            Answer::Continues | Answer::Unknown => Ok(()),
            // The one of the two that the answer contradicts is kept beside it: together they are the evidence.
            Answer::Rewritten(then) => self.contradict(index, (!newer).then_some(seen.signed), then),
            Answer::Shrunk(now) => self.contradict(index, newer.then_some(seen.signed), now),
        }
    }
}

/// What became of a question.
enum Answer {
    /// One log continues the other.
    Continues,
    /// The gateway signs another root for the size of the smaller of the two.
    Rewritten(SignedHead),
    /// The gateway signs, later, a log smaller than one it signed before.
    Shrunk(SignedHead),
    /// It could not be had; another head will ask again.
    Unknown,
}

/// Have it proved that `seen` and the kept head are of one log.
pub(crate) async fn check(shared: &Shared, generation: u64, seen: Seen) {
    let asked = shared.with(|engine| {
        let (_, kept) = engine.log_watch.beside(&seen.head)?;
        let token = engine.live.as_ref()?.record.token.clone();
        (engine.generation() == generation).then_some((token, kept))
    });
    let Some((token, kept)) = asked else { return };
    let answer = ask(shared, &token, &kept, &seen.head).await;
    shared.with(|engine| {
        // Whose session it was does not matter to a log; but another session may have asked since.
        if engine.generation() == generation
            && let Err(error) = engine.judge(seen, answer)
        {
            tracing::error!(%error, "a head of the log could not be kept");
        }
    });
}

async fn ask(shared: &Shared, token: &str, kept: &Head, seen: &Head) -> Answer {
    let Beside::Unproven { from, to } = compare(kept, seen) else {
        return Answer::Unknown;
    };
    let doubt = match shared.gateway.consistency(token, from, to).await {
        Ok(proof) => match check_pair(kept, seen, &proof.path) {
            Ok(()) => return Answer::Continues,
            Err(Fault::LogForked) => Doubt::NoProof,
            Err(_) => return Answer::Unknown,
        },
        Err(Failure::Gateway(ErrorCode::NotFound)) => Doubt::NoSuchSize,
        Err(_) => return Answer::Unknown,
    };
    let (smaller, larger) = if kept.head.size == from {
        (kept, seen)
    } else {
        (seen, kept)
    };
    // What the gateway answered so far bears no signature. Have it sign what would contradict it; between the head and
    // the proof a backup may have been restored, then it speaks of another log.
    let size = matches!(doubt, Doubt::NoProof).then_some(from);
    let Ok(answer) = shared.gateway.log_head(token, size).await else {
        return Answer::Unknown;
    };
    let Some(signed) = shared.with(|engine| engine.verified_head(&answer)) else {
        return Answer::Unknown;
    };
    match (doubt, compare(smaller, &signed.head)) {
        (_, Beside::Other) => Answer::Unknown,
        (Doubt::NoProof, Beside::Forked) => Answer::Rewritten(answer),
        (Doubt::NoSuchSize, _) if signed.head.head.size < to && signed.head.head.at >= larger.head.at => {
            Answer::Shrunk(answer)
        }
        _ => Answer::Unknown,
    }
}

/// Why an answer is not a proof.
enum Doubt {
    /// It does not lead from one head to the other.
    NoProof,
    /// The gateway knows no log of that size.
    NoSuchSize,
}
