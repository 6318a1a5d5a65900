//! The packs that are shipped with the product: sound, and the hotline's the same as its present rules.

use shenhai_flow::{Flow, FlowError};
use shenhai_forms::rule::{Scene, Tree};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::law::{Amount, Clock, Due, Kind, Target, Term, Unit};
use shenhai_pack::names::{ActId, ClockId, KindId, Name, RoleName, StateId};
use shenhai_pack::{Level, Pack, PackFiles, check};
use shenhai_protocol::{CommandKind, Matter, OrderState, Role, Urgency};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn packs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs")
}

fn files_of(folder: &Path) -> PackFiles {
    fn walk(folder: &Path, prefix: &str, files: &mut PackFiles) {
        for entry in fs::read_dir(folder).expect("the folder is in the repository") {
            let path = entry.expect("an entry can be read").path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a plain name");
            let inside = format!("{prefix}{name}");
            if path.is_dir() {
                walk(&path, &format!("{inside}/"), files);
            } else {
                files
                    .insert(&inside, fs::read(&path).expect("a file"))
                    .expect("a file of a pack");
            }
        }
    }
    let mut files = PackFiles::new();
    walk(folder, "", &mut files);
    files
}

fn shipped(name: &str) -> Pack {
    check(&files_of(&packs().join(name)))
        .pack
        .expect("a shipped pack is sound")
}

#[test]
fn every_shipped_pack_is_without_errors() {
    let mut seen = 0;
    for entry in fs::read_dir(packs()).expect("the folder is in the repository") {
        let folder = entry.expect("an entry can be read").path();
        let errors: Vec<_> = check(&files_of(&folder))
            .findings
            .into_iter()
            .filter(|finding| finding.level() == Level::Error)
            .map(|finding| finding.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", folder.display());
        seen += 1;
    }
    assert!(seen >= 1);
}

/// A value's name on the wire, which is its name in the pack.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).expect("an enumeration is a text");
    json.as_str().expect("an enumeration is a text").to_owned()
}

/// What the pack says of an act, in the terms of the present flow.
fn by_pack(order: &Kind, state: OrderState, act: CommandKind, role: Role) -> Result<StateId, FlowError> {
    let id = ActId::parse(&word(&act)).expect("a name");
    let role_name = RoleName::parse(&word(&role)).expect("a name");
    let named = StateId::parse(&word(&state)).expect("a name");
    let stands = order.state(&named).expect("a state of the pack");
    if !order.rows_of(&id).any(|row| row.names_role(&role_name)) {
        return Err(FlowError::Forbidden { kind: act, role });
    }
    let row = order.rows_for(&id, stands, &role_name).next();
    match row.map(|row| &row.to) {
        None => Err(FlowError::WrongState { kind: act, state }),
        Some(Target::State(to)) => Ok(to.clone()),
        Some(Target::Same) => Ok(named),
        Some(Target::Back) => panic!("today's flow never goes back"),
    }
}

#[test]
fn the_hotline_pack_allows_exactly_what_the_present_flow_allows() {
    let pack = shipped("hotline");
    let order = pack
        .law
        .kind(&KindId::parse("order").expect("a name"))
        .expect("the kind");
    let mut allowed = 0;
    for state in OrderState::ALL.iter().copied() {
        for act in CommandKind::ALL.iter().copied() {
            for role in Role::ALL.iter().copied() {
                let expected = Flow::standard()
                    .apply(state, act, role)
                    .map(|to| StateId::parse(&word(&to)).expect("a name"));
                allowed += usize::from(expected.is_ok());
                assert_eq!(
                    by_pack(order, state, act, role),
                    expected,
                    "{act:?} in {state:?} by {role:?}"
                );
            }
        }
    }
    // accept 1, contact 2, reply 1, return 3, reveal 3, and reassign 3 for each of two roles: counted by hand.
    assert_eq!(allowed, 16);
    assert_eq!(order.states.len(), OrderState::ALL.len());
    for state in OrderState::ALL.iter().copied() {
        let id = StateId::parse(&word(&state)).expect("a name");
        let category = order.state(&id).expect("a state of the pack").category;
        assert_eq!(category.is_open(), !Flow::standard().is_final(state), "{state:?}");
    }
    let guarded = order.acts.iter().any(|row| row.when.is_some());
    assert!(!guarded, "a guard would allow less than the table says");
}

