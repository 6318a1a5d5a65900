//! The order's states and which command leads from which to which, read from a file and checked.
//!
//! Not here: what a command carries (`forms`) and what it causes (the gateway).
//! Called by the gateway before every effect and by the client to know which buttons to show.

use serde::Deserialize;
use shenhai_protocol::{CommandKind, OrderState, Role};
use std::sync::LazyLock;
use thiserror::Error;

const TEXT: &str = include_str!("../data/hotline-flow.toml");

static STANDARD: LazyLock<Flow> =
    LazyLock::new(|| Flow::load(TEXT).expect("the flow shipped with the product is checked by its tests"));

const DAY_MILLIS: i64 = 24 * 3600 * 1000;

/// Why a flow file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FlowFileError {
    /// Not TOML of a flow, or a name that is no state, command or role.
    #[error("not a flow file: {0}")]
    Syntax(String),
    /// A state is listed twice.
    #[error("{0:?} is listed twice")]
    DuplicateState(OrderState),
    /// A state is used and not listed.
    #[error("{0:?} is used and not listed")]
    UnlistedState(OrderState),
    /// No chain of commands leads to a state.
    #[error("{0:?} cannot be reached")]
    Unreachable(OrderState),
    /// No command leads out of a state that is not final.
    #[error("nothing leads on from {0:?}")]
    DeadEnd(OrderState),
    /// A command is possible in a final state.
    #[error("{0:?} is possible in the final state {1:?}")]
    AfterFinal(CommandKind, OrderState),
    /// Nobody may give a command.
    #[error("nobody may {0:?}")]
    NoRole(CommandKind),
    /// A transition starts nowhere.
    #[error("{0:?} starts from no state")]
    NoOrigin(CommandKind),
    /// Two transitions answer the same command in the same state.
    #[error("{0:?} in {1:?} is defined twice")]
    Ambiguous(CommandKind, OrderState),
}

