//! Prediction and measurement as a report has them: plain numbers and texts.

use super::super::entries::seconds;
use super::super::{StallReport, Victim};
use super::Compared;
use crate::trace::{Change, Timestamp};

/// A stall, and how its victims fared in a run in which its callback was carried out otherwise. Durations are seconds,
/// moments are seconds since the begin of the model.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct WhatIfEntry {
    /// In which model.
    pub model: String,
    /// How the callback was carried out: `in a thread`, `in slices of 5ms` or `asynchronously`.
    pub change: String,
    /// The name of the callback.
    pub callback: String,
    /// The name of its task.
    pub task: Option<String>,
    /// When the stall began.
    pub start_s: f64,
    /// How long it was.
    pub duration_s: f64,
    /// Its victims, the one who waited longest first.
    pub victims: Vec<WhatIfVictimEntry>,
}

/// How one victim fared.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct WhatIfVictimEntry {
    /// `fd`, `timer`, `thread_call`, `deferred` or `startup`.
    pub kind: &'static str,
    /// What it is called, such as `data_received of ecstasy`.
    pub name: String,
    /// How long it waited.
    pub delay_s: f64,
    /// How long it would have waited, as was predicted.
    pub predicted_s: f64,
    /// How long it did in the other run; `null` where that has no such wait.
    pub measured_s: Option<f64>,
    /// By how much the prediction is off.
    pub off_s: Option<f64>,
    /// Whether the prediction holds: within 10 ms or 20 % of what was measured.
    pub holds: Option<bool>,
}

impl WhatIfEntry {
    /// Of a stall in the model called `model`, which began at `begin`.
    pub fn new(
        stall: &StallReport,
        model: &str,
        begin: Timestamp,
        change: Change,
        compared: &[Compared],
    ) -> Self {
        let victims = compared.iter().filter_map(|compared| {
            let victim = stall.victims.get(compared.prediction.victim)?;
            Some(WhatIfVictimEntry::new(victim, compared))
        });
        Self {
            model: model.to_owned(),
            change: change.to_string(),
            callback: stall.callback.clone(),
            task: stall.task_name.clone(),
            start_s: seconds(stall.range.begin.since(begin)),
            duration_s: seconds(stall.range.duration()),
            victims: victims.collect(),
        }
    }
}

impl WhatIfVictimEntry {
    fn new(victim: &Victim, compared: &Compared) -> Self {
        let measured = compared.measured.map(|measured| measured.waited.duration());
        Self {
            kind: victim.kind.word(),
            name: victim.name().to_string(),
            delay_s: seconds(compared.prediction.recorded),
            predicted_s: seconds(compared.prediction.predicted),
            measured_s: measured.map(seconds),
            off_s: compared.off().map(seconds),
            holds: compared.holds(),
        }
    }
}
