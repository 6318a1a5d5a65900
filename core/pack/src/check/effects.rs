//! Does every effect change what there is, within what the other side allows?
//!
//! Not what their formulas yield (`formulas`), and not what other packs say (`together`). Called for each kind.

use super::{Scene, unknown};
use crate::finding::{Findings, Place};
use crate::law::{
    Act, Each, Effect, EffectRow, Fact, FactType, Form, KindRef, Question, Request, SPINE_ACTS, Seat,
    SeatChange, Template, Who, Whom, With,
};
use crate::names::{FactId, Name, SeatId};
use crate::problem::Problem;

pub(super) fn check(scene: Scene<'_>, findings: &mut Findings) {
    for (i, row) in scene.kind.effects.iter().enumerate() {
        let before = scene.kind.effects[..i]
            .iter()
            .rfind(|earlier| earlier.act == row.act);
        if before.is_some_and(|earlier| earlier.order >= row.order) {
            findings.add(&row.place.at("order"), &Problem::OrderNotRising);
        }
        if SPINE_ACTS.contains(&row.act.as_str()) {
            findings.add(&row.place.at("act"), &Problem::EffectsOfSpineAct);
        } else if scene.kind.rows_of(&row.act).next().is_none() {
            findings.add(&row.place.at("act"), &unknown(&row.act));
        }
        if let Some(Each::List(list)) = &row.each
            && !scene.pack.law.lists.contains_key(list)
        {
            findings.add(&row.place.at("each"), &unknown(list));
        }
        effect(scene, row, findings);
    }
    for act in &scene.kind.acts {
        asks(scene, act, findings);
    }
    seats(scene, findings);
    facts(scene, findings);
}

/// Seats that acts and sights speak of, and in which nobody ever sits.
fn seats(scene: Scene<'_>, findings: &mut Findings) {
    let kind = scene.kind;
    for seat in &kind.seats {
        let filled = kind.effects.iter().any(|row| match &row.effect {
            Effect::Seat {
                seat: named, change, ..
            } => *named == seat.id && *change != SeatChange::Leave,
            _ => false,
        });
        if !filled {
            let name = seat.id.to_string();
            findings.add(&seat.place.at("id"), &Problem::SeatNeverFilled { seat: name });
        }
    }
}

/// Facts that never get a value.
fn facts(scene: Scene<'_>, findings: &mut Findings) {
    let kind = scene.kind;
    let answered: Vec<&FactId> = kind
        .effects
        .iter()
        .filter(|row| row.effect == Effect::SetAnswered)
        .flat_map(|row| forms_of(scene, row))
        .flat_map(|form| kind.answered_by(form))
        .map(|(fact, _)| &fact.name)
        .collect();
    for fact in kind.facts.iter().filter(|fact| fact.calc.is_none()) {
        let changed = kind.effects.iter().any(|row| match &row.effect {
            Effect::Set { fact: name, .. } | Effect::Put { table: name, .. } => *name == fact.name,
            _ => false,
        });
        if !changed && !answered.contains(&&fact.name) {
            let name = fact.name.to_string();
            findings.add(&fact.place.at("name"), &Problem::FactNeverSet { name });
        }
    }
}

