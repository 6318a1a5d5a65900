//! A small law in which every effect is used: what each does, what it refuses, what merges and what does not.

use super::support::{Dice, Doing, later, law, name, person, text, time};
use shenhai_crypto::{Digest32, sm3};
use shenhai_flow::fold::{Actor, Code, Law, News, Outward, What, derived, identity, scopes};
use shenhai_flow::record::{Holder, Item, MAX_HEADS, Pending, Record};
use shenhai_flow::{Calendar, clock};
use shenhai_forms::decimal::Decimal;
use shenhai_forms::value::{Time, Value};
use shenhai_pack::law::{Category, KindRef, LinkNews};
use shenhai_pack::names::{ActId, FactId, LinkId};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static LAW: LazyLock<Law> = LazyLock::new(|| law("tests/trial"));

fn start() -> Time {
    // A Wednesday.
    time("2026-07-22T10:00:00.000+08:00")
}

fn doing(act: &str) -> Doing<'static> {
    Doing::new(&LAW, "job", act)
}

fn chief() -> Actor {
    person("qian", "office", "chief", &["bureau"])
}

fn worker(user: &str) -> Actor {
    person(user, "north", "worker", &[])
}

fn number(text: &str) -> Item {
    Item::Plain(Value::Number(text.parse::<Decimal>().expect("a number")))
}

/// A job of li's, at work, opened and begun at `start`.
fn working() -> Record {
    let (record, _) = doing("open")
        .with([
            ("number", text("7/a")),
            ("phone", Item::Committed(sm3(b"phone"))),
            ("worker", text("li")),
        ])
        .at(start(), None, &chief())
        .expect("opened");
    done(&record, &doing("begin"), &worker("li"))
}

/// The record after an act a second later.
fn done(record: &Record, doing: &Doing<'_>, by: &Actor) -> Record {
    let at = later(record.changed, 1000);
    doing.at(at, Some(record), by).expect("accepted").0
}

fn fact(record: &Record, name: &str) -> Item {
    record
        .facts
        .get(name)
        .map_or(Item::ABSENT, |fact| fact.item.clone())
}

fn people(record: &Record, seat: &str) -> Vec<String> {
    let holders = record.seats.get(seat).map_or(&[][..], Vec::as_slice);
    holders.iter().map(|holder| holder.person.to_string()).collect()
}

#[test]
fn a_record_is_named_by_its_template_and_a_part_cannot_reach_into_another() {
    let record = working();
    assert_eq!(record.id, "job-7~2Fa");
    let opening = doing("open").with([("number", text("急-1")), ("worker", text("li"))]);
    let (record, _) = opening.at(start(), None, &chief()).expect("opened");
    assert_eq!(record.id, "job-~E6~80~A5~2D1");
    assert_eq!(
        identity(None, &record, "w").expect("an id"),
        sm3(b"w\n0").to_hex()[..32]
    );
}

#[test]
fn a_personal_datum_is_copied_as_its_commitment_and_read_by_nothing() {
    let record = working();
    assert_eq!(fact(&record, "phone"), Item::Committed(sm3(b"phone")));
    assert_eq!(fact(&record, "callback"), Item::Committed(sm3(b"phone")));
    let plain = doing("open").with([
        ("number", text("8")),
        ("phone", text("13800001234")),
        ("worker", text("li")),
    ]);
    let refusal = plain
        .at(start(), None, &chief())
        .expect_err("it stands in the clear");
    assert_eq!(
        (refusal.code, refusal.names),
        (Code::WrongType, vec!["phone".to_owned()])
    );
}

