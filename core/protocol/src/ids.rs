//! Identifiers and instants. Each is its own type so that a user id is never passed as a unit id.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

text_id! {
    /// A work order (工单) as the gateway names it: `<channel>-<number of the upper platform>`.
    OrderId
}
text_id! {
    /// One command; also its idempotency key. A UUID version 7 in lower-case hyphenated form (RFC 9562).
    CmdId
}
text_id! {
    /// One installation of a client: the first 16 bytes of SM3(public key), 32 hex digits.
    DeviceId
}
text_id! {
    /// A person known to the gateway's directory.
    UserId
}
text_id! {
    /// A unit (承办单位): a district water bureau, a bureau institution, 城投水务.
    UnitId
}
text_id! {
    /// A stream of changes somebody may follow: `person:<user>`, `unit:<unit>` or `bureau`.
    ScopeId
}
text_id! {
    /// A piece of work: stays the same when the same content is signed anew. A UUID version 7 like [`CmdId`].
    WorkId
}
text_id! {
    /// What a record is, e.g. `hotline.order`: the pack's name, a dot, the kind's name in it.
    Kind
}
text_id! {
    /// A pack's name.
    PackName
}
text_id! {
    /// What somebody does to a record, by name.
    ActName
}
text_id! {
    /// A form's name.
    FormName
}
text_id! {
    /// A role's name.
    RoleName
}
text_id! {
    /// An SM3 digest (GB/T 32905): 64 lower-case hex digits.
    HexHash
}

/// The `prev_hash` of a device's first command: 64 zeros.
pub const ZERO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl HexHash {
    /// The start of every device's hash chain.
    #[must_use]
    pub fn zero() -> Self {
        Self(ZERO_HASH.to_owned())
    }
}

/// Longest name, bytes.
const NAME_BYTES: usize = 64;

/// Names are the identifiers of a pack: a letter, then letters, digits and `_`, all lower case.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= NAME_BYTES
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

macro_rules! names {
    ($($name:ident),+) => {
        $(impl $name {
            /// Whether it can be the name of anything.
            #[must_use]
            pub fn is_well_formed(&self) -> bool {
                is_name(&self.0)
            }
        })+
    };
}

names!(PackName, ActName, FormName, RoleName);

impl Kind {
    /// Whether it can be the name of anything.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.0
            .split_once('.')
            .is_some_and(|(pack, kind)| is_name(pack) && is_name(kind))
    }
}

impl ScopeId {
    /// The scope of one person: the records they hold, with what personal data they show.
    #[must_use]
    pub fn person(user: &UserId) -> Self {
        Self(format!("person:{user}"))
    }

    /// The scope of one unit: all its orders, callers masked.
    #[must_use]
    pub fn unit(unit: &UnitId) -> Self {
        Self(format!("unit:{unit}"))
    }

    /// The scope of the bureau's desk: every order, callers masked.
    #[must_use]
    pub fn bureau() -> Self {
        Self("bureau".to_owned())
    }

    /// Whether callers appear unmasked in this scope (only in a handler's own).
    #[must_use]
    pub fn shows_callers(&self) -> bool {
        self.0.starts_with("person:")
    }
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored. May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct UnixMillis(#[cfg_attr(feature = "ts", ts(type = "number"))] pub i64);

impl UnixMillis {
    /// This instant moved by `millis` (saturating: a hostile value cannot overflow).
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant, negative if it lies before.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
