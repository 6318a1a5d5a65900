//! What makes a handler's form complete: each rule with a form that keeps it and one that breaks it.

use proptest::prelude::*;
use shenhai_flow::forms::{Form, FormContext, check_contact, check_reply, check_return, look_asked, options};
use shenhai_flow::labels::Label;
use shenhai_protocol::{
    AppealFinding, ContactForm, FactFinding, IssueCode, Matter, ReplyForm, ReplyMode, ReturnForm,
    Satisfaction, SiteVisit, UnitId, UnixMillis, UnreachedReason,
};
use std::collections::BTreeSet;

use IssueCode::{BeforeOrder, InFuture, NotOffered, RepeatsOption, Required, TooLong};

/// 2026-11-23 09:12:33 in Shanghai.
const RECEIVED: UnixMillis = UnixMillis(1_795_396_353_000);
const NOW: UnixMillis = UnixMillis(RECEIVED.0 + 6 * 3_600_000);
const MINUTE: i64 = 60_000;

fn context(matter: Matter) -> FormContext {
    FormContext {
        matter,
        is_review: false,
        received_at: RECEIVED,
        now: NOW,
    }
}

fn review(matter: Matter) -> FormContext {
    FormContext {
        is_review: true,
        ..context(matter)
    }
}

fn reached() -> ContactForm {
    ContactForm {
        reached: Some(true),
        contacted_at: Some(RECEIVED.plus(30 * MINUTE)),
        contact_person: "王女士".to_owned(),
        ..ContactForm::default()
    }
}

fn unreached() -> ContactForm {
    ContactForm {
        reached: Some(false),
        unreached_reason: Some(UnreachedReason::NoAnswer),
        ..ContactForm::default()
    }
}

/// A complete reply to a 投诉 that was found true.
fn reply() -> ReplyForm {
    ReplyForm {
        fact: Some(FactFinding::True),
        appeal: Some(AppealFinding::Reasonable),
        site_visit: Some(SiteVisit::Yes),
        satisfaction: Some(Satisfaction::Satisfied),
        mode: Some(ReplyMode::Phone),
        department: "养护二所".to_owned(),
        replied_at: Some(RECEIVED.plus(120 * MINUTE)),
        handling: "已疏通雨水管道并清运淤泥。".to_owned(),
        resolved: Some(true),
        ..ReplyForm::default()
    }
}

/// A complete reply to a 咨询.
fn answer() -> ReplyForm {
    ReplyForm {
        fact: Some(FactFinding::PolicyFound),
        appeal: None,
        site_visit: None,
        ..reply()
    }
}

fn contact_issues(form: &ContactForm) -> Vec<(String, IssueCode)> {
    pairs(check_contact(form, &context(Matter::Complaint)))
}

fn reply_issues(form: &ReplyForm) -> Vec<(String, IssueCode)> {
    pairs(check_reply(form, &context(Matter::Complaint)))
}

fn pairs(issues: Vec<shenhai_protocol::FormIssue>) -> Vec<(String, IssueCode)> {
    issues
        .into_iter()
        .map(|issue| (issue.field, issue.code))
        .collect()
}

fn only(field: &str, code: IssueCode) -> Vec<(String, IssueCode)> {
    vec![(field.to_owned(), code)]
}

#[test]
fn a_complete_form_has_no_issues() {
    assert_eq!(contact_issues(&reached()), []);
    assert_eq!(contact_issues(&unreached()), []);
    assert_eq!(reply_issues(&reply()), []);
    assert_eq!(pairs(check_reply(&answer(), &context(Matter::Inquiry))), []);
    let form = ReturnForm {
        reason: "该路段由区住建委管养".to_owned(),
        suggested_unit: None,
    };
    assert_eq!(pairs(check_return(&form, &context(Matter::Help))), []);
}

#[test]
fn an_empty_contact_asks_whether_the_citizen_was_reached() {
    assert_eq!(contact_issues(&ContactForm::default()), only("reached", Required));
}

#[test]
fn who_was_reached_and_when_is_required() {
    assert_eq!(
        contact_issues(&ContactForm {
            contacted_at: None,
            ..reached()
        }),
        only("contacted_at", Required)
    );
    for blank in ["", "  ", "\u{3000}", "——"] {
        let form = ContactForm {
            contact_person: blank.to_owned(),
            ..reached()
        };
        assert_eq!(contact_issues(&form), only("contact_person", Required));
    }
}

#[test]
fn why_the_citizen_was_not_reached_is_required() {
    let form = ContactForm {
        unreached_reason: None,
        ..unreached()
    };
    assert_eq!(contact_issues(&form), only("unreached_reason", Required));
}