#[test]
fn a_job_goes_down_two_levels_and_comes_back() {
    let mut record = working();
    for (from, to) in [("li", "wang"), ("wang", "zhao")] {
        record = done(
            &record,
            &doing("hand_down").with([("worker", text(to))]),
            &worker(from),
        );
    }
    assert_eq!(people(&record, "main"), ["li", "wang", "zhao"]);
    let at = later(record.changed, 1000);
    let deeper = doing("hand_down").with([("worker", text("sun"))]);
    let refusal = deeper
        .at(at, Some(&record), &worker("zhao"))
        .expect_err("too deep");
    assert_eq!(refusal.code, Code::Guard);
    assert_eq!(refusal.why, Some(name("too_deep")));
    let cell = refusal.cell.expect("a cell");
    assert_eq!(
        (cell.file.as_str(), cell.row, cell.column.as_deref()),
        ("law/acts.csv", Some(4), Some("when"))
    );
    // Only the one on top holds it.
    assert_eq!(doing("part").refused(at, &record, &worker("li")), Code::Forbidden);
    record = done(&record, &doing("hand_up"), &worker("zhao"));
    record = done(&record, &doing("hand_up"), &worker("wang"));
    assert_eq!(people(&record, "main"), ["li"]);
    assert_eq!(
        doing("hand_up").refused(at, &record, &worker("li")),
        Code::TimeFell
    );
    let after = later(record.changed, 1);
    assert_eq!(
        doing("hand_up").refused(after, &record, &worker("li")),
        Code::Guard
    );
}

#[test]
fn a_set_has_each_once_and_reassigning_takes_the_one_on_top_away() {
    let record = working();
    let twice = done(
        &done(&record, &doing("watch"), &chief()),
        &doing("watch"),
        &chief(),
    );
    assert_eq!(people(&twice, "watchers"), ["qian"]);
    let none = done(&twice, &doing("unwatch"), &chief());
    assert_eq!(people(&none, "watchers"), Vec::<String>::new());
    assert!(!none.seats.contains_key("watchers"));
    let mut reassign = doing("reassign");
    reassign.what = What::Reassign {
        seat: name("main"),
        to: Holder::person("sun", "south"),
    };
    let given = done(&record, &reassign, &chief());
    assert_eq!(given.holder(&name("main")), Some(&Holder::person("sun", "south")));
    assert_eq!(given.state, record.state);
    let without = doing("reassign").refused(later(record.changed, 1), &record, &chief());
    assert_eq!(without, Code::NotInThisEngine);
}

#[test]
fn rows_are_put_by_their_key_dropped_by_their_price_and_summed_exactly() {
    let part = |code: &str, price: &str| doing("part").with([("code", text(code)), ("price", number(price))]);
    let mut record = working();
    for (code, price) in [("pipe", "0.10"), ("valve", "80.2"), ("pipe", "0.30")] {
        record = done(&record, &part(code, price), &worker("li"));
    }
    let rows = &record.tables["parts"];
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].cells["price"], number("0.3"));
    assert_eq!((rows[0].rev, rows[1].rev), (5, 4));
    assert_eq!(fact(&record, "total"), number("80.5"));
    record = done(&record, &doing("unpart"), &worker("li"));
    assert_eq!(record.tables["parts"].len(), 1);
    assert_eq!(fact(&record, "total"), number("80.2"));
    let at = later(record.changed, 1);
    let nameless = doing("part").with([("price", number("1"))]);
    assert_eq!(nameless.refused(at, &record, &worker("li")), Code::NoKey);
    let finer = part("pipe", "0.001");
    assert_eq!(
        finer.refused(at, &record, &worker("li")),
        Code::Rule(shenhai_forms::rule::Refusal::WrongType)
    );
    for nth in 0..199 {
        record = done(&record, &part(&format!("p{nth}"), "1"), &worker("li"));
    }
    let more = part("one_more", "1").refused(later(record.changed, 1), &record, &worker("li"));
    assert_eq!(more, Code::TooMany);
}

