//! What an act causes beyond its record. Stored in the transaction and carried out after it, each in its own, so that no
//! lock spans two records.

use super::answers::Answers;
use crate::record::Holder;
use shenhai_crypto::Digest32;
use shenhai_pack::law::{KindRef, Whom};
use shenhai_pack::names::{ActId, LinkId, MessageId, PortId, TextId};

/// One thing to be carried out after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outward {
    /// A record is to be opened; its outcome is an entry of this one.
    Open {
        /// The link that waits for the outcome.
        link: LinkId,
        /// The link's key, which is also the new record's work.
        key: Digest32,
        /// The new record's kind.
        kind: KindRef,
        /// What it is given.
        with: Answers,
    },
    /// A known record became a link: its news are to be told.
    Follow {
        /// The link.
        link: LinkId,
        /// The link's key.
        key: Digest32,
        /// The other's kind.
        kind: KindRef,
        /// The other's id.
        id: String,
    },
    /// An act is asked of a linked record; its outcome is an entry of this one.
    Do {
        /// The link.
        link: LinkId,
        /// The link's key.
        key: Digest32,
        /// The other's kind.
        kind: KindRef,
        /// The other's id; absent while it is not opened.
        id: Option<String>,
        /// The act.
        act: ActId,
        /// The work of that act.
        work: Digest32,
        /// What it is given.
        with: Answers,
    },
    /// A message to people.
    Tell {
        /// To whom.
        whom: Whom,
        /// Who held the seat it names as the act was done; none where it names no seat.
        holders: Vec<Holder>,
        /// A text of the face.
        text: TextId,
    },
    /// A message out of the product, at least once.
    Send {
        /// The port.
        port: PortId,
        /// The message.
        message: MessageId,
        /// What tells it from every other message.
        key: Digest32,
        /// What it carries.
        with: Answers,
    },
    /// The act is to be recorded beside the record, which it does not change.
    Recorded {
        /// The act.
        act: ActId,
    },
}
