//! The step language of `thread.json`; README.md describes it for the runners in other languages.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What the scenario shows.
    pub title: String,
    /// Values known from the start, beside the built-in ones.
    #[serde(default)]
    pub vars: BTreeMap<String, Value>,
    /// In order.
    pub steps: Vec<Step>,
}

/// Name of a saved value → JSON pointer into the answer.
pub(crate) type Save = BTreeMap<String, String>;

/// One step. Texts may hold `${name}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", deny_unknown_fields)]
pub enum Step {
    /// Push an order; expects on `{"status", "body"}` of the gateway's answer.
    #[serde(rename = "city.push_order")]
    PushOrder {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// Platform.
        channel: String,
        /// The order.
        order: Value,
        /// What the answer must hold.
        expect: Value,
        /// What to keep of it.
        #[serde(default)]
        save: Save,
    },
    /// A one-time code: `{"code"}`.
    #[serde(rename = "city.login_code")]
    LoginCode {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// Whose.
        user: String,
        /// What to keep of it.
        save: Save,
    },
    /// Wait until the platform has this feedback for an order.
    #[serde(rename = "city.until_feedback")]
    UntilFeedback {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// The order's number at the platform.
        order_no: String,
        /// What `{"feedback": […]}` must hold.
        expect: Value,
        /// How long.
        within_ms: u64,
    },
    /// Open a core on an empty directory of its own.
    #[serde(rename = "open")]
    Open {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// Its name in the steps.
        core: String,
        /// `hotline` or `desk`.
        app: String,
    },
    /// Close a core and open it again on the same data.
    #[serde(rename = "reopen")]
    Reopen {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// Which.
        core: String,
    },
    /// One call through the waist.
    #[serde(rename = "rpc")]
    Rpc {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// Which core.
        core: String,
        /// The method.
        method: String,
        /// Its parameters.
        params: Value,
        /// What the answer must hold; an error fails the step.
        expect: Option<Value>,
        /// What the error must hold; an answer fails the step.
        expect_error: Option<Value>,
        /// What to keep of the answer.
        #[serde(default)]
        save: Save,
    },
    /// The same call after each event of the core until the answer holds what is expected.
    #[serde(rename = "until")]
    Until {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// Which core.
        core: String,
        /// The method.
        method: String,
        /// Its parameters.
        params: Value,
        /// What the answer must hold.
        expect: Value,
        /// How long.
        within_ms: u64,
        /// What to keep of the answer.
        #[serde(default)]
        save: Save,
    },
    /// Cut or mend the link between the cores and the gateway.
    #[serde(rename = "link")]
    Link {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// Mend (true) or cut (false).
        up: bool,
    },
    /// Lose the answers to the next pushes after the gateway gave them.
    #[serde(rename = "drop_replies")]
    DropReplies {
        /// For the reader.
        #[serde(default)]
        note: String,
        /// How many.
        count: u32,
        /// What the answer `{"lost"}` must hold.
        expect: Option<Value>,
    },
    /// Stop the gateway and start it on the same data.
    #[serde(rename = "restart_gateway")]
    RestartGateway {
        /// For the reader.
        #[serde(default)]
        note: String,
    },
}

impl Step {
    /// The words for the reader.
    #[must_use]
    pub fn note(&self) -> &str {
        match self {
            Self::PushOrder { note, .. }
            | Self::LoginCode { note, .. }
            | Self::UntilFeedback { note, .. }
            | Self::Open { note, .. }
            | Self::Reopen { note, .. }
            | Self::Rpc { note, .. }
            | Self::Until { note, .. }
            | Self::Link { note, .. }
            | Self::DropReplies { note, .. }
            | Self::RestartGateway { note } => note,
        }
    }
}
