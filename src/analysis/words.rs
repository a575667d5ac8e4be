//! The words in which numbers are told.

use std::time::Duration;

use crate::trace::Outcome;

/// A duration as a person says it: three digits and a unit, such as `850 ns`, `8.04 ms`, `200 ms` or `3.2 s`; whole
/// seconds from a thousand of them on.
pub fn plain_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos() as f64;
    // Where rounding to three digits would reach the next unit, it is the next unit.
    let (value, unit) = if nanos < 999.5 {
        (nanos, "ns")
    } else if nanos < 999.5e3 {
        (nanos / 1e3, "µs")
    } else if nanos < 999.5e6 {
        (nanos / 1e6, "ms")
    } else {
        (nanos / 1e9, "s")
    };
    if value >= 999.5 {
        return format!("{} {unit}", plain_count(value.round() as u64));
    }
    let decimals = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text} {unit}")
}

/// A count with its thousands apart: `12,345`.
pub fn plain_count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size as a person says it: three digits and a unit of 1,024, such as `612 B`, `4.7 KiB` or `64 MiB`.
pub fn plain_size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB"] {
        if value < 1023.5 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let decimals = usize::from(value < 9.95 && unit != "B");
    format!("{value:.decimals$} {unit}")
}

/// One word for how something ended; `running` where it did not end.
pub const fn outcome_word(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "running",
        Some(Outcome::Done) => "done",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Stopped) => "stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_three_digits_and_a_unit() {
        let said = |nanos| plain_duration(Duration::from_nanos(nanos));
        assert_eq!(said(0), "0 ns");
        assert_eq!(said(850), "850 ns");
        assert_eq!(said(8_040_000), "8.04 ms");
        assert_eq!(said(200_000_000), "200 ms");
        assert_eq!(said(200_371_000), "200 ms");
        assert_eq!(said(12_340), "12.3 µs");
        assert_eq!(said(9_999), "10 µs");
        assert_eq!(said(999_999), "1 ms");
        assert_eq!(said(3_200_000_000), "3.2 s");
        assert_eq!(said(1_230_000_000_000), "1,230 s");
    }

    #[test]
    fn a_count_has_its_thousands_apart() {
        assert_eq!(plain_count(0), "0");
        assert_eq!(plain_count(999), "999");
        assert_eq!(plain_count(1_234_567), "1,234,567");
    }
}
