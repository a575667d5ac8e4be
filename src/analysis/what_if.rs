//! How long the victims of a stall would have waited, had its callback not held the loop.
//!
//! What was recorded is replayed: a loop that serves one thing at a time, everything that was ready when it looked in
//! the order in which it served it then, and each callback for as long as it took. Only the guilty callback is changed.
//! What a changed program would do otherwise (other data, another order of the system) is not foreseen.

use std::time::Duration;

use super::ready::ready_of;
use super::spans::{Called, called_in, common, spans_in};
use super::{StallReport, Victim};
use crate::store::{ModelTrack, Span, SpanKind, ThreadTrack, TraceStore};
use crate::trace::{TimeRange, Timestamp};

/// What could be done about a callback that holds the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A thread of the pool does it.
    InThread,
    /// It does its work in pieces of this length, and lets the loop look in between.
    Slices(Duration),
    /// It waits in the loop instead of in calls that block; what it computes, it computes all the same.
    Asynchronous,
}

/// What would become of a victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Its place among [`StallReport::victims`].
    pub victim: usize,
    /// How long it waited.
    pub recorded: Duration,
    /// How long it would have waited.
    pub predicted: Duration,
}

/// How long the victims of a stall would have waited after a change of its callback, in their order.
pub fn what_if(
    store: &TraceStore,
    model: &ModelTrack,
    stall: &StallReport,
    change: Change,
    now: Timestamp,
) -> Vec<Prediction> {
    let Some(thread) = model.thread(stall.thread) else {
        return Vec::new();
    };
    let whole = stall.victims.iter().map(|victim| victim.waited);
    let whole = whole.fold(stall.range, TimeRange::union);
    let turns = thread.lane.row(0);
    let first = turns.and_then(|row| Some(row.get(row.at(whole.begin)?)?.begin));
    let window = TimeRange::new(
        first.unwrap_or(whole.begin),
        whole.end + Duration::from_nanos(1),
    );
    let called = called_in(&thread.lane, window, now);
    let guilt = Guilt {
        store,
        thread,
        stall,
    };
    let mut jobs: Vec<Job> = called
        .iter()
        .map(|called| Job {
            ready: ready_of(model, thread, &called.span).map(|ready| ready.at.0),
            begin: called.range.begin.0,
            length: called.range.nanos(),
            guilty: guilt.nanos(called, change),
        })
        .collect();
    // Nothing of it is on the lane before the stall is over.
    if stall.lasts
        && called
            .iter()
            .all(|called| !called.range.overlaps(stall.range))
    {
        let length = stall.range.nanos();
        jobs.push(Job {
            ready: None,
            begin: stall.range.begin.0,
            length,
            guilty: guilt.share(length, change),
        });
    }
    let mut places = Vec::new();
    for victim in &stall.victims {
        let place = place_of(victim, &called);
        places.push(place.unwrap_or(jobs.len()));
        if place.is_none() {
            jobs.push(Job {
                ready: Some(victim.waited.begin.0),
                begin: victim.waited.end.0,
                length: 0,
                guilty: 0,
            });
        }
    }
    let slice = match change {
        Change::Slices(length) => Some(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX).max(1)),
        Change::InThread | Change::Asynchronous => None,
    };
    let begins = replay(&jobs, slice);
    let predict = |(victim, place): (usize, usize)| {
        let waited = stall.victims[victim].waited;
        let predicted = Timestamp(begins[place]).since(waited.begin);
        Prediction {
            victim,
            recorded: waited.duration(),
            predicted,
        }
    };
    places.into_iter().enumerate().map(predict).collect()
}

/// The place of the callback that served a victim.
fn place_of(victim: &Victim, called: &[Called]) -> Option<usize> {
    let depth = victim.served_by?.depth;
    let at = victim.waited.end;
    called
        .iter()
        .position(|called| called.depth == depth && called.range.begin == at)
}

/// How much of what ran is the guilty callback's, and would not have held the loop.
struct Guilt<'a> {
    store: &'a TraceStore,
    thread: &'a ThreadTrack,
    stall: &'a StallReport,
}

impl Guilt<'_> {
    fn nanos(&self, called: &Called, change: Change) -> u64 {
        let guilty = if self.is_guilty(&called.span) {
            called.range.nanos()
        } else {
            // A stall may be named after a callback inside another.
            let lane = &self.thread.lane;
            (called.depth + 1..lane.depths())
                .map(|depth| {
                    let inside = spans_in(lane, depth, called.range);
                    inside
                        .filter(|span| self.is_guilty(span))
                        .map(|span| common(span.range(called.range.end), called.range).nanos())
                        .fold(0, u64::saturating_add)
                })
                .find(|nanos| *nanos > 0)
                .unwrap_or(0)
        };
        self.share(guilty, change)
    }

    /// Waiting can be done by the loop; computing cannot.
    fn share(&self, nanos: u64, change: Change) -> u64 {
        if change != Change::Asynchronous {
            return nanos;
        }
        let cause = &self.stall.cause;
        let (blocked, of) = match cause.split {
            Some(split) => (split.blocked, split.measured),
            None if cause.in_calls.is_zero() => return 0,
            None => (cause.in_calls, self.stall.range.duration()),
        };
        let share = blocked.as_nanos() as f64 / of.as_nanos().max(1) as f64;
        (nanos as f64 * share.min(1.0)) as u64
    }

    fn is_guilty(&self, span: &Span) -> bool {
        matches!(span.kind, SpanKind::Callback(_))
            && span.task == self.stall.task
            && span
                .name
                .is_some_and(|name| self.store.name(name) == self.stall.callback)
    }
}