#[test]
fn a_reached_citizen_has_no_reason_for_not_being_reached() {
    let form = ContactForm {
        unreached_reason: Some(UnreachedReason::NoAnswer),
        ..reached()
    };
    assert_eq!(contact_issues(&form), only("unreached_reason", NotOffered));
}

#[test]
fn a_contact_lies_between_the_order_and_now() {
    let at = |at| {
        contact_issues(&ContactForm {
            contacted_at: Some(at),
            ..reached()
        })
    };
    assert_eq!(at(NOW.plus(10 * MINUTE)), []);
    assert_eq!(at(NOW.plus(10 * MINUTE + 1)), only("contacted_at", InFuture));
    // The order came at 09:12:33. People enter 09:12.
    assert_eq!(at(RECEIVED.plus(-33_000)), []);
    assert_eq!(at(RECEIVED.plus(-33_001)), only("contacted_at", BeforeOrder));
    assert_eq!(at(UnixMillis(i64::MIN)), only("contacted_at", BeforeOrder));
    assert_eq!(at(UnixMillis(i64::MAX)), only("contacted_at", InFuture));
}

#[test]
fn an_attempt_without_success_may_have_a_time_and_it_is_checked() {
    let form = ContactForm {
        contacted_at: Some(NOW),
        ..unreached()
    };
    assert_eq!(contact_issues(&form), []);
    let form = ContactForm {
        contacted_at: Some(NOW.plus(60 * MINUTE)),
        ..unreached()
    };
    assert_eq!(contact_issues(&form), only("contacted_at", InFuture));
}

#[test]
fn five_hundred_characters_are_the_limit_whatever_their_bytes() {
    let text = |n| "水".repeat(n);
    assert_eq!(
        contact_issues(&ContactForm {
            note: text(500),
            ..reached()
        }),
        []
    );
    assert_eq!(
        contact_issues(&ContactForm {
            note: text(501),
            ..reached()
        }),
        only("note", TooLong)
    );
    assert_eq!(
        reply_issues(&ReplyForm {
            handling: text(500),
            ..reply()
        }),
        []
    );
    for field in [
        "fact_note",
        "appeal_note",
        "department_phone",
        "citizen_feedback",
        "department",
        "handling",
    ] {
        let mut form = reply();
        match field {
            "fact_note" => form.fact_note = text(501),
            "appeal_note" => form.appeal_note = text(501),
            "department_phone" => form.department_phone = text(501),
            "citizen_feedback" => form.citizen_feedback = text(501),
            "department" => form.department = text(501),
            _ => form.handling = text(501),
        }
        assert_eq!(reply_issues(&form), only(field, TooLong));
    }
}

#[test]
fn an_empty_reply_to_a_complaint_asks_for_everything_at_once() {
    let fields: Vec<String> = reply_issues(&ReplyForm::default())
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    let expected = [
        "fact",
        "appeal",
        "site_visit",
        "satisfaction",
        "mode",
        "department",
        "replied_at",
        "handling",
        "resolved",
    ];
    assert_eq!(fields, expected);
    assert!(
        reply_issues(&ReplyForm::default())
            .iter()
            .all(|(_, code)| *code == Required)
    );
}

#[test]
fn the_finding_is_the_one_of_the_matter() {
    use FactFinding as F;
    for (matter, offered) in [
        (Matter::Help, vec![F::True, F::PartlyTrue, F::False]),
        (Matter::Complaint, vec![F::True, F::PartlyTrue, F::False]),
        (Matter::Report, vec![F::True, F::PartlyTrue, F::False]),
        (
            Matter::Suggestion,
            vec![F::Adopted, F::PartlyAdopted, F::KeptForReference, F::NotAdopted],
        ),
        (
            Matter::Opinion,
            vec![F::Adopted, F::PartlyAdopted, F::KeptForReference, F::NotAdopted],
        ),
        (
            Matter::Inquiry,
            vec![F::PolicyFound, F::NoPolicy, F::PolicyNotAccepted],
        ),
    ] {
        assert_eq!(options(matter).fact, offered);
        let judged = !options(matter).appeal.is_empty();
        for fact in FactFinding::ALL.iter().copied() {
            let form = ReplyForm {
                fact: Some(fact),
                fact_note: "经现场核实另有说明".to_owned(),
                ..reply()
            };
            let form = if judged {
                form
            } else {
                ReplyForm {
                    appeal: None,
                    site_visit: None,
                    ..form
                }
            };
            let expected = if offered.contains(&fact) {
                vec![]
            } else {
                only("fact", NotOffered)
            };
            assert_eq!(
                pairs(check_reply(&form, &context(matter))),
                expected,
                "{matter:?} {fact:?}"
            );
        }
    }
}

