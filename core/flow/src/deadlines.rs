//! When an order is due: rules in working days or hours, read from a file and checked.
//!
//! Not here: warnings and statistics. Called by the gateway once, when it takes an order in; a client shows
//! what the gateway computed.

use crate::calendar::{Calendar, ShanghaiDay, minute_of_day};
use serde::Deserialize;
use shenhai_protocol::{Deadlines, Matter, UnixMillis, Urgency};
use std::sync::LazyLock;
use thiserror::Error;

const HOUR_MILLIS: i64 = 60 * 60 * 1000;
/// No rule of the hotline gives more time than this; a larger figure in a file is a slip.
const MOST_WORKING_DAYS: u32 = 90;
/// As above, in hours.
const MOST_HOURS: u32 = 90 * 24;

static STANDARD: LazyLock<DeadlineRules> = LazyLock::new(|| {
    DeadlineRules::load(
        include_str!("../data/deadlines.toml"),
        Calendar::standard().clone(),
    )
    .expect("the rules shipped with the product are checked by their tests")
});

/// Why a rule file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RulesError {
    /// Not TOML of deadline rules.
    #[error("not a deadline file: {0}")]
    Syntax(String),
    /// `due_time` is not `00:01` to `24:00`.
    #[error("{0:?} is not a time of day from 00:01 to 24:00")]
    DueTime(String),
    /// A rule gives hours and working days, or neither.
    #[error("rule {0} of {1} needs either hours or working_days")]
    Term(usize, &'static str),
    /// A rule's figure is 0 or beyond reason.
    #[error("rule {0} of {1} has a figure out of range")]
    OutOfRange(usize, &'static str),
    /// An order to which no rule applies.
    #[error("no rule of {0} applies to {1:?}, {2:?}")]
    NotCovered(&'static str, Matter, Urgency),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    version: String,
    counting: Counting,
    contact: Vec<RuleEntry>,
    finish: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counting {
    receipt_counts: bool,
    due_time: String,
    when_several_apply: Choice,
}

/// Which rule holds where several apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice {
    Earliest,
    First,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    matters: Option<Vec<Matter>>,
    urgency: Option<Urgency>,
    review: Option<bool>,
    supervised: Option<bool>,
    hours: Option<u32>,
    working_days: Option<u32>,
    /// Kept beside the figure for whoever checks it; a rule without one is not taken.
    #[serde(rename = "tag")]
    _tag: Provenance,
}

/// Where a figure comes from: found in public material, general knowledge, our own assumption.
#[derive(Deserialize)]
enum Provenance {
    F,
    K,
    A,
}

#[derive(Debug, Clone, Copy)]
enum Term {
    Hours(u32),
    WorkingDays(u32),
}

/// A missing condition is met by every order.
#[derive(Debug)]
struct Rule {
    matters: Option<Vec<Matter>>,
    urgency: Option<Urgency>,
    review: Option<bool>,
    supervised: Option<bool>,
    term: Term,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    matter: Matter,
    urgency: Urgency,
    is_review: bool,
    supervised: bool,
}

impl Rule {
    fn applies(&self, case: Case) -> bool {
        self.matters
            .as_ref()
            .is_none_or(|matters| matters.contains(&case.matter))
            && self.urgency.is_none_or(|urgency| urgency == case.urgency)
            && self.review.is_none_or(|review| review == case.is_review)
            && self
                .supervised
                .is_none_or(|supervised| supervised == case.supervised)
    }
}

#[derive(Debug, Clone, Copy)]
struct Due {
    at: UnixMillis,
    provisional: bool,
}

/// Checked deadline rules together with the calendar they count in.
#[derive(Debug)]
pub struct DeadlineRules {
    version: String,
    receipt_counts: bool,
    due_minute: u32,
    choice: Choice,
    contact: Vec<Rule>,
    finish: Vec<Rule>,
    calendar: Calendar,
}

impl DeadlineRules {
    /// The rules and the calendar shipped with the product.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// Read and check a rule file.
    ///
    /// # Errors
    /// [`RulesError`] names the first rule the file breaks.
    pub fn load(text: &str, calendar: Calendar) -> Result<Self, RulesError> {
        let file: RulesFile =
            toml::from_str(text).map_err(|error| RulesError::Syntax(error.message().to_owned()))?;
        let due_minute = minute_of_day(&file.counting.due_time)
            .filter(|minute| *minute > 0)
            .ok_or_else(|| RulesError::DueTime(file.counting.due_time.clone()))?;
        Ok(Self {
            version: format!("{}+{}", file.version, calendar.version()),
            receipt_counts: file.counting.receipt_counts,
            due_minute,
            choice: file.counting.when_several_apply,
            contact: checked(file.contact, "contact")?,
            finish: checked(file.finish, "finish")?,
            calendar,
        })
    }

    /// Versions of the rules and of the calendar, as kept with every order.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What is due when for an order received at `received_at`.
    ///
    /// `provisional` is set when any rule that applies had to count days of a year whose arrangement is not in
    /// the calendar: such days were judged by weekends and the law's days off, and the result may move.
    #[must_use]
    pub fn deadlines(
        &self,
        received_at: UnixMillis,
        matter: Matter,
        urgency: Urgency,
        is_review: bool,
        supervised: bool,
    ) -> Deadlines {
        let case = Case {
            matter,
            urgency,
            is_review,
            supervised,
        };
        let contact = self.due(&self.contact, case, received_at);
        let finish = self.due(&self.finish, case, received_at);
        Deadlines {
            contact_by: contact.at,
            finish_by: finish.at,
            provisional: contact.provisional || finish.provisional,
            rules: self.version.clone(),
        }
    }

    fn due(&self, rules: &[Rule], case: Case, received_at: UnixMillis) -> Due {
        rules
            .iter()
            .filter(|rule| rule.applies(case))
            .map(|rule| self.after(rule.term, received_at))
            .reduce(|held, next| match self.choice {
                Choice::First => held,
                Choice::Earliest => Due {
                    at: held.at.min(next.at),
                    provisional: held.provisional || next.provisional,
                },
            })
            .expect("`load` takes only rules of which one applies to every order")
    }

    fn after(&self, term: Term, received_at: UnixMillis) -> Due {
        match term {
            Term::Hours(hours) => Due {
                at: received_at.plus(i64::from(hours) * HOUR_MILLIS),
                provisional: false,
            },
            Term::WorkingDays(days) => self.after_working_days(received_at, days),
        }
    }

    fn after_working_days(&self, received_at: UnixMillis, days: u32) -> Due {
        let mut day = ShanghaiDay::of(received_at);
        if !self.receipt_counts {
            day = day.next();
        }
        let mut left = days;
        let mut provisional = false;
        loop {
            let status = self.calendar.working_day(day);
            provisional |= !status.published;
            if status.works {
                left = left.saturating_sub(1);
                if left == 0 {
                    return Due {
                        at: day.at_minute(self.due_minute),
                        provisional,
                    };
                }
            }
            day = day.next();
        }
    }
}

fn checked(entries: Vec<RuleEntry>, list: &'static str) -> Result<Vec<Rule>, RulesError> {
    let mut rules = Vec::with_capacity(entries.len());
    for (i, entry) in entries.into_iter().enumerate() {
        let (term, most) = match (entry.hours, entry.working_days) {
            (Some(hours), None) => (Term::Hours(hours), MOST_HOURS),
            (None, Some(days)) => (Term::WorkingDays(days), MOST_WORKING_DAYS),
            _ => return Err(RulesError::Term(i + 1, list)),
        };
        let (Term::Hours(figure) | Term::WorkingDays(figure)) = term;
        if !(1..=most).contains(&figure) {
            return Err(RulesError::OutOfRange(i + 1, list));
        }
        let RuleEntry {
            matters,
            urgency,
            review,
            supervised,
            ..
        } = entry;
        rules.push(Rule {
            matters,
            urgency,
            review,
            supervised,
            term,
        });
    }
    match every_case().find(|case| !rules.iter().any(|rule| rule.applies(*case))) {
        Some(case) => Err(RulesError::NotCovered(list, case.matter, case.urgency)),
        None => Ok(rules),
    }
}

fn every_case() -> impl Iterator<Item = Case> {
    let kinds = [(false, false), (false, true), (true, false), (true, true)];
    Matter::ALL.iter().flat_map(move |matter| {
        Urgency::ALL.iter().flat_map(move |urgency| {
            kinds.into_iter().map(move |(is_review, supervised)| Case {
                matter: *matter,
                urgency: *urgency,
                is_review,
                supervised,
            })
        })
    })
}
