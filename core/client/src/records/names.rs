//! Names between the wire, where they are texts, and the law, where each is its own type; and what a grant lets be done.

use crate::engine::{Engine, Live};
use crate::failure::Failure;
use shenhai_flow::fold::{Actor, Code, Refusal};
use shenhai_forms::value::Time;
use shenhai_pack::names::{KindId, Name, PackId, RoleName as RoleId};
use shenhai_protocol::{
    AccessGrant, Action, ErrorCode, Kind, OrderId, RecordRef, RoleName, ScopeId, Sight, UnixMillis,
};
use shenhai_replay::code_of;
pub(super) use shenhai_replay::{law_ref, pack_ref, split_kind as parts};
use shenhai_view::Names;
use std::collections::BTreeSet;

/// A record by kind and id, in an order.
pub(super) type Key = (Kind, OrderId);

pub(super) fn key_of(record: &RecordRef) -> Key {
    (record.kind.clone(), record.id.clone())
}

pub(super) fn record_ref(key: &Key) -> RecordRef {
    RecordRef {
        kind: key.0.clone(),
        id: key.1.clone(),
    }
}

pub(super) fn kind_name(pack: &PackId, kind: &KindId) -> Kind {
    Kind(format!("{pack}.{kind}"))
}

pub(super) const NOT_HERE: Failure = Failure::Refused(ErrorCode::NotFound, "no such record on this device");
pub(super) const NO_PACK: Failure =
    Failure::Refused(ErrorCode::PackMissing, "the pack is not on this device");

/// What the fold refuses, as the gateway's receipt would call it.
pub(super) fn refused(refusal: &Refusal) -> Failure {
    let why = match refusal.code {
        Code::Guard => "a guard of the law says no",
        Code::Form => "the answers do not pass",
        _ => "the fold refuses the act",
    };
    Failure::Refused(code_of(refusal.code), why)
}

/// An instant of the years 1 to 9999.
pub(super) fn time(at: UnixMillis) -> Result<Time, Failure> {
    Time::new(at.0).ok_or(Failure::Refused(
        ErrorCode::ClockOutOfRange,
        "the clock is outside the calendar",
    ))
}

/// Whether the grant lets an act be done to records of a kind that show in a scope.
pub(super) fn granted(grant: &AccessGrant, scope: &ScopeId, kind: &Kind, act: &str) -> bool {
    let named = grant.scopes.iter().find(|named| named.id == *scope);
    named.is_some_and(|named| named.kinds.contains(kind)) && grant.allows(scope, act)
}

impl Live {
    /// The roles of the signed-in person in packs.
    pub(super) fn roles(&self) -> Vec<RoleName> {
        self.record.user.roles.clone()
    }

    pub(super) fn role_ids(&self) -> Vec<RoleId> {
        let roles = self.roles();
        roles
            .iter()
            .filter_map(|role| RoleId::parse(role.as_str()))
            .collect()
    }

    /// The person in one of their roles, as the fold knows them.
    pub(super) fn actor(&self, kind: &Kind, role: &RoleName) -> Option<Actor> {
        let user = &self.record.user;
        let scopes: BTreeSet<String> = self
            .grant
            .iter()
            .flat_map(|grant| &grant.scopes)
            .filter(|scope| scope.kinds.contains(kind))
            .map(|scope| scope.id.0.clone())
            .collect();
        Some(Actor::Person {
            user: user.id.0.clone(),
            unit: user.unit.0.clone(),
            role: RoleId::parse(role.as_str())?,
            scopes,
        })
    }

    /// The first of these scopes in which the person may do the act.
    pub(super) fn scope_for<'s>(
        &self,
        scopes: impl IntoIterator<Item = &'s ScopeId>,
        kind: &Kind,
        act: &str,
    ) -> Option<&'s ScopeId> {
        let grant = self.grant.as_ref().filter(|_| self.may(Action::SubmitCommands))?;
        scopes.into_iter().find(|scope| granted(grant, scope, kind, act))
    }

    /// Where the person may open records of a kind by an act.
    pub(super) fn opening_scope(&self, kind: &Kind, act: &str) -> Option<ScopeId> {
        self.scope_for(&self.record.scopes, kind, act).cloned()
    }

    pub(super) fn sees_all(&self, scope: &ScopeId) -> bool {
        let scopes = self.grant.iter().flat_map(|grant| &grant.scopes);
        scopes
            .filter(|named| named.id == *scope)
            .any(|named| named.sight == Sight::Full)
    }

    /// Whether the grant names records of packs at all.
    pub(super) fn works_with_packs(&self) -> bool {
        let scopes = self.grant.iter().flat_map(|grant| &grant.scopes);
        scopes
            .flat_map(|scope| &scope.kinds)
            .any(|kind| !crate::letter::is_order(kind))
    }
}

impl Engine {
    pub(super) fn time_now(&self) -> Result<Time, Failure> {
        time(self.server_now())
    }

    /// Who is known on this device.
    pub(super) fn names(&self) -> Names {
        let users = self.live.iter().map(|live| &live.record.user);
        let names = users.flat_map(|user| {
            [
                (user.id.0.clone(), user.name.clone()),
                (user.unit.0.clone(), user.unit_name.clone()),
            ]
        });
        let told = self.shelf.names.clone().into_iter();
        told.chain(names.filter(|(_, name)| !name.is_empty())).collect()
    }
}
