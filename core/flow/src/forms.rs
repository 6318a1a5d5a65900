//! What the handler's forms offer and what makes one complete, checked offline and again by the gateway.
//!
//! Not here: wording of the messages (the user interface has its own text per code). Called by the client on
//! every change of a draft and by the gateway before a command takes effect.

use crate::labels::Label;
use shenhai_protocol::{
    AppealFinding, ContactForm, FactFinding, FormIssue, IssueCode, Matter, ReplyForm, ReplyMode, ReturnForm,
    Satisfaction, SiteVisit, UnixMillis, UnreachedReason, limits,
};

/// What the rules need to know about the order and the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormContext {
    /// 诉求类型.
    pub matter: Matter,
    /// 复核单.
    pub is_review: bool,
    /// 受理时间.
    pub received_at: UnixMillis,
    /// Now: the device's corrected clock, or the gateway's.
    pub now: UnixMillis,
}

/// What the choice fields offer for one order and which groups are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// 未联原因.
    pub unreached_reason: &'static [UnreachedReason],
    /// 事实认定.
    pub fact: &'static [FactFinding],
    /// 诉求认定; empty where it is not asked.
    pub appeal: &'static [AppealFinding],
    /// 现场查看; empty where it is not asked.
    pub site_visit: &'static [SiteVisit],
    /// 是否满意.
    pub satisfaction: &'static [Satisfaction],
    /// 答复方式.
    pub mode: &'static [ReplyMode],
    /// 诉求认定 and 现场查看 are asked: outside 咨询/意见.
    pub judges_appeal: bool,
    /// 复核单: 现场查看时间 and 二级部门电话 are asked.
    pub is_review: bool,
    /// Most characters in any text.
    pub text_chars: u32,
}

/// What the forms offer for an order.
#[must_use]
pub fn options(matter: Matter, is_review: bool) -> Options {
    let judges_appeal = !matches!(matter, Matter::Inquiry | Matter::Opinion);
    Options {
        unreached_reason: UnreachedReason::ALL,
        fact: facts(matter),
        appeal: if judges_appeal { AppealFinding::ALL } else { &[] },
        site_visit: if judges_appeal { SiteVisit::ALL } else { &[] },
        satisfaction: Satisfaction::ALL,
        mode: ReplyMode::ALL,
        judges_appeal,
        is_review,
        text_chars: u32::try_from(limits::TEXT_CHARS).unwrap_or(u32::MAX),
    }
}

/// 事实认定 by matter.
///
/// The public text names three lists – 属实…, for suggestions 采纳…, "otherwise" 有政策信息… – and no matter beside
/// the second. Our reading: something that can be true or not (求助, 投诉, 举报) is judged 属实…; something one can
/// follow or not (建议, 意见) 采纳…; a question (咨询) 有政策信息…. Each list begins with the value that needs no 说明.
fn facts(matter: Matter) -> &'static [FactFinding] {
    use FactFinding as F;
    match matter {
        Matter::Help | Matter::Complaint | Matter::Report => &[F::True, F::PartlyTrue, F::False],
        Matter::Suggestion | Matter::Opinion => {
            &[F::Adopted, F::PartlyAdopted, F::KeptForReference, F::NotAdopted]
        }
        Matter::Inquiry => &[F::PolicyFound, F::NoPolicy, F::PolicyNotAccepted],
    }
}

/// Check a 先行联系. Empty when it may be submitted.
#[must_use]
pub fn check_contact(form: &ContactForm, context: &FormContext) -> Vec<FormIssue> {
    let mut check = Check::new(context);
    check.answered("reached", form.reached);
    let reached = form.reached == Some(true);
    check.time("contacted_at", form.contacted_at, reached);
    check.text("contact_person", &form.contact_person, reached);
    match (form.reached, form.unreached_reason) {
        (Some(false), None) => check.add("unreached_reason", IssueCode::Required),
        // One record cannot say both that the citizen was reached and why not.
        (Some(true), Some(_)) => check.add("unreached_reason", IssueCode::NotOffered),
        _ => {}
    }
    check.text("note", &form.note, false);
    check.issues
}