/// One line of the present deadlines: what it applies to, and how much it gives.
struct Line {
    matters: Option<Vec<String>>,
    urgency: Option<String>,
    review: Option<bool>,
    supervised: Option<bool>,
    gives: (u32, Unit),
}

/// The present deadlines as their file has them, read here and not by the product.
fn present_lines(list: &str) -> Vec<Line> {
    let file = include_str!("../../../flow/data/deadlines.toml");
    let file: toml::Table = file.parse().expect("a TOML file");
    let lines = file[list].as_array().expect("a list of tables");
    lines
        .iter()
        .map(|line| {
            let number = |key| line.get(key).and_then(toml::Value::as_integer).map(|n| n as u32);
            Line {
                matters: line.get("matters").and_then(|matters| {
                    let all = matters.as_array()?.iter();
                    Some(
                        all.filter_map(|matter| matter.as_str().map(str::to_owned))
                            .collect(),
                    )
                }),
                urgency: line
                    .get("urgency")
                    .and_then(|word| word.as_str().map(str::to_owned)),
                review: line.get("review").and_then(toml::Value::as_bool),
                supervised: line.get("supervised").and_then(toml::Value::as_bool),
                gives: match (number("hours"), number("working_days")) {
                    (Some(hours), None) => (hours, Unit::Hour),
                    (None, Some(days)) => (days, Unit::Workday),
                    _ => panic!("hours or working days"),
                },
            }
        })
        .collect()
}

/// The terms of a clock that apply to an order.
fn applying(clock: &Clock, order: &Tree) -> Vec<(u32, Unit)> {
    let variables = BTreeMap::new();
    let scene = Scene {
        record: order,
        form: None,
        row: None,
        variables: &variables,
        now: Time::new(0).expect("an instant"),
    };
    let applies = |term: &&Term| match &term.when {
        None => true,
        Some(when) => when
            .rule()
            .expect("a checked rule")
            .holds(&scene)
            .expect("a rule without numbers"),
    };
    let gives = |term: &Term| match &term.due {
        Due::After {
            amount: Amount::Fixed(count),
            unit,
            from: None,
        } => (*count, *unit),
        other => panic!("{other:?}"),
    };
    clock.terms.iter().filter(applies).map(gives).collect()
}

#[test]
fn the_hotline_packs_clocks_give_every_order_the_terms_of_the_present_deadlines() {
    let pack = shipped("hotline");
    let order = pack
        .law
        .kind(&KindId::parse("order").expect("a name"))
        .expect("the kind");
    let mut compared = 0;
    for list in ["contact", "finish"] {
        let clock = order
            .clock(&ClockId::parse(list).expect("a name"))
            .expect("a clock");
        let lines = present_lines(list);
        for matter in Matter::ALL.iter().map(word) {
            for urgency in Urgency::ALL.iter().map(word) {
                for (review, supervised) in [(false, false), (false, true), (true, false), (true, true)] {
                    let facts = [
                        ("matter", Value::text(matter.clone())),
                        ("urgency", Value::text(urgency.clone())),
                        ("is_review", Value::Bool(review)),
                        ("supervised", Value::Bool(supervised)),
                    ];
                    let record = Tree {
                        values: facts.map(|(name, value)| (name.to_owned(), value)).into(),
                        rows: BTreeMap::new(),
                    };
                    let fits = |line: &&Line| {
                        line.matters
                            .as_ref()
                            .is_none_or(|matters| matters.contains(&matter))
                            && line.urgency.as_ref().is_none_or(|word| *word == urgency)
                            && line.review.is_none_or(|word| word == review)
                            && line.supervised.is_none_or(|word| word == supervised)
                    };
                    let expected: Vec<_> = lines.iter().filter(fits).map(|line| line.gives).collect();
                    let case = format!("{list}: {matter} {urgency} {review} {supervised}");
                    assert_eq!(sorted(applying(clock, &record)), sorted(expected), "{case}");
                    compared += 1;
                }
            }
        }
        assert!(!clock.day_of_from && clock.due_minute == 24 * 60, "{list}");
    }
    assert_eq!(compared, 2 * 6 * 3 * 4);
}

fn sorted(mut terms: Vec<(u32, Unit)>) -> Vec<(u32, Unit)> {
    terms.sort_by_key(|(count, unit)| (*count, *unit == Unit::Hour));
    terms
}
