//! Stalls that are the same thing again and again, told once.

use std::time::Duration;

use super::{Cause, CauseKind, StallReport, plain_count, plain_duration};
use crate::trace::{ModelId, Phrase, TaskId};

/// All stalls of one callback of one task that have the same cause: of those that were blocked, in the same call. Of turns of
/// many callbacks none is the one: all of them in a model are one finding.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::{findings, stalls};
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let stalls = stalls(&trace.store, trace.now());
/// let first = &findings(&stalls)[0];
/// assert_eq!((&*first.callback, first.stalls.len()), ("data_received", 16), "all of them as one");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In which model.
    pub model: ModelId,
    /// The name of the callback; of turns of many, that of the longest in the first of them.
    pub callback: String,
    /// Its task; none where the callbacks of many took turns.
    pub task: Option<TaskId>,
    /// What that task is called.
    pub task_name: Option<String>,
    /// Whether it held a loop: only then others wait for it.
    pub of_loop: bool,
    /// What kind of thing held the loop.
    pub kind: CauseKind,
    /// The places of its stalls among the reports that it was made of, the most harmful first.
    pub stalls: Vec<usize>,
    /// How long others waited during them, all of them together. Whoever waited through several stalls counts in each
    /// with what fell into it, so nothing is counted twice.
    pub harm: Duration,
    /// How many waited.
    pub victims: usize,
    /// How long the stalls were, all of them together.
    pub stalled: Duration,
}

/// What there is to find in stalls: those of one callback, task and cause are one finding. The most harmful first;
/// where nobody waited, the longest.
pub fn findings(stalls: &[StallReport]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (place, stall) in stalls.iter().enumerate() {
        let of_one = stall.cause.kind != CauseKind::ManyCallbacks;
        let task = stall.task.filter(|_| of_one);
        let key = (
            stall.model,
            of_one.then_some(&stall.callback),
            task,
            stall.cause.kind,
            blocked_in(&stall.cause),
        );
        let next = findings.len();
        let finding = *places.entry(key).or_insert(next);
        if finding == next {
            findings.push(Finding {
                model: stall.model,
                callback: stall.callback.clone(),
                task,
                task_name: stall.task_name.clone().filter(|_| of_one),
                of_loop: stall.of_loop,
                kind: stall.cause.kind,
                stalls: Vec::new(),
                harm: Duration::ZERO,
                victims: 0,
                stalled: Duration::ZERO,
            });
        }
        let finding = &mut findings[finding];
        finding.stalls.push(place);
        finding.harm += stall.harm;
        finding.victims += stall.victims.len();
        finding.stalled += stall.range.duration();
    }
    for finding in &mut findings {
        let badness = |place: &usize| {
            let stall = &stalls[*place];
            std::cmp::Reverse((stall.harm, stall.range.nanos()))
        };
        finding.stalls.sort_by_key(badness);
    }
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.harm, finding.stalled)));
    findings
}

/// The call in which most of a stall was spent, where that is its cause: a name of the program rather than one of the
/// system, which may change from look to look.
fn blocked_in(cause: &Cause) -> Option<&str> {
    let call = cause.call.as_deref().or(cause.syscall.as_deref());
    call.filter(|_| cause.kind == CauseKind::Blocked)
}

impl Finding {
    /// The sentence of the worst of its stalls, and how many there are. `stalls` are the reports that it was made of.
    pub fn sentence(&self, stalls: &[StallReport]) -> Phrase {
        let worst = self.stalls.first().and_then(|place| stalls.get(*place));
        let worst = worst.map(StallReport::sentence).unwrap_or_default();
        match self.stalls.len() {
            1 => worst,
            count => Phrase::new("{count} stalls, {stalled} in all, such as: {worst}")
                .with("count", plain_count(count as u64))
                .with("stalled", plain_duration(self.stalled))
                .with_words("worst", worst),
        }
    }
}
