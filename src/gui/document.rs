//! The traces that are open, each with the way one looks at it.
//!
//! A run makes a trace, and so does a file. Nothing pushes another out of the window in silence: all of them
//! stay, and one is shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::command::{Selection, Step, ViewCommand};
use super::marks::Marks;
use super::navigate;
use super::neighbours::neighbour;
use super::panel::chain::LINES;
use super::playback::Playback;
use super::reports::Reports;
use super::time_view::{Extent, TimeView};
use super::what_if::Ran;
use crate::analysis::{Chain, Finding, LoopHistories, StallReport, Waits};
use crate::format::{Origin, Recording, Trace, TraceInfo};
use crate::gui::texts::{fill, tr};
use crate::store::TraceStore;
use crate::trace::{Batch, ModelId, Phrase, TimeRange, Timestamp};

/// How long a frame may spend on reports of stalls, and how long on how the loops fared.
const BUDGET: Duration = Duration::from_millis(3);

/// How many traces are kept. The oldest run that was exported goes first, then the oldest of all.
const KEPT: usize = 12;

/// So many events are many.
const MANY: u64 = 500_000;

/// How many things that a loop served are looked at before somebody looks at the clock.
const SERVED_AT_ONCE: usize = 1_024;
/// How many moments and spans are in search of what became of a Deferred, in a frame: a few milliseconds.
const CHAIN_AT_ONCE: usize = 200_000;
/// How many moments of a model are.
const MOMENTS_AT_ONCE: usize = 4_096;

/// One trace, and how it is looked at.
pub struct Document {
    /// Tells it from all others since the start.
    pub id: u32,
    /// What it is called where traces are chosen.
    pub title: String,
    /// What its file says of it.
    pub info: TraceInfo,
    /// The number of its run since the start, where it is one.
    pub run: Option<u32>,
    /// The file that it was opened from, or exported to last.
    pub file: Option<PathBuf>,
    /// What happened. Shared with whoever still reads it beside the window, such as an export.
    pub store: Arc<TraceStore>,
    /// How many events of it are to be kept, where that was changed.
    kept: Option<Option<u64>>,
    /// The newest moment: the clock while it is live, then its end.
    pub now: Timestamp,
    /// Which stretch of it is on the screen.
    pub view: TimeView,
    /// From when to when, on its clock, there is something to see of the trace that it is compared with, if it is.
    pub beyond: Option<Extent>,
    /// What of it is looked at closely.
    pub selection: Option<Selection>,
    /// Which stretch of it is chosen.
    pub chosen: Option<TimeRange>,
    /// Its stalls, in the order in which they began.
    pub stalls: Vec<StallReport>,
    /// What there is to find in them, by their places; the most harmful first.
    pub findings: Vec<Finding>,
    /// How long things waited for the loops of each model, as far as it was looked at.
    pub waits: BTreeMap<ModelId, Waits>,
    /// What the loops of each model had registered and planned, as far as it was looked at.
    pub histories: BTreeMap<ModelId, LoopHistories>,
    /// What became of the Deferred that is looked at closely, and its model.
    chain: Option<(ModelId, Chain)>,
    /// Up to where that was let go of.
    forgotten: Timestamp,
    /// Its playhead.
    pub playback: Playback,
    /// With what it was run, where it was run in this window.
    pub ran: Option<Ran>,
    reports: Reports,
    /// Whether there are more to make than the last frame had time for.
    is_behind: bool,
    /// What a person marked in it.
    pub marks: Marks,
    /// Where its native form is.
    pub native: Native,
}

/// Where the native form of a trace is.
#[derive(Debug)]
pub enum Native {
    /// Here.
    Here(Origin),
    /// With an export that is being written.
    Away,
    /// Nowhere, because of this.
    Missing(Phrase),
}

impl Document {
    /// The trace of a run that begins now. `scenario` is what is run, as a person calls it.
    pub fn of_run(number: u32, scenario: &str, info: TraceInfo, native: Native) -> Self {
        let title = fill(
            tr("Run {number} · {title}"),
            &[("number", &number), ("title", &scenario)],
        );
        Self {
            run: Some(number),
            ..Self::new(title, info, TraceStore::new(), native)
        }
    }

