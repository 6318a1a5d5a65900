//! Functions: how many arguments, of which types, and what comes out.
//!
//! Not here: what they do with values (`evaluate`).
//! Called by the checker.

use super::check::{Checker, Frames, Level, Typed, split};
use super::functions::{FUNCTIONS, Function, function};
use super::ir::{Comparison, Ir, Kind, Place};
use super::moments::{is_pattern, reads_as};
use super::paths::{Found, Steps, What};
use super::types::Ty;
use crate::decimal::{Decimal, MAX_SCALE, Rounding};
use crate::finding::{Problem, type_name};
use crate::value::{Type, Value};
use crate::xpath::{Expr, ExprKind, Name, Operator, Span};
use std::sync::Arc;

impl<'s> Checker<'s> {
    pub(crate) fn call(&mut self, name: &Name, args: &[Expr], span: Span, frames: Frames<'_, 's>) -> Typed {
        let said = name.to_string();
        let Some(known) = function(&said) else {
            let meant = self.meant(&said, FUNCTIONS.iter().map(|known| known.name));
            return self.wrong(Problem::UnknownFunction { name: said, meant }, span);
        };
        if self.level == Level::Filter && !known.in_filters {
            return self.wrong(Problem::NotHere(format!("{said}()")), span);
        }
        if !(known.least..=known.most).contains(&args.len()) {
            let (function, usage) = (known.name, known.usage);
            return self.wrong(Problem::Arguments { function, usage }, span);
        }
        let (ir, ty) = match self.function(known, args, span, frames) {
            Some(typed) => typed,
            None => return Typed::unknown(span),
        };
        Typed { ir, ty, span }
    }

    /// None when something is wrong, which has been reported.
    fn function(
        &mut self,
        known: &Function,
        args: &[Expr],
        span: Span,
        frames: Frames<'_, 's>,
    ) -> Option<(Ir, Ty)> {
        Some(match (known.name, args) {
            ("true" | "false", _) => (Ir::Const(Value::Bool(known.name == "true")), Ty::Bool),
            ("not", [of]) => (Ir::Not(Box::new(self.condition(of, frames))), Ty::Bool),
            ("has", [of]) => (self.has(of, frames)?, Ty::Bool),
            ("count", [of]) => (self.count(of, frames)?, Ty::Number(0)),
            ("some", [of]) => (self.some(of, frames)?, Ty::Bool),
            ("depth", [of]) => (Ir::Count(self.seat(of, frames)?), Ty::Number(0)),
            ("sum", [of]) => {
                let (place, ty) = self.column(of, frames)?;
                let Ty::Number(_) = ty else {
                    return self.unfit(&Type::Int, &ty, of.span);
                };
                (Ir::Sum(place), ty)
            }
            ("last", [of]) => {
                let (place, ty) = self.column(of, frames)?;
                (Ir::Last(place), ty)
            }
            ("min" | "max", [of]) => {
                let (of, ty) = self.ordered_column(of, frames)?;
                let greatest = known.name == "max";
                (Ir::Extreme { greatest, of }, ty)
            }
            ("min" | "max", _) => {
                let (of, ty) = self.alike(args, span, frames)?;
                self.ordered(&ty, span)?;
                let greatest = known.name == "max";
                (Ir::Pick { greatest, of }, ty)
            }
            ("if", [condition, one, other]) => {
                let condition = self.condition(condition, frames);
                let (branches, ty) = self.alike(&[one.clone(), other.clone()], span, frames)?;
                let mut branches = branches.into_iter();
                let (one, other) = (branches.next()?, branches.next()?);
                (Ir::If(Box::new([condition, one, other])), ty)
            }
            ("coalesce", _) => {
                let (of, ty) = self.alike(args, span, frames)?;
                (Ir::Coalesce(of), ty)
            }
            ("selected", [codes, code]) => (self.selected(codes, code, span, frames)?, Ty::Bool),
            ("count-selected", [of]) => {
                let typed = self.expr(of, frames);
                match typed.ty {
                    Ty::Codes(_) => (Ir::CountSelected(Box::new(typed.ir)), Ty::Number(0)),
                    ty => return self.unfit(&Type::Codes(String::new()), &ty, of.span),
                }
            }
            ("lookup", [list, code, column]) => self.lookup(list, code, column, frames)?,
            ("now" | "today", _) => {
                if !self.now {
                    self.report(Problem::NoClockHere, span);
                    return None;
                }
                if known.name == "now" {
                    (Ir::Now, Ty::Time)
                } else {
                    (Ir::DateOf(Box::new(Ir::Now)), Ty::Date)
                }
            }
            ("round" | "floor" | "ceiling" | "int", _) => self.rounding(known.name, args, frames)?,
            ("abs", [of]) => {
                let typed = self.expr(of, frames);
                match typed.ty {
                    Ty::Number(_) => (Ir::Absolute(Box::new(typed.ir)), typed.ty),
                    ty => return self.unfit(&Type::Int, &ty, of.span),
                }
            }
            _ => return self.text_or_moment(known.name, args, frames),
        })
    }

