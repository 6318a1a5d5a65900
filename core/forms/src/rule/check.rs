//! From a tree to a checked expression: operators, types, literals.
//!
//! Not here: paths (`paths`) and functions (`calls`).
//! Called by [`super::Rule`], [`super::Rows`] and the filters.

use super::cost::{MAX_COST, cost, cost_of_rows};
use super::ir::{Comparison, Ir, Kind, Place};
use super::types::Ty;
use crate::decimal::{Decimal, DecimalError, MAX_SCALE};
use crate::finding::{Finding, Problem, nearest, type_name};
use crate::schema::{Field, Group, Schema};
use crate::value::{Type, Value};
use crate::xpath::{Expr, ExprKind, Name, Operator, Span};
use std::collections::BTreeSet;

/// Which part of the language is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Comparisons of columns, `and`, `or` and few functions.
    Filter,
    /// Everything this module knows.
    Rule,
}

/// A part of an expression that has been checked.
pub(crate) struct Typed {
    pub(crate) ir: Ir,
    pub(crate) ty: Ty,
    pub(crate) span: Span,
}

impl Typed {
    pub(crate) fn unknown(span: Span) -> Self {
        Self {
            ir: Ir::Const(Value::Absent),
            ty: Ty::Unknown,
            span,
        }
    }
}

/// The nodes a name may be looked up in: the record first, the innermost row last.
pub(crate) type Frames<'f, 's> = &'f [&'s Group];

pub(crate) struct Checker<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) level: Level,
    pub(crate) now: bool,
    findings: Vec<Finding>,
    reads: BTreeSet<String>,
}

impl<'s> Checker<'s> {
    pub(crate) const fn new(schema: &'s Schema, level: Level, now: bool) -> Self {
        Self {
            schema,
            level,
            now,
            findings: Vec::new(),
            reads: BTreeSet::new(),
        }
    }

    /// The record's names that were read, if nothing was found wrong.
    pub(crate) fn finish(mut self) -> Result<BTreeSet<String>, Vec<Finding>> {
        if self.findings.is_empty() {
            return Ok(self.reads);
        }
        self.findings.sort_by_key(|finding| finding.span);
        Err(self.findings)
    }

    pub(crate) fn report(&mut self, problem: Problem, span: Span) {
        self.findings.push(Finding { problem, span });
    }

