//! `orders.proof`: fetch an order's signed commands and receipts and check every signature here.

use crate::core::Shared;
use crate::failure::Failure;
use crate::rpc::{Check, ProofItem, ProofReport};
use shenhai_crypto::{PublicKey, device_id, fingerprint, sm3, verify_hex};
use shenhai_protocol::{ErrorCode, HexHash, OrderId, OrderProof, ProofEntry};
use std::sync::Arc;

impl Shared {
    /// Fetch and verify.
    pub(crate) async fn proof(self: &Arc<Self>, order: OrderId) -> Result<ProofReport, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            let (token, pinned) = shared.with(|engine| {
                let live = engine.live()?;
                Ok::<_, Failure>((live.record.token.clone(), live.record.gateway_key.clone()))
            })?;
            let proof = shared.gateway.proof(&token, &order).await?;
            report(&order, &pinned, proof)
        })
        .await
    }
}

fn report(order: &OrderId, pinned: &str, proof: OrderProof) -> Result<ProofReport, Failure> {
    if proof.order_id != *order {
        return Err(Failure::Gateway(ErrorCode::BadAnswer));
    }
    let items = proof
        .entries
        .iter()
        .map(|entry| item(order, pinned, entry))
        .collect::<Option<Vec<ProofItem>>>();
    let items = items.ok_or(Failure::Gateway(ErrorCode::BadAnswer))?;
    let all_valid = items
        .iter()
        .all(|item| item.signature == Check::Valid && item.receipt == Check::Valid);
    Ok(ProofReport {
        order_id: order.clone(),
        items,
        all_valid,
    })
}

/// Receipts are checked against the key pinned at sign-in, not against the one the answer names.
fn item(order: &OrderId, pinned: &str, entry: &ProofEntry) -> Option<ProofItem> {
    let payload = entry.envelope.payload.as_bytes();
    let envelope = entry.envelope.open().ok()?;
    let receipt = entry.receipt.open().ok()?;
    let hash = HexHash(sm3(payload).to_hex());
    let key = PublicKey::from_hex(&entry.device_key).ok();
    // The device id is made from the key, so a key under another device's id does not count.
    let own_key = key
        .as_ref()
        .is_some_and(|key| device_id(key) == envelope.device_id.as_str());
    let signed = own_key
        && *envelope.body.order() == *order
        && verify_hex(&entry.device_key, payload, &entry.envelope.sig).is_valid();
    let receipted = verify_hex(pinned, entry.receipt.payload.as_bytes(), &entry.receipt.sig).is_valid()
        && receipt.cmd_id == envelope.cmd_id
        && receipt.device_id == envelope.device_id
        && receipt.device_seq == envelope.device_seq
        && receipt.hash == hash;
    Some(ProofItem {
        cmd_id: envelope.cmd_id,
        kind: envelope.body.kind(),
        actor_name: entry.actor_name.clone(),
        device_id: envelope.device_id,
        device_name: entry.device_name.clone(),
        key_fingerprint: key.as_ref().map(fingerprint).unwrap_or_default(),
        client_time: envelope.client_time,
        server_time: receipt.server_time,
        hash,
        signature: verdict(signed),
        receipt: verdict(receipted),
    })
}

fn verdict(valid: bool) -> Check {
    if valid { Check::Valid } else { Check::Invalid }
}
