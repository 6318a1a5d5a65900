//! The machine against tables of events, and against any sequence of failures.

use super::*;
use proptest::prelude::*;
use shenhai_protocol::OrderId;

fn now(tick: u64) -> Now {
    Now {
        tick,
        time: UnixMillis(i64::try_from(tick).unwrap_or(i64::MAX)),
        dice: 0,
    }
}

fn scope() -> ScopeId {
    ScopeId::from("person:wang")
}

fn row(seq: u64, order: &str) -> Row {
    Row {
        cmd_id: CmdId(format!("c{seq}")),
        order: OrderId::from(order),
        seq: Some(seq),
        bytes: 1_000,
        attempts: 0,
        state: RowState::Queued,
    }
}

fn done(seq: u64, order: &str) -> Row {
    Row {
        state: RowState::Done,
        ..row(seq, order)
    }
}

fn signed_in(rows: Vec<Row>) -> (Machine, Vec<Instruction>) {
    let mut machine = Machine::new();
    let scopes = vec![ScopeState {
        scope: scope(),
        cursor: 0,
        complete: false,
    }];
    let out = machine.handle(
        Event::SignedIn {
            scopes,
            rows,
            device_seq: None,
        },
        now(0),
    );
    (machine, out)
}

fn pushes(out: &[Instruction]) -> Vec<Vec<&str>> {
    out.iter()
        .filter_map(|instruction| match instruction {
            Instruction::Push { commands } => Some(commands.iter().map(CmdId::as_str).collect()),
            _ => None,
        })
        .collect()
}

fn verdicts(decisions: &[(&str, Option<ErrorCode>)]) -> Event {
    let decisions = decisions
        .iter()
        .map(|(cmd, refused)| Decision {
            cmd_id: CmdId::from(*cmd),
            refused: *refused,
        })
        .collect();
    Event::PushAnswered(Verdicts {
        decisions,
        unverified: false,
        stop: None,
    })
}

fn stop(code: ErrorCode, expected_seq: Option<u64>) -> Event {
    Event::PushAnswered(Verdicts {
        stop: Some(Stop { code, expected_seq }),
        ..Verdicts::default()
    })
}

fn state(machine: &Machine, cmd: &str) -> RowState {
    machine
        .rows()
        .iter()
        .find(|row| row.cmd_id.as_str() == cmd)
        .expect("a row")
        .state
}

fn pulled(cursor: u64, more: bool) -> Event {
    Event::PullAnswered {
        scope: scope(),
        cursor,
        more,
        device_seq: 0,
    }
}

#[test]
fn the_chain_goes_out_oldest_first_in_one_push() {
    let (_, out) = signed_in(vec![row(3, "b"), row(1, "a"), row(2, "a")]);
    assert_eq!(pushes(&out), [["c1", "c2", "c3"]]);
}

#[test]
fn a_push_never_exceeds_its_limits() {
    let (_, out) = signed_in((1..=100).map(|seq| row(seq, "a")).collect());
    assert_eq!(pushes(&out)[0].len(), limits::PUSH_COMMANDS);
    let big = |seq| Row {
        bytes: limits::ENVELOPE_BYTES,
        ..row(seq, "a")
    };
    let (_, out) = signed_in((1..=64).map(big).collect());
    assert!(pushes(&out)[0].len() * limits::ENVELOPE_BYTES * 2 <= limits::PUSH_BYTES);
}

#[test]
fn every_transient_failure_sends_the_same_commands_again_after_a_pause() {
    for code in [
        ErrorCode::Offline,
        ErrorCode::BadAnswer,
        ErrorCode::Overloaded,
        ErrorCode::RateLimited,
        ErrorCode::StorageFull,
        ErrorCode::Internal,
    ] {
        let (mut machine, first) = signed_in(vec![row(1, "a"), row(2, "a")]);
        let out = machine.handle(Event::PushFailed(code), now(10));
        assert!(pushes(&out).is_empty(), "{code:?}");
        assert_eq!(
            state(&machine, "c1"),
            RowState::Backoff {
                until: UnixMillis(510),
                reason: code
            }
        );
        assert!(pushes(&machine.handle(Event::Timer, now(509))).is_empty());
        assert_eq!(
            pushes(&machine.handle(Event::Timer, now(510))),
            pushes(&first),
            "{code:?}"
        );
    }
}

