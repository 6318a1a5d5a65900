//! Four words in a NEON register, the S-box by AESE or by lookups of nibbles.
//!
//! Not here: rounds. Called by [`crate::lanes`].

use crate::field::Domain;
use crate::lanes::Lanes;
use crate::permute;
use core::arch::aarch64::*;

/// Byte orders that turn each word as the standard's `⋘ 8` and `⋘ 24` do.
const TURN_8: [u8; 16] = [1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12];
const TURN_24: [u8; 16] = [3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14];

/// Undoes AESE's ShiftRows, by which every fourth byte from r moves r columns.
const UNSHIFT: [u8; 16] = [0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3];

type Tables = [[u8; 16]; 2];

/// 16 bytes as a vector.
#[target_feature(enable = "neon")]
#[inline]
fn bytes(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 readable bytes.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// The low and the high nibbles.
#[target_feature(enable = "neon")]
#[inline]
fn nibbles(x: uint8x16_t) -> (uint8x16_t, uint8x16_t) {
    (vandq_u8(x, vdupq_n_u8(15)), vshrq_n_u8::<4>(x))
}

/// A sum of two lookups.
#[target_feature(enable = "neon")]
#[inline]
fn lookup((low, high): (uint8x16_t, uint8x16_t), tables: &Tables) -> uint8x16_t {
    veorq_u8(
        vqtbl1q_u8(bytes(&tables[0]), low),
        vqtbl1q_u8(bytes(&tables[1]), high),
    )
}

/// What [`Lanes`] asks of both.
macro_rules! words {
    ($features:literal) => {
        const LANES: usize = 4;

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn load(from: *const u8) -> Self {
            // SAFETY: the caller has 16 readable bytes.
            Self(unsafe { vld1q_u8(from) })
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn store(self, to: *mut u8) {
            // SAFETY: the caller has 16 writable bytes.
            unsafe { vst1q_u8(to, self.0) }
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn splat(word: u32) -> Self {
            Self(vreinterpretq_u8_u32(vdupq_n_u32(word)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn first(self) -> u32 {
            vgetq_lane_u32::<0>(vreinterpretq_u32_u8(self.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn xor(self, other: Self) -> Self {
            Self(veorq_u8(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_low_32(self, other: Self) -> Self {
            let (a, b) = (vreinterpretq_u32_u8(self.0), vreinterpretq_u32_u8(other.0));
            Self(vreinterpretq_u8_u32(vzip1q_u32(a, b)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_high_32(self, other: Self) -> Self {
            let (a, b) = (vreinterpretq_u32_u8(self.0), vreinterpretq_u32_u8(other.0));
            Self(vreinterpretq_u8_u32(vzip2q_u32(a, b)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_low_64(self, other: Self) -> Self {
            let (a, b) = (vreinterpretq_u64_u8(self.0), vreinterpretq_u64_u8(other.0));
            Self(vreinterpretq_u8_u64(vzip1q_u64(a, b)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_high_64(self, other: Self) -> Self {
            let (a, b) = (vreinterpretq_u64_u8(self.0), vreinterpretq_u64_u8(other.0));
            Self(vreinterpretq_u8_u64(vzip2q_u64(a, b)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_8(self) -> Self {
            Self(vqtbl1q_u8(self.0, bytes(&TURN_8)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_16(self) -> Self {
            let halves = vreinterpretq_u16_u8(self.0);
            Self(vreinterpretq_u8_u16(vrev32q_u16(halves)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_24(self) -> Self {
            Self(vqtbl1q_u8(self.0, bytes(&TURN_24)))
        }
    };
}

const AES: Domain = Domain::of_aes_substitution();
const ENTER: Tables = AES.enter.nibbles(0);
const ENTER_OFFSET: Tables = AES.enter.nibbles(AES.offset);
const LEAVE: Tables = AES.leave.nibbles(0);
const STAY: Tables = AES.stay.nibbles(AES.constant);
const TURN: Tables = AES.turn.nibbles(0);
const WRAP: Tables = AES.wrap.nibbles(0);
const PLAIN: Tables = AES.plain.nibbles(AES.plain_constant);

/// AES's S-box by AESE with a zero key.
#[target_feature(enable = "neon,aes")]
#[inline]
fn aes_sbox(x: uint8x16_t) -> uint8x16_t {
    vaeseq_u8(vqtbl1q_u8(x, bytes(&UNSHIFT)), vdupq_n_u8(0))
}

/// Four words for the AES instructions.
#[derive(Clone, Copy)]
pub(super) struct AesWords(uint8x16_t);

impl Lanes for AesWords {
    const OFFSET: u8 = AES.offset;
    words!("neon,aes");

    #[target_feature(enable = "neon,aes")]
    #[inline]
    unsafe fn enter(self) -> Self {
        Self(lookup(nibbles(self.0), &ENTER))
    }

    #[target_feature(enable = "neon,aes")]
    #[inline]
    unsafe fn leave(self) -> Self {
        Self(lookup(nibbles(self.0), &LEAVE))
    }

    #[target_feature(enable = "neon,aes")]
    #[inline]
    unsafe fn substitute(self) -> (Self, Self, Self) {
        let out = nibbles(aes_sbox(self.0));
        (
            Self(lookup(out, &STAY)),
            Self(lookup(out, &TURN)),
            Self(lookup(out, &WRAP)),
        )
    }

    #[target_feature(enable = "neon,aes")]
    #[inline]
    unsafe fn sbox(self) -> Self {
        let inside = lookup(nibbles(self.0), &ENTER_OFFSET);
        Self(lookup(nibbles(aes_sbox(inside)), &PLAIN))
    }
}

/// p and q of [`crate::permute`].
#[target_feature(enable = "neon")]
#[inline]
fn halves(x: uint8x16_t) -> (uint8x16_t, uint8x16_t) {
    let (j, k) = nibbles(x);
    let i = veorq_u8(j, k);
    let reciprocal = bytes(&permute::RECIPROCAL);
    let of_k = vqtbl1q_u8(bytes(&permute::RECIPROCAL_OVER_NU), k);
    let with_i = veorq_u8(vqtbl1q_u8(reciprocal, i), of_k);
    let with_j = veorq_u8(vqtbl1q_u8(reciprocal, j), of_k);
    (
        veorq_u8(vqtbl1q_u8(reciprocal, with_i), j),
        veorq_u8(vqtbl1q_u8(reciprocal, with_j), i),
    )
}

/// Four words for NEON alone.
#[derive(Clone, Copy)]
pub(super) struct NeonWords(uint8x16_t);

impl Lanes for NeonWords {
    const OFFSET: u8 = permute::DOMAIN.offset;
    words!("neon");

    #[target_feature(enable = "neon")]
    #[inline]
    unsafe fn enter(self) -> Self {
        Self(lookup(nibbles(self.0), &permute::ENTER))
    }

    #[target_feature(enable = "neon")]
    #[inline]
    unsafe fn leave(self) -> Self {
        Self(lookup(nibbles(self.0), &permute::LEAVE))
    }

    #[target_feature(enable = "neon")]
    #[inline]
    unsafe fn substitute(self) -> (Self, Self, Self) {
        let halves = halves(self.0);
        let stay = lookup(halves, &permute::STAY);
        (
            Self(veorq_u8(stay, vdupq_n_u8(permute::DOMAIN.constant))),
            Self(lookup(halves, &permute::TURN)),
            Self(lookup(halves, &permute::WRAP)),
        )
    }

    #[target_feature(enable = "neon")]
    #[inline]
    unsafe fn sbox(self) -> Self {
        let inside = lookup(nibbles(self.0), &permute::ENTER_OFFSET);
        let plain = lookup(halves(inside), &permute::PLAIN);
        Self(veorq_u8(plain, vdupq_n_u8(permute::DOMAIN.plain_constant)))
    }
}
