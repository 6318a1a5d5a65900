//! The product's cryptography: SM2 signatures, encryption and certificates, SM3 digests, HMAC-SM3, SM4-GCM sealing.
//!
//! Not here: where keys are kept (the shells and the gateway's configuration), what is signed
//! (`shenhai-protocol`), and randomness – every function that needs some takes the caller's generator.
//! Called by the store, the client, the gateway and the emulators.
//!
//! The arithmetic is RustCrypto's, a software implementation and not a certified module. [`Provider`] is
//! the one place where a certified module or the city's 签名验签服务 takes its place.

mod certificate;
mod chunked;
mod der;
mod digest;
mod encryption;
mod keys;
mod mac;
mod page;
mod pin;
mod provider;
mod seal;
mod signature;
mod software;
mod verdict;

pub use certificate::{
    Certificate, CertificateError, LONGEST_CHAIN, Subject, Usage, Validity, issue, issue_root, verify_chain,
};
pub use chunked::{
    CHUNK, ChunkError, ChunkOpener, ChunkSealer, FILE_HEADER, FileKey, chunk_at, chunk_count, chunk_range,
    full_chunks, plain_len, sealed_len,
};
pub use der::DerError;
pub use digest::{Digest32, Sm3Hasher, sm3};
pub use encryption::{EncryptionError, LONGEST_PLAINTEXT};
pub use keys::{KeyError, PublicKey, SecretKey, device_id, fingerprint};
pub use mac::{hmac_sm3, verify_hmac_sm3};
pub use page::PageKey;
pub use pin::{PIN_BYTES, PIN_ITERATIONS, PIN_RECORD, PinError, PinLock, PinParams, pbkdf2_hmac_sm3};
pub use provider::{KeyRef, Origin, Provider, ProviderError, ProviderKind};
pub use rand_core::CryptoRng;
pub use seal::{OpenError, SealingKey};
pub use signature::{Component, Signature, SignatureError};
pub use software::SoftwareProvider;
pub use verdict::{CertificateFault, IndeterminateReason, InvalidReason, Verdict, verify_hex};
