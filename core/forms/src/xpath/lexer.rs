//! Text to tokens. Here `*`, `and`, `or`, `div` and `mod` are told from names, by what stands before them, and
//! functions, axes and node tests from names, by what stands after (XPath 1.0, 3.7).
//!
//! Not here: in which order tokens make sense.
//! Called by the parser.

use super::ast::{Name, Operator, Span};
use super::error::{SyntaxError, SyntaxFault};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number,
    /// With its quotes.
    Text,
    Variable(Name),
    Reference(String),
    /// A name before `(`.
    Function(Name),
    /// A name before `(` that XPath reserves.
    NodeType(String),
    /// A name before `::`, with the colons.
    Axis(String),
    Name(Name),
    Any,
    AnyOf(String),
    Operator(Operator),
    Slash,
    DoubleSlash,
    Open,
    Close,
    OpenPredicate,
    ClosePredicate,
    Comma,
    At,
    Dot,
    DotDot,
}

impl Token {
    /// Whether an operand must follow, so that `*` and `and` right after it are names.
    fn wants_operand(&self) -> bool {
        matches!(
            self,
            Self::At
                | Self::Axis(_)
                | Self::Open
                | Self::OpenPredicate
                | Self::Comma
                | Self::Operator(_)
                | Self::Slash
                | Self::DoubleSlash
        )
    }
}

pub(super) type Spanned = (Token, Span);

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut found: Vec<Spanned> = Vec::new();
    loop {
        lexer.skip_spaces();
        if lexer.rest().is_empty() {
            return Ok(found);
        }
        let start = lexer.at;
        let after_operand = found.last().is_some_and(|(token, _)| !token.wants_operand());
        let token = lexer.next(after_operand)?;
        found.push((token, Span::new(start, lexer.at)));
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        // XML's white space and no other: a space of another width is reported as what it is.
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let there = self.rest().starts_with(symbol);
        if there {
            self.at += symbol.len();
        }
        there
    }

    fn next(&mut self, after_operand: bool) -> Result<Token, SyntaxError> {
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Err(SyntaxFault::EndsEarly.at(start, start));
        };
        match first {
            '0'..='9' => Ok(self.number()),
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => Ok(self.number()),
            '\'' | '"' => self.text(first),
            '$' => self.variable(),
            _ if starts_name(first) => self.name(after_operand),
            _ => self.symbol(first, after_operand),
        }
    }

    fn number(&mut self) -> Token {
        self.digits();
        if self.eat(".") {
            self.digits();
        }
        Token::Number
    }

    fn digits(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    }

    fn text(&mut self, quote: char) -> Result<Token, SyntaxError> {
        let start = self.at;
        let Some(length) = self.rest()[1..].find(quote) else {
            return Err(SyntaxFault::OpenText.at(start, self.text.len()));
        };
        self.at += length + 2;
        Ok(Token::Text)
    }

    fn variable(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        self.at += 1;
        if self.eat("{") {
            let name = self.plain_name();
            return match name {
                Some(name) if self.eat("}") => Ok(Token::Reference(name.to_owned())),
                _ => Err(SyntaxFault::OpenReference.at(start, self.at)),
            };
        }
        let Some(local) = self.plain_name() else {
            return Err(SyntaxFault::VariableName.at(start, self.at));
        };
        Ok(Token::Variable(self.with_prefix(local)))
    }

    /// A name without a colon (NCName of Namespaces in XML).
    fn plain_name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        rest.chars().next().filter(|first| starts_name(*first))?;
        let end = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
        self.at += end;
        Some(&rest[..end])
    }

    /// The whole name that begins with `first`: with a local part if a colon and a name follow.
    fn with_prefix(&mut self, first: &str) -> Name {
        let before = self.at;
        if self.eat(":") {
            if let Some(local) = self.plain_name() {
                return Name {
                    prefix: Some(first.to_owned()),
                    local: local.to_owned(),
                };
            }
            self.at = before;
        }
        Name {
            prefix: None,
            local: first.to_owned(),
        }
    }

    fn name(&mut self, after_operand: bool) -> Result<Token, SyntaxError> {
        let start = self.at;
        let first = self.plain_name().unwrap_or_default();
        if after_operand {
            return match first {
                "and" => Ok(Token::Operator(Operator::And)),
                "or" => Ok(Token::Operator(Operator::Or)),
                "div" => Ok(Token::Operator(Operator::Divide)),
                "mod" => Ok(Token::Operator(Operator::Modulo)),
                _ => Err(SyntaxFault::OperatorMissing(first.to_owned()).at(start, self.at)),
            };
        }
        if self.eat(":*") {
            return Ok(Token::AnyOf(first.to_owned()));
        }
        let name = self.with_prefix(first);
        let end = self.at;
        self.skip_spaces();
        if self.rest().starts_with('(') {
            self.at = end;
            let reserved = ["node", "text", "comment", "processing-instruction"];
            return Ok(if name.prefix.is_none() && reserved.contains(&first) {
                Token::NodeType(name.local)
            } else {
                Token::Function(name)
            });
        }
        if name.prefix.is_none() && self.eat("::") {
            return Ok(Token::Axis(name.local));
        }
        self.at = end;
        Ok(Token::Name(name))
    }

    fn symbol(&mut self, first: char, after_operand: bool) -> Result<Token, SyntaxError> {
        // The longer ones first.
        let symbols = [
            ("//", Token::DoubleSlash),
            ("/", Token::Slash),
            ("..", Token::DotDot),
            (".", Token::Dot),
            ("(", Token::Open),
            (")", Token::Close),
            ("[", Token::OpenPredicate),
            ("]", Token::ClosePredicate),
            (",", Token::Comma),
            ("@", Token::At),
            ("|", Token::Operator(Operator::Union)),
            ("+", Token::Operator(Operator::Add)),
            ("-", Token::Operator(Operator::Subtract)),
            ("=", Token::Operator(Operator::Equal)),
            ("!=", Token::Operator(Operator::NotEqual)),
            ("<=", Token::Operator(Operator::LessOrEqual)),
            ("<", Token::Operator(Operator::Less)),
            (">=", Token::Operator(Operator::GreaterOrEqual)),
            (">", Token::Operator(Operator::Greater)),
        ];
        if let Some((_, token)) = symbols.into_iter().find(|(symbol, _)| self.eat(symbol)) {
            return Ok(token);
        }
        if self.eat("*") {
            return Ok(if after_operand {
                Token::Operator(Operator::Multiply)
            } else {
                Token::Any
            });
        }
        Err(SyntaxFault::Character(first).at(self.at, self.at + first.len_utf8()))
    }
}

/// XML 1.0 (fifth edition), NameStartChar without the colon.
fn starts_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
        // Full-width and CJK punctuation lies within these ranges. XML allows it in names; an author who types it
        // means the ASCII sign and is told so.
        && !matches!(c, '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{3030}'
            | '\u{FE30}'..='\u{FE6F}' | '\u{FF00}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}'
            | '\u{FFE0}'..='\u{FFFD}')
}

/// XML 1.0 (fifth edition), NameChar without the colon.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
