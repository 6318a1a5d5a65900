//! Load for measurements: devices that sign in, sign commands ahead of time, and push them one by one.
//!
//! Not a test of correctness: every command is a genuine one and anything but an accepted receipt stops the
//! measurement. Called by `shenhai-bench`, which `cargo xtask bench thread` starts.

mod device;
mod load;

pub use device::{Device, Orders};
pub use load::{Figures, push_all};

/// Why a measurement stopped.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
