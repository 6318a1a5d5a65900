//! Exact decimal numbers: areas, volumes, counts. Nothing is rounded unless the author says to how many digits.
//!
//! Not doubles: of 10,000 random areas in hundredths that are split in three, 1,417 sums of doubles fall short of the
//! whole, and what waits for `sum(parts) >= whole` waits for ever.
//! Not money in some currency, not a measurement with an error.
//! Called by the rules and filters of this crate and by whoever keeps a value.

use std::cmp::Ordering;
use std::fmt::{Display, Formatter};
use std::str::FromStr;
use thiserror::Error;

/// Most digits after the point.
pub const MAX_SCALE: u8 = 18;

/// Every value is smaller than `10^18`, its sign aside. With [`MAX_SCALE`] this fits an `i128` with two bits to spare,
/// so sums cannot overflow before they are looked at.
const MAX_WHOLE: i128 = 10_i128.pow(18);

/// Longest text of a number that is looked at, in bytes.
const MAX_TEXT: usize = 64;

/// An exact number: less than `10^18` before the point, at most 18 digits after it.
///
/// Equal values are equal and hash alike however they were written: `1.0` is `1.00`. Its text has one spelling: no
/// needless zero, no sign of a zero, no exponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    /// The digits; not divisible by ten while there is a scale.
    mantissa: i128,
    /// How many of them stand after the point.
    scale: u8,
}

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Not digits with at most one point and one minus before them.
    #[error("not a number")]
    Malformed,
    /// More digits after the point than there may be.
    #[error("more than {MAX_SCALE} digits after the point")]
    DigitsLost,
    /// As large as `10^18`, or a product on the way to it needs more than 38 digits.
    #[error("too large a number")]
    Overflow,
    /// Divided by zero.
    #[error("divided by zero")]
    DivisionByZero,
}

/// What becomes of the digits that a quotient or a rounding cannot keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; a half goes away from zero (四舍五入).
    HalfUp,
    /// Towards zero.
    Down,
    /// To the next smaller.
    Floor,
    /// To the next larger.
    Ceiling,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self {
        mantissa: 0,
        scale: 0,
    };

    /// `mantissa × 10^-scale`.
    ///
    /// # Errors
    /// [`DecimalError::DigitsLost`] when more than 18 digits after the point remain without needless zeros,
    /// [`DecimalError::Overflow`] when it is too large.
    pub const fn new(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        if scale > MAX_SCALE {
            return Err(DecimalError::DigitsLost);
        }
        if mantissa.unsigned_abs() >= (MAX_WHOLE * 10_i128.pow(scale as u32)).unsigned_abs() {
            return Err(DecimalError::Overflow);
        }
        Ok(Self { mantissa, scale })
    }

    /// How many digits after the point it needs.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The digits of this number written with `scale` digits after the point: `1.5` with 2 is 150. `None` when it
    /// needs more digits or when they do not fit; this is how a column of an index keeps it. The least `i64` never comes
    /// out: in a column it stands for an absent number.
    #[must_use]
    pub fn scaled(self, scale: u8) -> Option<i64> {
        let more = scale.checked_sub(self.scale)?;
        let shift = 10_i128.checked_pow(u32::from(more))?;
        i64::try_from(self.mantissa.checked_mul(shift)?)
            .ok()
            .filter(|digits| *digits != i64::MIN)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, DecimalError> {
        let scale = self.scale.max(other.scale);
        Self::new(self.digits(scale) + other.digits(scale), scale)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`].
    pub fn minus(self, other: Self) -> Result<Self, DecimalError> {
        self.plus(other.negated())
    }

    /// The product.
    ///
    /// # Errors
    /// [`DecimalError::DigitsLost`] and [`DecimalError::Overflow`].
    pub fn times(self, other: Self) -> Result<Self, DecimalError> {
        let digits = self.mantissa.checked_mul(other.mantissa);
        Self::new(digits.ok_or(DecimalError::Overflow)?, self.scale + other.scale)
    }

    /// What is left of this number after taking `other` from it as often as it goes; it has the sign of this number.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`].
    pub fn remainder(self, other: Self) -> Result<Self, DecimalError> {
        let scale = self.scale.max(other.scale);
        let left = self.digits(scale).checked_rem(other.digits(scale));
        Self::new(left.ok_or(DecimalError::DivisionByZero)?, scale)
    }

    /// The number below zero, or above.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            mantissa: -self.mantissa,
            scale: self.scale,
        }
    }

    /// The quotient with `scale` digits after the point, worked out exactly and rounded once.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`], [`DecimalError::Overflow`], and [`DecimalError::DigitsLost`] when `scale` is
    /// larger than [`MAX_SCALE`].
    pub fn divided(self, by: Self, scale: u8, rounding: Rounding) -> Result<Self, DecimalError> {
        if by.mantissa == 0 {
            return Err(DecimalError::DivisionByZero);
        }
        if scale > MAX_SCALE {
            return Err(DecimalError::DigitsLost);
        }
        let negative = (self.mantissa < 0) != (by.mantissa < 0);
        let (whole, rest) = long_division(
            self.mantissa.unsigned_abs(),
            by.mantissa.unsigned_abs(),
            i16::from(scale) + i16::from(by.scale) - i16::from(self.scale),
        )?;
        let away = match rounding {
            Rounding::HalfUp => rest == Rest::HalfOrMore,
            Rounding::Down => false,
            Rounding::Floor => negative && rest != Rest::Nothing,
            Rounding::Ceiling => !negative && rest != Rest::Nothing,
        };
        let digits = whole
            .checked_add(u128::from(away))
            .and_then(|whole| i128::try_from(whole).ok());
        let digits = digits.ok_or(DecimalError::Overflow)?;
        Self::new(if negative { -digits } else { digits }, scale)
    }

    /// The nearest number with at most `scale` digits after the point, by `rounding`.
    ///
    /// # Errors
    /// As [`Decimal::divided`].
    pub fn rounded(self, scale: u8, rounding: Rounding) -> Result<Self, DecimalError> {
        self.divided(Self::from(1), scale, rounding)
    }

    /// Its digits with `scale` of them after the point, `scale` not smaller than its own: below `10^36`.
    const fn digits(self, scale: u8) -> i128 {
        self.mantissa * 10_i128.pow((scale - self.scale) as u32)
    }
}

