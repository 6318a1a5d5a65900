//! `law/acts.csv`: what may be done in which state by whom, and where it leads.
//!
//! Several rows may describe one act; those that fit act, state and actor are tried in the order of the sheet.
//! Not what an act causes (`effects`) and not the choosing, which is the fold's.

use super::kinds::{Kinds, OfKind};
use super::states::{Category, State};
use crate::finding::{Findings, Place};
use crate::formula::{Formula, assignments};
use crate::limits;
use crate::names::{ActId, AskId, ClockId, FormId, LinkId, Name, RoleName, SeatId, StateId, TextId};
use crate::problem::Problem;
use crate::sheet::{self, Layout, Row};

pub(crate) const FILE: &str = "law/acts.csv";
pub(crate) const LAYOUT: Layout = Layout {
    required: &["act", "from", "to", "who"],
    optional: &["kind", "form", "ask", "when", "why", "former"],
    open: false,
    rows: limits::SHEET_ROWS,
};

/// Acts that mean the same in every pack; a pack only says who may.
pub const SPINE_ACTS: [&str; 7] = ["reveal", "reassign", "adopt", "repin", "amend", "import", "erase"];

/// In which states an act is possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Before the record is: the act opens it.
    Nothing,
    /// `*`: in every state.
    Any,
    /// `*open`: in every state that is new, active or waiting.
    Open,
    /// In these.
    States(Vec<StateId>),
}

impl Origin {
    /// Whether the act is possible in a state.
    #[must_use]
    pub fn includes(&self, state: &State) -> bool {
        match self {
            Self::Nothing => false,
            Self::Any => true,
            Self::Open => state.category.is_open(),
            Self::States(states) => states.contains(&state.id),
        }
    }
}

/// Where an act leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The state stays.
    Same,
    /// To a state.
    State(StateId),
    /// `@back`: to the last state that was not waiting.
    Back,
}

/// Who may do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person in a role.
    Role {
        /// The role.
        role: RoleName,
        /// What else must hold.
        holding: Holding,
    },
    /// `device@seat`: a device of the place in that seat, without a person.
    Device(SeatId),
    /// `adapter:12345`: an outside system.
    Adapter(String),
    /// `clock:finish`: an alarm of a clock.
    Clock(ClockId),
    /// `asked`: a record that has this one as a link.
    Asked,
    /// `link:x/done`: what became of a linked record.
    Link {
        /// The link.
        link: LinkId,
        /// What became of it.
        news: LinkNews,
    },
}

/// How a person must be tied to the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// `role@seat`: holds the seat.
    Seat(SeatId),
    /// `role@seat/unit`: belongs to the unit of the seat's holder.
    UnitOf(SeatId),
    /// `role@any`: the record is in one of the person's scopes.
    Any,
}

impl Holding {
    /// What stands after the `@`.
    pub(super) fn parse(text: &str, at: &Place, findings: &mut Findings) -> Option<Self> {
        match text.split_once('/') {
            None if text == "any" => Some(Self::Any),
            None => sheet::name(text, at, findings).map(Self::Seat),
            Some((seat, "unit")) => sheet::name(seat, at, findings).map(Self::UnitOf),
            Some(_) => None,
        }
    }
}

/// What a link reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkNews {
    /// The linked record came into a category.
    Category(Category),
    /// It accepted an act that was asked of it.
    Accepted(ActId),
    /// It refused.
    Refused,
}

/// What happens to an act that its author sends after losing the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Former {
    /// Folded as usual.
    Accept,
    /// Kept beside the record; the new holder adopts or declines it.
    Offer,
    /// Refused; the text stays on the device.
    Refuse,
}

/// A question to the closed list of the product, answered as the act is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The name of its answer, `$name` in formulas.
    pub name: AskId,
    /// Which question.
    pub question: Question,
    /// What it is asked about: formulas, or one text for a series.
    pub about: Vec<Formula>,
    /// Where it stands.
    pub place: Place,
}

/// The closed list of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `least_busy(unit)`: the person of a unit with the fewest open records.
    LeastBusy,
    /// `unit_of(point, matter)`: the unit that answers for a place and a matter.
    UnitOf,
    /// `person(id)`: a person of the directory.
    Person,
    /// `number(series)`: the next number of a series, used up only by the commit.
    Number,
}

impl Question {
    const ALL: [(&'static str, Self, usize); 4] = [
        ("least_busy", Self::LeastBusy, 1),
        ("unit_of", Self::UnitOf, 2),
        ("person", Self::Person, 1),
        ("number", Self::Number, 1),
    ];
}

/// One row of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The act.
    pub id: ActId,
    /// In which states.
    pub from: Origin,
    /// Where it leads.
    pub to: Target,
    /// By whom; never empty.
    pub who: Vec<Who>,
    /// What is filled in.
    pub form: Option<FormId>,
    /// What is asked.
    pub ask: Vec<Ask>,
    /// The guard.
    pub when: Option<Formula>,
    /// Why not, where the guard fails: a text of the face.
    pub why: Option<TextId>,
    /// What becomes of it after its author lost the record.
    pub former: Former,
    /// Its row.
    pub place: Place,
}

impl Act {
    /// Whether a person in `role` is among those who may, whatever else must hold.
    #[must_use]
    pub fn names_role(&self, role: &RoleName) -> bool {
        self.who
            .iter()
            .any(|who| matches!(who, Who::Role { role: named, .. } if named == role))
    }

    /// Whether it is one of [`SPINE_ACTS`].
    #[must_use]
    pub fn is_of_the_spine(&self) -> bool {
        SPINE_ACTS.contains(&self.id.as_str())
    }
}

