//! Tokens to a tree.
//!
//! Not here: what names and functions mean.
//! Called by whoever reads an expression.

use super::ast::{Axis, Expr, ExprKind, Name, Operator, Path, Span, Start, Step, Test};
use super::error::{SyntaxError, SyntaxFault};
use super::lexer::{Spanned, Token, tokens};
use super::{MAX_DEPTH, MAX_LENGTH};

/// Read an expression.
///
/// # Errors
/// The first thing that is wrong, and where. Nothing longer than [`MAX_LENGTH`] or deeper than [`MAX_DEPTH`] is taken.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxFault::TooLong.at(0, text.len()));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(SyntaxFault::Empty.at(0, text.len()));
    }
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        nested: 0,
    };
    let expr = parser.expression()?;
    if let Some((token, span)) = parser.peek() {
        let found = parser.written(*span);
        return Err(match token {
            Token::Close | Token::ClosePredicate | Token::Comma => SyntaxFault::Stray(found),
            _ => SyntaxFault::OperatorMissing(found),
        }
        .at(span.start, span.end));
    }
    // The parser's own recursion is bounded by `nested`; between two brackets a tree may still be some levels higher.
    if height(&expr) > MAX_DEPTH {
        return Err(SyntaxFault::TooDeep.at(expr.span.start, expr.span.end));
    }
    Ok(expr)
}