/// Check a reply. Empty when it may be submitted.
#[must_use]
pub fn check_reply(form: &ReplyForm, context: &FormContext) -> Vec<FormIssue> {
    let offered = options(context.matter, context.is_review);
    let mut check = Check::new(context);

    check.choice("fact", form.fact, offered.fact);
    check.note(
        "fact_note",
        &form.fact_note,
        form.fact,
        offered.fact.first().copied(),
    );
    check.choice("appeal", form.appeal, offered.appeal);
    check.note(
        "appeal_note",
        &form.appeal_note,
        form.appeal,
        Some(AppealFinding::Reasonable),
    );
    check.choice("site_visit", form.site_visit, offered.site_visit);
    check.time("site_visit_at", form.site_visit_at, context.is_review);
    check.text("department_phone", &form.department_phone, context.is_review);
    check.choice("satisfaction", form.satisfaction, offered.satisfaction);
    check.note(
        "citizen_feedback",
        &form.citizen_feedback,
        form.satisfaction,
        Some(Satisfaction::Satisfied),
    );
    check.choice("mode", form.mode, offered.mode);
    // 答复市民要点 names 处置部门, 回复时间, 处置情况.
    check.text("department", &form.department, true);
    check.time("replied_at", form.replied_at, true);
    check.text("handling", &form.handling, true);
    check.answered("resolved", form.resolved);
    check.issues
}

/// Check a 退单. Empty when it may be submitted.
#[must_use]
pub fn check_return(form: &ReturnForm, context: &FormContext) -> Vec<FormIssue> {
    let mut check = Check::new(context);
    check.text("reason", &form.reason, true);
    if let Some(unit) = &form.suggested_unit {
        check.text("suggested_unit", unit.as_str(), true);
    }
    check.issues
}

struct Check<'a> {
    context: &'a FormContext,
    issues: Vec<FormIssue>,
}

impl<'a> Check<'a> {
    fn new(context: &'a FormContext) -> Self {
        Self {
            context,
            issues: Vec::new(),
        }
    }

    fn add(&mut self, field: &str, code: IssueCode) {
        self.issues.push(FormIssue {
            field: field.to_owned(),
            code,
        });
    }

    fn answered(&mut self, field: &str, value: Option<bool>) {
        if value.is_none() {
            self.add(field, IssueCode::Required);
        }
    }

    /// A choice is required where anything is offered and out of place where nothing is.
    fn choice<T: PartialEq>(&mut self, field: &str, value: Option<T>, offered: &[T]) {
        match value {
            None if !offered.is_empty() => self.add(field, IssueCode::Required),
            Some(value) if !offered.contains(&value) => self.add(field, IssueCode::NotOffered),
            _ => {}
        }
    }

    fn text(&mut self, field: &str, text: &str, required: bool) {
        if required && essence(text).is_empty() {
            self.add(field, IssueCode::Required);
        } else if text.chars().count() > limits::TEXT_CHARS {
            self.add(field, IssueCode::TooLong);
        }
    }

    /// 说明 to a choice: required unless the choice is `plain`, and more than the choice's own text.
    fn note<T: Label + PartialEq>(&mut self, field: &str, text: &str, chosen: Option<T>, plain: Option<T>) {
        let before = self.issues.len();
        self.text(field, text, chosen.is_some() && chosen != plain);
        let repeats = chosen.is_some_and(|value| essence(text) == essence(value.label()));
        if repeats && self.issues.len() == before {
            self.add(field, IssueCode::RepeatsOption);
        }
    }

    fn time(&mut self, field: &str, at: Option<UnixMillis>, required: bool) {
        // People enter whole minutes: a call in the very minute of the order's receipt is not before it.
        let minute_of_receipt = self
            .context
            .received_at
            .0
            .div_euclid(60_000)
            .saturating_mul(60_000);
        match at {
            None if required => self.add(field, IssueCode::Required),
            Some(at) if at > self.context.now.plus(limits::CLOCK_AHEAD_MILLIS) => {
                self.add(field, IssueCode::InFuture)
            }
            Some(at) if at.0 < minute_of_receipt => self.add(field, IssueCode::BeforeOrder),
            _ => {}
        }
    }
}

/// What a text says: its letters, ideographs and digits. `「不属实。」` says no more than `不属实`.
fn essence(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}