pub(crate) fn read(rows: &[Row], kinds: Kinds<'_>, findings: &mut Findings) -> OfKind<Act> {
    let mut acts: OfKind<Act> = OfKind::new();
    for row in rows {
        let kind = kinds.of(row, findings);
        let act = act(row, findings);
        if let (Some(kind), Some(act)) = (kind, act) {
            acts.entry(kind).or_default().push(act);
        }
    }
    acts
}

fn act(row: &Row, findings: &mut Findings) -> Option<Act> {
    let id = row.name::<ActId>("act", findings);
    if let Some(id) = id.as_ref().filter(|id| is_reserved(id.as_str())) {
        findings.add(&row.at("act"), &Problem::ReservedName { name: id.to_string() });
    }
    let from = from(row, findings);
    let to = to(row, findings);
    let who = who(row, findings);
    let form = row.name_or_blank::<FormId>("form", findings);
    let why = row.name_or_blank("why", findings);
    let ask = asks(row, findings);
    let when = Formula::of(row, "when");
    let former = match row.cell("former") {
        "" if row.cell("form").is_empty() => Some(Former::Refuse),
        "" => Some(Former::Offer),
        _ => row.word(
            "former",
            &[
                ("accept", Former::Accept),
                ("offer", Former::Offer),
                ("refuse", Former::Refuse),
            ],
            findings,
        ),
    };
    Some(Act {
        id: id?,
        from: from?,
        to: to?,
        who: who?,
        form: form.ok()?,
        ask,
        when,
        why: why.ok()?,
        former: former?,
        place: row.place.clone(),
    })
}

/// Words that `link:x/…` needs for itself.
fn is_reserved(act: &str) -> bool {
    act == "refused" || Category::from_word(act).is_some()
}

fn from(row: &Row, findings: &mut Findings) -> Option<Origin> {
    match row.cell("from") {
        "" => Some(Origin::Nothing),
        "*" => Some(Origin::Any),
        "*open" => Some(Origin::Open),
        names => {
            let at = row.at("from");
            let states: Vec<_> = names
                .split_whitespace()
                .map(|name| sheet::name(name, &at, findings))
                .collect();
            states.into_iter().collect::<Option<_>>().map(Origin::States)
        }
    }
}

fn to(row: &Row, findings: &mut Findings) -> Option<Target> {
    match row.cell("to") {
        "" => Some(Target::Same),
        "@back" => Some(Target::Back),
        name => sheet::name(name, &row.at("to"), findings).map(Target::State),
    }
}

fn who(row: &Row, findings: &mut Findings) -> Option<Vec<Who>> {
    let at = row.at("who");
    let words: Vec<_> = row.cell("who").split_whitespace().collect();
    if words.is_empty() {
        findings.add(&at, &Problem::CellMissing);
        return None;
    }
    let before = findings.count();
    let all = words
        .into_iter()
        .filter_map(|word| {
            let found = one_who(word, &at, findings);
            if found.is_none() {
                let text = word.chars().take(80).collect();
                findings.add(&at, &Problem::NotAWho { text });
            }
            found
        })
        .collect();
    (findings.count() == before).then_some(all)
}

fn one_who(word: &str, at: &Place, findings: &mut Findings) -> Option<Who> {
    if word == "asked" {
        return Some(Who::Asked);
    }
    if let Some(name) = word.strip_prefix("adapter:") {
        let plain = name
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        return (plain && (1..=32).contains(&name.len())).then(|| Who::Adapter(name.to_owned()));
    }
    if let Some(name) = word.strip_prefix("clock:") {
        return sheet::name(name, at, findings).map(Who::Clock);
    }
    if let Some(rest) = word.strip_prefix("link:") {
        let (link, news) = rest.split_once('/')?;
        let news = match (news, Category::from_word(news)) {
            ("refused", _) => LinkNews::Refused,
            (_, Some(category)) => LinkNews::Category(category),
            (act, None) => LinkNews::Accepted(sheet::name(act, at, findings)?),
        };
        let link = sheet::name(link, at, findings)?;
        return Some(Who::Link { link, news });
    }
    let (role, seat) = word.split_once('@')?;
    if role == "device" {
        return sheet::name(seat, at, findings).map(Who::Device);
    }
    let holding = Holding::parse(seat, at, findings)?;
    let role = sheet::name(role, at, findings)?;
    Some(Who::Role { role, holding })
}

fn asks(row: &Row, findings: &mut Findings) -> Vec<Ask> {
    let at = row.at("ask");
    let mut asks = Vec::new();
    for (name, formula) in assignments::<AskId>(row.cell("ask"), &at, findings) {
        let call = formula
            .text
            .strip_suffix(')')
            .and_then(|call| call.split_once('('))
            .and_then(|(question, about)| {
                let question = question.trim();
                let (_, found, count) = Question::ALL.iter().find(|(word, _, _)| *word == question)?;
                let about: Option<Vec<_>> = crate::formula::split(about, &[','])
                    .into_iter()
                    .map(|part| Formula::new(part, at.clone()))
                    .collect();
                about
                    .filter(|about| about.len() == *count)
                    .map(|about| (*found, about))
            });
        match call {
            Some((question, about)) => asks.push(Ask {
                name,
                question,
                about,
                place: at.clone(),
            }),
            None => {
                let text = formula.text.chars().take(80).collect();
                findings.add(&at, &Problem::NotAQuestion { text });
            }
        }
    }
    asks
}
