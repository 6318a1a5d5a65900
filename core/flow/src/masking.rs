//! What remains of a citizen's name and number where the full value is not shown.
//!
//! Not here: who may see the full value. Called by the gateway for every scope but the handler's own, and by
//! the client for every screen.

use shenhai_pack::law::Class;

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

/// What is shown of a value in its type's spelling where its class is masked.
#[must_use]
pub fn mask(class: Class, value: &str) -> String {
    match class {
        Class::Name => mask_name(value),
        Class::Phone => mask_phone(value),
        Class::Id => mask_number(value),
        Class::Address => mask_address(value),
        // Any of the others may stand in it.
        Class::FreeText if value.trim().is_empty() => String::new(),
        Class::FreeText => STARS.to_owned(),
    }
}

/// The number of a document: of 8 characters or more the last two remain, `****34`; of a shorter one nothing.
#[must_use]
pub fn mask_number(number: &str) -> String {
    let letters: Vec<char> = number.trim().chars().collect();
    match letters.len() {
        0 => String::new(),
        1..8 => STARS.to_owned(),
        long => format!("{STARS}{}", letters[long - 2..].iter().collect::<String>()),
    }
}

/// An address up to its first number, which is where a street ends and a house begins, and never more than half of it:
/// `浦东新区某路****`.
#[must_use]
pub fn mask_address(address: &str) -> String {
    let address = address.trim();
    if address.is_empty() {
        return String::new();
    }
    let half = address.chars().count() / 2;
    let is_number = |letter: &char| letter.is_numeric() || "一二三四五六七八九十".contains(*letter);
    let street = address.chars().take(half).take_while(|letter| !is_number(letter));
    format!("{}{STARS}", street.collect::<String>().trim_end())
}
