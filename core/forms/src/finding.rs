//! What a check finds wrong with an expression, and where.
//!
//! Not here: the sheet and cell the expression stands in, which the pack's loader knows.
//! Made by the checkers, shown by whoever checks packs. Numbers are for the author to quote and never change their
//! meaning.

use crate::schema::SchemaError;
use crate::value::Type;
use crate::xpath::{MAX_DEPTH, MAX_LENGTH, Span, SyntaxError, SyntaxFault};
use std::fmt::{Display, Formatter};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub problem: Problem,
    /// Which bytes of the expression.
    pub span: Span,
}

/// What can be wrong with an expression. `meant` is the nearest thing that exists, if one is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not an expression at all.
    Syntax(SyntaxFault),
    /// Nothing of this name stands here.
    UnknownName {
        /// The name.
        name: String,
        /// What may be meant.
        meant: Option<String>,
    },
    /// A name with `-` or `:`, which XPath reads as one name.
    MinusInName(String),
    /// No such function.
    UnknownFunction {
        /// Its name.
        name: String,
        /// What may be meant.
        meant: Option<String>,
    },
    /// A function with too few or too many arguments.
    Arguments {
        /// The function.
        function: &'static str,
        /// How it is written.
        usage: &'static str,
    },
    /// The list has no such code.
    UnknownCode {
        /// The code.
        code: String,
        /// What may be meant.
        meant: Option<String>,
    },
    /// Two sides, or two branches, of different types.
    Mixed {
        /// The one.
        left: String,
        /// The other.
        right: String,
    },
    /// Another type than is needed here.
    Needs {
        /// What is needed.
        wanted: String,
        /// What stands there.
        found: String,
    },
    /// A single value is needed and there may be several: a column of many rows.
    Several,
    /// A personal datum where more is asked than whether it is there.
    Classed(String),
    /// An operator, function or path that this level does not have.
    NotHere(String),
    /// More digits after the point than fit.
    Digits {
        /// How many there may be.
        most: u8,
        /// How many can come out.
        found: u32,
    },
    /// A division that says nowhere to how many digits.
    Unrounded,
    /// `now()` or `today()` in a place that must not depend on when it is worked out.
    NoClockHere,
    /// No such variable here.
    UnknownVariable(String),
    /// No such list.
    UnknownList(String),
    /// The list has no such column.
    UnknownColumn(String),
    /// Something that must be written out: the name of a list, a number of digits.
    NeedsLiteral,
    /// A text that should be a number, a day or an instant.
    BadLiteral(String),
    /// The worst case costs more than may be spent on one expression.
    TooExpensive {
        /// Units it may take.
        most: u64,
        /// Units it can take.
        found: u64,
    },
    /// Two such values have no order.
    NoOrder(String),
}

impl Problem {
    /// Its number, from 200 to 299; shown as `E214`.
    #[must_use]
    pub const fn number(&self) -> u16 {
        match self {
            Self::Syntax(fault) => syntax_number(fault),
            Self::UnknownName { .. } => 220,
            Self::MinusInName(_) => 221,
            Self::UnknownFunction { .. } => 222,
            Self::Arguments { .. } => 223,
            Self::UnknownCode { .. } => 214,
            Self::Mixed { .. } => 225,
            Self::Needs { .. } => 226,
            Self::Several => 227,
            Self::Classed(_) => 228,
            Self::NotHere(_) => 229,
            Self::Digits { .. } => 230,
            Self::Unrounded => 231,
            Self::NoClockHere => 232,
            Self::UnknownVariable(_) => 233,
            Self::UnknownList(_) => 234,
            Self::UnknownColumn(_) => 235,
            Self::NeedsLiteral => 236,
            Self::BadLiteral(_) => 237,
            Self::TooExpensive { .. } => 238,
            Self::NoOrder(_) => 239,
        }
    }
}

const fn syntax_number(fault: &SyntaxFault) -> u16 {
    match fault {
        SyntaxFault::TooLong => 200,
        SyntaxFault::TooDeep => 201,
        SyntaxFault::Empty => 202,
        SyntaxFault::Character(_) => 203,
        SyntaxFault::OpenText => 204,
        SyntaxFault::OpenReference | SyntaxFault::VariableName => 205,
        SyntaxFault::OperatorMissing(_) => 206,
        SyntaxFault::OperandMissing(_) | SyntaxFault::EndsEarly => 207,
        SyntaxFault::BracketMissing { .. } => 208,
        SyntaxFault::Stray(_) => 209,
        SyntaxFault::StepMissing => 210,
        SyntaxFault::Axis(_) => 211,
        SyntaxFault::NodeType(_) => 212,
    }
}

impl From<SyntaxError> for Finding {
    fn from(error: SyntaxError) -> Self {
        Self {
            problem: Problem::Syntax(error.fault),
            span: error.span,
        }
    }
}

