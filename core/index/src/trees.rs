//! Which B-trees a kind gets: one per order and tab of its lists, shared where they are the same.
//!
//! A tab whose filter looks at columns alone gets a tree of its rows only, so that its first page is the tree's first
//! entries however many rows stand elsewhere. A filter that looks at who asks or at the clock goes through the tree of all
//! rows in its order.

use shenhai_forms::filter::{Sql, Stored, variables};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::Formula;
use shenhai_pack::face::{IndexColumn, ListView, OrderBy, Shows};
use shenhai_pack::law::Colour;
use shenhai_pack::names::Name;
use std::fmt::Write as _;

/// Columns of a kind's table besides its id.
pub const MOST_COLUMNS: usize = 24;

/// B-trees of a kind's table besides those of its id and of what changes by itself.
pub const MOST_TREES: usize = 6;

/// The place of a colour in an order, beside the column that names it: red first, none last.
pub(crate) const COLOUR_RANK: &str = "colour.rank";

/// What stands in [`COLOUR_RANK`].
pub(crate) fn rank(colour: &Value) -> i64 {
    let word = colour.to_string();
    let place = Colour::ALL.iter().position(|(known, _)| *known == word);
    place
        .and_then(|place| i64::try_from(place).ok())
        .unwrap_or(i64::MAX)
}

/// One column of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) column: String,
    pub(crate) descending: bool,
}

/// A B-tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) order: Vec<By>,
    /// The condition on its rows as SQL without parameters; empty for all.
    pub(crate) of: String,
}

/// The order of a list as its trees keep it.
pub(crate) fn order(list: &ListView, columns: &[IndexColumn]) -> Vec<By> {
    let by = |by: &OrderBy| {
        let column = columns.iter().find(|column| column.name == by.column.as_str())?;
        let name = match column.shows {
            Shows::Colour => COLOUR_RANK,
            _ => &column.name,
        };
        Some(By {
            column: name.to_owned(),
            descending: by.descending,
        })
    };
    list.order.iter().filter_map(by).collect()
}

/// The trees of a kind's lists, the first of the file first, at most [`MOST_TREES`].
pub(crate) fn trees(lists: &[&ListView], columns: &[IndexColumn]) -> Vec<Tree> {
    let mut trees: Vec<Tree> = Vec::new();
    for list in lists {
        let order = order(list, columns);
        let tabs = list.tabs.iter().map(|tab| fixed(&tab.filter).unwrap_or_default());
        // The whole list is what a search without a hit in the pairs goes through.
        for of in tabs.chain([String::new()]) {
            let tree = Tree {
                order: order.clone(),
                of,
            };
            if trees.len() < MOST_TREES && !trees.contains(&tree) {
                trees.push(tree);
            }
        }
    }
    trees
}

/// The condition of a filter that looks at columns alone, without parameters; `None` of any other.
pub(crate) fn fixed(formula: &Formula) -> Option<String> {
    let filter = formula.filter()?;
    // Whoever asks, whenever: what depends on that comes out differently.
    let one = filter.sql(&variables("a", "a", Time::new(0)?));
    let other = filter.sql(&variables("b", "b", Time::new(86_400_000)?));
    (one == other).then(|| inlined(&one))
}

/// A condition with its parameters written out. They are codes, figures and texts of the law.
fn inlined(sql: &Sql) -> String {
    let mut out = String::with_capacity(sql.text.len());
    let mut rest = sql.text.as_str();
    while let Some((before, after)) = rest.split_once('?') {
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = after.split_at(digits);
        let nth = number
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        match nth.and_then(|nth| sql.parameters.get(nth)) {
            Some(Stored::Integer(figure)) => {
                let written = write!(out, "{figure}");
                debug_assert!(written.is_ok());
            }
            Some(Stored::Text(text)) => {
                out.push('\'');
                out.push_str(&text.replace('\'', "''"));
                out.push('\'');
            }
            None => out.push_str("NULL"),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
