//! Lists of records that are read at the gateway: of scopes too large to be held by a device.

use crate::{HeldRecord, Kind, UnixMillis};
use serde::{Deserialize, Serialize};

/// `POST /v1/list`: a page of one of the lists of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// Whose records.
    pub kind: Kind,
    /// Which list of the newest version of the pack.
    pub list: String,
    /// Which of its tabs; absent: the whole list.
    #[serde(default)]
    pub tab: Option<String>,
    /// Text that must occur in one of its search facts, at most [`crate::limits::TEXT_CHARS`] characters; empty for all.
    #[serde(default)]
    pub search: String,
    /// Where the page begins: `next` of the page before; absent: at the beginning.
    #[serde(default)]
    pub after: Option<String>,
    /// Records at most, 1 to 100.
    pub limit: u32,
}

/// How many records a tab holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TabCount {
    /// Which tab.
    pub tab: String,
    /// How many, counted up to 1000 and without the search.
    pub count: u32,
    /// There are more.
    pub more: bool,
}

/// Answer to a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ListReply {
    /// The records in the order of the list, each as the most seeing of the asker's scopes shows it.
    pub records: Vec<HeldRecord>,
    /// Where the next page begins; absent where nothing follows.
    pub next: Option<String>,
    /// The tabs, in the pack's order.
    pub counts: Vec<TabCount>,
    /// Now.
    pub server_time: UnixMillis,
}
