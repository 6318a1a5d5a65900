//! Locking, this device's credentials, and the devices an administrator manages.

use serde::{Deserialize, Serialize};
use shenhai_protocol::{DeviceId, UnixMillis, UserId};

/// Whether the data on this device is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    /// It is.
    Open,
    /// It waits for the PIN.
    Locked,
    /// Its key was destroyed. `session.begin` starts anew, with nothing.
    Erased,
}

/// Answer of every `lock.*` method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LockStatus {
    /// Whether the data is open.
    pub state: LockState,
    /// There is a PIN.
    pub pin_set: bool,
    /// Wrong PINs left before the data on this device is erased, unsent work included. At 1, say so.
    pub attempts_left: u32,
    /// The next try is taken after so many milliseconds; 0 for at once.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub retry_after_ms: u64,
    /// The rules of the signed-in person's role want a PIN.
    pub pin_required: bool,
    /// It locks by itself after so many minutes without use; 0 for never.
    pub lock_after_minutes: u32,
    /// Fewest digits of a PIN.
    pub pin_digits: u32,
    /// There is a PIN to set: false in a browser that keeps nothing.
    pub available: bool,
    /// The platform may open the data after it recognised the person.
    pub biometric: bool,
}

/// Parameters of `lock.set_pin`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SetPinParams {
    /// The new one: digits.
    pub pin: String,
    /// The present one, where there is one.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub old_pin: Option<String>,
}

/// Parameters of `lock.clear_pin`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PinParams {
    /// The present one.
    pub pin: String,
}

/// Parameters of `lock.set_biometric`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct BiometricParams {
    /// The present PIN.
    pub pin: String,
    /// Whether the platform may open the data after it recognised the person.
    pub on: bool,
}

/// Parameters of `lock.unlock`: `{"pin": "…"}`, or `{"host_secret": true}` after the platform recognised the person.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct UnlockParams {
    /// The PIN.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pin: Option<String>,
    /// Ask the platform instead.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub host_secret: bool,
}

/// Parameters of `lock.erase`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct EraseParams {
    /// The word `erase`: everything on this device is lost, unsent work included.
    pub confirm: String,
}

macro_rules! hide_pins {
    ($($name:ident),+) => {
        $(impl std::fmt::Debug for $name {
            // A PIN stays out of logs.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        })+
    };
}
hide_pins!(SetPinParams, PinParams, BiometricParams, UnlockParams);

/// Where the data on this device lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StorageKind {
    /// On the disk, sealed.
    Sealed,
    /// In memory only.
    Memory,
}

/// What does the cryptography on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DeviceProvider {
    /// Its name.
    pub name: String,
    /// Whether it is a certified cryptographic module (商用密码产品认证).
    pub certified: bool,
}

/// Answer of `device.status` and `device.rotate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DeviceStatus {
    /// This device.
    pub device_id: DeviceId,
    /// First 16 hex digits of SM3(public key), for comparing by eye.
    pub key_fingerprint: String,
    /// Who issued this device's certificate; empty before the first sign-in.
    pub authority_name: String,
    /// Of the authority's certificate, in groups of four, for comparing by eye; empty before the first sign-in.
    pub authority_fingerprint: String,
    /// When this device's certificate ends.
    pub certificate_until: Option<UnixMillis>,
    /// Until when personal data may be opened without having heard from the gateway.
    pub lease_until: Option<UnixMillis>,
    /// That instant has passed: connect, and it is renewed.
    pub lease_expired: bool,
    /// Where the data lies.
    pub storage: StorageKind,
    /// The data on this device is, or was when it was opened, older than what this device last wrote.
    pub rollback_suspected: bool,
    /// What does the cryptography.
    pub provider: DeviceProvider,
}

/// Parameters of `devices.invite`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct InviteParams {
    /// Whom.
    pub user: UserId,
}

/// Parameters of `devices.revoke` and `devices.release`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DeviceParams {
    /// Which.
    pub id: DeviceId,
}
