//! shenhai-store
