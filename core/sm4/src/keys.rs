//! The key schedule of GB/T 32907-2016 §7.3 but for its S-box, which each backend brings.
//!
//! Not here: the form in which a backend wants the words. Called by the backends when a key is set.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// One word per round, in the order of use and in the backend's form.
pub(crate) type Schedule = [u32; 32];

/// The system parameter FK of §7.3.
pub(crate) const FK: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];

/// The fixed parameters CK of §7.3: byte `j` of word `i` is `7·(4i + j)` modulo 256.
pub(crate) const CK: Schedule = {
    let mut ck = [0; 32];
    let mut i = 0;
    while i < 32 {
        let first = 28 * i as u32;
        ck[i] = (first & 255) << 24
            | ((first + 7) & 255) << 16
            | ((first + 14) & 255) << 8
            | ((first + 21) & 255);
        i += 1;
    }
    ck
};

/// Round keys for both directions, overwritten when dropped.
#[derive(Clone)]
pub(crate) struct RoundKeys {
    pub(crate) encryption: Schedule,
    /// The same words, last first.
    pub(crate) decryption: Schedule,
}

impl RoundKeys {
    /// From a key's 16 bytes and the S-box on the four bytes of a word.
    #[inline(always)]
    pub(crate) fn of(key: &[u8; 16], sbox: impl Fn(u32) -> u32) -> Self {
        let mut words = key_words(key);
        let mut encryption = [0; 32];
        for (i, (round_key, ck)) in encryption.iter_mut().zip(CK).enumerate() {
            let b = sbox(words[(i + 1) % 4] ^ words[(i + 2) % 4] ^ words[(i + 3) % 4] ^ ck);
            words[i % 4] ^= b ^ b.rotate_left(13) ^ b.rotate_left(23);
            *round_key = words[i % 4];
        }
        words.zeroize();
        Self::both_ways(encryption)
    }

    /// From the words for encryption.
    pub(crate) fn both_ways(encryption: Schedule) -> Self {
        let mut decryption = encryption;
        decryption.reverse();
        Self {
            encryption,
            decryption,
        }
    }
}

/// The first four words of the schedule.
pub(crate) fn key_words(key: &[u8; 16]) -> [u32; 4] {
    let mut words = FK;
    for (word, bytes) in words.iter_mut().zip(key.chunks_exact(4)) {
        *word ^= bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte));
    }
    words
}

impl Drop for RoundKeys {
    fn drop(&mut self) {
        self.encryption.zeroize();
        self.decryption.zeroize();
    }
}

impl ZeroizeOnDrop for RoundKeys {}

#[cfg(test)]
mod tests {
    use super::CK;

    #[test]
    fn the_fixed_parameters_are_the_standards() {
        assert_eq!(CK[0], 0x0007_0e15);
        assert_eq!(CK[1], 0x1c23_2a31);
        assert_eq!(CK[31], 0x646b_7279);
    }
}
