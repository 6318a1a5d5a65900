//! What an act asks of the directory and the counters as it is committed: the product's closed list of questions.
//!
//! Not when they are asked (`commit`). An answer stands in the receipt, so that everybody folds alike.

use crate::directory::Directory;
use crate::packs::Held;
use crate::store::{Rows, StoreError};
use shenhai_flow::fold::{Asked, Inquiry};
use shenhai_forms::value::Value;
use shenhai_pack::Kind;
use shenhai_pack::law::{Holding, Question, Who};
use shenhai_pack::names::Name;
use shenhai_protocol::{UnitId, UserId, UserInfo};
use std::collections::BTreeMap;

/// Numbers that an act takes of series, used up when it is committed.
pub(crate) type Numbers = BTreeMap<String, u64>;

/// The answer; `None` where there is none.
pub(crate) fn answer(
    rows: &Rows<'_>,
    directory: &Directory,
    held: &Held,
    kind: &Kind,
    inquiry: &Inquiry,
    numbers: &mut Numbers,
) -> Result<Option<Asked>, StoreError> {
    let about = |nth: usize| match inquiry.about.get(nth) {
        Some(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let person = |user: &UserInfo| Asked {
        value: user.id.0.clone(),
        unit: Some(user.unit.0.clone()),
    };
    Ok(match inquiry.question {
        Question::Person => about(0)
            .and_then(|id| directory.user(&UserId(id.to_owned())))
            .map(person),
        Question::LeastBusy => match about(0) {
            Some(unit) => least_busy(rows, directory, kind, &UnitId(unit.to_owned()))?.map(person),
            None => None,
        },
        Question::UnitOf => {
            let (place, matter) = (about(0).unwrap_or_default(), about(1).unwrap_or_default());
            directory.unit_for(matter, place).map(|unit| Asked {
                value: unit.0,
                unit: None,
            })
        }
        Question::Number => {
            let Some(series) = about(0) else {
                return Ok(None);
            };
            let name = format!("{}/{series}", held.id());
            let last = match numbers.get(&name) {
                Some(last) => *last,
                None => rows.last_of_series(&name)?,
            };
            numbers.insert(name, last + 1);
            Some(Asked {
                value: format!("{series}-{}", last + 1),
                unit: None,
            })
        }
    })
}

/// Of the people of a unit who can do something with a record of the kind that they hold, the one who holds the fewest open
/// records; among equals the first by id.
fn least_busy<'d>(
    rows: &Rows<'_>,
    directory: &'d Directory,
    kind: &Kind,
    unit: &UnitId,
) -> Result<Option<&'d UserInfo>, StoreError> {
    let works = |user: &UserInfo| {
        kind.acts.iter().flat_map(|row| &row.who).any(|who| {
            matches!(who, Who::Role { role, holding: Holding::Seat(_) }
                if user.roles.iter().any(|own| own.as_str() == role.as_str()))
        })
    };
    let mut chosen: Option<(u64, &UserInfo)> = None;
    for user in directory.people_of(unit).filter(|user| works(user)) {
        let load = rows.load_of(user.id.as_str())?;
        if chosen.is_none_or(|(least, _)| load < least) {
            chosen = Some((load, user));
        }
    }
    Ok(chosen.map(|(_, user)| user))
}
