//! 改派: a reviewer gives an order to another handler.
//!
//! Not here: who may give what to whom (`shenhai_flow` and the gateway). Called by `dispatch`.

use crate::core::Shared;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::{OrderDetail, ReassignParams};
use shenhai_protocol::{Command, FormIssue, IssueCode, PeopleList, limits};
use std::sync::Arc;

impl Engine {
    /// `orders.reassign`.
    pub(crate) fn reassign(&mut self, params: ReassignParams) -> Result<OrderDetail, Failure> {
        let order = self.order(&params.id)?;
        let issue = |field: &str, code| FormIssue {
            field: field.to_owned(),
            code,
        };
        let mut issues = Vec::new();
        if params.to == order.handler {
            // Nothing would change, and its holder would be told to begin anew.
            issues.push(issue("to", IssueCode::NotOffered));
        }
        if params.reason.chars().count() > limits::TEXT_CHARS {
            issues.push(issue("reason", IssueCode::TooLong));
        }
        if !issues.is_empty() {
            return Err(Failure::Form(issues));
        }
        let command = Command::Reassign {
            order: params.id,
            to: params.to,
            reason: params.reason,
        };
        self.act(&order, command)?;
        self.detail_of(order)
    }
}

impl Shared {
    /// `people.list`.
    pub(crate) async fn people(self: &Arc<Self>) -> Result<PeopleList, Failure> {
        let token = self.peek(|engine| engine.live().map(|live| live.record.token.clone()))?;
        let shared = Arc::clone(self);
        self.detached(async move { shared.gateway.people(&token).await })
            .await
    }
}
