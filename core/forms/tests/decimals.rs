//! Exact numbers. Expected values are worked out in whole hundredths, by hand, or in fractions of whole numbers.

use proptest::prelude::*;
use shenhai_forms::decimal::{Decimal, DecimalError, Rounding};
use std::collections::HashSet;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A reproducible sequence (Knuth's linear congruential generator, MMIX), as its upper half.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) % most
    }
}

#[test]
fn ten_thousand_areas_split_in_three_all_add_up() {
    let mut sequence = Sequence(17_343);
    let (mut exact, mut doubles) = (0, 0);
    for _ in 0..10_000 {
        // Up to 100,000 m² in hundredths, as a water ticket lends and three returns give back.
        let whole = 3 + sequence.below(10_000_000);
        let first = sequence.below(whole);
        let second = sequence.below(whole - first);
        let parts = [first, second, whole - first - second];
        let text = |hundredths: u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);

        let sum = parts
            .iter()
            .try_fold(Decimal::ZERO, |sum, part| sum.plus(decimal(&text(*part))))
            .expect("no overflow");
        exact += usize::from(sum == decimal(&text(whole)) && sum >= decimal(&text(whole)));

        let double = |hundredths: u64| text(hundredths).parse::<f64>().expect("a number");
        let sum: f64 = parts.iter().map(|part| double(*part)).sum();
        doubles += usize::from(sum >= double(whole));
    }
    assert_eq!(exact, 10_000);
    // What this type is for: every seventh sum of doubles falls short of the whole, and what waits for it waits for ever.
    assert_eq!(doubles, 8_583);
}

#[test]
fn equal_numbers_are_equal_however_they_are_written() {
    let spellings = ["1", "1.0", "1.00", "01", "1.", "0001.000000000000000000000"];
    let values: HashSet<Decimal> = spellings.iter().map(|text| decimal(text)).collect();
    assert_eq!(values.len(), 1);
    assert_eq!(decimal("-0.00"), Decimal::ZERO);
    assert_eq!(decimal(".5"), decimal("0.50"));
}

#[test]
fn a_number_has_one_spelling() {
    for (text, spelling) in [
        ("0", "0"),
        ("-0", "0"),
        ("100", "100"),
        ("1.50", "1.5"),
        ("-.05", "-0.05"),
        ("17343.00", "17343"),
        ("0.000000000000000001", "0.000000000000000001"),
        (
            "-999999999999999999.999999999999999999",
            "-999999999999999999.999999999999999999",
        ),
    ] {
        assert_eq!(decimal(text).to_string(), spelling);
    }
}

#[test]
fn what_is_no_exact_number_is_refused() {
    use DecimalError::{DigitsLost, Malformed, Overflow};
    for (text, error) in [
        ("", Malformed),
        (".", Malformed),
        ("-", Malformed),
        ("+1", Malformed),
        ("--1", Malformed),
        ("1e3", Malformed),
        ("1,000", Malformed),
        ("1.2.3", Malformed),
        (" 1", Malformed),
        ("１", Malformed),
        ("NaN", Malformed),
        ("0.0000000000000000001", DigitsLost),
        ("1000000000000000000", Overflow),
        ("-1000000000000000000", Overflow),
        (&"9".repeat(60), Overflow),
        (&"1".repeat(4096), Overflow),
    ] {
        assert_eq!(text.parse::<Decimal>(), Err(error), "{text}");
    }
}

#[test]
fn no_operation_loses_a_digit() {
    let greatest = decimal("999999999999999999.999999999999999999");
    let least = decimal("0.000000000000000001");
    assert_eq!(greatest.plus(least), Err(DecimalError::Overflow));
    assert_eq!(greatest.negated().minus(least), Err(DecimalError::Overflow));
    assert_eq!(greatest.minus(greatest), Ok(Decimal::ZERO));
    assert_eq!(least.times(decimal("0.1")), Err(DecimalError::DigitsLost));
    assert_eq!(least.times(decimal("10")), Ok(decimal("0.00000000000000001")));
    assert_eq!(
        decimal("1000000000").times(decimal("1000000000")),
        Err(DecimalError::Overflow)
    );
    assert_eq!(greatest.times(greatest), Err(DecimalError::Overflow));
    assert_eq!(decimal("2.50").times(decimal("0.4")), Ok(decimal("1")));
}

