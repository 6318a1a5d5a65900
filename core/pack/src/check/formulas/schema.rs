//! A kind's facts, lists and forms as the names that formulas may say.
//!
//! Not the names' meaning, which is the language's. Called by the check of formulas alone.

use super::super::Scene;
use crate::face::{CATEGORY_LIST, COLOUR_LIST, STATE_LIST};
use crate::law::{Answer, Class, CodeList, Colour, Fact, FactType, Form};
use crate::names::Name;
use shenhai_forms::schema::{CodeList as Codes, Field, Group, Schema, SchemaError};
use shenhai_forms::value::{Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn field(kind: &FactType, class: Option<Class>) -> Option<Field> {
    Some(Field::Value {
        kind: kind.value_type()?,
        class: class.map(|class| class.word().to_owned()),
    })
}

fn group<'f>(fields: impl Iterator<Item = (&'f str, Option<Field>)>) -> Result<Group, SchemaError> {
    let mut group = Group::new();
    for (name, field) in fields {
        if let Some(field) = field.filter(|_| group.get(name).is_none()) {
            group.add(name, field)?;
        }
    }
    Ok(group)
}

fn columns(columns: &[Fact]) -> Result<Group, SchemaError> {
    group(
        columns
            .iter()
            .map(|column| (column.name.as_str(), field(&column.kind, column.class))),
    )
}

/// The answers of a form.
pub(super) fn answers(form: &Form) -> Result<Group, SchemaError> {
    fn fields(answers: &[Answer]) -> Result<Group, SchemaError> {
        let mut all = Vec::new();
        for answer in answers {
            let found = match answer.kind {
                FactType::Table => Some(Field::Rows {
                    columns: fields(&answer.columns)?,
                    most: shenhai_forms::schema::MAX_ROWS,
                }),
                _ => field(&answer.kind, answer.class),
            };
            all.push((answer.name.as_str(), found));
        }
        group(all.into_iter())
    }
    fields(&form.answers)
}

/// The lists of a pack, with the columns that `lookup` reads.
pub(super) fn lists(law: &crate::Law) -> Result<BTreeMap<String, Arc<Codes>>, SchemaError> {
    law.lists
        .iter()
        .map(|(id, list)| Ok((id.to_string(), Arc::new(self::list(list)?))))
        .collect()
}

fn list(list: &CodeList) -> Result<Codes, SchemaError> {
    let kind = |kind: crate::law::CellType| match kind {
        crate::law::CellType::Text => Type::Text,
        crate::law::CellType::Int => Type::Int,
        crate::law::CellType::Decimal(scale) => Type::Decimal { scale },
    };
    let mut columns: BTreeMap<String, Type> = list
        .columns
        .iter()
        .map(|(name, cell)| (name.to_string(), kind(*cell)))
        .collect();
    let mut codes = Codes::new(
        columns
            .clone()
            .into_iter()
            .chain([("label".to_owned(), Type::Text)]),
    );
    columns.insert("label".to_owned(), Type::Text);
    for (code, row) in &list.codes {
        let mut cells: BTreeMap<String, Value> = BTreeMap::new();
        cells.insert("label".to_owned(), Value::text(row.label.clone()));
        for (name, text) in &row.cells {
            let value = columns
                .get(name.as_str())
                .and_then(|kind| Value::read(kind, text).ok());
            cells.extend(value.map(|value| (name.to_string(), value)));
        }
        codes.add(code, cells)?;
    }
    Ok(codes)
}

/// A name that is there twice was found where it is declared; the first one counts.
fn first<T>(added: Result<T, SchemaError>) -> Result<(), SchemaError> {
    match added {
        Ok(_) | Err(SchemaError::Twice(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn states(scene: Scene<'_>) -> Result<Codes, SchemaError> {
    let names: BTreeSet<_> = scene
        .kind
        .states
        .iter()
        .map(|state| state.id.to_string())
        .collect();
    Codes::of_codes(names)
}

/// What a rule of a kind may say, forms, rows and variables left aside.
pub(super) fn record(scene: Scene<'_>, lists: &BTreeMap<String, Arc<Codes>>) -> Result<Schema, SchemaError> {
    let kind = scene.kind;
    let mut schema = Schema::new(
        states(scene)?,
        Codes::of_codes(kind.act_names().into_iter().map(ToString::to_string))?,
        Codes::of_codes(scene.links().keys().map(ToString::to_string))?,
        &gives(scene)?,
    )?;
    for (name, list) in lists {
        first(schema.list(name, Arc::clone(list)))?;
    }
    for fact in &kind.facts {
        let (name, class) = (fact.name.as_str(), fact.class.map(Class::word));
        match fact.kind.value_type() {
            Some(of) => first(schema.fact(name, of, class))?,
            None if fact.kind == FactType::Table => first(schema.table(name, columns(&fact.columns)?))?,
            None => {}
        }
    }
    for seat in &kind.seats {
        first(schema.seat(seat.id.as_str()))?;
    }
    for clock in &kind.clocks {
        first(schema.clock(clock.id.as_str()))?;
    }
    Ok(schema)
}

/// What its links show of the records they lead to.
fn gives(scene: Scene<'_>) -> Result<Group, SchemaError> {
    let mut fields = Vec::new();
    let foreign = |of: &crate::law::KindRef| scene.links().values().any(|kind| *kind == of);
    for expected in scene
        .pack
        .law
        .expects
        .iter()
        .filter(|expected| foreign(&expected.of))
    {
        fields.push((expected.name.as_str(), field(&expected.kind, None)));
    }
    for other in scene.links().values().filter_map(|kind| scene.own(kind)) {
        let own = &scene.pack.manifest.id;
        let mine = |who: &crate::law::KindRef| {
            who.kind == *scene.id && who.pack.as_ref().is_none_or(|pack| pack == own)
        };
        for name in other
            .kind
            .contracts
            .iter()
            .filter(|row| mine(&row.who))
            .flat_map(|row| &row.gives)
        {
            if let Some(fact) = other.kind.fact(name) {
                fields.push((fact.name.as_str(), field(&fact.kind, fact.class)));
            }
        }
    }
    group(fields.into_iter())
}

/// The columns that a filter of a kind's lists may say.
pub(super) fn index(scene: Scene<'_>, lists: &BTreeMap<String, Arc<Codes>>) -> Result<Schema, SchemaError> {
    let nameable = scene.pack.nameable(scene.id);
    let fields = nameable
        .iter()
        .map(|column| (column.name.as_str(), Some(Field::of(column.kind.clone()))));
    let columns = group(fields)?;
    let mut known = lists.clone();
    known.insert(STATE_LIST.to_owned(), Arc::new(states(scene)?));
    let categories = Codes::of_codes(shenhai_forms::schema::CATEGORIES)?;
    known.insert(CATEGORY_LIST.to_owned(), Arc::new(categories));
    let colours = Codes::of_codes(Colour::ALL.map(|(word, _)| word))?;
    known.insert(COLOUR_LIST.to_owned(), Arc::new(colours));
    Ok(Schema::of_columns(columns, known))
}
