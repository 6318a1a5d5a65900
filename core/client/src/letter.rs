//! A command between what the person meant and what is signed: the text's content and what travels beside it, and back.
//!
//! Not the signing and not the chain (`chain`). The only place of the client that knows how acts stand in signed texts.

use rand_core::CryptoRng;
use shenhai_flow::Flow;
use shenhai_flow::forms::classed;
use shenhai_proof::{law_of, submission};
use shenhai_protocol::{
    Beside, Command, CommandKind, Envelope, FormRef, Kind, LawRef, SignedEnvelope, SubmissionRef,
};
use std::sync::LazyLock;

/// The pack that carries the hotline.
const PACK: &str = "hotline";
/// What its orders are.
pub(crate) const ORDER: &str = "hotline.order";

/// Whether records of that kind are orders; all others are records of packs.
pub(crate) fn is_order(kind: &Kind) -> bool {
    kind.as_str() == ORDER
}

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
    pub(crate) content: Content,
}

/// What a signed text does, by the kind of its record.
#[derive(Clone)]
pub(crate) enum Content {
    /// To an order.
    Order(Command),
    /// To a record of a pack: what was filled in, as it travels beside the text.
    Act(Beside),
}

impl Letter {
    /// What it does to an order.
    pub(crate) fn command(&self) -> Option<&Command> {
        match &self.content {
            Content::Order(command) => Some(command),
            Content::Act(_) => None,
        }
    }

    /// What was filled in for an act on a record of a pack.
    pub(crate) fn filled_in(&self) -> Option<&Beside> {
        match &self.content {
            Content::Order(_) => None,
            Content::Act(beside) => Some(beside),
        }
    }

    /// `None` for bytes that cannot be read any more.
    pub(crate) fn read(signed: &SignedEnvelope) -> Option<Self> {
        let envelope = signed.open().ok()?;
        if !is_order(&envelope.record.kind) {
            let beside = signed.beside.clone();
            submission::check_named(&envelope, beside.submission.as_deref()).ok()?;
            let content = Content::Act(beside);
            return Some(Self { envelope, content });
        }
        let kind = kind_of(&envelope)?;
        let answers = submission::open(&envelope, &signed.beside, classed(kind)).ok()?;
        let command = Command::read(kind, envelope.record.id.clone(), answers).ok()?;
        let content = Content::Order(command);
        Some(Self { envelope, content })
    }
}

/// What a signed text does.
pub(crate) fn kind_of(envelope: &Envelope) -> Option<CommandKind> {
    CommandKind::of_act(&envelope.act)
}
