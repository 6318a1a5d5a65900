//! What the handler's forms offer and what makes one complete, checked offline and again by the gateway.
//!
//! Not here: wording of the messages (the user interface has its own text per code). Called by the client on
//! every change of a draft and by the gateway before a command takes effect.

use crate::labels::Label;
use shenhai_protocol::{
    AppealFinding, CommandKind, ContactForm, FactFinding, FormIssue, IssueCode, Matter, ReplyForm, ReplyMode,
    ReturnForm, Satisfaction, SiteVisit, UnixMillis, UnreachedReason, limits,
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

/// What the choice fields offer for one order.
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
    /// Most characters in any text.
    pub text_chars: u32,
}

/// What the forms offer for an order.
#[must_use]
pub fn options(matter: Matter) -> Options {
    // 诉求认定 and 现场查看 are asked outside 咨询/意见.
    let judges_appeal = !matches!(matter, Matter::Inquiry | Matter::Opinion);
    Options {
        unreached_reason: UnreachedReason::ALL,
        fact: facts(matter),
        appeal: if judges_appeal { AppealFinding::ALL } else { &[] },
        site_visit: if judges_appeal { SiteVisit::ALL } else { &[] },
        satisfaction: Satisfaction::ALL,
        mode: ReplyMode::ALL,
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

/// What a form asks, and what is wrong with how it was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Empty when the form may be submitted.
    pub issues: Vec<FormIssue>,
    /// Fields that must be answered, the answered ones included, as in the form's JSON.
    pub required: Vec<&'static str>,
    /// Fields that are asked now, the required ones included. Others depend on an answer that was not given.
    pub relevant: Vec<&'static str>,
}

/// One of a handler's forms.
pub trait Form: Clone + PartialEq {
    /// Go through its rules.
    fn look(&self, context: &FormContext) -> Look;

    /// Without the answers to other questions than these.
    #[must_use]
    fn only(&self, relevant: &[&str]) -> Self;
}

/// What is to be said of a form whose answers to questions that are not asked do not count.
#[must_use]
pub fn look_asked<F: Form>(form: &F, context: &FormContext) -> Look {
    let mut look = form.look(context);
    let mut asked = form.only(&look.relevant);
    let mut before = form.clone();
    // An answer left out may have been what another question hangs on; each round leaves one out at least.
    while asked != before {
        look = asked.look(context);
        let next = asked.only(&look.relevant);
        before = std::mem::replace(&mut asked, next);
    }
    look
}

fn kept<T: Clone + Default>(relevant: &[&str], field: &str, answer: &T) -> T {
    if relevant.contains(&field) {
        answer.clone()
    } else {
        T::default()
    }
}

impl Form for ContactForm {
    fn look(&self, context: &FormContext) -> Look {
        let mut check = Check::new(context);
        check.answered("reached", self.reached);
        let if_reached = Ask::must_if(self.reached == Some(true));
        check.time("contacted_at", self.contacted_at, if_reached);
        check.text("contact_person", &self.contact_person, if_reached);
        check.ask("unreached_reason", Ask::must_if(self.reached == Some(false)));
        match (self.reached, self.unreached_reason) {
            (Some(false), None) => check.add("unreached_reason", IssueCode::Required),
            // One record cannot say both that the citizen was reached and why not.
            (Some(true), Some(_)) => check.add("unreached_reason", IssueCode::NotOffered),
            _ => {}
        }
        check.text("note", &self.note, Ask::May);
        check.look
    }

    fn only(&self, relevant: &[&str]) -> Self {
        Self {
            reached: kept(relevant, "reached", &self.reached),
            contacted_at: kept(relevant, "contacted_at", &self.contacted_at),
            contact_person: kept(relevant, "contact_person", &self.contact_person),
            unreached_reason: kept(relevant, "unreached_reason", &self.unreached_reason),
            note: kept(relevant, "note", &self.note),
        }
    }
}

impl Form for ReplyForm {
    fn look(&self, context: &FormContext) -> Look {
        let offered = options(context.matter);
        let if_review = Ask::must_if(context.is_review);
        let mut check = Check::new(context);

        check.choice("fact", self.fact, offered.fact);
        check.note(
            "fact_note",
            &self.fact_note,
            self.fact,
            offered.fact.first().copied(),
        );
        check.choice("appeal", self.appeal, offered.appeal);
        check.note(
            "appeal_note",
            &self.appeal_note,
            self.appeal,
            Some(AppealFinding::Reasonable),
        );
        check.choice("site_visit", self.site_visit, offered.site_visit);
        check.time("site_visit_at", self.site_visit_at, if_review);
        check.text("department_phone", &self.department_phone, if_review);
        check.choice("satisfaction", self.satisfaction, offered.satisfaction);
        check.note(
            "citizen_feedback",
            &self.citizen_feedback,
            self.satisfaction,
            Some(Satisfaction::Satisfied),
        );
        check.choice("mode", self.mode, offered.mode);
        // 答复市民要点 names 处置部门, 回复时间, 处置情况.
        check.text("department", &self.department, Ask::Must);
        check.time("replied_at", self.replied_at, Ask::Must);
        check.text("handling", &self.handling, Ask::Must);
        check.answered("resolved", self.resolved);
        check.look
    }

    fn only(&self, relevant: &[&str]) -> Self {
        Self {
            fact: kept(relevant, "fact", &self.fact),
            fact_note: kept(relevant, "fact_note", &self.fact_note),
            appeal: kept(relevant, "appeal", &self.appeal),
            appeal_note: kept(relevant, "appeal_note", &self.appeal_note),
            site_visit: kept(relevant, "site_visit", &self.site_visit),
            site_visit_at: kept(relevant, "site_visit_at", &self.site_visit_at),
            department_phone: kept(relevant, "department_phone", &self.department_phone),
            satisfaction: kept(relevant, "satisfaction", &self.satisfaction),
            citizen_feedback: kept(relevant, "citizen_feedback", &self.citizen_feedback),
            mode: kept(relevant, "mode", &self.mode),
            department: kept(relevant, "department", &self.department),
            replied_at: kept(relevant, "replied_at", &self.replied_at),
            handling: kept(relevant, "handling", &self.handling),
            resolved: kept(relevant, "resolved", &self.resolved),
        }
    }
}

impl Form for ReturnForm {
    fn look(&self, context: &FormContext) -> Look {
        let mut check = Check::new(context);
        check.text("reason", &self.reason, Ask::Must);
        check.ask("suggested_unit", Ask::May);
        if let Some(unit) = &self.suggested_unit {
            check.filled("suggested_unit", unit.as_str(), true);
        }
        check.look
    }

    fn only(&self, relevant: &[&str]) -> Self {
        Self {
            reason: kept(relevant, "reason", &self.reason),
            suggested_unit: kept(relevant, "suggested_unit", &self.suggested_unit),
        }
    }
}

/// Check a 先行联系. Empty when it may be submitted.
#[must_use]
pub fn check_contact(form: &ContactForm, context: &FormContext) -> Vec<FormIssue> {
    form.look(context).issues
}

/// Check a reply. Empty when it may be submitted.
#[must_use]
pub fn check_reply(form: &ReplyForm, context: &FormContext) -> Vec<FormIssue> {
    form.look(context).issues
}

/// Check a 退单. Empty when it may be submitted.
#[must_use]
pub fn check_return(form: &ReturnForm, context: &FormContext) -> Vec<FormIssue> {
    form.look(context).issues
}

/// Whether a field is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// It is not, as things stand.
    Not,
    /// It may stay empty.
    May,
    /// It may not.
    Must,
}

