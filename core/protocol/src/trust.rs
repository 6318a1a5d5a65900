//! Who is trusted for what: device enrolment, signed access grants with their offline lease, certificates,
//! rotation, revocation.
//!
//! Not the checking of signatures and certificates (`shenhai-crypto`) and not the rules' figures (the gateway's
//! `trust.toml`). Sent by the gateway, verified by devices and by whoever checks a record later.

use crate::forms::wire_enum;
use crate::{ActName, DeviceId, DeviceInfo, HexHash, Kind, ScopeId, UnixMillis, UserId, UserInfo};
use serde::{Deserialize, Serialize};

/// Characters of a one-time enrolment code, separators not counted.
pub const ENROLMENT_CODE_CHARS: usize = 8;

/// Crockford's base 32: no I, L, O, U, so that a code survives being read out and copied by hand.
pub const ENROLMENT_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a QR code for enrolment begins with; the figure is the version of what follows.
const QR_PREFIX: &str = "shenhai-enrol:2:";

/// The code as it is compared: upper case, without hyphens and spaces, O read as 0 and I, L as 1. `None` for text
/// that is no code.
#[must_use]
pub fn read_enrolment_code(text: &str) -> Option<String> {
    let mut code = String::with_capacity(ENROLMENT_CODE_CHARS);
    for letter in text.chars().filter(|letter| !matches!(letter, '-' | ' ')) {
        let letter = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let known = u8::try_from(letter).is_ok_and(|byte| ENROLMENT_ALPHABET.contains(&byte));
        if !known || code.len() == ENROLMENT_CODE_CHARS {
            return None;
        }
        code.push(letter);
    }
    (code.len() == ENROLMENT_CODE_CHARS).then_some(code)
}

/// The code as it is shown: `XXXX-XXXX`.
#[must_use]
pub fn show_enrolment_code(code: &str) -> String {
    match code.split_at_checked(ENROLMENT_CODE_CHARS / 2) {
        Some((front, back)) => format!("{front}-{back}"),
        None => code.to_owned(),
    }
}

wire_enum! {
    /// What a session may do at the gateway.
    Action {
        /// Pull its scopes and wait for news.
        ReadOrders,
        /// Push signed commands.
        SubmitCommands,
        /// Fetch the proof of an order it may see.
        ReadProofs,
        /// See devices, invite to enrol, revoke.
        ManageDevices,
    }
}

wire_enum! {
    /// How much of a record a scope shows.
    Sight {
        /// Everything.
        Full,
        /// Citizens masked.
        Masked,
    }
}

wire_enum! {
    /// What of its records a scope sends to a device.
    Depth {
        /// The records.
        Full,
        /// Their rows of lists only.
        Row,
    }
}

/// A scope as it is granted: what is in it, how much of it is shown, and what may be done there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Which.
    pub id: ScopeId,
    /// Kinds of records in it.
    pub kinds: Vec<Kind>,
    /// How much of them is shown.
    pub sight: Sight,
    /// What may be done to them there.
    pub acts: Vec<ActName>,
    /// What of them comes down.
    pub depth: Depth,
}

/// The rules a device keeps while it is out of the gateway's sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseRules {
    /// Version of the rules' file.
    pub version: String,
    /// Hours the device's data may be opened without having heard from the gateway.
    pub offline_hours: u32,
    /// Wrong PINs in a row before the device's data is erased.
    pub pin_attempts: u32,
    /// Fewest digits of a PIN.
    pub pin_digits: u32,
    /// Minutes without use before the device locks.
    pub lock_after_minutes: u32,
    /// Whether a PIN must be set.
    pub pin_required: bool,
}

/// Access-control information: who may do what, from which device, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessGrant {
    /// [`crate::PROTOCOL_VERSION`].
    pub v: u32,
    /// A UUID, new with every grant.
    pub grant_id: String,
    /// Who, with their role and unit.
    pub user: UserInfo,
    /// From which device.
    pub device: DeviceId,
    /// On which page: `hotline`, `desk` or `cases`.
    pub app: String,
    /// What they may follow, and what they may do there.
    pub scopes: Vec<Scope>,
    /// What they may do besides.
    pub actions: Vec<Action>,
    /// The gateway's time when it signed.
    pub issued_at: UnixMillis,
    /// End of the session: from then on the gateway wants a new sign-in.
    pub expires_at: UnixMillis,
    /// End of the lease: from then on the device keeps its data shut until it has heard from the gateway.
    pub offline_until: UnixMillis,
    /// What the device keeps to until then.
    pub rules: LeaseRules,
}

