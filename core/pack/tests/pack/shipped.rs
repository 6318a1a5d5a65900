//! The packs that are shipped with the product: sound, and the hotline's the same as its present rules.

use shenhai_flow::{Flow, FlowError};
use shenhai_forms::rule::{Scene, Tree, Variables};
use shenhai_forms::value::{Time, Type, Value};
use shenhai_pack::face::Shows;
use shenhai_pack::law::{Amount, Clock, Due, Effect, Kind, Target, Term, Unit};
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

pub(crate) fn shipped(name: &str) -> Pack {
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

/// A record or a form's answers, by name.
fn tree(values: &[(&str, Value)], rows: &[(&str, Vec<Tree>)]) -> Tree {
    Tree {
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        rows: rows
            .iter()
            .map(|(name, rows)| ((*name).to_owned(), rows.clone()))
            .collect(),
    }
}

fn area(text: &str) -> Value {
    Value::read(&Type::Decimal { scale: 2 }, text).expect("an area")
}

fn scene<'a>(record: &'a Tree, form: &'a Tree, variables: &'a Variables) -> Scene<'a> {
    Scene {
        record,
        form: Some(form),
        row: None,
        variables,
        now: Time::new(0).expect("an instant"),
    }
}

#[test]
fn a_district_lends_no_more_area_than_it_has_left() {
    let pack = shipped("water-ticket");
    let bank = pack
        .law
        .kind(&KindId::parse("bank").expect("a name"))
        .expect("the kind");
    let lend = ActId::parse("lend").expect("a name");
    let guard = bank
        .rows_of(&lend)
        .next()
        .and_then(|row| row.when.as_ref()?.rule())
        .expect("a guard");
    let balance = &bank.calculated()[0];
    let variables = Variables::new();
    // 17,343 m² dug, 12,343.50 lent: the first case that was reported, and what is left of it.
    let form = |asked: &str| tree(&[("area", area(asked))], &[]);
    let mut record = tree(
        &[("dug_area", area("17343")), ("lent_area", area("12343.50"))],
        &[],
    );
    let left = balance
        .calc
        .as_ref()
        .and_then(|calc| calc.rule())
        .expect("a rule");
    let value = left
        .evaluate(&scene(&record, &form("0"), &variables))
        .expect("two areas subtract");
    assert_eq!(value, area("4999.50"));
    record.values.insert("balance".to_owned(), value);
    for (asked, may) in [("4999.49", true), ("4999.50", true), ("4999.51", false)] {
        assert_eq!(
            guard.holds(&scene(&record, &form(asked), &variables)),
            Ok(may),
            "{asked}"
        );
    }
    // A bank that was just founded has lent nothing, which is not the same as an unknown figure.
    let found = ActId::parse("found").expect("a name");
    let sets_to_zero = bank.effects_of(&found).any(|row| match &row.effect {
        Effect::Set { fact, value } => fact.as_str() == "lent_area" && value.text == "0",
        _ => false,
    });
    assert!(sets_to_zero);
}

#[test]
fn a_ticket_is_settled_by_the_return_that_makes_up_the_area() {
    let pack = shipped("water-ticket");
    let ticket = pack
        .law
        .kind(&KindId::parse("ticket").expect("a name"))
        .expect("the kind");
    let returned = ActId::parse("returned").expect("a name");
    let rows: Vec<_> = ticket.rows_of(&returned).collect();
    let [settles, goes_on] = rows.as_slice() else {
        panic!("two rows");
    };
    assert_eq!(
        settles.to,
        Target::State(StateId::parse("settled").expect("a name"))
    );
    assert!(goes_on.when.is_none() && goes_on.to == Target::Same);
    let guard = settles
        .when
        .as_ref()
        .and_then(|when| when.rule())
        .expect("a guard");
    let variables = Variables::new();
    let link = |name: &str, category: &str, size: &str| {
        tree(
            &[
                ("as", Value::text(name)),
                ("category", Value::text(category)),
                ("area", area(size)),
            ],
            &[],
        )
    };
    let accepted = |sizes: &[&str]| {
        sizes
            .iter()
            .map(|size| link("repayment", "done", size))
            .collect::<Vec<_>>()
    };
    // Three parts whose doubles do not add up: 0.6 + 0.3 + 0.1 is 0.9999999999999999.
    for (links, settled) in [
        (accepted(&["0.60", "0.30"]), false),
        (accepted(&["0.60", "0.30", "0.10"]), true),
        (vec![link("repayment", "active", "1.00")], false),
        (vec![link("bank", "done", "1.00")], false),
        (accepted(&["0.60", "0.30", "0.09"]), false),
        (Vec::new(), false),
    ] {
        let record = tree(&[("borrowed_area", area("1.00"))], &[("link", links)]);
        let form = Tree::default();
        assert_eq!(guard.holds(&scene(&record, &form, &variables)), Ok(settled));
    }
    // What goes back to the bank is only what this return added.
    let gives_back = ticket.effects_of(&returned).next().expect("an effect");
    let Effect::Do { with, .. } = &gives_back.effect else {
        panic!("the bank is asked first");
    };
    let rule = with[0].1.rule().expect("a rule");
    let row = |size: &str| tree(&[("area", area(size))], &[]);
    let record = tree(
        &[("borrowed_area", area("1.00"))],
        &[
            ("link", accepted(&["0.60", "0.30", "0.10"])),
            ("returns", vec![row("0.60"), row("0.30")]),
        ],
    );
    let form = Tree::default();
    assert_eq!(
        rule.evaluate(&scene(&record, &form, &variables)),
        Ok(area("0.10"))
    );
}

