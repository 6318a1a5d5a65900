//! The reciprocal in the tower of fields by lookups of nibbles, for vector units that permute bytes but know no
//! field: NEON and WebAssembly.
//!
//! Not here: the instructions. Its constants are used by those two.
//!
//! A lookup is a permutation of a register's 16 bytes, so its time does not depend on the index; an index of 16
//! or more gives 0 on both machines. With `x = k·y + j` and `i = j + k` in GF(16), the norm of x is
//! `N = ν·k² + i·j`. The two values
//!
//! ```text
//! p = j + 1/(1/i + 1/(ν·k)) = N / (i + ν·k)        q = i + 1/(1/j + 1/(ν·k)) = N / (j + ν·k)
//! ```
//!
//! come from lookups of `1/a` and `1/(ν·a)`, 1/0 being "infinity", any number with bit 7 set: as an index it
//! gives 0, and a sum with it keeps the bit (two infinities meet only where x is 0; the last lookups give 0
//! then). From `1/p + 1/q = k/N` and `1/p + ν·k/N = i/N` follows `1/x = (k/N)·y + i/N`, which is linear in 1/p
//! and 1/q: the last lookups take these reciprocals and any bit matrix that follows in one.

use crate::field::{Domain, Field, Map, NU, product_16, reciprocal_16};

/// The maps of these backends.
pub(crate) const DOMAIN: Domain = Domain::of(Field::Tower);

/// Bit 7: infinity.
const INFINITE: u8 = 0x80;

/// `1/a`.
pub(crate) const RECIPROCAL: [u8; 16] = reciprocals_times(1);
/// `1/(ν·a)`.
pub(crate) const RECIPROCAL_OVER_NU: [u8; 16] = reciprocals_times(reciprocal_16(NU));

const fn reciprocals_times(factor: u8) -> [u8; 16] {
    let mut table = [INFINITE; 16];
    let mut a = 1;
    while a < 16 {
        table[a] = product_16(factor, reciprocal_16(a as u8));
        a += 1;
    }
    table
}

/// What an index p and an index q contribute to `map(1/x)`.
pub(crate) const fn contributions(map: &Map) -> [[u8; 16]; 2] {
    let mut tables = [[0; 16]; 2];
    let mut a = 1;
    while a < 16 {
        let over = reciprocal_16(a as u8);
        tables[0][a] = map.at(over << 4 | product_16(NU ^ 1, over));
        tables[1][a] = map.at(over << 4 | product_16(NU, over));
        a += 1;
    }
    tables
}

pub(crate) const ENTER: [[u8; 16]; 2] = DOMAIN.enter.nibbles(0);
pub(crate) const ENTER_OFFSET: [[u8; 16]; 2] = DOMAIN.enter.nibbles(DOMAIN.offset);
pub(crate) const LEAVE: [[u8; 16]; 2] = DOMAIN.leave.nibbles(0);
pub(crate) const STAY: [[u8; 16]; 2] = contributions(&DOMAIN.stay);
pub(crate) const TURN: [[u8; 16]; 2] = contributions(&DOMAIN.turn);
pub(crate) const WRAP: [[u8; 16]; 2] = contributions(&DOMAIN.wrap);
pub(crate) const PLAIN: [[u8; 16]; 2] = contributions(&DOMAIN.plain);
