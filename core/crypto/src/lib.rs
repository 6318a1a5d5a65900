//! shenhai-crypto
