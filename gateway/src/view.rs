//! What of an order is shown in a scope: callers and who was spoken to in full to the assigned handler, masked to everybody else.
//!
//! Not who holds a scope (`access`). Called by pull.

use shenhai_flow::masking::{mask_name, mask_phone};
use shenhai_protocol::{Caller, ScopeId, WorkOrder};

/// Stands for every name and number of a citizen who asked for 保密 or stayed 匿名: not even the surname or the
/// last digits leave the handler's scope.
const WITHHELD: &str = "***";

/// `order` as `scope` may see it.
pub(crate) fn in_scope(mut order: WorkOrder, scope: &ScopeId) -> WorkOrder {
    if !scope.shows_callers() {
        order.caller = masked(&order.caller);
        if let Some(contact) = &mut order.contact {
            contact.form.contact_person = mask_name(&contact.form.contact_person);
        }
    }
    order
}

fn masked(caller: &Caller) -> Caller {
    let withheld = caller.anonymous || caller.confidential;
    let hide = |text: &str, mask: fn(&str) -> String| match text {
        "" => String::new(),
        _ if withheld => WITHHELD.to_owned(),
        text => mask(text),
    };
    Caller {
        name: hide(&caller.name, mask_name),
        phone: hide(&caller.phone, mask_phone),
        anonymous: caller.anonymous,
        confidential: caller.confidential,
        masked: true,
    }
}