    /// What may be meant by a name or code that does not exist. Asked only of the first mistakes of an expression: who
    /// made more than these reads them again anyway.
    pub(crate) fn meant<'k>(&self, name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
        const MOST: usize = 20;
        if self.findings.len() < MOST {
            nearest(name, known)
        } else {
            None
        }
    }

    /// Report, and go on with what fits everywhere.
    pub(crate) fn wrong(&mut self, problem: Problem, span: Span) -> Typed {
        self.report(problem, span);
        Typed::unknown(span)
    }

    pub(crate) fn note_read(&mut self, name: &str) {
        self.reads.insert(name.to_owned());
    }

    pub(crate) fn cost_of(&mut self, ir: &Ir, span: Span) -> u64 {
        self.bounded(cost(ir), span)
    }

    pub(crate) fn cost_of_rows(&mut self, place: &Place, span: Span) -> u64 {
        self.bounded(cost_of_rows(place), span)
    }

    fn bounded(&mut self, found: u64, span: Span) -> u64 {
        if found > MAX_COST {
            let most = MAX_COST;
            self.report(Problem::TooExpensive { most, found }, span);
        }
        found
    }

    /// The whole expression, as a value of `kind`; of a class, as a copy of one.
    pub(crate) fn value(&mut self, expr: &Expr, kind: &Type, class: Option<&str>) -> Ir {
        let frames = [self.schema.record()];
        let Some(class) = class else {
            let typed = self.expr(expr, &frames);
            return self.fit(typed, kind);
        };
        if expr.kind == ExprKind::Text(String::new()) {
            return Ir::Const(Value::Absent);
        }
        let Some((place, found)) = self.copied(expr, &frames) else {
            return Ir::Const(Value::Absent);
        };
        if found != (kind, Some(class)) {
            let wanted = format!("{}（{class} 类个人信息）", type_name(kind));
            let found = type_name(found.0);
            self.report(Problem::Needs { wanted, found }, expr.span);
        }
        Ir::Value(place)
    }

    pub(crate) fn expr(&mut self, expr: &Expr, frames: Frames<'_, 's>) -> Typed {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Text(text) if text.is_empty() => Typed {
                ir: Ir::Const(Value::Absent),
                ty: Ty::Absent,
                span,
            },
            ExprKind::Text(text) => Typed {
                ir: Ir::Const(Value::text(text.as_str())),
                ty: Ty::Literal(vec![(text.clone(), span)]),
                span,
            },
            ExprKind::Number(digits) => self.number(digits, span),
            ExprKind::Variable(name) => self.variable(name, span),
            ExprKind::Reference(_) | ExprKind::Path(_) => self.path_value(expr, frames),
            ExprKind::Call { name, args } => self.call(name, args, span, frames),
            ExprKind::Negate(of) => self.negation(of, span, frames),
            ExprKind::Chain { first, rest } => self.chain(first, rest, span, frames),
        }
    }

    /// An expression that must be yes or no.
    pub(crate) fn condition(&mut self, expr: &Expr, frames: Frames<'_, 's>) -> Ir {
        let typed = self.expr(expr, frames);
        self.fit(typed, &Type::Bool)
    }

    fn number(&mut self, digits: &str, span: Span) -> Typed {
        match digits.parse::<Decimal>() {
            Ok(number) => Typed {
                ir: Ir::Const(Value::Number(number)),
                ty: Ty::Number(u32::from(number.scale())),
                span,
            },
            Err(DecimalError::DigitsLost) => {
                let found = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                let found = u32::try_from(found).unwrap_or(u32::MAX);
                let most = MAX_SCALE;
                self.wrong(Problem::Digits { most, found }, span)
            }
            Err(_) => self.wrong(Problem::BadLiteral(digits.to_owned()), span),
        }
    }

    fn variable(&mut self, name: &Name, span: Span) -> Typed {
        let schema = self.schema;
        match schema.variables().get(&name.to_string()) {
            Some(Field::Value { kind, .. }) => Typed {
                ir: Ir::Variable {
                    name: name.local.clone(),
                    kind: kind.clone(),
                },
                ty: Ty::of(kind),
                span,
            },
            Some(_) => self.wrong(Problem::Several, span),
            None => self.wrong(Problem::UnknownVariable(name.to_string()), span),
        }
    }

    fn negation(&mut self, of: &Expr, span: Span, frames: Frames<'_, 's>) -> Typed {
        let Typed { ir, ty, span: inner } = self.expr(of, frames);
        let ir = match (ir, &ty) {
            (_, Ty::Unknown) => return Typed::unknown(span),
            (Ir::Const(Value::Number(number)), _) => Ir::Const(Value::Number(number.negated())),
            (_, _) if self.level == Level::Filter => {
                return self.wrong(Problem::NotHere("-".to_owned()), span);
            }
            (ir, Ty::Number(_) | Ty::Duration) => Ir::Negate(Box::new(ir)),
            _ => return self.needs(&type_name(&Type::Int), &ty, inner),
        };
        Typed { ir, ty, span }
    }

    fn chain(
        &mut self,
        first: &Expr,
        rest: &[(Operator, Expr)],
        span: Span,
        frames: Frames<'_, 's>,
    ) -> Typed {
        let Some((operator, second)) = rest.first() else {
            return self.expr(first, frames);
        };
        match (*operator, Comparison::of(*operator)) {
            (Operator::And | Operator::Or, _) => {
                let operands = std::iter::once(first).chain(rest.iter().map(|(_, operand)| operand));
                let operands = operands.map(|operand| self.condition(operand, frames)).collect();
                let ir = if *operator == Operator::And {
                    Ir::And(operands)
                } else {
                    Ir::Or(operands)
                };
                let ty = Ty::Bool;
                Typed { ir, ty, span }
            }
            (_, Some(how)) => {
                let left = self.expr(first, frames);
                let right = self.expr(second, frames);
                if let Some((another, _)) = rest.get(1) {
                    // `a < b < c` compares a yes or no with c, which nobody means.
                    let both = format!("{} … {}", operator.symbol(), another.symbol());
                    return self.wrong(Problem::NotHere(both), span);
                }
                self.comparison(how, left, right, span)
            }
            (operator, None) if self.level == Level::Filter || operator == Operator::Union => {
                self.wrong(Problem::NotHere(operator.symbol().to_owned()), span)
            }
            _ => self.arithmetic(first, rest, span, frames),
        }
    }

    fn comparison(&mut self, how: Comparison, left: Typed, right: Typed, span: Span) -> Typed {
        let equality = matches!(how, Comparison::Equal | Comparison::NotEqual);
        let kind = match (&left.ty, &right.ty) {
            (Ty::Unknown, _) | (_, Ty::Unknown) => None,
            (Ty::Code(list), Ty::Literal(codes)) | (Ty::Literal(codes), Ty::Code(list)) if equality => {
                self.known_codes(list, codes);
                Some(Kind::Same)
            }
            (Ty::Bool, Ty::Absent) | (Ty::Absent, Ty::Bool) => self.mixed(&left, &right, span),
            (Ty::Absent, _) | (_, Ty::Absent) if equality => Some(Kind::Same),
            (Ty::Text | Ty::Literal(_), Ty::Text | Ty::Literal(_)) => Some(Kind::Text),
            (Ty::Number(_), Ty::Number(_)) | (Ty::Duration, Ty::Duration) => Some(Kind::Number),
            (Ty::Date, Ty::Date) | (Ty::Time, Ty::Time) => Some(Kind::Moment),
            (ty @ Ty::Code(_), Ty::Literal(_)) | (Ty::Literal(_), ty @ Ty::Code(_)) => {
                self.report(Problem::NoOrder(ty.name()), span);
                None
            }
            (one, other) if one != other => self.mixed(&left, &right, span),
            (Ty::Bool, _) if equality => Some(Kind::Truth),
            _ if equality => Some(Kind::Same),
            (ty, _) => {
                self.report(Problem::NoOrder(ty.name()), span);
                None
            }
        };
        let (ir, ty) = match kind {
            Some(kind) => (
                Ir::Compare {
                    how,
                    kind,
                    left: Box::new(left.ir),
                    right: Box::new(right.ir),
                },
                Ty::Bool,
            ),
            None => (Ir::Const(Value::Bool(false)), Ty::Bool),
        };
        Typed { ir, ty, span }
    }

    pub(crate) fn mixed<T>(&mut self, left: &Typed, right: &Typed, span: Span) -> Option<T> {
        let (left, right) = (left.ty.name(), right.ty.name());
        self.report(Problem::Mixed { left, right }, span);
        None
    }

    fn arithmetic(
        &mut self,
        first: &Expr,
        rest: &[(Operator, Expr)],
        span: Span,
        frames: Frames<'_, 's>,
    ) -> Typed {
        let first = self.expr(first, frames);
        let (mut ty, mut so_far) = (first.ty, first.span);
        let mut operands = Vec::with_capacity(rest.len());
        for (operator, operand) in rest {
            let right = self.expr(operand, frames);
            so_far = Span::new(so_far.start, right.span.end);
            ty = self.combined(*operator, ty, &right.ty, so_far);
            operands.push((*operator, right.ir));
        }
        if ty == Ty::Unknown {
            return Typed::unknown(span);
        }
        let ir = Ir::Arithmetic {
            first: Box::new(first.ir),
            rest: operands,
        };
        Typed { ir, ty, span }
    }

    /// The type of two operands with an operator of arithmetic between them.
    fn combined(&mut self, operator: Operator, left: Ty, right: &Ty, span: Span) -> Ty {
        use Operator::{Add, Divide, Modulo, Multiply, Subtract};
        let problem = match (left, operator, right) {
            (_, Divide, _) => Problem::Unrounded,
            (Ty::Unknown, ..) | (_, _, Ty::Unknown) => return Ty::Unknown,
            (Ty::Number(a), Add | Subtract | Modulo, Ty::Number(b)) => return Ty::Number(a.max(*b)),
            (Ty::Number(a), Multiply, Ty::Number(b)) if a + b <= u32::from(MAX_SCALE) => {
                return Ty::Number(a + b);
            }
            (Ty::Number(a), Multiply, Ty::Number(b)) => Problem::Digits {
                most: MAX_SCALE,
                found: a + b,
            },
            // A day and so many days; the days between two.
            (Ty::Date, Add | Subtract, Ty::Number(0)) => return Ty::Date,
            (Ty::Date, Subtract, Ty::Date) => return Ty::Number(0),
            (Ty::Time, Add | Subtract, Ty::Duration) => return Ty::Time,
            (Ty::Time, Subtract, Ty::Time) | (Ty::Duration, Add | Subtract, Ty::Duration) => {
                return Ty::Duration;
            }
            (left, _, right) => Problem::Mixed {
                left: left.name(),
                right: right.name(),
            },
        };
        self.report(problem, span);
        Ty::Unknown
    }

    /// The types of two branches, one of which is taken.
    pub(crate) fn unified(&mut self, one: Ty, other: Ty, span: Span) -> Ty {
        match (one, other) {
            (Ty::Unknown, _) | (_, Ty::Unknown) => Ty::Unknown,
            (Ty::Absent, ty) | (ty, Ty::Absent) => ty,
            (Ty::Literal(mut some), Ty::Literal(more)) => {
                some.extend(more);
                Ty::Literal(some)
            }
            (Ty::Literal(_), Ty::Text) | (Ty::Text, Ty::Literal(_)) => Ty::Text,
            (Ty::Literal(codes), Ty::Code(list)) | (Ty::Code(list), Ty::Literal(codes)) => {
                self.known_codes(&list, &codes);
                Ty::Code(list)
            }
            (Ty::Number(a), Ty::Number(b)) => Ty::Number(a.max(b)),
            (one, other) if one == other => one,
            (one, other) => {
                let (left, right) = (one.name(), other.name());
                self.report(Problem::Mixed { left, right }, span);
                Ty::Unknown
            }
        }
    }

    /// `typed` where a value of `kind` is wanted.
    pub(crate) fn fit(&mut self, typed: Typed, kind: &Type) -> Ir {
        let Typed { ir, ty, span } = typed;
        let digits =
            |most: u8, found: u32| (found > u32::from(most)).then_some(Problem::Digits { most, found });
        let problem = match (&ty, kind) {
            (Ty::Unknown | Ty::Absent, _) => None,
            (Ty::Literal(codes), Type::Code(list)) => {
                self.known_codes(list, codes);
                None
            }
            (Ty::Literal(texts), Type::Codes(list)) => {
                self.known_codes(list, &split(texts));
                return Ir::Split(Box::new(ir));
            }
            (Ty::Literal(_), Type::Text) => None,
            (Ty::Number(found), Type::Int) => digits(0, *found),
            (Ty::Number(found), Type::Decimal { scale }) => digits(*scale, *found),
            (ty, kind) if *ty == Ty::of(kind) => None,
            (ty, kind) => Some(Problem::Needs {
                wanted: type_name(kind),
                found: ty.name(),
            }),
        };
        if let Some(problem) = problem {
            self.report(problem, span);
        }
        ir
    }

    pub(crate) fn needs(&mut self, wanted: &str, found: &Ty, span: Span) -> Typed {
        if *found != Ty::Unknown {
            let (wanted, found) = (wanted.to_owned(), found.name());
            self.report(Problem::Needs { wanted, found }, span);
        }
        Typed::unknown(span)
    }

    /// Report each of `codes` that the list lacks.
    pub(crate) fn known_codes(&mut self, list: &str, codes: &[(String, Span)]) {
        let Some(known) = self.schema.code_list(list) else {
            let span = codes.first().map_or_else(Span::default, |(_, span)| *span);
            self.report(Problem::UnknownList(list.to_owned()), span);
            return;
        };
        for (code, span) in codes.iter().filter(|(code, _)| !known.contains(code)) {
            let meant = self.meant(code, known.codes());
            let code = code.clone();
            self.report(Problem::UnknownCode { code, meant }, *span);
        }
    }
}

/// The words of some texts, each with the place of its text.
pub(crate) fn split(texts: &[(String, Span)]) -> Vec<(String, Span)> {
    texts
        .iter()
        .flat_map(|(text, span)| text.split_ascii_whitespace().map(|word| (word.to_owned(), *span)))
        .collect()
}
