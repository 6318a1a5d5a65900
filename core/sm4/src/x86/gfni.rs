//! Words in 128, 256 and 512-bit registers with GFNI, which takes reciprocals in AES's field and applies a bit
//! matrix in the same instruction.
//!
//! Not here: rounds. Called by [`crate::lanes`].

use super::{TURN_8, TURN_16, TURN_24, bytes, bytes_twice, words_128, words_256};
use crate::field::{AES, Domain};
use crate::lanes::Lanes;
use core::arch::x86_64::*;

const DOMAIN: Domain = Domain::of(AES);
const ENTER: i64 = DOMAIN.enter.rows();
const LEAVE: i64 = DOMAIN.leave.rows();
const STAY: i64 = DOMAIN.stay.rows();
const TURN: i64 = DOMAIN.turn.rows();
const WRAP: i64 = DOMAIN.wrap.rows();
const PLAIN: i64 = DOMAIN.plain.rows();
/// The instructions take their constants as signed immediates.
const CONSTANT: i32 = DOMAIN.constant as i32;
const PLAIN_CONSTANT: i32 = DOMAIN.plain_constant as i32;
const IN_OFFSET: i32 = DOMAIN.offset as i32;

/// The functions of [`Lanes`] that are GFNI's, for one width.
macro_rules! maps {
    ($features:literal, $set:ident, $affine:ident, $inverse:ident) => {
        const OFFSET: u8 = DOMAIN.offset;

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn enter(self) -> Self {
            Self($affine::<0>(self.0, $set(ENTER)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn leave(self) -> Self {
            Self($affine::<0>(self.0, $set(LEAVE)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn substitute(self) -> (Self, Self, Self) {
            (
                Self($inverse::<CONSTANT>(self.0, $set(STAY))),
                Self($inverse::<0>(self.0, $set(TURN))),
                Self($inverse::<0>(self.0, $set(WRAP))),
            )
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn sbox(self) -> Self {
            let inside = $affine::<IN_OFFSET>(self.0, $set(ENTER));
            Self($inverse::<PLAIN_CONSTANT>(inside, $set(PLAIN)))
        }
    };
}

/// Four words.
#[derive(Clone, Copy)]
pub(super) struct GfniX(__m128i);

impl Lanes for GfniX {
    words_128!("gfni,avx");
    maps!(
        "gfni,avx",
        _mm_set1_epi64x,
        _mm_gf2p8affine_epi64_epi8,
        _mm_gf2p8affineinv_epi64_epi8
    );
}

/// Eight words.
#[derive(Clone, Copy)]
pub(super) struct GfniY(__m256i);

impl Lanes for GfniY {
    words_256!("gfni,avx2");
    maps!(
        "gfni,avx2",
        _mm256_set1_epi64x,
        _mm256_gf2p8affine_epi64_epi8,
        _mm256_gf2p8affineinv_epi64_epi8
    );
}

/// Sixteen words.
#[derive(Clone, Copy)]
pub(super) struct GfniZ(__m512i);

impl Lanes for GfniZ {
    const LANES: usize = 16;

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller has 64 readable bytes; the load needs no alignment.
        Self(unsafe { _mm512_loadu_si512(from.cast()) })
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller has 64 writable bytes; the store needs no alignment.
        unsafe { _mm512_storeu_si512(to.cast(), self.0) }
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn splat(word: u32) -> Self {
        Self(_mm512_set1_epi32(word.cast_signed()))
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn first(self) -> u32 {
        _mm512_cvtsi512_si32(self.0).cast_unsigned()
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn xor(self, other: Self) -> Self {
        Self(_mm512_xor_si512(self.0, other.0))
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn zip_low_32(self, other: Self) -> Self {
        Self(_mm512_unpacklo_epi32(self.0, other.0))
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn zip_high_32(self, other: Self) -> Self {
        Self(_mm512_unpackhi_epi32(self.0, other.0))
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn zip_low_64(self, other: Self) -> Self {
        Self(_mm512_unpacklo_epi64(self.0, other.0))
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn zip_high_64(self, other: Self) -> Self {
        Self(_mm512_unpackhi_epi64(self.0, other.0))
    }

    // In memory's order the standard's rotation to the left is one to the right.
    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn turn_8(self) -> Self {
        Self(_mm512_ror_epi32::<8>(self.0))
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn turn_16(self) -> Self {
        Self(_mm512_ror_epi32::<16>(self.0))
    }

    #[target_feature(enable = "gfni,avx512f")]
    #[inline]
    unsafe fn turn_24(self) -> Self {
        Self(_mm512_ror_epi32::<24>(self.0))
    }

    maps!(
        "gfni,avx512f",
        _mm512_set1_epi64,
        _mm512_gf2p8affine_epi64_epi8,
        _mm512_gf2p8affineinv_epi64_epi8
    );
}
