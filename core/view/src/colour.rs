//! In which colour a record stands, and when that changes by itself.

use crate::look::Look;
use shenhai_flow::fold::moment;
use shenhai_forms::rule::{Scene, Variables};
use shenhai_forms::value::Time;
use shenhai_pack::Formula;
use shenhai_pack::law::Colour;

/// Its colour now, and the later instants from which some row of `colours.csv` holds.
pub(crate) fn colour(look: &Look<'_>) -> (Option<Colour>, Vec<Time>) {
    let now = look.around.now;
    let mut found = None;
    let mut later = Vec::new();
    for row in &look.kind.colours {
        if !holds(look, &row.when) {
            continue;
        }
        let from = match &row.from {
            None => Some(now),
            Some(from) => moment(from, &look.view(), look.around.calendar),
        };
        match from {
            Some(from) if from <= now => {
                found = Some(found.map_or(row.colour, |held: Colour| held.min(row.colour)));
            }
            Some(from) => later.push(from),
            None => {}
        }
    }
    (found, later)
}

pub(crate) fn holds(look: &Look<'_>, formula: &Formula) -> bool {
    let view = look.view();
    let variables = Variables::new();
    let scene = Scene {
        record: &view,
        form: None,
        row: None,
        variables: &variables,
        now: look.around.now,
    };
    formula
        .rule()
        .is_some_and(|rule| rule.holds(&scene).unwrap_or(false))
}

/// A colour's spelling.
pub(crate) fn word(colour: Colour) -> &'static str {
    let mut all = Colour::ALL.iter();
    all.find(|(_, found)| *found == colour)
        .map_or("", |(word, _)| word)
}
