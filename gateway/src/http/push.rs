//! `POST /v1/push`: signed commands come up.
//!
//! Not the decision (`decide`). Here is what needs no transaction: reading, and verifying signatures on a
//! blocking thread, so that neither the async threads nor the one writer spend their time on curves.

use super::body::read_json;
use super::error::{ApiError, status};
use super::limiter::TooOften;
use super::session::Session;
use crate::access;
use crate::app::App;
use crate::decide::{Asker, Asks, Bench, Decided, Genuine, Kept};
use crate::law;
use crate::records::{self, Ground};
use crate::seal;
use crate::store::StoreError;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shenhai_crypto::{PublicKey, Signature, sm3};
use shenhai_flow::forms::classed;
use shenhai_proof::submission;
use shenhai_protocol::{
    Command, CommandKind, DeviceId, Envelope, EnvelopeError, ErrorBody, ErrorCode, HexHash, PushReply,
    PushRequest, PushStop, SignedEnvelope, limits,
};
use std::sync::Arc;

/// A stopped batch without a receipt: an error like any other, and where to go on.
#[derive(Serialize)]
struct StoppedReply {
    #[serde(flatten)]
    error: ErrorBody,
    #[serde(flatten)]
    reply: PushReply,
}

/// Decide on commands of one device.
#[utoipa::path(post, path = "/v1/push", tag = "sync", security(("session" = [])), request_body = PushRequest,
    responses(
        (status = 200, description = "A receipt for every command up to the stop, if any", body = PushReply),
        (status = "default", description = "Nothing was receipted; where a command stopped the batch, the fields \
            of PushReply stand beside those of ErrorBody", body = ErrorBody)))]
pub(crate) async fn push(
    State(app): State<Arc<App>>,
    session: Session,
    body: Body,
) -> Result<Response, ApiError> {
    if !access::may_push(&session.asker.user, &app.packs.shelf()) {
        return Err(ApiError::new(ErrorCode::Forbidden, "the role acts on no order"));
    }
    let user = session.asker.user.id.clone();
    app.quotas
        .ask(&user, &app.tuning, app.clock.now())
        .map_err(|TooOften { retry_after }| {
            let text = "what may be stored of this person's commands in a day is used up; go on tomorrow";
            ApiError::new(ErrorCode::RateLimited, text).retry_after(retry_after)
        })?;
    if app.signing.is_failing() {
        // Nothing more is taken than can be answered.
        let text = "the service that signs receipts does not answer";
        return Err(ApiError::new(ErrorCode::UpstreamUnavailable, text));
    }
    let request: PushRequest = read_json(body, limits::PUSH_BYTES).await?;
    if request.commands.len() > limits::PUSH_COMMANDS {
        return Err(ApiError::new(
            ErrorCode::TooLarge,
            "too many commands in one push",
        ));
    }
    let now = app.clock.now();
    let ground = Arc::new(Ground::of(&app, now));
    let asker = Arc::new(session.asker);
    let desk = Desk {
        app: Arc::clone(&app),
        ground: Arc::clone(&ground),
        asker: Arc::clone(&asker),
    };
    let (genuine, unread) = verify(desk, request.commands).await?;
    let decided = if genuine.is_empty() {
        Decided {
            receipts: Vec::new(),
            stopped: None,
            kept: Kept::default(),
        }
    } else {
        let deciding = Arc::clone(&app);
        app.store
            .write(move |tx| {
                let bench = Bench {
                    keys: &deciding.keys,
                    directory: &deciding.directory,
                    ground: &ground,
                    asker: &asker,
                    now,
                };
                bench.take_batch(tx, &genuine)
            })
            .await?
    };
    app.quotas.charge(&user, decided.kept, now);
    if !decided.receipts.is_empty() {
        app.feedback_queued.notify_waiters();
        app.log_grown.notify_waiters();
    }
    let reply = PushReply {
        receipts: seal::receipts(&app, decided.receipts).await?,
        stopped: decided.stopped.or(unread),
        server_time: now,
    };
    Ok(answer(reply))
}

fn answer(reply: PushReply) -> Response {
    match &reply.stopped {
        Some(stop) if reply.receipts.is_empty() => {
            let error = ApiError::new(stop.code, "the first command got no receipt").body();
            (status(stop.code), Json(StoppedReply { error, reply })).into_response()
        }
        _ => Json(reply).into_response(),
    }
}

