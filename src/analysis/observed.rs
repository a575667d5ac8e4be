//! What it has cost to see all this, in words.

use std::time::Duration;

use super::{plain_count, plain_duration};
use crate::store::ModelTrack;
use crate::trace::Phrase;

/// What recording and watching a model has cost so far, in sentences: `Recording 1,234 events took about 45 µs.` and
/// `Watching took 3 ms of CPU time, 20 looks.`
pub fn cost_of_seeing(model: &ModelTrack) -> Vec<Phrase> {
    let observer = model.observer;
    let nanos = |nanos| plain_duration(Duration::from_nanos(nanos));
    let recorded = match observer.recording {
        Some(spent) => Phrase::new("Recording {events} events took about {time} (an estimate).")
            .with("time", nanos(spent)),
        None => Phrase::new("{events} events were recorded."),
    };
    let mut sentences = vec![recorded.with("events", plain_count(model.events))];
    if model.dropped > 0 {
        let count = plain_count(model.dropped);
        sentences.push(Phrase::new("{count} events were dropped.").with("count", count));
    }
    if observer.reads > 0 {
        let watched = match observer.reads {
            1 => Phrase::new("Watching took {time} of CPU time, one look."),
            reads => Phrase::new("Watching took {time} of CPU time, {looks} looks.")
                .with("looks", plain_count(reads)),
        };
        sentences.push(watched.with("time", nanos(observer.spent)));
    }
    if observer.held_back > 0 {
        let count = plain_count(observer.held_back);
        let held_back = Phrase::new("Reports of stalls held back: {count}.");
        sentences.push(held_back.with("count", count));
    }
    sentences
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
        let told = |model: &ModelTrack| -> Vec<_> {
            let sentences = cost_of_seeing(model).into_iter();
            sentences.map(|sentence| sentence.to_string()).collect()
        };
        model.events = 1234;
        model.dropped = 0;
        model.observer = Observer::default();
        assert_eq!(told(&model), ["1,234 events were recorded."]);
        model.observer = Observer {
            reads: 20,
            spent: 3_000_000,
            held_back: 2,
            recording: Some(45_000),
        };
        model.dropped = 7;
        assert_eq!(
            told(&model),
            [
                "Recording 1,234 events took about 45 µs (an estimate).",
                "7 events were dropped.",
                "Watching took 3 ms of CPU time, 20 looks.",
                "Reports of stalls held back: 2.",
            ]
        );
    }
}
