//! `orders.proof`: fetch an order's signed commands and receipts and check them here, with the code that
//! `shenhai-verify` uses. `orders.bundle`: fetch an order's whole evidence to be kept as a file.

use crate::core::Shared;
use crate::failure::Failure;
use crate::letter::kind_of;
use crate::rpc::{BundleFile, Check, ProofItem, ProofReport};
use shenhai_crypto::{Certificate, PublicKey, fingerprint};
use shenhai_proof::{Examined, Exhibit, Signers, Status, check_case, examine, open_head};
use shenhai_protocol::{CaseBundle, ErrorCode, OrderId, OrderProof, ProofEntry};
use std::sync::Arc;

impl Shared {
    /// Fetch and verify.
    pub(crate) async fn proof(self: &Arc<Self>, order: OrderId) -> Result<ProofReport, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            let (token, pinned) = shared.token_and_gateway_key()?;
            let authority = shared.with(|engine| engine.authority());
            let proof = shared.gateway.proof(&token, &order).await?;
            if let Some(head) = &proof.head {
                shared.with(|engine| engine.saw_head(head));
            }
            report(&order, &pinned, authority.as_ref(), &proof)
        })
        .await
    }

    /// Fetch a case and make sure that it is whole before it is handed out.
    pub(crate) async fn bundle(self: &Arc<Self>, order: OrderId) -> Result<BundleFile, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            let (token, authority) = shared.with(|engine| {
                let token = engine.live()?.record.token.clone();
                Ok::<_, Failure>((token, engine.authority()))
            })?;
            let authority = authority.ok_or(Failure::Gateway(ErrorCode::BadAnswer))?;
            let bundle = shared.gateway.bundle(&token, &order).await?;
            shared.with(|engine| engine.saw_head(&bundle.head));
            file(&order, &authority, &bundle)
        })
        .await
    }

    /// The key is the one pinned at sign-in, never the one an answer names.
    fn token_and_gateway_key(&self) -> Result<(String, PublicKey), Failure> {
        let (token, key) = self.with(|engine| {
            let live = engine.live()?;
            Ok::<_, Failure>((live.record.token.clone(), live.record.gateway_key.clone()))
        })?;
        let key = PublicKey::from_hex(&key).map_err(|_| Failure::Gateway(ErrorCode::BadAnswer))?;
        Ok((token, key))
    }
}

/// The authority is the one pinned at the first sign-in, never the one an answer names.
fn file(order: &OrderId, authority: &Certificate, bundle: &CaseBundle) -> Result<BundleFile, Failure> {
    let bad = || Failure::Gateway(ErrorCode::BadAnswer);
    let report = check_case(bundle, authority);
    let own = report.record.is_some_and(|record| record.order.id == *order);
    if !own || !report.findings.is_empty() {
        return Err(bad());
    }
    // An order's id is the upper platform's text: nothing of it may lead out of the folder it is saved in.
    let safe = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            letter
        } else {
            '_'
        }
    };
    let name: String = order.as_str().chars().map(safe).collect();
    Ok(BundleFile {
        file_name: format!("{name}.shenhai-case.json"),
        text: serde_json::to_string(bundle).map_err(|_| bad())?,
    })
}

/// Key and authority are the pinned ones: an earlier key counts where that authority certified it.
fn report(
    order: &OrderId,
    pinned: &PublicKey,
    authority: Option<&Certificate>,
    proof: &OrderProof,
) -> Result<ProofReport, Failure> {
    if proof.order_id != *order {
        return Err(Failure::Gateway(ErrorCode::BadAnswer));
    }
    let exhibits: Vec<Exhibit<'_>> = proof
        .entries
        .iter()
        .map(|entry| Exhibit {
            envelope: &entry.envelope,
            receipt: &entry.receipt,
            device_key: &entry.device_key,
            inclusion: entry.inclusion.as_ref(),
        })
        .collect();
    let mut findings = Vec::new();
    let mut signers = Signers::pinned(pinned);
    if let Some(authority) = authority {
        signers = signers.and_certified(&proof.gateway_certificates, authority);
    }
    let head = match proof
        .head
        .as_ref()
        .map(|head| open_head(head, &signers))
        .transpose()
    {
        Ok(head) => head,
        Err(fault) => {
            findings.push(shenhai_proof::Finding {
                part: shenhai_proof::Part::Head,
                fault,
            });
            None
        }
    };
    let examined = examine(order, &signers, head.as_ref(), &exhibits, &mut findings);
    let items = proof
        .entries
        .iter()
        .zip(examined)
        .map(|(entry, examined)| item(entry, examined))
        .collect::<Option<Vec<ProofItem>>>();
    Ok(ProofReport {
        order_id: order.clone(),
        items: items.ok_or(Failure::Gateway(ErrorCode::BadAnswer))?,
        all_valid: findings.is_empty(),
        findings,
    })
}

fn item(entry: &ProofEntry, examined: Examined) -> Option<ProofItem> {
    let (envelope, receipt) = (examined.envelope?, examined.receipt?);
    let key = PublicKey::from_hex(&entry.device_key).ok();
    let kind = kind_of(&envelope)?;
    Some(ProofItem {
        cmd_id: envelope.cmd_id,
        kind,
        actor_name: entry.actor_name.clone(),
        device_id: envelope.device_id,
        device_name: entry.device_name.clone(),
        key_fingerprint: key.as_ref().map(fingerprint).unwrap_or_default(),
        client_time: envelope.client_time,
        server_time: receipt.given.at,
        hash: examined.hash,
        signature: check(examined.signature),
        receipt: check(examined.receipted),
        logged: examined.logged,
        log_position: entry
            .inclusion
            .as_ref()
            .filter(|_| examined.logged == Status::Valid)
            .map(|place| place.index.saturating_add(1)),
    })
}

fn check(status: Status) -> Check {
    match status {
        Status::Valid => Check::Valid,
        Status::Invalid | Status::Unchecked => Check::Invalid,
    }
}