#[test]
fn a_finding_that_is_not_the_plain_one_needs_a_note() {
    for (matter, plain) in [
        (Matter::Complaint, FactFinding::True),
        (Matter::Suggestion, FactFinding::Adopted),
        (Matter::Inquiry, FactFinding::PolicyFound),
    ] {
        for fact in options(matter).fact.iter().copied() {
            let base = if matter == Matter::Inquiry {
                answer()
            } else {
                reply()
            };
            let issues = pairs(check_reply(
                &ReplyForm {
                    fact: Some(fact),
                    ..base
                },
                &context(matter),
            ));
            let expected = if fact == plain {
                vec![]
            } else {
                only("fact_note", Required)
            };
            assert_eq!(issues, expected, "{matter:?} {fact:?}");
        }
    }
}

#[test]
fn a_demand_that_is_not_reasonable_needs_a_note() {
    for appeal in [
        AppealFinding::NoPolicyBasis,
        AppealFinding::Excessive,
        AppealFinding::Other,
    ] {
        let form = ReplyForm {
            appeal: Some(appeal),
            ..reply()
        };
        assert_eq!(reply_issues(&form), only("appeal_note", Required));
        let form = ReplyForm {
            appeal_note: "要求当日更换全部管网,超出管养标准".to_owned(),
            ..form
        };
        assert_eq!(reply_issues(&form), []);
    }
}

#[test]
fn a_note_says_more_than_its_option() {
    for text in ["不属实", " 不属实。", "「不属实」", "不 属 实!", "不属实\n"] {
        let form = ReplyForm {
            fact: Some(FactFinding::False),
            fact_note: text.to_owned(),
            ..reply()
        };
        assert_eq!(reply_issues(&form), only("fact_note", RepeatsOption), "{text}");
    }
    for text in ["不属实,现场无积水", "反映情况不属实", "部分属实"] {
        let form = ReplyForm {
            fact: Some(FactFinding::False),
            fact_note: text.to_owned(),
            ..reply()
        };
        assert_eq!(reply_issues(&form), [], "{text}");
    }
    let form = ReplyForm {
        appeal: Some(AppealFinding::Excessive),
        appeal_note: "诉求过高。".to_owned(),
        ..reply()
    };
    assert_eq!(reply_issues(&form), only("appeal_note", RepeatsOption));
    let form = ReplyForm {
        satisfaction: Some(Satisfaction::Dissatisfied),
        citizen_feedback: "不满意!".to_owned(),
        ..reply()
    };
    assert_eq!(reply_issues(&form), only("citizen_feedback", RepeatsOption));
}

#[test]
fn punctuation_is_not_a_note() {
    let form = ReplyForm {
        fact: Some(FactFinding::False),
        fact_note: "。。。".to_owned(),
        ..reply()
    };
    assert_eq!(reply_issues(&form), only("fact_note", Required));
}

#[test]
fn the_demand_and_the_site_are_judged_outside_inquiries_and_opinions() {
    for matter in Matter::ALL.iter().copied() {
        let asked = !matches!(matter, Matter::Inquiry | Matter::Opinion);
        let offered = options(matter);
        assert_eq!(
            (offered.appeal.is_empty(), offered.site_visit.is_empty()),
            (!asked, !asked),
            "{matter:?}"
        );
        let fact = offered.fact.first().copied();
        let without = ReplyForm {
            fact,
            appeal: None,
            site_visit: None,
            ..reply()
        };
        let expected = if asked {
            vec![
                ("appeal".to_owned(), Required),
                ("site_visit".to_owned(), Required),
            ]
        } else {
            vec![]
        };
        assert_eq!(pairs(check_reply(&without, &context(matter))), expected);
        let with = ReplyForm { fact, ..reply() };
        let expected = if asked {
            vec![]
        } else {
            vec![
                ("appeal".to_owned(), NotOffered),
                ("site_visit".to_owned(), NotOffered),
            ]
        };
        assert_eq!(pairs(check_reply(&with, &context(matter))), expected);
    }
}

#[test]
fn a_citizen_who_is_not_satisfied_is_quoted() {
    for satisfaction in [
        Satisfaction::Dissatisfied,
        Satisfaction::Accepted,
        Satisfaction::NotRated,
    ] {
        let form = ReplyForm {
            satisfaction: Some(satisfaction),
            ..reply()
        };
        assert_eq!(reply_issues(&form), only("citizen_feedback", Required));
        let form = ReplyForm {
            citizen_feedback: "希望雨季前再疏通一次".to_owned(),
            ..form
        };
        assert_eq!(reply_issues(&form), []);
    }
}

