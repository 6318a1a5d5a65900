//! Signing in: a one-time code of the container (随申办政务云) becomes a session bound to a device key.

use crate::forms::wire_enum;
use crate::{Credentials, DeviceId, HexHash, RoleName, ScopeId, SignedGrant, UnitId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

wire_enum! {
    /// What somebody may do.
    Role {
        /// 经办人: works on the orders assigned to them.
        Handler,
        /// 单位审核员: sees the orders of the unit.
        UnitReviewer,
        /// 局热线办: sees every order.
        BureauReviewer,
        /// 系统管理员: sees devices and may revoke them; sees no order.
        Administrator,
    }
}

impl Role {
    /// Its name in signed texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::UnitReviewer => "unit_reviewer",
            Self::BureauReviewer => "bureau_reviewer",
            Self::Administrator => "administrator",
        }
    }
}

/// Where the page sends the browser to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginTarget {
    /// The container's authorisation page, with `redirect_uri` and `state` filled in.
    pub authorize_url: String,
}

/// The device that asks for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeviceInfo {
    /// Derived from the key.
    pub id: DeviceId,
    /// SM2 public key, uncompressed SEC1 point `04‖x‖y`, 130 hex digits.
    pub public_key: String,
    /// What a person calls it, e.g. `Chromium 浏览器`.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub name: String,
}

/// `POST /v1/sessions`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// Which app: `hotline`, `desk` or `cases`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^(hotline|desk|cases)$"))]
    pub app: String,
    /// The container's one-time code, at most 512 bytes.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[!-~]{1,512}$"))]
    pub code: String,
    /// The device.
    pub device: DeviceInfo,
    /// SM2 signature with the device's key over [`SessionRequest::proof_text`], 128 hex digits.
    pub proof: String,
    /// A one-time code ([`crate::read_enrolment_code`]), where the page wants one of a new device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<String>,
}

impl SessionRequest {
    /// The text whose signature proves that the asker holds the device's key.
    #[must_use]
    pub fn proof_text(app: &str, code: &str, device: &DeviceId) -> String {
        format!("shenhai-session-v1\n{app}\n{code}\n{device}")
    }
}

impl fmt::Debug for SessionRequest {
    // Both codes open the door for whoever reads them, and the proof goes with the first: they stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRequest")
            .field("app", &self.app)
            .field("device", &self.device)
            .field("with_enrolment_code", &self.enrolment_code.is_some())
            .finish_non_exhaustive()
    }
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserInfo {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their roles in packs, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<RoleName>>", optional))]
    pub roles: Vec<RoleName>,
    /// Where they belong.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
}

/// The gateway's answer to a granted sign-in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionGrant {
    /// Bearer token for every other call; opaque.
    pub token: String,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// Who.
    pub user: UserInfo,
    /// What they may follow.
    pub scopes: Vec<ScopeId>,
    /// The gateway's SM2 key, which signs receipts: `04‖x‖y`, 130 hex digits.
    pub gateway_key: String,
    /// Changes when a backup was restored: devices then start their cursors anew.
    pub epoch: String,
    /// Now.
    pub server_time: UnixMillis,
    /// Last `device_seq` the gateway holds of this device, 0 for none.
    pub device_seq: u64,
    /// Hash of that command's payload, zeros for none.
    pub device_head: HexHash,
    /// What they may do, signed.
    pub grant: SignedGrant,
    /// The certificates that go with it. `gateway_key` is the key of the gateway's.
    pub credentials: Credentials,
}

/// `GET /v1/people`: whom an order can be given to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeopleList {
    /// The units the asker may give orders to, by their ids.
    pub units: Vec<PeopleUnit>,
}

/// A unit and who works there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeopleUnit {
    /// Its id.
    pub id: UnitId,
    /// Its name.
    pub name: String,
    /// Its handlers, by their ids.
    pub handlers: Vec<PersonLoad>,
}

/// A handler and how much they have to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonLoad {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Open orders.
    pub open: u32,
}

impl fmt::Debug for SessionGrant {
    // The token is the session: it stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionGrant")
            .field("user", &self.user.id)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .field("epoch", &self.epoch)
            .field("device_seq", &self.device_seq)
            .finish_non_exhaustive()
    }
}
