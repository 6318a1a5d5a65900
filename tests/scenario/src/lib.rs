//! The product's main job, from the city to a phone and back, as data: a stack to run it on, the steps, a
//! runner for the native core.
//!
//! Not the only runner: Kotlin and Node interpret the same `thread.json` (the language is in README.md).
//! `shenhai-stack` serves the stack to all of them; `shenhai-sample` uses the same pieces to fill a
//! demonstration with worked-on orders.

mod city;
mod control;
mod device;
mod matching;
mod packs;
mod relay;
mod runner;
mod stack;
mod steps;
mod template;
mod worker;

pub use city::{CityError, EmulatedCity};
pub use control::Control;
pub use device::{Device, DeviceError};
pub use matching::mismatch;
pub use relay::Relay;
pub use runner::{Failure, Links, Runner};
pub use stack::{DIRECTORY, Stack, StackConfig, StackError};
pub use steps::{Scenario, Step};
pub use worker::{Progress, handlers_of, work_on};
