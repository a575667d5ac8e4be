//! Finding things in a trace by their names: callbacks, tasks, calls that block, and what caused a callback.
//!
//! Names are stored once, so they are matched first; then spans are asked for the number of their name, some in each
//! frame, so that the window goes on. Where no name fits, no span is looked at.

use std::collections::{BTreeMap, HashSet};

use super::document::Document;
use crate::store::{LaneRef, ModelTrack, Row, Span, SpanKind, SpanRef, TraceStore};
use crate::trace::{Cause, ModelId, NameId, TaskId, Timestamp};

/// How many spans are looked at in a frame.
const SPANS_PER_FRAME: usize = 200_000;
/// How many finds are kept; who looks for more should say more.
const MOST: usize = 100_000;

/// Something that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// When it began.
    pub at: Timestamp,
    /// What it is.
    pub span: SpanRef,
}

/// What a person does with the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchCommand {
    /// Show the field to type in.
    Open,
    /// Put it away, and what was found.
    Close,
    /// Look for this.
    For(String),
    /// Go to the next find (`true`) or to the previous one.
    Walk(bool),
}

/// The search: what was typed and what was found.
#[derive(Clone, Debug, Default)]
pub struct Search {
    open: bool,
    text: String,
    /// Which document was searched.
    document: Option<u32>,
    fitting: Fitting,
    /// How far each row was looked through.
    seen: BTreeMap<Place, usize>,
    /// In the order of time.
    hits: Vec<Hit>,
    current: Option<SpanRef>,
    finished: bool,
}

/// A row of the store.
type Place = (ModelId, LaneRef, usize);

/// What fits what was typed.
#[derive(Clone, Debug, Default)]
struct Fitting {
    /// How many names were looked at.
    known: usize,
    names: HashSet<NameId>,
    tasks: HashSet<(ModelId, TaskId)>,
    causes: Vec<Cause>,
    text: String,
}

impl Fitting {
    fn of(store: &TraceStore, text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let fits = |name: &str| name.to_lowercase().contains(&text);
        let names = store.names().filter(|(_, name)| fits(name));
        let names: HashSet<NameId> = names.map(|(id, _)| id).collect();
        let tasks = store.models().iter().flat_map(|model| {
            let fitting = |task: &&crate::store::TaskTrack| {
                task.name.is_some_and(|name| names.contains(&name))
            };
            let tasks = model.tasks.iter().filter(fitting);
            tasks.map(|task| (model.id, task.id))
        });
        let causes = Cause::ALL
            .into_iter()
            .filter(|cause| cause.to_string().to_lowercase().contains(&text));
        Self {
            known: store.names().count(),
            tasks: tasks.collect(),
            names,
            causes: causes.collect(),
            text,
        }
    }

    /// Whether a span of a thread fits.
    fn has(&self, model: ModelId, span: &Span) -> bool {
        let of_user = matches!(span.kind, SpanKind::Callback(_) | SpanKind::Blocking);
        let task = || {
            span.task
                .is_some_and(|id| self.tasks.contains(&(model, id)))
        };
        span.name.is_some_and(|name| self.names.contains(&name))
            || (of_user && (task() || self.has_kind(span.kind)))
    }

    /// Whether the word for what goes on, or for what caused it, fits.
    fn has_kind(&self, kind: SpanKind) -> bool {
        let by_cause = matches!(kind, SpanKind::Callback(cause) if self.causes.contains(&cause));
        by_cause || kind.word().contains(&self.text)
    }
}

impl Search {
    /// Whether its field is shown.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was found in a document, in the order of time.
    pub fn hits(&self, document: u32) -> &[Hit] {
        match self.document == Some(document) {
            true => &self.hits,
            false => &[],
        }
    }

    /// The place of the find that was gone to last, counted from 0.
    pub fn current(&self) -> Option<usize> {
        let current = self.current?;
        self.hits.iter().position(|hit| hit.span == current)
    }

    /// Whether there is more to look through, or too much was found.
    pub fn is_unfinished(&self) -> bool {
        !self.finished || self.hits.len() >= MOST
    }

    /// Shows the field.
    pub(super) const fn open(&mut self) {
        self.open = true;
    }