/// A callback, as it ran. In nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Job {
    /// Since when it could have run; `None` where it followed from the one before it.
    ready: Option<u64>,
    begin: u64,
    length: u64,
    /// How much of its length would not have held the loop in one piece.
    guilty: u64,
}

/// Jobs that follow from each other, the first of which waited for the loop.
#[derive(Clone, Debug)]
struct Chain {
    /// Its place in the order in which the loop served what was ready at once.
    order: usize,
    ready: u64,
    /// The jobs by their places, each with what the loop took before it, and how long it is to run.
    jobs: Vec<(usize, u64, u64)>,
}

/// When each job begins if what is guilty holds the loop in pieces of `slice` nanoseconds, or not at all.
fn replay(jobs: &[Job], slice: Option<u64>) -> Vec<u64> {
    let mut waiting = chains(jobs, slice);
    let mut begins: Vec<Option<u64>> = vec![None; jobs.len()];
    let mut now = 0;
    while let Some(earliest) = waiting.iter().map(|chain| chain.ready).min() {
        now = earliest.max(now);
        let (mut batch, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|chain| chain.ready <= now);
        waiting = later;
        batch.sort_by_key(|chain| chain.order);
        for mut chain in batch {
            let mut done = 0;
            for (place, before, left) in &mut chain.jobs {
                now = now.saturating_add(*before);
                *before = 0;
                begins[*place].get_or_insert(now);
                let piece = match slice {
                    Some(slice) if jobs[*place].guilty > 0 => (*left).min(slice),
                    _ => *left,
                };
                now = now.saturating_add(piece);
                *left -= piece;
                if *left > 0 {
                    break;
                }
                done += 1;
            }
            chain.jobs.drain(..done);
            if !chain.jobs.is_empty() {
                // The loop looks first what else there is, and goes on with it after that.
                chain.ready = now;
                chain.order += jobs.len();
                waiting.push(chain);
            }
        }
    }
    begins
        .into_iter()
        .zip(jobs)
        .map(|(begin, job)| begin.unwrap_or(job.begin))
        .collect()
}

fn chains(jobs: &[Job], slice: Option<u64>) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    let mut free = 0;
    for (place, job) in jobs.iter().enumerate() {
        let could = job.ready.map_or(free, |ready| ready.max(free));
        let before = job.begin.saturating_sub(could);
        let length = match slice {
            Some(_) => job.length,
            None => job.length.saturating_sub(job.guilty),
        };
        free = free.max(job.begin.saturating_add(job.length));
        match (job.ready, chains.last_mut()) {
            (None, Some(chain)) => chain.jobs.push((place, before, length)),
            (ready, _) => {
                let before = if ready.is_some() { before } else { 0 };
                chains.push(Chain {
                    order: place,
                    ready: ready.unwrap_or(job.begin),
                    jobs: vec![(place, before, length)],
                });
            }
        }
    }
    chains
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn job(ready: u64, begin: u64, length: u64) -> Job {
        Job {
            ready: Some(ready),
            begin,
            length,
            guilty: 0,
        }
    }

    /// The first job took 200 and is guilty; meanwhile three became ready, and were served in this order.
    fn stalled() -> [Job; 4] {
        let guilty = Job {
            guilty: 200,
            ..job(0, 0, 200)
        };
        [guilty, job(150, 200, 5), job(20, 205, 5), job(50, 210, 5)]
    }

    #[test]
    fn without_the_guilty_callback_everybody_is_served_when_he_is_ready() {
        assert_eq!(replay(&stalled(), None), [0, 150, 20, 50]);
    }

    #[test]
    fn in_slices_everybody_waits_for_the_rest_of_a_slice_at_most() {
        assert_eq!(replay(&stalled(), Some(30)), [0, 160, 30, 65]);
    }

    #[test]
    fn who_waited_for_others_too_waits_for_them_still() {
        let jobs = [stalled()[0], job(10, 200, 40), job(20, 240, 5)];
        assert_eq!(replay(&jobs, None), [0, 10, 50]);
    }

    #[test]
    fn what_followed_from_a_callback_still_does() {
        let follows = Job {
            ready: None,
            ..job(0, 205, 5)
        };
        let jobs = [stalled()[0], job(10, 200, 5), follows];
        assert_eq!(replay(&jobs, None), [0, 10, 15]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn without_a_change_a_loop_in_the_order_of_readiness_does_what_it_did(
            parts in prop::collection::vec((0_u64..50, 0_u64..5, 0_u64..40), 1..40),
        ) {
            let (mut ready, mut free) = (0, 0);
            let mut jobs = Vec::new();
            for (gap, before, length) in parts {
                ready += gap;
                let begin = free.max(ready) + before;
                jobs.push(job(ready, begin, length));
                free = begin + length;
            }
            let recorded: Vec<_> = jobs.iter().map(|job| job.begin).collect();
            prop_assert_eq!(replay(&jobs, None), recorded);
        }

        #[test]
        fn to_take_the_guilty_callback_away_never_makes_the_first_wait_longer(
            guilty in 1_u64..200,
            ready in 0_u64..200,
            slice in 1_u64..50,
        ) {
            let ready = ready.min(guilty);
            let jobs = [Job { guilty, ..job(0, 0, guilty) }, job(ready, guilty, 1)];
            prop_assert_eq!(replay(&jobs, None)[1], ready);
            let sliced = replay(&jobs, Some(slice))[1];
            prop_assert!(ready <= sliced && sliced <= guilty && sliced <= ready + slice);
        }
    }
}
