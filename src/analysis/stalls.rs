//! What held the loop, why, and who waited.

use std::time::Duration;

use super::blame::{LOOP_ITSELF, named};
use super::cause::cause;
use super::compare::name_of_task;
use super::victims::victims;
use super::{Cause, CauseKind, Victim, VictimKind, plain_duration};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{ModelId, TaskId, ThreadId, TimeRange, Timestamp};

/// A stall, what held the loop, and who waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StallReport {
    /// In which model.
    pub model: ModelId,
    /// Its place among [`ModelTrack::stalls`].
    pub index: usize,
    /// On which thread.
    pub thread: ThreadId,
    /// Whether that thread runs a loop: only then others wait for it.
    pub of_loop: bool,
    /// When; to `now` while it lasts.
    pub range: TimeRange,
    /// Whether it lasts still.
    pub lasts: bool,
    /// Whose callback took the largest part of it.
    pub task: Option<TaskId>,
    /// What that task is called.
    pub task_name: Option<String>,
    /// The name of that callback.
    pub callback: String,
    /// What held the loop, with the evidence.
    pub cause: Cause,
    /// Who waited because of it, the one who waited longest first.
    pub victims: Vec<Victim>,
    /// How long others waited during it, all of them together.
    pub harm: Duration,
    /// All that as a sentence for a newcomer, without its full stop.
    pub sentence: String,
    /// Whether this report stays as it is. If not, the stall lasts still or its last victims are to be served.
    pub settled: bool,
}

/// The stalls of all models, in the order in which they began.
///
/// The work grows with what happened during the stalls. A report that is settled does not change: whoever draws often
/// keeps it, and asks [`stall`] for the others.
pub fn stalls(store: &TraceStore, now: Timestamp) -> Vec<StallReport> {
    let mut reports: Vec<_> = store
        .models()
        .iter()
        .flat_map(|model| {
            (0..model.stalls.len()).filter_map(move |index| stall(store, model, index, now))
        })
        .collect();
    reports.sort_by_key(|report| (report.range.begin, report.model, report.index));
    reports
}

/// The stall at a place among those of its model; `now` stands for the end of one that lasts still.
pub fn stall(
    store: &TraceStore,
    model: &ModelTrack,
    index: usize,
    now: Timestamp,
) -> Option<StallReport> {
    let stall = model.stalls.get(index)?;
    // A model that is over stalls no longer.
    let now = model.end.map_or(now, |end| end.min(now));
    let thread = model.thread(stall.thread)?;
    let callback = stall.callback.map_or(LOOP_ITSELF, |name| store.name(name));
    let task_name = stall.task.map(|id| name_of_task(store, model, id));
    let cause = cause(store, model, thread, stall, now);
    let victims = victims(store, model, thread, stall, now);
    let waited = victims.all.iter().map(|victim| victim.during);
    let mut report = StallReport {
        model: model.id,
        index,
        thread: stall.thread,
        of_loop: thread.polls > 0,
        range: stall.until(now),
        lasts: stall.lasts,
        task: stall.task,
        task_name,
        callback: callback.to_owned(),
        cause,
        harm: waited.sum(),
        victims: victims.all,
        sentence: String::new(),
        settled: victims.settled,
    };
    report.sentence = report.tell(report.is_watched(model));
    Some(report)
}

impl StallReport {
    /// What held the loop: `data_received of ecstasy`, or the loop itself where callbacks took the smaller part.
    pub fn holder(&self) -> String {
        let is_known = !self.lasts || !self.cause.in_callbacks.is_zero();
        if is_known && self.cause.in_callbacks < self.range.duration() / 2 {
            return LOOP_ITSELF.to_owned();
        }
        named(&self.callback, self.task_name.as_deref())
    }

    /// What held the loop, in a few words: `sleep 200ms in data_received`.
    pub fn what(&self) -> String {
        match self.cause.kind {
            CauseKind::ManyCallbacks => self.cause.to_string(),
            CauseKind::Unknown => self.callback.clone(),
            _ => format!("{} in {}", self.cause, self.callback),
        }
    }

    /// Whether a watchdog looked at all: who waited is known only then.
    fn is_watched(&self, model: &ModelTrack) -> bool {
        let accounted = self.cause.samples > 0 || self.cause.split.is_some();
        accounted || !model.arrivals.within(self.range).is_empty()
    }

