//! What a person may follow and do by their roles in packs.
//!
//! Not who has which role (`directory`) and not the hotline's own roles (`crate::access`). Called wherever a session's
//! scopes are asked for: everything not named here is denied.

use super::Shelf;
use shenhai_pack::Kind as KindLaw;
use shenhai_pack::law::{Holding, Origin, Scope as Place, Sight as LawSight, Who};
use shenhai_pack::names::Name;
use shenhai_protocol::{ActName, Depth, Kind, RoleName, Scope, ScopeId, Sight, UserInfo};
use std::collections::{BTreeMap, BTreeSet};

/// How far somebody's roles let them look beyond what they hold themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// What they hold.
    Own,
    /// What their unit holds.
    Unit,
    /// Everything.
    All,
}

#[derive(Default)]
struct Draft {
    kinds: BTreeSet<Kind>,
    acts: BTreeSet<ActName>,
    full: bool,
}

/// Whether somebody has a role in some pack.
pub(crate) fn may_enter(user: &UserInfo, shelf: &Shelf) -> bool {
    !scopes_of(user, shelf).is_empty()
}

/// The scopes somebody's roles give them, by their ids: their own, their unit's where a role acts on what a unit holds,
/// one with a name of its own (`bureau`) where a role acts on everything. Who sees so far in one kind of a pack does in all
/// of them, as far as its sights place records there. Records of older laws are among them.
pub(crate) fn scopes_of(user: &UserInfo, shelf: &Shelf) -> Vec<Scope> {
    let mut scopes: BTreeMap<ScopeId, Draft> = BTreeMap::new();
    for held in shelf.all() {
        let kinds = &held.law.pack().law.kinds;
        let Some(reach) = kinds.values().filter_map(|kind| reach(kind, &user.roles)).max() else {
            continue;
        };
        for (id, kind) in kinds {
            for row in kind.sights.iter().filter(|row| row.sight != LawSight::Absent) {
                let scope = match &row.scope {
                    Place::Person(_) => ScopeId::person(&user.id),
                    Place::Unit { .. } if reach >= Reach::Unit => ScopeId::unit(&user.unit),
                    Place::Named(name) if reach == Reach::All => ScopeId(name.clone()),
                    Place::Unit { .. } | Place::Named(_) | Place::Place(_) => continue,
                };
                let draft = scopes.entry(scope).or_default();
                draft.kinds.insert(held.wire(id));
                draft.acts.extend(acts(kind, &user.roles));
                draft.full |= row.sight == LawSight::Full;
            }
        }
    }
    scopes
        .into_iter()
        .map(|(id, draft)| Scope {
            id,
            kinds: draft.kinds.into_iter().collect(),
            sight: if draft.full { Sight::Full } else { Sight::Masked },
            acts: draft.acts.into_iter().collect(),
            depth: Depth::Full,
        })
        .collect()
}

/// The acts of a kind that some of these roles may do.
fn acts<'k>(kind: &'k KindLaw, roles: &'k [RoleName]) -> impl Iterator<Item = ActName> + 'k {
    let mine = |who: &Who| matches!(who, Who::Role { role, .. } if has(roles, role.as_str()));
    let rows = kind.acts.iter().filter(move |row| row.who.iter().any(mine));
    rows.map(|row| row.id.as_str().into())
}

/// How far these roles reach in a kind; `None` where they have nothing to do with it. What somebody may do before a record
/// is there says nothing about whose records they see.
fn reach(kind: &KindLaw, roles: &[RoleName]) -> Option<Reach> {
    let rows = kind.acts.iter().flat_map(|row| {
        let opens = row.from == Origin::Nothing;
        row.who.iter().map(move |who| (opens, who))
    });
    rows.filter_map(|(opens, who)| match who {
        Who::Role { role, holding } if has(roles, role.as_str()) => Some(match holding {
            _ if opens => Reach::Own,
            Holding::Seat(_) => Reach::Own,
            Holding::UnitOf(_) => Reach::Unit,
            Holding::Any => Reach::All,
        }),
        _ => None,
    })
    .max()
}

fn has(roles: &[RoleName], role: &str) -> bool {
    roles.iter().any(|own| own.as_str() == role)
}
