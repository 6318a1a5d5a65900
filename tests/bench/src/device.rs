//! A handler's device as the gateway sees it: a key, a session, a chain of signed commands.

use crate::Failure;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use serde_json::{Value, json};
use shenhai_crypto::{SecretKey, device_id, sm3};
use shenhai_flow::Flow;
use shenhai_flow::forms::classed;
use shenhai_proof::law_of;
use shenhai_proof::submission::close;
use shenhai_protocol::{
    Beside, ChangeKind, CmdId, Command, ContactForm, DeviceId, DeviceInfo, Envelope, FormRef, HexHash,
    OrderId, PROTOCOL_VERSION, PullReply, PushRequest, RecordRef, ScopeId, SessionGrant, SessionRequest,
    SignedEnvelope, UnixMillis, UnreachedReason, UserId, WorkId,
};

/// A signed-in device.
pub struct Device {
    key: SecretKey,
    id: DeviceId,
    user: UserId,
    scope: ScopeId,
    /// Bearer token of its session.
    pub token: String,
    server_time: UnixMillis,
}

/// What a device may work on: orders of its handler that are not finished, with the revision it saw.
pub type Orders = Vec<(OrderId, u64)>;

impl Device {
    /// Make a key and sign in as `user` with a code of the emulated container.
    ///
    /// # Errors
    /// When the city or the gateway does not answer as expected.
    pub async fn sign_in(
        http: &reqwest::Client,
        city: &str,
        gateway: &str,
        user: &str,
    ) -> Result<Self, Failure> {
        let code = post(http, &format!("{city}/admin/login-code"), &json!({"user": user})).await?;
        let code = code["code"]
            .as_str()
            .ok_or("the container gave no code")?
            .to_owned();
        let key = SecretKey::generate(&mut UnwrapErr(SysRng));
        let id = DeviceId(device_id(key.public()));
        let proof = key.sign(
            SessionRequest::proof_text("hotline", &code, &id).as_bytes(),
            &mut UnwrapErr(SysRng),
        );
        let request = SessionRequest {
            app: "hotline".to_owned(),
            code,
            device: DeviceInfo {
                id: id.clone(),
                public_key: key.public().to_hex(),
                name: "bench".to_owned(),
            },
            proof: proof.to_hex(),
            enrolment_code: None,
        };
        let answer = post(
            http,
            &format!("{gateway}/v1/sessions"),
            &serde_json::to_value(request)?,
        )
        .await?;
        let grant: SessionGrant = serde_json::from_value(answer)?;
        Ok(Self {
            key,
            id,
            scope: ScopeId::person(&grant.user.id),
            user: grant.user.id,
            token: grant.token,
            server_time: grant.server_time,
        })
    }

    /// Everything assigned to its handler.
    ///
    /// # Errors
    /// When the gateway does not answer as expected.
    pub async fn orders(&self, http: &reqwest::Client, gateway: &str) -> Result<Orders, Failure> {
        let url = format!(
            "{gateway}/v1/pull?scope={}&cursor=0&limit=500",
            self.scope.as_str().replace(':', "%3A")
        );
        let answer = http.get(url).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(format!("pull: {status} {text}").into());
        }
        let reply: PullReply = serde_json::from_str(&text)?;
        Ok(reply
            .changes
            .into_iter()
            .filter_map(|change| match change.kind {
                ChangeKind::Upsert { order } => Some((order.id, order.rev)),
                ChangeKind::Remove { .. } | ChangeKind::Record { .. } | ChangeKind::Gone { .. } => None,
            })
            .collect())
    }

    /// The bodies of `count` pushes of one command each: 签收 of every order, then 先行联系 in turns.
    ///
    /// # Errors
    /// When a payload cannot be serialised.
    pub fn sign(&self, orders: &Orders, count: usize) -> Result<Vec<String>, Failure> {
        let mut prev_hash = HexHash::zero();
        let mut bodies = Vec::with_capacity(count);
        for index in 0..count {
            let (order, rev) = &orders[index % orders.len()];
            let round = u64::try_from(index / orders.len())?;
            let body = if round == 0 {
                Command::Accept { order: order.clone() }
            } else {
                Command::Contact {
                    order: order.clone(),
                    form: unreached(),
                }
            };
            let kind = body.kind();
            let law = law_of("hotline", Flow::standard().version(), Flow::standard_text());
            let closed = body
                .answers()
                .map(|answers| close(answers, classed(kind), &mut UnwrapErr(SysRng)));
            let (submission, beside) = match closed {
                Some((named, beside)) => (Some(named), beside),
                None => (None, Beside::default()),
            };
            let id = uuid::Uuid::now_v7().to_string();
            let envelope = Envelope {
                v: PROTOCOL_VERSION,
                work: WorkId(id.clone()),
                cmd_id: CmdId(id),
                device_id: self.id.clone(),
                device_seq: u64::try_from(index)? + 1,
                prev_hash,
                actor: self.user.clone(),
                role: "handler".into(),
                scope: self.scope.clone(),
                record: RecordRef {
                    kind: "hotline.order".into(),
                    id: order.clone(),
                },
                base_rev: rev + round,
                act: kind.act().into(),
                form: submission.as_ref().map(|_| FormRef {
                    id: kind.act().into(),
                    sm3: law.sm3.clone(),
                }),
                law,
                submission,
                files: Vec::new(),
                of: None,
                client_time: self.server_time,
            };
            let payload = serde_json::to_string(&envelope)?;
            prev_hash = HexHash(sm3(payload.as_bytes()).to_hex());
            let sig = self.key.sign(payload.as_bytes(), &mut UnwrapErr(SysRng)).to_hex();
            bodies.push(serde_json::to_string(&PushRequest {
                commands: vec![SignedEnvelope { payload, sig, beside }],
            })?);
        }
        Ok(bodies)
    }
}

fn unreached() -> ContactForm {
    ContactForm {
        reached: Some(false),
        unreached_reason: Some(UnreachedReason::NoAnswer),
        note: "样例：电话无人接听，稍后再次联系。".to_owned(),
        ..ContactForm::default()
    }
}

async fn post(http: &reqwest::Client, url: &str, body: &Value) -> Result<Value, Failure> {
    let answer = http.post(url).json(body).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        return Err(format!("{url}: {status} {text}").into());
    }
    Ok(serde_json::from_str(&text)?)
}
