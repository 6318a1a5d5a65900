//! What of a citizen's name and number may be seen.

use proptest::prelude::*;
use shenhai_flow::masking::{mask_name, mask_phone};

#[test]
fn a_mobile_number_keeps_its_first_three_and_last_four_digits() {
    for phone in [
        "13812341234",
        "138-1234-1234",
        "138 1234 1234",
        "+8613812341234",
        "8613812341234",
    ] {
        assert_eq!(mask_phone(phone), "138****1234");
    }
}

#[test]
fn other_numbers_keep_two_digits_or_none() {
    for (phone, masked) in [
        ("021-63211234", "****34"),
        ("63211234", "****34"),
        ("23812341234", "****34"),
        ("138123412345", "****45"),
        ("12345", "****"),
        ("110", "****"),
        ("无", "****"),
        ("", ""),
        ("  ", ""),
    ] {
        assert_eq!(mask_phone(phone), masked, "{phone}");
    }
}

#[test]
fn a_masked_number_stays_masked() {
    for masked in ["138****1234", "****34", "****"] {
        assert_eq!(mask_phone(masked), masked);
    }
    assert_eq!(
        mask_phone("1381234****1234"),
        "138****1234",
        "eleven digits are no mask"
    );
}

#[test]
fn a_name_keeps_its_first_character_and_hides_its_length() {
    for (name, masked) in [
        ("王小明", "王＊＊"),
        ("王明", "王＊＊"),
        ("欧阳小明", "欧＊＊"),
        (" 王小明", "王＊＊"),
        ("王＊＊", "王＊＊"),
        ("Alice", "A＊＊"),
        ("", ""),
        (" ", ""),
    ] {
        assert_eq!(mask_name(name), masked, "{name}");
    }
}

proptest! {
    #[test]
    fn no_number_shows_more_than_seven_digits(phone in "[0-9+ ()-]{0,30}") {
        let masked = mask_phone(&phone);
        let shown = masked.chars().filter(char::is_ascii_digit).count();
        prop_assert!(shown == 0 || shown == 2 || shown == 7);
        prop_assert!(masked.is_empty() || masked.contains("****"));
    }

    #[test]
    fn any_text_can_be_masked(text in ".{0,40}") {
        prop_assert!(mask_name(&text).chars().count() <= 3);
        prop_assert!(mask_phone(&text).chars().count() <= 11);
    }
}
