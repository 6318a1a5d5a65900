//! What a role may do: one table, everything not in it is denied.
//!
//! Not who has the role (`directory`). Called by sign-in and by every endpoint that needs a session.

use crate::law;
use crate::packs::{self, Shelf};
use crate::store::Showing;
use shenhai_flow::Flow;
use shenhai_protocol::{
    Action, Depth, OrderId, Role, Scope, ScopeId, Sight, UnitId, UnixMillis, UserInfo, WorkOrder,
};

/// The pages, each with its own roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum App {
    Hotline,
    Desk,
    /// Records of packs, whatever they are.
    Cases,
}

impl App {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "hotline" => Some(Self::Hotline),
            "desk" => Some(Self::Desk),
            "cases" => Some(Self::Cases),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hotline => "hotline",
            Self::Desk => "desk",
            Self::Cases => "cases",
        }
    }
}

/// The page of a role.
pub(crate) fn page_of(role: Role) -> App {
    match role {
        Role::Handler => App::Hotline,
        Role::UnitReviewer | Role::BureauReviewer | Role::Administrator => App::Desk,
    }
}

pub(crate) fn may_enter(app: App, user: &UserInfo, shelf: &Shelf) -> bool {
    match app {
        App::Cases => packs::may_enter(user, shelf),
        App::Hotline | App::Desk => page_of(user.role) == app,
    }
}

pub(crate) fn may_push(user: &UserInfo, shelf: &Shelf) -> bool {
    Flow::standard().has_acts_for(user.role) || packs::may_enter(user, shelf)
}

/// Who gives orders to other people, and therefore sees who there is.
pub(crate) fn may_reassign(role: Role) -> bool {
    matches!(role, Role::UnitReviewer | Role::BureauReviewer)
}

/// Whether somebody may give an order to a person of that unit.
pub(crate) fn may_give_to(user: &UserInfo, unit: &UnitId) -> bool {
    match user.role {
        Role::BureauReviewer => true,
        Role::UnitReviewer => user.unit == *unit,
        Role::Handler | Role::Administrator => false,
    }
}

/// A case leaves the system with everybody's names in it: a reviewer's business.
pub(crate) fn may_export(role: Role) -> bool {
    matches!(role, Role::UnitReviewer | Role::BureauReviewer)
}

pub(crate) fn may_manage_devices(role: Role) -> bool {
    role == Role::Administrator
}

/// What a signed grant says about a role: the same answers as the functions above.
pub(crate) fn actions_of(user: &UserInfo, shelf: &Shelf) -> Vec<Action> {
    let (role, works) = (user.role, packs::may_enter(user, shelf));
    Action::ALL
        .iter()
        .copied()
        .filter(|action| match action {
            Action::ReadOrders => role != Role::Administrator || works,
            Action::ReadProofs => role != Role::Administrator,
            Action::SubmitCommands => may_push(user, shelf),
            Action::ManageDevices => may_manage_devices(role),
        })
        .collect()
}

/// What somebody may follow, and what they may do there: by the role at the hotline, and by those in packs.
pub(crate) fn scopes_of(user: &UserInfo, shelf: &Shelf) -> Vec<Scope> {
    let mut scopes = of_hotline(user);
    for more in packs::scopes_of(user, shelf) {
        let Some(known) = scopes.iter_mut().find(|scope| scope.id == more.id) else {
            scopes.push(more);
            continue;
        };
        known.kinds.extend(more.kinds);
        let new = more.acts.into_iter().filter(|act| !known.acts.contains(act));
        let new: Vec<_> = new.collect();
        known.acts.extend(new);
    }
    scopes
}

fn of_hotline(user: &UserInfo) -> Vec<Scope> {
    let (id, sight) = match user.role {
        Role::Handler => (ScopeId::person(&user.id), Sight::Full),
        Role::UnitReviewer => (ScopeId::unit(&user.unit), Sight::Masked),
        Role::BureauReviewer => (ScopeId::bureau(), Sight::Masked),
        Role::Administrator => return Vec::new(),
    };
    let acts = Flow::standard().acts_of(user.role).into_iter();
    vec![Scope {
        id,
        kinds: vec![law::orders()],
        sight,
        acts: acts.map(|kind| kind.act().into()).collect(),
        depth: Depth::Full,
    }]
}

/// Their ids.
pub(crate) fn ids_of(scopes: &[Scope]) -> Vec<ScopeId> {
    scopes.iter().map(|scope| scope.id.clone()).collect()
}

/// Every scope an order appears in, sorted: scopes are always locked in this order.
pub(crate) fn scopes_of_order(order: &WorkOrder, now: UnixMillis) -> Vec<Showing> {
    let stays = closed_at(order).map(|at| at.plus(Flow::standard().closed_millis()));
    let of_handler = Showing {
        scope: ScopeId::person(&order.handler),
        until: stays,
    };
    let mut showings = vec![
        Showing::for_good(ScopeId::unit(&order.unit)),
        Showing::for_good(ScopeId::bureau()),
    ];
    if of_handler.until.is_none_or(|until| now < until) {
        showings.push(of_handler);
    }
    showings.sort_by(|a, b| a.scope.cmp(&b.scope));
    showings
}

/// Whether `scope` shows the order.
pub(crate) fn is_shown_in(order: &WorkOrder, scope: &ScopeId, now: UnixMillis) -> bool {
    scopes_of_order(order, now)
        .iter()
        .any(|showing| showing.scope == *scope)
}

/// When an order that is done was done.
fn closed_at(order: &WorkOrder) -> Option<UnixMillis> {
    if !Flow::standard().is_final(order.state) {
        return None;
    }
    let replied = order.reply.as_ref().map(|record| record.server_time);
    let returned = order.returned.as_ref().map(|record| record.server_time);
    replied.max(returned)
}

pub(crate) fn order_id(channel: shenhai_protocol::Channel, source_no: &str) -> OrderId {
    OrderId(format!("{}-{source_no}", channel.number()))
}
