//! The fake gateway's certificates, grants and devices.

use super::cases::case_roles;
use super::gateway::{Device, FakeGateway, Sequence, role};
use serde_json::Value;
use shenhai_crypto::{
    Certificate, KeyRef, PublicKey, SecretKey, SoftwareProvider, Subject, Usage, Validity, device_id, issue,
    issue_root, verify_hex,
};
use shenhai_protocol::*;

const DAY: i64 = 86_400;

/// Who issues, and what a grant says.
pub struct Papers {
    provider: SoftwareProvider,
    pub authority: Certificate,
    gateway: Certificate,
    pub rules: LeaseRules,
    /// Days a device's certificate lives.
    pub certificate_days: i64,
    /// What is done to the next papers before they are given out.
    pub spoil: Option<Spoil>,
    pub invited: Vec<String>,
}

/// How papers go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// The grant is signed by somebody else.
    ForgedGrant,
    /// Scopes were added after the grant was signed.
    WiderGrant,
    /// The grant, rightly signed, is another device's.
    OtherDevice,
    /// The device's certificate is for another key.
    OtherKey,
    /// The gateway's certificate is a device's.
    WrongUsage,
}

fn subject(name: &str) -> Subject {
    Subject {
        common_name: name.to_owned(),
        organization: None,
        unit: None,
    }
}

fn validity(days: i64, now: i64) -> Validity {
    Validity {
        not_before: now - DAY,
        not_after: now + days * DAY,
    }
}

impl Papers {
    pub fn new(gateway_key: &SecretKey, seed: u64) -> Self {
        let mut rng = Sequence(seed);
        let authority_key = SecretKey::generate(&mut rng);
        let mut provider = SoftwareProvider::new(rng);
        provider.add_signing_key(KeyRef::new("authority"), authority_key);
        let now = super::START / 1000;
        let key = KeyRef::new("authority");
        let authority =
            issue_root(&provider, &key, &subject("测试 CA"), validity(3650, now)).expect("a root");
        let gateway = issue(
            &provider,
            &key,
            &authority,
            &subject("测试网关"),
            gateway_key.public(),
            Usage::Gateway,
            validity(3650, now),
        );
        Self {
            gateway: gateway.expect("a certificate"),
            provider,
            authority,
            rules: LeaseRules {
                version: "1".to_owned(),
                offline_hours: 6,
                pin_attempts: 5,
                pin_digits: 6,
                lock_after_minutes: 5,
                pin_required: false,
            },
            certificate_days: 365,
            spoil: None,
            invited: Vec::new(),
        }
    }

    fn device(&self, key: &PublicKey, usage: Usage, now: UnixMillis) -> String {
        let issued = issue(
            &self.provider,
            &KeyRef::new("authority"),
            &self.authority,
            &subject(&device_id(key)),
            key,
            usage,
            validity(self.certificate_days, now.0 / 1000),
        );
        issued.expect("a certificate").to_base64()
    }
}

/// docs: a handler works on orders in their own scope, a reviewer gives them away in theirs.
fn granted_scopes(ids: Vec<ScopeId>, role: Role, cases: Option<(Vec<Kind>, Vec<ActName>)>) -> Vec<Scope> {
    let acts: &[&str] = match role {
        Role::Handler => &["accept", "contact", "reply", "return", "reveal"],
        Role::UnitReviewer | Role::BureauReviewer => &["reassign"],
        Role::Administrator => &[],
    };
    ids.into_iter()
        .map(|id| Scope {
            sight: if id.shows_callers() {
                Sight::Full
            } else {
                Sight::Masked
            },
            kinds: match &cases {
                None => vec!["hotline.order".into()],
                Some((kinds, _)) => kinds.clone(),
            },
            acts: match &cases {
                None => acts.iter().copied().map(ActName::from).collect(),
                Some((_, acts)) => acts.clone(),
            },
            depth: Depth::Full,
            id,
        })
        .collect()
}

impl FakeGateway {
    /// Certificates and grant for one session.
    pub fn papers_for(
        &mut self,
        user: &UserInfo,
        app: &str,
        device: &DeviceId,
        now: UnixMillis,
    ) -> (SignedGrant, Credentials) {
        let spoil = self.papers.spoil.take();
        let roles = case_roles(user.id.as_str());
        let acts = self.cases.acts_of(&roles).into_iter().map(ActName);
        let cases = (!roles.is_empty()).then(|| (self.cases.granted.clone(), acts.collect()));
        let mut scopes = granted_scopes(self.scopes_of(user.id.as_str()), user.role, cases);
        let actions = match user.role {
            Role::Administrator => vec![Action::ManageDevices],
            _ => vec![Action::ReadOrders, Action::SubmitCommands, Action::ReadProofs],
        };
        self.counter += 1;
        let rules = self.papers.rules.clone();
        let mut granted = AccessGrant {
            v: PROTOCOL_VERSION,
            grant_id: format!("00000000-0000-4000-8000-{:012}", self.counter),
            user: user.clone(),
            device: device.clone(),
            app: app.to_owned(),
            scopes: scopes.clone(),
            actions,
            issued_at: now,
            expires_at: now.plus(12 * 3600 * 1000),
            offline_until: now.plus(i64::from(rules.offline_hours) * 3600 * 1000),
            rules,
        };
        if spoil == Some(Spoil::OtherDevice) {
            granted.device = DeviceId::from("somebody-elses");
        }
        let mut payload = serde_json::to_string(&granted).expect("JSON");
        let text = SignedGrant::signed_text(&payload);
        let signer = if spoil == Some(Spoil::ForgedGrant) {
            &self.forger
        } else {
            &self.key
        };
        let sig = signer.sign(text.as_bytes(), &mut self.rng).to_hex();
        if spoil == Some(Spoil::WiderGrant) {
            scopes.extend(granted_scopes(
                vec![ScopeId::bureau()],
                Role::BureauReviewer,
                None,
            ));
            granted.scopes = scopes;
            payload = serde_json::to_string(&granted).expect("JSON");
        }
        let key = PublicKey::from_hex(&self.devices[device.as_str()].key).expect("a key");
        let key = if spoil == Some(Spoil::OtherKey) {
            self.forger.public().clone()
        } else {
            key
        };
        let gateway_certificate = if spoil == Some(Spoil::WrongUsage) {
            self.papers.device(self.key.public(), Usage::Device, now)
        } else {
            self.papers.gateway.to_base64()
        };
        let credentials = Credentials {
            device_certificate: self.papers.device(&key, Usage::Device, now),
            gateway_certificate,
            authority_certificate: self.papers.authority.to_base64(),
        };
        (SignedGrant { payload, sig }, credentials)
    }