impl AccessGrant {
    /// The ids of the granted scopes.
    #[must_use]
    pub fn scope_ids(&self) -> Vec<ScopeId> {
        self.scopes.iter().map(|scope| scope.id.clone()).collect()
    }

    /// Whether `act` may be done to a record that shows in that scope.
    #[must_use]
    pub fn allows(&self, scope: &ScopeId, act: &str) -> bool {
        let granted = self.scopes.iter().find(|granted| granted.id == *scope);
        granted.is_some_and(|granted| granted.acts.iter().any(|own| own.as_str() == act))
    }
}

/// A grant on the wire: the exact text, and the SM2 signature (`r‖s`, 128 hex digits) of the gateway
/// certificate's key over [`SignedGrant::signed_text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedGrant {
    /// JSON of an [`AccessGrant`].
    pub payload: String,
    /// The signature.
    pub sig: String,
}

impl SignedGrant {
    /// What is signed. The first line keeps a grant from being taken for a receipt or a tree head.
    #[must_use]
    pub fn signed_text(payload: &str) -> String {
        format!("shenhai-grant-v1\n{payload}")
    }

    /// Read the payload. Proves nothing: verify the signature first.
    ///
    /// # Errors
    /// When the payload is not the JSON of an [`AccessGrant`].
    pub fn open(&self) -> Result<AccessGrant, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}

/// The certificates a device keeps: each the standard base64 of its DER, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// The device's own, renewed with a grant when less than a third of its life is left.
    pub device_certificate: String,
    /// Of the key that signs receipts and grants.
    pub gateway_certificate: String,
    /// Of who issued both.
    pub authority_certificate: String,
}

/// Answer to `POST /v1/grant`, which has no body: the lease begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantReply {
    /// The new grant.
    pub grant: SignedGrant,
    /// The certificates, as they now are.
    pub credentials: Credentials,
}

/// `POST /v1/devices/rotate`: the session's device takes a new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateRequest {
    /// The device under its new key.
    pub device: DeviceInfo,
    /// The old key's signature over [`RotateRequest::signed_text`], 128 hex digits.
    pub endorsement: String,
    /// The new key's signature over the same.
    pub proof: String,
}

impl RotateRequest {
    /// What both keys sign.
    #[must_use]
    pub fn signed_text(old: &DeviceId, new: &DeviceId) -> String {
        format!("shenhai-rotate-v1\n{old}\n{new}")
    }
}

/// Answer to a rotation. The session goes on, as the new device's; the same request again gets the same device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotateReply {
    /// The new device's grant.
    pub grant: SignedGrant,
    /// Its certificates.
    pub credentials: Credentials,
    /// Last `device_seq` the gateway holds of the new device: its chain begins anew at 0.
    pub device_seq: u64,
    /// Hash of that command's payload, zeros for none.
    pub device_head: HexHash,
}

wire_enum! {
    /// By what a device was let in.
    EnrolledHow {
        /// The container's sign-in vouched for it.
        Container,
        /// A one-time code.
        Code,
        /// The key before it endorsed it.
        Rotated,
    }
}

/// A device as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceView {
    /// Its id.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: String,
    /// Whose it is.
    pub user_id: UserId,
    /// Their name; the id where they left the directory.
    pub user_name: String,
    /// Their unit; empty where they left the directory.
    pub unit_name: String,
    /// First 16 hex digits of SM3 over its key: what is compared by eye.
    pub key_fingerprint: String,
    /// Serial number of its certificate, hex; empty for a device that has not come by since certificates exist.
    pub certificate_serial: String,
    /// When the certificate ends.
    pub not_after: Option<UnixMillis>,
    /// When it was let in.
    pub enrolled_at: UnixMillis,
    /// When it was last heard, to the minute.
    pub last_seen_at: Option<UnixMillis>,
    /// When it was revoked or replaced its key.
    pub revoked_at: Option<UnixMillis>,
    /// By what it was let in.
    pub how: EnrolledHow,
    /// It was revoked, and its owner needs a one-time code for any new device until an administrator releases them.
    pub held: bool,
}

/// Who issues certificates here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthorityView {
    /// Its name.
    pub name: String,
    /// Of its certificate: the first 16 hex digits of SM3 over the DER, in groups of four.
    pub fingerprint: String,
    /// When it ends.
    pub not_after: UnixMillis,
}

