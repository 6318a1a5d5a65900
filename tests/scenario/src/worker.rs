//! A synthetic handler at work: takes up orders and leaves them in various states, as a demonstration needs.

use crate::city::EmulatedCity;
use crate::device::{Device, DeviceError};
use serde_json::{Value, json};
use shenhai_city::{AccountRole, Directory};
use std::fmt;
use std::time::Duration;

/// Longest wait for the first pull and for the last receipt.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a handler did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// 签收 and no more.
    pub accepted: u32,
    /// 先行联系 and no more.
    pub contacted: u32,
    /// 办结.
    pub replied: u32,
    /// 退单.
    pub returned: u32,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            contacted,
            replied,
            returned,
        } = self;
        write!(
            f,
            "{accepted} accepted, {contacted} contacted, {replied} replied, {returned} returned"
        )
    }
}

/// `count` handlers of the directory, of as many different units as there are.
#[must_use]
pub fn handlers_of(directory: &Directory, count: usize) -> Vec<String> {
    let handlers: Vec<_> = directory
        .accounts
        .iter()
        .filter(|account| account.role == AccountRole::Handler)
        .collect();
    let mut units = std::collections::BTreeSet::new();
    let (first, more): (Vec<_>, Vec<_>) = handlers
        .into_iter()
        .partition(|account| units.insert(&account.unit_name));
    first
        .into_iter()
        .chain(more)
        .take(count)
        .map(|account| account.id.clone())
        .collect()
}

/// Sign in as `handler` and take up at most `most` of the orders nobody has accepted yet.
///
/// # Errors
/// See [`DeviceError`].
pub async fn work_on(
    gateway: &str,
    city: &EmulatedCity,
    handler: &str,
    most: u32,
) -> Result<Progress, DeviceError> {
    let directory = tempfile::tempdir()?;
    let device = Device::open(gateway, "hotline", directory.path()).await?;
    let code = city.login_code(handler).await?;
    let code = code["code"].as_str().unwrap_or_default();
    device
        .sign_in(&format!("{}/hotline/", gateway.trim_end_matches('/')), code)
        .await?;
    device
        .until("sync.status", &json!({}), PATIENCE, |status| {
            status["loaded"] == true
        })
        .await?;

    let asked = json!({"filter": "to_accept", "limit": most.clamp(1, 200)});
    let list = device.call("orders.list", &asked).await?;
    let mut progress = Progress::default();
    for (index, order) in list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .take(most as usize)
        .enumerate()
    {
        take_up(&device, &order["id"], index, &mut progress).await?;
    }
    device
        .until("sync.status", &json!({}), PATIENCE, |status| {
            status["pending"] == 0
        })
        .await?;
    device.call("session.sign_out", &json!({})).await?;
    device.close().await;
    Ok(progress)
}

/// Of eight orders three are replied to, two contacted, two accepted and one returned.
async fn take_up(
    device: &Device,
    id: &Value,
    index: usize,
    progress: &mut Progress,
) -> Result<(), DeviceError> {
    if index % 8 == 7 {
        let form = json!({"reason": "经核实，该处设施由属地街道养护，建议转属地街道办理。（样例）", "suggested_unit": null});
        device
            .call("orders.return", &json!({"id": id, "form": form}))
            .await?;
        progress.returned += 1;
        return Ok(());
    }
    let accepted = device.call("orders.accept", &json!({"id": id})).await?;
    if matches!(index % 8, 2 | 5) {
        progress.accepted += 1;
        return Ok(());
    }
    let contact = contact_form(&accepted["now"]);
    let contacted = device
        .call("orders.contact", &json!({"id": id, "form": contact}))
        .await?;
    if matches!(index % 8, 1 | 4) {
        progress.contacted += 1;
        return Ok(());
    }
    let empty = json!({"id": id, "draft": {"kind": "reply", "form": {}}});
    let report = device.call("form.check", &empty).await?;
    let form = reply_form(&report["offered"], &contacted);
    device
        .call("orders.reply", &json!({"id": id, "form": form}))
        .await?;
    progress.replied += 1;
    Ok(())
}

fn contact_form(now: &Value) -> Value {
    json!({
        "reached": true, "contacted_at": now, "contact_person": "市民本人（样例）",
        "note": "已电话联系，告知将安排人员现场查看。（样例）"
    })
}

/// A plain reply: the first value of every list is the one that needs no further words.
fn reply_form(options: &Value, order: &Value) -> Value {
    let now = &order["now"];
    let is_review = order["summary"]["is_review"] == true;
    json!({
        "fact": options["fact"][0],
        "appeal": options["appeal"].get(0),
        "site_visit": options["site_visit"].get(0),
        "site_visit_at": is_review.then_some(now),
        "department_phone": if is_review { "021-00000000" } else { "" },
        "satisfaction": "satisfied",
        "mode": "phone",
        "department": order["summary"]["unit_name"],
        "replied_at": now,
        "handling": "已派养护人员到现场处置完毕，并电话告知市民处置结果。（样例）",
        "resolved": true
    })
}
