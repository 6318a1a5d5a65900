//! How long ago and how late: the two questions about time, each with the one type that answers it.
//!
//! Not a clock: every [`Reading`] is passed in. [`Elapsed`] counts what passes and misses neither a sleep nor a clock
//! that was set back; [`ServerClock`] says what the server's clock shows and is not moved by a clock that was set.

use shenhai_protocol::UnixMillis;

/// What the machine's two clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Milliseconds since an arbitrary start; nobody can set them. May stand still while the machine sleeps.
    pub steady: u64,
    /// The clock on the wall. Goes on while the machine sleeps, and people set it.
    pub wall: UnixMillis,
}

impl Reading {
    /// How far the wall clock is ahead of the steady one.
    fn gap(self) -> i64 {
        self.wall.0.saturating_sub(signed(self.steady))
    }
}

/// Time that passed, counted so that it is never too little: where the wall clock went further than the steady one,
/// the machine may have slept, and the larger step is believed.
///
/// For what must not last too long: the lock, the lease. What must not be *shortened* by setting a clock – the pause
/// after a wrong PIN – goes by the steady clock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    /// The gap of the two clocks up to which all is counted.
    gap: i64,
    /// What the steady clock missed, milliseconds.
    missed: u64,
    /// The steady clock misses nothing here.
    counts_sleep: bool,
}

impl Elapsed {
    /// Two clocks that read one after the other differ by some milliseconds, and a clock that is disciplined from
    /// afar is slewed by half a millisecond a second: less than this is neither a sleep nor a step.
    const STEP_MILLIS: i64 = 2_000;

    /// Count from `reading`. `counts_sleep`: the steady clock goes on while the machine sleeps and is enough.
    #[must_use]
    pub fn since(reading: Reading, counts_sleep: bool) -> Self {
        Self {
            gap: reading.gap(),
            missed: 0,
            counts_sleep,
        }
    }

    /// Ticks, milliseconds: their differences are what passed. They begin with the steady clock's own count.
    #[must_use]
    pub fn ticks(self, reading: Reading) -> u64 {
        let step = self.step(reading).max(0).unsigned_abs();
        reading.steady.saturating_add(self.missed).saturating_add(step)
    }

    /// Take note of `reading`, so that a clock set back afterwards takes nothing away.
    pub fn observe(&mut self, reading: Reading) {
        let step = self.step(reading);
        if step != 0 {
            self.missed = self.missed.saturating_add(step.max(0).unsigned_abs());
            self.gap = reading.gap();
        }
    }

    /// How far the wall clock moved against the steady one; 0 for what is no step.
    fn step(self, reading: Reading) -> i64 {
        let moved = reading.gap().saturating_sub(self.gap);
        if self.counts_sleep || moved.abs() < Self::STEP_MILLIS {
            0
        } else {
            moved
        }
    }
}

/// The server's clock as seen from a device whose own may be years off: an instant the server named, and what passed
/// since by the steady clock. A wall clock that is set while this runs moves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerClock {
    /// What the server's clock showed at a count of the steady one.
    anchor: (UnixMillis, u64),
    /// Server time minus wall time as last learnt, milliseconds.
    offset_millis: i64,
    /// The server told the time since this was opened.
    told: bool,
    /// The steady clock misses nothing here.
    counts_sleep: bool,
}

/// How stamps that were given in doubt are put right once the server told the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// They were right, or nobody can tell.
    None,
    /// The wall clock was right: the machine slept. A stamp lacks the gap of the two guesses when it was given.
    Slept,
    /// A stamp given at this gap – since the last step of the wall clock – is off by so much.
    Off {
        /// The gap of the two guesses now.
        gap: i64,
        /// What has to be added, milliseconds.
        by: i64,
    },
}

impl Correction {
    /// Two guesses nearer than this are the same.
    const NEAR_MILLIS: u64 = 2_000;
    /// A wall clock that nobody set is right to this.
    const RIGHT_MILLIS: u64 = 30_000;