    fn tell(&self, looked: bool) -> String {
        let what = if self.of_loop {
            "the loop"
        } else {
            "its thread"
        };
        let so_far = if self.lasts { " so far" } else { "" };
        let mut sentence = format!("{}{so_far}", self.tell_cause(what));
        if self.of_loop {
            sentence.push_str("; ");
            sentence.push_str(&self.tell_victims(looked));
        }
        sentence
    }

    fn tell_cause(&self, what: &str) -> String {
        let cause = &self.cause;
        let who = self.holder();
        let lasted = plain_duration(self.range.duration());
        match cause.kind {
            CauseKind::OnCpu => format!("{who} held {what} for {lasted}, computing"),
            CauseKind::Blocked => self.tell_blocked(what),
            CauseKind::WaitingForCore => {
                let waited = cause
                    .split
                    .map_or(Duration::ZERO, |split| split.waiting_for_core);
                let waited = plain_duration(waited);
                format!("{who} held {what} for {lasted}, and had no core for {waited} of that")
            }
            CauseKind::ManyCallbacks => {
                let count = cause.callbacks;
                let longest = cause.longest.as_ref();
                let longest = longest.map_or_else(String::new, |(name, took)| {
                    format!(", the longest, {name}, for {}", plain_duration(*took))
                });
                format!("{count} callbacks in one turn held {what} for {lasted}{longest}")
            }
            CauseKind::ManyCalls => {
                let calls = match (&cause.call, &cause.syscall) {
                    (Some(call), _) => format!("{} × {call}", cause.calls),
                    (None, Some(_)) => format!("one {} after another", cause.blocking_call()),
                    (None, None) => "one blocking call after another".to_owned(),
                };
                format!("{who} held {what} for {lasted}: {calls}")
            }
            CauseKind::Unknown if who == LOOP_ITSELF => {
                let called = plain_duration(cause.in_callbacks);
                format!("{what} did not wait for {lasted}; callbacks took {called} of that")
            }
            CauseKind::Unknown => {
                format!("{who} held {what} for {lasted}, and it is not known why")
            }
        }
    }

    fn tell_blocked(&self, what: &str) -> String {
        let cause = &self.cause;
        let who = self.holder();
        // A program that announces its calls knows best how long they took.
        let blocked = match (cause.in_calls, cause.split) {
            (Duration::ZERO, _) => self.range.duration(),
            (announced, _) => announced,
        };
        let blocked = plain_duration(blocked);
        let call = cause.blocking_call();
        match cause.syscall.as_deref() {
            Some("nanosleep" | "clock_nanosleep") => format!("{who} slept {blocked} in {call}"),
            Some("futex") => format!("{who} waited {blocked} for a lock, in {call}"),
            Some("fsync" | "fdatasync" | "sync_file_range" | "msync") => {
                format!("{who} waited {blocked} for the disk, in {call}")
            }
            Some(_) => format!("{who} was blocked for {blocked} in {call}"),
            None => {
                let lasted = plain_duration(self.range.duration());
                format!("{who} held {what} for {lasted}: {call}")
            }
        }
    }

    fn tell_victims(&self, looked: bool) -> String {
        let Some(worst) = self.victims.first() else {
            return match looked {
                true => "nobody waited".to_owned(),
                false => "nobody is known to have waited".to_owned(),
            };
        };
        let kinds = [
            VictimKind::Descriptor,
            VictimKind::Timer,
            VictimKind::ThreadCall,
            VictimKind::Deferred,
        ];
        let mut counts: Vec<String> = Vec::new();
        for kind in kinds {
            let count = self
                .victims
                .iter()
                .filter(|victim| victim.kind == kind)
                .count();
            if count > 0 {
                counts.push(plural(count, kind));
            }
        }
        let worst = plain_duration(worst.delay());
        let who = match counts.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            Some((last, _)) => last.clone(),
            None => String::new(),
        };
        match (self.victims.len(), self.lasts) {
            (1, false) => format!("{who} waited {worst}"),
            (1, true) => format!("{who} has waited for {worst}"),
            (_, false) => format!("{who} waited, the worst {worst}"),
            (_, true) => format!("{who} have waited, the worst for {worst}"),
        }
    }
}

fn plural(count: usize, kind: VictimKind) -> String {
    let noun = kind.noun();
    match (count, kind) {
        (1, _) => format!("1 {noun}"),
        (_, VictimKind::ThreadCall) => format!("{count} calls from threads"),
        (_, VictimKind::Deferred) => format!("{count} results of the thread pool"),
        _ => format!("{count} {noun}s"),
    }
}
