//! Ids: by the kind's template, else derived from the work that opened the record.

use crate::record::Record;
use shenhai_crypto::{Digest32, sm3};
use shenhai_pack::law::{Piece, Template};

/// What is derived from a work: SM3 of the work, a line feed and the ordinal. Ordinal `0` is the record that an act
/// opens; effects are `ORDER.NTH`, by their number in the sheet and the row of `each`.
#[must_use]
pub fn derived(work: &str, ordinal: &str) -> Digest32 {
    sm3(format!("{work}\n{ordinal}").as_bytes())
}

/// The id of a record that a work opens: by the template, from its facts, else the first 16 bytes of [`derived`] as hex.
/// `None` where a fact of the template is absent or withheld.
///
/// In a part everything but ASCII letters, digits, `.` and `_` is written `~` and two capital hex digits a byte, so that two
/// lists of parts never make one id.
#[must_use]
pub fn identity(template: Option<&Template>, record: &Record, work: &str) -> Option<String> {
    let Some(template) = template else {
        return Some(short(derived(work, "0")));
    };
    let mut id = String::new();
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => id.push_str(text),
            Piece::Fact(fact) => {
                let value = record.facts.get(fact)?.item.value()?;
                if value.is_absent() {
                    return None;
                }
                escape(&mut id, &value.to_string());
            }
        }
    }
    Some(id)
}

/// The first 16 bytes as hex.
pub(crate) fn short(digest: Digest32) -> String {
    let mut text = digest.to_hex();
    text.truncate(32);
    text
}

fn escape(id: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') {
            id.push(char::from(byte));
        } else {
            id.push('~');
            for digit in [byte >> 4, byte & 15] {
                id.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
}
