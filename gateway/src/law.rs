//! The law in force.
//!
//! Not what it says (`shenhai_flow`). Named in every receipt; an act under another law is refused.

use shenhai_flow::Flow;
use shenhai_proof::law_of;
use shenhai_protocol::{Kind, LawRef};
use std::sync::LazyLock;

/// The pack that carries the hotline.
const PACK: &str = "hotline";
/// What its orders are.
const ORDER: &str = "hotline.order";

static HOTLINE: LazyLock<LawRef> =
    LazyLock::new(|| law_of(PACK, Flow::standard().version(), Flow::standard_text()));

/// The law of hotline orders.
pub(crate) fn of_orders() -> &'static LawRef {
    &HOTLINE
}

/// The kind of hotline orders.
pub(crate) fn orders() -> Kind {
    ORDER.into()
}