/// Why a command is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FlowError {
    /// The role never may.
    #[error("{role:?} may not {kind:?}")]
    Forbidden {
        /// The command.
        kind: CommandKind,
        /// Who asked.
        role: Role,
    },
    /// Not in this state.
    #[error("{kind:?} is not possible in {state:?}")]
    WrongState {
        /// The command.
        kind: CommandKind,
        /// Where the order stands.
        state: OrderState,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFile {
    version: String,
    initial: OrderState,
    closed_days: u32,
    state: Vec<StateEntry>,
    transition: Vec<Transition>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateEntry {
    id: OrderState,
    #[serde(default)]
    r#final: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transition {
    command: CommandKind,
    from: Vec<OrderState>,
    /// Missing where the command changes no state.
    to: Option<OrderState>,
    roles: Vec<Role>,
}

impl Transition {
    fn target(&self, state: OrderState) -> OrderState {
        self.to.unwrap_or(state)
    }
}

/// A checked flow.
#[derive(Debug)]
pub struct Flow {
    file: FlowFile,
}

impl Flow {
    /// The flow shipped with the product, `data/hotline-flow.toml`.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// Read and check a flow file.
    ///
    /// # Errors
    /// [`FlowFileError`] names the first rule the file breaks.
    pub fn load(text: &str) -> Result<Self, FlowFileError> {
        let file: FlowFile =
            toml::from_str(text).map_err(|error| FlowFileError::Syntax(error.message().to_owned()))?;
        let flow = Self { file };
        flow.check_states()?;
        flow.check_transitions()?;
        flow.check_reachability()?;
        Ok(flow)
    }

    /// The text of [`Flow::standard`]: what its digest is made of.
    #[must_use]
    pub fn standard_text() -> &'static str {
        TEXT
    }

    /// Version of the file.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.file.version
    }

    /// Where an order starts.
    #[must_use]
    pub fn initial(&self) -> OrderState {
        self.file.initial
    }

    /// How long a closed order stays with its handler, in milliseconds.
    #[must_use]
    pub fn closed_millis(&self) -> i64 {
        i64::from(self.file.closed_days) * DAY_MILLIS
    }

    /// What a role may do in some state, in the order of [`CommandKind::ALL`].
    #[must_use]
    pub fn acts_of(&self, role: Role) -> Vec<CommandKind> {
        let kinds = CommandKind::ALL.iter().copied();
        let may = |kind: &CommandKind| {
            let mut transitions = self.file.transition.iter();
            transitions.any(|t| t.command == *kind && t.roles.contains(&role))
        };
        kinds.filter(may).collect()
    }

    /// Whether a role may give any command at all.
    #[must_use]
    pub fn has_acts_for(&self, role: Role) -> bool {
        self.file.transition.iter().any(|t| t.roles.contains(&role))
    }

    /// Whether nothing can happen to an order any more.
    #[must_use]
    pub fn is_final(&self, state: OrderState) -> bool {
        self.file
            .state
            .iter()
            .any(|entry| entry.id == state && entry.r#final)
    }

    /// The state a command leads to.
    ///
    /// # Errors
    /// [`FlowError::Forbidden`] when the role may not give the command in any state, else
    /// [`FlowError::WrongState`] when it is not possible in this one.
    pub fn apply(&self, state: OrderState, kind: CommandKind, role: Role) -> Result<OrderState, FlowError> {
        let allowed = || {
            self.file
                .transition
                .iter()
                .filter(|t| t.command == kind && t.roles.contains(&role))
        };
        if allowed().next().is_none() {
            return Err(FlowError::Forbidden { kind, role });
        }
        allowed()
            .find(|t| t.from.contains(&state))
            .map(|t| t.target(state))
            .ok_or(FlowError::WrongState { kind, state })
    }

    /// What a role may do in a state, in the order of [`CommandKind::ALL`].
    #[must_use]
    pub fn actions(&self, state: OrderState, role: Role) -> Vec<CommandKind> {
        CommandKind::ALL
            .iter()
            .copied()
            .filter(|kind| self.apply(state, *kind, role).is_ok())
            .collect()
    }

    fn is_listed(&self, state: OrderState) -> bool {
        self.file.state.iter().any(|entry| entry.id == state)
    }

    fn check_states(&self) -> Result<(), FlowFileError> {
        for (i, entry) in self.file.state.iter().enumerate() {
            if self.file.state[..i].iter().any(|earlier| earlier.id == entry.id) {
                return Err(FlowFileError::DuplicateState(entry.id));
            }
        }
        let used = self
            .file
            .transition
            .iter()
            .flat_map(|t| t.from.iter().copied().chain(t.to));
        match std::iter::once(self.file.initial)
            .chain(used)
            .find(|state| !self.is_listed(*state))
        {
            Some(state) => Err(FlowFileError::UnlistedState(state)),
            None => Ok(()),
        }
    }

    fn check_transitions(&self) -> Result<(), FlowFileError> {
        let mut seen = Vec::new();
        for transition in &self.file.transition {
            let kind = transition.command;
            if transition.roles.is_empty() {
                return Err(FlowFileError::NoRole(kind));
            }
            if transition.from.is_empty() {
                return Err(FlowFileError::NoOrigin(kind));
            }
            for state in transition.from.iter().copied() {
                if self.is_final(state) {
                    return Err(FlowFileError::AfterFinal(kind, state));
                }
                if seen.contains(&(kind, state)) {
                    return Err(FlowFileError::Ambiguous(kind, state));
                }
                seen.push((kind, state));
            }
        }
        Ok(())
    }

    fn check_reachability(&self) -> Result<(), FlowFileError> {
        let mut reached = vec![self.file.initial];
        let mut next = 0;
        while let Some(state) = reached.get(next).copied() {
            next += 1;
            for transition in self.file.transition.iter().filter(|t| t.from.contains(&state)) {
                let target = transition.target(state);
                if !reached.contains(&target) {
                    reached.push(target);
                }
            }
        }
        for entry in &self.file.state {
            let state = entry.id;
            if !reached.contains(&state) {
                return Err(FlowFileError::Unreachable(state));
            }
            let leads_on = self
                .file
                .transition
                .iter()
                .any(|t| t.from.contains(&state) && t.target(state) != state);
            if !entry.r#final && !leads_on {
                return Err(FlowFileError::DeadEnd(state));
            }
        }
        Ok(())
    }
}
