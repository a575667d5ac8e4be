//! Statistics for the window: counted by and by, a little in every frame, and again when there is something new.

use std::time::{Duration, Instant};

use super::document::Document;
use crate::analysis::{Statistics, Tally};
use crate::trace::{TimeRange, Timestamp};

/// How long a frame may be held up by counting.
const BUDGET: Duration = Duration::from_millis(3);
/// How many spans are counted between two looks at the time.
const AT_ONCE: usize = 2_048;
/// How much later what changes all the time is counted again, in seconds.
const PAUSE: f64 = 0.4;

/// Of which stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The one that is chosen; where none is, what is in view.
    #[default]
    Chosen,
    /// What is in view.
    View,
    /// The whole trace.
    Trace,
}

impl Scope {
    /// What it means for a trace.
    pub(super) fn of(self, document: &Document) -> Self {
        match (self, document.chosen) {
            (Self::Chosen, None) => Self::View,
            (scope, _) => scope,
        }
    }

    /// From when to when.
    pub(super) fn range(self, document: &Document) -> TimeRange {
        match (self.of(document), document.chosen) {
            (Self::Chosen, Some(range)) => range,
            (Self::Trace, _) => document.range(),
            _ => document.view.range(),
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subject {
    document: u32,
    scope: Scope,
    range: TimeRange,
    /// What was known when it began.
    events: u64,
    now: Timestamp,
}

/// What was counted.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    /// Tells it from what was counted before.
    pub(super) number: u64,
    /// From when to when.
    pub(super) range: TimeRange,
    /// The models, in their order.
    pub(super) models: Vec<Statistics>,
}

/// Statistics that are being counted.
struct Work {
    subject: Subject,
    /// The models that are still to be counted, the next one last.
    tallies: Vec<Tally>,
    done: Vec<Statistics>,
}

/// What is counted, and what was counted last.
#[derive(Default)]
pub(super) struct Counting {
    work: Option<Work>,
    last: Option<(Subject, Counted)>,
    /// When the last counting began.
    begun: Option<f64>,
    finished: u64,
}

impl Counting {
    /// What is known of the scope; `None` where nothing is yet.
    pub(super) fn counted(&self, document: &Document) -> Option<&Counted> {
        let last = self.last.as_ref();
        last.filter(|(subject, _)| subject.document == document.id)
            .map(|(_, counted)| counted)
    }

    /// How many spans have been counted, while it goes on.
    pub(super) fn progress(&self) -> Option<usize> {
        let work = self.work.as_ref()?;
        work.tallies.last().map(Tally::seen)
    }

    /// Goes on counting at `time`, in seconds. When there is more to do: at once, or later; `None` where nothing is.
    pub(super) fn go_on(
        &mut self,
        document: &Document,
        scope: Scope,
        time: f64,
    ) -> Option<Duration> {
        let wanted = Subject {
            document: document.id,
            scope: scope.of(document),
            range: scope.range(document),
            events: document.store.events(),
            now: document.now,
        };
        self.work
            .take_if(|work| !is_still_of_use(&work.subject, &wanted, document));
        if self.work.is_none() {
            let last = self.last.as_ref().map(|(subject, _)| *subject);
            if last == Some(wanted) {
                return None;
            }
            // Another trace or scope is waited for; what only grows or moves can wait.
            let same = last
                .is_some_and(|last| (last.document, last.scope) == (wanted.document, wanted.scope));
            let rest = self.begun.map_or(0.0, |begun| begun + PAUSE - time);
            if same && rest > 0.0 && rest <= PAUSE {
                return Some(Duration::from_secs_f64(rest));
            }
            self.begun = Some(time);
            self.work = Some(begin(document, wanted));
        }
        self.count(document);
        Some(Duration::ZERO)
    }

    fn count(&mut self, document: &Document) {
        let Some(work) = &mut self.work else {
            return;
        };
        let begun = Instant::now();
        while let Some(tally) = work.tallies.last_mut() {
            if !tally.advance(&document.store, AT_ONCE) {
                if begun.elapsed() >= BUDGET {
                    return;
                }
                continue;
            }
            let tally = work.tallies.pop();
            work.done
                .extend(tally.map(|tally| tally.statistics(&document.store)));
        }
        self.finished += 1;
        let counted = Counted {
            number: self.finished,
            range: work.subject.range,
            models: std::mem::take(&mut work.done),
        };
        self.last = Some((work.subject, counted));
        self.work = None;
    }
}

fn begin(document: &Document, subject: Subject) -> Work {
    let models = document.store.models().iter().rev();
    let tallies = models.map(|model| Tally::new(model, subject.range, subject.now));
    Work {
        subject,
        tallies: tallies.collect(),
        done: Vec::new(),
    }
}

/// Whether what is being counted will be worth showing: a stretch that only grows, or follows the newest moment, is
/// counted to its end.
fn is_still_of_use(work: &Subject, wanted: &Subject, document: &Document) -> bool {
    let same = (work.document, work.scope) == (wanted.document, wanted.scope);
    let moves_by_itself = match work.scope {
        Scope::Chosen => false,
        Scope::View => document.view.is_following(),
        Scope::Trace => true,
    };
    same && (moves_by_itself || work.range == wanted.range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Trace, TraceInfo};
    use crate::gui::command::ViewCommand;
    use crate::store::sample;
    use crate::trace::Batch;
    use std::path::Path;

    fn document() -> Document {
        let trace = Trace {
            info: TraceInfo::default(),
            store: sample::store(),
            marks: Vec::new(),
            truncated: None,
        };
        Document::of_file(Path::new("sample.loopscope"), trace)
    }

    fn count(counting: &mut Counting, document: &Document, scope: Scope, time: f64) {
        while counting.go_on(document, scope, time) == Some(Duration::ZERO) {}
    }

    fn calls(counting: &Counting, document: &Document) -> u64 {
        let counted = counting.counted(document).expect("it was counted");
        let models = counted.models.iter();
        models
            .flat_map(|model| &model.callbacks)
            .map(|call| call.count)
            .sum()
    }

    #[test]
    fn the_chosen_range_is_counted_or_else_what_is_in_view() {
        let mut document = document();
        let mut counting = Counting::default();
        count(&mut counting, &document, Scope::Chosen, 0.0);
        let all = calls(&counting, &document);
        let millis = |at: u64| Timestamp(at * 1_000_000);
        document.chosen = Some(TimeRange::new(millis(10), millis(20)));
        count(&mut counting, &document, Scope::Chosen, 1.0);
        assert_eq!(
            calls(&counting, &document),
            2,
            "a callback and the call in it"
        );
        assert!(all > 2);
        assert_eq!(counting.go_on(&document, Scope::Chosen, 9.0), None);
    }

    #[test]
    fn what_only_moves_is_counted_again_after_a_while() {
        let mut document = document();
        let mut counting = Counting::default();
        count(&mut counting, &document, Scope::View, 0.0);
        document.look(ViewCommand::Pan(50_000_000.0));
        let wait = counting.go_on(&document, Scope::View, 0.1);
        assert_eq!(wait, Some(Duration::from_secs_f64(PAUSE - 0.1)));
        let shown = counting.counted(&document).map(|counted| counted.range);
        assert_ne!(shown, Some(document.view.range()), "it shows what was");
        count(&mut counting, &document, Scope::View, 0.5);
        let shown = counting.counted(&document).map(|counted| counted.range);
        assert_eq!(shown, Some(document.view.range()));
        count(&mut counting, &document, Scope::Trace, 0.51);
        let shown = counting.counted(&document).map(|counted| counted.range);
        assert_eq!(
            shown,
            Some(document.range()),
            "another scope is counted at once"
        );
    }

    #[test]
    fn a_trace_that_grows_is_counted_again() {
        let mut document = document();
        let mut counting = Counting::default();
        count(&mut counting, &document, Scope::Trace, 0.0);
        let more: Vec<Batch> = sample::batches();
        document.push(&more[3]);
        document.advance(document.now);
        count(&mut counting, &document, Scope::Trace, 1.0);
        assert_eq!(counting.go_on(&document, Scope::Trace, 2.0), None);
    }
}
