//! A tree as text that reads back as the same tree, with brackets only where they are needed.
//!
//! Not here: the author's own spaces and brackets, which the tree does not keep.
//! Called by whoever shows an expression.

use super::ast::{Axis, Expr, ExprKind, Operator, Path, SIGN, Start, Step, Test};
use std::fmt::{Display, Formatter, Result};

/// Tighter than every operator: only what stands for itself needs no brackets here.
const PRIMARY: u8 = Operator::Union.binding() + 2;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write_expr(self, 0, f)
    }
}

/// Write `expr` where only what binds by at least `needed` stands without brackets.
fn write_expr(expr: &Expr, needed: u8, f: &mut Formatter<'_>) -> Result {
    if binding(expr) < needed {
        f.write_str("(")?;
        write_expr(expr, 0, f)?;
        return f.write_str(")");
    }
    match &expr.kind {
        ExprKind::Text(text) if text.contains('\'') => write!(f, "\"{text}\""),
        ExprKind::Text(text) => write!(f, "'{text}'"),
        ExprKind::Number(digits) => f.write_str(digits),
        ExprKind::Variable(name) => write!(f, "${name}"),
        ExprKind::Reference(name) => write!(f, "${{{name}}}"),
        ExprKind::Call { name, args } => {
            write!(f, "{name}(")?;
            for (nth, arg) in args.iter().enumerate() {
                f.write_str(if nth == 0 { "" } else { ", " })?;
                write_expr(arg, 0, f)?;
            }
            f.write_str(")")
        }
        ExprKind::Path(path) => write_path(path, f),
        ExprKind::Negate(of) => {
            f.write_str("-")?;
            write_expr(of, SIGN, f)
        }
        ExprKind::Chain { first, rest } => {
            let inner = binding(expr) + 1;
            write_expr(first, inner, f)?;
            for (operator, operand) in rest {
                write!(f, " {} ", operator.symbol())?;
                write_expr(operand, inner, f)?;
            }
            Ok(())
        }
    }
}

fn binding(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Chain { rest, .. } => rest.first().map_or(PRIMARY, |(operator, _)| operator.binding()),
        ExprKind::Negate(_) => SIGN,
        // After a bare `/` the next `*` or `and` would be read as a step.
        ExprKind::Path(path) if path.start == Start::Root && path.steps.is_empty() => 0,
        ExprKind::Path(_) => PRIMARY - 1,
        _ => PRIMARY,
    }
}

fn write_path(path: &Path, f: &mut Formatter<'_>) -> Result {
    match &path.start {
        Start::Context => {}
        Start::Root => f.write_str("/")?,
        Start::Value { of, predicates } => {
            write_expr(of, PRIMARY, f)?;
            write_predicates(predicates, f)?;
            f.write_str(if path.steps.is_empty() { "" } else { "/" })?;
        }
    }
    for (nth, step) in path.steps.iter().enumerate() {
        f.write_str(if nth == 0 { "" } else { "/" })?;
        write_step(step, f)?;
    }
    Ok(())
}

fn write_step(step: &Step, f: &mut Formatter<'_>) -> Result {
    let plain = step.test == Test::Node && step.predicates.is_empty();
    match step.axis {
        Axis::SelfNode if plain => return f.write_str("."),
        Axis::Parent if plain => return f.write_str(".."),
        Axis::Child => {}
        Axis::Attribute => f.write_str("@")?,
        axis => write!(f, "{}::", axis.name())?,
    }
    match &step.test {
        Test::Name(name) => write!(f, "{name}")?,
        Test::Any => f.write_str("*")?,
        Test::AnyOf(prefix) => write!(f, "{prefix}:*")?,
        Test::Node => f.write_str("node()")?,
        Test::Text => f.write_str("text()")?,
    }
    write_predicates(&step.predicates, f)
}

fn write_predicates(predicates: &[Expr], f: &mut Formatter<'_>) -> Result {
    for predicate in predicates {
        f.write_str("[")?;
        write_expr(predicate, 0, f)?;
        f.write_str("]")?;
    }
    Ok(())
}
