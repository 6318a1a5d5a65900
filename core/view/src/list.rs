//! Lists over rows in memory: which tab a row stands in, in which order, and what a search finds.
//!
//! Filters are those that run as SQL over an index too; the order is that of the stored columns, so that both agree.

use crate::index::IndexRow;
use crate::look::Look;
use crate::written::written;
use shenhai_flow::record::Item;
use shenhai_forms::filter::{Stored, stored};
use shenhai_forms::rule::Variables;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::Face;
use shenhai_pack::face::{IndexColumn, ListView, Shows, Tab as TabLaw};
use shenhai_pack::law::{Colour, FactType};
use shenhai_pack::names::{Name, RoleName};
use std::cmp::Ordering;

/// A tab of a list.
#[derive(Debug, Clone, Copy)]
pub struct Tab<'f> {
    /// It.
    pub law: &'f TabLaw,
    /// What people call it.
    pub title: &'f str,
}

/// The lists for somebody with these roles, in the pack's order, with what people call them.
pub fn lists_of<'f>(face: &'f Face, roles: &'f [RoleName]) -> impl Iterator<Item = (&'f ListView, &'f str)> {
    let mine = face
        .lists
        .iter()
        .filter(|list| list.roles.iter().any(|role| roles.contains(role)));
    mine.map(|list| {
        let title = face.texts.get(&format!("list.{}.name", list.id));
        (list, title.unwrap_or(list.id.as_str()))
    })
}

/// The tabs of a list.
pub fn tabs<'f>(face: &'f Face, list: &'f ListView) -> impl Iterator<Item = Tab<'f>> {
    list.tabs.iter().map(|tab| {
        let title = face.texts.get(&format!("list.{}.tab.{}", list.id, tab.id));
        Tab {
            law: tab,
            title: title.unwrap_or(tab.id.as_str()),
        }
    })
}

/// Whether a row stands in a tab; `variables` are [`shenhai_forms::filter::variables`].
#[must_use]
pub fn stands_in(tab: &TabLaw, row: &IndexRow, variables: &Variables, now: Time) -> bool {
    let filter = tab.filter.filter();
    filter.is_some_and(|filter| filter.holds(&row.values, variables, now).unwrap_or(false))
}

/// How two rows follow each other in a list: by its columns, then by id. An absent instant is later than every other, an
/// absent number smaller; colours go from red to green, none last.
#[must_use]
pub fn in_order(list: &ListView, columns: &[IndexColumn], one: &IndexRow, other: &IndexRow) -> Ordering {
    for by in &list.order {
        let Some(column) = columns.iter().find(|column| column.name == by.column.as_str()) else {
            continue;
        };
        let order = key(column, one).cmp(&key(column, other));
        let order = if by.descending { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    one.id.cmp(&other.id)
}

fn key(column: &IndexColumn, row: &IndexRow) -> Option<Stored> {
    if column.shows == Shows::Colour {
        let rank = row.colour.map_or(i64::MAX, |colour| {
            let place = Colour::ALL.iter().position(|(_, known)| *known == colour);
            place
                .and_then(|place| i64::try_from(place).ok())
                .unwrap_or(i64::MAX)
        });
        return Some(Stored::Integer(rank));
    }
    let value = row.values.values.get(&column.name).unwrap_or(&Value::Absent);
    stored(&column.kind, value)
}

/// What a search of a list looks in: the record's id and the list's facts, codes by their labels too, one per line,
/// folded.
#[must_use]
pub fn haystack(look: &Look<'_>, list: &ListView) -> String {
    let mut lines = vec![folded(&look.record.id)];
    for name in &list.search {
        let law = look.kind.fact(name).filter(|law| law.class.is_none());
        let held = look.record.facts.get(name).map(|fact| &fact.item);
        let (Some(law), Some(Item::Plain(value))) = (law, held) else {
            continue;
        };
        if matches!(law.kind, FactType::Code(_))
            && let Some(kind) = law.kind.value_type()
        {
            lines.push(folded(&written(value, &kind, look.around.law)));
        }
        lines.push(folded(&value.to_string()));
    }
    lines.join("\n")
}

/// A text as searches compare it: letters in lower case, full-width forms as the plain ones, nothing between words.
#[must_use]
pub fn folded(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    };
    let plain = text.chars().map(narrow).filter(|c| !c.is_whitespace());
    plain.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn width_case_and_spaces_do_not_matter_to_a_search() {
        assert_eq!(folded("西藏南路８８弄 Ａ座"), "西藏南路88弄a座");
        assert_eq!(folded(" 12345-SH ０１\u{3000}"), "12345-sh01");
    }
}
