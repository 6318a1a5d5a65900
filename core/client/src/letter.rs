//! A command between what the person meant and what is signed: the text's content and what travels beside it, and back.
//!
//! Not the signing and not the chain (`chain`). The only place of the client that knows how acts stand in signed texts.

use rand_core::CryptoRng;
use shenhai_flow::Flow;
use shenhai_flow::forms::classed;
use shenhai_proof::{law_of, submission};
use shenhai_protocol::{
    Beside, Command, CommandKind, Envelope, FormRef, LawRef, SignedEnvelope, SubmissionRef,
};
use std::sync::LazyLock;

/// The pack that carries the hotline.
const PACK: &str = "hotline";
/// What its orders are.
pub(crate) const ORDER: &str = "hotline.order";

static LAW: LazyLock<LawRef> =
    LazyLock::new(|| law_of(PACK, Flow::standard().version(), Flow::standard_text()));

/// The law this device acts under.
pub(crate) fn law() -> &'static LawRef {
    &LAW
}

/// What was filled in, closed: what of it stands in the signed text, and what travels beside.
pub(crate) struct Closed {
    pub(crate) form: Option<FormRef>,
    pub(crate) submission: Option<SubmissionRef>,
    pub(crate) beside: Beside,
}

/// Close a command's answers, with fresh salts for the classed ones.
pub(crate) fn close(command: &Command, rng: &mut dyn CryptoRng) -> Closed {
    let Some(answers) = command.answers() else {
        return Closed {
            form: None,
            submission: None,
            beside: Beside::default(),
        };
    };
    let kind = command.kind();
    let (submission, beside) = submission::close(answers, classed(kind), rng);
    Closed {
        form: Some(FormRef {
            id: kind.act().into(),
            sm3: law().sm3.clone(),
        }),
        submission: Some(submission),
        beside,
    }
}

/// A command as it was signed, read back.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) envelope: Envelope,
    pub(crate) command: Command,
}

impl Letter {
    /// `None` for bytes that cannot be read any more.
    pub(crate) fn read(signed: &SignedEnvelope) -> Option<Self> {
        let envelope = signed.open().ok()?;
        let kind = kind_of(&envelope)?;
        let answers = submission::open(&envelope, &signed.beside, classed(kind)).ok()?;
        let command = Command::read(kind, envelope.record.id.clone(), answers).ok()?;
        Some(Self { envelope, command })
    }
}

/// What a signed text does.
pub(crate) fn kind_of(envelope: &Envelope) -> Option<CommandKind> {
    CommandKind::of_act(&envelope.act)
}
