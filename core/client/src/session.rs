//! Signing in and out, and whose key signs.
//!
//! Every person has a device key of their own on an installation, made when they first sign in: chains of two
//! people never mix, and one person's unsent work neither blocks nor shows under another's session. Who signs
//! in is known only once the one-time code is spent, so the key of whoever is expected (the last one) is
//! offered. Where somebody else turns out to have signed in, that session is ended at once and the call is
//! answered `unauthenticated`: beginning again offers the right key.

use crate::chain::new_identity;
use crate::core::Shared;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::rpc::{BeginParams, BeginReply, Durability, SessionStatus, SignInParams};
use shenhai_crypto::{PublicKey, SecretKey, fingerprint};
use shenhai_protocol::{DeviceInfo, ErrorCode, SessionGrant, SessionRequest};
use shenhai_store::{Identity, PendingLogin, SessionRecord, StoreError};
use std::sync::Arc;

/// A sign-in not finished by then is forgotten; the container's code lives 5 minutes.
const LOGIN_MILLIS: i64 = 15 * 60 * 1000;
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

    /// `session.status`.
    pub(crate) fn session_status(&mut self) -> Result<SessionStatus, Failure> {
        let offered;
        let (device_id, public) = match &self.live {
            Some(live) => (live.identity.device_id.clone(), live.key.public().clone()),
            None => {
                offered = self.expected_identity()?;
                (offered.device_id.clone(), key_of(&offered)?.public().clone())
            }
        };
        let record = self.live.as_ref().map(|live| &live.record);
        Ok(SessionStatus {
            user: record.map(|record| record.user.clone()),
            expired: record.is_some_and(|record| record.ended.is_some()),
            revoked: false,
            lock: crate::rpc::LockState::Open,
            lease_expired: false,
            rollback_suspected: false,
            device_id,
            key_fingerprint: fingerprint(&public),
            durability: self.durability,
            recovered: self.recovered,
        })
    }

    /// Check `state` and prepare the request that spends the code.
    fn offer(&mut self, params: &SignInParams, app: &str, device_name: &str) -> Result<Offer, Failure> {
        let now = self.server_now();
        let mut rng = self.rng.clone();
        let login = self.store()?.login()?;
        let expected = match (login, self.durability) {
            (Some(login), _) => login.state == params.state && now.since(login.begun_at).abs() < LOGIN_MILLIS,
            (None, Durability::BestEffort) => params.kept_state.as_ref() == Some(&params.state),
            (None, Durability::Durable) => false,
        };
        if !expected {
            return Err(Failure::Refused(
                ErrorCode::BadLoginCode,
                "this sign-in was not begun here",
            ));
        }
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
            enrolment_code: None,
        };
        Ok(Offer { request, identity })
    }

    /// The gateway refused the offered key. If it is somebody's, the next sign-in offers a new one: whoever
    /// stands there may be somebody else.
    fn offer_refused(&mut self, identity: &Identity, code: ErrorCode) -> Result<(), StoreError> {
        let of_the_key = matches!(
            code,
            ErrorCode::DeviceRevoked | ErrorCode::WrongDevice | ErrorCode::UnknownDevice
        );
        if of_the_key && identity.user.is_some() {
            self.store_mut()?.write(|write| write.set_expected_user(None))?;
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
            return Ok(Granted::SomebodyElse(grant.token));
        }
        if PublicKey::from_hex(&grant.gateway_key).is_err() {
            return Err(Failure::Gateway(ErrorCode::BadAnswer));
        }
        let device = offer.identity.device_id.clone();
        let unsent = self.store()?.outbox(&user)?.iter().any(|entry| {
            entry.device_id == device && entry.row.seq.is_some() && entry.row.state.is_sendable()
        });
        // The gateway holds more of this chain than the device does (it was restored from an older copy):
        // with nothing unsent the chain simply goes on from the gateway's end.
        let adopt = grant.device_seq > offer.identity.last_seq && !unsent;
        let record = SessionRecord {
            token: grant.token,
            expires_at: grant.expires_at,
            user: grant.user,
            scopes: grant.scopes,
            gateway_key: grant.gateway_key,
            device_id: device.clone(),
            ended: None,
        };
        self.clock.learn(grant.server_time, self.host.now());
        let offset = self.clock.offset_millis();
        self.store_mut()?.write(|write| {
            write.claim_identity(&device, &user)?;
            write.set_expected_user(Some(&user))?;
            write.set_login(None)?;
            write.set_clock_offset(offset)?;
            write.keep_scopes(&record.scopes)?;
            write.prune_done(grant.server_time.plus(-KEEP_DONE_MILLIS))?;
            if adopt {
                write.set_chain_end(&device, grant.device_seq, &grant.device_head)?;
                write.set_chain_acked(&device, grant.device_seq, &grant.device_head)?;
            }
            write.set_session(Some(&record))
        })?;
        self.load_session(Some(grant.device_seq).filter(|_| !adopt))?;
        Ok(Granted::Ours)
    }
}

/// A key and the request that offers it.
struct Offer {
    request: SessionRequest,
    identity: Identity,
}

enum Granted {
    Ours,
    /// The token of a session that must not be used.
    SomebodyElse(String),
}

fn key_of(identity: &Identity) -> Result<SecretKey, StoreError> {
    SecretKey::from_bytes(&identity.secret).map_err(|_| StoreError::Row("identities"))
}

impl Shared {
    /// `session.begin`.
    pub(crate) async fn begin(self: &Arc<Self>, params: BeginParams) -> Result<BeginReply, Failure> {
        let shared = Arc::clone(self);
        self.detached(async move {
            let state = shared.with(|engine| {
                let mut random = [0; 16];
                engine.host.fill_random(&mut random);
                let login = PendingLogin {
                    state: random.iter().map(|byte| format!("{byte:02x}")).collect(),
                    begun_at: engine.server_now(),
                };
                engine.store_mut()?.write(|write| write.set_login(Some(&login)))?;
                Ok::<_, Failure>(login.state)
            })?;
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
            match shared.with(|engine| engine.take_grant(&offer, grant))? {
                Granted::Ours => shared.with(Engine::session_status),
                Granted::SomebodyElse(token) => {
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
                engine.store_mut()?.write(|write| {
                    write.set_session(None)?;
                    write.set_login(None)?;
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