    /// What is to be added to a stamp that was given at `gap`, milliseconds.
    #[must_use]
    pub fn of(self, gap: i64) -> i64 {
        match self {
            Self::None => 0,
            Self::Slept => gap,
            Self::Off { gap: now, by } => {
                if gap.abs_diff(now) < Self::NEAR_MILLIS {
                    by
                } else {
                    0
                }
            }
        }
    }
}

impl ServerClock {
    /// A change below this is the jitter of the network and not worth writing down.
    const NOTEWORTHY_MILLIS: u64 = 1_000;

    /// With what was kept from earlier: the offset of the wall clock, and an instant that the server's clock had
    /// reached. A wall clock that stands before it was set back; then that instant is the better guess.
    #[must_use]
    pub fn with_kept(offset_millis: i64, reached: UnixMillis, reading: Reading, counts_sleep: bool) -> Self {
        let by_wall = reading.wall.plus(offset_millis);
        Self {
            anchor: (by_wall.max(reached), reading.steady),
            offset_millis,
            told: false,
            counts_sleep,
        }
    }

    /// Server time minus wall time when it was last learnt, milliseconds.
    #[must_use]
    pub fn offset_millis(self) -> i64 {
        self.offset_millis
    }

    /// An answer carried `server_time`. Says whether that moved anything worth telling: the time that is shown, or the
    /// offset that is kept.
    pub fn learn(&mut self, server_time: UnixMillis, reading: Reading) -> bool {
        let moved = server_time.since(self.now(reading)).unsigned_abs() >= Self::NOTEWORTHY_MILLIS;
        if moved {
            self.anchor = (server_time, reading.steady);
        }
        self.told = true;
        self.note_offset(server_time.since(reading.wall)) || moved
    }

    /// The wall clock was set, as a steady clock that misses nothing can tell: the offset follows, so that it holds
    /// when this is opened anew. Says whether it moved enough to be kept.
    pub fn follow_wall(&mut self, reading: Reading) -> bool {
        self.counts_sleep && self.note_offset(self.now(reading).since(reading.wall))
    }

    /// What the server's clock shows.
    #[must_use]
    pub fn now(self, reading: Reading) -> UnixMillis {
        let (server, steady) = self.anchor;
        server.plus(signed(reading.steady).saturating_sub(signed(steady)))
    }

    /// The latest that it may show: where the machine may have slept, the wall clock's guess.
    #[must_use]
    pub fn latest(self, reading: Reading) -> UnixMillis {
        if self.counts_sleep {
            self.now(reading)
        } else {
            self.now(reading).max(self.by_wall(reading))
        }
    }

    /// The gap between the wall clock's guess and [`Self::now`], where a stamp given now may have to be put right;
    /// `None` where it is sure.
    #[must_use]
    pub fn doubt(self, reading: Reading) -> Option<i64> {
        let gap = self.gap(reading);
        let apart = !self.counts_sleep && gap.unsigned_abs() >= Correction::NEAR_MILLIS;
        (apart || !self.told).then_some(gap)
    }

    /// The server tells the time: what was wrong. To be asked before it is learnt.
    #[must_use]
    pub fn correction(self, server_time: UnixMillis, reading: Reading) -> Correction {
        let off = |guess: UnixMillis| server_time.since(guess);
        let by = off(self.now(reading));
        if by.unsigned_abs() < Correction::NEAR_MILLIS {
            Correction::None
        } else if !self.counts_sleep && off(self.by_wall(reading)).unsigned_abs() < Correction::RIGHT_MILLIS {
            Correction::Slept
        } else {
            Correction::Off {
                gap: self.gap(reading),
                by,
            }
        }
    }

    fn by_wall(self, reading: Reading) -> UnixMillis {
        reading.wall.plus(self.offset_millis)
    }

    fn gap(self, reading: Reading) -> i64 {
        self.by_wall(reading).since(self.now(reading))
    }