#[test]
fn a_failing_push_does_not_hold_up_the_pull() {
    let (mut machine, out) = signed_in(vec![row(1, "a")]);
    assert!(out.contains(&Instruction::Pull {
        scope: scope(),
        cursor: 0
    }));
    machine.handle(Event::PushFailed(ErrorCode::BadAnswer), now(1));
    let out = machine.handle(pulled(7, true), now(2));
    assert_eq!(
        out,
        [Instruction::Pull {
            scope: scope(),
            cursor: 7
        }]
    );
}

#[test]
fn a_refusal_parks_one_command_and_shows_those_behind_it_as_blocked_but_sends_them() {
    let rows = (1..=66)
        .map(|seq| row(seq, if seq % 2 == 1 { "a" } else { "b" }))
        .collect();
    let (mut machine, out) = signed_in(rows);
    let batch: Vec<String> = pushes(&out)[0].iter().map(|cmd| (*cmd).to_owned()).collect();
    let answered: Vec<(&str, Option<ErrorCode>)> = batch
        .iter()
        .map(|cmd| (cmd.as_str(), (cmd == "c1").then_some(ErrorCode::WrongState)))
        .collect();
    let out = machine.handle(verdicts(&answered), now(1));
    assert_eq!(
        state(&machine, "c1"),
        RowState::Parked {
            reason: ErrorCode::WrongState
        }
    );
    assert_eq!(state(&machine, "c2"), RowState::Done);
    let shown = out.iter().find_map(|instruction| match instruction {
        Instruction::Save(row) if row.cmd_id.as_str() == "c65" => Some(row.state),
        _ => None,
    });
    assert_eq!(
        shown,
        Some(RowState::Blocked {
            reason: ErrorCode::WrongState
        })
    );
    assert_eq!(pushes(&out), [["c65", "c66"]]);
}

#[test]
fn a_stop_without_receipt_takes_one_command_out_of_the_chain() {
    for code in [
        ErrorCode::Malformed,
        ErrorCode::BadSignature,
        ErrorCode::IdReused,
        ErrorCode::TooLarge,
    ] {
        let (mut machine, _) = signed_in(vec![row(1, "a"), row(2, "b")]);
        let out = machine.handle(stop(code, None), now(1));
        assert_eq!(state(&machine, "c1"), RowState::Parked { reason: code });
        assert!(out.contains(&Instruction::Rechain));
        assert!(
            pushes(&out).is_empty(),
            "nothing is sent before the chain is signed anew"
        );
        let moved = Row {
            seq: Some(1),
            ..row(2, "b")
        };
        let out = machine.handle(Event::Rows(vec![moved]), now(2));
        assert_eq!(pushes(&out), [["c2"]]);
    }
}

#[test]
fn a_request_refused_as_a_whole_is_taken_apart_until_the_culprit_is_found() {
    let (mut machine, _) = signed_in(vec![row(1, "a"), row(2, "b")]);
    let out = machine.handle(Event::PushFailed(ErrorCode::TooLarge), now(1));
    assert_eq!(pushes(&out), [["c1"]]);
    machine.handle(Event::PushFailed(ErrorCode::TooLarge), now(2));
    assert_eq!(
        state(&machine, "c1"),
        RowState::Parked {
            reason: ErrorCode::TooLarge
        }
    );
    assert_eq!(state(&machine, "c2"), RowState::Queued);
}

