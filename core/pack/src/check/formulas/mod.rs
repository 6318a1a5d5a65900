//! Does every formula say something, of the type its place wants, at a cost that is bounded?
//!
//! What is sound is kept compiled with the formula, so that nobody parses it a second time.

mod schema;

use super::Scene;
use crate::Pack;
use crate::finding::{Findings, Place};
use crate::formula::{Compiled, Formula};
use crate::law::{
    Act, Amount, Ask, Class, Clock, Due, Each, Effect, EffectRow, Form, Question, Request, With,
};
use crate::names::Name;
use crate::problem::Problem;
use shenhai_forms::filter::Filter;
use shenhai_forms::finding::{Finding, schema_error_text};
use shenhai_forms::rule::{Rows, Rule, Slot};
use shenhai_forms::schema::{MAX_ROWS, Schema};
use shenhai_forms::value::{Datum, Type};
use std::collections::BTreeMap;

/// The most that all effects of one act may cost together, in the units of a rule: some 50 ms on a phone.
const ACT_COST: u64 = 1_000_000;
/// The most entries one act may ask for; a chain of them ends there too.
const ACT_EFFECTS: usize = 500;

pub(super) fn check(pack: &Pack, findings: &mut Findings) {
    let lists = match schema::lists(&pack.law) {
        Ok(lists) => lists,
        Err(error) => return findings.note(&Place::default(), "E505", schema_error_text(&error)),
    };
    for (id, kind) in &pack.law.kinds {
        let scene = Scene { pack, id, kind };
        // A name that cannot be added was found where it is declared; whatever else is wrong with it is said here.
        let place = pack
            .manifest
            .kinds
            .get(id)
            .map(|head| head.place.clone())
            .unwrap_or_default();
        match schema::record(scene, &lists) {
            Ok(record) => Desk { scene, record }.check(findings),
            Err(error) => findings.note(&place, "E505", schema_error_text(&error)),
        }
        match schema::index(scene, &lists) {
            Ok(columns) => filters(scene, &columns, findings),
            Err(error) => findings.note(&place, "E505", schema_error_text(&error)),
        }
    }
}

fn filters(scene: Scene<'_>, columns: &Schema, findings: &mut Findings) {
    let lists = scene.pack.face.lists.iter().filter(|list| list.kind == *scene.id);
    for tab in lists.flat_map(|list| &list.tabs) {
        match Filter::read(&tab.filter.text, columns) {
            Ok(filter) => tab.filter.keep(Compiled::Filter(Box::new(filter))),
            Err(found) => report(&tab.filter, &found, findings),
        }
    }
}

fn report(formula: &Formula, found: &[Finding], findings: &mut Findings) {
    for finding in found {
        let (_, column) = finding.span.line_and_column(&formula.text);
        let text = format!("{}（公式第 {column} 个字符）", finding.problem);
        findings.note(&formula.place, &format!("E{}", finding.problem.number()), text);
    }
}

/// One kind's formulas under check.
struct Desk<'p> {
    scene: Scene<'p>,
    record: Schema,
}

impl<'p> Desk<'p> {
    fn check(&self, findings: &mut Findings) {
        let kind = self.scene.kind;
        for fact in kind.facts.iter().filter(|fact| fact.calc.is_some()) {
            self.calc(fact, findings);
        }
        self.cycles(findings);
        for act in &kind.acts {
            self.act(act, findings);
        }
        let mut costs: BTreeMap<&str, (u64, usize, &Place)> = BTreeMap::new();
        for row in &kind.effects {
            let (cost, count) = self.effect(row, findings);
            let of_act = costs.entry(row.act.as_str()).or_insert((0, 0, &row.place));
            of_act.0 = of_act.0.saturating_add(cost);
            of_act.1 = of_act.1.saturating_add(count);
        }
        for (cost, count, place) in costs.into_values() {
            if cost > ACT_COST {
                findings.add(place, &Problem::TooCostly { cost, max: ACT_COST });
            }
            if count > ACT_EFFECTS {
                findings.add(place, &Problem::TooManyEffects { max: ACT_EFFECTS });
            }
        }
        for clock in &kind.clocks {
            self.clock(clock, findings);
        }
        for guard in kind.sights.iter().filter_map(|row| row.guard.as_ref()) {
            rule(guard, &self.record, &Slot::of(Type::Bool), findings);
        }
        for row in &kind.colours {
            rule(&row.when, &self.record, &Slot::of(Type::Bool), findings);
        }
    }

