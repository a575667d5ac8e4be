//! What held the loop, why, and who waited: the facts. What is said of them is in `sentence`.

use std::time::Duration;

use super::cause::cause;
use super::compare::name_of_task;
use super::victims::{count, victims};
use super::{Cause, Victim, VictimKind};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{LOOP_ITSELF, ModelId, TaskId, ThreadId, TimeRange, Timestamp};

/// A stall, what held the loop, and who waited.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::stalls;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let stalls = stalls(&trace.store, trace.now());
/// let worst = stalls.iter().max_by_key(|stall| stall.harm).expect("it was blocked");
/// let sentence = worst.sentence().to_string();
/// assert!(sentence.starts_with("data_received of ecstasy held the loop"), "{sentence}");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// How many of each kind that were: one that waited again counts once, so these may be fewer than the victims.
    pub waiters: Vec<(VictimKind, usize)>,
    /// How long others waited during it, all of them together.
    pub harm: Duration,
    /// Whether a watchdog looked at all, at a loop that tells what it waits for: who waited is known only then.
    pub watched: bool,
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
    let range = stall.until(now);
    let accounted = cause.samples > 0 || cause.split.is_some();
    let watched = accounted && thread.tells_who_waits();
    let watched = watched || !model.arrivals.within(range).is_empty();
    Some(StallReport {
        model: model.id,
        index,
        thread: stall.thread,
        of_loop: thread.runs_loop(),
        range,
        lasts: stall.lasts,
        task: stall.task,
        task_name,
        callback: callback.to_owned(),
        cause,
        harm: waited.sum(),
        waiters: count(&victims.all),
        victims: victims.all,
        watched,
        settled: victims.settled,
    })
}
