//! The newest signed heads of the gateway's logs, and the one that contradicted a log.
//!
//! Not here: checking any of it (`shenhai-client`). They outlive sessions, as the pinned authority does.

use crate::{Store, StoreError, Write};
use serde::{Deserialize, Serialize};
use shenhai_protocol::SignedHead;

/// What is known of one log: that of a class of data in an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHead {
    /// Of the newest log that continues all before. Its signature was checked when it was kept.
    pub head: SignedHead,
    /// The signed head that does not go with it: both together are the evidence. Stays for good.
    #[serde(default)]
    pub contradicted_by: Option<SignedHead>,
}

impl Store {
    /// What is known of each log.
    ///
    /// # Errors
    /// When the database fails.
    pub fn log_heads(&self) -> Result<Vec<KeptHead>, StoreError> {
        Ok(self.json_meta("log_heads")?.unwrap_or_default())
    }
}

impl Write<'_> {
    /// Keep what is known of each log.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_log_heads(&self, heads: &[KeptHead]) -> Result<(), StoreError> {
        self.set_json_meta("log_heads", Some(&heads))
    }
}
