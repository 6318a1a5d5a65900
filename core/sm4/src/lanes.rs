//! SM4 over vectors of 32-bit words, one block per lane: the rounds and the key schedule, written once.
//!
//! Not here: what a vector is (one type per instruction set implements [`Lanes`]). Called by the backends.
//!
//! Words stay in the byte order of memory, so SM4's `⋘ 8` is a turn of a word's bytes towards the lower
//! address, and they stay in the backend's own form of a byte ([`crate::field::Domain`]). No step looks at a
//! value to decide anything and no address depends on a value.

use crate::keys::{RoundKeys, Schedule};

/// A vector of 32-bit words.
///
/// # Safety
/// Every function may be called only where the processor has the instructions of the implementing type;
/// `load` and `store` besides need `4 * LANES` readable and writable bytes, aligned or not.
pub(crate) trait Lanes: Copy {
    /// How many words, and so how many blocks.
    const LANES: usize;
    /// φ(d3), added to every byte of a round key.
    const OFFSET: u8;

    unsafe fn load(from: *const u8) -> Self;
    unsafe fn store(self, to: *mut u8);
    unsafe fn splat(word: u32) -> Self;
    /// The word of lane 0.
    unsafe fn first(self) -> u32;
    unsafe fn xor(self, other: Self) -> Self;
    /// The first and second words of every 128 bits of both, in turn.
    unsafe fn zip_low_32(self, other: Self) -> Self;
    /// The third and fourth words.
    unsafe fn zip_high_32(self, other: Self) -> Self;
    /// The first 64 bits of every 128 bits of both.
    unsafe fn zip_low_64(self, other: Self) -> Self;
    /// The last 64 bits.
    unsafe fn zip_high_64(self, other: Self) -> Self;
    /// Each word, as the standard writes it, rotated left by 8.
    unsafe fn turn_8(self) -> Self;
    /// By 16.
    unsafe fn turn_16(self) -> Self;
    /// By 24.
    unsafe fn turn_24(self) -> Self;
    /// From the standard's bytes to the backend's form.
    unsafe fn enter(self) -> Self;
    /// And back.
    unsafe fn leave(self) -> Self;
    /// `stay`, `turn` and `wrap` of the reciprocals, the constant being in the first.
    unsafe fn substitute(self) -> (Self, Self, Self);
    /// The S-box on the standard's bytes.
    unsafe fn sbox(self) -> Self;
}

/// Words to lanes and back: a 4×4 matrix of words turned over, in every 128 bits of four vectors.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn transpose<V: Lanes>(rows: [V; 4]) -> [V; 4] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let (a, b) = (rows[0].zip_low_32(rows[1]), rows[0].zip_high_32(rows[1]));
        let (c, d) = (rows[2].zip_low_32(rows[3]), rows[2].zip_high_32(rows[3]));
        [
            a.zip_low_64(c),
            a.zip_high_64(c),
            b.zip_low_64(d),
            b.zip_high_64(d),
        ]
    }
}

/// `GROUPS * V::LANES` blocks through the 32 rounds, the groups side by side to fill the pipeline.
///
/// # Safety
/// As [`Lanes`]; `from` has that many blocks to read and `to` to write. They are the same place or apart.
#[inline(always)]
pub(crate) unsafe fn crypt<V: Lanes, const GROUPS: usize>(keys: &Schedule, from: *const u8, to: *mut u8) {
    let bytes = 4 * V::LANES;
    // SAFETY: the caller has the instructions, and no offset reaches GROUPS * 4 * bytes. Everything is read
    // before anything is written.
    unsafe {
        let mut state = [[V::splat(0); 4]; GROUPS];
        for (group, words) in state.iter_mut().enumerate() {
            let at = from.add(group * 4 * bytes);
            let rows = [
                V::load(at).enter(),
                V::load(at.add(bytes)).enter(),
                V::load(at.add(2 * bytes)).enter(),
                V::load(at.add(3 * bytes)).enter(),
            ];
            *words = transpose(rows);
        }
        for four in keys.chunks_exact(4) {
            for (i, &key) in four.iter().enumerate() {
                let key = V::splat(key);
                for words in &mut state {
                    let known = words[(i + 1) % 4].xor(words[(i + 2) % 4]).xor(key);
                    let (stay, turn, wrap) = known.xor(words[(i + 3) % 4]).substitute();
                    words[i] = words[i]
                        .xor(stay)
                        .xor(wrap.turn_24())
                        .xor(turn.turn_8().xor(turn.turn_16()));
                }
            }
        }
        for (group, &[a, b, c, d]) in state.iter().enumerate() {
            let at = to.add(group * 4 * bytes);
            for (row, words) in transpose([d, c, b, a]).into_iter().enumerate() {
                words.leave().store(at.add(row * bytes));
            }
        }
    }
}

/// Any number of blocks, `V::LANES` at a time; the last few in a buffer with blocks nobody asked for.
///
/// # Safety
/// As [`crypt`] for `blocks` blocks.
#[inline(always)]
pub(crate) unsafe fn crypt_some<V: Lanes>(keys: &Schedule, from: *const u8, to: *mut u8, blocks: usize) {
    const WIDEST: usize = 16;
    const { assert!(V::LANES <= WIDEST) }
    let whole = blocks - blocks % V::LANES;
    // SAFETY: the caller has the instructions; `whole` is a multiple of the lanes not above `blocks`, the rest
    // is below the lanes and fits the buffer, which is as long as the widest vector's blocks.
    unsafe {
        for at in (0..whole).step_by(V::LANES) {
            crypt::<V, 1>(keys, from.add(16 * at), to.add(16 * at));
        }
        let rest = 16 * (blocks - whole);
        if rest > 0 {
            let mut buffer = [0_u8; 16 * WIDEST];
            core::ptr::copy_nonoverlapping(from.add(16 * whole), buffer.as_mut_ptr(), rest);
            let place = buffer.as_mut_ptr();
            crypt::<V, 1>(keys, place, place);
            core::ptr::copy_nonoverlapping(place, to.add(16 * whole), rest);
        }
    }
}

/// The key schedule (GB/T 32907-2016 §7.3), the round keys in the backend's form.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn expand<V: Lanes>(key: &[u8; 16]) -> RoundKeys {
    // SAFETY: the caller has the instructions.
    unsafe {
        let mut keys = RoundKeys::of(key, |word| V::splat(word).sbox().first());
        for word in keys.encryption.iter_mut().chain(&mut keys.decryption) {
            *word = V::splat(word.swap_bytes()).enter().first() ^ (0x0101_0101 * u32::from(V::OFFSET));
        }
        keys
    }
}
