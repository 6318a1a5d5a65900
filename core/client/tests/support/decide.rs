//! What the fake gateway decides about orders and people.

use super::gateway::{FakeGateway, role};
use serde_json::{Value, json};
use shenhai_protocol::*;

impl FakeGateway {
    /// The person may not follow anything any more.
    pub fn withdraw(&mut self, user: &str) {
        self.withdrawn.insert(user.to_owned());
    }

    pub(super) fn scopes_of(&self, user: &str) -> Vec<ScopeId> {
        if self.withdrawn.contains(user) {
            return Vec::new();
        }
        role(user).1
    }

    /// `GET /v1/people`.
    pub(super) fn people(&self) -> Value {
        let open = |user: &str| {
            let mine = self
                .orders
                .values()
                .filter(|order| order.handler.as_str() == user);
            mine.filter(|order| !matches!(order.state, OrderState::Replied | OrderState::Returned))
                .count()
        };
        let handlers =
            ["li", "wang"].map(|id| json!({ "id": id, "name": format!("{id}的姓名"), "open": open(id) }));
        json!({ "units": [{ "id": "hp", "name": "黄浦区水务局", "handlers": handlers }] })
    }

    /// Somebody at the desk gives the order to another handler, who has it before them as if it had just come.
    pub fn reassign(&mut self, id: &str, to: &str) {
        let order = self.orders.get_mut(id).expect("an order");
        let from = std::mem::replace(&mut order.handler, UserId::from(to));
        order.handler_name = format!("{to}的姓名");
        order.state = OrderState::Assigned;
        order.rev += 1;
        self.touch(from.as_str(), id);
        self.touch(to, id);
    }

    /// docs: state → form. A hand-written flow, so that it is not the client's own that judges.
    pub(super) fn apply(
        &mut self,
        envelope: &Envelope,
        command: &Command,
        hash: &str,
        now: UnixMillis,
    ) -> Result<(), ErrorCode> {
        // docs: clock → scope → order.
        let scopes = self.scopes_of(envelope.actor.as_str());
        if !scopes.contains(&envelope.scope) {
            return Err(ErrorCode::ScopeDenied);
        }
        let order = self
            .orders
            .get_mut(envelope.record.id.as_str())
            .ok_or(ErrorCode::OrderNotInScope)?;
        if let Command::Reassign { to, .. } = command {
            let open = matches!(
                order.state,
                OrderState::Assigned | OrderState::Accepted | OrderState::Contacted
            );
            if role(envelope.actor.as_str()).0 == Role::Handler {
                return Err(ErrorCode::Forbidden);
            }
            if !open {
                return Err(ErrorCode::WrongState);
            }
            let (id, to) = (order.id.0.clone(), to.0.clone());
            self.reassign(&id, &to);
            return Ok(());
        }
        if order.handler != envelope.actor {
            return Err(ErrorCode::Reassigned);
        }
        fn record<F: Clone>(envelope: &Envelope, hash: &str, now: UnixMillis, form: &F) -> Record<F> {
            Record {
                form: form.clone(),
                by: envelope.actor.clone(),
                by_name: format!("{}的姓名", envelope.actor),
                client_time: envelope.client_time,
                server_time: now,
                cmd_id: envelope.cmd_id.clone(),
                hash: HexHash(hash.to_owned()),
            }
        }
        use OrderState as S;
        match (command, order.state) {
            (Command::Accept { .. }, S::Assigned) => order.state = S::Accepted,
            (Command::Contact { form, .. }, S::Accepted | S::Contacted) => {
                order.state = S::Contacted;
                order.contact = Some(record(envelope, hash, now, form));
            }
            (Command::Reply { form, .. }, S::Contacted) => {
                order.state = S::Replied;
                order.reply = Some(record(envelope, hash, now, form));
            }
            (Command::Return { form, .. }, S::Assigned | S::Accepted | S::Contacted) => {
                order.state = S::Returned;
                order.returned = Some(record(envelope, hash, now, form));
            }
            (Command::Reveal { .. }, S::Assigned | S::Accepted | S::Contacted) => {}
            _ => return Err(ErrorCode::WrongState),
        }
        order.rev += 1;
        Ok(())
    }
}