fn effect(scene: Scene<'_>, row: &EffectRow, findings: &mut Findings) {
    let at = row.place.at("target");
    match &row.effect {
        Effect::Set { fact, .. } => {
            changeable(scene, fact, &at, findings);
        }
        Effect::SetAnswered => answered(scene, row, findings),
        Effect::Put { table, cells } => put(scene, table, cells, &row.place, findings),
        Effect::Drop { table, .. } => {
            self::table(scene, table, &at, findings);
        }
        Effect::Seat { seat, change, .. } => self::seat(scene, seat, Some(*change), &at, findings),
        Effect::Pop { seat } => self::seat(scene, seat, None, &at, findings),
        Effect::Tell { whom, .. } => match whom {
            Whom::Seat(seat) => {
                if scene.kind.seat(seat).is_none() {
                    findings.add(&at, &unknown(seat));
                }
            }
            Whom::Role { role, holding } => {
                let (role, holding) = (role.clone(), holding.clone());
                super::names::who(scene, &Who::Role { role, holding }, &at, findings);
            }
        },
        Effect::Open { kind, with, .. } => {
            one_kind(scene, row, kind, findings);
            request(scene, kind, &Request::Open, with, &row.place, findings);
        }
        Effect::Link { kind, .. } => {
            one_kind(scene, row, kind, findings);
            request(scene, kind, &Request::Link, &Vec::new(), &row.place, findings);
        }
        Effect::Do { link, act, with } => match scene.links().get(link) {
            None => {
                let name = link.to_string();
                findings.add(&at, &Problem::LinkUnknown { name });
            }
            Some(kind) => request(
                scene,
                kind,
                &Request::Act(act.clone()),
                with,
                &row.place,
                findings,
            ),
        },
        Effect::Send { port, message, .. } => {
            let found = scene.pack.manifest.ports.get(port);
            if found.is_none() {
                findings.add(&at, &unknown(port));
            }
            if found.is_some_and(|port| !port.messages.contains(message)) {
                findings.add(&at, &unknown(message));
            }
        }
    }
}

/// A fact that an act may change.
fn changeable<'p>(scene: Scene<'p>, name: &FactId, at: &Place, findings: &mut Findings) -> Option<&'p Fact> {
    let fact = scene.kind.fact(name);
    match fact {
        None => findings.add(at, &unknown(name)),
        Some(fact) if fact.calc.is_some() => {
            let name = name.to_string();
            findings.add(at, &Problem::CalcChanged { name });
        }
        Some(fact) if fact.kind == FactType::Marks => {
            let (found, wanted) = (
                "标记".to_owned(),
                "单个值（标记由表单的同名答案给出：set *）".to_owned(),
            );
            findings.add(at, &Problem::WrongType { found, wanted });
        }
        Some(fact) if fact.kind == FactType::Table => {
            let (found, wanted) = ("表格".to_owned(), "单个值（表格用 put 和 drop）".to_owned());
            findings.add(at, &Problem::WrongType { found, wanted });
        }
        Some(_) => {}
    }
    fact
}

fn table<'p>(scene: Scene<'p>, name: &FactId, at: &Place, findings: &mut Findings) -> Option<&'p Fact> {
    let table = scene.kind.fact(name).filter(|fact| fact.kind == FactType::Table);
    if table.is_none() {
        let name = name.to_string();
        findings.add(at, &Problem::Unknown { what: "表格", name });
    }
    table
}

fn put(scene: Scene<'_>, table: &FactId, cells: &With, place: &Place, findings: &mut Findings) {
    let Some(table) = self::table(scene, table, &place.at("target"), findings) else {
        return;
    };
    let at = place.at("with");
    for (name, _) in cells.iter().filter(|(name, _)| table.column(name).is_none()) {
        findings.add(&at, &unknown(name));
    }
    // Without its key nobody could tell which row is meant.
    for key in table.columns.iter().filter(|column| column.key) {
        if !cells.iter().any(|(name, _)| *name == key.name) {
            findings.add(&at, &unknown(&key.name));
        }
    }
}

/// The forms with which an act is done.
pub(super) fn forms_of<'p>(scene: Scene<'p>, row: &EffectRow) -> Vec<&'p Form> {
    let acts = scene.kind.acts.iter().filter(|act| act.id == row.act);
    acts.filter_map(|act| scene.pack.law.forms.get(act.form.as_ref()?))
        .collect()
}

fn answered(scene: Scene<'_>, row: &EffectRow, findings: &mut Findings) {
    let at = row.place.at("target");
    let forms = forms_of(scene, row);
    if forms.is_empty() {
        findings.add(&at, &Problem::NoForm);
        return;
    }
    for form in forms {
        let pairs = scene.kind.answered_by(form);
        if pairs.is_empty() {
            findings.add(&at, &Problem::NothingAnswered);
        }
        for (fact, answer) in pairs {
            let name = fact.name.to_string();
            if fact.calc.is_some() {
                findings.add(&at, &Problem::CalcChanged { name });
            } else if fact.kind != answer.kind || fact.class != answer.class {
                findings.add(&at, &Problem::AnswerMismatch { name });
            }
        }
    }
}