    fn text_or_moment(&mut self, name: &str, args: &[Expr], frames: Frames<'_, 's>) -> Option<(Ir, Ty)> {
        Some(match (name, args) {
            ("starts-with", [text, part]) => {
                let both = Box::new([self.text(text, frames), self.text(part, frames)]);
                (Ir::StartsWith(both), Ty::Bool)
            }
            ("contains", [text, part]) => {
                let both = Box::new([self.text(text, frames), self.text(part, frames)]);
                (Ir::Contains(both), Ty::Bool)
            }
            ("string-length", [text]) => (Ir::Length(Box::new(self.text(text, frames))), Ty::Number(0)),
            ("concat", _) => {
                let parts = args.iter().map(|part| self.text(part, frames)).collect();
                (Ir::Concat(parts), Ty::Text)
            }
            ("string", [of]) => {
                let typed = self.expr(of, frames);
                match typed.ty {
                    Ty::Text | Ty::Literal(_) | Ty::Absent | Ty::Code(_) | Ty::Number(_) | Ty::Date => {
                        (Ir::Spelling(Box::new(typed.ir)), Ty::Text)
                    }
                    ty => return self.unfit(&Type::Int, &ty, of.span),
                }
            }
            ("date", [of]) => {
                if let Some(date) = self.literal_moment(of, &Type::Date)? {
                    return Some((date, Ty::Date));
                }
                let time = self.expr(of, frames);
                (Ir::DateOf(Box::new(self.fit(time, &Type::Time))), Ty::Date)
            }
            ("date-time", [of]) => match self.literal_moment(of, &Type::Time)? {
                Some(time) => (time, Ty::Time),
                None => {
                    self.report(Problem::NeedsLiteral, of.span);
                    return None;
                }
            },
            ("days" | "hours" | "minutes", [of]) => {
                let millis = match name {
                    "days" => 86_400_000,
                    "hours" => 3_600_000,
                    _ => 60_000,
                };
                let count = self.expr(of, frames);
                let of = Box::new(self.fit(count, &Type::Int));
                (Ir::Span { of, millis }, Ty::Duration)
            }
            ("add-months", [date, months]) => {
                let (date, months) = (self.expr(date, frames), self.expr(months, frames));
                let both = [self.fit(date, &Type::Date), self.fit(months, &Type::Int)];
                (Ir::AddMonths(Box::new(both)), Ty::Date)
            }
            ("format-date", [of, pattern]) => self.format_date(of, pattern, frames)?,
            // Each function of the table is named above; a test calls every one.
            _ => return None,
        })
    }

    fn unfit<T>(&mut self, wanted: &Type, found: &Ty, span: Span) -> Option<T> {
        self.needs(&type_name(wanted), found, span);
        None
    }

    /// A text; a code is its own.
    fn text(&mut self, expr: &Expr, frames: Frames<'_, 's>) -> Ir {
        let typed = self.expr(expr, frames);
        let is_code = matches!(typed.ty, Ty::Code(_)) && self.level == Level::Rule;
        if typed.ty.is_text() || is_code {
            return typed.ir;
        }
        self.needs(&type_name(&Type::Text), &typed.ty, typed.span).ir
    }

