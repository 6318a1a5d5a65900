//! SM4E and SM4EKEY: four rounds, or four round keys, in one instruction.
//!
//! Not through [`crate::lanes`]: these hold one block per vector. Called through [`Kernel`].

use crate::keys::{CK, RoundKeys, Schedule, key_words};
use crate::wide::{Kernel, closures};
use cipher::consts::U8;
use core::arch::aarch64::*;
use core::arch::asm;

/// The SM4 instructions.
pub(crate) struct Sm4Instructions;

/// Four rounds.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn four_rounds(mut block: uint32x4_t, keys: uint32x4_t) -> uint32x4_t {
    // SAFETY: SM4E reads and writes the two registers and nothing else; the feature makes it known. Its
    // intrinsic is not stable yet.
    unsafe {
        asm!(
            ".arch_extension sm4",
            "sm4e {block:v}.4s, {keys:v}.4s",
            block = inout(vreg) block,
            keys = in(vreg) keys,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    block
}

/// The next four words of the key schedule.
#[target_feature(enable = "neon,sm4")]
#[inline]
fn four_keys(last: uint32x4_t, parameters: uint32x4_t) -> uint32x4_t {
    let next: uint32x4_t;
    // SAFETY: as in `four_rounds`.
    unsafe {
        asm!(
            ".arch_extension sm4",
            "sm4ekey {next:v}.4s, {last:v}.4s, {parameters:v}.4s",
            next = out(vreg) next,
            last = in(vreg) last,
            parameters = in(vreg) parameters,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    next
}

/// `N` blocks side by side.
///
/// # Safety
/// `from` has `N` blocks to read, `to` to write, the same place or apart.
#[target_feature(enable = "neon,sm4")]
#[inline]
unsafe fn crypt<const N: usize>(keys: &Schedule, from: *const u8, to: *mut u8) {
    let mut state = [vdupq_n_u32(0); N];
    for (n, block) in state.iter_mut().enumerate() {
        // SAFETY: block `n` is one of the caller's.
        let bytes = unsafe { vld1q_u8(from.add(16 * n)) };
        *block = vreinterpretq_u32_u8(vrev32q_u8(bytes));
    }
    for four in keys.chunks_exact(4) {
        // SAFETY: four words to read.
        let four = unsafe { vld1q_u32(four.as_ptr()) };
        for block in &mut state {
            *block = four_rounds(*block, four);
        }
    }
    for (n, &block) in state.iter().enumerate() {
        // The standard's R turns the words over; all sixteen bytes end in reverse.
        let bytes = vrev64q_u8(vreinterpretq_u8_u32(block));
        // SAFETY: block `n` is one of the caller's.
        unsafe { vst1q_u8(to.add(16 * n), vextq_u8::<8>(bytes, bytes)) };
    }
}

impl Kernel for Sm4Instructions {
    type Par = U8;

    #[target_feature(enable = "neon,sm4")]
    unsafe fn expand(key: &[u8; 16]) -> RoundKeys {
        let mut keys = [0; 32];
        // SAFETY: four words to read.
        let mut last = unsafe { vld1q_u32(key_words(key).as_ptr()) };
        for (four, parameters) in keys.chunks_exact_mut(4).zip(CK.chunks_exact(4)) {
            // SAFETY: four words to read and four to write.
            unsafe {
                last = four_keys(last, vld1q_u32(parameters.as_ptr()));
                vst1q_u32(four.as_mut_ptr(), last);
            }
        }
        RoundKeys::both_ways(keys)
    }

    #[target_feature(enable = "neon,sm4")]
    unsafe fn all(keys: &Schedule, from: *const u8, to: *mut u8) {
        // SAFETY: the caller has eight blocks.
        unsafe { crypt::<8>(keys, from, to) }
    }

    #[target_feature(enable = "neon,sm4")]
    unsafe fn one(keys: &Schedule, from: *const u8, to: *mut u8) {
        // SAFETY: the caller has the block.
        unsafe { crypt::<1>(keys, from, to) }
    }

    #[target_feature(enable = "neon,sm4")]
    unsafe fn some(keys: &Schedule, from: *const u8, to: *mut u8, blocks: usize) {
        for n in 0..blocks {
            // SAFETY: block `n` is one of the caller's.
            unsafe { crypt::<1>(keys, from.add(16 * n), to.add(16 * n)) }
        }
    }

    closures!("neon,sm4");
}
