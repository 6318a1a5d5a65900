//! Between the `cipher` crate's traits and the backends' functions.
//!
//! Not here: any arithmetic. Called by [`crate::Sm4`], once per use of a key.

use crate::keys::{RoundKeys, Schedule};
use crate::portable;
use cipher::array::ArraySize;
use cipher::consts::U16;
use cipher::inout::{InOut, InOutBuf};
use cipher::typenum::Unsigned;
use cipher::{
    Block, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherEncBackend, BlockCipherEncClosure,
    BlockSizeUser, ParBlocks, ParBlocksSizeUser,
};
use core::marker::PhantomData;

/// A way to run blocks, made of the instructions of one kind of machine.
///
/// # Safety
/// Every function may be called only where those instructions are. `from` has the blocks to read and `to` to
/// write, the same place or apart.
pub(crate) trait Kernel {
    /// How many blocks [`Kernel::all`] takes.
    type Par: ArraySize;

    unsafe fn expand(key: &[u8; 16]) -> RoundKeys;
    /// `Par` blocks.
    unsafe fn all(keys: &Schedule, from: *const u8, to: *mut u8);
    /// One block.
    unsafe fn one(keys: &Schedule, from: *const u8, to: *mut u8);
    /// Fewer blocks than `Par`.
    unsafe fn some(keys: &Schedule, from: *const u8, to: *mut u8, blocks: usize);
    /// `f` with a backend of these functions, compiled for their instructions as far as it can be inlined.
    unsafe fn encrypt(keys: &Schedule, f: impl BlockCipherEncClosure<BlockSize = U16>);
    /// The same for decryption.
    unsafe fn decrypt(keys: &Schedule, f: impl BlockCipherDecClosure<BlockSize = U16>);
}

/// A schedule of one direction with the functions that run it.
pub(crate) struct Wide<'a, K> {
    keys: &'a Schedule,
    kernel: PhantomData<K>,
}

impl<'a, K: Kernel> Wide<'a, K> {
    /// # Safety
    /// The machine has the instructions of `K`.
    #[inline(always)]
    pub(crate) unsafe fn new(keys: &'a Schedule) -> Self {
        Self {
            keys,
            kernel: PhantomData,
        }
    }

    #[inline(always)]
    fn one(&self, block: InOut<'_, '_, Block<Self>>) {
        let (from, to) = block.into_raw();
        // SAFETY: whoever made `self` vouched for the instructions; the pointers come from one block.
        unsafe { K::one(self.keys, from.cast(), to.cast()) }
    }

    #[inline(always)]
    fn all(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        let (from, to) = blocks.into_raw();
        // SAFETY: as in `one`; `ParBlocks` is an array of `K::Par` blocks.
        unsafe { K::all(self.keys, from.cast(), to.cast()) }
    }

    #[inline(always)]
    fn some(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        let count = blocks.len();
        assert!(
            count < K::Par::USIZE,
            "the trait's caller keeps whole batches apart"
        );
        let (from, to) = blocks.into_raw();
        // SAFETY: as in `one`; there are `count` blocks at both pointers.
        unsafe { K::some(self.keys, from.cast(), to.cast(), count) }
    }
}

impl<K> BlockSizeUser for Wide<'_, K> {
    type BlockSize = U16;
}

impl<K: Kernel> ParBlocksSizeUser for Wide<'_, K> {
    type ParBlocksSize = K::Par;
}

impl<K: Kernel> BlockCipherEncBackend for Wide<'_, K> {
    #[inline(always)]
    fn encrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.one(block);
    }

    #[inline(always)]
    fn encrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.all(blocks);
    }

    #[inline(always)]
    fn encrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.some(blocks);
    }
}

impl<K: Kernel> BlockCipherDecBackend for Wide<'_, K> {
    #[inline(always)]
    fn decrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.one(block);
    }

    #[inline(always)]
    fn decrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.all(blocks);
    }

    #[inline(always)]
    fn decrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.some(blocks);
    }
}

