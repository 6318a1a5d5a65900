//! Signing in and out, and whose key signs.
//!
//! Every person has a device key of their own on an installation, made when they first sign in: chains of two
//! people never mix, and one person's unsent work neither blocks nor shows under another's session. Who signs
//! in is known only once the one-time code is spent, so the key of whoever is expected (the last one) is
//! offered. Where somebody else turns out to have signed in, that session is ended at once and the call is
//! answered `unauthenticated`: beginning again offers the right key.

use crate::chain::new_identity;
use crate::core::Shared;
use crate::devices::is_orphan;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::{BeginParams, BeginReply, Durability, LockState, SessionStatus, SignInParams};
use crate::trust::{self, Enrolment, Holder, verify};
use shenhai_crypto::{PublicKey, SecretKey, fingerprint};
use shenhai_protocol::{DeviceId, DeviceInfo, ErrorCode, SessionGrant, SessionRequest, UnixMillis};
use shenhai_store::{Identity, PendingLogin, SessionRecord, StoreError, TrustRecord};
use shenhai_sync::Event;
use std::sync::Arc;

/// A sign-in not finished by then is forgotten; the container's code lives 5 minutes.
const LOGIN_MILLIS: i64 = 15 * 60 * 1000;
/// Sign-ins begun side by side, each in a tab of its own; the oldest is forgotten for one more.
const LOGINS: usize = 8;
/// Receipted commands are kept this long, in case the gateway returns from an older backup.
const KEEP_DONE_MILLIS: i64 = 30 * 24 * 3600 * 1000;

impl Engine {
    /// Make sure that there is a key to sign in with.
    pub(crate) fn ensure_identity(&mut self) -> Result<(), StoreError> {
        self.expected_identity().map(drop)
    }

    /// The key to offer at the next sign-in.
    fn expected_identity(&mut self) -> Result<Identity, StoreError> {
        let store = self.store()?;
        if let Some(user) = store.expected_user()?
            && let Some(identity) = store.identity_of(&user)?
        {
            return Ok(identity);
        }
        if let Some(identity) = store.spare_identity()? {
            return Ok(identity);
        }
        let (_, identity) = new_identity(&mut self.rng.clone());
        self.store_mut()?.write(|write| write.add_identity(&identity))?;
        Ok(identity)
    }

    /// The key in use, or the one to offer at the next sign-in.
    pub(crate) fn shown_key(&mut self) -> Result<(DeviceId, PublicKey), Failure> {
        if let Some(live) = &self.live {
            return Ok((live.identity.device_id.clone(), live.key.public().clone()));
        }
        let offered = self.expected_identity()?;
        let public = key_of(&offered)?.public().clone();
        Ok((offered.device_id, public))
    }

    /// `session.status`.
    pub(crate) fn session_status(&mut self) -> Result<SessionStatus, Failure> {
        let (device_id, key_fingerprint) = if self.gate.state == LockState::Open {
            let (device_id, public) = self.shown_key()?;
            (device_id, fingerprint(&public))
        } else {
            (DeviceId(String::new()), String::new())
        };
        let record = self.live.as_ref().map(|live| &live.record);
        let ended = record.and_then(|record| record.ended);
        Ok(SessionStatus {
            user: record.map(|record| record.user.clone()),
            expired: ended.is_some(),
            revoked: ended == Some(ErrorCode::DeviceRevoked),
            lock: self.gate.state,
            lease_expired: self.lease_expired(),
            rollback_suspected: self.rollback.suspected,
            log_forked: self.log_watch.is_forked(),
            device_id,
            key_fingerprint,
            durability: self.durability,
            recovered: self.recovered,
        })
    }

    /// The sign-ins under way that may still be finished, oldest first.
    fn logins(&self, now: UnixMillis) -> Result<Vec<PendingLogin>, StoreError> {
        let mut logins = self.store()?.logins()?;
        logins.retain(|login| now.since(login.begun_at).abs() < LOGIN_MILLIS);
        Ok(logins)
    }

    /// One more begins; those begun before may be finished all the same.
    fn begin_login(&mut self) -> Result<String, StoreError> {
        let now = self.server_now();
        let mut random = [0; 16];
        self.host.fill_random(&mut random);
        let state: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut logins = self.logins(now)?;
        logins.push(PendingLogin {
            state: state.clone(),
            begun_at: now,
        });
        let first = logins.len().saturating_sub(LOGINS);
        self.store_mut()?
            .write(|write| write.set_logins(&logins[first..]))?;
        Ok(state)
    }