#[test]
fn a_review_names_the_time_of_the_visit_and_the_departments_phone() {
    let issues = pairs(check_reply(&reply(), &review(Matter::Complaint)));
    assert_eq!(
        issues,
        [
            ("site_visit_at".to_owned(), Required),
            ("department_phone".to_owned(), Required)
        ]
    );
    let form = ReplyForm {
        site_visit_at: Some(RECEIVED.plus(60 * MINUTE)),
        department_phone: "021-63210000".to_owned(),
        ..reply()
    };
    assert_eq!(pairs(check_reply(&form, &review(Matter::Complaint))), []);
    assert_eq!(reply_issues(&form), [], "an ordinary order may name them too");
}

/// What a form asks beyond the answers of `always`, and which of the asked fields may stay empty.
fn asked<F: Form>(
    form: &F,
    context: &FormContext,
    always: &[&str],
) -> (Vec<&'static str>, Vec<&'static str>) {
    let look = form.look(context);
    assert!(
        always.iter().all(|field| look.required.contains(field)),
        "{look:?}"
    );
    let beyond = look.relevant.iter().filter(|field| !always.contains(field));
    let optional = look
        .relevant
        .iter()
        .filter(|field| !look.required.contains(field));
    (beyond.copied().collect(), optional.copied().collect())
}

#[test]
fn a_contact_asks_of_the_call_or_of_why_there_was_none() {
    let complaint = context(Matter::Complaint);
    let ask = |form: &ContactForm| asked(form, &complaint, &["reached"]);
    assert_eq!(ask(&ContactForm::default()), (vec!["note"], vec!["note"]));
    assert_eq!(
        ask(&reached()),
        (vec!["contacted_at", "contact_person", "note"], vec!["note"])
    );
    assert_eq!(
        ask(&unreached()),
        (vec!["unreached_reason", "note"], vec!["note"])
    );
}

#[test]
fn a_reply_asks_for_a_note_once_something_is_chosen_and_wants_it_unless_the_choice_is_plain() {
    const ALWAYS: [&str; 7] = [
        "fact",
        "satisfaction",
        "mode",
        "department",
        "replied_at",
        "handling",
        "resolved",
    ];
    let (complaint, inquiry) = (context(Matter::Complaint), context(Matter::Inquiry));
    let empty = ReplyForm::default();
    assert_eq!(asked(&empty, &inquiry, &ALWAYS), (vec![], vec![]));
    assert_eq!(
        asked(&empty, &complaint, &ALWAYS),
        (vec!["appeal", "site_visit"], vec![])
    );
    assert_eq!(
        asked(&empty, &review(Matter::Inquiry), &ALWAYS),
        (vec!["site_visit_at", "department_phone"], vec![])
    );
    let notes = vec!["fact_note", "appeal_note", "citizen_feedback"];
    let with_notes = vec![
        "fact_note",
        "appeal",
        "appeal_note",
        "site_visit",
        "citizen_feedback",
    ];
    assert_eq!(
        asked(&reply(), &complaint, &ALWAYS),
        (with_notes.clone(), notes),
        "every choice is the plain one"
    );
    let doubted = ReplyForm {
        fact: Some(FactFinding::False),
        appeal: Some(AppealFinding::Excessive),
        satisfaction: Some(Satisfaction::Dissatisfied),
        ..reply()
    };
    assert_eq!(asked(&doubted, &complaint, &ALWAYS), (with_notes, vec![]));
}

#[test]
fn a_return_asks_for_the_reason_and_may_name_a_unit() {
    let look = asked(&ReturnForm::default(), &context(Matter::Help), &["reason"]);
    assert_eq!(look, (vec!["suggested_unit"], vec!["suggested_unit"]));
}

#[test]
fn what_answers_a_question_that_is_not_asked_does_not_count() {
    let both = ContactForm {
        unreached_reason: Some(UnreachedReason::NoAnswer),
        ..reached()
    };
    assert_eq!(contact_issues(&both), only("unreached_reason", NotOffered));
    assert_eq!(look_asked(&both, &context(Matter::Complaint)).issues, []);
    // The choice is left out, and with it the note that hangs on it.
    let judged = ReplyForm {
        appeal: Some(AppealFinding::Excessive),
        ..answer()
    };
    let look = look_asked(&judged, &context(Matter::Inquiry));
    assert_eq!(look.issues, []);
    assert!(!look.relevant.contains(&"appeal_note"), "{look:?}");
}

