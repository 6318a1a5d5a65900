//! What a look at a record yields, in the shapes of the waist.

use crate::rpc;
use shenhai_forms::value::Time;
use shenhai_pack::law::{Category, Colour, FactType};
use shenhai_protocol::UnixMillis;
use shenhai_view as view;

pub(super) fn at(time: Time) -> UnixMillis {
    UnixMillis(time.millis())
}

pub(super) fn category(category: Category) -> rpc::CategoryView {
    match category {
        Category::New => rpc::CategoryView::New,
        Category::Active => rpc::CategoryView::Active,
        Category::Waiting => rpc::CategoryView::Waiting,
        Category::Done => rpc::CategoryView::Done,
        Category::Void => rpc::CategoryView::Void,
    }
}

pub(super) fn colour(colour: Colour) -> rpc::Colour {
    match colour {
        Colour::Red => rpc::Colour::Red,
        Colour::Yellow => rpc::Colour::Yellow,
        Colour::Blue => rpc::Colour::Blue,
        Colour::Green => rpc::Colour::Green,
    }
}

pub(super) fn labelled(one: view::Labelled) -> rpc::Labelled {
    rpc::Labelled {
        name: one.name,
        label: one.label,
        text: one.text,
        masked: one.masked,
    }
}

pub(super) fn all_labelled(all: Vec<view::Labelled>) -> Vec<rpc::Labelled> {
    all.into_iter().map(labelled).collect()
}

pub(super) fn due(due: view::Due) -> rpc::DueView {
    rpc::DueView {
        label: due.label,
        at: at(due.at),
        late: due.late,
    }
}

pub(super) fn table(table: view::Table) -> rpc::TableView {
    rpc::TableView {
        label: table.label,
        columns: table.columns,
        rows: table.rows,
    }
}

pub(super) fn choice(choice: view::Choice) -> rpc::Choice {
    rpc::Choice {
        code: choice.code,
        label: choice.label,
    }
}

/// The questions of a form. Marks are no question.
pub(super) fn fields(fields: Vec<view::Field>) -> Vec<rpc::Field> {
    fields.into_iter().filter_map(field).collect()
}

fn field(field: view::Field) -> Option<rpc::Field> {
    let (field_type, scale) = match field.kind {
        FactType::Text => (rpc::FieldType::Text, 0),
        FactType::Code(_) => (rpc::FieldType::Code, 0),
        FactType::Codes(_) => (rpc::FieldType::Codes, 0),
        FactType::Int => (rpc::FieldType::Int, 0),
        FactType::Decimal(scale) => (rpc::FieldType::Decimal, u32::from(scale)),
        FactType::Bool => (rpc::FieldType::Bool, 0),
        FactType::Date => (rpc::FieldType::Date, 0),
        FactType::Time => (rpc::FieldType::Time, 0),
        FactType::Point(_) => (rpc::FieldType::Point, 0),
        FactType::File => (rpc::FieldType::File, 0),
        FactType::Table => (rpc::FieldType::Table, 0),
        FactType::Marks => return None,
    };
    Some(rpc::Field {
        name: field.name,
        label: field.label,
        field_type,
        scale,
        required: field.required,
        personal: field.personal,
        choices: field.choices.into_iter().map(choice).collect(),
        columns: fields(field.columns),
    })
}
