//! The loop, once more: everything that ran, in the order in which it ran, with another length of what is guilty.

/// A callback, as it ran. In nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Job {
    /// Since when it could have run; `None` where it followed from the one before it.
    pub(super) ready: Option<u64>,
    pub(super) begin: u64,
    /// What it did, one after the other.
    pub(super) parts: Vec<Part>,
}

/// A part of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It holds the loop for so long, whatever is changed.
    Holds(u64),
    /// It takes so long, and is to be carried out otherwise.
    Guilty(u64),
}

impl Part {
    pub(super) const fn nanos(self) -> u64 {
        match self {
            Self::Holds(nanos) | Self::Guilty(nanos) => nanos,
        }
    }
}

impl Job {
    fn length(&self) -> u64 {
        let parts = self.parts.iter().map(|part| part.nanos());
        parts.fold(0, u64::saturating_add)
    }
}

/// Jobs that follow from each other, the first of which waited for the loop.
#[derive(Clone, Debug)]
struct Chain {
    /// Its place in the order in which the loop served what was ready at once.
    order: usize,
    ready: u64,
    /// The jobs by their places, the next one last.
    jobs: Vec<Left>,
}

/// What is left of a job.
#[derive(Clone, Debug)]
struct Left {
    place: usize,
    /// What the loop took before it.
    before: u64,
    /// The next one last.
    parts: Vec<Part>,
}

/// When each job begins if what is guilty holds the loop in pieces of `slice` nanoseconds, or not at all.
///
/// What follows in a callback on what is guilty comes when that is done: by a thread, say, while the loop goes on.
pub(super) fn replay(jobs: &[Job], slice: Option<u64>) -> Vec<u64> {
    let mut waiting = chains(jobs);
    let mut begins: Vec<Option<u64>> = vec![None; jobs.len()];
    let mut now = 0;
    while let Some(earliest) = waiting.iter().map(|chain| chain.ready).min() {
        now = earliest.max(now);
        let (mut batch, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|chain| chain.ready <= now);
        waiting = later;
        batch.sort_by_key(|chain| chain.order);
        for mut chain in batch {
            if let Some(again) = serve(&mut chain, &mut now, &mut begins, slice) {
                chain.ready = again;
                // The loop looks first what else there is, and goes on with it after that.
                chain.order += jobs.len();
                waiting.push(chain);
            }
        }
    }
    let begun = begins.into_iter().zip(jobs);
    begun
        .map(|(begin, job)| begin.unwrap_or(job.begin))
        .collect()
}

/// Runs the jobs of a chain, from `now` on, until they let the loop go. When they want it again, if they do.
fn serve(
    chain: &mut Chain,
    now: &mut u64,
    begins: &mut [Option<u64>],
    slice: Option<u64>,
) -> Option<u64> {
    while let Some(job) = chain.jobs.last_mut() {
        *now = now.saturating_add(std::mem::take(&mut job.before));
        begins[job.place].get_or_insert(*now);
        while let Some(part) = job.parts.pop() {
            match (part, slice) {
                (Part::Holds(nanos), _) => *now = now.saturating_add(nanos),
                // Somebody else does it, and nobody waits for it here but what follows.
                (Part::Guilty(nanos), None) => {
                    let again = now.saturating_add(nanos);
                    if job.parts.is_empty() {
                        chain.jobs.pop();
                    }
                    return (!chain.jobs.is_empty()).then_some(again);
                }
                (Part::Guilty(nanos), Some(slice)) => {
                    let piece = nanos.min(slice);
                    *now = now.saturating_add(piece);
                    if nanos > piece {
                        job.parts.push(Part::Guilty(nanos - piece));
                        return Some(*now);
                    }
                }
            }
        }
        chain.jobs.pop();
    }
    None
}

fn chains(jobs: &[Job]) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    let mut free = 0;
    for (place, job) in jobs.iter().enumerate() {
        let could = job.ready.map_or(free, |ready| ready.max(free));
        let before = job.begin.saturating_sub(could);
        free = free.max(job.begin.saturating_add(job.length()));
        let mut left = Left {
            place,
            before,
            parts: job.parts.iter().rev().copied().collect(),
        };
        match (job.ready, chains.last_mut()) {
            (None, Some(chain)) => chain.jobs.push(left),
            (ready, _) => {
                if ready.is_none() {
                    left.before = 0;
                }
                chains.push(Chain {
                    order: place,
                    ready: ready.unwrap_or(job.begin),
                    jobs: vec![left],
                });
            }
        }
    }
    for chain in &mut chains {
        chain.jobs.reverse();
    }
    chains
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job(ready: u64, begin: u64, length: u64) -> Job {
        Job {
            ready: Some(ready),
            begin,
            parts: vec![Part::Holds(length)],
        }
    }

    fn guilty(ready: u64, begin: u64, length: u64) -> Job {
        Job {
            parts: vec![Part::Guilty(length)],
            ..job(ready, begin, 0)
        }
    }

    /// The first job took 200 and is guilty; meanwhile three became ready, and were served in this order.
    fn stalled() -> [Job; 4] {
        [
            guilty(0, 0, 200),
            job(150, 200, 5),
            job(20, 205, 5),
            job(50, 210, 5),
        ]
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
        let jobs = [guilty(0, 0, 200), job(10, 200, 40), job(20, 240, 5)];
        assert_eq!(replay(&jobs, None), [0, 10, 50]);
    }

    #[test]
    fn what_followed_from_a_callback_still_does() {
        let follows = Job {
            ready: None,
            ..job(0, 205, 5)
        };
        let jobs = [guilty(0, 0, 200), job(10, 200, 5), follows];
        assert_eq!(replay(&jobs, None), [0, 10, 15]);
    }

    #[test]
    fn what_follows_on_what_is_guilty_waits_for_it_and_holds_the_loop_then() {
        let parts = vec![Part::Holds(10), Part::Guilty(100), Part::Holds(50)];
        let mixed = Job {
            parts,
            ..job(0, 0, 0)
        };
        let waits = [job(5, 160, 1), job(120, 161, 1), job(155, 162, 1)];
        let jobs = [vec![mixed], waits.to_vec()].concat();
        assert_eq!(replay(&jobs, None), [0, 10, 160, 161]);
        assert_eq!(replay(&jobs, Some(40)), [0, 50, 161, 162]);
        let follows = Job {
            ready: None,
            ..job(0, 200, 5)
        };
        let jobs = [guilty(0, 0, 200), follows, job(10, 205, 1)];
        assert_eq!(replay(&jobs, None), [0, 200, 10]);
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
            length in 1_u64..200,
            ready in 0_u64..200,
            slice in 1_u64..50,
        ) {
            let ready = ready.min(length);
            let jobs = [guilty(0, 0, length), job(ready, length, 1)];
            prop_assert_eq!(replay(&jobs, None)[1], ready);
            let sliced = replay(&jobs, Some(slice))[1];
            prop_assert!(ready <= sliced && sliced <= length && sliced <= ready + slice);
        }
    }
}
