//! The algebra of the S-box, worked out by the compiler: nothing in here is a table copied from somewhere.
//!
//! Not run: every function is `const` and its results are constants of the backends.
//!
//! GB/T 32907-2016 prints the S-box as 256 numbers. They are `S(x) = T(1 / T(x))` with `1/0 = 0`, where the
//! reciprocal is taken in GF(2^8) modulo x^8+x^7+x^6+x^5+x^4+x^2+1 and `T(x) = A·x + d3`, row `i` of the
//! matrix `A` being `a7` rotated left by `i` (bit `i` of `T(x)` is the parity of `x & rotate_left(a7, i)`, plus
//! bit `i` of `d3`). The tests compare all 256 values with the standard's.
//!
//! No instruction takes reciprocals in that field, but some do in AES's field, and small ones are easy in a
//! tower of fields. All fields of 256 elements are isomorphic: a map φ that sends x to a root of the polynomial
//! above in the other field and keeps sums and products gives `1/a = φ⁻¹(1/φ(a))`, and φ is a matrix of bits.
//!
//! One step further, a backend keeps the *whole state* multiplied by `φ·A` ([`Domain::enter`]). With
//! `L(B) = B + (B ⋘ 2) + (B ⋘ 10) + (B ⋘ 18) + (B ⋘ 24)` split into what stays within a byte and what crosses
//! into the next, a round's `L(S(x))` becomes
//!
//! ```text
//! stay(r) + (turn(r) ⋘ 8) + (turn(r) ⋘ 16) + (wrap(r) ⋘ 24),    r = 1 / (state words + round key)
//! stay = 1 + (≪2)    turn = (≪2) + (≫6)    wrap = 1 + (≫6)         on single bytes, between φ·A and its inverse
//! ```
//!
//! so a round is one reciprocal, three bit matrices, three turns by whole bytes, and sums.

/// A linear map of bytes as vectors of eight bits: what each single bit becomes.
#[derive(Clone, Copy)]
pub(crate) struct Map([u8; 8]);

impl Map {
    /// The value at `x`.
    pub(crate) const fn at(&self, x: u8) -> u8 {
        let mut sum = 0;
        let mut bit = 0;
        while bit < 8 {
            if x >> bit & 1 == 1 {
                sum ^= self.0[bit];
            }
            bit += 1;
        }
        sum
    }

    /// This map, then `next`.
    const fn then(&self, next: &Map) -> Map {
        let mut columns = self.0;
        let mut bit = 0;
        while bit < 8 {
            columns[bit] = next.at(columns[bit]);
            bit += 1;
        }
        Map(columns)
    }

    const fn plus(&self, other: &Map) -> Map {
        let mut columns = self.0;
        let mut bit = 0;
        while bit < 8 {
            columns[bit] ^= other.0[bit];
            bit += 1;
        }
        Map(columns)
    }

    /// The inverse of a map that has one.
    const fn inverse(&self) -> Map {
        let mut columns = [0; 8];
        let mut x = 255_u8;
        while x > 0 {
            let y = self.at(x);
            if y.is_power_of_two() {
                columns[y.trailing_zeros() as usize] = x;
            }
            x -= 1;
        }
        Map(columns)
    }

    /// The rows as `GF2P8AFFINEQB` wants them: row 0 in the highest byte.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    pub(crate) const fn rows(&self) -> i64 {
        let mut rows = 0_u64;
        let mut row = 0;
        while row < 8 {
            let mut column = 0;
            while column < 8 {
                rows |= ((self.0[column] >> row & 1) as u64) << (8 * (7 - row) + column);
                column += 1;
            }
            row += 1;
        }
        rows.cast_signed()
    }

    /// Whether output bit `row` takes part of input bit `column`.
    pub(crate) const fn has(&self, row: usize, column: usize) -> bool {
        self.0[column] >> row & 1 == 1
    }

    /// The values at all low and all high nibbles; `constant` is added to the former.
    #[allow(dead_code, reason = "each architecture uses other forms of the same maps")]
    pub(crate) const fn nibbles(&self, constant: u8) -> [[u8; 16]; 2] {
        let mut tables = [[0; 16]; 2];
        let mut nibble = 0;
        while nibble < 16 {
            tables[0][nibble] = self.at(nibble as u8) ^ constant;
            tables[1][nibble] = self.at((nibble as u8) << 4);
            nibble += 1;
        }
        tables
    }
}

