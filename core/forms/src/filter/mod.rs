//! Filters: which rows of an index a list shows or a badge counts. The same filter runs as SQL over the index and over
//! a row in memory, and both always agree.
//!
//! Not here: the index itself, its order and its pages.
//! Called by the pack's loader (check) and by whoever keeps an index.

mod column;
mod lower;
mod sql;

pub use column::{Stored, declaration, stored};
pub use sql::Sql;

use crate::finding::{Finding, Problem};
use crate::rule::{Checker, Ir, Level, Machine, Record, Refusal, Scene, Variables, truth};
use crate::schema::Schema;
use crate::value::{Time, Type, Value};
use crate::xpath::{Expr, parse};
use lower::Condition;
use std::collections::BTreeSet;

/// A checked filter.
#[derive(Debug, Clone)]
pub struct Filter {
    ir: Ir,
    condition: Condition,
    cost: u64,
    reads: BTreeSet<String>,
}

impl Filter {
    /// Check an expression against the columns of an index ([`Schema::of_columns`]).
    ///
    /// # Errors
    /// Every finding, in the order of the text; never none.
    pub fn check(expr: &Expr, columns: &Schema) -> Result<Self, Vec<Finding>> {
        let mut checker = Checker::new(columns, Level::Filter, false);
        let ir = checker.value(expr, &Type::Bool, None);
        let cost = checker.cost_of(&ir, expr.span);
        let reads = checker.finish()?;
        let condition = lower::condition(&ir).map_err(|problem| {
            let span = expr.span;
            vec![Finding { problem, span }]
        })?;
        Ok(Self {
            ir,
            condition,
            cost,
            reads,
        })
    }

    /// [`parse`] and [`Filter::check`].
    ///
    /// # Errors
    /// As those.
    pub fn read(text: &str, columns: &Schema) -> Result<Self, Vec<Finding>> {
        let expr = parse(text).map_err(|error| vec![error.into()])?;
        Self::check(&expr, columns)
    }

    /// The columns it looks at.
    #[must_use]
    pub const fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// The condition of a `WHERE`, for SQLite. The columns are those of [`declaration`], filled by [`stored`].
    #[must_use]
    pub fn sql(&self, variables: &Variables) -> Sql {
        sql::sql(&self.condition, variables)
    }

    /// Whether a row in memory fits.
    ///
    /// # Errors
    /// [`Refusal::WrongType`] when a column holds what it cannot.
    pub fn holds(&self, row: &dyn Record, variables: &Variables, now: Time) -> Result<bool, Refusal> {
        let scene = Scene {
            record: row,
            form: None,
            row: None,
            variables,
            now,
        };
        Ok(truth(&Machine::new(&scene, self.cost).evaluate(&self.ir)?))
    }
}

/// The variables of filters: who looks, of which unit, and when.
#[must_use]
pub fn variables(me: &str, unit: &str, now: Time) -> Variables {
    [
        ("me", Value::text(me)),
        ("unit", Value::text(unit)),
        ("now", Value::Time(now)),
        ("day_end", Value::Time(now.day_end())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What lowering says of an expression that the checker of filters let pass and SQL cannot say.
type Lowered<T> = Result<T, Problem>;
