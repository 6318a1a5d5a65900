//! SM4 in plain Rust for any machine: sixteen blocks at a time, bits sliced over eight `u64`.
//!
//! Not fast beside the others, and without `unsafe`. Chosen where nothing better is there.
//!
//! A state word of sixteen blocks is eight planes. Plane `i` holds bit `i` of all 64 bytes: bit `16·b + n` is
//! that of byte `b` (0 the least significant) of block `n`. The S-box is then a circuit of XOR and AND over
//! planes, derived from the tower of fields in [`crate::field`]; a rotation by two bits renames planes, one by
//! eight bits turns a plane by sixteen.

use crate::field::{D3, Domain, Field, Map};
use crate::keys::{RoundKeys, Schedule};

/// Blocks at a time.
pub(crate) const BLOCKS: usize = 16;

type Planes = [u64; 8];

const DOMAIN: Domain = Domain::of(Field::Tower);
/// Into the tower, φ·A, and out of it, A·φ⁻¹.
const INTO: Map = DOMAIN.enter;
const OUT: Map = DOMAIN.plain;
/// A bit for each block, for byte 0.
const FIRST_BYTE: u64 = 0x0001_0001_0001_0001;

/// The four bytes of a word, 16 bits apart.
fn spread(word: u32) -> u64 {
    let halves = (u64::from(word) | u64::from(word) << 16) & 0x0000_ffff_0000_ffff;
    (halves | halves << 8) & 0x00ff_00ff_00ff_00ff
}

/// Back from [`spread`]; the odd bytes do not matter.
fn gather(spread: u64) -> u32 {
    let bytes = spread & 0x00ff_00ff_00ff_00ff;
    let halves = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    (halves | halves >> 16) as u32
}

/// Turns over the 8×8 bits that each byte position of the eight words makes up. Its own inverse.
fn transpose(rows: &mut Planes) {
    for (distance, mask) in [
        (4, 0x0f0f_0f0f_0f0f_0f0f_u64),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        for low in (0..8).filter(|row| row & distance == 0) {
            let swap = (rows[low] >> distance ^ rows[low + distance]) & mask;
            rows[low] ^= swap << distance;
            rows[low + distance] ^= swap;
        }
    }
}

/// XOR of the planes that `map` takes for each output bit. `map` is a constant, so nothing is decided when run.
#[inline(always)]
fn linear(map: &Map, x: &Planes) -> Planes {
    core::array::from_fn(|row| {
        (0..8)
            .filter(|&column| map.has(row, column))
            .fold(0, |sum, column| sum ^ x[column])
    })
}

/// All planes whose bit of `constant` is set, inverted.
#[inline(always)]
fn add_constant(constant: u8, x: &mut Planes) {
    for (bit, plane) in x.iter_mut().enumerate() {
        if constant >> bit & 1 == 1 {
            *plane = !*plane;
        }
    }
}

/// An element of GF(4): low and high bit.
type Four = [u64; 2];

#[inline(always)]
fn sum_4(a: Four, b: Four) -> Four {
    [a[0] ^ b[0], a[1] ^ b[1]]
}

#[inline(always)]
fn product_4(a: Four, b: Four) -> Four {
    let low = a[0] & b[0];
    [low ^ (a[1] & b[1]), low ^ ((a[0] ^ a[1]) & (b[0] ^ b[1]))]
}

/// The square, which in GF(4) is the reciprocal too.
#[inline(always)]
fn square_4(a: Four) -> Four {
    [a[0] ^ a[1], a[1]]
}

/// Times w, the field's μ.
#[inline(always)]
fn times_w(a: Four) -> Four {
    [a[1], a[0] ^ a[1]]
}

/// An element of GF(16): low and high half.
type Sixteen = [Four; 2];

#[inline(always)]
fn sum_16(a: Sixteen, b: Sixteen) -> Sixteen {
    [sum_4(a[0], b[0]), sum_4(a[1], b[1])]
}

#[inline(always)]
fn product_16(a: Sixteen, b: Sixteen) -> Sixteen {
    let low = product_4(a[0], b[0]);
    let high = product_4(a[1], b[1]);
    let mixed = product_4(sum_4(a[0], a[1]), sum_4(b[0], b[1]));
    [sum_4(low, times_w(high)), sum_4(mixed, low)]
}

#[inline(always)]
fn reciprocal_16([low, high]: Sixteen) -> Sixteen {
    let norm = sum_4(
        times_w(square_4(high)),
        sum_4(product_4(high, low), square_4(low)),
    );
    let over = square_4(norm);
    [product_4(sum_4(low, high), over), product_4(high, over)]
}

