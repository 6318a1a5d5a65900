//! Does every clock stop, and do its terms leave no code out?
//!
//! Answered by trying: formulas are worked out for every state in which a record ends, and for every combination of the
//! codes that the terms name, with whatever is not known left open.

use super::{Scene, flow};
use crate::finding::Findings;
use crate::law::{Clock, FactType, State};
use crate::limits;
use crate::names::{FactId, Name};
use crate::problem::Problem;
use shenhai_forms::xpath::{Axis, Expr, ExprKind, Operator, Path, Start, Test, parse};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(scene: Scene<'_>, findings: &mut Findings) {
    let reached = flow::reached(scene);
    let ends = |state: &&State| reached.contains(&state.id) && !state.category.is_open();
    let ended: Vec<&State> = scene.kind.states.iter().filter(ends).collect();
    for clock in &scene.kind.clocks {
        runs_on(clock, &ended, findings);
        covers(scene, clock, findings);
    }
}

/// A clock that still runs where a record has ended.
fn runs_on(clock: &Clock, ended: &[&State], findings: &mut Findings) {
    let Some(running) = &clock.running else {
        findings.add(&clock.place.at("while"), &Problem::ClockWithoutWhile);
        return;
    };
    let Ok(expr) = parse(&running.text) else { return };
    for state in ended {
        let known = Known::from([("state", state.id.as_str()), ("category", state.category.word())]);
        if truth(&expr, &known) == Truth::Yes {
            let name = state.id.to_string();
            findings.add(&running.place, &Problem::ClockNeverEnds { name });
        }
    }
}

/// Some combination of codes to which no term applies.
fn covers(scene: Scene<'_>, clock: &Clock, findings: &mut Findings) {
    let conditions: Option<Vec<_>> = clock.terms.iter().map(|term| term.when.as_ref()).collect();
    // A term without a condition covers everything; a formula that does not parse was found.
    let Some(conditions) = conditions.filter(|conditions| !conditions.is_empty()) else {
        return;
    };
    let parsed: Result<Vec<_>, _> = conditions.iter().map(|when| parse(&when.text)).collect();
    let Ok(parsed) = parsed else { return };
    let mut named = BTreeSet::new();
    for expr in &parsed {
        names_in(expr, &mut named);
    }
    let choices = choices(scene, &named);
    let combinations = choices.iter().map(|(_, values)| values.len()).product::<usize>();
    if combinations > limits::COMBINATIONS {
        let max = limits::COMBINATIONS;
        findings.add(&clock.place.at("term"), &Problem::TooManyCombinations { max });
        return;
    }
    for number in 0..combinations {
        let known = combination(&choices, number);
        if !parsed.iter().any(|expr| truth(expr, &known) == Truth::Yes) {
            let parts: Vec<_> = known
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect();
            let example = match parts.is_empty() {
                true => "任何情形".to_owned(),
                false => parts.join("、"),
            };
            findings.add(&clock.place.at("term"), &Problem::NotCovered { example });
            return;
        }
    }
}

type Choices<'p> = Vec<(&'p str, Vec<&'p str>)>;

/// What each code or yes-no fact among `named` may be.
fn choices<'p>(scene: Scene<'p>, named: &BTreeSet<String>) -> Choices<'p> {
    let mut choices = Vec::new();
    for fact in named
        .iter()
        .filter_map(|name| scene.kind.fact(&FactId::parse(name)?))
    {
        let values = match &fact.kind {
            FactType::Bool => vec!["true", "false"],
            FactType::Code(list) => {
                let list = scene.pack.law.lists.get(list);
                list.map_or(Vec::new(), |list| list.order.iter().map(String::as_str).collect())
            }
            _ => continue,
        };
        if !values.is_empty() {
            choices.push((fact.name.as_str(), values));
        }
    }
    choices
}

