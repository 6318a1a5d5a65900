//! What remains of a citizen's name and number where the full value is not shown.
//!
//! Not here: who may see the full value. Called by the gateway for every scope but the handler's own, and by
//! the client for every screen.

const STARS: &str = "****";

/// A phone number with its middle hidden: `138****1234`.
///
/// Only a mainland mobile number (11 digits, with or without `+86`) keeps seven digits. Of anything else that
/// has at least 7 digits the last two remain, of anything shorter nothing; how many characters were hidden
/// does not show.
#[must_use]
pub fn mask_phone(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    if phone.contains(STARS) && digits.len() <= 7 {
        // Masked already, here or by the upper platform.
        return phone
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '*')
            .collect();
    }
    let mobile = digits
        .strip_prefix("86")
        .filter(|rest| rest.len() == 11)
        .unwrap_or(&digits);
    if mobile.len() == 11 && mobile.starts_with('1') {
        return format!("{}{STARS}{}", &mobile[..3], &mobile[7..]);
    }
    if digits.len() >= 7 {
        return format!("{STARS}{}", &digits[digits.len() - 2..]);
    }
    if phone.trim().is_empty() {
        String::new()
    } else {
        STARS.to_owned()
    }
}

/// A name with all but its first character hidden: `王＊＊`, whatever its length.
#[must_use]
pub fn mask_name(name: &str) -> String {
    match name.trim().chars().next() {
        Some(first) => format!("{first}＊＊"),
        None => String::new(),
    }
}