/// ν·a² with ν = w·z: `(h·z + l)² = h²·z + (w·h² + l²)`, and `w·z·(p·z + q) = w·(p + q)·z + w²·p`.
#[inline(always)]
fn nu_times_square([low, high]: Sixteen) -> Sixteen {
    let p = square_4(high);
    let q = sum_4(times_w(p), square_4(low));
    [times_w(times_w(p)), times_w(sum_4(p, q))]
}

/// The square in GF(16).
#[inline(always)]
fn square_16([low, high]: Sixteen) -> Sixteen {
    let p = square_4(high);
    [sum_4(times_w(p), square_4(low)), p]
}

/// The reciprocal of 64 elements of the tower at once.
#[inline(always)]
fn reciprocal(x: &Planes) -> Planes {
    let low = [[x[0], x[1]], [x[2], x[3]]];
    let high = [[x[4], x[5]], [x[6], x[7]]];
    let norm = sum_16(
        nu_times_square(high),
        sum_16(product_16(high, low), square_16(low)),
    );
    let over = reciprocal_16(norm);
    let [[a, b], [c, d]] = product_16(sum_16(low, high), over);
    let [[e, f], [g, h]] = product_16(high, over);
    [a, b, c, d, e, f, g, h]
}

#[inline(always)]
fn sbox(x: &Planes) -> Planes {
    let mut inside = linear(&INTO, x);
    add_constant(DOMAIN.offset, &mut inside);
    let mut out = linear(&OUT, &reciprocal(&inside));
    add_constant(D3, &mut out);
    out
}

/// L: bit `i` of `B ⋘ 2` is bit `i - 2`, and for the lowest two bits bit 6 and 7 of the byte below.
#[inline(always)]
fn spread_out(b: &Planes) -> Planes {
    core::array::from_fn(|i| {
        let two = if i < 2 { b[i + 6].rotate_left(16) } else { b[i - 2] };
        b[i] ^ b[i].rotate_left(48) ^ two ^ two.rotate_left(16) ^ two.rotate_left(32)
    })
}

/// One word of every block, sliced.
fn slice(words: &[u32; BLOCKS]) -> Planes {
    let (low, high) = words.split_at(8);
    let mut rows = core::array::from_fn(|j| spread(low[j]) | spread(high[j]) << 8);
    transpose(&mut rows);
    rows
}

/// And back.
fn unslice(mut planes: Planes) -> [u32; BLOCKS] {
    transpose(&mut planes);
    core::array::from_fn(|n| gather(planes[n % 8] >> (n & 8)))
}

/// Sixteen blocks through the 32 rounds.
pub(crate) fn crypt(keys: &Schedule, blocks: &mut [[u8; 16]; BLOCKS]) {
    let mut state: [Planes; 4] = core::array::from_fn(|word| {
        slice(&core::array::from_fn(|n| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| blocks[n][4 * word + i]);
            u32::from_be_bytes([a, b, c, d])
        }))
    });
    for four in keys.chunks_exact(4) {
        for (i, &key) in four.iter().enumerate() {
            let key = spread(key);
            let (x, y, z) = (&state[(i + 1) % 4], &state[(i + 2) % 4], &state[(i + 3) % 4]);
            let sum = core::array::from_fn(|bit| {
                let ones = key >> bit & FIRST_BYTE;
                // All sixteen bits of a byte's place from the lowest, without a multiplication.
                x[bit] ^ y[bit] ^ z[bit] ^ (ones << 16).wrapping_sub(ones)
            });
            let added = spread_out(&sbox(&sum));
            for (plane, add) in state[i].iter_mut().zip(added) {
                *plane ^= add;
            }
        }
    }
    state.reverse();
    for (word, planes) in state.into_iter().enumerate() {
        for (block, value) in blocks.iter_mut().zip(unslice(planes)) {
            block[4 * word..4 * word + 4].copy_from_slice(&value.to_be_bytes());
        }
    }
}

/// The key schedule, its S-box being the same circuit with one word in it.
pub(crate) fn expand(key: &[u8; 16]) -> RoundKeys {
    RoundKeys::of(key, |word| {
        let bytes = spread(word);
        let out = sbox(&core::array::from_fn(|bit| bytes >> bit & FIRST_BYTE));
        gather(
            out.iter()
                .enumerate()
                .fold(0, |sum, (bit, plane)| sum | (plane & FIRST_BYTE) << bit),
        )
    })
}
