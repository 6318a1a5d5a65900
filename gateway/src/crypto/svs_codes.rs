//! The signature service's response codes (GM/T 0029-2014 annex on response codes) as the provider's errors.
//!
//! Used by both forms of the service's messages.

use shenhai_crypto::ProviderError;

pub(crate) const SUCCESS: u32 = 0;
const BASE: u32 = 0x0400_0000;
const CERT_ID: u32 = BASE + 1;
const SIGN_METHOD: u32 = BASE + 4;
const KEY_INDEX: u32 = BASE + 5;
const INVALID_SIGNATURE: u32 = BASE + 12;
const INVALID_DATA: u32 = BASE + 13;
const SYSTEM_FAILURE: u32 = BASE + 14;

/// `signMethod` of SM2 with SM3, `SGD_SM3_SM2` of GM/T 0006.
pub(crate) const SM2_WITH_SM3: u32 = 0x0002_0201;

/// Whether a signature holds, by the code of a check.
pub(crate) fn verified(code: u32) -> Result<bool, ProviderError> {
    match code {
        SUCCESS => Ok(true),
        INVALID_SIGNATURE => Ok(false),
        other => succeeded(other).map(|()| false),
    }
}

/// `Ok` for success alone.
pub(crate) fn succeeded(code: u32) -> Result<(), ProviderError> {
    match code {
        SUCCESS => Ok(()),
        CERT_ID | KEY_INDEX => Err(ProviderError::UnknownKey),
        SIGN_METHOD => Err(ProviderError::Unsupported),
        INVALID_DATA => Err(ProviderError::Malformed),
        SYSTEM_FAILURE => Err(ProviderError::Unavailable),
        _ => Err(ProviderError::Refused),
    }
}
