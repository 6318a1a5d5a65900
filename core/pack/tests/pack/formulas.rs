//! Formulas: that they say something, of the type their place wants, at a bounded cost; and that clocks stop.

use crate::support::{changed, errors, only_error, sample};
use shenhai_forms::rule::{Scene, Tree};
use shenhai_forms::value::{Time, Type, Value};
use shenhai_pack::check;
use shenhai_pack::law::{Effect, Kind};
use shenhai_pack::names::{ActId, KindId, Name};
use std::collections::BTreeMap;

#[test]
fn every_kind_of_slip_in_a_formula_has_its_code_and_place() {
    let slips = [
        (
            "law/acts.csv",
            "total < 1000",
            "totl < 1000",
            "E220 law/acts.csv 第8行 when",
        ),
        (
            "law/acts.csv",
            "total < 1000",
            "total < ",
            "E207 law/acts.csv 第8行 when",
        ),
        (
            "law/acts.csv",
            "total < 1000",
            "total",
            "E226 law/acts.csv 第8行 when",
        ),
        (
            "law/acts.csv",
            "total < 1000",
            "phone = '110'",
            "E228 law/acts.csv 第8行 when",
        ),
        (
            "law/acts.csv",
            "total < 1000",
            "trade = 'watr'",
            "E214 law/acts.csv 第8行 when",
        ),
        (
            "law/facts.csv",
            "sum(parts/price)",
            "sum(parts/cost)",
            "E220 law/facts.csv 第9行 calc",
        ),
        (
            "law/effects.csv",
            "assign,main,,form/fixer",
            "assign,main,,form/trade",
            "E226 law/effects.csv 第3行 value",
        ),
        (
            "law/effects.csv",
            "price = $row/price",
            "price = $row/code",
            "E226 law/effects.csv 第5行 with",
        ),
        ("law/effects.csv", "number = number", "number = phone", "E0 none"),
        (
            "law/effects.csv",
            "fault,finish,1,,form/parts,put",
            "fault,finish,1,,number,put",
            "E226 law/effects.csv 第5行 each",
        ),
        (
            "law/clocks.toml",
            "trade = 'power'",
            "trade = 'heat'",
            "E214 law/clocks.toml [clock.finish.term] 第7行 when",
        ),
        (
            "law/clocks.toml",
            "from = \"reported_at\"",
            "from = \"number\"",
            "E226 law/clocks.toml [clock.finish] 第4行 from",
        ),
        (
            "law/colours.csv",
            "category = 'done'",
            "category = 'finished'",
            "E214 law/colours.csv 第3行 when",
        ),
        (
            "face/views.toml",
            "category != 'done'",
            "phone != ''",
            "E220 face/views.toml [list.mine.tabs] 第6行 filter",
        ),
    ];
    for (file, from, to, expected) in slips {
        let found = errors(&changed(file, from, to));
        if expected == "E0 none" {
            assert_eq!(found, Vec::<String>::new(), "{to:?}");
        } else {
            assert!(
                found.contains(&expected.to_owned()),
                "{file}: {from:?} → {to:?} leads to {found:#?}"
            );
        }
    }
}

#[test]
fn a_finding_says_where_in_the_formula_and_what_may_be_meant() {
    assert_eq!(
        only_error(&changed(
            "law/acts.csv",
            "total < 1000",
            "total < 1000 or trade = 'watr'"
        )),
        "E214 law/acts.csv 第8行 when：代码表中没有“watr”，是否为“water”？（公式第 25 个字符）"
    );
}

#[test]
fn personal_data_is_copied_within_its_class_and_leaves_only_where_the_port_declares_it() {
    let free = changed("pack.toml", "classes = [\"phone\"]", "classes = []");
    assert_eq!(errors(&free), Vec::<String>::new());
    let mut sent = changed("law/effects.csv", "number = number", "number = phone");
    sent.remove("pack.toml");
    let manifest = free.get("pack.toml").expect("the manifest").to_vec();
    sent.insert("pack.toml", manifest).expect("a file of a pack");
    assert_eq!(
        only_error(&sent),
        "E324 law/effects.csv 第6行 with：端口没有声明个人信息类别“phone”"
    );
    // From an answer that is not of the class, and into a fact that is of none.
    let found = errors(&changed("law/effects.csv", "set,*,,", "set,phone,,form/number"));
    assert!(
        found.contains(&"E226 law/effects.csv 第2行 value".to_owned()),
        "{found:?}"
    );
    let found = errors(&changed("law/effects.csv", "set,*,,", "set,number,,form/phone"));
    assert!(
        found.contains(&"E228 law/effects.csv 第2行 value".to_owned()),
        "{found:?}"
    );
    let copied = changed("law/effects.csv", "set,*,,", "set,phone,,form/phone");
    assert_eq!(errors(&copied), Vec::<String>::new());
}

#[test]
fn facts_that_are_calculated_from_each_other_are_named() {
    let facts = "fault,total,decimal(2),,,,sum(parts/price),合计\n";
    let circle = "fault,total,decimal(2),,,,tax,合计\nfault,tax,decimal(2),,,,total,税\n";
    assert_eq!(
        only_error(&changed("law/facts.csv", facts, circle)),
        "E803 law/facts.csv 第9行 calc：计算互相依赖：total、tax"
    );
    let chain = "fault,due,decimal(2),,,,total,应付\n".replace("due", "owed") + facts;
    let pack = check(&changed("law/facts.csv", facts, &chain))
        .pack
        .expect("a sound pack");
    let names: Vec<_> = kind(&pack, "fault")
        .calculated()
        .iter()
        .map(|fact| fact.name.to_string())
        .collect();
    assert_eq!(names, ["total", "owed"]);
}

