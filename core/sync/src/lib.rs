//! shenhai-sync
