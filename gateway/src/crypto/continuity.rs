//! Receipts signed by a service must not silently become receipts signed by something weaker.
//!
//! Not the keys themselves. The gateway's database names the provider that signed last; called once at start.

use super::config::CryptoProvider;

/// What the database remembers of a provider: its name, and whether it called itself an emulator.
pub(crate) fn record(provider: CryptoProvider, emulated: bool) -> String {
    let mark = if emulated { " emulated" } else { "" };
    format!("{}{mark}", provider.name())
}

/// How much a signature of it is worth, higher is more.
fn strength(record: &str) -> u8 {
    let (name, emulated) = record
        .strip_suffix(" emulated")
        .map_or((record, false), |name| (name, true));
    match (name, emulated) {
        ("software", _) => 0,
        (_, true) => 1,
        (_, false) => 2,
    }
}

/// Whether receipts may go on under `now` after they were signed under `before`.
///
/// # Errors
/// The provider of before, where `now` is weaker and the change was not asked for.
pub(crate) fn check_continuity(before: Option<&str>, now: &str, allowed: bool) -> Result<(), String> {
    match before {
        Some(before) if strength(now) < strength(before) && !allowed => Err(before.to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weaker_provider_does_not_take_over_unasked() {
        let service = record(CryptoProvider::SignatureService, false);
        let emulated = record(CryptoProvider::SignatureService, true);
        let software = record(CryptoProvider::Software, false);
        let refused = |before: &str, now: &str| check_continuity(Some(before), now, false).is_err();
        assert!(refused(&service, &software));
        assert!(refused(&service, &emulated));
        assert!(refused(&emulated, &software));
        assert!(!refused(&software, &service));
        assert!(!refused(
            &service,
            &record(CryptoProvider::CryptoServiceJson, false)
        ));
        assert_eq!(check_continuity(Some(&service), &software, true), Ok(()));
        assert_eq!(check_continuity(None, &software, false), Ok(()));
    }
}