    /// The same gateway under a new authority, as a deployment with another CA would look.
    pub fn change_authority(&mut self) {
        let rules = self.papers.rules.clone();
        self.papers = Papers::new(&self.key, 4_711);
        self.papers.rules = rules;
    }

    pub fn authority_fingerprint(&self) -> String {
        self.papers.authority.fingerprint()
    }

    pub fn authority_pin(&self) -> String {
        self.papers.authority.pin()
    }

    /// An administrator revokes every device this person has.
    pub fn revoke_devices_of(&mut self, user: &str) {
        for device in self.devices.values_mut().filter(|device| device.user == user) {
            device.revoked = true;
        }
    }

    pub(super) fn renew(&mut self, user: &str, device: &str, now: UnixMillis) -> Value {
        let user = user_info(user);
        let (grant, credentials) = self.papers_for(&user, "hotline", &DeviceId::from(device), now);
        serde_json::to_value(GrantReply { grant, credentials }).expect("JSON")
    }

    pub(super) fn rotate(
        &mut self,
        user: &str,
        old: &str,
        token: &str,
        body: &str,
        now: UnixMillis,
    ) -> Result<Value, ErrorCode> {
        let request: RotateRequest = serde_json::from_str(body).map_err(|_| ErrorCode::Malformed)?;
        let text = RotateRequest::signed_text(&DeviceId::from(old), &request.device.id);
        let proven = verify_hex(&self.devices[old].key, text.as_bytes(), &request.endorsement).is_valid()
            && verify_hex(&request.device.public_key, text.as_bytes(), &request.proof).is_valid();
        if !proven {
            return Err(ErrorCode::BadSignature);
        }
        self.devices.get_mut(old).expect("known").revoked = true;
        let new = request.device.id.clone();
        self.devices.insert(
            new.0.clone(),
            Device {
                seq: 0,
                head: ZERO_HASH.to_owned(),
                key: request.device.public_key,
                user: user.to_owned(),
                revoked: false,
            },
        );
        self.sessions
            .insert(token.to_owned(), (user.to_owned(), new.0.clone()));
        let (grant, credentials) = self.papers_for(&user_info(user), "hotline", &new, now);
        let reply = RotateReply {
            grant,
            credentials,
            device_seq: 0,
            device_head: HexHash::zero(),
        };
        Ok(serde_json::to_value(reply).expect("JSON"))
    }

    pub(super) fn device_list(&self, now: UnixMillis) -> Value {
        let devices = self.devices.iter().map(|(id, device)| DeviceView {
            id: DeviceId::from(id.as_str()),
            name: "测试手机".to_owned(),
            user_id: UserId::from(device.user.as_str()),
            user_name: format!("{}的姓名", device.user),
            unit_name: "黄浦区水务局".to_owned(),
            key_fingerprint: String::new(),
            certificate_serial: String::new(),
            not_after: None,
            enrolled_at: now,
            last_seen_at: None,
            revoked_at: device.revoked.then_some(now),
            how: EnrolledHow::Container,
            held: device.revoked,
        });
        let list = DeviceList {
            devices: devices.collect(),
            authority: AuthorityView {
                name: "测试 CA".to_owned(),
                fingerprint: self.authority_fingerprint(),
                not_after: UnixMillis(self.papers.authority.not_after() * 1000),
            },
        };
        serde_json::to_value(list).expect("JSON")
    }

    pub(super) fn invitation(&mut self, body: &str, now: UnixMillis) -> Result<Value, ErrorCode> {
        let request: InvitationRequest = serde_json::from_str(body).map_err(|_| ErrorCode::Malformed)?;
        self.papers.invited.push(request.user.0.clone());
        let fingerprint = self.authority_fingerprint();
        let invitation = Invitation {
            code: "ABCD-2345".to_owned(),
            user_name: format!("{}的姓名", request.user),
            user_id: request.user,
            expires_at: now.plus(600_000),
            qr_text: Invitation::qr_text_of("ABCD-2345", &self.authority_pin()),
            authority_fingerprint: fingerprint,
        };
        Ok(serde_json::to_value(invitation).expect("JSON"))
    }
}

pub fn user_info(user: &str) -> UserInfo {
    UserInfo {
        id: UserId::from(user),
        name: format!("{user}的姓名"),
        role: role(user).0,
        roles: case_roles(user),
        unit: UnitId::from("hp"),
        unit_name: "黄浦区水务局".to_owned(),
    }
}
