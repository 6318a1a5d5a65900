//! This device's own key and certificate, and the devices an administrator manages.
//!
//! Called by `dispatch` and, for renewals, by the driver.

use crate::chain::new_identity;
use crate::core::Shared;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::{DeviceParams, DeviceProvider, DeviceStatus, Durability, InviteParams, StorageKind, Topic};
use crate::session::key_of;
use crate::trust::{Holder, keep, verify};
use shenhai_crypto::{SecretKey, fingerprint};
use shenhai_protocol::{
    DeviceInfo, DeviceList, ErrorCode, GrantReply, Invitation, RotateReply, RotateRequest, UnixMillis,
};
use shenhai_store::Identity;
use shenhai_sync::{Event, RowState};
use std::sync::Arc;

impl Engine {
    /// `device.status`.
    pub(crate) fn device_status(&mut self) -> Result<DeviceStatus, Failure> {
        let (device_id, public) = self.shown_key()?;
        let authority = self.authority();
        let live = self.live.as_ref();
        let certificate = live.and_then(|live| live.certificate.as_ref());
        Ok(DeviceStatus {
            device_id,
            key_fingerprint: fingerprint(&public),
            authority_name: authority
                .as_ref()
                .map(|authority| authority.subject().common_name.clone())
                .unwrap_or_default(),
            authority_fingerprint: authority
                .as_ref()
                .map(shenhai_crypto::Certificate::fingerprint)
                .unwrap_or_default(),
            certificate_until: certificate
                .map(|certificate| UnixMillis(certificate.not_after().saturating_mul(1000))),
            lease_until: live
                .and_then(|live| live.grant.as_ref())
                .map(|grant| grant.offline_until),
            lease_expired: self.lease_expired(),
            storage: match self.durability {
                Durability::Durable => StorageKind::Sealed,
                Durability::BestEffort => StorageKind::Memory,
            },
            rollback_suspected: self.rollback.suspected,
            provider: DeviceProvider {
                name: "RustCrypto".to_owned(),
                certified: false,
            },
        })
    }

    /// Take a renewed grant over, if it is this session's.
    pub(crate) fn take_renewal(&mut self, app: &str, reply: &GrantReply) -> Result<(), Failure> {
        let pinned = self.pinned_authority()?;
        let live = self.live()?;
        let holder = Holder {
            user: &live.record.user.id,
            device: &live.identity.device_id,
            key: live.key.public(),
            app,
        };
        let now = self.server_now();
        let verified = verify(
            &reply.credentials,
            &reply.grant,
            &holder,
            pinned.as_deref(),
            None,
            now,
        )?;
        let mut record = live.record.clone();
        let scopes = verified.grant.scope_ids();
        let moved = record.scopes != scopes || record.user != verified.grant.user;
        record.scopes = scopes;
        record.user.clone_from(&verified.grant.user);
        record.expires_at = verified.grant.expires_at;
        record.gateway_key.clone_from(&verified.gateway_key);
        self.store_mut()?.write(|write| {
            keep(write, &reply.grant, &reply.credentials)?;
            write.keep_scopes(&record.scopes)?;
            write.set_session(Some(&record))
        })?;
        self.lease_began(&verified.grant)?;
        if moved {
            self.load_session(None)?;
        } else if let Some(live) = &mut self.live {
            live.record = record;
            live.grant = Some(verified.grant);
            live.certificate = Some(verified.device_certificate);
            self.ask_packs();
        }
        self.mark(Topic::Session);
        self.mark(Topic::Orders);
        Ok(())
    }

    /// Prepare a rotation: the new key is kept before anybody hears of it, and sending stops until it is over.
    fn begin_rotation(&mut self, device_name: &str) -> Result<Rotation, Failure> {
        let live = self.live()?;
        if live.record.ended.is_some() {
            return Err(Failure::Refused(ErrorCode::Unauthenticated, "the session ended"));
        }
        let old = live.identity.device_id.clone();
        let under_way =
            self.store()?.outbox(&live.record.user.id)?.iter().any(|entry| {
                entry.device_id == old && entry.row.state.is_sendable() && entry.row.attempts > 0
            });
        if under_way {
            let why = "a command was sent and not answered: its bytes must stay";
            return Err(Failure::Refused(ErrorCode::WrongState, why));
        }
        let mut rng = self.rng.clone();
        let identity = match self.store()?.spare_identity()? {
            Some(spare) => spare,
            None => {
                let (_, identity) = new_identity(&mut rng);
                self.store_mut()?.write(|write| write.add_identity(&identity))?;
                identity
            }
        };
        let key = key_of(&identity)?;
        let text = RotateRequest::signed_text(&old, &identity.device_id);
        let live = self.live()?;
        let request = RotateRequest {
            device: DeviceInfo {
                id: identity.device_id.clone(),
                public_key: key.public().to_hex(),
                name: device_name.to_owned(),
            },
            endorsement: live.key.sign(text.as_bytes(), &mut rng).to_hex(),
            proof: key.sign(text.as_bytes(), &mut rng).to_hex(),
        };
        let token = live.record.token.clone();
        self.pause();
        Ok(Rotation {
            token,
            request,
            identity,
            key,
        })
    }

