//! How much one person's commands may fill of the disk in a day.
//!
//! Not how often they may ask (`room`). Every genuine command is kept with its receipt, refused ones too, for they are
//! evidence; so it is bytes that have to be bounded, and those of refused commands more closely: no honest client
//! makes many. Counted in memory: a new start forgives, and a disk is not filled by starts.

use super::limiter::TooOften;
use crate::config::Tuning;
use crate::decide::Kept;
use shenhai_protocol::{UnixMillis, UserId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const DAY_MILLIS: i64 = 24 * 3600 * 1000;

#[derive(Default)]
pub(crate) struct Quotas(Mutex<Day>);

#[derive(Default)]
struct Day {
    number: i64,
    kept: HashMap<UserId, Kept>,
}

impl Quotas {
    /// Whether more of this person's may be stored today. Asked before a batch, so that the last one may go beyond.
    pub(crate) fn ask(&self, user: &UserId, tuning: &Tuning, now: UnixMillis) -> Result<(), TooOften> {
        let day = self.today(now);
        let kept = day.kept.get(user).copied().unwrap_or_default();
        if kept.all < tuning.kept_per_day && kept.in_vain < tuning.kept_in_vain_per_day {
            return Ok(());
        }
        let left = DAY_MILLIS - now.0.rem_euclid(DAY_MILLIS);
        Err(TooOften {
            retry_after: left.unsigned_abs().div_ceil(1000),
        })
    }

    /// So much was stored.
    pub(crate) fn charge(&self, user: &UserId, kept: Kept, now: UnixMillis) {
        let mut day = self.today(now);
        let so_far = day.kept.entry(user.clone()).or_default();
        so_far.all = so_far.all.saturating_add(kept.all);
        so_far.in_vain = so_far.in_vain.saturating_add(kept.in_vain);
    }

    fn today(&self, now: UnixMillis) -> std::sync::MutexGuard<'_, Day> {
        let mut day = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.0.div_euclid(DAY_MILLIS);
        if day.number != number {
            *day = Day {
                number,
                kept: HashMap::new(),
            };
        }
        day
    }
}
