//! One figure in two traces.

use std::time::Duration;

use crate::analysis::{SHORTEST_WAIT, plain_count, plain_duration};
use crate::trace::Phrase;

/// What differs by less than this part of the larger is about the same: two runs of one thing never take equally long.
const NEAR: f64 = 0.05;

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// How long the model ran.
    Elapsed,
    /// How many tasks are done.
    Done,
    /// How many tasks failed.
    Failed,
    /// How much its tasks have read.
    Bytes,
    /// How many stalls it had.
    Stalls,
    /// How long the longest of them was.
    LongestStall,
    /// How long all of them were together.
    Stalled,
    /// How long the one waited for the loop who waited longest.
    WorstDelay,
    /// Half of those who waited for the loop waited no longer.
    HalfOfDelays,
    /// All but one in a hundred waited no longer.
    MostDelays,
    /// Event loop utilization.
    Utilization,
    /// How many turns its loop made a second.
    TurnsPerSecond,
    /// How many callbacks ran.
    Callbacks,
    /// How often a callback was called.
    CallCount,
    /// How long its calls took in all.
    CallTotal,
    /// All but one in a hundred of its calls took no longer.
    CallMost,
}

/// In what a figure is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Time,
    /// Pieces, which are whole.
    Count,
    /// A part of the time, 0 to 1.
    Share,
    /// Times a second.
    Rate,
}

/// What it means that a figure is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoreIs {
    /// It is worse.
    Worse,
    /// It is better.
    Better,
    /// It depends.
    Neither,
}

/// What is to be thought of a figure of B, beside that of A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is about the same.
    Same,
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// It is different, and that is neither good nor bad.
    Different,
    /// One of them does not have it.
    Unknown,
}

impl What {
    /// The figures of a model, in the order in which they are told.
    pub const OF_MODELS: [Self; 13] = [
        Self::Elapsed,
        Self::Done,
        Self::Failed,
        Self::Bytes,
        Self::Stalls,
        Self::LongestStall,
        Self::Stalled,
        Self::WorstDelay,
        Self::HalfOfDelays,
        Self::MostDelays,
        Self::Utilization,
        Self::TurnsPerSecond,
        Self::Callbacks,
    ];

    /// In what it is counted.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Done | Self::Failed | Self::Bytes | Self::Stalls => Unit::Count,
            Self::Callbacks | Self::CallCount => Unit::Count,
            Self::Utilization => Unit::Share,
            Self::TurnsPerSecond => Unit::Rate,
            Self::Elapsed | Self::LongestStall | Self::Stalled => Unit::Time,
            Self::WorstDelay | Self::HalfOfDelays | Self::MostDelays => Unit::Time,
            Self::CallTotal | Self::CallMost => Unit::Time,
        }
    }

    /// What it means that there is more of it.
    pub const fn more_is(self) -> MoreIs {
        match self {
            Self::Done => MoreIs::Better,
            // A loop that is busy serves somebody, and one that turns often has little to do in each turn.
            Self::Bytes | Self::Utilization | Self::TurnsPerSecond => MoreIs::Neither,
            Self::Callbacks | Self::CallCount => MoreIs::Neither,
            _ => MoreIs::Worse,
        }
    }

    /// By which programs know it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Elapsed => "elapsed_s",
            Self::Done => "tasks_done",
            Self::Failed => "tasks_failed",
            Self::Bytes => "bytes",
            Self::Stalls => "stalls",
            Self::LongestStall => "longest_stall_s",
            Self::Stalled => "stalled_s",
            Self::WorstDelay => "queueing_delay_max_s",
            Self::HalfOfDelays => "queueing_delay_p50_s",
            Self::MostDelays => "queueing_delay_p99_s",
            Self::Utilization => "utilization",
            Self::TurnsPerSecond => "turns_per_second",
            Self::Callbacks => "callbacks",
            Self::CallCount => "count",
            Self::CallTotal => "total_s",
            Self::CallMost => "p99_s",
        }
    }

    /// What it is called.
    pub const fn name(self) -> Phrase {
        match self {
            Self::Elapsed => Phrase::new("Elapsed"),
            Self::Done => Phrase::new("Tasks done"),
            Self::Failed => Phrase::new("Tasks failed"),
            Self::Bytes => Phrase::new("Bytes"),
            Self::Stalls => Phrase::new("Stalls"),
            Self::LongestStall => Phrase::new("Longest stall"),
            Self::Stalled => Phrase::new("All stalls"),
            Self::WorstDelay => Phrase::new("Worst delay"),
            Self::HalfOfDelays => Phrase::new("Delay, p50"),
            Self::MostDelays => Phrase::new("Delay, p99"),
            Self::Utilization => Phrase::new("Loop busy"),
            Self::TurnsPerSecond => Phrase::new("Turns a second"),
            Self::Callbacks => Phrase::new("Callbacks"),
            Self::CallCount => Phrase::new("Count"),
            Self::CallTotal => Phrase::new("Total"),
            Self::CallMost => Phrase::new("p99"),
        }
    }

    /// What it means, for a person.
    pub const fn explained(self) -> Phrase {
        match self {
            Self::Elapsed => Phrase::new("How long the model ran, from its begin to its end."),
            Self::Done => Phrase::new("How many tasks came to a good end."),
            Self::Failed => Phrase::new("How many tasks failed."),
            Self::Bytes => Phrase::new("What all tasks have read together."),
            Self::Stalls => Phrase::new(
                "How often something held a thread, without a poll, for longer than the stall threshold.",
            ),
            Self::LongestStall => Phrase::new("How long the longest stall was."),
            Self::Stalled => Phrase::new("How long all stalls were together."),
            Self::WorstDelay => Phrase::new(
                "Data was there, or a timer due, and the loop came so late: the longest such wait.",
            ),
            Self::HalfOfDelays => {
                Phrase::new("Half of all that waited for the loop waited no longer than this.")
            }
            Self::MostDelays => Phrase::new(
                "All but one in a hundred of those that waited for the loop waited no longer than this.",
            ),
            Self::Utilization => Phrase::new(
                "Event loop utilization: the part of its time that the loop spent outside the poll. It is not CPU time.",
            ),
            Self::TurnsPerSecond => Phrase::new(
                "How often in a second the loop looked for what is ready. A loop that is held turns seldom, and so does one that has nothing to do.",
            ),
            Self::Callbacks => {
                Phrase::new("How many callbacks ran; those that others called are not counted.")
            }
            Self::CallCount => Phrase::new("How often it was called."),
            Self::CallTotal => {
                Phrase::new("How long its calls took in all, with what they called.")
            }
            Self::CallMost => Phrase::new("All but one in a hundred of its calls took no longer."),
        }
    }
}