impl Ask {
    fn must_if(asked: bool) -> Self {
        if asked { Self::Must } else { Self::Not }
    }
}

struct Check<'a> {
    context: &'a FormContext,
    look: Look,
}

impl<'a> Check<'a> {
    fn new(context: &'a FormContext) -> Self {
        Self {
            context,
            look: Look::default(),
        }
    }

    fn add(&mut self, field: &str, code: IssueCode) {
        self.look.issues.push(FormIssue {
            field: field.to_owned(),
            code,
        });
    }

    fn ask(&mut self, field: &'static str, ask: Ask) {
        if ask != Ask::Not {
            self.look.relevant.push(field);
        }
        if ask == Ask::Must {
            self.look.required.push(field);
        }
    }

    fn answered(&mut self, field: &'static str, value: Option<bool>) {
        self.ask(field, Ask::Must);
        if value.is_none() {
            self.add(field, IssueCode::Required);
        }
    }

    /// A choice is required where anything is offered and out of place where nothing is.
    fn choice<T: PartialEq>(&mut self, field: &'static str, value: Option<T>, offered: &[T]) {
        self.ask(field, Ask::must_if(!offered.is_empty()));
        match value {
            None if !offered.is_empty() => self.add(field, IssueCode::Required),
            Some(value) if !offered.contains(&value) => self.add(field, IssueCode::NotOffered),
            _ => {}
        }
    }

    fn text(&mut self, field: &'static str, text: &str, ask: Ask) {
        self.ask(field, ask);
        self.filled(field, text, ask == Ask::Must);
    }

    fn filled(&mut self, field: &str, text: &str, required: bool) {
        if required && essence(text).is_empty() {
            self.add(field, IssueCode::Required);
        } else if text.chars().count() > limits::TEXT_CHARS {
            self.add(field, IssueCode::TooLong);
        }
    }

    /// 说明 to a choice: required unless the choice is `plain`, and more than the choice's own text.
    fn note<T: Label + PartialEq>(
        &mut self,
        field: &'static str,
        text: &str,
        chosen: Option<T>,
        plain: Option<T>,
    ) {
        let before = self.look.issues.len();
        let ask = match &chosen {
            None => Ask::Not,
            Some(_) if chosen == plain => Ask::May,
            Some(_) => Ask::Must,
        };
        self.text(field, text, ask);
        let repeats = chosen.is_some_and(|value| essence(text) == essence(value.label()));
        if repeats && self.look.issues.len() == before {
            self.add(field, IssueCode::RepeatsOption);
        }
    }

    fn time(&mut self, field: &'static str, at: Option<UnixMillis>, ask: Ask) {
        self.ask(field, ask);
        // People enter whole minutes: a call in the very minute of the order's receipt is not before it.
        let minute_of_receipt = self
            .context
            .received_at
            .0
            .div_euclid(60_000)
            .saturating_mul(60_000);
        match at {
            None if ask == Ask::Must => self.add(field, IssueCode::Required),
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

/// The answers of a form that say who a citizen is: they are signed as commitments and shown to whom they are meant.
#[must_use]
pub fn classed(kind: CommandKind) -> &'static [&'static str] {
    match kind {
        CommandKind::Contact => &["contact_person"],
        CommandKind::Accept
        | CommandKind::Reply
        | CommandKind::Return
        | CommandKind::Reveal
        | CommandKind::Reassign => &[],
    }
}