    /// A trace that was read from a file.
    pub fn of_file(path: &Path, trace: Trace) -> Self {
        let mut document = Self::of_opening(path, trace.info);
        document.store = Arc::new(trace.store);
        document.marks = Marks::of_file(trace.marks);
        document.now = document.store.range().end;
        document.report(None);
        document.view.advance(document.extent());
        document
    }

    /// A trace that is about to be read from a file.
    pub fn of_opening(path: &Path, info: TraceInfo) -> Self {
        let native = Native::Here(Origin::File(path.to_owned()));
        Self {
            file: Some(path.to_owned()),
            ..Self::new(title_of(path), info, TraceStore::new(), native)
        }
    }

    /// Finds the file again that was followed, once it is finished: it has another name then.
    pub(super) fn follow_file(&mut self) {
        let Native::Here(Origin::File(path)) = &self.native else {
            return;
        };
        let finished = Recording::finished_name(path).filter(|finished| finished.exists());
        let Some(finished) = finished.filter(|_| !path.exists()) else {
            return;
        };
        if self.file.as_ref() == Some(path) {
            self.title = title_of(&finished);
            self.file = Some(finished.clone());
        }
        self.native = Native::Here(Origin::File(finished));
    }

    fn new(title: String, info: TraceInfo, store: TraceStore, native: Native) -> Self {
        Self {
            id: 0,
            title,
            info,
            run: None,
            file: None,
            store: Arc::new(store),
            kept: None,
            now: Timestamp::ZERO,
            view: TimeView::default(),
            beyond: None,
            selection: None,
            chosen: None,
            stalls: Vec::new(),
            findings: Vec::new(),
            waits: BTreeMap::new(),
            histories: BTreeMap::new(),
            chain: None,
            forgotten: Timestamp::ZERO,
            playback: Playback::default(),
            ran: None,
            reports: Reports::default(),
            is_behind: false,
            marks: Marks::default(),
            native,
        }
    }

    /// The file of the run that goes on, where there is one and it is here.
    pub const fn recording(&mut self) -> Option<&mut Recording> {
        match &mut self.native {
            Native::Here(Origin::Recording(recording)) => Some(recording),
            _ => None,
        }
    }

    /// The run is over: where it was recorded into a file that stays, that is its file.
    pub(super) fn note_recording(&mut self) {
        let recording = self.recording().filter(|recording| recording.is_finished());
        if let Some(target) = recording.and_then(|recording| recording.target()) {
            self.file = Some(target.to_owned());
        }
    }

    /// Whether somebody reads the store beside the window, or has its native form: until they are done nothing is to be
    /// taken in, for the store would be copied for that.
    pub fn is_lent(&self) -> bool {
        matches!(self.native, Native::Away) || Arc::strong_count(&self.store) > 1
    }

    /// Takes in what was recorded.
    pub fn push(&mut self, batch: &Batch) {
        let store = Arc::make_mut(&mut self.store);
        if let Some(kept) = self.kept.take() {
            store.keep_at_most(kept);
        }
        store.push(batch);
    }

    /// Sets how many events are kept in memory; `None` is all of them. Comes true with what is taken in next.
    pub const fn keep_at_most(&mut self, events: Option<u64>) {
        self.kept = Some(events);
    }

    /// From the beginning to the newest moment.
    pub fn range(&self) -> TimeRange {
        TimeRange::new(Timestamp::ZERO, self.now.max(self.store.range().end))
    }

    /// From when to when there is something to see: of it, or of what it is compared with.
    pub fn extent(&self) -> Extent {
        let own = Extent::from(self.range());
        self.beyond.map_or(own, |beyond| own.union(beyond))
    }

    /// Lets the time go on, and the view with it.
    pub fn advance(&mut self, now: Timestamp) {
        self.now = now.max(self.store.range().end);
        self.report(Some(Instant::now() + BUDGET));
        self.view.advance(self.extent());
    }

