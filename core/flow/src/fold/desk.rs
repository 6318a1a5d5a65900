//! One act in the course of its fold: the record as it is being changed, and the formulas evaluated over it.
//!
//! Not here: what each effect does (`effects`).

use super::act::What;
use super::answers::Answers;
use super::outward::Outward;
use super::refusal::{Code, Refusal};
use super::{Actor, Around, ids};
use crate::clock::{self, Times};
use crate::record::{Fact, Item, Record, Row as TableRow, View};
use shenhai_forms::rule::{Node, Scene, Variables};
use shenhai_forms::value::Value;
use shenhai_pack::Formula;
use shenhai_pack::Place;
use shenhai_pack::law::{Act as Row, Fact as FactLaw};

/// The record being changed, and everything around it.
pub(super) struct Desk<'d> {
    pub(super) record: Record,
    pub(super) around: Around<'d>,
    pub(super) answers: &'d Answers,
    pub(super) variables: Variables,
    pub(super) outward: Vec<Outward>,
    /// Facts and tables that would overwrite what the author had not seen, and the cell that would.
    pub(super) overwritten: Vec<(String, Place)>,
}

/// The row that `each` is at, and its cells with what is withheld.
#[derive(Clone, Copy)]
pub(super) struct At<'r> {
    pub(super) node: &'r dyn Node,
    cells: Cells<'r>,
}

