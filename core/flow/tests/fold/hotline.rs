//! The hotline's law folded, side by side with the flow and the form checks that it replaces.

use super::support::{Dice, Doing, later, law, name, person, text, time};
use shenhai_crypto::sm3;
use shenhai_flow::fold::{Actor, Answers, Code, FormRequest, Forms, Issue, Law, Outward, Prepared, What};
use shenhai_flow::forms::{FormContext, check_contact, check_reply, check_return, options};
use shenhai_flow::record::{Holder, Item, Record};
use shenhai_flow::{Calendar, DeadlineRules, Flow, clock};
use shenhai_forms::value::{Time, Value};
use shenhai_pack::names::{ClockId, Name};
use shenhai_protocol::{
    CommandKind, ContactForm, FormIssue, Matter, OrderState, ReplyForm, ReturnForm, Role, UnixMillis, Urgency,
};
use std::sync::LazyLock;

pub(crate) static LAW: LazyLock<Law> = LazyLock::new(|| law("../../packs/hotline"));

const HANDLERS: [(&str, &str); 3] = [("li", "north"), ("wang", "north"), ("zhao", "south")];

/// A value's name on the wire, which is its name in the pack.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).expect("an enumeration");
    json.as_str().expect("a text").to_owned()
}

/// An order as the platform hands it over, received at this instant.
pub(crate) fn receive(
    at: Time,
    matter: Matter,
    urgency: Urgency,
    is_review: bool,
    supervised: bool,
) -> Doing<'static> {
    Doing::new(&LAW, "order", "receive")
        .with([
            ("channel", text("12345")),
            ("source_no", text("SH2026.001")),
            ("urgency", text(&word(&urgency))),
            ("matter", text(&word(&matter))),
            ("subject", text("排水/管道堵塞")),
            ("title", text("污水外溢")),
            ("content", text("楼下 污水\n外溢")),
            ("address", text("某路 88弄")),
            ("district", text("310112")),
            ("is_review", Item::Plain(Value::Bool(is_review))),
            ("supervised", Item::Plain(Value::Bool(supervised))),
            ("urge_count", Item::Plain(Value::Number(0.into()))),
            ("received_at", Item::Plain(Value::Time(at))),
            ("caller_name", Item::Committed(sm3(b"name"))),
            ("caller_phone", Item::Committed(sm3(b"phone"))),
        ])
        .asked("office", "north", "")
        .asked("handler", "li", "north")
}

pub(crate) fn platform() -> Actor {
    Actor::Adapter("12345".to_owned())
}

pub(crate) fn handler(user: &str, unit: &str) -> Actor {
    person(user, unit, "handler", &[])
}

/// The three forms as they are checked today, for a record as the fold keeps it.
#[derive(Debug, Clone)]
enum Filled {
    None,
    Contact(ContactForm),
    Reply(ReplyForm),
    Return(ReturnForm),
}

impl Filled {
    fn issues(&self, context: &FormContext) -> Vec<FormIssue> {
        match self {
            Self::None => Vec::new(),
            Self::Contact(form) => check_contact(form, context),
            Self::Reply(form) => check_reply(form, context),
            Self::Return(form) => check_return(form, context),
        }
    }
}

impl Forms for Filled {
    fn answers(&self, request: &FormRequest<'_>) -> Result<Answers, Vec<Issue>> {
        let record = request.record.expect("the handler's forms are of an order");
        let fact = |name: &str| record.facts[name].item.value().expect("not withheld").clone();
        let Value::Time(received) = fact("received_at") else {
            panic!("an order was received at some time");
        };
        let matter = fact("matter").to_string();
        let context = FormContext {
            matter: serde_json::from_value(serde_json::Value::String(matter)).expect("a matter"),
            is_review: fact("is_review") == Value::Bool(true),
            received_at: UnixMillis(received.millis()),
            now: UnixMillis(request.filled.millis()),
        };
        let issues: Vec<Issue> = self
            .issues(&context)
            .into_iter()
            .map(|issue| Issue {
                answer: issue.field,
                code: format!("{:?}", issue.code),
                facts: Vec::new(),
            })
            .collect();
        if issues.is_empty() {
            Ok(Answers::default())
        } else {
            Err(issues)
        }
    }
}