    /// Check `state` and prepare the request that spends the code.
    fn offer(&mut self, params: &SignInParams, app: &str, device_name: &str) -> Result<Offer, Failure> {
        let now = self.server_now();
        let mut rng = self.rng.clone();
        let begun_here = self.logins(now)?.iter().any(|login| login.state == params.state);
        let expected = begun_here
            || (self.durability == Durability::BestEffort
                && params.kept_state.as_ref() == Some(&params.state));
        if !expected {
            return Err(Failure::Refused(
                ErrorCode::BadLoginCode,
                "this sign-in was not begun here",
            ));
        }
        let enrolment = params
            .enrolment_code
            .as_deref()
            .map(Enrolment::read)
            .transpose()?;
        let (enrolment_code, authority) = match enrolment {
            Some(read) => (Some(read.code), read.authority),
            None => (None, None),
        };
        let identity = self.expected_identity()?;
        let key = key_of(&identity)?;
        let text = SessionRequest::proof_text(app, &params.code, &identity.device_id);
        let request = SessionRequest {
            app: app.to_owned(),
            code: params.code.clone(),
            device: DeviceInfo {
                id: identity.device_id.clone(),
                public_key: key.public().to_hex(),
                name: device_name.to_owned(),
            },
            proof: key.sign(text.as_bytes(), &mut rng).to_hex(),
            enrolment_code,
        };
        Ok(Offer {
            state: params.state.clone(),
            request,
            identity,
            key,
            authority,
        })
    }

    /// The gateway refused the offered key. If it is somebody's, the next sign-in offers a new one: whoever
    /// stands there may be somebody else.
    fn offer_refused(&mut self, identity: &Identity, code: ErrorCode) -> Result<(), StoreError> {
        let of_the_key = matches!(
            code,
            ErrorCode::DeviceRevoked | ErrorCode::WrongDevice | ErrorCode::UnknownDevice
        );
        let live_key = self
            .live
            .as_ref()
            .is_some_and(|live| live.identity.device_id == identity.device_id);
        let revoked = code == ErrorCode::DeviceRevoked;
        if revoked && live_key {
            self.step(Event::Revoked)?;
        }
        if of_the_key && identity.user.is_some() {
            self.store_mut()?.write(|write| {
                if revoked && !live_key {
                    write.retire_identity(&identity.device_id)?;
                }
                write.set_expected_user(None)
            })?;
        }
        Ok(())
    }

    /// Take the session over, if it is of whom the key belongs to.
    fn take_grant(&mut self, offer: &Offer, grant: SessionGrant) -> Result<Granted, Failure> {
        let user = grant.user.id.clone();
        let own = self
            .store()?
            .identity_of(&user)?
            .map(|identity| identity.device_id);
        let fits = match (&offer.identity.user, &own) {
            (Some(owner), _) => *owner == user,
            (None, Some(_)) => false,
            (None, None) => true,
        };
        if !fits {
            self.store_mut()?
                .write(|write| write.set_expected_user(Some(&user)))?;
            return Ok(Granted::SomebodyElse);
        }
        let device = offer.identity.device_id.clone();
        let pinned = self.pinned_authority()?;
        let holder = Holder {
            user: &user,
            device: &device,
            key: offer.key.public(),
            app: &offer.request.app,
        };
        let verified = verify(
            &grant.credentials,
            &grant.grant,
            &holder,
            pinned.as_deref(),
            offer.authority.as_deref(),
            grant.server_time,
        )?;
        let unsent = self.store()?.outbox(&user)?.iter().any(|entry| {
            entry.device_id == device && entry.row.seq.is_some() && entry.row.state.is_sendable()
        });
        // The gateway holds more of this chain than the device does (it was restored from an older copy):
        // with nothing unsent the chain simply goes on from the gateway's end.
        let behind = grant.device_seq > offer.identity.last_seq;
        let adopt = behind && !unsent;
        let record = SessionRecord {
            token: grant.token,
            expires_at: grant.expires_at,
            user: verified.grant.user.clone(),
            scopes: verified.grant.scope_ids(),
            gateway_key: verified.gateway_key,
            device_id: device.clone(),
            ended: None,
        };
        self.settle_stamps(grant.server_time)?;
        self.note_time(grant.server_time);
        let offset = self.clock_offset();
        let mut logins = self.logins(grant.server_time)?;
        logins.retain(|login| login.state != offer.state);
        self.store_mut()?.write(|write| {
            write.claim_identity(&device, &user)?;
            write.set_expected_user(Some(&user))?;
            write.set_logins(&logins)?;
            write.set_clock_offset(offset)?;
            write.keep_scopes(&record.scopes)?;
            write.prune_done(grant.server_time.plus(-KEEP_DONE_MILLIS))?;
            if adopt {
                write.set_chain_end(&device, grant.device_seq, &grant.device_head)?;
                write.set_chain_acked(&device, grant.device_seq, &grant.device_head)?;
            }
            trust::keep(write, &grant.grant, &grant.credentials)?;
            write.set_session(Some(&record))
        })?;
        self.lease_began(&verified.grant)?;
        let identity = self.store()?.identity_by_device(&device)?;
        let identity = identity.ok_or(StoreError::Row("identities"))?;
        self.adopt_rows(&user, &identity, &offer.key, is_orphan)?;
        self.load_session(Some(grant.device_seq).filter(|_| !adopt))?;
        if behind {
            self.suspect_rollback();
        }
        Ok(Granted::Ours)
    }
}

