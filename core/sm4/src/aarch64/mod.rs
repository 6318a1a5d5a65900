//! The backends for aarch64: the SM4 instructions, the AES instructions, NEON alone.
//!
//! Not here: which one is used. Called through [`crate::wide::Kernel`].

mod instructions;
mod words;

pub(crate) use self::instructions::Sm4Instructions;
use self::words::{AesWords, NeonWords};
use crate::wide::kernel;
use cipher::consts::U16;

kernel!(
    /// AES's S-box by AESE.
    AesInstructions,
    "neon,aes",
    U16,
    AesWords,
    4,
    AesWords
);
kernel!(
    /// Lookups of nibbles by TBL.
    Neon,
    "neon",
    U16,
    NeonWords,
    4,
    NeonWords
);