    /// Puts the field away, and what was found. What was typed stays for the next time.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.forget();
    }

    /// Looks for something else.
    pub(super) fn look_for(&mut self, text: String) {
        self.text = text;
        self.forget();
    }

    fn forget(&mut self) {
        self.document = None;
        self.hits.clear();
        self.seen.clear();
        self.current = None;
        self.finished = false;
    }

    /// Looks through some more of a document. Whether there is more to do.
    pub(super) fn go_on(&mut self, document: &Document) -> bool {
        if self.document != Some(document.id) {
            self.forget();
            self.document = Some(document.id);
            self.fitting = Fitting::default();
        }
        if !self.open || self.text.trim().is_empty() || self.hits.len() >= MOST {
            return false;
        }
        let store = &document.store;
        if self.seen.is_empty() || self.fitting.known != store.names().count() {
            self.fitting = Fitting::of(store, &self.text);
        }
        let before = self.hits.len();
        let mut budget = SPANS_PER_FRAME;
        for model in store.models() {
            self.of_model(model, &mut budget);
        }
        if self.hits.len() > before {
            self.hits.sort_by_key(|hit| hit.at);
            self.hits.truncate(MOST);
        }
        self.finished = budget > 0;
        !self.finished
    }

    fn of_model(&mut self, model: &ModelTrack, budget: &mut usize) {
        // A task is found once, where it begins.
        for task in &model.tasks {
            let lane = LaneRef::Task(task.id);
            let first = task.lane.span(0, 0);
            let Some(first) = first.filter(|_| self.fitting.tasks.contains(&(model.id, task.id)))
            else {
                continue;
            };
            if self.seen.insert((model.id, lane, 0), 1).is_none() {
                self.hits.push(Hit {
                    at: first.begin,
                    span: SpanRef {
                        model: model.id,
                        lane,
                        depth: 0,
                        index: 0,
                    },
                });
            }
        }
        for thread in &model.threads {
            let lane = LaneRef::Thread(thread.id);
            for (depth, row) in thread.lane.rows().iter().enumerate() {
                self.of_row((model.id, lane, depth), row, budget);
            }
        }
    }

    fn of_row(&mut self, place: Place, row: &Row, budget: &mut usize) {
        let (model, lane, depth) = place;
        let from = self.seen.get(&place).copied().unwrap_or(0);
        let to = row.spans().len().min(from + *budget);
        *budget -= to.saturating_sub(from);
        for index in from..to {
            let Some(span) = row.get(index) else { continue };
            if self.fitting.has(model, &span) && self.hits.len() < MOST {
                self.hits.push(Hit {
                    at: span.begin,
                    span: SpanRef {
                        model,
                        lane,
                        depth,
                        index,
                    },
                });
            }
        }
        self.seen.insert(place, to.max(from));
    }

    /// The find after the one that was gone to last, or before it; at the end it begins again. The first time it is
    /// the first that begins on the screen, or the last; what is `seen` there is told in nanoseconds.
    pub(super) fn walk(&mut self, forward: bool, seen: (f64, f64)) -> Option<SpanRef> {
        let count = self.hits.len();
        let place = match (self.current(), forward) {
            (_, _) if count == 0 => return None,
            (Some(place), true) => (place + 1) % count,
            (Some(place), false) => (place + count - 1) % count,
            (None, true) => self.begun_before(seen.0) % count,
            (None, false) => (self.begun_before(seen.1) + count - 1) % count,
        };
        self.current = Some(self.hits[place].span);
        self.current
    }

    /// How many finds began before a moment, in nanoseconds.
    fn begun_before(&self, at: f64) -> usize {
        self.hits.partition_point(|hit| (hit.at.0 as f64) < at)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::format::{Trace, TraceInfo};
    use crate::gui::timeline::samples::Sample;

    fn document() -> Document {
        let trace = Trace {
            store: Sample::default().store(),
            info: TraceInfo::default(),
            marks: Vec::new(),
            truncated: None,
        };
        Document::of_file(Path::new("sample.loopscope"), trace)
    }

    fn found(document: &Document, text: &str) -> Search {
        let mut search = Search::default();
        search.open();
        search.look_for(text.to_owned());
        while search.go_on(document) {}
        search
    }

    #[test]
    fn callbacks_tasks_and_causes_are_found_by_a_part_of_their_name() {
        let document = document();
        let store = &document.store;
        let search = found(&document, "DATA_rec");
        assert!(search.hits(document.id).len() > 10);
        for hit in search.hits(document.id) {
            let name = store.span(hit.span).and_then(|span| span.name);
            assert_eq!(name.map(|name| store.name(name)), Some("data_received"));
        }
        let in_order = search.hits.is_sorted_by_key(|hit| hit.at);
        assert!(in_order);
        let task = store.models()[0].tasks[0].name;
        let task = task.map(|name| store.name(name)).expect("it has a name");
        let of_task = found(&document, task);
        let lanes = of_task
            .hits
            .iter()
            .filter(|hit| matches!(hit.span.lane, LaneRef::Task(_)));
        assert_eq!(lanes.count(), store.models().len(), "once in each model");
        assert!(!found(&document, "readiness").hits.is_empty(), "a cause");
        assert!(found(&document, "no such thing").hits.is_empty());
        assert!(found(&document, " ").hits.is_empty());
    }

    #[test]
    fn the_walk_goes_round_from_the_edges_of_the_screen() {
        let document = document();
        let hits = found(&document, "data_received").hits;
        let last = hits.len() - 1;
        let seen = (hits[1].at.0 as f64, hits[last - 1].at.0 as f64 + 0.5);
        let mut search = found(&document, "data_received");
        assert!(search.walk(true, seen).is_some());
        assert_eq!(search.current(), Some(1), "the first that is seen");
        assert!(search.walk(false, seen).is_some());
        assert!(search.walk(false, seen).is_some());
        assert_eq!(search.current(), Some(last), "round again");
        let mut search = found(&document, "data_received");
        assert!(search.walk(false, seen).is_some());
        assert_eq!(search.current(), Some(last - 1), "the last that is seen");
    }

    #[test]
    fn what_comes_later_is_found_too_and_another_document_is_searched_anew() {
        let mut document = document();
        let mut search = found(&document, "data_received");
        let before = search.hits.len();
        assert!(!search.go_on(&document));
        assert_eq!(search.hits.len(), before, "nothing is found twice");
        document.id += 1;
        assert!(search.hits(document.id).is_empty());
        assert!(!search.go_on(&document));
        assert_eq!(search.hits(document.id).len(), before);
        search.close();
        assert!(search.hits(document.id).is_empty());
    }
}