fn seat(scene: Scene<'_>, seat: &SeatId, change: Option<SeatChange>, at: &Place, findings: &mut Findings) {
    let for_sets = matches!(change, Some(SeatChange::Join | SeatChange::Leave));
    let name = seat.to_string();
    match scene.kind.seat(seat) {
        None => findings.add(at, &unknown(seat)),
        Some(Seat { many: true, .. }) if !for_sets => findings.add(at, &Problem::SeatIsSet { name }),
        Some(Seat { many: false, .. }) if for_sets => findings.add(at, &Problem::SeatIsStack { name }),
        Some(_) => {}
    }
}

/// One name of a link leads to one kind.
fn one_kind(scene: Scene<'_>, row: &EffectRow, kind: &KindRef, findings: &mut Findings) {
    let (Effect::Open { link, .. } | Effect::Link { link, .. }) = &row.effect else {
        return;
    };
    if scene.links().get(link).is_some_and(|first| *first != kind) {
        let name = link.to_string();
        findings.add(&row.place.at("as"), &Problem::LinkOfTwoKinds { name });
    }
}

/// What is asked of another kind needs its contract. That of another pack is checked where both are at hand.
fn request(
    scene: Scene<'_>,
    kind: &KindRef,
    may: &Request,
    with: &With,
    place: &Place,
    findings: &mut Findings,
) {
    let at = place.at("target");
    let Some(other) = scene.own(kind) else {
        let foreign = kind.pack.as_ref().filter(|pack| **pack != scene.pack.manifest.id);
        match foreign {
            Some(pack) => {
                let name = format!("{pack}.{}", kind.kind);
                findings.add(&at, &Problem::OtherPackUnseen { name });
            }
            None => findings.add(&at, &unknown(&kind.kind)),
        }
        return;
    };
    scene.asks_of(other, may, with, place, findings);
}

impl Scene<'_> {
    /// Whether a contract of `other` names this kind.
    fn is_named(self, who: &KindRef, other: Scene<'_>) -> bool {
        let pack = who.pack.as_ref().unwrap_or(&other.pack.manifest.id);
        who.kind == *self.id && *pack == self.pack.manifest.id
    }

    /// Hold what is asked of another kind against that one's contracts.
    pub(super) fn asks_of(
        self,
        other: Scene<'_>,
        may: &Request,
        with: &With,
        place: &Place,
        findings: &mut Findings,
    ) {
        let mut contracts = other.kind.contracts.iter();
        let Some(contract) = contracts.find(|row| self.is_named(&row.who, other) && row.may == *may) else {
            let may = match may {
                Request::Open => "建立记录".to_owned(),
                Request::Link => "关联记录".to_owned(),
                Request::Act(act) => format!("请求动作 {act}"),
            };
            let who = self.id.to_string();
            findings.add(&place.at("target"), &Problem::NoContract { who, may });
            return;
        };
        for (name, _) in with.iter().filter(|(name, _)| !contract.takes.contains(name)) {
            let name = name.to_string();
            findings.add(&place.at("with"), &Problem::ContractTakesNot { name });
        }
    }
}

fn asks(scene: Scene<'_>, act: &Act, findings: &mut Findings) {
    for ask in act.ask.iter().filter(|ask| ask.question == Question::Number) {
        let series = ask.about.first().and_then(|about| {
            let about = about.text.as_str();
            let quote = about.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
            about.strip_prefix(quote)?.strip_suffix(quote)
        });
        let Some(series) = series else {
            let text = ask
                .about
                .first()
                .map_or(String::new(), |about| about.text.chars().take(80).collect());
            findings.add(&ask.place, &Problem::NotAQuestion { text });
            continue;
        };
        if let Some(template) = Template::parse(series, &ask.place, findings) {
            // `{year}` is that of the commit, at +08:00.
            for name in template.facts().filter(|name| name.as_str() != "year") {
                super::names::templated(scene, name, &ask.place, findings);
            }
        }
    }
}