    fn calc(&self, fact: &crate::law::Fact, findings: &mut Findings) {
        let (Some(formula), Some(kind)) = (&fact.calc, fact.kind.value_type()) else {
            let (found, wanted) = ("表格或标记".to_owned(), "单个值".to_owned());
            findings.add(&fact.place.at("calc"), &Problem::WrongType { found, wanted });
            return;
        };
        let slot = slot(kind, fact.class);
        rule(formula, &self.record, &slot, findings);
    }

    /// Calculated facts that wait for each other.
    fn cycles(&self, findings: &mut Findings) {
        let left = self.scene.kind.waiting_in_circles();
        if let Some(first) = left.first() {
            let names: Vec<_> = left.iter().map(|fact| fact.name.as_str()).collect();
            let names = names.join("、");
            findings.add(&first.place.at("calc"), &Problem::CalcCycle { names });
        }
    }

    /// The names of an act: the record's, those of who acts, and the answers of a form.
    fn of_act(&self, form: Option<&Form>, asks: &[Ask]) -> Schema {
        let mut schema = self.record.clone();
        // The variables are this act's alone, so none can be there already but a name that is asked twice, which was
        // found as the sheet was read, or one that is taken.
        let _ = schema.act_variables();
        for ask in asks {
            let _ = schema.variable(ask.name.as_str(), Type::Text);
        }
        match form.and_then(|form| schema::answers(form).ok()) {
            Some(answers) => schema.with_form(answers),
            None => schema,
        }
    }

