//! The SM4 block function (GB/T 32907-2016) without tables and in constant time, on whatever the machine has.
//!
//! Not a mode of operation: [`Sm4`] stands behind the `cipher` crate's traits, so that `aes-gcm`, `ctr`, `ccm`
//! and the like work on it unchanged. Called by `shenhai-crypto`; nobody else needs a bare block function.
//!
//! ```
//! use shenhai_sm4::{Sm4, cipher::{BlockCipherEncrypt, KeyInit}};
//!
//! // GB/T 32907-2016, appendix A, example 1.
//! let key = 0x0123456789abcdeffedcba9876543210_u128.to_be_bytes();
//! let mut block = key.into();
//! Sm4::new(&key.into()).encrypt_block(&mut block);
//! assert_eq!(block.0, 0x681edf34d206965e86b3e94f536e4246_u128.to_be_bytes());
//! ```

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_endian = "little"),
        all(target_arch = "wasm32", target_feature = "simd128")
    )),
    allow(dead_code, reason = "only the portable backend is there")
)]

pub use backend::{Backend, backends};
pub use batched::Batched;
pub use cipher;

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod aarch64;
mod backend;
mod batched;
mod field;
mod keys;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little"),
    all(target_arch = "wasm32", target_feature = "simd128")
))]
mod lanes;
#[cfg(any(
    all(target_arch = "aarch64", target_endian = "little"),
    all(target_arch = "wasm32", target_feature = "simd128")
))]
mod permute;
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
mod wide;
#[cfg(target_arch = "x86_64")]
mod x86;

use cipher::consts::{U1, U16};
use cipher::{
    AlgorithmName, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncClosure, BlockCipherEncrypt,
    BlockSizeUser, Key, KeyInit, KeySizeUser, ParBlocksSizeUser,
};
use core::fmt;
use keys::RoundKeys;
#[allow(unused_imports, reason = "used where there is a backend of its own")]
use wide::Kernel;
use wide::Plain;
use zeroize::ZeroizeOnDrop;

/// SM4 with one key. The round keys are overwritten when it is dropped and never printed.
#[derive(Clone)]
pub struct Sm4 {
    keys: RoundKeys,
    /// Only ever one that is available here: each `unsafe` below rests on it.
    backend: Backend,
}

/// Calls a function of the kernel that `$backend` names, or `$plain` for the portable one.
macro_rules! dispatch {
    ($backend:expr, $function:ident($($argument:expr),*), $plain:expr) => {
        match $backend {
            // SAFETY (each arm): a backend is only ever put to use after `Backend::is_available`, which asks for
            // the instructions that the kernel of that arm is made of.
            #[cfg(target_arch = "x86_64")]
            // SAFETY: see the first arm.
            Backend::GfniAvx512 => unsafe { x86::Avx512::$function($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: see the first arm.
            Backend::GfniAvx2 => unsafe { x86::Avx2::$function($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: see the first arm.
            Backend::AesAvx2 => unsafe { x86::AesAvx2::$function($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: see the first arm.
            Backend::AesSsse3 => unsafe { x86::AesSse::$function($($argument),*) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            // SAFETY: see the first arm.
            Backend::ArmSm4 => unsafe { aarch64::Sm4Instructions::$function($($argument),*) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            // SAFETY: see the first arm.
            Backend::ArmAes => unsafe { aarch64::AesInstructions::$function($($argument),*) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            // SAFETY: see the first arm.
            Backend::Neon => unsafe { aarch64::Neon::$function($($argument),*) },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            // SAFETY: see the first arm.
            Backend::Simd128 => unsafe { wasm::Simd128::$function($($argument),*) },
            _ => $plain,
        }
    };
}

impl Sm4 {
    /// SM4 on a backend of the caller's choice; `None` where the machine cannot run it.
    #[must_use]
    pub fn with_backend(key: &Key<Self>, backend: Backend) -> Option<Self> {
        backend.is_available().then(|| Self {
            keys: dispatch!(backend, expand(&key.0), portable::expand(&key.0)),
            backend,
        })
    }

    /// The backend in use.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }
}

impl KeySizeUser for Sm4 {
    type KeySize = U16;
}

impl KeyInit for Sm4 {
    fn new(key: &Key<Self>) -> Self {
        let backend = Backend::best();
        Self {
            keys: dispatch!(backend, expand(&key.0), portable::expand(&key.0)),
            backend,
        }
    }
}

impl BlockSizeUser for Sm4 {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Sm4 {
    /// Of the key itself, not of the backend that a closure is given, which takes 8 to 32 blocks.
    type ParBlocksSize = U1;
}

impl BlockCipherEncrypt for Sm4 {
    #[inline]
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        let keys = &self.keys.encryption;
        dispatch!(self.backend, encrypt(keys, f), f.call(&Plain(keys)));
    }
}

impl BlockCipherDecrypt for Sm4 {
    #[inline]
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        let keys = &self.keys.decryption;
        dispatch!(self.backend, decrypt(keys, f), f.call(&Plain(keys)));
    }
}

impl AlgorithmName for Sm4 {
    fn write_alg_name(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm4")
    }
}

impl fmt::Debug for Sm4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sm4({}, ..)", self.backend.name())
    }
}

impl ZeroizeOnDrop for Sm4 {}
