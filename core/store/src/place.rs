//! Where the database lies, under which names, and how a damaged one is put aside.
//!
//! The files themselves are in `place/native.rs` and `place/web.rs`. Called by `open`.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod web;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{Entered, enter};
#[cfg(target_arch = "wasm32")]
pub(crate) use web::{Entered, enter};

/// Where the database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this directory, which is made when missing.
    #[cfg(not(target_arch = "wasm32"))]
    Directory(std::path::PathBuf),
    /// In the browser's origin-private file system, in a pool of this name. Only in a dedicated Worker.
    #[cfg(target_arch = "wasm32")]
    Opfs(String),
    /// Nowhere: gone when the process ends.
    Memory,
}
