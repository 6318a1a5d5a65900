//! What a binding says when it opens the core, and why that may fail.

use crate::host::KeepError;
use shenhai_protocol::ErrorCode;
use shenhai_store::{Place, StoreError};
use thiserror::Error;

/// How to open a core.
#[derive(Clone)]
pub struct Config {
    /// Scheme and authority of the gateway, e.g. `https://shenhai.example.cn`. Plain `http` only on loopback.
    pub gateway_url: String,
    /// Which app: `hotline`, `desk` or `cases`.
    pub app: String,
    /// What the person calls this device, e.g. `Chromium 浏览器`.
    pub device_name: String,
    /// Where to keep data.
    pub storage: Storage,
}

/// Where to keep data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In a directory of the app's own; made when missing. Not in a browser.
    Directory(std::path::PathBuf),
    /// In the browser's origin-private file system; only in a dedicated Worker.
    Opfs {
        /// Keeps apps of one origin apart.
        name: String,
    },
    /// Nowhere: what was not sent is gone when the process ends.
    Memory,
}

/// Why a core could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// What is wrong with the [`Config`].
    #[error("configuration: {0}")]
    Config(&'static str),
    /// The platform's store of secrets failed; nothing was changed.
    #[error(transparent)]
    Secrets(#[from] KeepError),
    /// The data on this device was sealed with another key. It was left as it is.
    #[error("the data on this device belongs to another key")]
    WrongKey,
    /// A later version of the app wrote the data. It was left as it is.
    #[error("the data on this device was written by a later version")]
    NewerData,
    /// Another tab or process has the data open.
    #[error("the data is in use by another tab or process")]
    InUse,
    /// There is no such storage here. [`Storage::Memory`] would work, and the person has to be told.
    #[error("no durable storage: {0}")]
    NoStorage(String),
    /// The disk or the quota is full.
    #[error("no space left")]
    Full,
    /// The storage failed otherwise.
    #[error("storage: {0}")]
    Storage(String),
}

impl OpenError {
    /// The nearest code of the waist.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Config(_) => ErrorCode::BadRequest,
            Self::Full | Self::Secrets(KeepError::Full) => ErrorCode::StorageFull,
            _ => ErrorCode::StoreFailed,
        }
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::WrongKey => Self::WrongKey,
            StoreError::Newer(_) => Self::NewerData,
            StoreError::Busy => Self::InUse,
            StoreError::Unavailable(why) => Self::NoStorage(why),
            StoreError::Full => Self::Full,
            other => Self::Storage(other.to_string()),
        }
    }
}

impl Config {
    /// Check what can be checked without opening anything.
    pub(crate) fn place(&self) -> Result<Place, OpenError> {
        if !matches!(self.app.as_str(), "hotline" | "desk" | "cases") {
            return Err(OpenError::Config("app is hotline, desk or cases"));
        }
        if !is_safe_origin(&self.gateway_url) {
            return Err(OpenError::Config("gateway_url is https, or http on loopback"));
        }
        match &self.storage {
            #[cfg(not(target_arch = "wasm32"))]
            Storage::Directory(path) => Ok(Place::Directory(path.clone())),
            #[cfg(target_arch = "wasm32")]
            Storage::Directory(_) => Err(OpenError::NoStorage("a browser has no directories".to_owned())),
            #[cfg(target_arch = "wasm32")]
            Storage::Opfs { name } => Ok(Place::Opfs(name.clone())),
            #[cfg(not(target_arch = "wasm32"))]
            Storage::Opfs { .. } => Err(OpenError::NoStorage("only a browser has OPFS".to_owned())),
            Storage::Memory => Ok(Place::Memory),
        }
    }
}

/// Read by the parser that will also send the requests, so that both mean the same host.
fn is_safe_origin(text: &str) -> bool {
    // The parser leaves out or turns round what these are: an address with them is not what it looks like.
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    let Ok(url) = reqwest::Url::parse(text) else {
        return false;
    };
    let bare = url.username().is_empty()
        && url.password().is_none()
        && !text.contains('@')
        && url.query().is_none()
        && url.fragment().is_none();
    let safe = match url.scheme() {
        "https" => url.host_str().is_some_and(|host| !host.is_empty()),
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")),
        _ => false,
    };
    bare && safe && !text.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for url in [
            "https://shenhai.example.cn",
            "http://127.0.0.1:8700",
            "http://localhost/",
            "http://[::1]:1",
            "HTTP://LOCALHOST:8700",
            "https://shenhai.example.cn:8443/",
        ] {
            assert!(is_safe_origin(url), "{url}");
        }
        for url in [
            "http://shenhai.example.cn",
            "http://127.0.0.1.example.cn",
            "ftp://127.0.0.1",
            "",
            "https://",
            "http://127.0.0.1:8700@evil.example",
            "http://localhost:@evil.example/",
            "http://[::1]@evil.example",
            "http://127.0.0.1\\@evil.example",
            "https://shenhai.example.cn@evil.example",
            "https://@evil.example",
            "https:///",
            "https://shenhai.example.cn?x",
            "https://shenhai.example.cn#x",
            "http://127.0.0.1\n.evil.example",
            " http://127.0.0.1",
            "http://localhost.evil.example",
            "http://0.0.0.0:8700",
            "javascript:alert(1)//127.0.0.1",
        ] {
            assert!(!is_safe_origin(url), "{url}");
        }
    }
}