/// A key and the request that offers it.
struct Offer {
    /// Of the sign-in that it finishes.
    state: String,
    request: SessionRequest,
    identity: Identity,
    key: Box<SecretKey>,
    /// What a scanned invitation names.
    authority: Option<String>,
}

enum Granted {
    Ours,
    /// The session must not be used.
    SomebodyElse,
}

pub(crate) fn key_of(identity: &Identity) -> Result<Box<SecretKey>, StoreError> {
    let key = SecretKey::from_bytes(&identity.secret).map_err(|_| StoreError::Row("identities"))?;
    Ok(Box::new(key))
}

impl Shared {
    /// `session.begin`.
    pub(crate) async fn begin(self: &Arc<Self>, params: BeginParams) -> Result<BeginReply, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            shared.revive().await?;
            let state = shared.with(Engine::begin_login)?;
            let target = shared.gateway.login_target(&params.redirect_uri, &state).await?;
            Ok(BeginReply {
                authorize_url: target.authorize_url,
                state,
            })
        })
        .await
    }

    /// `session.sign_in`.
    pub(crate) async fn sign_in(self: &Arc<Self>, params: SignInParams) -> Result<SessionStatus, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            let app = shared.gateway.app().to_owned();
            let offer = shared.with(|engine| engine.offer(&params, &app, &shared.device_name))?;
            let grant = match shared.gateway.open_session(&offer.request).await {
                Ok(grant) => grant,
                Err(failure) => {
                    if let Failure::Gateway(code) = &failure {
                        shared.with(|engine| engine.offer_refused(&offer.identity, *code))?;
                    }
                    return Err(failure);
                }
            };
            let token = grant.token.clone();
            match shared.with(|engine| engine.take_grant(&offer, grant)) {
                Ok(Granted::Ours) => {
                    shared.keep_rules().await?;
                    shared.with(Engine::session_status)
                }
                Err(failure) => {
                    // A session whose papers do not verify is not used.
                    shared.gateway.end_session(&token).await;
                    Err(failure)
                }
                Ok(Granted::SomebodyElse) => {
                    shared.gateway.end_session(&token).await;
                    let why = "somebody else signed in on this device: begin once more";
                    Err(Failure::Refused(ErrorCode::Unauthenticated, why))
                }
            }
        })
        .await
    }

    /// `session.sign_out`.
    pub(crate) async fn sign_out(self: &Arc<Self>) -> Result<SessionStatus, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            let token = shared.with(|engine| {
                let token = engine.live.as_ref().map(|live| live.record.token.clone());
                let trust = engine.store()?.trust()?.map(|trust| TrustRecord {
                    authority_certificate: trust.authority_certificate,
                    credentials: None,
                    grant: None,
                });
                engine.store_mut()?.write(|write| {
                    write.set_session(None)?;
                    write.set_logins(&[])?;
                    if let Some(trust) = &trust {
                        write.set_trust(trust)?;
                    }
                    write.keep_scopes(&[])
                })?;
                engine.drop_session();
                Ok::<_, Failure>(token)
            })?;
            if let Some(token) = token {
                shared.gateway.end_session(&token).await;
            }
            shared.with(Engine::session_status)
        })
        .await
    }
}
