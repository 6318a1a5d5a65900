//! What a role may do: one table, everything not in it is denied.
//!
//! Not who has the role (`directory`). Called by sign-in and by every endpoint that needs a session.

use shenhai_protocol::{Action, OrderId, Role, ScopeId, UserInfo, WorkOrder};

/// The two pages, each with its own roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum App {
    Hotline,
    Desk,
}

impl App {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "hotline" => Some(Self::Hotline),
            "desk" => Some(Self::Desk),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hotline => "hotline",
            Self::Desk => "desk",
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

pub(crate) fn may_enter(app: App, role: Role) -> bool {
    page_of(role) == app
}

pub(crate) fn may_push(role: Role) -> bool {
    role == Role::Handler
}

/// A case leaves the system with everybody's names in it: a reviewer's business.
pub(crate) fn may_export(role: Role) -> bool {
    matches!(role, Role::UnitReviewer | Role::BureauReviewer)
}

pub(crate) fn may_manage_devices(role: Role) -> bool {
    role == Role::Administrator
}

/// What a signed grant says about a role: the same answers as the functions above.
pub(crate) fn actions_of(role: Role) -> Vec<Action> {
    Action::ALL
        .iter()
        .copied()
        .filter(|action| match action {
            Action::ReadOrders | Action::ReadProofs => role != Role::Administrator,
            Action::SubmitCommands => may_push(role),
            Action::ManageDevices => may_manage_devices(role),
        })
        .collect()
}

/// What somebody may follow.
pub(crate) fn scopes_of(user: &UserInfo) -> Vec<ScopeId> {
    match user.role {
        Role::Handler => vec![ScopeId::handler(&user.id)],
        Role::UnitReviewer => vec![ScopeId::unit(&user.unit)],
        Role::BureauReviewer => vec![ScopeId::bureau()],
        Role::Administrator => Vec::new(),
    }
}

/// Every scope an order appears in, sorted: scopes are always locked in this order.
pub(crate) fn scopes_of_order(order: &WorkOrder) -> Vec<ScopeId> {
    let mut scopes = vec![
        ScopeId::handler(&order.handler),
        ScopeId::unit(&order.unit),
        ScopeId::bureau(),
    ];
    scopes.sort();
    scopes
}

pub(crate) fn order_id(channel: shenhai_protocol::Channel, source_no: &str) -> OrderId {
    OrderId(format!("{}-{source_no}", channel.number()))
}