/// A field of 256 elements.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    /// Polynomials over GF(2) modulo this one.
    Modulo(u16),
    /// GF(16)\[y\] / (y² + y + [`NU`]), the coefficient of y in the high nibble.
    Tower,
}

/// SM4's field.
const SM4: Field = Field::Modulo(0x1f5);
/// AES's field, x^8+x^4+x^3+x+1.
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code))]
pub(crate) const AES: Field = Field::Modulo(0x11b);

/// w in GF(4) = GF(2)\[w\] / (w² + w + 1); GF(16) = GF(4)\[z\] / (z² + z + w).
const MU: u8 = 0b10;
/// w·z in GF(16), an element of trace 1, so that y² + y + w·z has no root there.
pub(crate) const NU: u8 = 0b1000;

const fn product_4(a: u8, b: u8) -> u8 {
    let high = (a >> 1 & b >> 1) ^ (a >> 1 & b) ^ (a & b >> 1);
    let low = (a & b) ^ (a >> 1 & b >> 1);
    (high & 1) << 1 | (low & 1)
}

/// The product in GF(16) as defined at [`MU`].
pub(crate) const fn product_16(a: u8, b: u8) -> u8 {
    let (a1, a0, b1, b0) = (a >> 2, a & 3, b >> 2, b & 3);
    let both = product_4(a1, b1);
    let high = both ^ product_4(a1, b0) ^ product_4(a0, b1);
    high << 2 | (product_4(a0, b0) ^ product_4(MU, both))
}

/// The reciprocal in GF(16), 0 of 0: the fourteenth power.
#[cfg_attr(not(any(target_arch = "wasm32", target_arch = "aarch64")), allow(dead_code))]
pub(crate) const fn reciprocal_16(a: u8) -> u8 {
    let mut power = 1;
    let mut n = 0;
    while n < 14 {
        power = product_16(power, a);
        n += 1;
    }
    power
}

impl Field {
    const fn product(self, a: u8, b: u8) -> u8 {
        match self {
            Field::Modulo(polynomial) => {
                let (mut sum, mut power, mut bit) = (0_u16, a as u16, 0);
                while bit < 8 {
                    if b >> bit & 1 == 1 {
                        sum ^= power;
                    }
                    power <<= 1;
                    if power > 0xff {
                        power ^= polynomial;
                    }
                    bit += 1;
                }
                sum as u8
            }
            Field::Tower => {
                let (a1, a0, b1, b0) = (a >> 4, a & 15, b >> 4, b & 15);
                let both = product_16(a1, b1);
                let high = both ^ product_16(a1, b0) ^ product_16(a0, b1);
                high << 4 | (product_16(a0, b0) ^ product_16(NU, both))
            }
        }
    }

    /// φ from SM4's field: x^n goes to the n-th power of a root of SM4's polynomial.
    const fn isomorphism(self) -> Map {
        let Field::Modulo(polynomial) = SM4 else {
            unreachable!()
        };
        let mut root = 2_u8;
        loop {
            let mut powers = [1; 9];
            let mut value = (polynomial & 1) as u8;
            let mut n = 1;
            while n < 9 {
                powers[n] = self.product(powers[n - 1], root);
                if polynomial >> n & 1 == 1 {
                    value ^= powers[n];
                }
                n += 1;
            }
            if value == 0 {
                let [a, b, c, d, e, f, g, h, _] = powers;
                return Map([a, b, c, d, e, f, g, h]);
            }
            root += 1;
        }
    }
}

/// The constant of T.
pub(crate) const D3: u8 = 0xd3;

/// The matrix A of T.
const fn matrix_a() -> Map {
    let mut columns = [0; 8];
    let mut row = 0;
    while row < 8 {
        let bits = 0xa7_u8.rotate_left(row);
        let mut column = 0;
        while column < 8 {
            columns[column] |= (bits >> column & 1) << row;
            column += 1;
        }
        row += 1;
    }
    Map(columns)
}

const IDENTITY: Map = Map([1, 2, 4, 8, 16, 32, 64, 128]);
/// Two bits up within a byte.
const UP: Map = Map([4, 8, 16, 32, 64, 128, 0, 0]);
/// The two bits that leave a byte at the top, as they arrive in the next.
const OVER: Map = Map([0, 0, 0, 0, 0, 0, 1, 2]);