    /// Looks at how the loops fared, as far as a frame has time for. Whether that was all.
    pub fn look_at_loops(&mut self) -> bool {
        let gone = self.store.forgotten();
        if let Some(gone) = gone.filter(|gone| self.forgotten < gone.until) {
            self.forgotten = gone.until;
            let waits = self.waits.values_mut();
            waits.for_each(|waits| waits.forget_before(gone.until));
            let histories = self.histories.values_mut();
            histories.for_each(|history| history.forget_before(gone.until));
        }
        let until = Instant::now() + BUDGET;
        let mut models = self.store.models().iter();
        models.all(|model| {
            let waits = self.waits.entry(model.id).or_default();
            let histories = self.histories.entry(model.id).or_default();
            loop {
                let all = histories.look(model, MOMENTS_AT_ONCE);
                if waits.look(model, SERVED_AT_ONCE) && all {
                    return true;
                }
                if Instant::now() >= until {
                    return false;
                }
            }
        })
    }

    /// Looks on for what became of the Deferred that is looked at closely, as far as a frame has time for. Whether that was
    /// all that is wanted.
    pub fn look_at_chain(&mut self) -> bool {
        let flow = self
            .selection
            .and_then(|it| navigate::flow_of(&self.store, it));
        let Some((id, flow)) = flow else {
            self.chain = None;
            return true;
        };
        let Some(model) = self.store.model(id) else {
            return true;
        };
        let known = |(of, chain): &(ModelId, Chain)| (*of, chain.flow()) == (id, flow);
        if !self.chain.as_ref().is_some_and(known) {
            self.chain = Chain::begin(model, flow).map(|chain| (id, chain));
        }
        self.chain
            .as_mut()
            .is_none_or(|(_, chain)| chain.steps.len() > LINES || chain.look(model, CHAIN_AT_ONCE))
    }

    /// What became of the Deferred that is looked at closely, as far as it was looked for.
    pub fn chain(&self) -> Option<&Chain> {
        self.chain.as_ref().map(|(_, chain)| chain)
    }

    /// Moves the view.
    pub fn look(&mut self, command: ViewCommand) {
        self.view.apply(command, self.extent());
    }

    /// Looks closely at something, and moves the view where it cannot be seen well.
    pub fn reveal(&mut self, selection: Selection) {
        self.selection = Some(selection);
        let Some(range) = navigate::range_of(&self.store, selection, self.now) else {
            return;
        };
        if !navigate::is_seen_well(&self.view, range) {
            self.look(ViewCommand::Show(navigate::with_surroundings(range)));
        }
    }

    /// When what is chosen was: a stretch of time, or else the selected thing.
    pub fn selected_range(&self) -> Option<TimeRange> {
        let selected = || navigate::range_of(&self.store, self.selection?, self.now);
        self.chosen.or_else(selected)
    }

    /// Goes from what is looked at closely to one of its neighbours, if it has such a one.
    pub fn walk(&mut self, step: Step) {
        let next = self
            .selection
            .and_then(|from| neighbour(&self.store, from, step));
        if let Some(next) = next {
            self.reveal(next);
        }
    }

    /// Puts away what is looked at closely, or else the stretch that is chosen.
    pub const fn put_away(&mut self) {
        if self.selection.take().is_none() {
            self.chosen = None;
        }
    }

    /// Whether it would be lost if it were put away.
    pub fn is_unsaved(&self) -> bool {
        self.file.is_none() || self.marks.are_unsaved()
    }

    /// Ends it. To give hundreds of megabytes back takes as long as several frames: a thread does that.
    pub fn let_go(self) {
        if self.store.events() > MANY {
            // Where there is no thread to be had it goes right here.
            let _ = thread::Builder::new().spawn(move || drop(self));
        }
    }

    /// Brings the reports of stalls up to date, as far as there is time for it.
    fn report(&mut self, until: Option<Instant>) {
        let (stalls, findings) = (&mut self.stalls, &mut self.findings);
        let reports = &mut self.reports;
        self.is_behind = !reports.update(&self.store, self.now, stalls, findings, until);
    }
}

/// The traces that are open; one of them is shown.
#[derive(Default)]
pub struct Documents {
    all: Vec<Document>,
    shown: usize,
    added: u32,
}