#[test]
fn what_the_person_decided_of_is_not_sent_and_its_content_not_sent_again() {
    let parked = |seq| Row {
        state: RowState::Parked {
            reason: ErrorCode::WrongState,
        },
        ..row(seq, "a")
    };
    let (mut machine, _) = signed_in(vec![parked(1), parked(2)]);
    let forgotten = Row {
        bytes: 0,
        ..done(1, "a")
    };
    machine.handle(Event::RowChanged(forgotten.clone()), now(1));
    machine.handle(Event::RowRemoved(CmdId::from("c2")), now(1));
    assert_eq!(machine.rows(), std::slice::from_ref(&forgotten));
    machine.handle(Event::RowChanged(done(9, "of another key's chain")), now(1));
    assert_eq!(machine.rows(), [forgotten]);
    let out = machine.handle(Event::RowAppended(row(2, "a")), now(2));
    assert_eq!(pushes(&out), [["c2"]]);
}

#[test]
fn a_restored_gateway_gets_the_receipted_commands_again() {
    let (mut machine, _) = signed_in(vec![done(1, "a"), done(2, "a"), row(3, "a")]);
    machine.handle(stop(ErrorCode::SeqGap, Some(2)), now(1));
    assert_eq!(state(&machine, "c1"), RowState::Done);
    assert_eq!(pushes(&machine.handle(Event::Timer, now(600))), [["c2", "c3"]]);
}

#[test]
fn a_chain_that_cannot_be_continued_is_retired_and_nothing_is_lost() {
    for event in [
        stop(ErrorCode::SeqGap, Some(9)),
        stop(ErrorCode::ChainBroken, None),
    ] {
        let (mut machine, _) = signed_in(vec![row(3, "a")]);
        let out = machine.handle(event, now(1));
        assert!(
            out.iter().any(|i| matches!(i, Instruction::RetireChain(_))),
            "{out:?}"
        );
        assert!(out.iter().any(|i| matches!(i, Instruction::NeedSignIn(_))));
        assert!(state(&machine, "c3").is_parked());
    }
}

#[test]
fn an_ended_session_or_a_revoked_device_stops_everything_and_keeps_everything() {
    for (code, parked) in [
        (ErrorCode::Unauthenticated, false),
        (ErrorCode::SessionExpired, false),
        (ErrorCode::UnknownUser, false),
        (ErrorCode::DeviceRevoked, true),
        (ErrorCode::UnknownDevice, true),
    ] {
        for event in [
            Event::PushFailed(code),
            stop(code, None),
            Event::PullFailed { scope: scope(), code },
            Event::WakeFailed(code),
            Event::RenewalFailed(code),
        ] {
            let (mut machine, _) = signed_in(vec![row(1, "a")]);
            let out = machine.handle(event, now(1));
            assert!(out.contains(&Instruction::NeedSignIn(code)), "{code:?} {out:?}");
            assert_eq!(state(&machine, "c1").is_parked(), parked);
            assert!(machine.handle(Event::Hurry, now(99_999)).is_empty());
            assert_eq!(machine.overview(now(1)).phase, Phase::SignedOut);
        }
    }
}

#[test]
fn a_device_called_revoked_outside_of_its_session_stops_and_keeps_everything() {
    let (mut machine, _) = signed_in(vec![row(1, "a")]);
    let out = machine.handle(Event::Revoked, now(1));
    assert!(
        out.contains(&Instruction::NeedSignIn(ErrorCode::DeviceRevoked)),
        "{out:?}"
    );
    assert!(state(&machine, "c1").is_parked());
    assert_eq!(machine.overview(now(1)).phase, Phase::SignedOut);
}

#[test]
fn a_lease_that_could_not_be_renewed_for_now_stops_nothing() {
    for code in [ErrorCode::Offline, ErrorCode::BadAnswer, ErrorCode::Overloaded] {
        let (mut machine, _) = signed_in(vec![]);
        machine.handle(pulled(3, false), now(1));
        let before = machine.overview(now(2));
        assert_eq!(machine.handle(Event::RenewalFailed(code), now(2)), [], "{code:?}");
        assert_eq!(machine.overview(now(2)), before, "{code:?}");
    }
}