    fn note_offset(&mut self, offset: i64) -> bool {
        let moved = offset.abs_diff(self.offset_millis) >= Self::NOTEWORTHY_MILLIS;
        if moved {
            self.offset_millis = offset;
        }
        moved
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: UnixMillis = UnixMillis(1_795_000_000_000);
    const HOUR: i64 = 3_600_000;

    fn at(steady: u64, wall: UnixMillis) -> Reading {
        Reading { steady, wall }
    }

    #[test]
    fn an_hour_asleep_counts_although_the_steady_clock_stood_still() {
        let elapsed = Elapsed::since(at(1_000, SERVER), false);
        let woken = at(1_500, SERVER.plus(HOUR + 500));
        assert_eq!(elapsed.ticks(woken), 1_500 + 3_600_000);
        // Where the steady clock counts sleep, a wall clock that is ahead was set.
        let sure = Elapsed::since(at(1_000, SERVER), true);
        assert_eq!(sure.ticks(woken), 1_500);
    }

    #[test]
    fn a_clock_set_back_takes_nothing_away_and_hides_no_later_sleep() {
        let mut elapsed = Elapsed::since(at(0, SERVER), false);
        let set_back = at(1_000, SERVER.plus(-HOUR));
        assert_eq!(elapsed.ticks(set_back), 1_000);
        elapsed.observe(set_back);
        let slept = at(2_000, SERVER);
        assert_eq!(elapsed.ticks(slept), 2_000 + 3_599_000);
        elapsed.observe(slept);
        let back_again = at(3_000, SERVER.plus(-HOUR));
        elapsed.observe(back_again);
        assert_eq!(elapsed.ticks(back_again), 3_000 + 3_599_000);
    }

    #[test]
    fn jitter_between_the_clocks_adds_up_to_nothing() {
        let mut elapsed = Elapsed::since(at(0, SERVER), false);
        for second in 1..=10_000_u64 {
            let jitter = if second % 2 == 0 { 40 } else { -40 };
            let steady = second * 1_000;
            elapsed.observe(at(steady, SERVER.plus(steady as i64 + jitter)));
        }
        assert_eq!(elapsed.ticks(at(10_000_000, SERVER.plus(10_000_000))), 10_000_000);
    }

    fn opened(offset: i64, reached: UnixMillis, reading: Reading) -> ServerClock {
        ServerClock::with_kept(offset, reached, reading, false)
    }

    #[test]
    fn a_clock_ten_years_ahead_is_corrected_to_the_servers_time() {
        let wall = SERVER.plus(10 * 365 * 24 * HOUR);
        let mut clock = opened(0, UnixMillis(0), at(7, wall));
        assert!(clock.learn(SERVER, at(7, wall)));
        assert_eq!(clock.now(at(60_007, wall.plus(60_000))), SERVER.plus(60_000));
        let reopened = opened(clock.offset_millis(), SERVER, at(0, wall.plus(HOUR)));
        assert_eq!(reopened.now(at(0, wall.plus(HOUR))), SERVER.plus(HOUR));
    }

    #[test]
    fn a_clock_set_by_three_hours_while_it_runs_moves_nothing() {
        for step in [3 * HOUR, -3 * HOUR] {
            let mut clock = ServerClock::with_kept(0, UnixMillis(0), at(0, SERVER), true);
            clock.learn(SERVER, at(0, SERVER));
            let stepped = at(60_000, SERVER.plus(60_000 + step));
            assert_eq!(clock.now(stepped), SERVER.plus(60_000), "{step}");
            assert_eq!(clock.latest(stepped), SERVER.plus(60_000), "{step}");
            assert_eq!(clock.doubt(stepped), None, "{step}");
            // Kept with the step, the offset is right for whoever opens this anew.
            assert!(clock.follow_wall(stepped));
            assert_eq!(clock.offset_millis(), -step);
            let later = at(0, SERVER.plus(step + 2 * HOUR));
            let reopened = ServerClock::with_kept(-step, SERVER, later, true);
            let reading = at(1_000, SERVER.plus(step + 2 * HOUR + 1_000));
            assert_eq!(reopened.now(reading), SERVER.plus(2 * HOUR + 1_000), "{step}");
        }
    }

    #[test]
    fn opened_with_a_clock_set_back_it_goes_on_from_what_was_reached() {
        let set_back = SERVER.plus(-10 * 365 * 24 * HOUR);
        let clock = opened(0, SERVER, at(500, set_back));
        assert_eq!(clock.now(at(60_500, set_back.plus(60_000))), SERVER.plus(60_000));
    }

    #[test]
    fn where_sleep_may_not_count_the_servers_next_word_tells_a_sleep_from_a_step() {
        let mut clock = opened(0, UnixMillis(0), at(0, SERVER));
        clock.learn(SERVER, at(0, SERVER));
        let apart = at(60_000, SERVER.plus(60_000 + HOUR));
        assert_eq!(clock.now(apart), SERVER.plus(60_000), "a step is not followed");
        assert_eq!(
            clock.latest(apart),
            SERVER.plus(60_000 + HOUR),
            "what may be the past is not the future"
        );
        let gap = clock.doubt(apart).expect("in doubt");
        // A minute later the server speaks.
        let later = at(120_000, SERVER.plus(120_000 + HOUR));
        let slept = clock.correction(SERVER.plus(120_000 + HOUR + 50), later);
        assert_eq!(clock.now(apart).plus(slept.of(gap)), SERVER.plus(60_000 + HOUR));
        let set = clock.correction(SERVER.plus(120_050), later);
        assert_eq!(set.of(gap), 0);
        assert!(
            clock.learn(SERVER.plus(120_000 + HOUR), later),
            "the countdowns are told"
        );
    }

    #[test]
    fn a_wrong_guess_at_opening_is_put_right_for_what_was_stamped_since() {
        // The wall clock was set back an hour while this was closed.
        let clock = opened(0, UnixMillis(0), at(0, SERVER.plus(-HOUR)));
        let first = at(10_000, SERVER.plus(10_000 - HOUR));
        let gap = clock.doubt(first).expect("nobody told the time yet");
        let told = clock.correction(SERVER.plus(20_000), at(20_000, SERVER.plus(20_000 - HOUR)));
        assert_eq!(clock.now(first).plus(told.of(gap)), SERVER.plus(10_000));
        // What was stamped before a later step of the wall clock cannot be told.
        assert_eq!(told.of(gap + HOUR), 0);
    }

    #[test]
    fn network_jitter_is_not_written_down() {
        let mut clock = opened(5_000, UnixMillis(0), at(0, UnixMillis(100_000)));
        assert!(!clock.learn(UnixMillis(105_400), at(0, UnixMillis(100_000))));
        assert_eq!(clock.offset_millis(), 5_000);
        assert_eq!(clock.now(at(0, UnixMillis(100_000))), UnixMillis(105_000));
    }

    #[test]
    fn hostile_times_do_not_overflow() {
        let mut clock = opened(0, UnixMillis(0), at(0, UnixMillis(i64::MIN)));
        let far = at(u64::MAX, UnixMillis(i64::MIN));
        assert_eq!(clock.correction(UnixMillis(i64::MAX), far).of(i64::MAX), 0);
        clock.learn(UnixMillis(i64::MAX), far);
        assert_eq!(
            clock.now(at(u64::MAX, UnixMillis(i64::MAX))),
            UnixMillis(i64::MAX)
        );
        assert_eq!(clock.latest(at(0, UnixMillis(i64::MAX))), UnixMillis(i64::MAX));
        let mut elapsed = Elapsed::since(at(u64::MAX, UnixMillis(i64::MIN)), false);
        elapsed.observe(at(0, UnixMillis(i64::MAX)));
        assert_eq!(elapsed.ticks(at(u64::MAX, UnixMillis(i64::MAX))), u64::MAX);
    }
}
