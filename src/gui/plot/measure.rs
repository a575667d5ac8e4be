//! What can be plotted.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::analysis::{plain_count, plain_duration, plain_size};
use crate::gui::texts::english;

/// Something that changes over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// How late the loop may be.
    Lag,
    /// The share of time outside the poll.
    Utilization,
    /// How long what was served had waited.
    QueueingDelay,
    /// How many turns a second it makes.
    TurnsPerSecond,
    /// How many callbacks it runs in a turn.
    CallbacksPerTurn,
    /// How many descriptors a poll brings.
    ReadyPerPoll,
    /// How many bytes each task has read.
    Bytes,
}

/// In what something is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Share,
    PerSecond,
    Count,
    Bytes,
}

impl Measure {
    /// All of them, in the order in which they are offered and shown.
    pub const ALL: [Self; 7] = [
        Self::Lag,
        Self::Utilization,
        Self::QueueingDelay,
        Self::TurnsPerSecond,
        Self::CallbacksPerTurn,
        Self::ReadyPerPoll,
        Self::Bytes,
    ];

    /// What it is called, in English.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lag => english("Loop lag"),
            Self::Utilization => english("Utilization"),
            Self::QueueingDelay => english("Queueing delay"),
            Self::TurnsPerSecond => english("Turns per second"),
            Self::CallbacksPerTurn => english("Callbacks per turn"),
            Self::ReadyPerPoll => english("Ready per poll"),
            Self::Bytes => english("Bytes per task"),
        }
    }

    /// The same where there is little room.
    pub(super) const fn short(self) -> &'static str {
        match self {
            Self::Lag => english("Lag"),
            Self::Utilization => english("Utilization"),
            Self::QueueingDelay => english("Delay"),
            Self::TurnsPerSecond => english("Turns/s"),
            Self::CallbacksPerTurn => english("Callbacks/turn"),
            Self::ReadyPerPoll => english("Ready/poll"),
            Self::Bytes => english("Bytes"),
        }
    }

    /// What it means, in English.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Lag => english(
                "How late the loop may be: what is left of the turn. The dashed line is the threshold of a stall.",
            ),
            Self::Utilization => english(
                "The share of its time that the loop spent outside the poll. It is not CPU time.",
            ),
            Self::QueueingDelay => english(
                "How long connections, timers and calls from threads had waited, from ready to served",
            ),
            Self::TurnsPerSecond => english("How many times a second the loop went round"),
            Self::CallbacksPerTurn => english("How many callbacks ran in a turn of the loop"),
            Self::ReadyPerPoll => english("How many descriptors a poll found ready"),
            Self::Bytes => english("How many bytes each task had read"),
        }
    }

    /// By what it is remembered.
    const fn key(self) -> &'static str {
        match self {
            Self::Lag => "lag",
            Self::Utilization => "utilization",
            Self::QueueingDelay => "queueing_delay",
            Self::TurnsPerSecond => "turns_per_second",
            Self::CallbacksPerTurn => "callbacks_per_turn",
            Self::ReadyPerPoll => "ready_per_poll",
            Self::Bytes => "bytes",
        }
    }

    /// In what it is measured.
    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Lag | Self::QueueingDelay => Unit::Seconds,
            Self::Utilization => Unit::Share,
            Self::TurnsPerSecond => Unit::PerSecond,
            Self::CallbacksPerTurn | Self::ReadyPerPoll => Unit::Count,
            Self::Bytes => Unit::Bytes,
        }
    }
}

impl Unit {
    /// A value as a person reads it.
    pub(super) fn label(self, value: f64) -> String {
        if value <= 0.0 || !value.is_finite() {
            return "0".to_owned();
        }
        match self {
            Self::Seconds => plain_duration(Duration::try_from_secs_f64(value).unwrap_or_default()),
            Self::Share => format!("{} %", digits(value * 100.0)),
            Self::PerSecond => format!("{} /s", digits(value)),
            Self::Count => digits(value),
            Self::Bytes => plain_size(value as u64),
        }
    }