/// A form for a command; now and then one with something missing.
fn fill(dice: &mut Dice, kind: CommandKind, matter: Matter, received: Time, now: Time) -> Filled {
    let whole = dice.below(4) > 0;
    let within = |dice: &mut Dice| {
        let since = u64::try_from((now.millis() - received.millis()).max(1)).expect("later");
        let at = received.millis() + i64::try_from(dice.below(since)).expect("small");
        Some(UnixMillis(at + if dice.below(12) == 0 { 900_000_000 } else { 0 }))
    };
    let offered = options(matter);
    match kind {
        CommandKind::Contact => Filled::Contact(ContactForm {
            reached: Some(true),
            contacted_at: within(dice),
            contact_person: if whole { "王女士" } else { "" }.to_owned(),
            ..ContactForm::default()
        }),
        CommandKind::Reply => Filled::Reply(ReplyForm {
            fact: Some(dice.one_of(offered.fact)),
            fact_note: "已派人清掏并告知".to_owned(),
            appeal: (!offered.appeal.is_empty()).then(|| dice.one_of(offered.appeal)),
            appeal_note: "按规定处理完毕".to_owned(),
            site_visit: (!offered.site_visit.is_empty()).then(|| dice.one_of(offered.site_visit)),
            site_visit_at: within(dice),
            department_phone: "021-12345678".to_owned(),
            satisfaction: Some(dice.one_of(offered.satisfaction)),
            citizen_feedback: "市民表示知晓".to_owned(),
            mode: Some(dice.one_of(offered.mode)),
            department: "养护二所".to_owned(),
            replied_at: within(dice),
            handling: if whole { "已清掏" } else { " " }.to_owned(),
            resolved: Some(true),
        }),
        CommandKind::Return => Filled::Return(ReturnForm {
            reason: if whole { "不属于本单位" } else { "" }.to_owned(),
            suggested_unit: None,
        }),
        CommandKind::Accept | CommandKind::Reveal | CommandKind::Reassign => Filled::None,
    }
}

/// Where the old code says an order stands and who has it.
struct Old {
    state: OrderState,
    user: &'static str,
    unit: &'static str,
}

/// Today's decision: the role and the holder, the state, the form.
fn decide(
    old: &Old,
    kind: CommandKind,
    role: Role,
    who: (&str, &str),
    filled: &Filled,
    context: &FormContext,
) -> Result<OrderState, Code> {
    let holds = match role {
        Role::Handler => old.user == who.0,
        Role::UnitReviewer => old.unit == who.1,
        _ => true,
    };
    match Flow::standard().apply(old.state, kind, role) {
        Err(shenhai_flow::FlowError::Forbidden { .. }) => Err(Code::Forbidden),
        _ if !holds => Err(Code::Forbidden),
        Err(shenhai_flow::FlowError::WrongState { .. }) => Err(Code::WrongState),
        Ok(_) if !filled.issues(context).is_empty() => Err(Code::Form),
        Ok(to) => Ok(to),
    }
}