#[test]
fn a_clock_stops_where_its_record_ends() {
    assert_eq!(
        only_error(&changed(
            "law/clocks.toml",
            "category != 'done' and category != 'void'",
            "not(category = 'void')"
        )),
        "E402 law/clocks.toml [clock.finish] 第3行 while：记录到了状态“done”，时钟还在走"
    );
    assert_eq!(
        only_error(&changed(
            "law/clocks.toml",
            "while = \"category != 'done' and category != 'void'\"\n",
            ""
        )),
        "E401 law/clocks.toml [clock.finish] 第1行 while：时钟没有 while：它永远不会停"
    );
    for ends in [
        "state = 'new' or state = 'working'",
        "selected('new active waiting', category)",
        "category != 'done' and trade = 'water'",
        "not(state = 'done' or has(phone) and false())",
    ] {
        let files = changed(
            "law/clocks.toml",
            "category != 'done' and category != 'void'",
            ends,
        );
        assert_eq!(errors(&files), Vec::<String>::new(), "{ends}");
    }
}

#[test]
fn terms_cover_every_code_or_the_check_gives_an_example() {
    let power = "  {n = 2, unit = \"workday\", when = \"trade = 'power'\", tag = \"A\"},\n";
    assert_eq!(
        only_error(&changed("law/clocks.toml", power, "")),
        "E403 law/clocks.toml [clock.finish] 第1行 term：没有一条期限适用于 trade = power"
    );
    for covering in [
        "{n = 2, unit = \"workday\", tag = \"A\"},",
        "{n = 2, unit = \"workday\", when = \"trade != 'water'\", tag = \"A\"},",
        "{n = 2, unit = \"workday\", when = \"selected('power', trade) or false()\", tag = \"A\"},",
        "{until = \"reported_at\", when = \"not(trade = 'water')\", tag = \"A\"},",
    ] {
        let files = changed("law/clocks.toml", power.trim(), covering);
        assert_eq!(errors(&files), Vec::<String>::new(), "{covering}");
    }
    // A condition that may or may not hold covers nothing.
    let maybe = changed(
        "law/clocks.toml",
        "trade = 'power'",
        "trade = 'power' and has(phone)",
    );
    assert_eq!(errors(&maybe), ["E403 law/clocks.toml [clock.finish] 第1行 term"]);
}

#[test]
fn what_one_act_may_cost_and_ask_for_is_bounded() {
    // Two hundred rows, each with ten looks at two hundred rows.
    let looks = ["some(parts[price > 10])"; 10].join(" or ");
    let costly = changed(
        "law/effects.csv",
        "code = $row/code; price = $row/price",
        &format!("\"code = $row/code; price = if({looks}, $row/price, 0)\""),
    );
    let found = errors(&costly);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("E805 law/effects.csv 第5行")),
        "{found:?}"
    );

    let send = "fault,finish,2,,,send,street.closed,,,number = number\n";
    let thrice: String = (2..5)
        .map(|order| send.replace("finish,2,,,", &format!("finish,{order},,form/parts,")))
        .collect();
    let many = changed("law/effects.csv", send, &thrice);
    let found = errors(&many);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("E328 law/effects.csv 第5行")),
        "{found:?}"
    );
}

#[test]
fn an_endless_formula_is_a_finding_of_its_bound() {
    let deep = format!("{}total < 1{}", "(".repeat(1_500), ")".repeat(1_500));
    assert_eq!(
        errors(&changed("law/acts.csv", "total < 1000", &deep)),
        ["E201 law/acts.csv 第8行 when"]
    );
    let wide = format!("total < 1{}", " + total".repeat(400));
    let found = errors(&changed("law/acts.csv", "total < 1000", &wide));
    assert!(found.len() <= 1, "{found:?}");
}

fn kind<'p>(pack: &'p shenhai_pack::Pack, name: &str) -> &'p Kind {
    pack.law
        .kind(&KindId::parse(name).expect("a name"))
        .expect("the kind")
}

#[test]
fn what_was_checked_is_evaluated_without_being_parsed_again() {
    let pack = check(&sample()).pack.expect("a sound pack");
    let fault = kind(&pack, "fault");
    let finish = ActId::parse("finish").expect("a name");
    let row = fault.rows_of(&finish).next().expect("the act");
    let guard = row
        .when
        .as_ref()
        .and_then(|when| when.rule())
        .expect("a compiled guard");
    let mut record = Tree::default();
    let price = |text: &str| Value::read(&Type::Decimal { scale: 2 }, text).expect("a number");
    let variables = BTreeMap::new();
    for (total, holds) in [("999.99", true), ("1000.00", false)] {
        record.values.insert("total".to_owned(), price(total));
        let scene = Scene {
            record: &record,
            form: None,
            row: None,
            variables: &variables,
            now: Time::new(0).expect("an instant"),
        };
        assert_eq!(guard.holds(&scene), Ok(holds), "{total}");
    }
    let put = fault.effects_of(&finish).next().expect("an effect");
    assert!(put.each.as_ref().is_some_and(|each| each.rows().is_some()));
    let Effect::Put { cells, .. } = &put.effect else {
        panic!("the first effect puts rows");
    };
    assert!(cells.iter().all(|(_, formula)| formula.rule().is_some()));
    let tab = &pack.face.lists[0].tabs[0];
    assert!(tab.filter.filter().is_some());
}
