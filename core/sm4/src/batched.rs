//! [`Sm4`] that asks for a fixed number of blocks at a time.
//!
//! Not another backend. Modes such as `ctr` run what is left after whole batches block by block, which costs as much
//! per block as a whole wide batch: a database page of 254 blocks spent two thirds of its time on its last 30. Where
//! every message has the same length, a batch that divides it leaves nothing over. Called by `shenhai-crypto`.

use crate::Sm4;
use cipher::array::ArraySize;
use cipher::consts::{U1, U16};
use cipher::inout::{InOut, InOutBuf};
use cipher::{
    Block, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, Key, KeyInit,
    KeySizeUser, ParBlocks, ParBlocksSizeUser,
};
use core::fmt;
use core::marker::PhantomData;
use zeroize::ZeroizeOnDrop;

/// [`Sm4`] in batches of `N` blocks. Good for messages of whole batches, slow for the rest of others.
#[derive(Clone)]
pub struct Batched<N> {
    cipher: Sm4,
    batch: PhantomData<N>,
}

impl<N> KeySizeUser for Batched<N> {
    type KeySize = U16;
}

impl<N> KeyInit for Batched<N> {
    fn new(key: &Key<Self>) -> Self {
        Self {
            cipher: Sm4::new(key),
            batch: PhantomData,
        }
    }
}

impl<N> BlockSizeUser for Batched<N> {
    type BlockSize = U16;
}

impl<N> ParBlocksSizeUser for Batched<N> {
    /// Of the key itself; what a closure is given takes `N` blocks.
    type ParBlocksSize = U1;
}

impl<N: ArraySize> BlockCipherEncrypt for Batched<N> {
    #[inline]
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        f.call(&Batch::<N> {
            cipher: &self.cipher,
            batch: PhantomData,
        });
    }
}

impl<N> fmt::Debug for Batched<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cipher.fmt(f)
    }
}

impl<N> ZeroizeOnDrop for Batched<N> {}

struct Batch<'a, N> {
    cipher: &'a Sm4,
    batch: PhantomData<N>,
}

impl<N> BlockSizeUser for Batch<'_, N> {
    type BlockSize = U16;
}

impl<N: ArraySize> ParBlocksSizeUser for Batch<'_, N> {
    type ParBlocksSize = N;
}

impl<N: ArraySize> BlockCipherEncBackend for Batch<'_, N> {
    #[inline]
    fn encrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.cipher.encrypt_block_inout(block);
    }

    #[inline]
    fn encrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.cipher.encrypt_blocks_inout(blocks.into_buf());
    }

    #[inline]
    fn encrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.cipher.encrypt_blocks_inout(blocks);
    }
}