#[derive(Clone, Copy)]
enum Cells<'r> {
    /// Of a table.
    Row(&'r TableRow),
    /// Of a repeat.
    Answers(&'r Answers),
    /// Of a list, in which nothing is withheld.
    List,
}

impl<'r> At<'r> {
    /// A row that a path led to. Rules see rows without what is withheld; the row itself is known by where it lies.
    pub(super) fn new(node: &'r dyn Node, record: &'r Record, answers: &'r Answers) -> Self {
        let is = |address: *const u8| std::ptr::addr_eq(address, std::ptr::from_ref(node));
        let mut rows = record.tables.values().flatten();
        let mut repeats = answers.rows.values().flatten();
        let cells = rows
            .find(|row| is(std::ptr::from_ref(*row).cast()))
            .map(Cells::Row)
            .or_else(|| {
                repeats
                    .find(|row| is(std::ptr::from_ref(*row).cast()))
                    .map(Cells::Answers)
            });
        Self {
            node,
            cells: cells.unwrap_or(Cells::List),
        }
    }

    /// A row in which nothing is withheld.
    pub(super) fn plain(node: &'r dyn Node) -> Self {
        Self {
            node,
            cells: Cells::List,
        }
    }

    fn item(&self, name: &str) -> Option<&Item> {
        match self.cells {
            Cells::Row(row) => row.cells.get(name),
            Cells::Answers(answers) => answers.items.get(name),
            Cells::List => None,
        }
    }
}

impl<'d> Desk<'d> {
    pub(super) fn new(record: Record, around: Around<'d>, row: Option<&Row>, answers: &'d Answers) -> Self {
        let mut variables = Variables::new();
        let (me, unit) = match around.by {
            Actor::Person { user, unit, .. } => (user.as_str(), unit.as_str()),
            _ => ("", ""),
        };
        let act = row.map(|row| row.id.to_string());
        let code = match around.act.what {
            What::News(news) => news.code.as_deref(),
            _ => None,
        };
        let mut put = |name: &str, value: Value| variables.insert(name.to_owned(), value);
        put("act", Value::text(act.unwrap_or_default()));
        put("me", Value::text(me));
        put("unit", Value::text(unit));
        put("code", Value::text(code.unwrap_or_default()));
        put("filled", Value::Time(around.act.filled));
        for (name, asked) in &around.act.given.asked {
            put(&name.to_string(), Value::text(asked.value.as_str()));
        }
        Self {
            record,
            around,
            answers,
            variables,
            outward: Vec::new(),
            overwritten: Vec::new(),
        }
    }

    /// What rules are evaluated over.
    pub(super) fn scene<'s>(&'s self, view: &'s View<'s>, at: Option<At<'s>>) -> Scene<'s> {
        Scene {
            record: view,
            form: Some(self.answers),
            row: at.map(|at| at.node),
            variables: &self.variables,
            now: self.around.act.given.at,
        }
    }

    pub(super) fn view(&self) -> View<'_> {
        View::new(&self.record, self.around.dues)
    }

    /// Whether a formula holds.
    pub(super) fn holds(&self, formula: &Formula, at: Option<At<'_>>) -> Result<bool, Refusal> {
        let view = self.view();
        let holds = match formula.rule() {
            Some(rule) => rule.holds(&self.scene(&view, at)),
            None => Ok(false),
        };
        holds.map_err(|refusal| Refusal::formula(formula, refusal))
    }

    /// The value of a formula.
    pub(super) fn value(&self, formula: &Formula, at: Option<At<'_>>) -> Result<Value, Refusal> {
        let view = self.view();
        let value = match formula.rule() {
            Some(rule) => rule.evaluate(&self.scene(&view, at)),
            None => Ok(Value::Absent),
        };
        value.map_err(|refusal| Refusal::formula(formula, refusal))
    }

    /// The text of a formula; none where it is absent.
    pub(super) fn text(&self, formula: &Formula, at: Option<At<'_>>) -> Result<Option<String>, Refusal> {
        Ok(match self.value(formula, at)? {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }

    /// What a formula yields: a value, or the commitment it copies.
    pub(super) fn item(&self, formula: &Formula, at: Option<At<'_>>) -> Result<Item, Refusal> {
        let copies = formula.rule().and_then(shenhai_forms::rule::Rule::copies);
        let copied = copies.and_then(|(of_row, path)| match (of_row, path.as_slice()) {
            (true, [cell]) => at.as_ref().and_then(|at| at.item(cell)),
            (false, ["form", answer]) => self.answers.items.get(*answer),
            (false, [fact]) => self.record.facts.get(*fact).map(|fact| &fact.item),
            _ => None,
        });
        match copied {
            Some(Item::Committed(digest)) => Ok(Item::Committed(*digest)),
            _ => self.value(formula, at).map(Item::Plain),
        }
    }

    /// Whether an item is one that a fact or a cell may hold.
    pub(super) fn fits(law: &FactLaw, item: &Item) -> bool {
        match item {
            Item::Committed(_) => law.class.is_some(),
            Item::Plain(Value::Absent) => true,
            Item::Plain(value) => {
                law.class.is_none() && law.kind.value_type().is_some_and(|kind| value.is_of(&kind))
            }
        }
    }

    /// Change a fact. What it was already keeps its revision.
    pub(super) fn put(&mut self, law: &FactLaw, item: Item, place: &Place) -> Result<(), Refusal> {
        if !Self::fits(law, &item) {
            return Err(Refusal::about(Code::WrongType, place, vec![law.name.to_string()]));
        }
        let rev = self.record.rev;
        self.record.facts.insert(law.name.clone(), Fact { item, rev });
        Ok(())
    }

    /// Whether a fact is something else already.
    pub(super) fn changes(&self, law: &FactLaw, item: &Item) -> bool {
        let held = self.record.facts.get(&law.name);
        held.map_or(item.is_there(), |fact| fact.item != *item)
    }

    /// Give a record that was just opened its id.
    pub(super) fn name(&mut self) -> Result<(), Refusal> {
        let around = self.around;
        let head = around.law.pack().manifest.kinds.get(around.act.kind);
        let template = head.and_then(|head| head.id.as_ref());
        let id = ids::identity(template, &self.record, around.act.work).ok_or(Code::WrongId)?;
        if around.act.record.is_some_and(|named| named != id) {
            return Err(Code::WrongId.into());
        }
        self.record.id = id;
        Ok(())
    }

    /// Work out the calculated facts.
    pub(super) fn calculate(&mut self) -> Result<(), Refusal> {
        let kind = self.around.kind;
        for law in kind.calculated() {
            let Some(calc) = &law.calc else { continue };
            let item = self.item(calc, None)?;
            if self.changes(law, &item) {
                self.put(law, item, &calc.place)?;
            }
        }
        Ok(())
    }

    /// Move the clocks; an alarm that asked for this act has gone off.
    pub(super) fn clocks(&mut self) -> Result<(), Refusal> {
        if let Actor::Clock { clock, alarm, .. } = self.around.by
            && let Some(state) = self.record.clocks.get_mut(clock)
        {
            state.fired.push(*alarm);
            state.fired.sort_unstable();
        }
        let times = Times {
            received: self.around.act.given.at,
            filled: self.around.act.filled,
        };
        let around = self.around;
        Ok(clock::step(
            &mut self.record,
            around.kind,
            times,
            &self.variables,
            around.dues,
        )?)
    }
}
