//! Rules: guards, effects, calculated facts, clocks and sights. Typed when a pack is loaded, evaluated with exact
//! numbers, at a cost that is known before.
//!
//! Not here: what follows from a rule, and where it stands in a pack.
//! Called by the pack's loader (check) and by the fold (evaluate).

mod calls;
mod check;
mod cost;
mod evaluate;
mod functions;
mod ir;
mod moments;
mod paths;
mod scene;
mod types;

pub use cost::MAX_COST;
pub use functions::{FUNCTIONS, Function};
pub use scene::{Node, Record, Refusal, Scene, Tree, Variables};

pub(crate) use check::{Checker, Level};
pub(crate) use evaluate::{Machine, compare, truth};
pub(crate) use ir::{Base, Comparison, Ir, Kind, Place};

use crate::finding::Finding;
use crate::schema::{Group, Schema};
use crate::value::{Type, Value};
use crate::xpath::{Expr, parse};
use std::collections::BTreeSet;

/// What an expression is for: the type of its value, and whether it may ask what time it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    kind: Type,
    class: Option<String>,
    now: bool,
}

impl Slot {
    /// A value of this type, worked out of the record and the answers alone.
    #[must_use]
    pub const fn of(kind: Type) -> Self {
        Self {
            kind,
            class: None,
            now: false,
        }
    }

    /// A guard: yes or no; it may ask what time it is.
    #[must_use]
    pub const fn guard() -> Self {
        Self::of(Type::Bool).with_now()
    }

    /// The same, and `now()` and `today()` are allowed.
    #[must_use]
    pub const fn with_now(mut self) -> Self {
        self.now = true;
        self
    }

    /// The same for a fact of this class: nothing but a copy of a value of the class will do.
    #[must_use]
    pub fn of_class(mut self, class: &str) -> Self {
        self.class = Some(class.to_owned());
        self
    }
}

/// A checked expression with one value.
#[derive(Debug, Clone)]
pub struct Rule {
    ir: Ir,
    kind: Type,
    cost: u64,
    reads: BTreeSet<String>,
}

impl Rule {
    /// Check an expression against the names there are.
    ///
    /// # Errors
    /// Every finding, in the order of the text; never none.
    pub fn check(expr: &Expr, schema: &Schema, slot: &Slot) -> Result<Self, Vec<Finding>> {
        let mut checker = Checker::new(schema, Level::Rule, slot.now);
        let ir = checker.value(expr, &slot.kind, slot.class.as_deref());
        let cost = checker.cost_of(&ir, expr.span);
        let reads = checker.finish()?;
        Ok(Self {
            ir,
            kind: slot.kind.clone(),
            cost,
            reads,
        })
    }

    /// [`parse`] and [`Rule::check`].
    ///
    /// # Errors
    /// As those.
    pub fn read(text: &str, schema: &Schema, slot: &Slot) -> Result<Self, Vec<Finding>> {
        let expr = parse(text).map_err(|error| vec![error.into()])?;
        Self::check(&expr, schema, slot)
    }

    /// The most it can cost, in units of a step of evaluation (some 100 ns); at most [`MAX_COST`].
    #[must_use]
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    /// The record's own names it reads: facts, tables, seats, `CLOCK.due` and so on, `link`, `step`, `form`.
    #[must_use]
    pub const fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// The path of the value this rule does nothing but copy, as names from the record (the answers below `form`) or,
    /// with `true`, from the row of an effect's `each`. So are personal data set.
    #[must_use]
    pub fn copies(&self) -> Option<(bool, Vec<&str>)> {
        match &self.ir {
            Ir::Value(place) => place.plain_names(),
            _ => None,
        }
    }

    /// The value. A personal datum has none here: see [`Rule::copies`].
    ///
    /// # Errors
    /// [`Refusal`]: what the numbers, days or texts at hand do not allow.
    pub fn evaluate(&self, scene: &Scene<'_>) -> Result<Value, Refusal> {
        let value = Machine::new(scene, self.cost).evaluate(&self.ir)?;
        let fits = match (&value, &self.kind) {
            (Value::Number(number), Type::Int) => number.scaled(0).is_some(),
            (Value::Number(number), Type::Decimal { scale }) => number.scaled(*scale).is_some(),
            _ => true,
        };
        if !fits {
            return Err(Refusal::Overflow);
        }
        Ok(value)
    }

    /// Whether it holds, for a rule of type bool; any other never does.
    ///
    /// # Errors
    /// As [`Rule::evaluate`].
    pub fn holds(&self, scene: &Scene<'_>) -> Result<bool, Refusal> {
        Ok(truth(&self.evaluate(scene)?))
    }
}

/// A checked path to rows: what an effect's `each` goes through.
#[derive(Debug, Clone)]
pub struct Rows {
    place: Place,
    cost: u64,
    row: Group,
    reads: BTreeSet<String>,
}

impl Rows {
    /// Check a path to rows, such as `form/outlet` or `returns[area > 0]`.
    ///
    /// # Errors
    /// Every finding, in the order of the text; never none.
    pub fn read(text: &str, schema: &Schema) -> Result<Self, Vec<Finding>> {
        let expr = parse(text).map_err(|error| vec![error.into()])?;
        let mut checker = Checker::new(schema, Level::Rule, false);
        let found = checker.rows(&expr);
        let cost = found
            .as_ref()
            .map_or(0, |(place, _)| checker.cost_of_rows(place, expr.span));
        let reads = checker.finish()?;
        let Some((place, row)) = found else {
            return Err(Vec::new());
        };
        Ok(Self {
            place,
            cost,
            row: row.clone(),
            reads,
        })
    }

    /// What a row has, for [`Schema::with_row`].
    #[must_use]
    pub const fn row(&self) -> &Group {
        &self.row
    }

    /// As [`Rule::cost`].
    #[must_use]
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    /// As [`Rule::reads`].
    #[must_use]
    pub const fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// The rows, in their order.
    ///
    /// # Errors
    /// As [`Rule::evaluate`].
    pub fn collect<'a>(&self, scene: &Scene<'a>) -> Result<Vec<&'a dyn Node>, Refusal> {
        Machine::new(scene, self.cost).rows(&self.place)
    }
}
