//! The backend for WebAssembly compiled with `simd128`.
//!
//! Not chosen at run time: a module with these instructions does not load where they are missing. Called through
//! [`crate::wide::Kernel`].

use crate::lanes::Lanes;
use crate::permute::*;
use crate::wide::kernel;
use cipher::consts::U16;
use core::arch::wasm32::*;

kernel!(
    /// Lookups of nibbles by swizzles.
    Simd128,
    "simd128",
    U16,
    Words,
    4,
    Words
);

/// Four words.
#[derive(Clone, Copy)]
struct Words(v128);

/// 16 bytes as a vector.
#[inline(always)]
fn bytes(bytes: &[u8; 16]) -> v128 {
    // SAFETY: 16 readable bytes; the load needs no alignment.
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

impl Words {
    /// The low and the high nibbles.
    #[inline(always)]
    fn nibbles(self) -> (v128, v128) {
        (v128_and(self.0, u8x16_splat(15)), u8x16_shr(self.0, 4))
    }

    /// A sum of two lookups.
    #[inline(always)]
    fn lookup((low, high): (v128, v128), tables: &[[u8; 16]; 2]) -> Self {
        Self(v128_xor(
            u8x16_swizzle(bytes(&tables[0]), low),
            u8x16_swizzle(bytes(&tables[1]), high),
        ))
    }

    /// p and q of [`crate::permute`].
    #[inline(always)]
    fn halves(self) -> (v128, v128) {
        let (j, k) = self.nibbles();
        let i = v128_xor(j, k);
        let reciprocal = bytes(&RECIPROCAL);
        let of_k = u8x16_swizzle(bytes(&RECIPROCAL_OVER_NU), k);
        let with_i = v128_xor(u8x16_swizzle(reciprocal, i), of_k);
        let with_j = v128_xor(u8x16_swizzle(reciprocal, j), of_k);
        (
            v128_xor(u8x16_swizzle(reciprocal, with_i), j),
            v128_xor(u8x16_swizzle(reciprocal, with_j), i),
        )
    }
}

impl Lanes for Words {
    const LANES: usize = 4;
    const OFFSET: u8 = DOMAIN.offset;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller has 16 readable bytes; the load needs no alignment.
        Self(unsafe { v128_load(from.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller has 16 writable bytes; the store needs no alignment.
        unsafe { v128_store(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn splat(word: u32) -> Self {
        Self(u32x4_splat(word))
    }

    #[inline(always)]
    unsafe fn first(self) -> u32 {
        u32x4_extract_lane::<0>(self.0)
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn zip_low_32(self, other: Self) -> Self {
        Self(u32x4_shuffle::<0, 4, 1, 5>(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn zip_high_32(self, other: Self) -> Self {
        Self(u32x4_shuffle::<2, 6, 3, 7>(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn zip_low_64(self, other: Self) -> Self {
        Self(u64x2_shuffle::<0, 2>(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn zip_high_64(self, other: Self) -> Self {
        Self(u64x2_shuffle::<1, 3>(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn turn_8(self) -> Self {
        Self(u8x16_shuffle::<
            1,
            2,
            3,
            0,
            5,
            6,
            7,
            4,
            9,
            10,
            11,
            8,
            13,
            14,
            15,
            12,
        >(self.0, self.0))
    }

    #[inline(always)]
    unsafe fn turn_16(self) -> Self {
        Self(u16x8_shuffle::<1, 0, 3, 2, 5, 4, 7, 6>(self.0, self.0))
    }

    #[inline(always)]
    unsafe fn turn_24(self) -> Self {
        Self(u8x16_shuffle::<
            3,
            0,
            1,
            2,
            7,
            4,
            5,
            6,
            11,
            8,
            9,
            10,
            15,
            12,
            13,
            14,
        >(self.0, self.0))
    }

    #[inline(always)]
    unsafe fn enter(self) -> Self {
        Self::lookup(self.nibbles(), &ENTER)
    }

    #[inline(always)]
    unsafe fn leave(self) -> Self {
        Self::lookup(self.nibbles(), &LEAVE)
    }

    #[inline(always)]
    unsafe fn substitute(self) -> (Self, Self, Self) {
        let halves = self.halves();
        let stay = Self::lookup(halves, &STAY).0;
        (
            Self(v128_xor(stay, u8x16_splat(DOMAIN.constant))),
            Self::lookup(halves, &TURN),
            Self::lookup(halves, &WRAP),
        )
    }

    #[inline(always)]
    unsafe fn sbox(self) -> Self {
        let inside = Self::lookup(self.nibbles(), &ENTER_OFFSET);
        let plain = Self::lookup(inside.halves(), &PLAIN).0;
        Self(v128_xor(plain, u8x16_splat(DOMAIN.plain_constant)))
    }
}