#[test]
fn nothing_is_overwritten_that_its_author_had_not_seen() {
    let record = working();
    let base = record.rev;
    let note = |what: &str| doing("note").with([("note", text(what))]);
    let theirs = done(&record, &note("by the chief").by_device("desk", base), &chief());
    let at = later(theirs.changed, 1);
    let mine = note("by li").by_device("phone", base);
    let refusal = mine.at(at, Some(&theirs), &worker("li")).expect_err("unseen");
    assert_eq!(
        (refusal.code, refusal.names.as_slice()),
        (Code::FactsChanged, &["note".to_owned()][..])
    );
    assert_eq!(refusal.cell.and_then(|cell| cell.row), Some(7));
    // Who has seen it, says the same, or changed it himself, may.
    let seen = note("by li").by_device("phone", theirs.rev);
    assert_eq!(fact(&done(&theirs, &seen, &worker("li")), "note"), text("by li"));
    let same = note("by the chief").by_device("phone", base);
    assert_eq!(done(&theirs, &same, &worker("li")).facts["note"].rev, theirs.rev);
    let first = done(&record, &note("first").by_device("phone", base), &worker("li"));
    let second = done(&first, &note("second").by_device("phone", base), &worker("li"));
    assert_eq!(fact(&second, "note"), text("second"));
    // Counting on, joining and other rows merge.
    let counted = done(&record, &doing("count").by_device("desk", base), &chief());
    let both = done(&counted, &doing("count").by_device("phone", base), &worker("li"));
    assert_eq!(fact(&both, "count"), number("2"));
    let part = |code: &str, price: &str, device: &str| {
        doing("part")
            .with([("code", text(code)), ("price", number(price))])
            .by_device(device, base)
    };
    let one = done(&record, &part("pipe", "1", "tablet"), &worker("li"));
    let two = done(&one, &part("valve", "2", "phone"), &worker("li"));
    assert_eq!(two.tables["parts"].len(), 2);
    let clash = part("pipe", "3", "phone").refused(later(two.changed, 1), &two, &worker("li"));
    assert_eq!(clash, Code::FactsChanged);
    let ahead = note("x")
        .by_device("phone", two.rev + 1)
        .refused(later(two.changed, 1), &two, &chief());
    assert_eq!(ahead, Code::UnknownRevision);
}

#[test]
fn beyond_the_heads_that_are_kept_a_change_counts_as_anothers() {
    let record = working();
    let base = record.rev;
    let note = |what: &str| {
        doing("note")
            .with([("note", text(what))])
            .by_device("phone", base)
    };
    let mut record = done(&record, &note("first"), &worker("li"));
    for _ in 0..MAX_HEADS {
        record = done(&record, &doing("count"), &chief());
    }
    assert_eq!(record.steps.heads.len(), MAX_HEADS);
    let late = note("second").refused(later(record.changed, 1), &record, &worker("li"));
    assert_eq!(late, Code::FactsChanged);
    assert_eq!(record.steps.count, record.rev);
    assert_eq!(record.steps.acts["count"].count, MAX_HEADS as u64);
}

#[test]
fn back_leads_to_where_it_was_before_it_waited() {
    let record = working();
    let waiting = done(&record, &doing("pause"), &worker("li"));
    assert_eq!(
        (waiting.state.to_string(), waiting.category),
        ("waiting".to_owned(), Category::Waiting)
    );
    assert_eq!(waiting.came_from, Some(name("working")));
    let back = done(&waiting, &doing("resume"), &worker("li"));
    assert_eq!(back.state, name("working"));
    assert_eq!(
        doing("resume").refused(later(back.changed, 1), &back, &worker("li")),
        Code::WrongState
    );
}

fn due(record: &Record) -> Option<Time> {
    let kind = LAW.kind(&record.kind).expect("the kind");
    let due = clock::due(record, kind, &name("finish"), Calendar::standard()).expect("a value");
    due.map(|due| due.at)
}

#[test]
fn a_clock_stands_goes_on_begins_anew_and_ends() {
    let record = working();
    // 23, 24 and 27 July.
    let third = time("2026-07-28T00:00:00.000+08:00");
    assert_eq!(due(&record), Some(third));
    let at = |text: &str| time(&format!("2026-07-{text}:00.000+08:00"));
    let act = |record: &Record, act: &str, when: Time, by: &Actor| {
        doing(act).at(when, Some(record), by).expect("accepted").0
    };
    let waiting = act(&record, "pause", at("23T09:00"), &worker("li"));
    assert_eq!(due(&waiting), None);
    // It stood as the 23rd ended: 24, 27, 28.
    let goes_on = act(&waiting, "resume", at("24T09:00"), &worker("li"));
    assert_eq!(due(&goes_on), Some(time("2026-07-29T00:00:00.000+08:00")));
    // Two more working days: 29, 30.
    let extended = act(&goes_on, "extend", at("24T10:00"), &chief());
    assert_eq!(due(&extended), Some(time("2026-07-31T00:00:00.000+08:00")));
    // Anew from Friday the 24th: 27, 28, 29, and the two more.
    let anew = act(&extended, "again", at("24T11:00"), &chief());
    assert_eq!(anew.clocks["finish"].generation, 2);
    assert_eq!(anew.clocks["finish"].pauses, []);
    assert_eq!(due(&anew), Some(time("2026-08-01T00:00:00.000+08:00")));
    let over = act(&anew, "finish", at("27T09:00"), &worker("li"));
    assert_eq!(over.clocks["finish"].ended, Some(at("27T09:00")));
    assert_eq!(due(&over), due(&anew));
}

