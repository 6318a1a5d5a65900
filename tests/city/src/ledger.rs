//! What the emulated platforms remember: the orders they pushed and the feedback they received.
//!
//! In memory and bounded: an emulator that runs for weeks forgets its oldest entries.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};

/// Feedback kept at most; older ones are forgotten.
const FEEDBACK_KEPT: usize = 20_000;
/// Pushed orders kept for the console page.
const ORDERS_KEPT: usize = 20;

/// Feedback as a platform receives it (`docs/city-interfaces.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Feedback {
    pub(crate) feedback_id: String,
    pub(crate) order_no: String,
    pub(crate) action: Action,
    pub(crate) unit_name: String,
    pub(crate) operator_name: String,
    pub(crate) time: String,
    pub(crate) content: Value,
}

/// What a unit reports about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Action {
    /// Taken on.
    #[serde(rename = "签收")]
    Accepted,
    /// Finished with a reply.
    #[serde(rename = "办结")]
    Finished,
    /// Sent back.
    #[serde(rename = "退单")]
    Returned,
}

impl Action {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "签收",
            Self::Finished => "办结",
            Self::Returned => "退单",
        }
    }
}

/// One feedback with how often it came.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Received {
    #[serde(flatten)]
    pub(crate) feedback: Feedback,
    /// Which platform took it.
    pub(crate) platform: String,
    /// Unix seconds of the first delivery.
    pub(crate) received_at: i64,
    /// 1, or more when it was sent again.
    pub(crate) deliveries: u32,
}

/// A pushed order, as the console shows it.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    pub(crate) channel: String,
    pub(crate) order_no: String,
    pub(crate) title: String,
    pub(crate) at: i64,
    pub(crate) outcome: Outcome,
}

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Taken as new.
    Taken,
    /// Known before.
    Duplicate,
    /// Not taken; the HTTP status, 0 without an answer.
    Failed(u16),
}

/// What became of a feedback.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// First of its id, or the same again.
    Counted,
    /// The id was used for other content.
    Conflict,
}

/// The memory of the emulated platforms.
#[derive(Default)]
pub(crate) struct Ledger {
    feedback: HashMap<String, Received>,
    arrivals: VecDeque<String>,
    orders: VecDeque<Pushed>,
    pushed: u64,
    duplicates: u64,
    failed: u64,
}

impl Ledger {
    /// Keep a feedback. The same id and content again only counts a delivery.
    pub(crate) fn keep_feedback(&mut self, platform: &str, feedback: Feedback, now: i64) -> Kept {
        if let Some(known) = self.feedback.get_mut(&feedback.feedback_id) {
            if known.feedback != feedback || known.platform != platform {
                return Kept::Conflict;
            }
            known.deliveries = known.deliveries.saturating_add(1);
            return Kept::Counted;
        }
        if self.arrivals.len() >= FEEDBACK_KEPT
            && let Some(oldest) = self.arrivals.pop_front()
        {
            self.feedback.remove(&oldest);
        }
        let id = feedback.feedback_id.clone();
        self.arrivals.push_back(id.clone());
        let received = Received {
            feedback,
            platform: platform.to_owned(),
            received_at: now,
            deliveries: 1,
        };
        self.feedback.insert(id, received);
        Kept::Counted
    }

    /// Feedback for `order_no`, or every one, oldest first, at most `limit` of the latest.
    pub(crate) fn feedback(&self, order_no: Option<&str>, limit: usize) -> Vec<&Received> {
        let mut found: Vec<&Received> = self
            .arrivals
            .iter()
            .rev()
            .filter_map(|id| self.feedback.get(id))
            .filter(|received| order_no.is_none_or(|number| received.feedback.order_no == number))
            .take(limit)
            .collect();
        found.reverse();
        found
    }

    /// Distinct feedback received.
    pub(crate) fn feedback_count(&self) -> usize {
        self.feedback.len()
    }

    /// Note a push that ended.
    pub(crate) fn note_push(&mut self, pushed: Pushed) {
        match pushed.outcome {
            Outcome::Taken => self.pushed += 1,
            Outcome::Duplicate => self.duplicates += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
        if self.orders.len() >= ORDERS_KEPT {
            self.orders.pop_back();
        }
        self.orders.push_front(pushed);
    }

    /// The last pushes, newest first.
    pub(crate) fn latest_orders(&self) -> impl Iterator<Item = &Pushed> {
        self.orders.iter()
    }

    /// Pushes by how they ended: taken, duplicate, failed.
    pub(crate) fn push_counts(&self) -> (u64, u64, u64) {
        (self.pushed, self.duplicates, self.failed)
    }
}
