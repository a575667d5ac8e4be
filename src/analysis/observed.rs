//! What it has cost to see all this, in words.

use std::time::Duration;

use super::{plain_count, plain_duration};
use crate::store::ModelTrack;

/// What recording and watching a model has cost so far, without a full stop: `recording 1,234 events took about 45 µs;
/// watching took 3 ms of CPU time, 20 looks`.
pub fn cost_of_seeing(model: &ModelTrack) -> String {
    let observer = model.observer;
    let events = plain_count(model.events);
    let nanos = |nanos| plain_duration(Duration::from_nanos(nanos));
    let mut parts = vec![match observer.recording {
        Some(spent) => format!("recording {events} events took about {}", nanos(spent)),
        None => format!("{events} events were recorded"),
    }];
    if model.dropped > 0 {
        parts.push(format!("{} were dropped", plain_count(model.dropped)));
    }
    if observer.reads > 0 {
        let (spent, reads) = (nanos(observer.spent), plain_count(observer.reads));
        parts.push(format!("watching took {spent} of CPU time, {reads} looks"));
    }
    if observer.held_back > 0 {
        let count = plain_count(observer.held_back);
        parts.push(format!("{count} reports of stalls were held back"));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Observer, TraceStore, sample};

    #[test]
    fn everything_is_told_that_is_known_and_nothing_else() {
        let mut store = TraceStore::new();
        sample::batches().iter().for_each(|batch| store.push(batch));
        let mut model = store.models()[0].clone();
        model.events = 1234;
        model.dropped = 0;
        model.observer = Observer::default();
        assert_eq!(cost_of_seeing(&model), "1,234 events were recorded");
        model.observer = Observer {
            reads: 20,
            spent: 3_000_000,
            held_back: 2,
            recording: Some(45_000),
        };
        model.dropped = 7;
        assert_eq!(
            cost_of_seeing(&model),
            "recording 1,234 events took about 45 µs; 7 were dropped; \
             watching took 3 ms of CPU time, 20 looks; 2 reports of stalls were held back"
        );
    }
}