#[test]
fn over_thousands_of_acts_the_law_decides_as_the_present_flow_and_forms_do() {
    let mut dice = Dice(20_260_723);
    let (mut accepted, mut by_code) = (0, std::collections::BTreeMap::new());
    for _ in 0..400 {
        let received = later(
            time("2026-01-01T00:00:00.000+08:00"),
            i64::try_from(dice.below(300 * 86_400)).expect("small") * 1000,
        );
        let matter = dice.one_of(Matter::ALL);
        let urgency = dice.one_of(Urgency::ALL);
        let (is_review, supervised) = (dice.below(3) == 0, dice.below(4) == 0);
        let opening = receive(received, matter, urgency, is_review, supervised);
        let (mut record, _) = opening
            .at(received, None, &platform())
            .expect("an order is received");
        let mut old = Old {
            state: Flow::standard().initial(),
            user: "li",
            unit: "north",
        };
        let mut now = received;
        for step in 0..20 {
            now = later(now, i64::try_from(dice.below(40_000_000)).expect("small"));
            let kind = dice.one_of(CommandKind::ALL);
            let role = match dice.below(3) {
                0 => dice.one_of(Role::ALL),
                _ if kind == CommandKind::Reassign => Role::BureauReviewer,
                _ => Role::Handler,
            };
            let who = match dice.below(4) {
                0 => dice.one_of(&HANDLERS),
                _ => (old.user, old.unit),
            };
            let filled = fill(&mut dice, kind, matter, received, now);
            let context = FormContext {
                matter,
                is_review,
                received_at: UnixMillis(received.millis()),
                now: UnixMillis(now.millis()),
            };
            let expected = decide(&old, kind, role, who, &filled, &context);

            let to = dice.one_of(&HANDLERS);
            let act = word(&kind);
            let mut doing = Doing::new(&LAW, "order", &act)
                .entry(&format!("e{step}"))
                .by_device("phone", record.rev);
            if kind == CommandKind::Reassign {
                doing.what = What::Reassign {
                    seat: name("main"),
                    to: Holder::person(to.0, to.1),
                };
            }
            let by = person(who.0, who.1, &word(&role), &["bureau"]);
            let verdict = apply_with(&doing, &filled, now, &record, &by);
            match (&expected, verdict) {
                (Ok(state), Ok((next, outward))) => {
                    assert_eq!(next.state.to_string(), word(state), "{act}");
                    accepted += 1;
                    if kind == CommandKind::Reveal {
                        assert_eq!(next, record, "revealing changes nothing");
                        assert!(matches!(outward.as_slice(), [Outward::Recorded { .. }]));
                    }
                    if kind == CommandKind::Reassign {
                        (old.user, old.unit) = to;
                    }
                    old.state = *state;
                    record = next;
                }
                (Err(code), Err(refusal)) => {
                    assert_eq!(refusal.code, *code, "{act} in {:?} by {role:?}", old.state);
                    *by_code.entry(code.word()).or_insert(0) += 1;
                }
                (expected, verdict) => {
                    panic!("{act} in {:?} by {role:?}: {expected:?}, {verdict:?}", old.state)
                }
            }
        }
    }
    // Every kind of verdict was met often enough to mean something.
    assert!(accepted > 1000, "{accepted}");
    for code in ["forbidden", "wrong_state", "form"] {
        assert!(
            by_code.get(code).copied().unwrap_or(0) > 150,
            "{code}: {by_code:?}"
        );
    }
}

/// As [`Doing::at`], with the answers from a checker.
fn apply_with(
    doing: &Doing<'_>,
    forms: &Filled,
    at: Time,
    record: &Record,
    by: &Actor,
) -> Result<(Record, Vec<Outward>), shenhai_flow::fold::Refusal> {
    // What the checker says is reached once and handed over, as a gateway does between preparing and committing.
    let form = LAW.kind(&doing.kind).and_then(|kind| {
        let act = doing.what.name()?;
        kind.rows_of(&act).find_map(|row| row.form.clone())
    });
    let mut doing = doing.clone();
    if let Some(id) = form {
        doing.answers = Prepared(forms.answers(&FormRequest {
            id: &id,
            form: LAW.form(&id).expect("a form of the law"),
            law: &LAW,
            record: Some(record),
            filled: at,
        }));
    }
    doing.at(at, Some(record), by)
}

