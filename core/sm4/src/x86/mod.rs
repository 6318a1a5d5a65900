//! The backends for x86-64: GFNI in three widths, AES-NI in two.
//!
//! Not here: which one is used. Called through [`crate::wide::Kernel`].

mod aes;
mod gfni;

use self::aes::{AesX, AesY};
use self::gfni::{GfniX, GfniY, GfniZ};
use crate::wide::kernel;
use cipher::consts::{U16, U32};

kernel!(
    /// GFNI on 512-bit registers.
    Avx512,
    "gfni,avx2,avx512f,avx512bw,avx512vl",
    U32,
    GfniZ,
    2,
    GfniX
);
kernel!(
    /// GFNI on 256-bit registers.
    Avx2,
    "gfni,avx2",
    U16,
    GfniY,
    2,
    GfniX
);
kernel!(
    /// AES-NI with everything else on 256-bit registers.
    AesAvx2,
    "aes,avx2",
    U16,
    AesY,
    2,
    AesX
);
kernel!(
    /// AES-NI with SSSE3.
    AesSse,
    "aes,ssse3",
    U16,
    AesX,
    4,
    AesX
);

/// Byte orders for `PSHUFB` that turn each word as the standard's `⋘ 8`, `⋘ 16` and `⋘ 24` do.
const TURN_8: [u8; 16] = [1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12];
const TURN_16: [u8; 16] = [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13];
const TURN_24: [u8; 16] = [3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14];

/// 16 bytes as a vector.
#[target_feature(enable = "sse2")]
#[inline]
fn bytes(bytes: &[u8; 16]) -> core::arch::x86_64::__m128i {
    // SAFETY: 16 readable bytes; the load needs no alignment.
    unsafe { core::arch::x86_64::_mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// 16 bytes in both halves of a vector.
#[target_feature(enable = "avx2")]
#[inline]
fn bytes_twice(value: &[u8; 16]) -> core::arch::x86_64::__m256i {
    core::arch::x86_64::_mm256_broadcastsi128_si256(bytes(value))
}

/// What [`crate::lanes::Lanes`] asks of any 128-bit vector on this architecture.
macro_rules! words_128 {
    ($features:literal) => {
        const LANES: usize = 4;

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn load(from: *const u8) -> Self {
            // SAFETY: the caller has 16 readable bytes; the load needs no alignment.
            Self(unsafe { _mm_loadu_si128(from.cast()) })
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn store(self, to: *mut u8) {
            // SAFETY: the caller has 16 writable bytes; the store needs no alignment.
            unsafe { _mm_storeu_si128(to.cast(), self.0) }
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn splat(word: u32) -> Self {
            Self(_mm_set1_epi32(word.cast_signed()))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn first(self) -> u32 {
            _mm_cvtsi128_si32(self.0).cast_unsigned()
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn xor(self, other: Self) -> Self {
            Self(_mm_xor_si128(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_low_32(self, other: Self) -> Self {
            Self(_mm_unpacklo_epi32(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_high_32(self, other: Self) -> Self {
            Self(_mm_unpackhi_epi32(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_low_64(self, other: Self) -> Self {
            Self(_mm_unpacklo_epi64(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_high_64(self, other: Self) -> Self {
            Self(_mm_unpackhi_epi64(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_8(self) -> Self {
            Self(_mm_shuffle_epi8(self.0, bytes(&TURN_8)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_16(self) -> Self {
            Self(_mm_shuffle_epi8(self.0, bytes(&TURN_16)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_24(self) -> Self {
            Self(_mm_shuffle_epi8(self.0, bytes(&TURN_24)))
        }
    };
}
use words_128;

/// The same for any 256-bit vector.
macro_rules! words_256 {
    ($features:literal) => {
        const LANES: usize = 8;

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn load(from: *const u8) -> Self {
            // SAFETY: the caller has 32 readable bytes; the load needs no alignment.
            Self(unsafe { _mm256_loadu_si256(from.cast()) })
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn store(self, to: *mut u8) {
            // SAFETY: the caller has 32 writable bytes; the store needs no alignment.
            unsafe { _mm256_storeu_si256(to.cast(), self.0) }
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn splat(word: u32) -> Self {
            Self(_mm256_set1_epi32(word.cast_signed()))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn first(self) -> u32 {
            _mm256_cvtsi256_si32(self.0).cast_unsigned()
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn xor(self, other: Self) -> Self {
            Self(_mm256_xor_si256(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_low_32(self, other: Self) -> Self {
            Self(_mm256_unpacklo_epi32(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_high_32(self, other: Self) -> Self {
            Self(_mm256_unpackhi_epi32(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_low_64(self, other: Self) -> Self {
            Self(_mm256_unpacklo_epi64(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn zip_high_64(self, other: Self) -> Self {
            Self(_mm256_unpackhi_epi64(self.0, other.0))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_8(self) -> Self {
            Self(_mm256_shuffle_epi8(self.0, bytes_twice(&TURN_8)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_16(self) -> Self {
            Self(_mm256_shuffle_epi8(self.0, bytes_twice(&TURN_16)))
        }

        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn turn_24(self) -> Self {
            Self(_mm256_shuffle_epi8(self.0, bytes_twice(&TURN_24)))
        }
    };
}
use words_256;
