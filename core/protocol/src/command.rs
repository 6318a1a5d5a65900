//! The acts on a hotline order with their answers, typed: what stands by name and beside it in the signed text.

use crate::forms::wire_enum;
use crate::{ActName, ContactForm, OrderId, ReplyForm, ReturnForm, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

wire_enum! {
    /// The kinds of command, without their data.
    CommandKind {
        /// 签收
        Accept,
        /// 先行联系
        Contact,
        /// 办结
        Reply,
        /// 退单
        Return,
        /// 查看来电人信息 (audit only)
        Reveal,
        /// 改派
        Reassign,
    }
}

/// What an act does. Every one concerns one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// 签收: take the order on.
    Accept {
        /// Which order.
        order: OrderId,
    },
    /// 先行联系.
    Contact {
        /// Which order.
        order: OrderId,
        /// The record.
        form: ContactForm,
    },
    /// 办结 with the reply.
    Reply {
        /// Which order.
        order: OrderId,
        /// The reply.
        form: ReplyForm,
    },
    /// 退单.
    Return {
        /// Which order.
        order: OrderId,
        /// The reason.
        form: ReturnForm,
    },
    /// The caller's name and phone were shown unmasked to the actor.
    Reveal {
        /// Which order.
        order: OrderId,
    },
    /// 改派: the order becomes another handler's.
    Reassign {
        /// Which order.
        order: OrderId,
        /// Whose it becomes.
        to: UserId,
        /// Why, for whoever reads the order's history; may be empty.
        reason: String,
    },
}

impl Command {
    /// The order it concerns.
    #[must_use]
    pub fn order(&self) -> &OrderId {
        match self {
            Self::Accept { order }
            | Self::Contact { order, .. }
            | Self::Reply { order, .. }
            | Self::Return { order, .. }
            | Self::Reveal { order }
            | Self::Reassign { order, .. } => order,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Accept { .. } => CommandKind::Accept,
            Self::Contact { .. } => CommandKind::Contact,
            Self::Reply { .. } => CommandKind::Reply,
            Self::Return { .. } => CommandKind::Return,
            Self::Reveal { .. } => CommandKind::Reveal,
            Self::Reassign { .. } => CommandKind::Reassign,
        }
    }
}

/// Answers that are not those of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotItsAnswers;

/// The answers of [`Command::Reassign`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reassignment {
    to: UserId,
    reason: String,
}

impl CommandKind {
    /// The act's name in the signed text.
    #[must_use]
    pub fn act(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Contact => "contact",
            Self::Reply => "reply",
            Self::Return => "return",
            Self::Reveal => "reveal",
            Self::Reassign => "reassign",
        }
    }

    /// The act of that name.
    #[must_use]
    pub fn of_act(act: &ActName) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.act() == act.as_str())
    }

    /// Whether a form goes with it, which bears its name.
    #[must_use]
    pub fn has_form(self) -> bool {
        match self {
            Self::Contact | Self::Reply | Self::Return | Self::Reassign => true,
            Self::Accept | Self::Reveal => false,
        }
    }
}

impl Command {
    /// What was filled in, by name; `None` for an act without a form.
    #[must_use]
    pub fn answers(&self) -> Option<Map<String, Value>> {
        let written = match self {
            Self::Accept { .. } | Self::Reveal { .. } => return None,
            Self::Contact { form, .. } => serde_json::to_value(form),
            Self::Reply { form, .. } => serde_json::to_value(form),
            Self::Return { form, .. } => serde_json::to_value(form),
            Self::Reassign { to, reason, .. } => serde_json::to_value(Reassignment {
                to: to.clone(),
                reason: reason.clone(),
            }),
        };
        match written {
            Ok(Value::Object(answers)) => Some(answers),
            // Structs of texts, names and numbers always are objects.
            _ => Some(Map::new()),
        }
    }

    /// The act of that kind on `order` with these answers.
    ///
    /// # Errors
    /// [`NotItsAnswers`] where they are missing, too many, or of another shape.
    pub fn read(
        kind: CommandKind,
        order: OrderId,
        answers: Option<Map<String, Value>>,
    ) -> Result<Self, NotItsAnswers> {
        if kind.has_form() != answers.is_some() {
            return Err(NotItsAnswers);
        }
        let answers = Value::Object(answers.unwrap_or_default());
        Ok(match kind {
            CommandKind::Accept => Self::Accept { order },
            CommandKind::Reveal => Self::Reveal { order },
            CommandKind::Contact => Self::Contact {
                order,
                form: of(answers)?,
            },
            CommandKind::Reply => Self::Reply {
                order,
                form: of(answers)?,
            },
            CommandKind::Return => Self::Return {
                order,
                form: of(answers)?,
            },
            CommandKind::Reassign => {
                let Reassignment { to, reason } = of(answers)?;
                Self::Reassign { order, to, reason }
            }
        })
    }
}

fn of<T: serde::de::DeserializeOwned>(answers: Value) -> Result<T, NotItsAnswers> {
    serde_json::from_value(answers).map_err(|_| NotItsAnswers)
}