#[test]
fn the_laws_clocks_are_due_when_the_present_rules_say() {
    let order = LAW.kind(&name("order")).expect("the kind");
    let mut dice = Dice(7);
    for day in 0..366 {
        let at = later(
            time("2026-01-01T00:00:00.000+08:00"),
            day * 86_400_000 + i64::try_from(dice.below(86_400_000)).expect("a day"),
        );
        for matter in Matter::ALL {
            for urgency in Urgency::ALL {
                for (is_review, supervised) in [(false, false), (false, true), (true, false), (true, true)] {
                    let opening = receive(at, *matter, *urgency, is_review, supervised);
                    let (record, _) = opening.at(at, None, &platform()).expect("received");
                    let expected = DeadlineRules::standard().deadlines(
                        UnixMillis(at.millis()),
                        *matter,
                        *urgency,
                        is_review,
                        supervised,
                    );
                    let due = |id: &str| {
                        let id = ClockId::parse(id).expect("a name");
                        clock::due(&record, order, &id, Calendar::standard())
                            .expect("the rules have values")
                            .expect("it runs")
                    };
                    let (contact, finish) = (due("contact"), due("finish"));
                    assert_eq!(
                        contact.at.millis(),
                        expected.contact_by.0,
                        "{at} {matter:?} {urgency:?}"
                    );
                    assert_eq!(
                        finish.at.millis(),
                        expected.finish_by.0,
                        "{at} {matter:?} {urgency:?}"
                    );
                    assert_eq!(
                        contact.provisional || finish.provisional,
                        expected.provisional,
                        "{at}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_contact_clock_ends_with_the_first_contact_and_the_finish_clock_with_the_order() {
    let order = LAW.kind(&name("order")).expect("the kind");
    let at = time("2026-07-22T10:00:00.000+08:00");
    let opening = receive(at, Matter::Complaint, Urgency::Normal, false, false);
    let (record, _) = opening.at(at, None, &platform()).expect("received");
    let by = handler("li", "north");
    let (record, _) = Doing::new(&LAW, "order", "accept")
        .at(later(at, 60_000), Some(&record), &by)
        .expect("accepted");
    let contacted = later(at, 120_000);
    let (record, _) = Doing::new(&LAW, "order", "contact")
        .at(contacted, Some(&record), &by)
        .expect("contacted");
    assert_eq!(record.clocks["contact"].ended, Some(contacted));
    assert_eq!(record.clocks["finish"].ended, None);
    let replied = later(at, 180_000);
    let (record, outward) = Doing::new(&LAW, "order", "reply")
        .at(replied, Some(&record), &by)
        .expect("replied");
    assert_eq!(record.clocks["finish"].ended, Some(replied));
    assert_eq!(record.closed, Some(replied));
    assert!(
        matches!(outward.as_slice(), [Outward::Send { port, message, .. }]
            if port.to_string() == "platform" && message.to_string() == "finished"),
        "{outward:?}"
    );
    // A due stays after the clock's end, for rules that ask whether it was kept.
    let due = clock::due(&record, order, &name("finish"), Calendar::standard()).expect("a value");
    // Received on a Wednesday: five working days on, 23, 24, 27, 28 and 29 July.
    assert_eq!(due.map(|due| due.at), Some(time("2026-07-30T00:00:00.000+08:00")));
}

#[test]
fn the_platform_urges_in_any_state_and_an_old_count_changes_nothing() {
    let at = time("2026-07-22T10:00:00.000+08:00");
    let opening = receive(at, Matter::Complaint, Urgency::Normal, false, false);
    let (record, _) = opening.at(at, None, &platform()).expect("received");
    let urge = |count: i32, record: &Record| {
        Doing::new(&LAW, "order", "update")
            .with([
                ("urge_count", Item::Plain(Value::Number(count.into()))),
                ("supervised", Item::Plain(Value::Bool(false))),
            ])
            .at(later(at, 1000), Some(record), &platform())
            .expect("taken")
            .0
    };
    let twice = urge(2, &record);
    assert_eq!(
        twice.facts["urge_count"].item,
        Item::Plain(Value::Number(2.into()))
    );
    let late = urge(1, &twice);
    assert_eq!(
        late.facts["urge_count"].item,
        Item::Plain(Value::Number(2.into()))
    );
    assert_eq!((late.rev, late.facts["urge_count"].rev), (3, 2));
    let refused = Doing::new(&LAW, "order", "update").refused(
        later(at, 1000),
        &late,
        &Actor::Adapter("elsewhere".to_owned()),
    );
    assert_eq!(refused, Code::Forbidden);
}
