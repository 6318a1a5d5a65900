//! Do packs keep what they promised each other?
//!
//! Not what one pack is by itself. Called where several are at hand: by the gateway for those in force, and by an author
//! who names the others.

use super::{Scene, unknown};
use crate::Pack;
use crate::finding::{Finding, Findings, Place};
use crate::formula::Formula;
use crate::law::{Class, Effect, EffectRow, Expected, Fact, FactType, KindRef, Request, With};
use crate::names::{FactId, Name};
use crate::problem::Problem;

/// Everything that one of these packs asks or expects of another of them, and that the other does not promise. A place
/// names the asking pack before its file.
#[must_use]
pub fn check_together(packs: &[&Pack]) -> Vec<Finding> {
    let mut findings = Findings::default();
    for pack in packs {
        let mut own = Findings::default();
        requests(pack, packs, &mut own);
        expectations(pack, packs, &mut own);
        for finding in own.finish() {
            let place = Place {
                file: format!("{}/{}", pack.manifest.id, finding.place.file),
                ..finding.place
            };
            findings.note(&place, &finding.code, finding.text);
        }
    }
    findings.finish()
}

/// The kind of another pack, where that pack is at hand. `Err` where it is, and has no such kind.
fn foreign<'p>(kind: &KindRef, asking: &Pack, packs: &[&'p Pack]) -> Result<Option<Scene<'p>>, ()> {
    let Some(id) = kind.pack.as_ref().filter(|id| **id != asking.manifest.id) else {
        return Ok(None);
    };
    let Some(pack) = packs.iter().find(|pack| pack.manifest.id == *id) else {
        return Ok(None);
    };
    let (id, kind) = pack.law.kinds.get_key_value(&kind.kind).ok_or(())?;
    Ok(Some(Scene { pack, id, kind }))
}

fn requests(pack: &Pack, packs: &[&Pack], findings: &mut Findings) {
    let nothing = With::new();
    for (id, kind) in &pack.law.kinds {
        let scene = Scene { pack, id, kind };
        let links = scene.links();
        for row in &kind.effects {
            let (other, may, with) = match &row.effect {
                Effect::Open { kind, with, .. } => (kind, Request::Open, with),
                Effect::Link { kind, .. } => (kind, Request::Link, &nothing),
                Effect::Do { link, act, with } => match links.get(link) {
                    Some(kind) => (*kind, Request::Act(act.clone()), with),
                    None => continue,
                },
                _ => continue,
            };
            let at = row.place.at("target");
            match foreign(other, pack, packs) {
                Err(()) => findings.add(&at, &unknown(&other.kind)),
                Ok(Some(other)) => {
                    scene.asks_of(other, &may, with, &row.place, findings);
                    classes(scene, row, other, (&may, with), findings);
                }
                Ok(None) => {}
            }
        }
    }
}

/// Personal data is handed over only into an answer of its class.
fn classes(
    scene: Scene<'_>,
    row: &EffectRow,
    other: Scene<'_>,
    (may, with): (&Request, &With),
    findings: &mut Findings,
) {
    let asked = match may {
        Request::Open => other.opened_by_request(),
        Request::Act(act) => other.asked(act),
        Request::Link => None,
    };
    let form = asked.and_then(|act| other.pack.law.forms.get(act.form.as_ref()?));
    for (name, formula) in with {
        let Some(class) = class_of(scene, row, formula) else {
            continue;
        };
        if form
            .and_then(|form| form.answer(name))
            .and_then(|answer| answer.class)
            != Some(class)
        {
            let (name, class) = (name.to_string(), class.word());
            findings.add(&row.place.at("with"), &Problem::ClassNotTaken { name, class });
        }
    }
}

/// The class of what a formula copies.
fn class_of(scene: Scene<'_>, row: &EffectRow, formula: &Formula) -> Option<Class> {
    let (of_row, path) = formula.rule()?.copies()?;
    match (of_row, path.as_slice()) {
        (false, ["form", answer]) => {
            let answer = FactId::parse(answer)?;
            let forms = super::effects::forms_of(scene, row);
            forms.into_iter().find_map(|form| form.answer(&answer)?.class)
        }
        (false, [fact]) => scene.kind.fact(&FactId::parse(fact)?)?.class,
        _ => None,
    }
}

/// What the links of a pack read of another is what that one gives it, of that type.
fn expectations(pack: &Pack, packs: &[&Pack], findings: &mut Findings) {
    for expected in &pack.law.expects {
        let at = expected.place.at("name");
        let other = match foreign(&expected.of, pack, packs) {
            Ok(Some(other)) => other,
            Ok(None) => continue,
            Err(()) => {
                findings.add(&expected.place.at("of"), &unknown(&expected.of.kind));
                continue;
            }
        };
        let gives = |row: &&crate::law::Contract| {
            row.who.pack.as_ref() == Some(&pack.manifest.id) && row.gives.contains(&expected.name)
        };
        let fact = other.kind.fact(&expected.name);
        let given = other.kind.contracts.iter().find(gives).and(fact);
        let (name, of) = (expected.name.to_string(), expected.of.to_string());
        match given {
            None => findings.add(&at, &Problem::NotGiven { name, of }),
            Some(fact) => match difference(pack, expected, other.pack, fact) {
                Difference::None => {}
                Difference::Codes(codes) => findings.add(&at, &Problem::CodesUnknown { of, codes }),
                Difference::Type => {
                    let (given, wanted) = (fact.kind.spelling(), expected.kind.spelling());
                    findings.add(
                        &at,
                        &Problem::GivenOther {
                            name,
                            of,
                            given,
                            wanted,
                        },
                    );
                }
            },
        }
    }
}

enum Difference {
    None,
    /// Codes that the other side may give and this pack's list lacks.
    Codes(String),
    Type,
}

/// Whether both sides mean one type: lists by their codes, whatever each calls its list.
fn difference(pack: &Pack, expected: &Expected, other: &Pack, fact: &Fact) -> Difference {
    let (mine, theirs) = match (&expected.kind, &fact.kind) {
        (FactType::Code(mine), FactType::Code(theirs)) | (FactType::Codes(mine), FactType::Codes(theirs)) => {
            (pack.law.lists.get(mine), other.law.lists.get(theirs))
        }
        (mine, theirs) if mine == theirs => return Difference::None,
        _ => return Difference::Type,
    };
    let (Some(mine), Some(theirs)) = (mine, theirs) else {
        // A list that is missing was found in its own pack.
        return Difference::None;
    };
    let lacking: Vec<_> = theirs
        .order
        .iter()
        .filter(|code| !mine.has(code))
        .map(String::as_str)
        .take(8)
        .collect();
    match lacking.is_empty() {
        true => Difference::None,
        false => Difference::Codes(lacking.join(" ")),
    }
}
