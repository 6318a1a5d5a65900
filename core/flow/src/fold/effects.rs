//! What each effect of an act does, in the order of the sheet, each seeing what the last one did.

use super::act::What;
use super::answers::{Answers, unseen};
use super::desk::{At, Desk};
use super::ids::{derived, short};
use super::law::Law;
use super::outward::Outward;
use super::refusal::{Code, Refusal};
use crate::record::{Holder, Item, Link, Pending, Row as TableRow, View};
use shenhai_crypto::Digest32;
use shenhai_forms::rule::Tree;
use shenhai_forms::schema::{MAX_HOLDERS, MAX_LINKS, MAX_ROWS};
use shenhai_forms::value::{Type, Value};
use shenhai_pack::law::{
    Act as Row, CellType, Each, Effect, EffectRow, Fact as FactLaw, Holding, Holds, KindRef, SeatChange,
    Whom, With,
};
use shenhai_pack::names::{FactId, LinkId, ListId, Name, SeatId};
use shenhai_pack::{Formula, Place};
use std::collections::BTreeMap;

/// Most asks of one linked record that have no outcome yet.
const MOST_PENDING: usize = 16;

impl Desk<'_> {
    /// Carry out the effects of a row's act.
    pub(super) fn effects(&mut self, row: &Row) -> Result<(), Refusal> {
        let around = self.around;
        if let What::Reassign { seat, to } = around.act.what {
            self.seat(seat, SeatChange::Assign, Some(to.clone()), &row.place)?;
        }
        for effect in around.kind.effects_of(&row.id) {
            self.effect(effect, row)?;
        }
        let Some((_, cell)) = self.overwritten.first() else {
            return Ok(());
        };
        let mut names: Vec<String> = self.overwritten.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names.dedup();
        Err(Refusal::about(Code::FactsChanged, cell, names))
    }

    fn effect(&mut self, effect: &EffectRow, row: &Row) -> Result<(), Refusal> {
        if let Some(guard) = &effect.guard
            && !self.holds(guard, None)?
        {
            return Ok(());
        }
        let Some(each) = &effect.each else {
            return self.once(effect, row, None, 0);
        };
        let answers = self.answers;
        let formula = match each {
            Each::Rows(formula) => formula,
            Each::List(list) => {
                for (nth, code) in (1..).zip(list_rows(self.around.law, list)) {
                    self.once(effect, row, Some(At::plain(&code)), nth)?;
                }
                return Ok(());
            }
        };
        // The rows are those of before: what the effect does to them does not change through which it goes.
        let (before, variables) = (self.record.clone(), self.variables.clone());
        let view = View::new(&before, self.around.dues);
        let scene = shenhai_forms::rule::Scene {
            record: &view,
            form: Some(self.answers),
            row: None,
            variables: &variables,
            now: self.around.act.given.at,
        };
        let rows = match formula.rows() {
            Some(rows) => rows.collect(&scene),
            None => Ok(Vec::new()),
        };
        let rows = rows.map_err(|refusal| Refusal::formula(formula, refusal))?;
        for (nth, node) in (1..).zip(rows) {
            self.once(effect, row, Some(At::new(node, &before, answers)), nth)?;
        }
        Ok(())
    }

    fn once(&mut self, effect: &EffectRow, row: &Row, at: Option<At<'_>>, nth: usize) -> Result<(), Refusal> {
        let place = &effect.place;
        let key = || derived(self.around.act.work, &format!("{}.{nth}", effect.order));
        match &effect.effect {
            Effect::Set { fact, value } => self.set(fact, value, at, place),
            Effect::SetAnswered => self.set_answered(row, place),
            Effect::Put { table, cells } => self.put_row(table, cells, at, place),
            Effect::Drop { table, rows } => self.drop_rows(table, rows, at),
            Effect::Seat { seat, change, holder } => {
                let text = self.text(holder, at)?;
                let holder = text.map(|text| self.holder(seat, &text));
                self.seat(seat, *change, holder, place)
            }
            Effect::Pop { seat } => self.seat(seat, SeatChange::Assign, None, place),
            Effect::Open { kind, link, with } => {
                let (key, with) = (key(), self.with(with, at)?);
                self.open(kind, link, key, with, place)
            }
            Effect::Link { kind, link, id } => {
                let key = key();
                match self.text(id, at)? {
                    Some(id) => self.link(kind, link, key, id, place),
                    None => Ok(()),
                }
            }
            Effect::Do { link, act, with } => {
                let (key, with) = (key(), self.with(with, at)?);
                for held in self.record.links.iter_mut().filter(|held| held.name == *link) {
                    if held.pending.len() == MOST_PENDING {
                        return Err(Refusal::about(Code::TooMany, place, vec![link.to_string()]));
                    }
                    held.pending.push(Pending::Act(act.clone()));
                    self.outward.push(Outward::Do {
                        link: link.clone(),
                        key: held.key,
                        kind: held.kind.clone(),
                        id: held.id.clone(),
                        act: act.clone(),
                        work: derived(&key.to_hex(), &held.key.to_hex()),
                        with: with.clone(),
                    });
                }
                Ok(())
            }
            Effect::Tell { whom, text } => {
                let seat = match whom {
                    Whom::Seat(seat)
                    | Whom::Role {
                        holding: Holding::Seat(seat) | Holding::UnitOf(seat),
                        ..
                    } => Some(seat),
                    Whom::Role {
                        holding: Holding::Any,
                        ..
                    } => None,
                };
                let holders = seat.and_then(|seat| self.record.seats.get(seat));
                self.outward.push(Outward::Tell {
                    whom: whom.clone(),
                    holders: holders.cloned().unwrap_or_default(),
                    text: text.clone(),
                });
                Ok(())
            }
            Effect::Send { port, message, with } => {
                let (key, with) = (key(), self.with(with, at)?);
                self.outward.push(Outward::Send {
                    port: port.clone(),
                    message: message.clone(),
                    key,
                    with,
                });
                Ok(())
            }
        }
    }

    fn set(
        &mut self,
        fact: &FactId,
        value: &Formula,
        at: Option<At<'_>>,
        place: &Place,
    ) -> Result<(), Refusal> {
        let item = self.item(value, at)?;
        // What is worked out from the fact itself merges: `urged + 1` overwrites nothing.
        let merges = value
            .rule()
            .is_some_and(|rule| rule.reads().contains(fact.as_str()));
        let kind = self.around.kind;
        let law = kind
            .fact(fact)
            .ok_or_else(|| Refusal::about(Code::WrongType, place, vec![fact.to_string()]))?;
        self.replace(law, item, merges, place)
    }

    fn replace(&mut self, law: &FactLaw, item: Item, merges: bool, place: &Place) -> Result<(), Refusal> {
        if !self.changes(law, &item) {
            return Ok(());
        }
        let held = self.record.facts.get(&law.name).map(|fact| fact.rev);
        if !merges && held.is_some_and(|rev| self.overwrites(rev)) {
            self.overwritten.push((law.name.to_string(), place.clone()));
        }
        self.put(law, item, place)
    }

    /// Whether a change of that revision is one that the author had not seen; this act's own is none.
    fn overwrites(&self, rev: u64) -> bool {
        rev != self.record.rev && unseen(&self.record, rev, self.around.act)
    }

    /// `set *`: every fact for which the form has an answer of the same name.
    fn set_answered(&mut self, row: &Row, place: &Place) -> Result<(), Refusal> {
        let around = self.around;
        let Some(form) = row.form.as_ref().and_then(|form| around.law.form(form)) else {
            return Ok(());
        };
        for (law, answer) in around.kind.answered_by(form) {
            // Of another class it would be told to others than it was meant for.
            if answer.class == law.class {
                let item = self.answers.items.get(law.name.as_str()).cloned();
                self.replace(law, item.unwrap_or(Item::ABSENT), false, place)?;
            }
        }
        Ok(())
    }

    fn put_row(
        &mut self,
        table: &FactId,
        with: &With,
        at: Option<At<'_>>,
        place: &Place,
    ) -> Result<(), Refusal> {
        let mut cells = BTreeMap::new();
        for (name, formula) in with {
            cells.insert(name.clone(), self.item(formula, at)?);
        }
        let kind = self.around.kind;
        let law = kind
            .fact(table)
            .ok_or_else(|| Refusal::about(Code::WrongType, place, vec![table.to_string()]))?;
        self.put_cells(law, cells, place)
    }

    /// A row by its key: the one that has it gets these cells, else it is a new one.
    fn put_cells(
        &mut self,
        law: &FactLaw,
        cells: BTreeMap<FactId, Item>,
        place: &Place,
    ) -> Result<(), Refusal> {
        for (name, item) in &cells {
            let column = law.column(name);
            if !column.is_some_and(|column| Desk::fits(column, item)) {
                let names = vec![format!("{}.{name}", law.name)];
                return Err(Refusal::about(Code::WrongType, place, names));
            }
        }
        let keys: Vec<&FactId> = law
            .columns
            .iter()
            .filter(|column| column.key)
            .map(|column| &column.name)
            .collect();
        let is_there = |key: &&FactId| cells.get(*key).is_some_and(Item::is_there);
        if !keys.iter().all(is_there) {
            return Err(Refusal::about(Code::NoKey, place, vec![law.name.to_string()]));
        }
        let rev = self.record.rev;
        let rows = self.record.tables.get(&law.name).map_or(&[][..], Vec::as_slice);
        let same = |row: &TableRow| keys.iter().all(|key| row.cells.get(*key) == cells.get(*key));
        let found = if keys.is_empty() {
            None
        } else {
            rows.iter().position(same)
        };
        let mut row = match found {
            Some(nth) => rows[nth].clone(),
            None => TableRow {
                rev,
                cells: BTreeMap::new(),
            },
        };
        let was = row.cells.clone();
        row.cells.extend(cells);
        row.cells.retain(|_, item| item.is_there());
        if found.is_some() && row.cells == was {
            return Ok(());
        }
        if found.is_some() && self.overwrites(row.rev) {
            self.overwritten.push((law.name.to_string(), place.clone()));
        }
        row.rev = rev;
        let rows = self.record.tables.entry(law.name.clone()).or_default();
        match found {
            Some(nth) => rows[nth] = row,
            None if rows.len() >= MAX_ROWS as usize => {
                return Err(Refusal::about(Code::TooMany, place, vec![law.name.to_string()]));
            }
            None => rows.push(row),
        }
        Ok(())
    }

    fn drop_rows(&mut self, table: &FactId, formula: &Formula, at: Option<At<'_>>) -> Result<(), Refusal> {
        let gone: Vec<bool> = {
            let view = self.view();
            let found = match formula.rows() {
                Some(rows) => rows.collect(&self.scene(&view, at)),
                None => Ok(Vec::new()),
            };
            let found = found.map_err(|refusal| Refusal::formula(formula, refusal))?;
            let rows = self.record.tables.get(table).map_or(&[][..], Vec::as_slice);
            let is_found = |row: &TableRow| {
                let row = std::ptr::from_ref(row);
                found
                    .iter()
                    .any(|node| std::ptr::addr_eq(row, std::ptr::from_ref(*node)))
            };
            rows.iter().map(is_found).collect()
        };
        if let Some(rows) = self.record.tables.get_mut(table) {
            let mut gone = gone.into_iter();
            rows.retain(|_| !gone.next().unwrap_or(false));
            if rows.is_empty() {
                self.record.tables.remove(table);
            }
        }
        Ok(())
    }

    /// Who a text on a seat is. The unit of a person is that of the answer that named them, of the actor, or the one
    /// under which they hold a seat already.
    fn holder(&self, seat: &SeatId, text: &str) -> Holder {
        let kind = self.around.kind;
        match kind.seat(seat).map_or(Holds::Person, |seat| seat.holds) {
            Holds::Unit => {
                return Holder {
                    unit: Value::text(text),
                    ..Holder::default()
                };
            }
            Holds::Place => {
                return Holder {
                    place: Value::text(text),
                    ..Holder::default()
                };
            }
            Holds::Person => {}
        }
        let is = |holder: &&Holder| holder.person == Value::text(text);
        let asked = self
            .around
            .act
            .given
            .asked
            .values()
            .find(|asked| asked.value == text);
        let unit = asked.and_then(|asked| asked.unit.as_deref());
        if let Some(unit) = unit {
            return Holder::person(text, unit);
        }
        let me = self.around.by.holder();
        let known = me
            .as_ref()
            .filter(is)
            .or_else(|| self.record.seats.values().flatten().find(is));
        known.cloned().unwrap_or_else(|| Holder::person(text, ""))
    }

    /// Change who holds a seat. Nobody in the place of the holder takes the one on top away.
    fn seat(
        &mut self,
        seat: &SeatId,
        change: SeatChange,
        holder: Option<Holder>,
        place: &Place,
    ) -> Result<(), Refusal> {
        let many = self.around.kind.seat(seat).is_some_and(|seat| seat.many);
        let holders = self.record.seats.entry(seat.clone()).or_default();
        let same = |one: &Holder, other: &Holder| {
            let part = |holder: &Holder| match holder.person {
                Value::Absent => (holder.unit.clone(), holder.place.clone()),
                _ => (holder.person.clone(), Value::Absent),
            };
            part(one) == part(other)
        };
        match (change, holder) {
            (SeatChange::Assign, holder) => {
                if many {
                    holders.clear();
                } else {
                    holders.pop();
                }
                holders.extend(holder);
            }
            (SeatChange::Leave, Some(holder)) => holders.retain(|held| !same(held, &holder)),
            (SeatChange::Push, Some(holder)) if !many => holders.push(holder),
            (SeatChange::Push | SeatChange::Join, Some(holder)) => {
                if !holders.iter().any(|held| same(held, &holder)) {
                    holders.push(holder);
                }
            }
            (SeatChange::Push | SeatChange::Join | SeatChange::Leave, None) => {}
        }
        if holders.len() > MAX_HOLDERS as usize {
            return Err(Refusal::about(Code::TooMany, place, vec![seat.to_string()]));
        }
        if holders.is_empty() {
            self.record.seats.remove(seat);
        }
        Ok(())
    }

    /// What is handed over.
    fn with(&self, with: &With, at: Option<At<'_>>) -> Result<Answers, Refusal> {
        let mut answers = Answers::default();
        for (name, formula) in with {
            let item = self.item(formula, at)?;
            if item.is_there() {
                answers.items.insert(name.to_string(), item);
            }
        }
        Ok(answers)
    }

    fn add_link(&mut self, link: Link, place: &Place) -> Result<(), Refusal> {
        if self.record.links.len() >= MAX_LINKS as usize {
            return Err(Refusal::about(Code::TooMany, place, vec![link.name.to_string()]));
        }
        self.record.links.push(link);
        Ok(())
    }

    fn open(
        &mut self,
        kind: &KindRef,
        link: &LinkId,
        key: Digest32,
        with: Answers,
        place: &Place,
    ) -> Result<(), Refusal> {
        // By a template the id is made of the new record's facts, and known with the outcome.
        let own = kind.pack.is_none() || kind.pack.as_ref() == Some(&self.around.law.reference().id);
        let head = self.around.law.pack().manifest.kinds.get(&kind.kind);
        let derives = own && head.is_some_and(|head| head.id.is_none());
        let link = Link {
            name: link.clone(),
            key,
            kind: kind.clone(),
            id: derives.then(|| short(derived(&key.to_hex(), "0"))),
            category: None,
            gives: BTreeMap::new(),
            pending: vec![Pending::Open],
        };
        self.outward.push(Outward::Open {
            link: link.name.clone(),
            key,
            kind: kind.clone(),
            with,
        });
        self.add_link(link, place)
    }

    fn link(
        &mut self,
        kind: &KindRef,
        name: &LinkId,
        key: Digest32,
        id: String,
        place: &Place,
    ) -> Result<(), Refusal> {
        let is_it = |link: &Link| link.name == *name && link.id.as_ref() == Some(&id);
        if self.record.links.iter().any(is_it) {
            return Ok(());
        }
        self.outward.push(Outward::Follow {
            link: name.clone(),
            key,
            kind: kind.clone(),
            id: id.clone(),
        });
        let link = Link {
            name: name.clone(),
            key,
            kind: kind.clone(),
            id: Some(id),
            category: None,
            gives: BTreeMap::new(),
            pending: Vec::new(),
        };
        self.add_link(link, place)
    }
}

/// The codes of a list that are in use, as `each` sees them.
fn list_rows(law: &Law, list: &ListId) -> Vec<Tree> {
    let Some(list) = law.pack().law.lists.get(list) else {
        return Vec::new();
    };
    let kind = |column: &FactId| {
        Some(match list.columns.get(column)? {
            CellType::Text => Type::Text,
            CellType::Int => Type::Int,
            CellType::Decimal(scale) => Type::Decimal { scale: *scale },
        })
    };
    let row = |code: &String| {
        let row = list.codes.get(code).filter(|row| !row.retired)?;
        let mut values: BTreeMap<String, Value> = row
            .cells
            .iter()
            .filter_map(|(name, text)| Some((name.to_string(), Value::read(&kind(name)?, text).ok()?)))
            .collect();
        values.insert("code".to_owned(), Value::text(code.as_str()));
        values.insert("label".to_owned(), Value::text(row.label.as_str()));
        Some(Tree {
            values,
            rows: BTreeMap::new(),
        })
    };
    list.order.iter().filter_map(row).collect()
}