/// The combination of that number, as digits of a number with a different base at each place.
fn combination<'p>(choices: &Choices<'p>, mut number: usize) -> Known<'p> {
    let mut known = Known::new();
    for (name, values) in choices {
        known.insert(name, values[number % values.len()]);
        number /= values.len();
    }
    known
}

/// What is known: codes as they are, yes and no as `true` and `false`.
type Known<'k> = BTreeMap<&'k str, &'k str>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    Open,
}

impl Truth {
    fn of(holds: bool) -> Self {
        match holds {
            true => Self::Yes,
            false => Self::No,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Open => Self::Open,
        }
    }
}

/// What a formula comes to by what is known.
fn truth(expr: &Expr, known: &Known<'_>) -> Truth {
    match &expr.kind {
        ExprKind::Chain { first, rest } => chain(first, rest, known),
        ExprKind::Call { name, args } => match (name.local.as_str(), args.as_slice()) {
            ("true", []) => Truth::Yes,
            ("false", []) => Truth::No,
            ("not", [inner]) => truth(inner, known).not(),
            ("selected", [codes, code]) => selected(codes, code, known),
            _ => Truth::Open,
        },
        ExprKind::Path(path) => match plain(path).and_then(|name| known.get(name)) {
            Some(value) => Truth::of(*value == "true"),
            None => Truth::Open,
        },
        _ => Truth::Open,
    }
}

fn chain(first: &Expr, rest: &[(Operator, Expr)], known: &Known<'_>) -> Truth {
    let operator = rest.first().map(|(operator, _)| *operator);
    let settles = match operator {
        Some(Operator::Or) => Truth::Yes,
        Some(Operator::And) => Truth::No,
        Some(Operator::Equal | Operator::NotEqual) if rest.len() == 1 => {
            let (Some(left), Some(right)) = (word(first, known), word(&rest[0].1, known)) else {
                return Truth::Open;
            };
            let equal = Truth::of(left == right);
            return match operator {
                Some(Operator::Equal) => equal,
                _ => equal.not(),
            };
        }
        _ => return Truth::Open,
    };
    let all = std::iter::once(first).chain(rest.iter().map(|(_, expr)| expr));
    let mut found = settles.not();
    for expr in all {
        match truth(expr, known) {
            one if one == settles => return settles,
            Truth::Open => found = Truth::Open,
            _ => {}
        }
    }
    found
}

/// `selected('help complaint', matter)` and `selected(matter, 'help')`.
fn selected(codes: &Expr, code: &Expr, known: &Known<'_>) -> Truth {
    match (word(codes, known), word(code, known)) {
        (Some(codes), Some(code)) => Truth::of(codes.split_ascii_whitespace().any(|one| one == code)),
        _ => Truth::Open,
    }
}

/// A text in quotes, or a name whose code is known.
fn word<'e>(expr: &'e Expr, known: &Known<'e>) -> Option<&'e str> {
    match &expr.kind {
        ExprKind::Text(text) => Some(text),
        ExprKind::Path(path) => known.get(plain(path)?).copied(),
        _ => None,
    }
}

/// The name of a path that is nothing but a name.
fn plain(path: &Path) -> Option<&str> {
    match (&path.start, path.steps.as_slice()) {
        (Start::Context, [step]) if step.axis == Axis::Child && step.predicates.is_empty() => {
            match &step.test {
                Test::Name(name) if name.prefix.is_none() => Some(&name.local),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Every plain name a formula says.
fn names_in(expr: &Expr, names: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Path(path) => names.extend(plain(path).map(str::to_owned)),
        ExprKind::Call { args, .. } => args.iter().for_each(|arg| names_in(arg, names)),
        ExprKind::Negate(inner) => names_in(inner, names),
        ExprKind::Chain { first, rest } => {
            names_in(first, names);
            rest.iter().for_each(|(_, expr)| names_in(expr, names));
        }
        ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::Variable(_) | ExprKind::Reference(_) => {}
    }
}
