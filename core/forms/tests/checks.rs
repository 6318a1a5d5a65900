//! What the check of an expression finds, with its number and place. The names are those of a small pack of river areas.

use shenhai_forms::filter::Filter;
use shenhai_forms::finding::{Finding, Problem};
use shenhai_forms::rule::{FUNCTIONS, MAX_COST, Rows, Rule, Slot};
use shenhai_forms::schema::{CodeList, Field, Group, RESERVED, Schema, SchemaError, plain};
use shenhai_forms::value::{Datum, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

fn group(fields: &[(&str, Type)]) -> Group {
    let mut group = Group::new();
    for (name, kind) in fields {
        group.add(name, Field::of(kind.clone())).expect("a new name");
    }
    group
}

fn codes(codes: &[&str]) -> CodeList {
    CodeList::of_codes(codes.iter().copied()).expect("codes")
}

fn schema() -> Schema {
    let mut verdicts = CodeList::new([("label".to_owned(), Type::Text), ("days".to_owned(), Type::Int)]);
    verdicts
        .add("true", BTreeMap::new())
        .and_then(|list| list.add("partly", BTreeMap::new()))
        .and_then(|list| list.add("false", BTreeMap::new()))
        .expect("codes");
    let area = Type::Decimal { scale: 2 };
    let gives = group(&[("area", area.clone())]);
    let mut schema = Schema::new(
        codes(&["applied", "lent", "returned"]),
        codes(&["apply", "approve", "give_back"]),
        codes(&["bank", "return"]),
        &gives,
    )
    .expect("no name twice");
    let code = |list: &str| Type::Code(list.to_owned());
    schema
        .list("verdict", Arc::new(verdicts))
        .and_then(|s| s.list("kind", Arc::new(codes(&["help", "complaint"]))))
        .and_then(|s| s.fact("fact", code("verdict"), None))
        .and_then(|s| s.fact("kind_of", code("kind"), None))
        .and_then(|s| s.fact("kinds", Type::Codes("kind".to_owned()), None))
        .and_then(|s| s.fact("area", area.clone(), None))
        .and_then(|s| s.fact("depth_m", Type::Decimal { scale: 3 }, None))
        .and_then(|s| s.fact("outlets", Type::Int, None))
        .and_then(|s| s.fact("urgent", Type::Bool, None))
        .and_then(|s| s.fact("title", Type::Text, None))
        .and_then(|s| s.fact("expires_on", Type::Date, None))
        .and_then(|s| s.fact("received_at", Type::Time, None))
        .and_then(|s| s.fact("spot", Type::Point(Datum::Wgs84), None))
        .and_then(|s| s.fact("phone", Type::Text, Some("phone")))
        .and_then(|s| {
            s.table(
                "returns",
                group(&[("no", Type::Int), ("area", area), ("note", Type::Text)]),
            )
        })
        .and_then(|s| s.seat("main"))
        .and_then(|s| s.clock("finish"))
        .and_then(Schema::act_variables)
        .expect("no name twice");
    let mut outlet = group(&[("no", Type::Int), ("flow", Type::Decimal { scale: 2 })]);
    let sample = group(&[("ph", Type::Decimal { scale: 1 })]);
    let most = 200;
    outlet
        .add(
            "sample",
            Field::Rows {
                columns: sample,
                most,
            },
        )
        .expect("a new name");
    let mut form = group(&[("level", Type::Int), ("text", Type::Text)]);
    form.add(
        "outlet",
        Field::Rows {
            columns: outlet,
            most,
        },
    )
    .and_then(|form| {
        form.add(
            "site",
            Field::Group(group(&[("area", Type::Decimal { scale: 2 })])),
        )
    })
    .and_then(|form| {
        form.add(
            "caller",
            Field::Value {
                kind: Type::Text,
                class: Some("phone".to_owned()),
            },
        )
    })
    .expect("a new name");
    schema.with_form(form)
}

/// The findings as `number text`, where the text is what they mark.
fn found<T>(text: &str, result: Result<T, Vec<Finding>>) -> Vec<String> {
    let Err(findings) = result else {
        return Vec::new();
    };
    assert!(!findings.is_empty(), "{text}: refused without a finding");
    findings
        .iter()
        .map(|finding| {
            let marked = &text[finding.span.start..finding.span.end];
            format!("E{} {marked}", finding.problem.number())
        })
        .collect()
}

fn of_guard(text: &str) -> Vec<String> {
    found(text, Rule::read(text, &schema(), &Slot::guard()))
}

fn of_value(text: &str, kind: Type) -> Vec<String> {
    found(text, Rule::read(text, &schema(), &Slot::of(kind)))
}

const NONE: [&str; 0] = [];

#[test]
fn the_rules_of_the_model_are_fine() {
    for guard in [
        "depth(main) < 3",
        "depth(main) > 1",
        "count(link[as='bank' and open]) = 0",
        "count(step[act='approve']) < 3",
        "count(step) > 0 and some(step[act = 'give_back'])",
        "step[act='approve']/at < now()",
        "sum(returns/area) >= area",
        "form/level <= 2 and has(form/text)",
        "$filled < finish.due",
        "category != 'done' and category != 'void'",
        "selected('help complaint', kind_of)",
        "selected(kinds, 'help')",
        "fact = 'partly' or ${fact} = 'false' or fact = ''",
        "$act = 'give_back'",
        "has(phone) and has(form/caller) and not(has(main))",
        "some(returns[area > ../area and note != ''])",
        "expires_on - 30 < today()",
        "now() - received_at > days(3) + hours(2)",
        "count(form/outlet[count(sample[ph < 6.5]) > 0]) = 0",
        "sum(link[as='return']/area) >= area",
        "urgent = true()",
        "max(returns/no) = 3 and min(area, depth_m) > 0",
        "state = 'lent' and came_from = 'applied' and id != ''",
        "finish.running and not(finish.paused)",
        "starts-with(title, '急') or contains(title, '水')",
    ] {
        assert_eq!(of_guard(guard), NONE, "{guard}");
    }
}

#[test]
fn names_and_codes_that_do_not_exist_are_found_with_their_place() {
    for (text, findings) in [
        ("${fact} = 'flase'", vec!["E214 'flase'"]),
        (
            "fact = 'flase' or kind_of = 'hepl'",
            vec!["E214 'flase'", "E214 'hepl'"],
        ),
        ("selected('help complain', kind_of)", vec!["E214 'help complain'"]),
        ("selected(kinds, 'visit')", vec!["E214 'visit'"]),
        ("category = 'closed'", vec!["E214 'closed'"]),
        ("$act = 'aprove'", vec!["E214 'aprove'"]),
        ("count(step[act='aprove']) > 0", vec!["E214 'aprove'"]),
        ("count(link[as='banc']) > 0", vec!["E214 'banc'"]),
        ("if(urgent, 'true', 'flase') = fact", vec!["E214 'flase'"]),
        ("coalesce(fact, 'patly') = 'true'", vec!["E214 'patly'"]),
        ("if(urgent, 'patly', fact) = 'true'", vec!["E214 'patly'"]),
        ("aera > 1", vec!["E220 aera"]),
        ("sum(returns/aera) > 1", vec!["E220 aera"]),
        ("sum(retruns/area) > 1", vec!["E220 retruns"]),
        ("form/levle = 1", vec!["E220 levle"]),
        ("finish.begun > now()", vec!["E220 finish.begun"]),
        ("some(returns[kinds])", vec!["E220 kinds"]),
        ("area-depth_m > 1", vec!["E221 area-depth_m"]),
        ("cuont(returns) > 1", vec!["E222 cuont(returns)"]),
        ("jr:choice-name(fact) = ''", vec!["E222 jr:choice-name(fact)"]),
        ("count() > 1", vec!["E223 count()"]),
        ("not(urgent, urgent)", vec!["E223 not(urgent, urgent)"]),
        ("$you = 'x'", vec!["E233 $you"]),
        ("$row/no = 1", vec!["E233 $row"]),
        ("lookup('vedict', fact, 'days') = 1", vec!["E220 'vedict'"]),
        ("lookup('nothing', fact, 'days') = 1", vec!["E234 'nothing'"]),
        ("lookup('verdict', fact, 'weeks') = 1", vec!["E235 'weeks'"]),
        ("lookup(title, fact, 'days') = 1", vec!["E236 title"]),
        ("lookup('kind', fact, 'days') = 1", vec!["E226 fact"]),
    ] {
        assert_eq!(of_guard(text), findings, "{text}");
    }
}

#[test]
fn the_nearest_name_is_offered() {
    let meant = |text: &str| {
        let findings = Rule::read(text, &schema(), &Slot::guard()).expect_err("a wrong name");
        match &findings[0].problem {
            Problem::UnknownName { meant, .. }
            | Problem::UnknownCode { meant, .. }
            | Problem::UnknownFunction { meant, .. } => meant.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(meant("fact = 'flase'").as_deref(), Some("false"));
    assert_eq!(meant("aera > 1").as_deref(), Some("area"));
    assert_eq!(meant("cuont(returns) > 1").as_deref(), Some("count"));
    assert_eq!(meant("fact = 'maybe'"), None);
}

#[test]
fn a_finding_speaks_the_authors_language() {
    let findings = Rule::read("${fact} = 'flase'", &schema(), &Slot::guard()).expect_err("a wrong code");
    assert_eq!(
        findings[0].problem.to_string(),
        "代码表中没有“flase”，是否为“false”？"
    );
}

#[test]
fn mixed_types_and_silent_conversions_are_found() {
    for (text, findings) in [
        ("area = '5'", vec!["E225 area = '5'"]),
        ("title = 5", vec!["E225 title = 5"]),
        ("fact = kind_of", vec!["E225 fact = kind_of"]),
        ("fact = title", vec!["E225 fact = title"]),
        ("kinds = 'help'", vec!["E225 kinds = 'help'"]),
        ("expires_on > received_at", vec!["E225 expires_on > received_at"]),
        (
            "expires_on > '2026-01-01'",
            vec!["E225 expires_on > '2026-01-01'"],
        ),
        ("received_at + 1 > now()", vec!["E225 received_at + 1"]),
        ("urgent = 'true'", vec!["E225 urgent = 'true'"]),
        ("urgent = ''", vec!["E225 urgent = ''"]),
        ("urgent + 1 = 2", vec!["E225 urgent + 1"]),
        ("area", vec!["E226 area"]),
        ("title and area", vec!["E226 title", "E226 area"]),
        ("not(title)", vec!["E226 title"]),
        ("concat(title, area) = ''", vec!["E226 area"]),
        ("sum(returns/note) = 1", vec!["E226 returns/note"]),
        ("if(urgent, 1, 'x') = 1", vec!["E225 if(urgent, 1, 'x')"]),
        ("selected(title, 'x')", vec!["E225 selected(title, 'x')"]),
        ("depth(returns) = 1", vec!["E226 returns"]),
        ("count(area) = 1", vec!["E226 area"]),
        ("count(form/site) = 1", vec!["E226 form/site"]),
        ("sum(area) = 1", vec!["E226 area"]),
        ("date('2026-02-30') > expires_on", vec!["E237 '2026-02-30'"]),
        ("format-date(expires_on, '%Y %H') = ''", vec!["E237 '%Y %H'"]),
        ("format-date(received_at, '%y') = ''", vec!["E237 '%y'"]),
        ("format-date(received_at, '%') = ''", vec!["E237 '%'"]),
        ("date-time('2026-01-01') > now()", vec!["E237 '2026-01-01'"]),
        ("fact < 'true'", vec!["E239 fact < 'true'"]),
        ("kind_of < kind_of", vec!["E239 kind_of < kind_of"]),
        ("urgent > urgent", vec!["E239 urgent > urgent"]),
        ("spot < spot", vec!["E239 spot < spot"]),
        ("max(returns/note) = ''", vec!["E239 returns/note"]),
    ] {
        assert_eq!(of_guard(text), findings, "{text}");
    }
}

#[test]
fn several_values_are_never_compared_as_one() {
    for (text, findings) in [
        ("returns/area > 1", vec!["E227 returns/area"]),
        ("form/outlet/no = 1", vec!["E227 form/outlet/no"]),
        ("form/outlet = 1", vec!["E227 form/outlet"]),
        ("link[as='bank']/area > 1", vec!["E227 link[as='bank']/area"]),
        ("returns", vec!["E227 returns"]),
        ("form = ''", vec!["E227 form"]),
        ("step[act='apply'] = ''", vec!["E227 step[act='apply']"]),
        ("step/at < now()", vec!["E227 step/at"]),
    ] {
        assert_eq!(of_guard(text), findings, "{text}");
    }
}

#[test]
fn personal_data_may_be_asked_for_and_copied_and_nothing_else() {
    for (text, findings) in [
        ("has(phone)", vec![]),
        ("phone = ''", vec!["E228 phone"]),
        ("string-length(form/caller) > 3", vec!["E228 form/caller"]),
        ("some(returns[note = ../phone])", vec!["E228 ../phone"]),
    ] {
        assert_eq!(of_guard(text), findings, "{text}");
    }
    let phone = Slot::of(Type::Text).of_class("phone");
    let copy = Rule::read("form/caller", &schema(), &phone).expect("within the class");
    assert_eq!(copy.copies(), Some((false, vec!["form", "caller"])));
    assert!(Rule::read("''", &schema(), &phone).is_ok(), "cleared");
    for (text, findings) in [
        ("title", vec!["E226 title"]),
        ("concat(form/caller, 'x')", vec!["E226 concat(form/caller, 'x')"]),
        (
            "if(urgent, form/caller, '')",
            vec!["E226 if(urgent, form/caller, '')"],
        ),
    ] {
        assert_eq!(
            found(text, Rule::read(text, &schema(), &phone)),
            findings,
            "{text}"
        );
    }
    let name = Slot::of(Type::Text).of_class("name");
    assert_eq!(
        found("phone", Rule::read("phone", &schema(), &name)),
        ["E226 phone"],
        "of another class"
    );
    assert_eq!(
        of_value("phone", Type::Text),
        ["E228 phone"],
        "into a fact without a class"
    );
}

#[test]
fn digits_are_counted_before_they_are_lost() {
    let area = Type::Decimal { scale: 2 };
    for (text, kind, findings) in [
        ("area + outlets", area.clone(), vec![]),
        ("area * outlets", area.clone(), vec![]),
        ("area * depth_m", area.clone(), vec!["E230 area * depth_m"]),
        (
            "depth_m * depth_m",
            Type::Decimal { scale: 5 },
            vec!["E230 depth_m * depth_m"],
        ),
        ("depth_m * depth_m", Type::Decimal { scale: 6 }, vec![]),
        ("round(area * depth_m, 2)", area.clone(), vec![]),
        ("area div outlets", area.clone(), vec!["E231 area div outlets"]),
        ("round(area div outlets, 2)", area.clone(), vec![]),
        (
            "round(area div outlets, 3)",
            area.clone(),
            vec!["E230 round(area div outlets, 3)"],
        ),
        ("round(area * 3 div outlets, 2)", area.clone(), vec![]),
        (
            "round(area div 3 div outlets, 2)",
            area.clone(),
            vec!["E231 area div 3"],
        ),
        (
            "round(area div outlets + 1, 2)",
            area.clone(),
            vec!["E231 area div outlets"],
        ),
        ("round(area div title, 2)", area.clone(), vec!["E226 title"]),
        ("round(area, outlets)", area.clone(), vec!["E236 outlets"]),
        ("round(area, 19)", area.clone(), vec!["E236 19"]),
        ("area", Type::Int, vec!["E230 area"]),
        ("int(area)", Type::Int, vec![]),
        ("floor(area div 3)", Type::Int, vec![]),
        (
            "if(urgent, area, depth_m)",
            area.clone(),
            vec!["E230 if(urgent, area, depth_m)"],
        ),
        ("outlets mod 2", Type::Int, vec![]),
        ("0.0000000000000000001", area, vec!["E230 0.0000000000000000001"]),
        (
            "depth_m * depth_m * depth_m * depth_m * depth_m * depth_m * depth_m",
            Type::Int,
            vec!["E230 depth_m * depth_m * depth_m * depth_m * depth_m * depth_m * depth_m"],
        ),
        ("1000000000000000000", Type::Int, vec!["E237 1000000000000000000"]),
    ] {
        assert_eq!(of_value(text, kind), findings, "{text}");
    }
}

#[test]
fn a_value_must_be_of_its_facts_type() {
    let verdict = || Type::Code("verdict".to_owned());
    let kinds = || Type::Codes("kind".to_owned());
    for (text, kind, findings) in [
        ("'partly'", verdict(), vec![]),
        ("''", verdict(), vec![]),
        ("'no'", verdict(), vec!["E214 'no'"]),
        ("if(urgent, 'true', 'no')", verdict(), vec!["E214 'no'"]),
        ("coalesce(fact, 'partly')", verdict(), vec![]),
        ("kind_of", verdict(), vec!["E226 kind_of"]),
        ("title", verdict(), vec!["E226 title"]),
        ("fact", Type::Text, vec!["E226 fact"]),
        ("string(fact)", Type::Text, vec![]),
        ("'help complaint'", kinds(), vec![]),
        ("'help visit'", kinds(), vec!["E214 'help visit'"]),
        ("kind_of", kinds(), vec!["E226 kind_of"]),
        ("expires_on + outlets", Type::Date, vec![]),
        ("expires_on + area", Type::Date, vec!["E225 expires_on + area"]),
        ("received_at", Type::Date, vec!["E226 received_at"]),
        ("date(received_at)", Type::Date, vec![]),
        (
            "received_at - received_at",
            Type::Int,
            vec!["E226 received_at - received_at"],
        ),
        ("spot", Type::Point(Datum::Wgs84), vec![]),
        ("spot", Type::Point(Datum::Gcj02), vec!["E226 spot"]),
        ("''", Type::Date, vec![]),
    ] {
        assert_eq!(of_value(text, kind), findings, "{text}");
    }
}

#[test]
fn what_the_level_does_not_have_is_found() {
    for (text, findings) in [
        ("/data/area = 1", vec!["E229 /data/area"]),
        ("//area = 1", vec!["E229 //area"]),
        ("@area = 1", vec!["E229 @area"]),
        ("* = 1", vec!["E229 *"]),
        (". = 1", vec!["E229 ."]),
        ("../area = 1", vec!["E229 .."]),
        ("returns | link", vec!["E229 returns | link"]),
        ("1 < area < 3", vec!["E229 1 < area < 3"]),
        ("area[1] = 1", vec!["E229 area"]),
        ("title/x = 1", vec!["E229 title"]),
        ("(returns)[1]/area = 1", vec!["E229 (returns)[1]/area"]),
        ("some(returns[1])", vec!["E226 1"]),
        ("count(step[by = $me]) = 0", vec!["E229 by = $me"]),
        ("instance('x')/root = 1", vec!["E229 instance('x')/root"]),
    ] {
        assert_eq!(of_guard(text), findings, "{text}");
    }
    assert_eq!(of_value("now()", Type::Time), ["E232 now()"]);
    assert_eq!(
        found(
            "now()",
            Rule::read("now()", &schema(), &Slot::of(Type::Time).with_now())
        ),
        NONE
    );
}

#[test]
fn every_mistake_is_found_at_once() {
    let text = "aera > 1 and fact = 'flase' and cuont(returns) = 'x' and (title or $you = 1)";
    assert_eq!(
        of_guard(text),
        [
            "E220 aera",
            "E214 'flase'",
            "E222 cuont(returns)",
            "E226 title",
            "E233 $you"
        ]
    );
}

#[test]
fn what_is_no_expression_is_a_finding_too() {
    assert_eq!(of_guard("area >"), ["E207 "]);
    assert_eq!(of_guard("area ＞ 1"), ["E203 ＞"]);
}

#[test]
fn the_worst_case_is_bounded_when_a_pack_is_loaded() {
    // By hand: the function, the form, 200 outlets, and for each of 200 × 200 samples the row, its comparison and both sides.
    let allowed = "some(form/outlet/sample[ph < 6.5])";
    let rule = Rule::read(allowed, &schema(), &Slot::guard()).expect("allowed");
    assert_eq!(rule.cost(), 1 + 1 + 200 + 200 * 200 * 4);
    let twice = "some(form/outlet[some(../outlet/sample[ph < 6.5])])";
    assert_eq!(of_guard(twice), [format!("E238 {twice}")]);
    assert!(rule.cost() <= MAX_COST);
}

#[test]
fn a_rule_says_what_it_reads() {
    let text =
        "sum(returns/area) >= area and some(returns[note = ../title]) and form/level = 1 and depth(main) = 1";
    let rule = Rule::read(text, &schema(), &Slot::guard()).expect("fine");
    let reads: Vec<&str> = rule.reads().iter().map(String::as_str).collect();
    assert_eq!(reads, ["area", "form", "main", "returns", "title"]);
}

#[test]
fn rows_are_gone_through_and_each_has_its_columns() {
    let rows = Rows::read("form/outlet[no > 1]", &schema()).expect("rows");
    let inside = schema().with_row(rows.row().clone());
    for (text, findings) in [
        ("$row/no = outlets", vec![]),
        ("some($row/sample[ph > 7 and ../no = ../../outlets])", vec![]),
        ("$row/none = 1", vec!["E220 none"]),
        ("$row = 1", vec!["E227 $row"]),
    ] {
        assert_eq!(
            found(text, Rule::read(text, &inside, &Slot::guard())),
            findings,
            "{text}"
        );
    }
    for (text, finding) in [
        ("area", "E226 area"),
        ("form/site", "E226 form/site"),
        ("1 + 1", "E226 1 + 1"),
    ] {
        assert_eq!(found(text, Rows::read(text, &schema())), [finding]);
    }
}

#[test]
fn filters_have_less() {
    let mut columns = group(&[
        ("title", Type::Text),
        ("n", Type::Int),
        ("area", Type::Decimal { scale: 2 }),
        ("urgent", Type::Bool),
        ("due", Type::Time),
    ]);
    columns
        .add("kind_of", Field::of(Type::Code("kind".to_owned())))
        .expect("a new name");
    let lists = BTreeMap::from([("kind".to_owned(), Arc::new(codes(&["help", "complaint"])))]);
    let columns = Schema::of_columns(columns, lists);
    for (text, findings) in [
        (
            "due < $now and not(urgent) or starts-with(title, '急') and n >= -3",
            vec![],
        ),
        (
            "selected('help', kind_of) and due <= $day_end and title = $me",
            vec![],
        ),
        ("kind_of = 'hepl'", vec!["E214 'hepl'"]),
        ("n + 1 > 2", vec!["E229 n + 1"]),
        ("-n > 2", vec!["E229 -n"]),
        ("count(n) = 1", vec!["E229 count(n)"]),
        ("now() > due", vec!["E229 now()"]),
        ("has(urgent)", vec!["E229 urgent"]),
        ("n = area", vec!["E225 n = area"]),
        (
            "starts-with(title, title)",
            vec!["E236 starts-with(title, title)"],
        ),
        ("step[act='x'] = 1", vec!["E220 step"]),
        ("nn = 1", vec!["E220 nn"]),
    ] {
        assert_eq!(found(text, Filter::read(text, &columns)), findings, "{text}");
    }
}

#[test]
fn names_of_a_law_are_plain_free_and_there_once() {
    for name in ["a", "a1_b", "due_at"] {
        assert_eq!(plain(name), Ok(()));
    }
    for name in ["", "A", "1a", "_a", "a-b", "a.b", "区", &"a".repeat(65)] {
        assert_eq!(plain(name), Err(SchemaError::Name(name.to_owned())));
    }
    let mut schema = schema();
    for name in RESERVED {
        let refused = schema.fact(name, Type::Text, None).err();
        assert_eq!(refused, Some(SchemaError::Reserved(name.to_owned())));
    }
    let refused = schema.table("area", Group::new()).err();
    assert_eq!(refused, Some(SchemaError::Twice("area".to_owned())));
    assert_eq!(
        schema.clock("finish").err(),
        Some(SchemaError::Twice("finish".to_owned()))
    );
    for code in ["", "a b", "a\u{3000}b"] {
        assert_eq!(
            CodeList::of_codes([code]),
            Err(SchemaError::Code(code.to_owned()))
        );
    }
}

#[test]
fn the_table_of_functions_is_in_order_and_each_is_checked() {
    let names: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    // With arguments of no use every function still says what is wrong, and never nothing.
    for name in names {
        for count in 0..4 {
            let text = format!("{name}({})", vec!["spot"; count].join(", "));
            assert!(
                !of_value(&text, Type::Codes("kind".to_owned())).is_empty(),
                "{text} is taken as a set of codes"
            );
        }
    }
}

#[test]
fn a_lists_columns_are_of_their_types() {
    let mut list = CodeList::new([("days".to_owned(), Type::Int)]);
    let row = BTreeMap::from([
        ("days".to_owned(), Value::text("five")),
        ("more".to_owned(), Value::text("x")),
    ]);
    list.add("a", row).expect("a code");
    assert_eq!(
        list.look_up("a", "days"),
        &Value::Absent,
        "a text in a column of numbers"
    );
    assert_eq!(list.look_up("a", "more"), &Value::Absent, "in no column");
    assert_eq!(list.look_up("b", "days"), &Value::Absent, "no such code");
}