impl Unit {
    /// So much of it, for a person.
    pub fn plain(self, value: f64) -> String {
        match self {
            // What is no time at all is none, not a moment.
            Self::Time if value <= 0.0 => "0".to_owned(),
            Self::Time => {
                Duration::try_from_secs_f64(value).map_or_else(|_| "–".to_owned(), plain_duration)
            }
            Self::Count => plain_count(value.max(0.0).round() as u64),
            Self::Share => format!("{:.1} %", value * 100.0),
            Self::Rate => format!("{value:.1}"),
        }
    }

    /// By so much more, for a person: with a sign.
    pub fn signed(self, value: f64) -> String {
        let plain = self.plain(value.abs());
        let is_nothing = !plain.contains(|digit: char| ('1'..='9').contains(&digit));
        match value {
            _ if is_nothing => "0".to_owned(),
            value if value < 0.0 => format!("−{plain}"),
            _ => format!("+{plain}"),
        }
    }
}

/// A figure in two traces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Which.
    pub what: What,
    /// What it is in A, in its unit; `None` where A does not have it.
    pub a: Option<f64>,
    /// What it is in B.
    pub b: Option<f64>,
}

impl Figure {
    pub(super) const fn is_known(&self) -> bool {
        self.a.is_some() || self.b.is_some()
    }

    /// By how much it is more in B.
    pub fn difference(&self) -> Option<f64> {
        Some(self.b? - self.a?)
    }

    /// How often that of A is contained in that of B; `None` also where A has none of it.
    pub fn ratio(&self) -> Option<f64> {
        let (a, b) = (self.a?, self.b?);
        (a > 0.0).then_some(b / a).filter(|ratio| ratio.is_finite())
    }

    /// What is to be thought of it.
    pub fn judgement(&self) -> Judgement {
        let Some((a, b)) = self.a.zip(self.b) else {
            return Judgement::Unknown;
        };
        let near = match self.what.unit() {
            Unit::Count => 0.0,
            // So long anything may wait for a loop that is well.
            Unit::Time => (NEAR * a.max(b)).max(SHORTEST_WAIT.as_secs_f64()),
            Unit::Share | Unit::Rate => NEAR * a.max(b),
        };
        if (b - a).abs() <= near {
            return Judgement::Same;
        }
        match (self.what.more_is(), b > a) {
            (MoreIs::Neither, _) => Judgement::Different,
            (MoreIs::Worse, true) | (MoreIs::Better, false) => Judgement::Worse,
            (MoreIs::Worse, false) | (MoreIs::Better, true) => Judgement::Better,
        }
    }
}
