//! Paths: from names to places in the record, the answers and their rows.
//!
//! Not here: what is done with what stands there.
//! Called by the checker.

use super::check::{Checker, Frames, Level, Typed};
use super::ir::{Base, Hop, Ir, Leaf, Place};
use super::types::Ty;
use crate::finding::{Problem, type_name};
use crate::schema::{Field, Group, own_list};
use crate::value::Type;
use crate::xpath::{Axis, Expr, ExprKind, Name, Operator, Path, Span, Start, Step, Test};

/// What a path leads to.
pub(crate) struct Found<'s> {
    pub(crate) place: Place,
    pub(crate) what: What<'s>,
    /// Whether there may be several.
    pub(crate) many: bool,
    /// The last name.
    pub(crate) name: String,
}

pub(crate) enum What<'s> {
    Value { kind: &'s Type, class: Option<&'s str> },
    Group,
    Rows(&'s Group),
}

/// What a path over the acts done so far leads to.
pub(crate) enum Steps {
    /// All of them, or those of one act.
    Rows(Option<String>),
    /// What is known of the last of an act.
    Last {
        act: String,
        column: &'static str,
        kind: Type,
    },
}

/// Where a path has come to.
struct Way<'s> {
    base: Base,
    hops: Vec<Hop>,
    /// The nodes passed, the one reached last.
    frames: Vec<&'s Group>,
    many: bool,
}

impl<'s> Checker<'s> {
    /// A path where one value is wanted.
    pub(crate) fn path_value(&mut self, expr: &Expr, frames: Frames<'_, 's>) -> Typed {
        let span = expr.span;
        if let Some(steps) = self.steps(expr, frames) {
            return match steps {
                Ok(Steps::Last { act, column, kind }) => Typed {
                    ir: Ir::LastStep { act, column },
                    ty: Ty::of(&kind),
                    span,
                },
                Ok(Steps::Rows(_)) => self.wrong(Problem::Several, span),
                Err(()) => Typed::unknown(span),
            };
        }
        let Some(found) = self.find(expr, frames) else {
            return Typed::unknown(span);
        };
        match found.what {
            What::Value { class: Some(_), .. } => self.wrong(Problem::Classed(found.name), span),
            What::Value { kind, .. } if !found.many => Typed {
                ir: Ir::Value(found.place),
                ty: Ty::of(kind),
                span,
            },
            _ => self.wrong(Problem::Several, span),
        }
    }

    /// A path that is nothing but the place of one value: its place, type and class.
    pub(crate) fn copied(
        &mut self,
        expr: &Expr,
        frames: Frames<'_, 's>,
    ) -> Option<(Place, (&'s Type, Option<&'s str>))> {
        let found = self.find(expr, frames)?;
        match found.what {
            What::Value { kind, class } if !found.many => Some((found.place, (kind, class))),
            _ => {
                self.report(Problem::Several, expr.span);
                None
            }
        }
    }

    /// The whole expression as a path to rows, and what each row has.
    pub(crate) fn rows(&mut self, expr: &Expr) -> Option<(Place, &'s Group)> {
        let frames = [self.schema.record()];
        let found = self.find(expr, &frames)?;
        if let What::Rows(row) = found.what {
            return Some((found.place, row));
        }
        self.needs_rows(&found, expr.span);
        None
    }

    pub(crate) fn needs_rows(&mut self, found: &Found<'_>, span: Span) {
        let found = match found.what {
            What::Value { kind, .. } => type_name(kind),
            What::Group | What::Rows(_) => format!("“{}”", found.name),
        };
        let wanted = "若干行".to_owned();
        self.report(Problem::Needs { wanted, found }, span);
    }

