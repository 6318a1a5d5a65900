//! The orders at hand, without their texts' weight: enough to sort, filter, count and search in memory.
//!
//! Reading 2,500 sealed orders takes longer than a person wants to wait for a list, reading them once at
//! sign-in does not. The full order is read from the database when it is opened.

use crate::engine::Engine;
use crate::rpc::{ListParams, NextDue, OrderCounts, OrderFilter, OrderList, OrderSummary, Topic};
use shenhai_flow::Flow;
use shenhai_protocol::{CommandKind, FormKind, OrderId, OrderState, ScopeId, UnixMillis, WorkOrder};
use shenhai_store::{SeenOrder, SessionRecord, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// Most rows in one page of the list.
const PAGE: u32 = 200;

/// An order as the list needs it.
pub(crate) struct Card {
    /// Where it was seen.
    pub(crate) scope: ScopeId,
    /// Without content, caller, records and history.
    pub(crate) order: WorkOrder,
    /// Number, title, address and content in lower case.
    search: String,
    /// When it was finished.
    finished_at: Option<UnixMillis>,
}

impl Card {
    fn new(scope: &ScopeId, mut order: WorkOrder) -> Self {
        let search = [&*order.source_no, &*order.title, &*order.address, &*order.content]
            .join("\n")
            .to_lowercase();
        let reply = order.reply.take().map(|record| record.server_time);
        let returned = order.returned.take().map(|record| record.server_time);
        order.content = String::new();
        order.timeline = Vec::new();
        order.contact = None;
        order.caller.name = String::new();
        order.caller.phone = String::new();
        Self {
            scope: scope.clone(),
            order,
            search,
            finished_at: reply.max(returned),
        }
    }
}

impl Card {
    /// What the person's own work on the order needs of it, should it leave.
    pub(crate) fn seen(&self) -> SeenOrder {
        SeenOrder {
            source_no: self.order.source_no.clone(),
            title: self.order.title.clone(),
            matter: self.order.matter,
            is_review: self.order.is_review,
            received_at: self.order.received_at,
        }
    }
}

/// The cards of the signed-in user, and which orders have drafts.
#[derive(Default)]
pub(crate) struct Board {
    cards: BTreeMap<OrderId, Card>,
    drafted: BTreeSet<OrderId>,
    complete: bool,
}

impl Board {
    /// Read everything a session may see.
    pub(crate) fn load(store: &Store, record: &SessionRecord) -> Result<Self, StoreError> {
        let mut board = Self {
            drafted: store.drafted_orders(&record.user.id)?.into_iter().collect(),
            ..Self::default()
        };
        let copies = store.scopes()?;
        board.complete = record
            .scopes
            .iter()
            .all(|scope| copies.iter().any(|copy| copy.scope == *scope && copy.complete));
        for scope in &record.scopes {
            store.each_order(scope, |order| board.put(scope, order))?;
        }
        Ok(board)
    }

    pub(crate) fn loaded(&self) -> bool {
        self.complete
    }

    /// An order as `scope` shows it. Where two scopes show it, the one with the caller in full wins.
    pub(crate) fn put(&mut self, scope: &ScopeId, order: WorkOrder) {
        let better = self
            .cards
            .get(&order.id)
            .is_some_and(|card| card.scope != *scope && card.scope.shows_callers() && !scope.shows_callers());
        if !better {
            self.cards.insert(order.id.clone(), Card::new(scope, order));
        }
    }

    /// It left the scope; says whether the card was of that scope.
    fn remove(&mut self, scope: &ScopeId, id: &OrderId) -> bool {
        let shown = self.cards.get(id).is_some_and(|card| card.scope == *scope);
        if shown {
            self.cards.remove(id);
        }
        shown
    }

    /// The cards of a scope whose copy was forgotten.
    fn forget(&mut self, scope: &ScopeId) -> Vec<OrderId> {
        let of_scope = |(id, card): (&OrderId, &Card)| (card.scope == *scope).then(|| id.clone());
        let gone: Vec<OrderId> = self.cards.iter().filter_map(of_scope).collect();
        for id in &gone {
            self.cards.remove(id);
        }
        gone
    }

    pub(crate) fn card(&self, id: &OrderId) -> Option<&Card> {
        self.cards.get(id)
    }

    /// Orders with drafts that are not here.
    pub(crate) fn drafted_elsewhere(&self) -> impl Iterator<Item = &OrderId> {
        self.drafted.iter().filter(|id| !self.cards.contains_key(*id))
    }

    /// Note whether an order has a draft; says whether that is news.
    pub(crate) fn set_drafted(&mut self, id: &OrderId, drafted: bool) -> bool {
        if drafted {
            self.drafted.insert(id.clone())
        } else {
            self.drafted.remove(id)
        }
    }
}

impl Engine {
    /// These orders left a scope, and their rows are gone: what the lists show of them goes too, unless another scope
    /// of the person shows them.
    pub(crate) fn orders_left(&mut self, scope: &ScopeId, ids: &[OrderId]) -> Result<(), StoreError> {
        let gone: Vec<OrderId> = ids
            .iter()
            .filter(|id| self.board.remove(scope, id))
            .cloned()
            .collect();
        self.show_in_other_scopes(scope, &gone)
    }

    /// The copy of a scope was forgotten.
    pub(crate) fn scope_forgotten(&mut self, scope: &ScopeId) -> Result<(), StoreError> {
        let gone = self.board.forget(scope);
        self.shelf.forget(scope);
        self.show_in_other_scopes(scope, &gone)
    }

    fn show_in_other_scopes(&mut self, left: &ScopeId, ids: &[OrderId]) -> Result<(), StoreError> {
        self.mark(Topic::Orders);
        // What is unsent says of which order it is, and whether that is still here.
        self.mark(Topic::Outbox);
        let scopes: Vec<ScopeId> = self
            .live
            .iter()
            .flat_map(|live| live.record.scopes.clone())
            .filter(|scope| scope != left)
            .collect();
        for scope in &scopes {
            for id in ids {
                if let Some(order) = self.store()?.order(scope, id)? {
                    self.board.put(scope, order);
                }
            }
        }
        Ok(())
    }

    /// `orders.list`.
    pub(crate) fn list(&self, params: &ListParams) -> OrderList {
        let now = self.server_now();
        let needle = params.search.trim().to_lowercase();
        let mut counts = OrderCounts::default();
        let mut found: Vec<(&Card, OrderState)> = Vec::new();
        for card in self.board.cards.values() {
            let state = self.state_of(&card.order);
            count_tabs(&mut counts, &card.order, state, now);
            if in_tab(params.filter, &card.order, state, now) && card.search.contains(&needle) {
                found.push((card, state));
            }
        }
        found.sort_by_cached_key(|(card, state)| sort_key(card, *state));
        let skip = usize::try_from(params.offset).unwrap_or(usize::MAX);
        let take = usize::try_from(params.limit.clamp(1, PAGE)).unwrap_or(usize::MAX);
        OrderList {
            total: u32::try_from(found.len()).unwrap_or(u32::MAX),
            items: found
                .into_iter()
                .skip(skip)
                .take(take)
                .map(|(card, _)| self.summary(&card.order))
                .collect(),
            counts,
            now,
        }
    }

    /// Where an order stands with this device's own pending commands on top.
    pub(crate) fn state_of(&self, order: &WorkOrder) -> OrderState {
        let Some(role) = self.role() else {
            return order.state;
        };
        let effective = self
            .pending_of(&order.id)
            .filter(|pending| !pending.entry.row.state.is_parked());
        effective.fold(order.state, |state, pending| {
            // What the flow does not allow any more has been overtaken by the received state.
            CommandKind::of_act(&pending.entry.act)
                .and_then(|kind| Flow::standard().apply(state, kind, role).ok())
                .unwrap_or(state)
        })
    }

    /// One row of the list.
    pub(crate) fn summary(&self, order: &WorkOrder) -> OrderSummary {
        let state = self.state_of(order);
        let now = self.server_now();
        let next_due = next_due(order, state);
        let open = || {
            self.pending_of(&order.id)
                .filter(|p| p.entry.row.state != shenhai_sync::RowState::Done)
        };
        OrderSummary {
            id: order.id.clone(),
            channel: order.channel,
            source_no: order.source_no.clone(),
            title: order.title.clone(),
            matter: order.matter,
            category: order.category.clone(),
            urgency: order.urgency,
            state,
            district_name: order.district_name.clone(),
            address: order.address.clone(),
            received_at: order.received_at,
            next_due,
            overdue: is_overdue(next_due, now),
            provisional: order.deadlines.provisional,
            is_review: order.is_review,
            supervised: order.supervised,
            urge_count: order.urge_count,
            unit_name: order.unit_name.clone(),
            handler_name: order.handler_name.clone(),
            pending: crate::engine::count(open()),
            parked: open().any(|pending| pending.entry.row.state.is_parked()),
            has_draft: self.board.drafted.contains(&order.id),
        }
    }
}

fn next_due(order: &WorkOrder, state: OrderState) -> Option<NextDue> {
    match state {
        OrderState::Assigned | OrderState::Accepted => Some(NextDue {
            kind: FormKind::Contact,
            at: order.deadlines.contact_by,
        }),
        OrderState::Contacted => Some(NextDue {
            kind: FormKind::Reply,
            at: order.deadlines.finish_by,
        }),
        OrderState::Replied | OrderState::Returned => None,
    }
}

fn is_overdue(due: Option<NextDue>, now: UnixMillis) -> bool {
    due.is_some_and(|due| due.at < now)
}

fn in_tab(tab: OrderFilter, order: &WorkOrder, state: OrderState, now: UnixMillis) -> bool {
    let due = next_due(order, state);
    match tab {
        OrderFilter::Open => due.is_some(),
        OrderFilter::Overdue => is_overdue(due, now),
        OrderFilter::DueToday => {
            due.is_some_and(|due| shenhai_flow::due_today(due.at, now)) && !is_overdue(due, now)
        }
        OrderFilter::ToAccept => state == OrderState::Assigned,
        OrderFilter::ToContact => state == OrderState::Accepted,
        OrderFilter::Done => due.is_none(),
    }
}

fn count_tabs(counts: &mut OrderCounts, order: &WorkOrder, state: OrderState, now: UnixMillis) {
    let add = |tab, slot: &mut u32| *slot += u32::from(in_tab(tab, order, state, now));
    add(OrderFilter::Open, &mut counts.open);
    add(OrderFilter::Overdue, &mut counts.overdue);
    add(OrderFilter::DueToday, &mut counts.due_today);
    add(OrderFilter::ToAccept, &mut counts.to_accept);
    add(OrderFilter::ToContact, &mut counts.to_contact);
    add(OrderFilter::Done, &mut counts.done);
}

/// Open ones by what is due next, so that the overdue come first; then the finished, the latest first.
fn sort_key(
    card: &Card,
    state: OrderState,
) -> (bool, i64, std::cmp::Reverse<shenhai_protocol::Urgency>, OrderId) {
    let order = &card.order;
    let (finished, at) = match next_due(order, state) {
        Some(due) => (false, due.at.0),
        None => (
            true,
            card.finished_at.unwrap_or(order.received_at).0.saturating_neg(),
        ),
    };
    (finished, at, std::cmp::Reverse(order.urgency), order.id.clone())
}
