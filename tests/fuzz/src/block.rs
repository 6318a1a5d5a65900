//! The SM4 block function against the table-based crate, on every backend of this machine.
//!
//! Not a parser: any bytes are a key and blocks. Called by the smoke tests and the libFuzzer wrappers.

use shenhai_sm4::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use shenhai_sm4::{Sm4, backends};

/// Most blocks of one input: over three batches of the widest backend.
const MOST: usize = 100;

/// The first 16 bytes as a key, the rest as blocks, a last one filled up with zeros.
pub fn sm4_blocks(data: &[u8]) {
    let (key, rest) = data.split_at(data.len().min(16));
    let mut key_bytes = [0; 16];
    key_bytes[..key.len()].copy_from_slice(key);

    let plain: Vec<Block<Sm4>> = rest
        .chunks(16)
        .take(MOST)
        .map(|chunk| {
            let mut block = [0; 16];
            block[..chunk.len()].copy_from_slice(chunk);
            block.into()
        })
        .collect();
    let mut expected = plain.clone();
    sm4::Sm4::new(&key_bytes.into()).encrypt_blocks(&mut expected);

    for backend in backends() {
        let cipher = Sm4::with_backend(&key_bytes.into(), backend).expect("a backend this machine has");
        let mut blocks = plain.clone();
        cipher.encrypt_blocks(&mut blocks);
        assert!(blocks == expected, "{} encrypts otherwise", backend.name());
        cipher.decrypt_blocks(&mut blocks);
        assert!(blocks == plain, "{} does not decrypt", backend.name());
    }
}