#[test]
fn an_alarm_does_its_act_once_and_not_before_its_time() {
    let record = working();
    let kind = LAW.kind(&record.kind).expect("the kind");
    let alarms = clock::alarms(&record, kind, Calendar::standard()).expect("values");
    let when: Vec<_> = alarms
        .iter()
        .map(|one| (one.at, one.alarm, one.act.clone()))
        .collect();
    let (before, overdue) = (
        time("2026-07-25T00:00:00.000+08:00"),
        time("2026-07-28T00:00:00.000+08:00"),
    );
    // The working day before Monday the 27th is Friday the 24th.
    assert_eq!(
        when,
        [(before, 0, None), (overdue, 1, Some(name::<ActId>("late")))]
    );
    let alarm = |generation: u64, alarm: u32| Actor::Clock {
        clock: name("finish"),
        generation,
        alarm,
    };
    assert_eq!(
        doing("late").refused(later(overdue, -1), &record, &alarm(1, 1)),
        Code::StaleAlarm
    );
    assert_eq!(
        doing("late").refused(overdue, &record, &alarm(2, 1)),
        Code::StaleAlarm
    );
    assert_eq!(
        doing("late").refused(overdue, &record, &alarm(1, 0)),
        Code::StaleAlarm
    );
    let (late, _) = doing("late")
        .at(overdue, Some(&record), &alarm(1, 1))
        .expect("it is due");
    assert_eq!(fact(&late, "late"), Item::Plain(Value::Bool(true)));
    assert_eq!(
        doing("late").refused(overdue, &late, &alarm(1, 1)),
        Code::StaleAlarm
    );
    assert_eq!(Record::read(late.document().as_bytes()).as_ref(), Ok(&late));
}

fn visit_of(act: &Doing<'_>, record: &Record) -> (Record, Digest32) {
    let at = later(record.changed, 1000);
    let (record, outward) = act.at(at, Some(record), &worker("li")).expect("accepted");
    let [
        Outward::Open {
            link,
            key,
            kind,
            with,
        },
    ] = outward.as_slice()
    else {
        panic!("one record to open: {outward:?}");
    };
    assert_eq!(
        (link.to_string(), kind.to_string()),
        ("look".to_owned(), "visit".to_owned())
    );
    assert_eq!(with.items["why"], text("7/a"));
    assert_eq!(with.items["worker"], text("li"));
    assert_eq!(with.items["phone"], Item::Committed(sm3(b"phone")));
    (record, *key)
}

#[test]
fn what_is_opened_is_known_at_once_mirrored_and_answered() {
    let (record, key) = visit_of(&doing("visit").entry("work-1"), &working());
    assert_eq!(key, derived("work-1", "1.0"));
    let link = &record.links[0];
    assert_eq!(
        link.id.as_deref(),
        Some(&derived(&key.to_hex(), "0").to_hex()[..32])
    );
    assert_eq!(link.pending, [Pending::Open]);

    // The other record, opened by what was asked, has the id that was foreseen.
    let asking = Actor::Asked {
        kind: KindRef {
            pack: None,
            kind: name("job"),
        },
        id: record.id.clone(),
    };
    let plan = Doing::new(&LAW, "visit", "plan")
        .entry(&key.to_hex())
        .with([("why", text("7/a")), ("worker", text("li"))]);
    let (visit, _) = plan.at(record.changed, None, &asking).expect("planned");
    assert_eq!(Some(&visit.id), link.id.as_ref());
    let stranger = Actor::Asked {
        kind: KindRef {
            pack: Some(name("elsewhere")),
            kind: name("job"),
        },
        id: "x".to_owned(),
    };
    let refusal = plan.at(record.changed, None, &stranger).expect_err("no contract");
    assert_eq!(refusal.code, Code::Forbidden);

    let news = |what: LinkNews, outcome_of: Option<Pending>, found: &str, code: Option<&str>| {
        let mut doing = doing("visited");
        doing.what = What::News(News {
            key,
            what,
            outcome_of,
            id: None,
            category: Some(Category::Done),
            gives: BTreeMap::from([(name::<FactId>("found"), Value::text(found))]),
            code: code.map(str::to_owned),
        });
        doing
    };
    let opened = news(LinkNews::Accepted(name("plan")), Some(Pending::Open), "", None);
    let mirrored = done(&record, &opened, &Actor::Link);
    assert_eq!(mirrored.links[0].pending, []);
    assert_eq!(fact(&mirrored, "note"), Item::ABSENT);
    assert_eq!(
        (
            mirrored.steps.count,
            mirrored.steps.heads.back().expect("a head").act.clone()
        ),
        (4, None)
    );
    let twice = opened.refused(later(mirrored.changed, 1), &mirrored, &Actor::Link);
    assert_eq!(twice, Code::NoLink);

    let over = news(LinkNews::Category(Category::Done), None, "漏水", None);
    let answered = done(&mirrored, &over, &Actor::Link);
    assert_eq!(fact(&answered, "note"), text("漏水"));
    assert_eq!(answered.steps.acts["visited"].count, 1);
    assert_eq!(
        Record::read(answered.document().as_bytes()).as_ref(),
        Ok(&answered)
    );

    let refused = news(LinkNews::Refused, Some(Pending::Open), "", Some("no_contract"));
    let told = done(&record, &refused, &Actor::Link);
    assert_eq!(fact(&told, "note"), text("no_contract"));
}

