//! The tree of an expression. Every node knows the bytes it was read from.
//!
//! Not here: reading (`parser`) and writing (`display`).
//! Called by everything in this crate.

/// The bytes `start..end` of the text an expression was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The span from `start` to before `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Line and column of the first byte in `text`, both counted from 1, columns in characters.
    #[must_use]
    pub fn line_and_column(self, text: &str) -> (usize, usize) {
        let before = text.get(..self.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

/// An expression. Two are equal when they say the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands. Brackets around it do not count.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A text in quotes, without them.
    Text(String),
    /// A number as it was written, such as `5`, `0.50`, `.5` or `5.`: one level reads it as an exact decimal, the other
    /// as a double.
    Number(String),
    /// `$name`.
    Variable(Name),
    /// `${name}`, the way XLSForm names a question.
    Reference(String),
    /// `name(…)`.
    Call {
        /// The function's name.
        name: Name,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// A location path, or a value with predicates or further steps.
    Path(Path),
    /// `-…`.
    Negate(Box<Expr>),
    /// Operands between operators of one precedence, read from the left. A list and not pairs in pairs, so that a sum
    /// of a hundred terms is as flat as it looks.
    Chain {
        /// The first operand.
        first: Box<Expr>,
        /// Each further one with the operator before it; never empty.
        rest: Vec<(Operator, Expr)>,
    },
}

/// A location path.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Where it starts.
    pub start: Start,
    /// Its steps. `//` stands here as the step `descendant-or-self::node()`.
    pub steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// At the node the expression is about.
    Context,
    /// At the root: the path began with `/`.
    Root,
    /// At another expression's nodes.
    Value {
        /// That expression.
        of: Box<Expr>,
        /// The predicates that follow it.
        predicates: Vec<Expr>,
    },
}

/// One step of a path. Two are equal when they say the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Step {
    /// In which direction.
    pub axis: Axis,
    /// To which nodes.
    pub test: Test,
    /// And which of them.
    pub predicates: Vec<Expr>,
    /// Where axis and test stand, without the predicates.
    pub span: Span,
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        (self.axis, &self.test, &self.predicates) == (other.axis, &other.test, &other.predicates)
    }
}

/// The directions that forms use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// `child::`, the one that is not written.
    Child,
    /// `attribute::`, written `@`.
    Attribute,
    /// `parent::`; `parent::node()` is written `..`.
    Parent,
    /// `self::`; `self::node()` is written `.`.
    SelfNode,
    /// `descendant-or-self::`.
    DescendantOrSelf,
}

impl Axis {
    pub(super) const ALL: [Self; 5] = [
        Self::Child,
        Self::Attribute,
        Self::Parent,
        Self::SelfNode,
        Self::DescendantOrSelf,
    ];

    /// Its name before `::`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::Attribute => "attribute",
            Self::Parent => "parent",
            Self::SelfNode => "self",
            Self::DescendantOrSelf => "descendant-or-self",
        }
    }
}

/// Which nodes a step takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Those of a name.
    Name(Name),
    /// `*`.
    Any,
    /// `prefix:*`.
    AnyOf(String),
    /// `node()`.
    Node,
    /// `text()`.
    Text,
}

/// A name, perhaps with a prefix, such as `area`, `visit.due` or `jr:choice-name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// What stands before the colon.
    pub prefix: Option<String>,
    /// What stands after it.
    pub local: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(prefix) = &self.prefix {
            write!(f, "{prefix}:")?;
        }
        f.write_str(&self.local)
    }
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `div`
    Divide,
    /// `mod`
    Modulo,
    /// `|`
    Union,
}

impl Operator {
    /// As it is written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "div",
            Self::Modulo => "mod",
            Self::Union => "|",
        }
    }

    /// How tightly it binds, the loosest first (XPath 1.0, 3.5 and the grammar's order; the sign stands between
    /// `*` and `|`).
    pub(super) const fn binding(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual => 2,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Modulo => 5,
            Self::Union => 7,
        }
    }
}

/// How tightly the sign binds.
pub(super) const SIGN: u8 = 6;