#[test]
fn a_gone_cursor_clears_the_copy_and_starts_from_zero() {
    let (mut machine, _) = signed_in(vec![row(1, "a")]);
    machine.handle(pulled(40, false), now(1));
    machine.handle(Event::Hurry, now(2));
    let gone = Event::PullFailed {
        scope: scope(),
        code: ErrorCode::CursorGone,
    };
    let out = machine.handle(gone.clone(), now(3));
    assert_eq!(
        out,
        [
            Instruction::ClearScope(scope()),
            Instruction::Pull {
                scope: scope(),
                cursor: 0
            }
        ]
    );
    assert!(!machine.overview(now(3)).loaded);
    assert_eq!(
        machine.handle(gone, now(4)),
        [],
        "gone at zero is a fault and waits"
    );
}

#[test]
fn a_scope_taken_away_is_forgotten() {
    let (mut machine, _) = signed_in(Vec::new());
    let out = machine.handle(
        Event::PullFailed {
            scope: scope(),
            code: ErrorCode::ScopeDenied,
        },
        now(1),
    );
    assert_eq!(out, [Instruction::DropScope(scope())]);
    assert!(machine.handle(Event::Hurry, now(2)).is_empty());
}

#[test]
fn when_all_is_sent_and_received_it_waits_for_news() {
    let (mut machine, _) = signed_in(Vec::new());
    let out = machine.handle(pulled(3, false), now(1));
    let cursors = BTreeMap::from([("person:wang".to_owned(), 3)]);
    assert_eq!(
        out,
        [Instruction::Wake {
            cursors,
            wait_ms: limits::WAKE_MILLIS
        }]
    );
    let overview = machine.overview(now(1));
    assert_eq!(
        (overview.phase, overview.last_ok_at, overview.loaded),
        (Phase::Idle, Some(UnixMillis(1)), true)
    );

    let heads = BTreeMap::from([("person:wang".to_owned(), 5)]);
    let out = machine.handle(Event::WakeAnswered { heads }, now(20_000));
    assert_eq!(
        out,
        [Instruction::Pull {
            scope: scope(),
            cursor: 3
        }]
    );
}

#[test]
fn a_log_that_began_anew_is_news() {
    let (mut machine, _) = signed_in(Vec::new());
    machine.handle(pulled(30, false), now(1));
    let heads = BTreeMap::from([("person:wang".to_owned(), 2)]);
    let out = machine.handle(Event::WakeAnswered { heads }, now(20_000));
    assert_eq!(
        out,
        [Instruction::Pull {
            scope: scope(),
            cursor: 30
        }]
    );
}

#[test]
fn answers_that_lead_nowhere_do_not_make_it_spin() {
    let (mut machine, _) = signed_in(Vec::new());
    let mut out = machine.handle(pulled(3, false), now(0));
    let mut wakes = 0;
    for tick in 0..10_000 {
        // The gateway promises news at once and never has any.
        let mut next = Vec::new();
        for instruction in &out {
            match instruction {
                Instruction::Wake { .. } => {
                    wakes += 1;
                    let heads = BTreeMap::from([("person:wang".to_owned(), 9)]);
                    next.extend(machine.handle(Event::WakeAnswered { heads }, now(tick)));
                }
                Instruction::Pull { .. } => next.extend(machine.handle(pulled(3, false), now(tick))),
                other => panic!("{other:?}"),
            }
        }
        next.extend(machine.handle(Event::Timer, now(tick)));
        out = next;
    }
    assert!(wakes < 12, "{wakes} wakes in ten seconds");

    let (mut machine, _) = signed_in(Vec::new());
    let out = machine.handle(pulled(0, true), now(1));
    assert!(
        out.is_empty(),
        "a page that brings nothing and promises more is a bad answer"
    );
}