/// Answer to `GET /v1/devices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceList {
    /// Newest first.
    pub devices: Vec<DeviceView>,
    /// Who issued their certificates.
    pub authority: AuthorityView,
}

/// `POST /v1/devices/invitations`: let one person enrol one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// Who.
    pub user: UserId,
}

/// A one-time code and what is shown with it. The only time the code is seen: the gateway keeps a hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// `XXXX-XXXX`.
    pub code: String,
    /// For whom.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// When the code ends.
    pub expires_at: UnixMillis,
    /// Of the authority's certificate, in groups of four: the person compares it on the device.
    pub authority_fingerprint: String,
    /// What the QR code says, see [`Invitation::qr_text_of`].
    pub qr_text: String,
}

impl Invitation {
    /// The text of the QR code: the code without its hyphen and the pin of the authority's certificate, the first 128
    /// bits of the SM3 of its DER.
    #[must_use]
    pub fn qr_text_of(code: &str, authority_pin: &str) -> String {
        format!("{QR_PREFIX}{}:{authority_pin}", code.replace(['-', ' '], ""))
    }

    /// Code and authority pin (32 lower-case hex digits) of a scanned QR text; `None` for any other text, that of
    /// version 1 with its 64 bits included.
    #[must_use]
    pub fn read_qr_text(text: &str) -> Option<(String, String)> {
        let (code, pin) = text.strip_prefix(QR_PREFIX)?.split_once(':')?;
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = pin.len() == 32 && pin.bytes().all(hex);
        fits.then_some((read_enrolment_code(code)?, pin.to_owned()))
    }
}

impl std::fmt::Debug for Invitation {
    // The code opens the door for whoever reads it: it stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invitation(for {} until {})", self.user_id, self.expires_at.0)
    }
}

wire_enum! {
    /// What holds the gateway's keys.
    ProviderKindView {
        /// This program, in memory. Not a certified module.
        Software,
        /// The platform's key store.
        Platform,
        /// 签名验签服务
        SignatureService,
        /// 可信密码服务
        CryptoService,
        /// 安全认证网关
        SecurityGateway,
    }
}

/// Who signs for the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderView {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ProviderKindView,
    /// An emulator: never in production.
    pub emulated: bool,
    /// Number of its product certificate (商用密码产品认证), where it has one.
    pub certified: Option<String>,
}

wire_enum! {
    /// Why a device's key no longer counts.
    RevocationReason {
        /// An administrator revoked it.
        Revoked,
        /// It took a new key.
        Rotated,
    }
}

/// A device whose key no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokedDevice {
    /// Which.
    pub device: DeviceId,
    /// Since when. What it signed and the gateway receipted before stays good.
    pub at: UnixMillis,
    /// Why.
    pub reason: RevocationReason,
}

/// Every device whose key no longer counts, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevocationList {
    /// [`crate::PROTOCOL_VERSION`].
    pub v: u32,
    /// As of when.
    pub issued_at: UnixMillis,
    /// The devices.
    pub devices: Vec<RevokedDevice>,
}

/// A [`RevocationList`] on the wire: the exact text, and the SM2 signature (`r‖s`, 128 hex digits) of the gateway
/// certificate's key over [`SignedRevocations::signed_text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedRevocations {
    /// JSON of a [`RevocationList`].
    pub payload: String,
    /// The signature.
    pub sig: String,
}

impl SignedRevocations {
    /// What is signed.
    #[must_use]
    pub fn signed_text(payload: &str) -> String {
        format!("shenhai-revoked-v1\n{payload}")
    }

    /// Read the payload. Proves nothing: verify the signature first.
    ///
    /// # Errors
    /// When the payload is not the JSON of a [`RevocationList`].
    pub fn open(&self) -> Result<RevocationList, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}

/// Answer to `GET /v1/trust`, for anyone: what a receipt or a grant of this gateway is verified with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrustInfo {
    /// Base64 of its DER, on one line.
    pub authority_certificate: String,
    /// Of the key that signs now.
    pub gateway_certificate: String,
    /// Of keys that signed before, newest first: older receipts verify with these.
    pub earlier_gateway_certificates: Vec<String>,
    /// Who signs.
    pub provider: ProviderView,
    /// Devices whose key no longer counts.
    pub revoked: SignedRevocations,
}