#[test]
fn finishing_sends_opens_for_each_asks_and_tells_in_the_order_of_the_sheet() {
    let part = |code: &str, price: &str| doing("part").with([("code", text(code)), ("price", number(price))]);
    let mut record = working();
    for (code, price) in [("pipe", "20"), ("tape", "1"), ("valve", "30")] {
        record = done(&record, &part(code, price), &worker("li"));
    }
    let at = later(record.changed, 1);
    let (record, outward) = doing("finish")
        .at(at, Some(&record), &worker("li"))
        .expect("done");
    let said: Vec<String> = outward
        .iter()
        .map(|one| match one {
            Outward::Send {
                port, message, with, ..
            } => {
                format!("send {port}.{message} {}", with.items.len())
            }
            Outward::Open { with, .. } => {
                format!("open {}", with.items["why"].value().expect("a value"))
            }
            Outward::Do { act, .. } => format!("do {act}"),
            Outward::Tell { holders, text, .. } => format!("tell {} {text}", holders.len()),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        said,
        [
            "send street.closed 2",
            "open pipe",
            "open valve",
            "do cancel",
            "do cancel",
            "tell 1 finished"
        ]
    );
    let asked = Pending::Act(name("cancel"));
    assert_eq!(record.links[1].pending, [Pending::Open, asked]);
    assert_ne!(record.links[0].key, record.links[1].key);
}

#[test]
fn a_record_is_in_the_scopes_of_all_who_handed_it_down_and_leaves_its_holder_a_month_after_its_end() {
    let record = working();
    let record = done(
        &record,
        &doing("hand_down").with([("worker", text("wang"))]),
        &worker("li"),
    );
    let given = |at: Time| shenhai_flow::fold::Given {
        at,
        calendar: Calendar::standard(),
        asked: BTreeMap::new(),
    };
    let kind = LAW.kind(&record.kind).expect("the kind");
    let of = |record: &Record, at: Time| scopes(record, kind, &given(at)).expect("values");
    // The law asks nobody for the unit of the one it names; who acts brings theirs along.
    assert_eq!(
        of(&record, record.changed).into_iter().collect::<Vec<_>>(),
        ["bureau", "person:wang"]
    );
    let mut over = done(&record, &doing("finish"), &worker("wang"));
    over.seats.insert(
        name("main"),
        vec![Holder::person("li", "north"), Holder::person("wang", "south")],
    );
    let closed = over.closed.expect("closed");
    let month = later(closed, 30 * 86_400_000);
    assert_eq!(
        of(&over, later(month, -1)).into_iter().collect::<Vec<_>>(),
        ["bureau", "person:wang", "unit:north", "unit:south"]
    );
    assert!(!of(&over, month).contains("person:wang"));
}

#[test]
fn acts_under_another_law_for_another_record_or_of_no_sheet_are_refused_by_name() {
    let record = working();
    let at = later(record.changed, 1);
    let other = super::hotline::LAW.clone();
    let mut elsewhere = doing("count");
    elsewhere.law = &other;
    assert_eq!(elsewhere.refused(at, &record, &chief()), Code::LawChanged);
    assert_eq!(doing("nothing").refused(at, &record, &chief()), Code::UnknownAct);
    assert_eq!(doing("open").refused(at, &record, &chief()), Code::Exists);
    let missing = doing("count")
        .at(at, None, &chief())
        .expect_err("nothing to count");
    // Of a record that is not there nobody holds anything, but a chief might.
    assert_eq!(missing.code, Code::NoRecord);
    let outside = person("qian", "office", "chief", &["elsewhere"]);
    assert_eq!(doing("count").refused(at, &record, &outside), Code::Forbidden);
    let link: LinkId = name("look");
    assert!(record.links.iter().all(|held| held.name != link));
}

#[test]
fn random_histories_are_read_back_and_come_to_the_same_text_again() {
    let acts = [
        "begin",
        "hand_down",
        "hand_up",
        "note",
        "count",
        "part",
        "unpart",
        "watch",
        "unwatch",
        "pause",
        "resume",
        "again",
        "extend",
        "visit",
        "finish",
    ];
    let mut dice = Dice(99);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..300 {
        let mut record = working();
        for step in 0..30 {
            let act = dice.one_of(&acts);
            let who = dice.one_of(&["li", "wang", "zhao"]);
            let by = if dice.below(3) == 0 { chief() } else { worker(who) };
            let price = format!("{}.{:02}", dice.below(30), dice.below(100));
            let act = doing(act)
                .entry(&format!("{act} {step}"))
                .by_device(
                    dice.one_of(&["phone", "desk"]),
                    record.rev - dice.below(record.rev.min(3)),
                )
                .with([
                    ("worker", text(dice.one_of(&["li", "wang", "zhao"]))),
                    (
                        "note",
                        text(dice.one_of(&["", "-", " a\\", "\n", "漏水 严重", "\\e"])),
                    ),
                    ("code", text(dice.one_of(&["pipe", "valve", "a b"]))),
                    ("price", number(&price)),
                ]);
            let at = later(
                record.changed,
                i64::try_from(dice.below(9_000_000)).expect("small"),
            );
            let kept = Record::read(record.document().as_bytes()).expect("a document");
            assert_eq!(kept, record);
            match (act.at(at, Some(&record), &by), act.at(at, Some(&kept), &by)) {
                (Ok((one, sent)), Ok((other, same))) => {
                    assert_eq!((one.state_text(), sent), (other.state_text(), same));
                    record = one;
                    accepted += 1;
                }
                (one, other) => {
                    assert_eq!(one.map(|_| ()), other.map(|_| ()));
                    refused += 1;
                }
            }
        }
    }
    assert!(accepted > 1500 && refused > 1500, "{accepted} {refused}");
}

/// A record in which every line of the state text is: written once, and read by every later version.
#[test]
fn the_document_of_a_record_is_written_as_it_was() {
    let part = doing("part").with([("code", text("pipe 2")), ("price", number("12.50"))]);
    let record = done(&working(), &part, &worker("li"));
    let record = done(&record, &doing("watch"), &chief());
    let record = done(&record, &doing("pause"), &worker("li"));
    let record = done(&record, &doing("resume"), &worker("li"));
    let overdue = due(&record).expect("it runs");
    let alarm = Actor::Clock {
        clock: name("finish"),
        generation: 1,
        alarm: 1,
    };
    let (record, _) = doing("late")
        .at(overdue, Some(&record), &alarm)
        .expect("it is due");
    let (record, key) = visit_of(
        &doing("visit").entry("work 1").by_device("phone", record.rev),
        &record,
    );
    let mut news = doing("visited").entry("news 1");
    news.what = What::News(News {
        key,
        what: LinkNews::Category(Category::Active),
        outcome_of: None,
        id: None,
        category: Some(Category::Active),
        gives: BTreeMap::from([(name::<FactId>("found"), Value::text("未见\n异常"))]),
        code: None,
    });
    let record = done(&record, &news, &Actor::Link);
    let note = doing("note").with([("note", text("-"))]);
    let record = done(&record, &note, &worker("li"));
    let document = record.document();
    let expected = include_str!("../data/record.txt");
    assert_eq!(document, expected, "{document}");
    assert_eq!(Record::read(expected.as_bytes()), Ok(record));
}
