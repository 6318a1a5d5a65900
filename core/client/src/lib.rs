//! The facade of the core: sessions, use cases, the synchronisation loop and the rpc waist.

pub mod rpc;
