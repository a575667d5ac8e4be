//! Prediction and measurement side by side.

use std::fmt;
use std::time::Duration;

use super::super::{StallReport, plain_duration};
use super::{Comparison, Measured, Prediction};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::Timestamp;

/// A prediction holds where it is off by this at most, or by a fifth of what was measured.
const NEAR: Duration = Duration::from_millis(10);

/// What it is for a prediction to hold, for a person.
pub const HOLDS: &str =
    "A prediction holds if it is off by 10 ms at most, or by a fifth of what was measured.";

/// What no prediction knows, for a person: see [`is_by_chance`].
pub const BY_CHANCE: &str =
    "The loop waited for a core here. How busy the machine is in another run, no prediction knows.";

/// Whether a stall is owed to other programs by more than a prediction may be off: they may do something else in another
/// run.
pub fn is_by_chance(stall: &StallReport) -> bool {
    let split = stall.cause.split;
    split.is_some_and(|split| split.waiting_for_core > NEAR.max(stall.range.duration() / 5))
}

/// How long a victim waited, how long it would have after a change, and how long it did in a run with that change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// What was predicted, and of whom.
    pub prediction: Prediction,
    /// What was measured; `None` where it did not come to that: the other run has no such wait, or not yet.
    pub measured: Option<Measured>,
}

impl Compared {
    /// How far the prediction is off. Where it is not known when the one who waited was ready, the best of what is
    /// possible counts.
    pub fn off(&self) -> Option<Duration> {
        let measured = self.measured?;
        let least = measured.waited.duration();
        let most = least + measured.unseen;
        let predicted = self.prediction.predicted;
        Some(least.saturating_sub(predicted) + predicted.saturating_sub(most))
    }

    /// Whether the prediction holds: within 10 ms or 20 % of what was measured.
    pub fn holds(&self) -> Option<bool> {
        let measured = self.measured?.waited.duration();
        Some(self.off()? <= NEAR.max(measured / 5))
    }
}

/// Puts what was predicted of the victims of `stall`, in the model `here`, beside how they fared in another run, in the
/// model `there`, up to `now` there.
pub fn compare_with(
    stall: &StallReport,
    predictions: &[Prediction],
    here: (&TraceStore, &ModelTrack),
    there: (&TraceStore, &ModelTrack),
    now: Timestamp,
) -> Vec<Compared> {
    Comparison::new(here, there, now).of(stall, predictions)
}

impl Comparison<'_> {
    /// Puts what was predicted of the victims of a stall beside how they fared in the other run.
    pub fn of(&mut self, stall: &StallReport, predictions: &[Prediction]) -> Vec<Compared> {
        let compared = predictions.iter().filter_map(|prediction| {
            let victim = stall.victims.get(prediction.victim)?;
            Some(Compared {
                prediction: *prediction,
                measured: self.measure(victim),
            })
        });
        compared.collect()
    }
}

/// What comes of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How long the one waited who waited longest.
    pub recorded: Duration,
    /// The longest wait that was predicted.
    pub predicted: Duration,
    /// The longest wait that was measured; `None` where none was.
    pub measured: Option<Duration>,
    /// How many predictions hold.
    pub holding: usize,
    /// Of how many.
    pub found: usize,
    /// How many waits have no counterpart in the other run.
    pub lost: usize,
}

impl Verdict {
    /// Of these waits.
    pub fn of<'a>(compared: impl IntoIterator<Item = &'a Compared>) -> Self {
        let mut verdict = Self::default();
        for one in compared {
            verdict.recorded = verdict.recorded.max(one.prediction.recorded);
            verdict.predicted = verdict.predicted.max(one.prediction.predicted);
            let Some(measured) = one.measured else {
                verdict.lost += 1;
                continue;
            };
            verdict.measured = verdict.measured.max(Some(measured.waited.duration()));
            verdict.found += 1;
            verdict.holding += usize::from(one.holds() == Some(true));
        }
        verdict
    }
}

/// For a person: `Predicted 3 ms at worst, measured 4 ms: 2 of 2 predictions hold.`
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let predicted = plain_duration(self.predicted);
        let Some(measured) = self.measured.map(plain_duration) else {
            let recorded = plain_duration(self.recorded);
            return write!(f, "Waited {recorded} at worst, predicted {predicted}.");
        };
        let (holding, found) = (self.holding, self.found);
        write!(f, "Predicted {predicted} at worst, measured {measured}: ")?;
        match (holding, found) {
            (1, 1) => f.write_str("the prediction holds.")?,
            (_, 1) => f.write_str("the prediction does not hold.")?,
            _ => write!(f, "{holding} of {found} predictions hold.")?,
        }
        match self.lost {
            0 => Ok(()),
            1 => f.write_str(" One wait is not found in the other run."),
            lost => write!(f, " {lost} waits are not found in the other run."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Known;
    use crate::store::{LaneRef, SpanRef};
    use crate::trace::{ModelId, ThreadId, TimeRange};

    const MS: u64 = 1_000_000;

    fn compared(recorded: u64, predicted: u64, measured: Option<(u64, u64)>) -> Compared {
        let served_by = SpanRef {
            model: ModelId::from_index(0),
            lane: LaneRef::Thread(ThreadId::from_index(0)),
            depth: 1,
            index: 0,
        };
        Compared {
            prediction: Prediction {
                victim: 0,
                recorded: Duration::from_millis(recorded),
                predicted: Duration::from_millis(predicted),
            },
            measured: measured.map(|(waited, unseen)| Measured {
                waited: TimeRange::new(Timestamp(5 * MS), Timestamp((5 + waited) * MS)),
                known: Known::Observed,
                unseen: Duration::from_millis(unseen),
                served_by,
            }),
        }
    }

    #[test]
    fn a_prediction_holds_within_ten_milliseconds_or_a_fifth() {
        let holds = |predicted, measured| compared(500, predicted, Some((measured, 0))).holds();
        assert_eq!(holds(0, 10), Some(true));
        assert_eq!(holds(0, 11), Some(false));
        assert_eq!(holds(120, 100), Some(true));
        assert_eq!(holds(121, 100), Some(false));
        assert_eq!(holds(80, 100), Some(true));
        assert_eq!(compared(500, 3, None).holds(), None);
    }

    #[test]
    fn what_nobody_saw_is_not_held_against_it() {
        let off = |predicted| compared(500, predicted, Some((2, 30))).off();
        assert_eq!(off(20), Some(Duration::ZERO));
        assert_eq!(off(40), Some(Duration::from_millis(8)));
        assert_eq!(off(0), Some(Duration::from_millis(2)));
    }

    #[test]
    fn the_verdict_is_about_the_worst_and_keeps_back_nothing() {
        let not_run = [compared(200, 3, None)];
        let said = "Waited 200 ms at worst, predicted 3 ms.";
        assert_eq!(Verdict::of(&not_run).to_string(), said);
        let good = compared(200, 3, Some((4, 0)));
        let all = [good, compared(100, 1, Some((0, 0)))];
        let said = "Predicted 3 ms at worst, measured 4 ms: 2 of 2 predictions hold.";
        assert_eq!(Verdict::of(&all).to_string(), said);
        let all = [good, compared(100, 1, Some((60, 0))), compared(9, 1, None)];
        assert_eq!(
            Verdict::of(&all).to_string(),
            "Predicted 3 ms at worst, measured 60 ms: 1 of 2 predictions hold. One wait is not found in the other run."
        );
        let said = "Predicted 3 ms at worst, measured 4 ms: the prediction holds.";
        assert_eq!(Verdict::of(&[good]).to_string(), said);
    }
}