#[test]
fn without_a_network_it_waits_for_the_hint_or_the_person() {
    let (mut machine, _) = signed_in(Vec::new());
    machine.handle(Event::Network { online: false }, now(1));
    assert!(machine.handle(Event::RowAppended(row(1, "a")), now(2)).is_empty());
    assert_eq!(machine.next_tick(), None);
    assert_eq!(
        pushes(&machine.handle(Event::Network { online: true }, now(3))),
        [["c1"]]
    );

    machine.handle(Event::PushFailed(ErrorCode::Offline), now(4));
    machine.handle(Event::Network { online: false }, now(5));
    assert_eq!(pushes(&machine.handle(Event::Hurry, now(6))), [["c1"]]);
}

#[test]
fn what_was_under_way_when_the_process_ended_is_due_again() {
    let leased = Row {
        state: RowState::Leased,
        attempts: 4,
        ..row(1, "a")
    };
    let (machine, out) = signed_in(vec![leased]);
    assert_eq!(pushes(&out), [["c1"]]);
    assert_eq!(machine.rows()[0].attempts, 5);
}

#[test]
fn the_gateway_is_told_again_what_it_forgot_when_the_person_signs_in() {
    let mut machine = Machine::new();
    let rows = vec![done(1, "a"), done(2, "a")];
    let out = machine.handle(
        Event::SignedIn {
            scopes: Vec::new(),
            rows,
            device_seq: Some(1),
        },
        now(0),
    );
    assert_eq!(pushes(&out), [["c2"]]);
}

// --- any sequence of failures ---

/// What may come back for a push.
#[derive(Debug, Clone)]
enum Fate {
    Answered { refuse: Vec<bool> },
    LostAnswer,
    NotDone(ErrorCode),
    Partly(usize),
    Unverified,
    StopFirst,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => proptest::collection::vec(any::<bool>(), 64).prop_map(|refuse| Fate::Answered { refuse }),
        2 => Just(Fate::LostAnswer),
        2 => prop_oneof![Just(ErrorCode::Offline), Just(ErrorCode::BadAnswer), Just(ErrorCode::Overloaded)]
            .prop_map(Fate::NotDone),
        2 => (0_usize..64).prop_map(Fate::Partly),
        1 => Just(Fate::Unverified),
        1 => Just(Fate::StopFirst),
    ]
}

/// A gateway that keeps the chain rule, and the rows as the database keeps them.
struct Model {
    machine: Machine,
    tick: u64,
    next: u64,
    /// Verdicts by command, and the order in which they were given.
    taken: BTreeMap<String, bool>,
    taken_order: Vec<String>,
    gateway_seq: u64,
    verified: Vec<String>,
    appended: Vec<(String, String)>,
}

impl Model {
    fn append(&mut self, order: u8) {
        self.next += 1;
        let seq = self
            .machine
            .rows()
            .iter()
            .filter_map(|row| row.seq)
            .max()
            .unwrap_or(0)
            + 1;
        let order = format!("o{order}");
        let row = Row {
            cmd_id: CmdId(format!("n{}", self.next)),
            ..row(seq, &order)
        };
        self.appended.push((row.cmd_id.0.clone(), order));
        self.run(Event::RowAppended(row), None);
    }

    /// What [`Instruction::Rechain`] does.
    fn rechain(&self) -> Vec<Row> {
        let mut rows = self.machine.rows().to_vec();
        rows.sort_by_key(|row| row.seq.unwrap_or(u64::MAX));
        let mut last = self.gateway_seq;
        for row in rows
            .iter_mut()
            .filter(|row| row.seq.is_some() && row.state.is_sendable())
        {
            last += 1;
            row.seq = Some(last);
        }
        rows
    }

