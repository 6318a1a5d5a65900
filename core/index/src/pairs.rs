//! Texts as pairs of neighbouring characters, so that a search finds any part of a text of at least two characters. Chinese
//! has no spaces between words, and a number is often known by its end only.

use std::fmt::Write as _;

/// Most pairs of one search that are looked up; the rest of a longer one is compared in the text itself.
const MOST_SOUGHT: usize = 32;

/// The pairs of a text, one token each. Lines are apart: no pair reaches over the end of one.
pub(crate) fn tokens(text: &str) -> String {
    let mut tokens = String::with_capacity(text.len() * 3);
    for line in text.split('\n') {
        for (one, other) in line.chars().zip(line.chars().skip(1)) {
            token(&mut tokens, one, other);
            tokens.push(' ');
        }
    }
    tokens
}

/// What has to stand in a text that holds `sought`; `None` for less than two characters, which every text may hold.
pub(crate) fn expression(sought: &str) -> Option<String> {
    let mut expression = String::new();
    for (one, other) in sought.chars().zip(sought.chars().skip(1)).take(MOST_SOUGHT) {
        if !expression.is_empty() {
            expression.push(' ');
        }
        token(&mut expression, one, other);
    }
    (!expression.is_empty()).then_some(expression)
}

/// Letters and digits only: the tokenizer of the full-text table and its query language know nothing else.
fn token(out: &mut String, one: char, other: char) {
    let written = write!(out, "{:x}x{:x}", u32::from(one), u32::from(other));
    // Writing to a String never fails.
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::{expression, tokens};

    #[test]
    fn a_text_is_its_pairs_line_by_line() {
        // U+6C61 U+6C34 U+5916.
        assert_eq!(tokens("污水外\nab"), "6c61x6c34 6c34x5916 61x62 ");
        assert_eq!(tokens("a\nb"), "");
        assert_eq!(expression("88弄").as_deref(), Some("38x38 38x5f04"));
        assert_eq!(expression("弄"), None);
        assert_eq!(expression(""), None);
    }
}