/// All maps of a backend that takes reciprocals in another field. See the module's text.
#[derive(Clone, Copy)]
pub(crate) struct Domain {
    /// Into the backend's form of a byte: φ·A.
    pub(crate) enter: Map,
    /// Back from it.
    pub(crate) leave: Map,
    /// φ(d3), added to every byte of a round key once it has entered.
    pub(crate) offset: u8,
    /// After the reciprocal: what stays in its byte.
    pub(crate) stay: Map,
    /// After the reciprocal: what goes on by one byte and by two.
    pub(crate) turn: Map,
    /// After the reciprocal: what goes on by three bytes.
    pub(crate) wrap: Map,
    /// What d3 of the outer T comes to; added to what stays.
    pub(crate) constant: u8,
    /// After the reciprocal: the S-box itself, as the key schedule wants it.
    pub(crate) plain: Map,
    /// What is added to that.
    pub(crate) plain_constant: u8,
}

impl Domain {
    /// The maps for reciprocals in `field`.
    pub(crate) const fn of(field: Field) -> Self {
        let a = matrix_a();
        let phi = field.isomorphism();
        let enter = a.then(&phi);
        let plain = phi.inverse().then(&a);
        Self {
            enter,
            leave: enter.inverse(),
            offset: phi.at(D3),
            stay: plain.then(&IDENTITY.plus(&UP)).then(&enter),
            turn: plain.then(&UP.plus(&OVER)).then(&enter),
            wrap: plain.then(&IDENTITY.plus(&OVER)).then(&enter),
            constant: enter.at(D3.rotate_left(2)),
            plain,
            plain_constant: D3,
        }
    }

    /// The same for an instruction that gives AES's S-box, `M·(1/x) + 63`, in place of the reciprocal.
    #[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code))]
    pub(crate) const fn of_aes_substitution() -> Self {
        let bare = Self::of(AES);
        // FIPS 197 §5.1.1: bit i takes bits i, i+4, i+5, i+6 and i+7 of the reciprocal.
        let back = Map([0x1f, 0x3e, 0x7c, 0xf8, 0xf1, 0xe3, 0xc7, 0x8f]).inverse();
        let (stay, turn, wrap) = (
            back.then(&bare.stay),
            back.then(&bare.turn),
            back.then(&bare.wrap),
        );
        let plain = back.then(&bare.plain);
        Self {
            stay,
            turn,
            wrap,
            // The two turns bring the same constant twice, which is nothing.
            constant: bare.constant ^ stay.at(0x63) ^ wrap.at(0x63),
            plain,
            plain_constant: D3 ^ plain.at(0x63),
            ..bare
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AES, D3, Domain, Field};

    /// GB/T 32907-2016, table 1, from the vector file.
    fn standards_table() -> Vec<u8> {
        let text = include_str!("../../../tests/vectors/sm4_sbox.json");
        let file: serde_json::Value = serde_json::from_str(text).expect("a vector file");
        let hex: String = file["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row.as_str().expect("hex"))
            .collect();
        base16ct::lower::decode_vec(hex).expect("hex")
    }

    fn reciprocal(field: Field, x: u8) -> u8 {
        (0..=255).find(|&y| field.product(x, y) == 1).unwrap_or(0)
    }

    #[test]
    fn the_algebra_gives_the_standards_table() {
        let table = standards_table();
        assert_eq!(table.len(), 256);
        for field in [AES, Field::Tower] {
            let domain = Domain::of(field);
            for x in 0..=255_u8 {
                let inverted = reciprocal(field, domain.enter.at(x) ^ domain.offset);
                let value = domain.plain.at(inverted) ^ domain.plain_constant;
                assert_eq!(value, table[usize::from(x)], "S({x:02x})");
            }
        }
    }

    #[test]
    fn the_split_of_the_linear_map_gives_back_the_standards() {
        let domain = Domain::of(Field::Tower);
        for r in 0..=255_u8 {
            let plain = u32::from(domain.plain.at(r) ^ D3);
            // The other three bytes have the reciprocal 0, whose S-box value is d3.
            let word = plain | 0xd3d3_d300;
            let expected = [0, 2, 10, 18, 24]
                .iter()
                .fold(0, |sum, &by| sum ^ word.rotate_left(by));
            let zero = domain.constant;
            let made = [
                domain.stay.at(r) ^ zero,
                domain.turn.at(r) ^ zero,
                domain.turn.at(r) ^ zero,
                domain.wrap.at(r) ^ zero,
            ];
            assert_eq!(made.map(|byte| domain.leave.at(byte)), expected.to_le_bytes());
        }
    }
}
