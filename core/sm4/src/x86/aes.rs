//! Words in 128 and 256-bit registers with AES-NI: `AESENCLAST` with a zero key is AES's S-box (after a fixed
//! order of bytes, undone before it), and bit matrices are two `PSHUFB` each, from registers.
//!
//! Not here: rounds. Called by [`crate::lanes`].

use super::{TURN_8, TURN_16, TURN_24, bytes, bytes_twice, words_128, words_256};
use crate::field::Domain;
use crate::lanes::Lanes;
use core::arch::x86_64::*;

const DOMAIN: Domain = Domain::of_aes_substitution();

type Tables = [[u8; 16]; 2];
const ENTER: Tables = DOMAIN.enter.nibbles(0);
const ENTER_OFFSET: Tables = DOMAIN.enter.nibbles(DOMAIN.offset);
const LEAVE: Tables = DOMAIN.leave.nibbles(0);
const STAY: Tables = DOMAIN.stay.nibbles(DOMAIN.constant);
const TURN: Tables = DOMAIN.turn.nibbles(0);
const WRAP: Tables = DOMAIN.wrap.nibbles(0);
const PLAIN: Tables = DOMAIN.plain.nibbles(DOMAIN.plain_constant);

/// Undoes ShiftRows, by which row r of AES's state (every fourth byte from r) moves r columns.
const UNSHIFT: [u8; 16] = [0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3];

/// The functions of [`Lanes`] made of nibbles, for one width.
macro_rules! maps {
    ($features:literal) => {
        const OFFSET: u8 = DOMAIN.offset;

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn enter(self) -> Self {
            self.nibbles().map(&ENTER)
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn leave(self) -> Self {
            self.nibbles().map(&LEAVE)
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn substitute(self) -> (Self, Self, Self) {
            let nibbles = self.aes_sbox().nibbles();
            (nibbles.map(&STAY), nibbles.map(&TURN), nibbles.map(&WRAP))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn sbox(self) -> Self {
            self.nibbles()
                .map(&ENTER_OFFSET)
                .aes_sbox()
                .nibbles()
                .map(&PLAIN)
        }
    };
}

/// Low and high nibbles of a vector's bytes.
#[derive(Clone, Copy)]
struct Nibbles<V>(V, V);

/// Four words.
#[derive(Clone, Copy)]
pub(super) struct AesX(__m128i);

impl Nibbles<__m128i> {
    #[target_feature(enable = "aes,ssse3")]
    #[inline]
    fn map(self, [low, high]: &Tables) -> AesX {
        AesX(_mm_xor_si128(
            _mm_shuffle_epi8(bytes(low), self.0),
            _mm_shuffle_epi8(bytes(high), self.1),
        ))
    }
}

impl AesX {
    #[target_feature(enable = "aes,ssse3")]
    #[inline]
    fn nibbles(self) -> Nibbles<__m128i> {
        let mask = _mm_set1_epi8(15);
        Nibbles(
            _mm_and_si128(self.0, mask),
            _mm_and_si128(_mm_srli_epi16::<4>(self.0), mask),
        )
    }

    #[target_feature(enable = "aes,ssse3")]
    #[inline]
    fn aes_sbox(self) -> Self {
        let ordered = _mm_shuffle_epi8(self.0, bytes(&UNSHIFT));
        Self(_mm_aesenclast_si128(ordered, _mm_setzero_si128()))
    }
}

impl Lanes for AesX {
    words_128!("aes,ssse3");
    maps!("aes,ssse3");
}

/// Eight words.
#[derive(Clone, Copy)]
pub(super) struct AesY(__m256i);

impl Nibbles<__m256i> {
    #[target_feature(enable = "aes,avx2")]
    #[inline]
    fn map(self, [low, high]: &Tables) -> AesY {
        AesY(_mm256_xor_si256(
            _mm256_shuffle_epi8(bytes_twice(low), self.0),
            _mm256_shuffle_epi8(bytes_twice(high), self.1),
        ))
    }
}

impl AesY {
    #[target_feature(enable = "aes,avx2")]
    #[inline]
    fn nibbles(self) -> Nibbles<__m256i> {
        let mask = _mm256_set1_epi8(15);
        Nibbles(
            _mm256_and_si256(self.0, mask),
            _mm256_and_si256(_mm256_srli_epi16::<4>(self.0), mask),
        )
    }

    #[target_feature(enable = "aes,avx2")]
    #[inline]
    fn aes_sbox(self) -> Self {
        let ordered = _mm256_shuffle_epi8(self.0, bytes_twice(&UNSHIFT));
        let zero = _mm_setzero_si128();
        Self(_mm256_set_m128i(
            _mm_aesenclast_si128(_mm256_extracti128_si256::<1>(ordered), zero),
            _mm_aesenclast_si128(_mm256_castsi256_si128(ordered), zero),
        ))
    }
}

impl Lanes for AesY {
    words_256!("aes,avx2");
    maps!("aes,avx2");
}