impl Documents {
    /// All of them, the oldest first.
    pub fn all(&self) -> &[Document] {
        &self.all
    }

    /// The place of the one that is shown.
    pub const fn shown_place(&self) -> usize {
        self.shown
    }

    /// The one that is shown; `None` where there is none at all.
    pub fn shown(&self) -> Option<&Document> {
        self.all.get(self.shown)
    }

    /// The one that is shown.
    pub fn shown_mut(&mut self) -> Option<&mut Document> {
        self.all.get_mut(self.shown)
    }

    /// Shows the one at a place.
    pub fn show(&mut self, place: usize) {
        if place < self.all.len() {
            self.shown = place;
        }
    }

    /// Shows the one with this id.
    pub fn show_id(&mut self, id: u32) {
        if let Some(place) = self.all.iter().position(|one| one.id == id) {
            self.shown = place;
        }
    }

    /// The one that was opened or run before the one that is shown.
    pub fn before_shown(&self) -> Option<&Document> {
        self.all.get(self.shown.checked_sub(1)?)
    }

    /// The one with this id.
    pub fn by_id(&self, id: u32) -> Option<&Document> {
        self.all.iter().find(|document| document.id == id)
    }

    /// The one with this id.
    pub fn by_id_mut(&mut self, id: u32) -> Option<&mut Document> {
        self.all.iter_mut().find(|document| document.id == id)
    }

    /// The trace of the run with this number.
    pub fn run_mut(&mut self, number: u32) -> Option<&mut Document> {
        self.all
            .iter_mut()
            .find(|document| document.run == Some(number))
    }

    /// Goes on with what the frames before had no time for. Whether there is still more to do.
    pub fn catch_up(&mut self) -> bool {
        let behind = self.all.iter_mut().find(|one| one.is_behind);
        let Some(document) = behind else { return false };
        document.report(Some(Instant::now() + BUDGET));
        document.is_behind
    }

    /// Takes one away that is not wanted any more.
    pub fn remove(&mut self, id: u32) {
        let Some(place) = self.all.iter().position(|one| one.id == id) else {
            return;
        };
        self.all.remove(place).let_go();
        if self.shown >= place {
            self.shown = self.shown.saturating_sub(1);
        }
    }

    /// Adds one and shows it. Gives back its id, and the one that had to go because there are too many, if there are.
    pub fn add(&mut self, mut document: Document) -> (u32, Option<Document>) {
        self.added += 1;
        document.id = self.added;
        let out = (self.all.len() >= KEPT).then(|| {
            let saved = self.all.iter().position(|one| !one.is_unsaved());
            self.all.remove(saved.unwrap_or(0))
        });
        self.all.push(document);
        self.shown = self.all.len() - 1;
        (self.added, out)
    }
}

/// What a trace is called that comes from a file.
fn title_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: u32) -> Document {
        let native = Native::Missing(Phrase::same("a test"));
        Document::of_run(number, "a test", TraceInfo::default(), native)
    }

    #[test]
    fn what_is_safe_in_a_file_makes_room_first() {
        let mut documents = Documents::default();
        for number in 0..KEPT as u32 {
            assert!(documents.add(run(number)).1.is_none());
        }
        documents.all[3].file = Some(PathBuf::from("safe.loopscope"));
        let out = documents.add(run(100)).1.and_then(|document| document.run);
        assert_eq!(out, Some(3));
        let out = documents.add(run(101)).1.and_then(|document| document.run);
        assert_eq!(out, Some(0), "then the oldest");
        assert_eq!(documents.shown().and_then(|one| one.run), Some(101));
        assert_eq!(documents.all().len(), KEPT);
    }

    #[test]
    fn the_newest_is_shown_until_another_is_chosen() {
        let mut documents = Documents::default();
        documents.add(run(1));
        documents.add(run(2));
        documents.show(0);
        assert_eq!(documents.shown().and_then(|one| one.run), Some(1));
        documents.show(7);
        assert_eq!(documents.shown_place(), 0, "there is none at that place");
    }
}