    fn form(&self, act: &Act) -> Option<&'p Form> {
        self.scene.pack.law.forms.get(act.form.as_ref()?)
    }

    fn act(&self, act: &Act, findings: &mut Findings) {
        let form = self.form(act);
        if let Some(when) = &act.when {
            let schema = self.of_act(form, &[]);
            rule(when, &schema, &Slot::guard(), findings);
        }
        for (i, ask) in act.ask.iter().enumerate() {
            let schema = self.of_act(form, &act.ask[..i]);
            let types = self.every_type();
            let wanted: &[Type] = match ask.question {
                Question::Number => continue,
                Question::LeastBusy | Question::Person => &[Type::Text],
                Question::UnitOf => &types,
            };
            for about in &ask.about {
                any(about, &schema, wanted, findings);
            }
        }
    }

    /// What any single value may be.
    fn every_type(&self) -> Vec<Type> {
        let mut types = vec![
            Type::Text,
            Type::Int,
            Type::Bool,
            Type::Date,
            Type::Time,
            Type::File,
        ];
        types.extend([Datum::Wgs84, Datum::Gcj02, Datum::Bd09].map(Type::Point));
        types.push(Type::Decimal { scale: 9 });
        for list in self.scene.pack.law.lists.keys() {
            types.extend([Type::Code(list.to_string()), Type::Codes(list.to_string())]);
        }
        types.extend(["@state", "@category", "@act"].map(|list| Type::Code(list.to_owned())));
        types
    }

    /// Check one row; answers what it can cost, and how many entries it can ask for.
    fn effect(&self, row: &EffectRow, findings: &mut Findings) -> (u64, usize) {
        let acts: Vec<&Act> = self.scene.kind.rows_of(&row.act).collect();
        let mut worst = (0, 0);
        let mut seen: Vec<Option<&crate::names::FormId>> = Vec::new();
        for act in acts {
            // Rows of one act may have different forms: the effect must make sense with each.
            if seen.contains(&act.form.as_ref()) {
                continue;
            }
            seen.push(act.form.as_ref());
            let before = findings.count();
            let schema = self.of_act(self.form(act), &act.ask);
            worst = worst.max(self.effect_with(row, schema, findings));
            if findings.count() > before {
                break;
            }
        }
        worst
    }

    fn effect_with(&self, row: &EffectRow, schema: Schema, findings: &mut Findings) -> (u64, usize) {
        let mut cost = 0;
        if let Some(guard) = &row.guard {
            cost += rule(guard, &schema, &Slot::guard(), findings);
        }
        let (schema, times) = match &row.each {
            None => (schema, 1),
            Some(Each::List(list)) => match schema.code_list(list.as_str()) {
                // That there is no such list was found with the names.
                None => return (cost, 0),
                Some(codes) => {
                    let row = codes.row(list.as_str());
                    let times = self
                        .scene
                        .pack
                        .law
                        .lists
                        .get(list)
                        .map_or(0, |list| list.order.len());
                    (schema.with_row(row), times)
                }
            },
            Some(Each::Rows(each)) => match Rows::read(&each.text, &schema) {
                Ok(rows) => {
                    cost += rows.cost();
                    let schema = schema.with_row(rows.row().clone());
                    each.keep(Compiled::Rows(Box::new(rows)));
                    (schema, MAX_ROWS as usize)
                }
                Err(found) => {
                    report(each, &found, findings);
                    return (cost, 0);
                }
            },
        };
        let once = self.outcome(row, &schema, findings);
        let asks = matches!(
            row.effect,
            Effect::Open { .. }
                | Effect::Do { .. }
                | Effect::Link { .. }
                | Effect::Send { .. }
                | Effect::Tell { .. }
        );
        (
            cost.saturating_add(once.saturating_mul(times as u64)),
            if asks { times } else { 0 },
        )
    }

    fn outcome(&self, row: &EffectRow, schema: &Schema, findings: &mut Findings) -> u64 {
        let kind = self.scene.kind;
        match &row.effect {
            Effect::Set { fact, value } => {
                let Some(fact) = kind.fact(fact) else { return 0 };
                let Some(of) = fact.kind.value_type() else {
                    return 0;
                };
                rule(value, schema, &slot(of, fact.class).with_now(), findings)
            }
            Effect::Put { table, cells } => {
                let Some(table) = kind.fact(table) else { return 0 };
                let typed = |name: &crate::names::FactId| {
                    let column = table.column(name)?;
                    Some(slot(column.kind.value_type()?, column.class).with_now())
                };
                self.with(cells, schema, typed, findings)
            }
            Effect::Drop { table, rows } => {
                let path = format!("{table}[{}]", rows.text);
                match Rows::read(&path, schema) {
                    Ok(found) => {
                        let cost = found.cost();
                        rows.keep(Compiled::Rows(Box::new(found)));
                        cost
                    }
                    Err(found) => {
                        report(rows, &found, findings);
                        0
                    }
                }
            }
            Effect::Seat { holder: formula, .. } | Effect::Link { id: formula, .. } => {
                rule(formula, schema, &Slot::of(Type::Text), findings)
            }
            Effect::Open { kind, with, .. } => self.request(kind, &Request::Open, with, schema, findings),
            Effect::Do { link, act, with } => match self.scene.links().get(link) {
                Some(kind) => self.request(kind, &Request::Act(act.clone()), with, schema, findings),
                None => 0,
            },
            Effect::Send { port, with, .. } => {
                let classes = self
                    .scene
                    .pack
                    .manifest
                    .ports
                    .get(port)
                    .map(|port| port.classes.as_slice());
                with.iter()
                    .map(|(_, formula)| self.sent(formula, schema, classes.unwrap_or_default(), findings))
                    .sum()
            }
            Effect::SetAnswered | Effect::Pop { .. } | Effect::Tell { .. } => 0,
        }
    }

    /// What is handed to another record answers the form of the act that is asked.
    fn request(
        &self,
        kind: &crate::law::KindRef,
        may: &Request,
        with: &With,
        schema: &Schema,
        findings: &mut Findings,
    ) -> u64 {
        let Some(other) = self.scene.own(kind) else {
            // Which classes the other side takes is checked where both are at hand.
            let classes = Class::ALL.map(|(_, class)| class);
            let each = with.iter();
            return each
                .map(|(_, formula)| self.sent(formula, schema, &classes, findings))
                .sum();
        };
        let asked = match may {
            Request::Open => other.opened_by_request(),
            Request::Act(act) => other.asked(act),
            Request::Link => None,
        };
        let form = asked.and_then(|act| self.scene.pack.law.forms.get(act.form.as_ref()?));
        let typed = |name: &crate::names::FactId| {
            let answer = form?.answer(name)?;
            Some(slot(answer.kind.value_type()?, answer.class).with_now())
        };
        self.with(with, schema, typed, findings)
    }

    fn with(
        &self,
        with: &With,
        schema: &Schema,
        typed: impl Fn(&crate::names::FactId) -> Option<Slot>,
        findings: &mut Findings,
    ) -> u64 {
        let typed = with
            .iter()
            .filter_map(|(name, formula)| Some((formula, typed(name)?)));
        typed
            .map(|(formula, slot)| rule(formula, schema, &slot, findings))
            .sum()
    }

    /// What leaves the product: anything that is nobody's, and a copy of what is of a class the port declares.
    fn sent(&self, formula: &Formula, schema: &Schema, classes: &[Class], findings: &mut Findings) -> u64 {
        for class in Class::ALL.map(|(_, class)| class) {
            for kind in [Type::Text, Type::File] {
                let slot = slot(kind, Some(class));
                if let Ok(found) = Rule::read(&formula.text, schema, &slot) {
                    if !classes.contains(&class) {
                        let name = class.word().to_owned();
                        findings.add(&formula.place, &Problem::PortTakesNot { name });
                    }
                    let cost = found.cost();
                    formula.keep(Compiled::Rule(Box::new(found)));
                    return cost;
                }
            }
        }
        any(formula, schema, &self.every_type(), findings)
    }

    fn clock(&self, clock: &Clock, findings: &mut Findings) {
        let schema = self.of_act(None, &[]);
        let yes = Slot::of(Type::Bool);
        for formula in [&clock.running, &clock.pause, &clock.reset].into_iter().flatten() {
            rule(formula, &schema, &yes, findings);
        }
        for formula in clock.from.iter() {
            any(formula, &self.record, &[Type::Time, Type::Date], findings);
        }
        if let Some((formula, _)) = &clock.extra {
            rule(formula, &self.record, &Slot::of(Type::Int), findings);
        }
        for term in &clock.terms {
            if let Some(when) = &term.when {
                rule(when, &self.record, &yes, findings);
            }
            match &term.due {
                Due::Until(until) => {
                    any(until, &self.record, &[Type::Time, Type::Date], findings);
                }
                Due::After { amount, from, .. } => {
                    if let Amount::Rule(formula) = amount {
                        rule(formula, &self.record, &Slot::of(Type::Int), findings);
                    }
                    for from in from.iter() {
                        any(from, &self.record, &[Type::Time, Type::Date], findings);
                    }
                }
            }
        }
    }
}

fn slot(kind: Type, class: Option<Class>) -> Slot {
    let slot = Slot::of(kind);
    match class {
        Some(class) => slot.of_class(class.word()),
        None => slot,
    }
}

/// Check a formula and keep it; answers what it can cost.
fn rule(formula: &Formula, schema: &Schema, slot: &Slot, findings: &mut Findings) -> u64 {
    match Rule::read(&formula.text, schema, slot) {
        Ok(rule) => {
            let cost = rule.cost();
            formula.keep(Compiled::Rule(Box::new(rule)));
            cost
        }
        Err(found) => {
            report(formula, &found, findings);
            0
        }
    }
}

/// The same where several types will do; what is wrong is said of the first.
fn any(formula: &Formula, schema: &Schema, types: &[Type], findings: &mut Findings) -> u64 {
    let fits = |kind: &Type| Rule::read(&formula.text, schema, &Slot::of(kind.clone()).with_now()).is_ok();
    let kind = types.iter().find(|kind| fits(kind)).or(types.first());
    kind.map_or(0, |kind| {
        rule(formula, schema, &Slot::of(kind.clone()).with_now(), findings)
    })
}