    /// What a path leads to; whatever is wrong with it has been reported when there is none.
    pub(crate) fn find(&mut self, expr: &Expr, frames: Frames<'_, 's>) -> Option<Found<'s>> {
        let path = match &expr.kind {
            ExprKind::Path(path) => path,
            ExprKind::Reference(name) => return self.reference(name, expr.span, frames),
            _ => {
                let (wanted, found) = ("名称或路径".to_owned(), expr.to_string());
                self.report(Problem::Needs { wanted, found }, expr.span);
                return None;
            }
        };
        let mut way = self.start(path, expr.span, frames)?;
        for (nth, step) in path.steps.iter().enumerate() {
            let last = nth + 1 == path.steps.len();
            if (step.axis, &step.test) == (Axis::Parent, &Test::Node) {
                self.up(&mut way, step)?;
                if last {
                    self.report(Problem::Several, step.span);
                    return None;
                }
                continue;
            }
            let name = self.step_name(step)?;
            if let Some(found) = self.enter(&mut way, name, step, last)? {
                return Some(found);
            }
        }
        None
    }

    /// `${name}`: a fact or column of the record, wherever it is said.
    fn reference(&mut self, name: &str, span: Span, frames: Frames<'_, 's>) -> Option<Found<'s>> {
        let mut way = Way {
            base: Base::Context {
                up: frames.len().saturating_sub(1),
            },
            hops: Vec::new(),
            frames: frames.iter().take(1).copied().collect(),
            many: false,
        };
        let step = Step {
            axis: Axis::Child,
            test: Test::Any,
            predicates: Vec::new(),
            span,
        };
        self.enter(&mut way, name, &step, true)?
    }

    fn start(&mut self, path: &Path, span: Span, frames: Frames<'_, 's>) -> Option<Way<'s>> {
        let schema = self.schema;
        let what = match &path.start {
            Start::Context => {
                return Some(Way {
                    base: Base::Context { up: 0 },
                    hops: Vec::new(),
                    frames: frames.to_vec(),
                    many: false,
                });
            }
            Start::Root => "/…".to_owned(),
            Start::Value { of, predicates } => match (&of.kind, predicates.as_slice()) {
                (ExprKind::Variable(name), []) => match schema.variables().get(&name.to_string()) {
                    Some(Field::Group(row)) => {
                        return Some(Way {
                            base: Base::Row,
                            hops: Vec::new(),
                            frames: vec![schema.record(), row],
                            many: false,
                        });
                    }
                    Some(_) => format!("${name}/…"),
                    None => {
                        self.report(Problem::UnknownVariable(name.to_string()), of.span);
                        return None;
                    }
                },
                _ => format!("{of}/…"),
            },
        };
        self.report(Problem::NotHere(what), span);
        None
    }

    /// `..`, which only a path's first steps may be.
    fn up(&mut self, way: &mut Way<'s>, step: &Step) -> Option<()> {
        match &mut way.base {
            Base::Context { up } if way.hops.is_empty() && way.frames.len() > 1 => {
                *up += 1;
                way.frames.pop();
                Some(())
            }
            _ => {
                self.report(Problem::NotHere("..".to_owned()), step.span);
                None
            }
        }
    }

    fn step_name<'x>(&mut self, step: &'x Step) -> Option<&'x str> {
        let problem = match (&step.test, step.axis) {
            (Test::Name(name), Axis::Child) => match plain(name) {
                Some(name) => return Some(name),
                None => Problem::MinusInName(name.to_string()),
            },
            _ => Problem::NotHere(shown(step)),
        };
        self.report(problem, step.span);
        None
    }

    /// Go one name further. The outer none is a reported mistake, the inner one a path that goes on.
    #[allow(
        clippy::option_option,
        reason = "said in the line above; an enum of three would be no clearer"
    )]
    fn enter(&mut self, way: &mut Way<'s>, name: &str, step: &Step, last: bool) -> Option<Option<Found<'s>>> {
        let group = way.frames.last().copied()?;
        let Some(field) = group.get(name) else {
            let meant = self.meant(name, group.names());
            let name = name.to_owned();
            self.report(Problem::UnknownName { name, meant }, step.span);
            return None;
        };
        if way.frames.len() == 1 {
            self.note_read(name);
        }
        if !step.predicates.is_empty() && !matches!(field, Field::Rows { .. }) {
            self.report(Problem::NotHere(format!("{name}[…]")), step.span);
            return None;
        }
        let mut leaf = None;
        let what = match field {
            Field::Value { kind, class } => {
                if !last {
                    self.report(Problem::NotHere(format!("{name}/…")), step.span);
                    return None;
                }
                leaf = Some(Leaf {
                    name: name.to_owned(),
                    kind: kind.clone(),
                });
                let class = class.as_deref();
                What::Value { kind, class }
            }
            Field::Group(inner) => {
                way.hops.push(Hop::Into(name.to_owned()));
                way.frames.push(inner);
                What::Group
            }
            Field::Rows { columns, most } => {
                way.frames.push(columns);
                let frames = way.frames.clone();
                let only = step
                    .predicates
                    .iter()
                    .map(|predicate| self.predicate(predicate, &frames))
                    .collect();
                way.hops.push(Hop::Each {
                    name: name.to_owned(),
                    most: *most,
                    only,
                });
                way.many = true;
                What::Rows(columns)
            }
        };
        if !last {
            return Some(None);
        }
        Some(Some(Found {
            place: Place {
                base: way.base.clone(),
                hops: std::mem::take(&mut way.hops),
                leaf,
            },
            what,
            many: way.many,
            name: name.to_owned(),
        }))
    }

    fn predicate(&mut self, predicate: &Expr, frames: Frames<'_, 's>) -> Ir {
        self.condition(predicate, frames)
    }

    /// `step`, `step[act = 'x']` and what follows, if the path is one of those. How often an act was done is kept for
    /// ever, but of the single steps only the newest, so nothing else can be asked of them.
    pub(crate) fn steps(&mut self, expr: &Expr, frames: Frames<'_, 's>) -> Option<Result<Steps, ()>> {
        let ExprKind::Path(Path {
            start: Start::Context,
            steps,
        }) = &expr.kind
        else {
            return None;
        };
        let first = steps.first()?;
        let is_step = first.axis == Axis::Child
            && matches!(&first.test, Test::Name(name) if name.prefix.is_none() && name.local == "step");
        if !is_step || frames.len() != 1 || self.level == Level::Filter {
            return None;
        }
        self.note_read("step");
        let Ok(act) = self.act_of(first) else {
            return Some(Err(()));
        };
        Some(match (act, steps.get(1), steps.get(2)) {
            (act, None, _) => Ok(Steps::Rows(act)),
            (Some(act), Some(column), None) => self.last_step(act, column),
            _ => {
                self.report(Problem::Several, expr.span);
                Err(())
            }
        })
    }

    fn last_step(&mut self, act: String, column: &Step) -> Result<Steps, ()> {
        let columns = [
            ("at", Type::Time),
            ("by", Type::Text),
            ("role", Type::Text),
            ("unit", Type::Text),
        ];
        let name = self.step_name(column).ok_or(())?;
        if let Some((column, kind)) = columns.into_iter().find(|(known, _)| *known == name) {
            return Ok(Steps::Last { act, column, kind });
        }
        let (name, meant) = (name.to_owned(), None);
        self.report(Problem::UnknownName { name, meant }, column.span);
        Err(())
    }

    fn act_of(&mut self, step: &Step) -> Result<Option<String>, ()> {
        let predicate = match step.predicates.as_slice() {
            [] => return Ok(None),
            [predicate] => predicate,
            _ => {
                self.report(Problem::NotHere("step[…][…]".to_owned()), step.span);
                return Err(());
            }
        };
        let is_act = |expr: &Expr| expr.to_string() == "act";
        if let ExprKind::Chain { first, rest } = &predicate.kind
            && let [(Operator::Equal, second)] = rest.as_slice()
        {
            let literal = [&**first, second]
                .into_iter()
                .zip([second, &**first])
                .find(|(name, _)| is_act(name))
                .map(|(_, other)| other);
            if let Some(literal) = literal
                && let ExprKind::Text(act) = &literal.kind
            {
                self.known_codes(own_list::ACTS, &[(act.clone(), literal.span)]);
                return Ok(Some(act.clone()));
            }
        }
        self.report(Problem::NotHere(format!("step[{predicate}]")), predicate.span);
        Err(())
    }
}

/// A name that rules can say.
fn plain(name: &Name) -> Option<&str> {
    (name.prefix.is_none() && !name.local.contains('-')).then_some(name.local.as_str())
}

fn shown(step: &Step) -> String {
    let path = Path {
        start: Start::Context,
        steps: vec![Step {
            predicates: Vec::new(),
            ..step.clone()
        }],
    };
    Expr {
        kind: ExprKind::Path(path),
        span: step.span,
    }
    .to_string()
}
