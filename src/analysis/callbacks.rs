//! What was called, how often, and when.

use std::collections::HashMap;
use std::time::Duration;

use crate::store::{ModelTrack, SpanKind, TraceStore};
use crate::trace::{NameId, TaskId, Timestamp};

/// Of a callback that was called very often only the first moments are kept.
const MOMENTS: usize = 100;

/// All calls of one callback of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackSummary {
    /// What it is called.
    pub name: String,
    /// For which task it worked, if for one.
    pub task: Option<TaskId>,
    /// How often it was called.
    pub count: usize,
    /// How often it failed.
    pub failed: usize,
    /// How long it ran in all, what it called included.
    pub total: Duration,
    /// How long it ran at most.
    pub longest: Duration,
    /// When it was called, the first hundred times.
    pub begins: Vec<Timestamp>,
}

/// The callbacks of a model up to `now`, on all its threads, in the order of their first calls. Looks at every span: for
/// reports, not for frames.
pub fn callbacks(store: &TraceStore, model: &ModelTrack, now: Timestamp) -> Vec<CallbackSummary> {
    let mut places: HashMap<(Option<NameId>, Option<TaskId>), usize> = HashMap::new();
    let mut found: Vec<CallbackSummary> = Vec::new();
    for thread in &model.threads {
        let ended = thread.lane.rows().iter().flat_map(|row| row.spans());
        for span in ended.chain(thread.lane.open().iter().copied()) {
            if !matches!(span.kind, SpanKind::Callback(_)) {
                continue;
            }
            let place = *places.entry((span.name, span.task)).or_insert(found.len());
            if place == found.len() {
                found.push(CallbackSummary {
                    name: span.name.map_or("?", |name| store.name(name)).to_owned(),
                    task: span.task,
                    count: 0,
                    failed: 0,
                    total: Duration::ZERO,
                    longest: Duration::ZERO,
                    begins: Vec::new(),
                });
            }
            let callback = &mut found[place];
            let lasted = span.range(now).duration();
            callback.count += 1;
            callback.failed += usize::from(span.failed);
            callback.total = callback.total.saturating_add(lasted);
            callback.longest = callback.longest.max(lasted);
            callback.begins.push(span.begin);
        }
    }
    for callback in &mut found {
        // Threads, and the depths of one, are gone through one after another.
        callback.begins.sort_unstable();
        callback.begins.truncate(MOMENTS);
    }
    found.sort_by_key(|callback| callback.begins.first().copied());
    found
}