/// The commands whose signature holds, up to the first that cannot be read or verified.
async fn verify(
    desk: Desk,
    commands: Vec<SignedEnvelope>,
) -> Result<(Vec<Genuine>, Option<PushStop>), ApiError> {
    let verified = tokio::task::spawn_blocking(move || {
        let mut keys = DeviceKeys {
            app: &desk.app,
            last: None,
        };
        let mut genuine = Vec::with_capacity(commands.len());
        for (index, signed) in commands.into_iter().enumerate() {
            match verify_one(&desk, &mut keys, signed)? {
                Ok(command) => genuine.push(command),
                Err(code) => {
                    let stop = PushStop {
                        index,
                        code,
                        expected_seq: None,
                    };
                    return Ok((genuine, Some(stop)));
                }
            }
        }
        Ok((genuine, None))
    });
    let outcome: Result<_, StoreError> = verified.await.unwrap_or(Err(StoreError::Panicked));
    Ok(outcome?)
}

fn verify_one(
    desk: &Desk,
    keys: &mut DeviceKeys<'_>,
    signed: SignedEnvelope,
) -> Result<Result<Genuine, ErrorCode>, StoreError> {
    let opened = signed.open().and_then(|envelope| {
        envelope.check_new()?;
        Ok(envelope)
    });
    let envelope = match opened {
        Ok(envelope) => envelope,
        Err(error) => return Ok(Err(unreadable(&error))),
    };
    let verifier = Arc::clone(&keys.app.verifier);
    let key = match keys.of(&envelope)? {
        Ok(key) => key,
        Err(code) => return Ok(Err(code)),
    };
    let holds = Signature::from_hex(&signed.sig).is_ok_and(|signature| {
        verifier
            .verify(key, signed.payload.as_bytes(), &signature)
            .is_valid()
    });
    if !holds {
        return Ok(Err(ErrorCode::BadSignature));
    }
    let asks = match desk.read(&envelope, &signed)? {
        Ok(asks) => asks,
        Err(code) => return Ok(Err(code)),
    };
    let hash = HexHash(sm3(signed.payload.as_bytes()).to_hex());
    Ok(Ok(Genuine {
        signed,
        envelope,
        asks,
        hash,
    }))
}

/// What a batch is prepared with.
struct Desk {
    app: Arc<App>,
    ground: Arc<Ground>,
    asker: Arc<Asker>,
}

impl Desk {
    /// What an act asks for.
    fn read(
        &self,
        envelope: &Envelope,
        signed: &SignedEnvelope,
    ) -> Result<Result<Asks, ErrorCode>, StoreError> {
        if envelope.record.kind == law::orders() {
            let command = read_command(envelope, signed);
            return Ok(command.map(Asks::Order).ok_or(ErrorCode::Malformed));
        }
        let prepared = self.app.store.read_blocking(|rows| {
            records::prepare(rows, &self.ground, &self.asker, envelope, &signed.beside)
        })?;
        Ok(prepared.map(|prepared| Asks::Record(Arc::new(prepared))))
    }
}

/// What the act asks for: its submission is the one the text names, its classed answers are all disclosed.
fn read_command(envelope: &Envelope, signed: &SignedEnvelope) -> Option<Command> {
    let kind = CommandKind::of_act(&envelope.act)?;
    if envelope.form.as_ref().map(|form| form.id.as_str()) != kind.has_form().then_some(kind.act()) {
        return None;
    }
    let answers = submission::open(envelope, &signed.beside, classed(kind)).ok()?;
    Command::read(kind, envelope.record.id.clone(), answers).ok()
}

fn unreadable(error: &EnvelopeError) -> ErrorCode {
    match error {
        EnvelopeError::TooLarge => ErrorCode::TooLarge,
        EnvelopeError::Version(_) => ErrorCode::UnsupportedVersion,
        EnvelopeError::Malformed(_) | EnvelopeError::BadId(_) | EnvelopeError::OutOfRange(_) => {
            ErrorCode::Malformed
        }
    }
}

/// Keys of the devices in a batch: nearly always one, so the last one is kept.
struct DeviceKeys<'a> {
    app: &'a App,
    last: Option<(DeviceId, PublicKey)>,
}

impl DeviceKeys<'_> {
    fn of(&mut self, envelope: &Envelope) -> Result<Result<&PublicKey, ErrorCode>, StoreError> {
        let id = &envelope.device_id;
        if self.last.as_ref().is_none_or(|(last, _)| last != id) {
            let device = match self.app.store.read_blocking(|rows| rows.device(id))? {
                None => return Ok(Err(ErrorCode::UnknownDevice)),
                Some(device) if device.revoked && device.replaced_by.is_none() => {
                    return Ok(Err(ErrorCode::DeviceRevoked));
                }
                Some(device) => device,
            };
            let key =
                PublicKey::from_hex(&device.public_key).map_err(|_| StoreError::Document("device key"))?;
            self.last = Some((id.clone(), key));
        }
        match &self.last {
            Some((_, key)) => Ok(Ok(key)),
            None => Ok(Err(ErrorCode::UnknownDevice)),
        }
    }
}
