//! What a rule can cost at most, from the bounds of the schema. The evaluator counts the same units, so this is also
//! its fuel.
//!
//! Not here: how long a unit takes.
//! Called by the checker.

use super::ir::{Hop, Ir, Place};

/// The most one expression may cost. A condition over all rows of rows of a form (200 × 200), or over all rows of a table
/// within one over all links (300 × 200), is allowed; one level more is not.
pub const MAX_COST: u64 = 1_000_000;

/// The most a value can cost: one unit for each node of the expression each time it is evaluated, one for each row that
/// is looked at.
pub(crate) fn cost(ir: &Ir) -> u64 {
    let all = |parts: &[Ir]| parts.iter().map(cost).fold(0, u64::saturating_add);
    let inner = match ir {
        Ir::Const(_) | Ir::Variable { .. } | Ir::Now | Ir::Steps(_) | Ir::LastStep { .. } => 0,
        Ir::Value(place) | Ir::Has(place) | Ir::Count(place) | Ir::Sum(place) | Ir::Last(place) => {
            cost_of_rows(place)
        }
        Ir::Extreme { of, .. } => cost_of_rows(of),
        Ir::Pick { of, .. } | Ir::And(of) | Ir::Or(of) | Ir::Coalesce(of) | Ir::Concat(of) => all(of),
        Ir::Not(of)
        | Ir::Negate(of)
        | Ir::Absolute(of)
        | Ir::Round { of, .. }
        | Ir::Spelling(of)
        | Ir::Split(of)
        | Ir::CountSelected(of)
        | Ir::Length(of)
        | Ir::LookUp { code: of, .. }
        | Ir::DateOf(of)
        | Ir::Span { of, .. }
        | Ir::FormatDate { of, .. } => cost(of),
        Ir::Compare { left, right, .. } => cost(left).saturating_add(cost(right)),
        Ir::Quotient { over, by, .. } => cost(over).saturating_add(cost(by)),
        Ir::Selected { codes, code } => cost(codes).saturating_add(cost(code)),
        Ir::Arithmetic { first, rest } => rest
            .iter()
            .map(|(_, operand)| cost(operand))
            .fold(cost(first), u64::saturating_add),
        Ir::If(parts) => all(parts.as_slice()),
        Ir::StartsWith(both) | Ir::Contains(both) | Ir::AddMonths(both) => all(both.as_slice()),
    };
    inner.saturating_add(1)
}

/// The most it can cost to go through all rows of a place.
pub(crate) fn cost_of_rows(place: &Place) -> u64 {
    let (mut visits, mut total) = (1_u64, 0_u64);
    for hop in &place.hops {
        let each = match hop {
            Hop::Into(_) => 1,
            Hop::Each { most, only, .. } => {
                visits = visits.saturating_mul(u64::from(*most));
                only.iter().map(cost).fold(1, u64::saturating_add)
            }
        };
        total = total.saturating_add(visits.saturating_mul(each));
    }
    total
}