    fn run(&mut self, event: Event, mut fate: Option<Fate>) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let out = self.machine.handle(event, now(self.tick));
            for instruction in out {
                match instruction {
                    Instruction::Push { commands } => match fate.take() {
                        Some(fate) => events.push(self.answer(&commands, fate)),
                        None => events.push(Event::PushFailed(ErrorCode::Offline)),
                    },
                    Instruction::Rechain => events.push(Event::Rows(self.rechain())),
                    Instruction::RetireChain(code) => panic!("the chain was torn: {code:?}"),
                    _ => {}
                }
            }
        }
    }

    /// Take a command as the gateway does: in sequence only, and once.
    fn take(&mut self, cmd: &CmdId, refuse: bool) -> Decision {
        let seq = self
            .machine
            .rows()
            .iter()
            .find(|row| row.cmd_id == *cmd)
            .and_then(|row| row.seq);
        if !self.taken.contains_key(cmd.as_str()) {
            assert_eq!(seq, Some(self.gateway_seq + 1), "{cmd} leaves a gap");
            self.gateway_seq += 1;
            self.taken.insert(cmd.0.clone(), refuse);
            self.taken_order.push(cmd.0.clone());
        }
        Decision {
            cmd_id: cmd.clone(),
            refused: self.taken[cmd.as_str()].then_some(ErrorCode::WrongState),
        }
    }

    fn answer(&mut self, commands: &[CmdId], fate: Fate) -> Event {
        match fate {
            Fate::NotDone(code) => Event::PushFailed(code),
            Fate::LostAnswer => {
                for cmd in commands {
                    self.take(cmd, false);
                }
                Event::PushFailed(ErrorCode::Offline)
            }
            Fate::Unverified => {
                for cmd in commands {
                    self.take(cmd, false);
                }
                Event::PushAnswered(Verdicts {
                    unverified: true,
                    ..Verdicts::default()
                })
            }
            Fate::StopFirst if !self.taken.contains_key(commands[0].as_str()) => {
                stop(ErrorCode::Malformed, None)
            }
            Fate::StopFirst => Event::PushFailed(ErrorCode::BadAnswer),
            Fate::Answered { refuse } => self.receipts(commands, &refuse, None),
            Fate::Partly(count) => {
                let count = count % (commands.len() + 1);
                self.receipts(
                    &commands[..count],
                    &[],
                    Some(Stop {
                        code: ErrorCode::Overloaded,
                        expected_seq: None,
                    }),
                )
            }
        }
    }

    fn receipts(&mut self, commands: &[CmdId], refuse: &[bool], stop: Option<Stop>) -> Event {
        let refused = |index: usize| refuse.get(index).copied().unwrap_or(false);
        let decisions: Vec<Decision> = commands
            .iter()
            .enumerate()
            .map(|(index, cmd)| self.take(cmd, refused(index)))
            .collect();
        self.verified
            .extend(decisions.iter().map(|decision| decision.cmd_id.0.clone()));
        Event::PushAnswered(Verdicts {
            decisions,
            unverified: false,
            stop,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_fails_order_is_kept_and_nothing_is_dropped_without_a_receipt(
        steps in proptest::collection::vec((0_u8..3, fate()), 1..40),
    ) {
        let (machine, _) = signed_in(Vec::new());
        let mut model = Model {
            machine,
            tick: 0,
            next: 0,
            taken: BTreeMap::new(),
            taken_order: Vec::new(),
            gateway_seq: 0,
            verified: Vec::new(),
            appended: Vec::new(),
        };
        for (order, fate) in steps {
            model.append(order);
            model.tick += 120_000;
            model.run(Event::Timer, Some(fate));
            for row in model.machine.rows() {
                if row.state == RowState::Done {
                    prop_assert!(model.verified.contains(&row.cmd_id.0), "{} dropped unverified", row.cmd_id);
                }
            }
            prop_assert_eq!(model.machine.rows().len(), model.appended.len(), "no row disappears");
        }
        // The network recovers: all that may be sent is sent.
        for _ in 0..10 {
            model.tick += 120_000;
            model.run(Event::Timer, Some(Fate::Answered { refuse: Vec::new() }));
        }
        prop_assert!(model.machine.rows().iter().all(|row| !row.state.is_sendable()));
        let sent_in_order: Vec<&String> =
            model.appended.iter().map(|(cmd, _)| cmd).filter(|cmd| model.taken.contains_key(*cmd)).collect();
        prop_assert_eq!(sent_in_order, model.taken_order.iter().collect::<Vec<_>>());
    }
}