#[test]
fn a_river_is_filled_only_for_more_new_water_than_is_lost() {
    let pack = shipped("water-ticket");
    let ticket = pack
        .law
        .kind(&KindId::parse("ticket").expect("a name"))
        .expect("the kind");
    let lend = ActId::parse("lend").expect("a name");
    let guard = ticket
        .rows_of(&lend)
        .next()
        .and_then(|row| row.when.as_ref()?.rule())
        .expect("a guard");
    let variables = Variables::new();
    let form = Tree::default();
    // 上海市水资源管理若干规定 22: the new area must exceed the filled one; equal is not enough.
    for (new, filled, may) in [
        ("752.01", "752.00", true),
        ("752.00", "752.00", false),
        ("751.99", "752.00", false),
    ] {
        let record = tree(&[("new_area", area(new)), ("filled_area", area(filled))], &[]);
        assert_eq!(
            guard.holds(&scene(&record, &form, &variables)),
            Ok(may),
            "{new} for {filled}"
        );
    }
    let unknown = tree(&[("filled_area", area("752.00"))], &[]);
    assert_eq!(guard.holds(&scene(&unknown, &form, &variables)), Ok(false));
}

#[test]
fn the_hotlines_index_has_what_its_lists_name_and_no_more() {
    let pack = shipped("hotline");
    let columns = pack.index(&KindId::parse("order").expect("a name"));
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    // Read off face/views.toml by hand: what every list has, then the cards of both lists. Nobody's name or number.
    assert_eq!(
        names,
        [
            "state",
            "category",
            "opened_at",
            "closed_at",
            "changed_at",
            "due",
            "colour",
            "address",
            "channel",
            "district",
            "is_review",
            "main",
            "matter",
            "received_at",
            "source_no",
            "supervised",
            "title",
            "urge_count",
            "urgency",
        ]
    );
    let of = |name: &str| {
        columns
            .iter()
            .find(|column| column.name == name)
            .expect("a column")
    };
    assert_eq!(of("received_at").kind, Type::Time);
    assert_eq!(of("matter").kind, Type::Code("matters".to_owned()));
    let Shows::Due(clocks) = &of("due").shows else {
        panic!("the due of the first clock that runs");
    };
    assert_eq!(
        clocks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["contact", "finish"]
    );
}

/// The files of the manual's first pack: a path in bold, and the block below it.
fn first_pack() -> PackFiles {
    let manual = include_str!("../../../../docs/packs.md");
    let section = manual
        .split("\n## ")
        .find(|part| part.starts_with("A first pack"))
        .expect("the section");
    let mut files = PackFiles::new();
    for part in section.split("\n**").skip(1) {
        let (path, rest) = part.split_once("**").expect("a path in bold");
        let block = rest.split("```").nth(1).expect("a block");
        let (_, text) = block.split_once('\n').expect("a language and a text");
        files
            .insert(path, text.as_bytes().to_vec())
            .expect("a file of a pack");
    }
    files
}

#[test]
fn the_manuals_first_pack_is_sound() {
    let checked = check(&first_pack());
    let found: Vec<_> = checked.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "W602 law/forms/note.csv：表单“note”只有答案表，还没有画出来（law/forms/note.xml）",
            "W602 law/forms/repair.csv：表单“repair”只有答案表，还没有画出来（law/forms/repair.xml）",
        ]
    );
    let pack = checked.pack.expect("a sound pack");
    assert_eq!(pack.law.kinds.len(), 1);
}
