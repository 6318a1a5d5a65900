//! The section "The language" of docs/packs.md: its examples are run, and every function has one.

use shenhai_forms::rule::{FUNCTIONS, Node, Record, Rule, Scene, Slot, Tree, Variables};
use shenhai_forms::schema::{CodeList, Field, Group, Schema};
use shenhai_forms::value::{Time, Type, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The rows of the table with this head, each as its cells without code marks.
fn table(head: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/packs.md");
    let manual = std::fs::read_to_string(path).expect("the manual is in the repository");
    let rows: Vec<_> = manual
        .lines()
        .skip_while(|line| *line != head)
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line[1..].trim_end().strip_suffix('|').unwrap_or(line).split('|');
            cells
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect();
    assert!(!rows.is_empty(), "the manual has no table {head}");
    rows
}

fn kind(said: &str) -> Type {
    let (name, more) = said.trim_end_matches(')').split_once('(').unwrap_or((said, ""));
    match name {
        "text" => Type::Text,
        "code" => Type::Code(more.to_owned()),
        "codes" => Type::Codes(more.to_owned()),
        "int" => Type::Int,
        "decimal" => Type::Decimal {
            scale: more.parse().expect("digits"),
        },
        "bool" => Type::Bool,
        "date" => Type::Date,
        "time" => Type::Time,
        _ => panic!("{said} is no type"),
    }
}

fn read(kind: &Type, text: &str) -> Value {
    Value::read(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The record of the manual.
#[derive(Default)]
struct Example {
    record: Tree,
    form: Tree,
    variables: Variables,
    facts: Vec<(String, Type, Option<String>)>,
    columns: BTreeMap<String, Vec<(String, Type)>>,
    answers: Vec<(String, Type)>,
}

impl Example {
    fn from_manual() -> Self {
        let mut example = Self::default();
        for row in table("|name|type|value|") {
            let [name, said, values] = row.as_slice() else {
                panic!("{row:?}");
            };
            example.add(name, said, values);
        }
        example
    }

    fn add(&mut self, name: &str, said: &str, values: &str) {
        let kind = kind(said);
        if let Some(variable) = name.strip_prefix('$') {
            self.variables.insert(variable.to_owned(), read(&kind, values));
            return;
        }
        let (tree, path) = match name.strip_prefix("form/") {
            Some(path) => (&mut self.form, path),
            None => (&mut self.record, name),
        };
        if let Some((rows, column)) = path.split_once('/') {
            let kept = tree.rows.entry(rows.to_owned()).or_default();
            for (nth, text) in values.split("; ").enumerate() {
                if kept.len() <= nth {
                    kept.push(Tree::default());
                }
                kept[nth].values.insert(column.to_owned(), read(&kind, text));
            }
            let key = name.rsplit_once('/').map_or(name, |(rows, _)| rows).to_owned();
            self.columns
                .entry(key)
                .or_default()
                .push((column.to_owned(), kind));
            return;
        }
        tree.values.insert(path.to_owned(), read(&kind, values));
        if name.starts_with("form/") {
            self.answers.push((path.to_owned(), kind));
        } else {
            let class = said
                .strip_prefix("text(")
                .map(|class| class.trim_end_matches(')').to_owned());
            self.facts.push((path.to_owned(), kind, class));
        }
    }

    fn group(&self, rows: &str) -> Group {
        let mut group = Group::new();
        for (column, kind) in &self.columns[rows] {
            group.add(column, Field::of(kind.clone())).expect("a new name");
        }
        group
    }

    fn schema(&self) -> Schema {
        let codes = |codes: &[&str]| CodeList::of_codes(codes.iter().copied()).expect("codes");
        let mut matter = CodeList::new([("days".to_owned(), Type::Int)]);
        for (code, days) in [("help", "5"), ("complaint", "5"), ("advice", "1")] {
            let row = BTreeMap::from([("days".to_owned(), read(&Type::Int, days))]);
            matter.add(code, row).expect("a code");
        }
        let mut schema = Schema::new(
            codes(&["open"]),
            codes(&["ask_return", "approve_return"]),
            codes(&["assist", "return"]),
            &Group::new(),
        )
        .expect("no name twice");
        schema
            .list("matter", Arc::new(matter))
            .and_then(|schema| schema.seat("main"))
            .and_then(|schema| schema.clock("finish"))
            .and_then(|schema| schema.table("returns", self.group("returns")))
            .and_then(Schema::act_variables)
            .expect("no name twice");
        for (name, kind, class) in self.facts.iter().filter(|(name, ..)| !name.contains('.')) {
            schema
                .fact(name, kind.clone(), class.as_deref())
                .expect("a new name");
        }
        let mut form = Group::new();
        for (name, kind) in &self.answers {
            form.add(name, Field::of(kind.clone())).expect("a new name");
        }
        let outlet = Field::Rows {
            columns: self.group("form/outlet"),
            most: 200,
        };
        form.add("outlet", outlet).expect("a new name");
        schema.with_form(form)
    }
}

impl Node for Example {
    fn value(&self, name: &str) -> Option<&Value> {
        self.record.value(name)
    }

    fn count(&self, name: &str) -> usize {
        self.record.count(name)
    }

    fn child(&self, name: &str, nth: usize) -> Option<&dyn Node> {
        self.record.child(name, nth)
    }
}

impl Record for Example {
    fn steps(&self, act: Option<&str>) -> u64 {
        let history = ["ask_return", "approve_return", "ask_return"];
        let fits = |done: &&&str| act.is_none_or(|act| act == **done);
        history.iter().filter(fits).count() as u64
    }
}

#[test]
fn every_example_of_the_manual_gives_what_it_says() {
    let example = Example::from_manual();
    let schema = example.schema();
    let mut said = String::new();
    for row in table("|expression|type|gives|") {
        let [expression, type_said, gives] = row.as_slice() else {
            panic!("{row:?}");
        };
        let slot = Slot::of(kind(type_said)).with_now();
        let rule = Rule::read(expression, &schema, &slot)
            .unwrap_or_else(|findings| panic!("{expression}: {findings:?}"));
        let value = rule.evaluate(&Scene {
            record: &example,
            form: Some(&example.form),
            row: None,
            variables: &example.variables,
            now: Time::read("2026-02-06T12:00:00+08:00").expect("an instant"),
        });
        assert_eq!(
            value.map(|value| value.to_string()).as_deref(),
            Ok(gives.as_str()),
            "{expression}"
        );
        said.push_str(expression);
        said.push('\n');
    }
    let unsaid: Vec<_> = FUNCTIONS
        .iter()
        .filter(|function| {
            let call = format!("{}(", function.name);
            // Not as the end of a longer name.
            !said.match_indices(&call).any(|(at, _)| {
                !said[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '-')
            })
        })
        .map(|function| function.name)
        .collect();
    assert!(unsaid.is_empty(), "without an example: {unsaid:?}");
}
