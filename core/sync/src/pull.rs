//! Where the copy of one scope stands.

use crate::backoff::Lane;
use shenhai_protocol::ScopeId;

/// One followed scope.
#[derive(Debug, Clone)]
pub(crate) struct Follow {
    pub(crate) scope: ScopeId,
    pub(crate) cursor: u64,
    /// A pull is due because something is new, or nothing was ever pulled.
    pub(crate) wanted: bool,
    /// Once pulled to the end.
    pub(crate) complete: bool,
    pub(crate) lane: Lane,
}

impl Follow {
    pub(crate) fn new(scope: ScopeId, cursor: u64, complete: bool) -> Self {
        Self {
            scope,
            cursor,
            wanted: true,
            complete,
            lane: Lane::default(),
        }
    }
}