/// For the author, in the language of authors.
impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(fault) => write_syntax(fault, f),
            Self::UnknownName { name, meant } => write!(f, "没有“{name}”这个名称{}", Meant(meant)),
            Self::MinusInName(name) => {
                write!(f, "“{name}”是一个名称，不是减法；相减请在减号两边加空格")
            }
            Self::UnknownFunction { name, meant } => write!(f, "没有函数 {name}(){}", Meant(meant)),
            Self::Arguments { function, usage } => {
                write!(f, "函数 {function}() 的参数个数不对，应写作 {usage}")
            }
            Self::UnknownCode { code, meant } => write!(f, "代码表中没有“{code}”{}", Meant(meant)),
            Self::Mixed { left, right } => write!(f, "{left}与{right}类型不同，不能放在一起"),
            Self::Needs { wanted, found } => write!(f, "此处应为{wanted}，现为{found}"),
            Self::Several => f.write_str("此处可能有多行，请用 count、sum、min、max 或 some"),
            Self::Classed(name) => write!(f, "“{name}”是个人信息，规则只能用 has({name})"),
            Self::NotHere(what) => write!(f, "此处不能用 {what}"),
            Self::Digits { most, found } => {
                write!(
                    f,
                    "小数最多 {most} 位，此处可能有 {found} 位；请用 round(…, {most})"
                )
            }
            Self::Unrounded => f.write_str("除法须写明保留几位小数，如 round(a div b, 2)"),
            Self::NoClockHere => f.write_str("此处不能用 now() 或 today()，结果不得随计算时刻而变"),
            Self::UnknownVariable(name) => write!(f, "此处没有变量 ${name}"),
            Self::UnknownList(name) => write!(f, "没有代码表“{name}”"),
            Self::UnknownColumn(name) => write!(f, "代码表没有“{name}”这一列"),
            Self::NeedsLiteral => f.write_str("此处须直接写出，不能计算"),
            Self::BadLiteral(text) => write!(f, "“{text}”写法不对"),
            Self::TooExpensive { most, found } => {
                write!(f, "最坏情况下计算量 {found}，超过上限 {most}")
            }
            Self::NoOrder(what) => write!(f, "{what}没有大小先后之分"),
        }
    }
}

fn write_syntax(fault: &SyntaxFault, f: &mut Formatter<'_>) -> std::fmt::Result {
    match fault {
        SyntaxFault::TooLong => write!(f, "表达式超过 {MAX_LENGTH} 字节"),
        SyntaxFault::TooDeep => write!(f, "嵌套超过 {MAX_DEPTH} 层"),
        SyntaxFault::Empty => f.write_str("表达式为空"),
        SyntaxFault::Character(c) => write!(f, "字符“{c}”不能用在这里，请检查是否为全角符号"),
        SyntaxFault::OpenText => f.write_str("引号没有成对"),
        SyntaxFault::OpenReference => f.write_str("应写作 ${名称}"),
        SyntaxFault::VariableName => f.write_str("$ 后应有名称"),
        SyntaxFault::OperatorMissing(found) => write!(f, "“{found}”之前缺少运算符"),
        SyntaxFault::OperandMissing(found) => write!(f, "“{found}”之前缺少内容"),
        SyntaxFault::EndsEarly => f.write_str("表达式没有写完"),
        SyntaxFault::BracketMissing { expected, found } if found.is_empty() => {
            write!(f, "末尾缺少“{expected}”")
        }
        SyntaxFault::BracketMissing { expected, found } => write!(f, "“{found}”之前缺少“{expected}”"),
        SyntaxFault::Stray(found) => write!(f, "多余的“{found}”"),
        SyntaxFault::StepMissing => f.write_str("路径没有写完"),
        SyntaxFault::Axis(name) => write!(f, "不支持 {name}::"),
        SyntaxFault::NodeType(name) => write!(f, "不支持 {name}()"),
    }
}

struct Meant<'m>(&'m Option<String>);

impl Display for Meant<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.0
            .as_ref()
            .map_or(Ok(()), |meant| write!(f, "，是否为“{meant}”？"))
    }
}

/// What authors call a type.
#[must_use]
pub fn type_name(kind: &Type) -> String {
    match kind {
        Type::Text => "文本".to_owned(),
        Type::Code(list) => format!("代码（{}）", list_name(list)),
        Type::Codes(list) => format!("多选代码（{}）", list_name(list)),
        Type::Int => "整数".to_owned(),
        Type::Decimal { scale } => format!("小数（{scale} 位）"),
        Type::Bool => "是否".to_owned(),
        Type::Date => "日期".to_owned(),
        Type::Time => "时间".to_owned(),
        Type::Point(_) => "坐标".to_owned(),
        Type::File => "文件".to_owned(),
    }
}

fn list_name(list: &str) -> &str {
    list.strip_prefix('@').unwrap_or(list)
}

/// For the loader: a name that cannot be added is said in the author's language too.
#[must_use]
pub fn schema_error_text(error: &SchemaError) -> String {
    match error {
        SchemaError::Name(name) => format!("“{name}”不是合法名称：小写字母开头，只含小写字母、数字和下划线"),
        SchemaError::Reserved(name) => format!("“{name}”是保留名称"),
        SchemaError::Twice(name) => format!("“{name}”重复"),
        SchemaError::Code(code) => format!("“{code}”不是合法代码：不得为空、不得含空格、最长 64 字节"),
    }
}

/// The nearest of `known`, if it is near: at most two letters other, at most a third of them. Looks at so few and so
/// short ones that a hostile list costs nothing.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    const MOST: usize = 500;
    const LONGEST: usize = 32;
    let length = name.chars().count();
    let allowed = (length / 3).min(2);
    if length > LONGEST || allowed == 0 {
        return None;
    }
    known
        .into_iter()
        .take(MOST)
        .filter(|other| other.chars().take(LONGEST + 3).count().abs_diff(length) <= allowed)
        .map(|other| (distance(name, other), other))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, other)| other.to_owned())
}

/// Letters to add, drop, change or swap with the next (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let change = rows[i][j] + usize::from(a != b);
            let mut least = change.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}