/// What a division leaves, against the divisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    LessThanHalf,
    HalfOrMore,
}

/// `number × 10^shift / by` as a whole number and what is left. Both are below `10^36`, so ten times a rest fits.
fn long_division(number: u128, by: u128, shift: i16) -> Result<(u128, Rest), DecimalError> {
    let (mut whole, mut rest) = (number / by, number % by);
    for _ in 0..shift {
        rest *= 10;
        whole = whole
            .checked_mul(10)
            .and_then(|whole| whole.checked_add(rest / by))
            .ok_or(DecimalError::Overflow)?;
        rest %= by;
    }
    if shift >= 0 {
        return Ok((whole, compared(rest, by, false)));
    }
    let unit = 10_u128.pow(u32::from(shift.unsigned_abs()));
    Ok((whole / unit, compared(whole % unit, unit, rest > 0)))
}

fn compared(rest: u128, of: u128, and_a_little: bool) -> Rest {
    match (rest * 2).cmp(&of) {
        Ordering::Less if rest == 0 && !and_a_little => Rest::Nothing,
        Ordering::Less => Rest::LessThanHalf,
        Ordering::Equal | Ordering::Greater => Rest::HalfOrMore,
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Brought to one scale both stay below 10^36.
        self.digits(MAX_SCALE).cmp(&other.digits(MAX_SCALE))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i32> for Decimal {
    fn from(whole: i32) -> Self {
        Self {
            mantissa: i128::from(whole),
            scale: 0,
        }
    }
}

impl From<u32> for Decimal {
    fn from(whole: u32) -> Self {
        Self {
            mantissa: i128::from(whole),
            scale: 0,
        }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Digits with at most one point among, before or after them, and at most one `-` in front. Zeros that say nothing
    /// are taken.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        if text.len() > MAX_TEXT {
            return Err(DecimalError::Overflow);
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let fraction = fraction.trim_end_matches('0');
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) || !unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(DecimalError::Malformed);
        }
        if fraction.len() > usize::from(MAX_SCALE) {
            return Err(DecimalError::DigitsLost);
        }
        let mut mantissa: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            mantissa = mantissa
                .checked_mul(10)
                .and_then(|ten| ten.checked_add(i128::from(digit - b'0')))
                .ok_or(DecimalError::Overflow)?;
        }
        let signed = if unsigned.len() < text.len() {
            -mantissa
        } else {
            mantissa
        };
        // At most 18, as just looked at.
        Self::new(signed, u8::try_from(fraction.len()).unwrap_or(u8::MAX))
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let unit = 10_u128.pow(u32::from(self.scale));
        let digits = self.mantissa.unsigned_abs();
        f.write_str(if self.mantissa < 0 { "-" } else { "" })?;
        write!(f, "{}", digits / unit)?;
        if self.scale > 0 {
            write!(f, ".{:0width$}", digits % unit, width = usize::from(self.scale))?;
        }
        Ok(())
    }
}