#[test]
fn visit_and_reply_lie_between_the_order_and_now() {
    let form = ReplyForm {
        site_visit_at: Some(RECEIVED.plus(-MINUTE)),
        ..reply()
    };
    assert_eq!(reply_issues(&form), only("site_visit_at", BeforeOrder));
    let form = ReplyForm {
        site_visit_at: Some(NOW.plus(11 * MINUTE)),
        ..reply()
    };
    assert_eq!(reply_issues(&form), only("site_visit_at", InFuture));
    let form = ReplyForm {
        replied_at: Some(RECEIVED.plus(-MINUTE)),
        ..reply()
    };
    assert_eq!(reply_issues(&form), only("replied_at", BeforeOrder));
    let form = ReplyForm {
        replied_at: Some(NOW.plus(11 * MINUTE)),
        ..reply()
    };
    assert_eq!(reply_issues(&form), only("replied_at", InFuture));
}

#[test]
fn the_answer_to_the_citizen_names_department_time_and_handling() {
    assert_eq!(
        reply_issues(&ReplyForm {
            department: String::new(),
            ..reply()
        }),
        only("department", Required)
    );
    assert_eq!(
        reply_issues(&ReplyForm {
            replied_at: None,
            ..reply()
        }),
        only("replied_at", Required)
    );
    assert_eq!(
        reply_issues(&ReplyForm {
            handling: " ".to_owned(),
            ..reply()
        }),
        only("handling", Required)
    );
    assert_eq!(
        reply_issues(&ReplyForm {
            mode: None,
            ..reply()
        }),
        only("mode", Required)
    );
    assert_eq!(
        reply_issues(&ReplyForm {
            resolved: None,
            ..reply()
        }),
        only("resolved", Required)
    );
    assert_eq!(
        reply_issues(&ReplyForm {
            satisfaction: None,
            ..reply()
        }),
        only("satisfaction", Required)
    );
}

#[test]
fn a_return_needs_a_reason() {
    let issues = |reason: &str, unit: Option<&str>| {
        let form = ReturnForm {
            reason: reason.to_owned(),
            suggested_unit: unit.map(UnitId::from),
        };
        pairs(check_return(&form, &context(Matter::Complaint)))
    };
    assert_eq!(issues("", None), only("reason", Required));
    assert_eq!(issues("…", None), only("reason", Required));
    assert_eq!(issues(&"由".repeat(501), None), only("reason", TooLong));
    assert_eq!(issues("非本单位管养", Some("district-310104")), []);
    assert_eq!(issues("非本单位管养", Some("")), only("suggested_unit", Required));
}

#[test]
fn no_two_options_of_a_field_read_the_same() {
    fn distinct<T: Label>(all: &[T]) {
        let labels: BTreeSet<_> = all.iter().map(|value| value.label()).collect();
        assert_eq!(labels.len(), all.len());
    }
    distinct(UnreachedReason::ALL);
    distinct(FactFinding::ALL);
    distinct(AppealFinding::ALL);
    distinct(SiteVisit::ALL);
    distinct(Satisfaction::ALL);
    distinct(ReplyMode::ALL);
}

proptest! {
    #[test]
    fn repeating_an_option_is_noticed_whatever_is_put_around_it(
        appeal in proptest::sample::select(&AppealFinding::ALL[1..]),
        before in "[ 　。,、!?「」()—]{0,5}",
        after in "[ 　。,、!?「」()—]{0,5}",
    ) {
        let note = format!("{before}{}{after}", appeal.label());
        let form = ReplyForm { appeal: Some(appeal), appeal_note: note, ..reply() };
        prop_assert_eq!(reply_issues(&form), only("appeal_note", RepeatsOption));
    }

    #[test]
    fn a_form_never_has_two_issues_in_one_field(
        fact in proptest::option::of(proptest::sample::select(FactFinding::ALL)),
        satisfaction in proptest::option::of(proptest::sample::select(Satisfaction::ALL)),
        matter in proptest::sample::select(Matter::ALL),
        fact_note in ".{0,20}", feedback in ".{0,600}", at: Option<i64>, is_review: bool,
    ) {
        let form = ReplyForm {
            fact, satisfaction, fact_note, citizen_feedback: feedback, replied_at: at.map(UnixMillis), ..ReplyForm::default()
        };
        let issues = check_reply(&form, &FormContext { is_review, ..context(matter) });
        let fields: BTreeSet<_> = issues.iter().map(|issue| issue.field.clone()).collect();
        prop_assert_eq!(fields.len(), issues.len());
    }
}
