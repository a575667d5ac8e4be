//! The ruler: which moments get a tick, and what is written at them.
//!
//! Ticks lie at whole multiples of a step of integer nanoseconds, so that they are exact at every scale. Steps
//! are 1, 2 or 5 times a power of ten up to a second, and what clocks use above. Everything here is numbers
//! and text; painting is done elsewhere.

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Steps of a second and more, up to a day; beyond it goes on with 1, 2 and 5 times ten days.
const LONG_STEPS: [u64; 17] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// Free space between two labels, in characters.
const GAP: f32 = 3.0;
/// Labels with more digits before the decimal point are told as a distance from a base.
const MOST_WHOLE: u64 = 10_000;
/// How close unlabelled ticks may stand, in points.
const MINOR_GAP: f32 = 6.0;

/// A tick.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Its moment, in nanoseconds.
    pub(super) at: u64,
    /// How far right of the left end it lies, in points.
    pub(super) x: f32,
    /// What is written at it; nothing at the small ones between.
    pub(super) label: Option<String>,
}

/// What the ruler shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ruler {
    /// Nanoseconds between two ticks with a label.
    pub(super) step: u64,
    /// The moment from which the labels count, where the whole of it would be too long: `2.500 s`.
    pub(super) base: Option<String>,
    /// From left to right.
    pub(super) ticks: Vec<Tick>,
}

/// The ruler for `length` nanoseconds from `begin` on across `width` points, where a character of a label is
/// `char_width` points wide. What lies before the beginning of the trace gets no ticks.
pub(super) fn ruler(begin: f64, length: f64, width: f32, char_width: f32) -> Ruler {
    if !(length > 0.0 && length.is_finite() && width > 0.0) {
        return Ruler::default();
    }
    let last = (begin + length).max(0.0) as u64;
    let points = |nanos: u64| nanos as f64 / length * f64::from(width);
    let fits = |step: &u64| {
        let format = Format::new(*step, begin, last);
        let label = format.label(last - last % step).chars().count();
        points(*step) >= f64::from((label as f32 + GAP) * char_width)
    };
    let step = steps().find(fits).unwrap_or(u64::MAX);
    let format = Format::new(step, begin, last);
    let minor = minor_step(step, |step| points(step) as f32);
    let first = (begin.max(0.0) / minor as f64).floor() as u64;
    let mut ticks = Vec::new();
    for at in (first..=last / minor).map(|count| count * minor) {
        let x = ((at as f64 - begin) / length * f64::from(width)) as f32;
        let label = at.is_multiple_of(step).then(|| format.label(at));
        ticks.push(Tick { at, x, label });
    }
    Ruler {
        step,
        base: format.base.map(clock),
        ticks,
    }
}

/// All steps, the shortest first.
fn steps() -> impl Iterator<Item = u64> {
    let decades = (0..9).map(|power| 10_u64.pow(power));
    let short = decades.flat_map(|ten| [ten, 2 * ten, 5 * ten]);
    let days = (1..5).map(|power| DAY * 10_u64.pow(power));
    let long = days.flat_map(|ten| [ten / 5, ten / 2, ten]);
    short.chain(LONG_STEPS).chain(long)
}

/// The distance of the small ticks between those with a label.
fn minor_step(step: u64, points: impl Fn(u64) -> f32) -> u64 {
    [10, 5, 4, 2]
        .into_iter()
        .filter(|parts| step.is_multiple_of(*parts))
        .map(|parts| step / parts)
        .find(|&minor| points(minor) >= MINOR_GAP)
        .unwrap_or(step)
}

/// How the labels of one ruler are written.
struct Format {
    unit: u64,
    name: &'static str,
    decimals: usize,
    base: Option<u64>,
}