    /// The distance of two lines of a grid that is at least `least`: 1, 2 or 5 times a power of ten, or of bytes, a power
    /// of two.
    pub(super) fn step(self, least: f64) -> f64 {
        match self {
            Self::Bytes => 2_f64.powf(least.max(1.0).log2().ceil()),
            _ => round_up(least),
        }
    }
}

/// The next 1, 2 or 5 times a power of ten.
pub(super) fn round_up(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * power);
    // A power of ten is not always exact.
    let mut steps = steps.into_iter();
    steps
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// A number with as many digits as tell something.
fn digits(value: f64) -> String {
    if value >= 99.95 {
        return plain_count(value.round() as u64);
    }
    let decimals = match value {
        value if value < 0.0995 => 3,
        value if value < 0.995 => 2,
        _ => 1,
    };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What is plotted at present; never nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Measures(BTreeSet<Measure>);

impl Default for Measures {
    /// The loop lag.
    fn default() -> Self {
        Self(BTreeSet::from([Measure::Lag]))
    }
}

impl Measures {
    /// Whether this one is.
    pub fn contains(&self, measure: Measure) -> bool {
        self.0.contains(&measure)
    }

    /// Plots it, or does not. The last one stays.
    pub fn set(&mut self, measure: Measure, on: bool) {
        if on {
            self.0.insert(measure);
        } else if self.0.len() > 1 {
            self.0.remove(&measure);
        }
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In the order in which they are shown.
    pub fn iter(&self) -> impl Iterator<Item = Measure> + '_ {
        self.0.iter().copied()
    }
}

/// What another version remembered is read as far as this one knows it.
impl From<Vec<String>> for Measures {
    fn from(keys: Vec<String>) -> Self {
        let known = |key: &String| Measure::ALL.into_iter().find(|one| one.key() == key);
        let known: BTreeSet<_> = keys.iter().filter_map(known).collect();
        if known.is_empty() {
            return Self::default();
        }
        Self(known)
    }
}

impl From<Measures> for Vec<String> {
    fn from(measures: Measures) -> Self {
        measures.iter().map(|one| one.key().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plotted_is_remembered_and_what_is_unknown_is_left_out() {
        let mut measures = Measures::default();
        measures.set(Measure::Bytes, true);
        measures.set(Measure::Lag, false);
        let text = serde_json::to_string(&measures).expect("it is a list");
        assert_eq!(text, r#"["bytes"]"#);
        let read = |text| serde_json::from_str::<Measures>(text).expect("it is lenient");
        assert_eq!(read(r#"["of the future", "bytes"]"#), measures);
        assert_eq!(read(r#"["of the future"]"#), Measures::default());
    }

    #[test]
    fn the_last_plot_stays() {
        let mut measures = Measures::default();
        measures.set(Measure::Lag, false);
        assert_eq!(measures, Measures::default());
    }

    #[test]
    fn values_have_fitting_units() {
        assert_eq!(Unit::Seconds.label(0.0125), "12.5 ms");
        assert_eq!(Unit::Share.label(0.125), "12.5 %");
        assert_eq!(Unit::PerSecond.label(12_345.6), "12,346 /s");
        assert_eq!(Unit::Count.label(0.25), "0.25");
        assert_eq!(Unit::Bytes.label(2_048.0), "2.0 KiB");
        assert_eq!(Unit::Count.label(-1.0), "0");
    }

    #[test]
    fn steps_are_round_in_their_unit() {
        assert_eq!(Unit::Seconds.step(0.03), 0.05);
        assert_eq!(Unit::Count.step(0.2), 0.2);
        assert_eq!(Unit::Count.step(6.0), 10.0);
        assert_eq!(Unit::Bytes.step(3_000.0), 4_096.0);
    }
}