    /// Values of one type.
    fn alike(&mut self, args: &[Expr], span: Span, frames: Frames<'_, 's>) -> Option<(Vec<Ir>, Ty)> {
        let mut common = Ty::Absent;
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let typed = self.expr(arg, frames);
            common = self.unified(common, typed.ty, span);
            values.push(typed.ir);
        }
        (common != Ty::Unknown).then_some((values, common))
    }

    fn ordered(&mut self, ty: &Ty, span: Span) -> Option<()> {
        if matches!(ty, Ty::Number(_) | Ty::Date | Ty::Time | Ty::Duration) {
            return Some(());
        }
        self.report(Problem::NoOrder(ty.name()), span);
        None
    }

    fn has(&mut self, of: &Expr, frames: Frames<'_, 's>) -> Option<Ir> {
        if let Some(steps) = self.steps(of, frames) {
            let act = match steps.ok()? {
                Steps::Rows(act) => act,
                Steps::Last { act, .. } => Some(act),
            };
            return Some(positive(Ir::Steps(act)));
        }
        let found = self.find(of, frames)?;
        let is_bool = matches!(found.what, What::Value { kind: Type::Bool, .. });
        if self.level == Level::Filter && is_bool {
            // A column of yes and no keeps nothing else.
            self.report(Problem::NotHere(format!("has({})", found.name)), of.span);
            return None;
        }
        Some(Ir::Has(found.place))
    }

    fn count(&mut self, of: &Expr, frames: Frames<'_, 's>) -> Option<Ir> {
        if let Some(steps) = self.steps(of, frames) {
            return match steps.ok()? {
                Steps::Rows(act) => Some(Ir::Steps(act)),
                Steps::Last { .. } => {
                    self.report(Problem::NotHere("count(step[…]/…)".to_owned()), of.span);
                    None
                }
            };
        }
        self.row_place(of, frames).map(Ir::Count)
    }

    fn some(&mut self, of: &Expr, frames: Frames<'_, 's>) -> Option<Ir> {
        self.count(of, frames).map(|counted| match counted {
            Ir::Count(place) => Ir::Has(place),
            steps => positive(steps),
        })
    }

    fn row_place(&mut self, of: &Expr, frames: Frames<'_, 's>) -> Option<Place> {
        let found = self.find(of, frames)?;
        if matches!(found.what, What::Rows(_)) {
            return Some(found.place);
        }
        self.needs_rows(&found, of.span);
        None
    }

    fn seat(&mut self, of: &Expr, frames: Frames<'_, 's>) -> Option<Place> {
        let Found { place, name, .. } = self.find(of, frames)?;
        if self.schema.is_seat(&name) && place.hops.len() == 1 && frames.len() == 1 {
            return Some(place);
        }
        let (wanted, found) = ("岗位".to_owned(), format!("“{name}”"));
        self.report(Problem::Needs { wanted, found }, of.span);
        None
    }

    /// A column of several rows.
    fn column(&mut self, of: &Expr, frames: Frames<'_, 's>) -> Option<(Place, Ty)> {
        let found = self.find(of, frames)?;
        match found.what {
            What::Value { class: Some(_), .. } => {
                self.report(Problem::Classed(found.name), of.span);
                None
            }
            What::Value { kind, .. } if found.many => Some((found.place, Ty::of(kind))),
            _ => {
                self.needs_rows(&found, of.span);
                None
            }
        }
    }

    fn ordered_column(&mut self, of: &Expr, frames: Frames<'_, 's>) -> Option<(Place, Ty)> {
        let (place, ty) = self.column(of, frames)?;
        self.ordered(&ty, of.span)?;
        Some((place, ty))
    }

    fn selected(&mut self, codes: &Expr, code: &Expr, span: Span, frames: Frames<'_, 's>) -> Option<Ir> {
        let (codes, code) = (self.expr(codes, frames), self.expr(code, frames));
        match (&codes.ty, &code.ty) {
            (Ty::Unknown, _) | (_, Ty::Unknown) => return None,
            // `selected(matters, 'help')`: one of the codes that were ticked.
            (Ty::Codes(list), Ty::Literal(wanted)) => self.known_codes(list, wanted),
            (Ty::Codes(list), Ty::Code(other)) if list == other => {}
            // `selected('help complaint', matter)`: any of the codes that are named.
            (Ty::Literal(named), Ty::Code(list)) => self.known_codes(list, &split(named)),
            (Ty::Literal(_), Ty::Text) => {}
            _ => return self.mixed(&codes, &code, span),
        }
        let set = if matches!(codes.ty, Ty::Literal(_)) {
            Ir::Split(Box::new(codes.ir))
        } else {
            codes.ir
        };
        Some(Ir::Selected {
            codes: Box::new(set),
            code: Box::new(code.ir),
        })
    }

    fn lookup(
        &mut self,
        list: &Expr,
        code: &Expr,
        column: &Expr,
        frames: Frames<'_, 's>,
    ) -> Option<(Ir, Ty)> {
        let typed = self.expr(code, frames);
        let name = self.literal(list)?;
        let Some(known) = self.schema.code_list(name).filter(|_| !name.starts_with('@')) else {
            let meant = self.meant(name, self.schema.list_names());
            let problem = match meant {
                Some(_) => Problem::UnknownName {
                    name: name.to_owned(),
                    meant,
                },
                None => Problem::UnknownList(name.to_owned()),
            };
            self.report(problem, list.span);
            return None;
        };
        let known = Arc::clone(known);
        match &typed.ty {
            Ty::Literal(codes) => self.known_codes(name, codes),
            Ty::Code(of) if of == name => {}
            Ty::Text | Ty::Unknown => {}
            ty => {
                let wanted = Type::Code(name.to_owned());
                return self.unfit(&wanted, ty, code.span);
            }
        }
        let column_name = self.literal(column)?;
        let Some(kind) = known.columns().get(column_name) else {
            self.report(Problem::UnknownColumn(column_name.to_owned()), column.span);
            return None;
        };
        let ty = Ty::of(kind);
        let ir = Ir::LookUp {
            list: known,
            code: Box::new(typed.ir),
            column: column_name.to_owned(),
        };
        Some((ir, ty))
    }

    /// A text that is written out.
    fn literal<'x>(&mut self, expr: &'x Expr) -> Option<&'x str> {
        if let ExprKind::Text(text) = &expr.kind {
            return Some(text);
        }
        self.report(Problem::NeedsLiteral, expr.span);
        None
    }

    /// The day or instant of a text that is written out; an inner none when it is something else.
    #[allow(
        clippy::option_option,
        reason = "the outer none is a mistake that has been reported"
    )]
    fn literal_moment(&mut self, of: &Expr, kind: &Type) -> Option<Option<Ir>> {
        let ExprKind::Text(text) = &of.kind else {
            return Some(None);
        };
        if let Some(moment) = reads_as(text, kind) {
            return Some(Some(Ir::Const(moment)));
        }
        self.report(Problem::BadLiteral(text.clone()), of.span);
        None
    }

    fn format_date(&mut self, of: &Expr, pattern: &Expr, frames: Frames<'_, 's>) -> Option<(Ir, Ty)> {
        let typed = self.expr(of, frames);
        let with_time = match typed.ty {
            Ty::Date => false,
            Ty::Time => true,
            ty => return self.unfit(&Type::Date, &ty, of.span),
        };
        let text = self.literal(pattern)?;
        if !is_pattern(text, with_time) {
            self.report(Problem::BadLiteral(text.to_owned()), pattern.span);
            return None;
        }
        let (of, pattern) = (Box::new(typed.ir), text.to_owned());
        Some((Ir::FormatDate { of, pattern }, Ty::Text))
    }

    /// `round(x, n)` and its like. Only here may a quotient stand, because only here is said how many digits it has.
    fn rounding(&mut self, name: &str, args: &[Expr], frames: Frames<'_, 's>) -> Option<(Ir, Ty)> {
        let rounding = match name {
            "floor" => Rounding::Floor,
            "ceiling" => Rounding::Ceiling,
            "int" => Rounding::Down,
            _ => Rounding::HalfUp,
        };
        let (of, digits) = args.split_first()?;
        let scale = match digits.first() {
            None => 0,
            Some(digits) => self.digits(digits)?,
        };
        let ty = Ty::Number(u32::from(scale));
        if let ExprKind::Chain { first, rest } = &of.kind
            && let Some(((Operator::Divide, by), before)) = rest.split_last()
        {
            let over = Expr {
                kind: ExprKind::Chain {
                    first: first.clone(),
                    rest: before.to_vec(),
                },
                span: Span::new(
                    of.span.start,
                    before.last().map_or(first.span.end, |(_, last)| last.span.end),
                ),
            };
            let (over, by) = (self.expr(&over, frames), self.expr(by, frames));
            let (Ty::Number(_), Ty::Number(_)) = (&over.ty, &by.ty) else {
                let wrong = if matches!(over.ty, Ty::Number(_)) {
                    by
                } else {
                    over
                };
                return self.unfit(&Type::Int, &wrong.ty, wrong.span);
            };
            let ir = Ir::Quotient {
                over: Box::new(over.ir),
                by: Box::new(by.ir),
                scale,
                rounding,
            };
            return Some((ir, ty));
        }
        let typed = self.expr(of, frames);
        let Ty::Number(_) = typed.ty else {
            return self.unfit(&Type::Int, &typed.ty, of.span);
        };
        let of = Box::new(typed.ir);
        Some((Ir::Round { of, scale, rounding }, ty))
    }

    /// A number of digits, which must be written out.
    fn digits(&mut self, expr: &Expr) -> Option<u8> {
        if let ExprKind::Number(text) = &expr.kind
            && let Ok(digits) = text.parse::<u8>()
            && digits <= MAX_SCALE
        {
            return Some(digits);
        }
        self.report(Problem::NeedsLiteral, expr.span);
        None
    }
}

/// Whether a count is above zero.
fn positive(count: Ir) -> Ir {
    Ir::Compare {
        how: Comparison::Greater,
        kind: Kind::Number,
        left: Box::new(count),
        right: Box::new(Ir::Const(Value::Number(Decimal::ZERO))),
    }
}