impl Format {
    fn new(step: u64, begin: f64, last: u64) -> Self {
        let units = [(SECOND, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")];
        let long = |unit: u64| unit < SECOND && last / unit >= MOST_WHOLE;
        // Not more than three decimals, and nothing but `0.` only where it stays short.
        let fits = |unit: u64| step * 1_000 >= unit && (last >= unit || step * 10 >= unit);
        let mut found = units.into_iter().find(|(unit, _)| fits(*unit));
        if found.is_some_and(|(unit, _)| long(unit)) {
            // Distances from a base are short: they need no decimals.
            found = units.into_iter().find(|(unit, _)| step >= *unit);
        }
        let (unit, name) = found.unwrap_or((1, "ns"));
        let decimals = (0..=3)
            .find(|&decimals| (step * 10_u64.pow(decimals)).is_multiple_of(unit))
            .unwrap_or(3) as usize;
        let base = long(unit).then(|| begin.max(0.0) as u64 / (1_000 * unit) * (1_000 * unit));
        Self {
            unit,
            name,
            decimals,
            base,
        }
    }

    fn label(&self, at: u64) -> String {
        if self.unit == SECOND && at >= MINUTE {
            return clock_with(at, self.decimals);
        }
        let (sign, nanos) = match self.base {
            Some(base) => ("+", at.saturating_sub(base)),
            None => ("", at),
        };
        let whole = nanos / self.unit;
        let name = self.name;
        if self.decimals == 0 {
            return format!("{sign}{whole} {name}");
        }
        let decimals = self.decimals;
        let part = nanos % self.unit * 10_u64.pow(decimals as u32) / self.unit;
        format!("{sign}{whole}.{part:0decimals$} {name}")
    }
}

/// A moment as a base for labels: with as many decimals as it has.
fn clock(at: u64) -> String {
    let decimals = (0..9)
        .find(|&decimals| at.is_multiple_of(SECOND / 10_u64.pow(decimals)))
        .unwrap_or(9) as usize;
    if at >= MINUTE {
        clock_with(at, decimals)
    } else {
        format!("{} s", seconds(at, decimals))
    }
}

/// A moment as a clock tells it: `1:05`, `2:00:00`, `3d 0:00:00`.
fn clock_with(at: u64, decimals: usize) -> String {
    let width = if decimals == 0 { 2 } else { 3 + decimals };
    let rest = format!("{:0>width$}", seconds(at % MINUTE, decimals));
    let (days, hours, minutes) = (at / DAY, at / HOUR % 24, at / MINUTE % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{rest}"),
        (0, _) => format!("{hours}:{minutes:02}:{rest}"),
        _ => format!("{days}d {hours}:{minutes:02}:{rest}"),
    }
}

fn seconds(nanos: u64, decimals: usize) -> String {
    let whole = nanos / SECOND;
    if decimals == 0 {
        return whole.to_string();
    }
    let part = nanos % SECOND / 10_u64.pow(9 - decimals as u32);
    format!("{whole}.{part:0decimals$}")
}

/// A moment, in seconds, as exactly as a screen can show it on which a point is `resolution` nanoseconds.
pub(super) fn moment(at: f64, resolution: f64) -> String {
    let decimals = (9.0 - resolution.max(1.0).log10()).ceil().clamp(0.0, 9.0) as usize;
    format!("{:.decimals$} s", at / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAR: f32 = 6.6;

    fn labels(begin: f64, length: f64) -> Vec<String> {
        let ruler = ruler(begin, length, 1000.0, CHAR);
        ruler
            .ticks
            .into_iter()
            .filter_map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn three_seconds_are_told_in_seconds() {
        let labels = labels(0.0, 3e9);
        assert_eq!(labels[..3], ["0.0 s", "0.2 s", "0.4 s"]);
    }

    #[test]
    fn a_tenth_of_a_second_is_told_in_milliseconds_at_the_beginning() {
        assert_eq!(labels(0.0, 1e8)[..3], ["0 ms", "10 ms", "20 ms"]);
    }

    #[test]
    fn nanoseconds_far_from_the_beginning_count_from_a_base() {
        let ruler = ruler(2_500_000_100.0, 50.0, 1000.0, CHAR);
        assert_eq!(ruler.base.as_deref(), Some("2.5 s"));
        let first = ruler.ticks.iter().find(|tick| tick.label.is_some());
        assert_eq!(
            first.and_then(|tick| tick.label.as_deref()),
            Some("+100 ns")
        );
    }

    #[test]
    fn minutes_hours_and_days_are_told_as_clocks_do() {
        assert_eq!(labels(60e9, 60e9)[..2], ["1:00", "1:05"]);
        assert_eq!(labels(7.2e12, 3.6e12)[0], "2:00:00");
        assert_eq!(labels(86_400e9, 86_400e9 * 10.0)[0], "1d 0:00:00");
    }

    #[test]
    fn what_lies_before_the_trace_has_no_ticks() {
        let ruler = ruler(-1e9, 2e9, 1000.0, CHAR);
        assert_eq!(ruler.ticks[0].at, 0);
        assert!((ruler.ticks[0].x - 500.0).abs() < 0.01);
    }

    #[test]
    fn nothing_comes_of_a_view_without_length() {
        assert_eq!(ruler(0.0, 0.0, 1000.0, CHAR), Ruler::default());
        assert_eq!(ruler(0.0, f64::NAN, 1000.0, CHAR), Ruler::default());
    }

    #[test]
    fn labels_never_overlap_from_nanoseconds_to_days() {
        for power in 10..160 {
            let length = 10_f64.powf(f64::from(power) / 10.0);
            for begin in [0.0, 1.0, 1_234_567_890.0, 3.1e12, 8.6e15] {
                for width in [120.0, 1000.0, 3000.0] {
                    check(begin, length, width);
                }
            }
        }
    }

    fn check(begin: f64, length: f64, width: f32) {
        let ruler = ruler(begin, length, width, CHAR);
        let mut free_from = f32::MIN;
        for tick in &ruler.ticks {
            let Some(label) = &tick.label else { continue };
            assert!(tick.x >= free_from, "{begin} {length} {width}: {label}");
            free_from = tick.x + (label.chars().count() as f32 + 1.0) * CHAR;
            assert!(tick.at.is_multiple_of(ruler.step));
        }
        assert!(ruler.ticks.len() < 1_000, "{}", ruler.ticks.len());
    }

    #[test]
    fn steps_are_one_two_or_five_below_a_second() {
        for step in steps().take_while(|step| *step < SECOND) {
            let digit = step / 10_u64.pow(step.ilog10());
            assert!([1, 2, 5].contains(&digit), "{step}");
        }
        let rising: Vec<_> = steps().collect();
        assert!(rising.is_sorted_by(|a, b| a < b), "{rising:?}");
    }

    #[test]
    fn neighbouring_labels_differ() {
        for power in 10..150 {
            let labels = labels(1_234_567_890.0, 10_f64.powf(f64::from(power) / 10.0));
            assert!(
                labels.windows(2).all(|pair| pair[0] != pair[1]),
                "{labels:?}"
            );
        }
    }

    #[test]
    fn a_moment_is_as_exact_as_the_screen() {
        assert_eq!(moment(1_234_567_890.0, 1e6), "1.235 s");
        assert_eq!(moment(1_234_567_890.0, 1.0), "1.234567890 s");
        assert_eq!(moment(5e9, 1e10), "5 s");
    }
}
