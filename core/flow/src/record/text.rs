//! The state text: a line per item in fixed order, one spelling per type. Its SM3 is what gateway, device and verifier
//! compare.
//!
//! Not here: reading it back (`document`). The grammar is written down in `docs/record.md`.

use super::spelling::{self, NOTHING, escaped, item, option, push, time, value};
use super::{Link, Pending, Record, Step};
use crate::clock::ClockState;
use shenhai_pack::names::{ActId, ClockId};

impl Record {
    /// The state text.
    #[must_use]
    pub fn state_text(&self) -> String {
        let mut out = String::with_capacity(4096);
        let out = &mut out;
        self.envelope(out);
        for (seat, holders) in &self.seats {
            for holder in holders {
                push(out, format_args!("seat {seat}"));
                for part in [&holder.person, &holder.unit, &holder.place] {
                    out.push(' ');
                    value(out, part);
                }
                out.push('\n');
            }
        }
        for (name, fact) in &self.facts {
            push(out, format_args!("fact {name} {} ", fact.rev));
            item(out, &fact.item);
            out.push('\n');
        }
        for (table, rows) in &self.tables {
            for row in rows {
                push(out, format_args!("row {table} {}\n", row.rev));
                for (column, cell) in &row.cells {
                    push(out, format_args!("cell {column} "));
                    item(out, cell);
                    out.push('\n');
                }
            }
        }
        for (id, state) in &self.clocks {
            clock(out, id, state);
        }
        for one in &self.links {
            link(out, one);
        }
        for (act, done) in &self.steps.acts {
            step(out, act, done);
        }
        push(
            out,
            format_args!("history {} {}\n", self.steps.count, self.steps.digest),
        );
        std::mem::take(out)
    }

    /// The record as it is kept: the state text and the newest heads.
    #[must_use]
    pub fn document(&self) -> String {
        let mut out = self.state_text();
        for head in &self.steps.heads {
            spelling::head(&mut out, head);
            out.push('\n');
        }
        out
    }

    fn envelope(&self, out: &mut String) {
        push(out, format_args!("record 1\nkind {}\nid ", self.kind));
        escaped(out, &self.id);
        push(out, format_args!("\nlaw {}\nrev {}\n", self.law, self.rev));
        push(
            out,
            format_args!("state {} {}\n", self.state, self.category.word()),
        );
        if let Some(state) = &self.came_from {
            push(out, format_args!("came_from {state}\n"));
        }
        let instants = [
            ("opened", Some(self.opened)),
            ("changed", Some(self.changed)),
            ("closed", self.closed),
        ];
        for (name, at) in instants {
            if let Some(at) = at {
                push(out, format_args!("{name} {at}\n"));
            }
        }
    }
}

fn clock(out: &mut String, id: &ClockId, state: &ClockState) {
    push(
        out,
        format_args!("clock {id} {} {} ", state.generation, state.began),
    );
    option(out, state.ended, time);
    out.push('\n');
    for pause in &state.pauses {
        push(out, format_args!("pause {} ", pause.from));
        option(out, pause.to, time);
        out.push('\n');
    }
    for alarm in &state.fired {
        push(out, format_args!("fired {alarm}\n"));
    }
}

fn link(out: &mut String, link: &Link) {
    push(
        out,
        format_args!("link {} {} {} ", link.name, link.key, link.kind),
    );
    option(out, link.id.as_deref(), escaped);
    out.push(' ');
    out.push_str(link.category.map_or(NOTHING, |category| category.word()));
    out.push('\n');
    for pending in &link.pending {
        match pending {
            Pending::Open => out.push_str("pending open\n"),
            Pending::Act(act) => push(out, format_args!("pending do {act}\n")),
        }
    }
    for (name, given) in &link.gives {
        push(out, format_args!("gives {name} "));
        value(out, given);
        out.push('\n');
    }
}

fn step(out: &mut String, act: &ActId, step: &Step) {
    push(out, format_args!("step {act} {} {}", step.count, step.rev));
    for part in [&step.at, &step.by, &step.role, &step.unit] {
        out.push(' ');
        value(out, part);
    }
    out.push('\n');
}