/// A [`Kernel`] whose functions are compiled for `$features` and made of two [`crate::lanes::Lanes`]: a wide
/// one for many blocks, a narrow one for few and for keys.
#[allow(unused_macros, reason = "used where there is an architecture with lanes")]
macro_rules! kernel {
    ($(#[$doc:meta])* $name:ident, $features:literal, $par:ty, $wide:ty, $groups:literal, $narrow:ty) => {
        $(#[$doc])*
        pub(crate) struct $name;

        // SAFETY (all blocks below): whoever calls a function of `Kernel` vouches for `$features`, of which the
        // lanes use no more, and for the blocks; `$par` is `$groups` times the wide lanes, as asserted.
        impl $crate::wide::Kernel for $name {
            type Par = $par;

            #[target_feature(enable = $features)]
            unsafe fn expand(key: &[u8; 16]) -> $crate::keys::RoundKeys {
                // SAFETY: see above the implementation.
                unsafe { $crate::lanes::expand::<$narrow>(key) }
            }

            #[target_feature(enable = $features)]
            unsafe fn all(keys: &$crate::keys::Schedule, from: *const u8, to: *mut u8) {
                const {
                    assert!(
                        <$par as cipher::typenum::Unsigned>::USIZE
                            == $groups * <$wide as $crate::lanes::Lanes>::LANES
                    )
                }
                // SAFETY: see above the implementation.
                unsafe { $crate::lanes::crypt::<$wide, $groups>(keys, from, to) }
            }

            #[target_feature(enable = $features)]
            unsafe fn one(keys: &$crate::keys::Schedule, from: *const u8, to: *mut u8) {
                // SAFETY: see above the implementation.
                unsafe { $crate::lanes::crypt_some::<$narrow>(keys, from, to, 1) }
            }

            #[target_feature(enable = $features)]
            unsafe fn some(keys: &$crate::keys::Schedule, from: *const u8, to: *mut u8, blocks: usize) {
                // SAFETY: see above the implementation.
                unsafe { $crate::lanes::crypt_some::<$wide>(keys, from, to, blocks) }
            }

            $crate::wide::closures!($features);
        }
    };
}
#[allow(unused_imports, reason = "used where there is an architecture with lanes")]
pub(crate) use kernel;

/// The two functions of a [`Kernel`] that take closures.
#[allow(unused_macros, reason = "used where there is an architecture with lanes")]
macro_rules! closures {
    ($features:literal) => {
        #[target_feature(enable = $features)]
        unsafe fn encrypt(
            keys: &$crate::keys::Schedule,
            f: impl cipher::BlockCipherEncClosure<BlockSize = cipher::consts::U16>,
        ) {
            // SAFETY: the caller vouches for the instructions.
            f.call(&unsafe { $crate::wide::Wide::<Self>::new(keys) });
        }

        #[target_feature(enable = $features)]
        unsafe fn decrypt(
            keys: &$crate::keys::Schedule,
            f: impl cipher::BlockCipherDecClosure<BlockSize = cipher::consts::U16>,
        ) {
            // SAFETY: the caller vouches for the instructions.
            f.call(&unsafe { $crate::wide::Wide::<Self>::new(keys) });
        }
    };
}
#[allow(unused_imports, reason = "used where there is an architecture with lanes")]
pub(crate) use closures;

/// The backend in plain Rust.
pub(crate) struct Plain<'a>(pub(crate) &'a Schedule);

impl Plain<'_> {
    fn one(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let mut buffer = [[0; 16]; portable::BLOCKS];
        buffer[0] = block.get_in().0;
        portable::crypt(self.0, &mut buffer);
        block.get_out().0 = buffer[0];
    }

    fn some(&self, mut blocks: InOutBuf<'_, '_, Block<Self>>) {
        let mut buffer = [[0; 16]; portable::BLOCKS];
        for (place, block) in buffer.iter_mut().zip(blocks.get_in()) {
            *place = block.0;
        }
        portable::crypt(self.0, &mut buffer);
        for (block, made) in blocks.get_out().iter_mut().zip(buffer) {
            block.0 = made;
        }
    }
}

impl BlockSizeUser for Plain<'_> {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Plain<'_> {
    type ParBlocksSize = U16;
}

impl BlockCipherEncBackend for Plain<'_> {
    fn encrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.one(block);
    }

    fn encrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.some(blocks.into_buf());
    }

    fn encrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.some(blocks);
    }
}

impl BlockCipherDecBackend for Plain<'_> {
    fn decrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.one(block);
    }

    fn decrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.some(blocks.into_buf());
    }

    fn decrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.some(blocks);
    }
}