fn height(expr: &Expr) -> usize {
    let highest = |exprs: &mut dyn Iterator<Item = &Expr>| exprs.map(height).max().unwrap_or(0);
    1 + match &expr.kind {
        ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::Variable(_) | ExprKind::Reference(_) => 0,
        ExprKind::Call { args, .. } => highest(&mut args.iter()),
        ExprKind::Negate(of) => height(of),
        ExprKind::Chain { first, rest } => {
            height(first).max(highest(&mut rest.iter().map(|(_, operand)| operand)))
        }
        ExprKind::Path(path) => {
            let start = match &path.start {
                Start::Context | Start::Root => 0,
                Start::Value { of, predicates } => height(of).max(highest(&mut predicates.iter())),
            };
            start.max(highest(&mut path.steps.iter().flat_map(|step| &step.predicates)))
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Spanned>,
    at: usize,
    nested: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Spanned> {
        self.tokens.get(self.at)
    }

    fn next_is(&self, token: &Token) -> bool {
        self.peek().is_some_and(|(next, _)| next == token)
    }

    fn take(&mut self) -> Option<Spanned> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn eat(&mut self, token: &Token) -> bool {
        let there = self.next_is(token);
        self.at += usize::from(there);
        there
    }

    /// First byte of the next token.
    fn start(&self) -> usize {
        self.peek().map_or(self.text.len(), |(_, span)| span.start)
    }

    /// End of the token before.
    fn end(&self) -> usize {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(0, |(_, span)| span.end)
    }

    fn written(&self, span: Span) -> String {
        self.text[span.start..span.end].to_owned()
    }

    fn close(&mut self, token: &Token, expected: char) -> Result<(), SyntaxError> {
        if self.eat(token) {
            return Ok(());
        }
        let end = self.text.len();
        let (found, span) = self
            .peek()
            .map_or((String::new(), Span::new(end, end)), |(_, span)| {
                (self.written(*span), *span)
            });
        Err(SyntaxFault::BracketMissing { expected, found }.at(span.start, span.end))
    }

    /// An expression between brackets or on its own.
    fn expression(&mut self) -> Result<Expr, SyntaxError> {
        self.nested += 1;
        if self.nested > MAX_DEPTH {
            return Err(SyntaxFault::TooDeep.at(self.start(), self.text.len()));
        }
        let expr = self.chain(Operator::Or.binding())?;
        self.nested -= 1;
        Ok(expr)
    }

    /// Operands and the operators between them that bind at least as tightly as `least`. One call for all levels of
    /// operators (precedence climbing): a call a level took 17 KiB of stack for every bracket.
    fn chain(&mut self, least: u8) -> Result<Expr, SyntaxError> {
        let mut expr = self.signed()?;
        while let Some(operator) = self.operator()
            && operator.binding() >= least
        {
            expr = self.link(expr, operator.binding())?;
        }
        Ok(expr)
    }

    /// The chain that `first` begins, of the operators that bind by `binding`.
    fn link(&mut self, first: Expr, binding: u8) -> Result<Expr, SyntaxError> {
        let mut span = first.span;
        let mut rest = Vec::new();
        while let Some(operator) = self.operator()
            && operator.binding() == binding
        {
            self.at += 1;
            let operand = if binding == Operator::Union.binding() {
                self.path()?
            } else {
                self.chain(binding + 1)?
            };
            span.end = operand.span.end;
            rest.push((operator, operand));
        }
        let first = Box::new(first);
        Ok(Expr {
            kind: ExprKind::Chain { first, rest },
            span,
        })
    }

    fn operator(&self) -> Option<Operator> {
        match self.peek() {
            Some((Token::Operator(operator), _)) => Some(*operator),
            _ => None,
        }
    }

    /// A union with its signs: they bind less tightly than `|` and more than all else.
    fn signed(&mut self) -> Result<Expr, SyntaxError> {
        let first_sign = self.at;
        while self.operator() == Some(Operator::Subtract) {
            self.at += 1;
        }
        let signs = first_sign..self.at;
        if signs.len() > MAX_DEPTH {
            let start = self.tokens[first_sign].1.start;
            return Err(SyntaxFault::TooDeep.at(start, self.end()));
        }
        let mut expr = self.path()?;
        if self.operator() == Some(Operator::Union) {
            expr = self.link(expr, Operator::Union.binding())?;
        }
        for sign in signs.rev() {
            let span = Span::new(self.tokens[sign].1.start, expr.span.end);
            let kind = ExprKind::Negate(Box::new(expr));
            expr = Expr { kind, span };
        }
        Ok(expr)
    }

    fn path(&mut self) -> Result<Expr, SyntaxError> {
        let begin = self.start();
        let mut steps = Vec::new();
        let start = if self.next_is(&Token::DoubleSlash) {
            self.further_steps(&mut steps)?;
            Start::Root
        } else if self.eat(&Token::Slash) {
            if self.at_a_step() {
                steps.push(self.step()?);
                self.further_steps(&mut steps)?;
            }
            Start::Root
        } else if self.at_a_step() {
            steps.push(self.step()?);
            self.further_steps(&mut steps)?;
            Start::Context
        } else {
            let value = self.primary()?;
            let predicates = self.predicates()?;
            self.further_steps(&mut steps)?;
            if predicates.is_empty() && steps.is_empty() {
                return Ok(value);
            }
            Start::Value {
                of: Box::new(value),
                predicates,
            }
        };
        Ok(Expr {
            kind: ExprKind::Path(Path { start, steps }),
            span: Span::new(begin, self.end()),
        })
    }

    /// The steps that follow after `/` or `//`, if any.
    fn further_steps(&mut self, steps: &mut Vec<Step>) -> Result<(), SyntaxError> {
        loop {
            let span = Span::new(self.start(), self.start() + 2);
            if self.eat(&Token::DoubleSlash) {
                steps.push(Step {
                    axis: Axis::DescendantOrSelf,
                    test: Test::Node,
                    predicates: Vec::new(),
                    span,
                });
            } else if !self.eat(&Token::Slash) {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    fn at_a_step(&self) -> bool {
        self.peek().is_some_and(|(token, _)| {
            matches!(
                token,
                Token::Name(_)
                    | Token::Any
                    | Token::AnyOf(_)
                    | Token::At
                    | Token::Dot
                    | Token::DotDot
                    | Token::Axis(_)
                    | Token::NodeType(_)
            )
        })
    }

    fn step(&mut self) -> Result<Step, SyntaxError> {
        let begin = self.start();
        let short = [(Token::Dot, Axis::SelfNode), (Token::DotDot, Axis::Parent)];
        if let Some((_, axis)) = short.into_iter().find(|(token, _)| self.eat(token)) {
            // XPath allows no predicate after these two.
            return Ok(Step {
                axis,
                test: Test::Node,
                predicates: Vec::new(),
                span: Span::new(begin, self.end()),
            });
        }
        let axis = self.axis()?;
        let test = self.test()?;
        let span = Span::new(begin, self.end());
        Ok(Step {
            axis,
            test,
            predicates: self.predicates()?,
            span,
        })
    }

    fn axis(&mut self) -> Result<Axis, SyntaxError> {
        if self.eat(&Token::At) {
            return Ok(Axis::Attribute);
        }
        let Some((Token::Axis(name), span)) = self.peek() else {
            return Ok(Axis::Child);
        };
        let known = Axis::ALL.into_iter().find(|axis| axis.name() == name);
        let axis = known.ok_or_else(|| SyntaxFault::Axis(name.clone()).at(span.start, span.end))?;
        self.at += 1;
        Ok(axis)
    }

    fn test(&mut self) -> Result<Test, SyntaxError> {
        let end = self.text.len();
        let Some((token, span)) = self.take() else {
            return Err(SyntaxFault::StepMissing.at(end, end));
        };
        match token {
            Token::Name(name) => Ok(Test::Name(name)),
            Token::Any => Ok(Test::Any),
            Token::AnyOf(prefix) => Ok(Test::AnyOf(prefix)),
            Token::NodeType(name) => {
                let test = match name.as_str() {
                    "node" => Test::Node,
                    "text" => Test::Text,
                    _ => return Err(SyntaxFault::NodeType(name).at(span.start, span.end)),
                };
                self.close(&Token::Open, '(')?;
                self.close(&Token::Close, ')')?;
                Ok(test)
            }
            _ => Err(SyntaxFault::StepMissing.at(span.start, span.end)),
        }
    }

    fn predicates(&mut self) -> Result<Vec<Expr>, SyntaxError> {
        let mut predicates = Vec::new();
        while self.eat(&Token::OpenPredicate) {
            predicates.push(self.expression()?);
            self.close(&Token::ClosePredicate, ']')?;
        }
        Ok(predicates)
    }

    fn primary(&mut self) -> Result<Expr, SyntaxError> {
        let end = self.text.len();
        let Some((token, span)) = self.take() else {
            return Err(SyntaxFault::EndsEarly.at(end, end));
        };
        let kind = match token {
            Token::Number => ExprKind::Number(self.written(span)),
            Token::Text => ExprKind::Text(self.text[span.start + 1..span.end - 1].to_owned()),
            Token::Variable(name) => ExprKind::Variable(name),
            Token::Reference(name) => ExprKind::Reference(name),
            Token::Function(name) => return self.call(name, span.start),
            Token::Open => {
                let expr = self.expression()?;
                self.close(&Token::Close, ')')?;
                return Ok(expr);
            }
            _ => {
                let found = self.written(span);
                return Err(SyntaxFault::OperandMissing(found).at(span.start, span.end));
            }
        };
        Ok(Expr { kind, span })
    }

    fn call(&mut self, name: Name, start: usize) -> Result<Expr, SyntaxError> {
        self.close(&Token::Open, '(')?;
        let mut args = Vec::new();
        if !self.eat(&Token::Close) {
            args.push(self.expression()?);
            while self.eat(&Token::Comma) {
                args.push(self.expression()?);
            }
            self.close(&Token::Close, ')')?;
        }
        Ok(Expr {
            kind: ExprKind::Call { name, args },
            span: Span::new(start, self.end()),
        })
    }
}