#[test]
fn a_quotient_is_rounded_once_and_as_was_said() {
    use Rounding::{Ceiling, Down, Floor, HalfUp};
    for (over, by, scale, rounding, quotient) in [
        ("1", "3", 2, HalfUp, "0.33"),
        ("2", "3", 2, HalfUp, "0.67"),
        ("1", "8", 2, HalfUp, "0.13"),
        ("-1", "8", 2, HalfUp, "-0.13"),
        ("1", "-8", 2, Down, "-0.12"),
        ("1", "8", 2, Floor, "0.12"),
        ("-1", "8", 2, Floor, "-0.13"),
        ("1", "8", 2, Ceiling, "0.13"),
        ("-1", "8", 2, Ceiling, "-0.12"),
        ("10", "4", 0, HalfUp, "3"),
        ("9", "4", 0, HalfUp, "2"),
        ("1", "0.000000000000000001", 0, HalfUp, "error"),
        ("0.5", "1000000000000000.5", 18, HalfUp, "0.0000000000000005"),
        // What is far behind the last digit still decides: 0.4999…9 is less than a half, 0.5000…1 is more.
        ("0.499999999999999999", "1", 0, HalfUp, "0"),
        ("0.500000000000000001", "1", 0, HalfUp, "1"),
        ("0.000000000000000001", "3", 0, Ceiling, "1"),
        ("1.005", "1", 2, HalfUp, "1.01"),
    ] {
        let found = decimal(over).divided(decimal(by), scale, rounding);
        let found = found.map_or_else(|_| "error".to_owned(), |number| number.to_string());
        assert_eq!(found, quotient, "{over} div {by}, {scale} digits, {rounding:?}");
    }
    let one = decimal("1");
    let by_zero = one.divided(Decimal::ZERO, 2, Rounding::HalfUp);
    assert_eq!(by_zero, Err(DecimalError::DivisionByZero));
    assert_eq!(one.remainder(Decimal::ZERO), Err(DecimalError::DivisionByZero));
    assert_eq!(
        one.divided(one, 19, Rounding::Down),
        Err(DecimalError::DigitsLost)
    );
}

#[test]
fn a_column_keeps_the_digits_or_nothing() {
    assert_eq!(decimal("1.5").scaled(2), Some(150));
    assert_eq!(decimal("1.505").scaled(2), None);
    assert_eq!(decimal("92233720368547758.07").scaled(2), Some(i64::MAX));
    assert_eq!(decimal("92233720368547758.08").scaled(2), None);
    assert_eq!(decimal("-92233720368547758.07").scaled(2), Some(-i64::MAX));
    assert_eq!(
        decimal("-92233720368547758.08").scaled(2),
        None,
        "this stands for an absent number"
    );
}

/// A number of at most nine digits and its mantissa at scale 4.
fn small() -> impl Strategy<Value = (Decimal, i128)> {
    (-99_999_999_i128..=99_999_999, 0_u8..=4).prop_map(|(mantissa, scale)| {
        let decimal = Decimal::new(mantissa, scale).expect("small");
        (decimal, mantissa * 10_i128.pow(u32::from(4 - scale)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_numbers_of_ten_thousandths_say_the_same((a, m) in small(), (b, n) in small()) {
        let of = |mantissa, scale| Decimal::new(mantissa, scale).expect("small");
        prop_assert_eq!(a.plus(b), Ok(of(m + n, 4)));
        prop_assert_eq!(a.minus(b), Ok(of(m - n, 4)));
        prop_assert_eq!(a.times(b), Ok(of(m * n, 8)));
        prop_assert_eq!(a.cmp(&b), m.cmp(&n));
        prop_assert_eq!(a == b, m == n);
        if n != 0 {
            prop_assert_eq!(a.remainder(b), Ok(of(m % n, 4)));
            // A quotient of two fractions of ten thousand is that of their numerators.
            let floor = (m * 1000).div_euclid(n) - i128::from(n < 0 && (m * 1000).rem_euclid(n) != 0);
            prop_assert_eq!(a.divided(b, 3, Rounding::Floor), Ok(of(floor, 3)));
            prop_assert_eq!(a.divided(b, 3, Rounding::Down), Ok(of(m * 1000 / n, 3)));
            let doubled = (2 * m * 1000).abs() / n.abs();
            let half_up = (doubled + 1) / 2 * (m.signum() * n.signum());
            prop_assert_eq!(a.divided(b, 3, Rounding::HalfUp), Ok(of(half_up, 3)));
        }
    }

    #[test]
    fn every_number_is_read_from_its_spelling(mantissa in any::<i64>(), scale in 0_u8..=18) {
        if let Ok(number) = Decimal::new(i128::from(mantissa), scale) {
            let spelling = number.to_string();
            prop_assert_eq!(spelling.parse(), Ok(number));
            prop_assert!(!spelling.contains('.') || !spelling.ends_with('0'), "{}", spelling);
        }
    }
}