    /// The gateway knows the new key: it takes the old one's place, and what was not sent is signed anew.
    fn finish_rotation(&mut self, app: &str, rotation: Rotation, reply: &RotateReply) -> Result<(), Failure> {
        let pinned = self.pinned_authority()?;
        let now = self.server_now();
        let live = self.live()?;
        let mut record = live.record.clone();
        let holder = Holder {
            user: &record.user.id,
            device: &rotation.identity.device_id,
            key: rotation.key.public(),
            app,
        };
        let verified = verify(
            &reply.credentials,
            &reply.grant,
            &holder,
            pinned.as_deref(),
            None,
            now,
        )?;
        let old = live.identity.device_id.clone();
        let user = record.user.id.clone();
        record.device_id = rotation.identity.device_id.clone();
        record.scopes = verified.grant.scope_ids();
        let mut identity = rotation.identity;
        (identity.last_seq, identity.last_hash) = (reply.device_seq, reply.device_head.clone());
        (identity.acked_seq, identity.acked_hash) = (reply.device_seq, reply.device_head.clone());
        self.store_mut()?.write(|write| {
            write.retire_identity(&old)?;
            write.claim_identity(&identity.device_id, &user)?;
            write.set_chain_end(&identity.device_id, identity.last_seq, &identity.last_hash)?;
            write.set_chain_acked(&identity.device_id, identity.acked_seq, &identity.acked_hash)?;
            keep(write, &reply.grant, &reply.credentials)?;
            write.set_session(Some(&record))
        })?;
        self.lease_began(&verified.grant)?;
        self.adopt_rows(&user, &identity, &rotation.key, |state| state.is_sendable())?;
        Ok(())
    }

    /// Stop sending until [`Engine::load_session`].
    fn pause(&mut self) {
        self.abandon();
        let _ = self.step(Event::SignedOut);
    }
}

struct Rotation {
    token: String,
    request: RotateRequest,
    identity: Identity,
    key: Box<SecretKey>,
}

impl Shared {
    /// `device.rotate`.
    pub(crate) async fn rotate(self: &Arc<Self>) -> Result<DeviceStatus, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            let rotation = shared.with(|engine| engine.begin_rotation(&shared.device_name))?;
            let answer = shared.gateway.rotate(&rotation.token, &rotation.request).await;
            shared.with(|engine| {
                let done =
                    answer.and_then(|reply| engine.finish_rotation(shared.gateway.app(), rotation, &reply));
                // Whatever came of it, work goes on with the key that is kept.
                engine.load_session(None)?;
                done?;
                engine.device_status()
            })
        })
        .await
    }

    /// `devices.list`.
    pub(crate) async fn devices(self: &Arc<Self>) -> Result<DeviceList, Failure> {
        let token = self.peek(Engine::administrator)?;
        let shared = Arc::clone(self);
        self.detached(async move { shared.gateway.devices(&token).await })
            .await
    }

    /// `devices.invite`.
    pub(crate) async fn invite(self: &Arc<Self>, params: InviteParams) -> Result<Invitation, Failure> {
        let token = self.peek(Engine::administrator)?;
        let shared = Arc::clone(self);
        self.detached(async move { shared.gateway.invite(&token, params.user).await })
            .await
    }

    /// `devices.revoke`.
    pub(crate) async fn revoke(self: &Arc<Self>, params: DeviceParams) -> Result<DeviceList, Failure> {
        let token = self.peek(Engine::administrator)?;
        let shared = Arc::clone(self);
        self.detached(async move {
            shared.gateway.revoke(&token, &params.id).await?;
            shared.gateway.devices(&token).await
        })
        .await
    }

    /// `devices.release`.
    pub(crate) async fn release(self: &Arc<Self>, params: DeviceParams) -> Result<DeviceList, Failure> {
        let token = self.peek(Engine::administrator)?;
        let shared = Arc::clone(self);
        self.detached(async move {
            shared.gateway.release(&token, &params.id).await?;
            shared.gateway.devices(&token).await
        })
        .await
    }
}

/// Whether a row waits for its author to sign in anew: its device's key does not count any more.
pub(crate) fn is_orphan(state: RowState) -> bool {
    matches!(
        state,
        RowState::Parked {
            reason: ErrorCode::DeviceRevoked | ErrorCode::WrongDevice | ErrorCode::UnknownDevice
        }
    )
}

impl Engine {
    /// The token of a session that may manage devices.
    fn administrator(&self) -> Result<String, Failure> {
        let live = self.live()?;
        if live.may(shenhai_protocol::Action::ManageDevices) {
            Ok(live.record.token.clone())
        } else {
            Err(Failure::Refused(
                ErrorCode::Forbidden,
                "only for an administrator",
            ))
        }
    }
}
