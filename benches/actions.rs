//! How long the window's thread is held by whatever a person does, on a trace of ten million spans with everything in it.
//!
//! - `cargo bench --bench actions`: makes the trace, opens it in the window's app, without a display, and does one thing
//!   after the other. For each it says the most CPU time that one frame took, in how many frames it was done, how long
//!   they took together, and by how much memory grew. `open FILE` takes another trace, `only WORD` only some actions.

use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::{Key, Modifiers};
use loopscope::format::TraceInfo;
use loopscope::format::native::Writer;
use loopscope::gui::beside::{BesideCommand, Split};
use loopscope::gui::command::{Command, Detail, Selection, Side, StallOrder, ViewCommand};
use loopscope::gui::lanes::{Lane, LaneCommand};
use loopscope::gui::marks::MarkCommand;
use loopscope::gui::playback::{PlaybackCommand, StepBy};
use loopscope::gui::plot::Measure;
use loopscope::gui::search::SearchCommand;
use loopscope::store::{LaneRef, SpanKind, SpanRef};
use loopscope::trace::{EventKind, ModelId, TimeRange, Timestamp};
use loopscope_benches::hand::Screen;
use loopscope_benches::made::count;
use loopscope_benches::mixed::{RARE, batches};
use loopscope_benches::resident;

const SPANS: usize = 10_000_000;

/// What is looked for.
type IsIt<T> = fn(T) -> bool;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |word: &str| {
        let place = arguments.iter().position(|argument| argument == word)?;
        arguments.get(place + 1).cloned()
    };
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let folder = std::env::temp_dir().join("loopscope-actions");
    fs::create_dir_all(&folder).expect("there is a folder for temporary files");
    let path = after("open").map_or_else(|| written(&folder), PathBuf::from);
    let mut hand = Hand(Screen::new(after("only")));
    println!(
        "{:>9} {:>7} {:>9} {:>8}  what",
        "held, ms", "frames", "all, ms", "MB more"
    );
    hand.everything(&path, &folder);
}

/// The trace as a file, which is made once.
fn written(folder: &Path) -> PathBuf {
    let path = folder.join("mixed.loopscope");
    if path.exists() {
        return path;
    }
    let part = folder.join("mixed.part");
    let out = BufWriter::new(File::create(&part).expect("there is room"));
    let info = TraceInfo::of_run("mixed", "Everything", Duration::from_millis(50));
    let mut writer = Writer::new(out, &info).expect("there is room");
    batches(SPANS).for_each(|batch| writer.write(&batch).expect("there is room"));
    writer.finish().expect("there is room");
    fs::rename(&part, &path).expect("it was just written");
    path
}

/// Who does it.
struct Hand(Screen);

impl Deref for Hand {
    type Target = Screen;

    fn deref(&self) -> &Screen {
        &self.0
    }
}

impl DerefMut for Hand {
    fn deref_mut(&mut self) -> &mut Screen {
        &mut self.0
    }
}

impl Hand {
    fn select(&mut self, what: &str, span: Option<SpanRef>) {
        match span {
            Some(span) => self.needs(what, Command::Reveal(Selection::Span(span))),
            None => println!("there is no {what}"),
        }
    }

    /// The span of a thread with this name and kind: the first, that in the middle, or the last.
    fn span(&self, called: &str, at: f64, is_it: fn(SpanKind) -> bool) -> Option<SpanRef> {
        let store = &self.shown().store;
        let mut found = None;
        for model in store.models() {
            for thread in model.threads.iter().filter(|thread| thread.polls > 0) {
                for (depth, row) in thread.lane.rows().iter().enumerate() {
                    let spans = row.spans();
                    let fits = |index: &usize| {
                        spans.get(*index).is_some_and(|span| {
                            is_it(span.kind)
                                && (called.is_empty()
                                    || span.name.is_some_and(|name| store.name(name) == called))
                        })
                    };
                    let from = (spans.len() as f64 * at) as usize;
                    let index = (from..spans.len()).find(fits);
                    let reference = index.map(|index| SpanRef {
                        model: model.id,
                        lane: LaneRef::Thread(thread.id),
                        depth,
                        index,
                    });
                    found = found.or(reference);
                }
            }
        }
        found
    }

    fn everything(&mut self, path: &Path, folder: &Path) {
        let before = resident();
        self.needs("open", Command::Open(path.to_owned()));
        let store = &self.shown().store;
        let (spans, events) = (count(store), store.events());
        let stalls: usize = store.models().iter().map(|model| model.stalls.len()).sum();
        println!(
            "{spans} spans, {events} events, {stalls} stalls; {:.1} bytes a span, {:.1} in the store",
            (resident() - before) / spans as f64,
            store.bytes() as f64 / spans as f64,
        );
        self.searching();
        self.walking();
        self.stalls();
        self.counting();
        self.playing();
        self.arranging();
        self.exporting(folder);
        self.comparing(path);
    }

    fn searching(&mut self) {
        if self.skips("search") {
            return;
        }
        let search = |command| Command::Search(command);
        self.does("search: open", search(SearchCommand::Open));
        for text in ["d", "data_received", RARE, "no such thing", "readiness"] {
            let command = search(SearchCommand::For(text.to_owned()));
            self.does(&format!("search: for {text}"), command);
        }
        let text = "data_received".to_owned();
        self.does("search: again", search(SearchCommand::For(text)));
        self.does("search: next find", search(SearchCommand::Walk(true)));
        self.does("search: previous find", search(SearchCommand::Walk(false)));
        self.does("search: close", search(SearchCommand::Close));
    }

    fn walking(&mut self) {
        let is_callback = |kind| matches!(kind, SpanKind::Callback(_));
        let cases: [(&str, &str, f64, IsIt<SpanKind>); 6] = [
            ("a callback", "data_received", 0.5, is_callback),
            ("a timer's callback", "tick", 0.5, is_callback),
            ("a rare callback", RARE, 0.0, is_callback),
            ("a Deferred's callback", "got_answer", 0.01, is_callback),
            ("a poll", "", 0.5, |kind| kind == SpanKind::Poll),
            (
                "a callback at the beginning",
                "data_received",
                0.0,
                is_callback,
            ),
        ];
        for (what, called, at, is_it) in cases {
            if self.skips(&format!("walk: {what}")) {
                continue;
            }
            let span = self.span(called, at, is_it);
            self.select(&format!("walk: {what}: select"), span);
            for (step, key) in [
                ("next", Key::Period),
                ("previous", Key::Comma),
                ("out", Key::ArrowUp),
                ("in", Key::ArrowDown),
                ("cause", Key::ArrowLeft),
                ("effect", Key::ArrowRight),
            ] {
                let select = span.map(|span| Command::Select(Some(Selection::Span(span))));
                self.frame(select);
                self.key(&format!("walk: {what}: {step}"), Modifiers::NONE, key);
            }
        }
        // The moments of a loop: the Deferred and the timer that wait for the end.
        let kinds: [(&str, IsIt<EventKind>); 3] = [
            ("a Deferred that waits to the end", |kind| {
                matches!(kind, EventKind::DeferredMade { .. })
            }),
            ("a timer that never fires", |kind| {
                matches!(kind, EventKind::TimerSet { .. })
            }),
            ("a read", |kind| {
                matches!(kind, EventKind::ConnectionMade { .. })
            }),
        ];
        for (what, is_it) in kinds {
            if self.skips(&format!("walk: {what}")) {
                continue;
            }
            let store = &self.shown().store;
            let found = store.models().iter().find_map(|model| {
                let thread = model.threads.iter().find(|thread| thread.polls > 0)?;
                let first = thread.instants().iter().position(|event| {
                    is_it(event.kind)
                        && matches!(event.kind,
                            EventKind::DeferredMade { name, .. } | EventKind::TimerSet { name, .. }
                                if store.name(name) == RARE)
                        || is_it(event.kind)
                            && matches!(event.kind, EventKind::ConnectionMade { .. })
                })?;
                Some(Selection::Instant(model.id, thread.id, first))
            });
            let Some(found) = found else { continue };
            self.needs(&format!("walk: {what}: select"), Command::Reveal(found));
            for (step, key) in [("next", Key::Period), ("effect", Key::ArrowRight)] {
                self.frame(Some(Command::Select(Some(found))));
                self.key(&format!("walk: {what}: {step}"), Modifiers::NONE, key);
            }
        }
        let tasks: [(&str, SpanKind); 2] = [
            ("a task that waits", SpanKind::Waiting),
            ("a task that is ready", SpanKind::Ready),
        ];
        for (what, kind) in tasks {
            if self.skips(&format!("walk: {what}")) {
                continue;
            }
            let model = ModelId::from_index(2);
            let store = &self.shown().store;
            let found = store.model(model).and_then(|model| {
                let task = model.tasks.first()?;
                let spans = task.lane.row(0)?.spans();
                let index = (spans.len() / 2..spans.len())
                    .find(|index| spans.get(*index).is_some_and(|span| span.kind == kind))?;
                Some(SpanRef {
                    model: model.id,
                    lane: LaneRef::Task(task.id),
                    depth: 0,
                    index,
                })
            });
            self.select(&format!("walk: {what}: select"), found);
            for (step, key) in [
                ("next", Key::Period),
                ("cause", Key::ArrowLeft),
                ("effect", Key::ArrowRight),
            ] {
                let select = found.map(|span| Command::Select(Some(Selection::Span(span))));
                self.frame(select);
                self.key(&format!("walk: {what}: {step}"), Modifiers::NONE, key);
            }
        }
        self.does("walk: fit everything", Command::View(ViewCommand::Fit));
        self.does("walk: nothing selected", Command::Select(None));
    }

    fn stalls(&mut self) {
        self.key("stalls: next", Modifiers::NONE, Key::CloseBracket);
        self.key("stalls: next again", Modifiers::NONE, Key::CloseBracket);
        self.key("stalls: previous", Modifiers::NONE, Key::OpenBracket);
        self.does("stalls: by time", Command::SetStallOrder(StallOrder::Time));
        self.does("stalls: findings", Command::SetStallOrder(StallOrder::Harm));
        for change in [
            loopscope::trace::Change::InThread,
            loopscope::trace::Change::Slices(Duration::from_millis(5)),
            loopscope::trace::Change::Asynchronous,
        ] {
            self.does(
                &format!("stalls: what if {change}"),
                Command::SetWhatIf(change),
            );
        }
        self.does("stalls: fit everything", Command::View(ViewCommand::Fit));
        self.does("stalls: nothing selected", Command::Select(None));
    }

    fn counting(&mut self) {
        let range = self.shown().range();
        let third = range.nanos() / 3;
        let part = TimeRange::new(Timestamp(third), Timestamp(2 * third));
        self.does(
            "range: statistics of what is in view",
            Command::SetPanel(Side::Statistics, true),
        );
        self.does("range: a third", Command::ChooseRange(Some(part)));
        self.does("range: everything", Command::ChooseRange(Some(range)));
        self.does("range: shown", Command::View(ViewCommand::Show(part)));
        self.does("range: none", Command::ChooseRange(None));
        self.does(
            "range: put away",
            Command::SetPanel(Side::Statistics, false),
        );
        self.does("range: fit everything", Command::View(ViewCommand::Fit));
        self.does("arrows: of all in view", Command::SetAllArrows(true));
        for length in [1_000_000_000_u64, 10_000_000, 100_000] {
            let middle = range.end.0 / 2;
            let part = TimeRange::new(Timestamp(middle), Timestamp(middle + length));
            let show = Command::View(ViewCommand::Show(part));
            self.does(&format!("arrows: of {length} ns"), show);
        }
        self.does("arrows: fit everything", Command::View(ViewCommand::Fit));
        self.does("arrows: none", Command::SetAllArrows(false));
        for measure in Measure::ALL {
            self.does(
                &format!("plots: {measure:?}"),
                Command::SetPlot(measure, true),
            );
        }
        self.does("plots: delays", Command::SetDetail(Detail::Delays));
        let show = Command::View(ViewCommand::Show(part));
        self.does("plots: of a third", show);
        self.does("plots: fit everything", Command::View(ViewCommand::Fit));
        for measure in Measure::ALL.into_iter().skip(1) {
            self.frame(Some(Command::SetPlot(measure, false)));
        }
    }

    fn playing(&mut self) {
        let middle = Timestamp(self.shown().range().end.0 / 2);
        let play = Command::Playback;
        self.does("play: here", play(PlaybackCommand::Seek(middle)));
        for (what, by) in [("event", StepBy::Event), ("turn", StepBy::Turn)] {
            for forward in [true, false] {
                let step = play(PlaybackCommand::Step(by, forward));
                self.does(&format!("play: step by {what}, forward {forward}"), step);
            }
        }
        self.does(
            "play: at the end",
            play(PlaybackCommand::Seek(Timestamp::MAX)),
        );
        if !self.skips("play: a second") {
            self.frame(Some(play(PlaybackCommand::Seek(middle))));
            self.act("play: a second", |screen| {
                screen.frame(Some(play(PlaybackCommand::Toggle)));
                (0..60).for_each(|_| screen.frame(None));
                screen.frame(Some(play(PlaybackCommand::Toggle)));
            });
        }
        self.does("play: leave", play(PlaybackCommand::Leave));
        self.does("play: inspector", Command::SetDetail(Detail::Inspector));
    }

    fn arranging(&mut self) {
        let middle = Timestamp(self.shown().range().end.0 / 2);
        self.does("marks: add", Command::Mark(MarkCommand::Add(middle)));
        self.does("marks: go", Command::Mark(MarkCommand::Go(0)));
        self.does("marks: undo", Command::Mark(MarkCommand::Undo));
        let group = Lane::group("asynchronous");
        for (what, change) in [
            ("collapse", LaneCommand::Collapse(group.clone(), true)),
            ("expand", LaneCommand::Collapse(group.clone(), false)),
            ("move", LaneCommand::Move(group.clone(), -1)),
            ("hide", LaneCommand::Hide(group)),
            ("show hidden", LaneCommand::ShowHidden),
            ("collapse all", LaneCommand::CollapseAll(true)),
            ("reset", LaneCommand::Reset),
        ] {
            self.does(&format!("lanes: {what}"), Command::Lane(change));
        }
        self.does("follow: on", Command::View(ViewCommand::Follow(true)));
        self.does("follow: fit everything", Command::View(ViewCommand::Fit));
        self.key("keys: table", Modifiers::SHIFT, Key::Questionmark);
        self.key("keys: put away", Modifiers::NONE, Key::Escape);
        self.does("palette: open", Command::TogglePalette);
        self.does("palette: close", Command::TogglePalette);
    }

    fn exporting(&mut self, folder: &Path) {
        for ending in ["loopscope", "json", "csv"] {
            let path = folder.join(format!("copy.{ending}"));
            self.does(&format!("export: {ending}"), Command::Export(path.clone()));
            if let Ok(metadata) = fs::metadata(&path) {
                println!("{:>9} MB {}", metadata.len() >> 20, path.display());
                fs::remove_file(&path).expect("it was just written");
            }
        }
    }

    fn comparing(&mut self, path: &Path) {
        if self.skips("compare and close") {
            return;
        }
        let with = BesideCommand::WithFile(path.to_owned());
        self.needs("compare: with the same file", Command::Beside(with));
        self.does(
            "compare: side by side",
            Command::Beside(BesideCommand::Split(Split::Aside)),
        );
        self.does("compare: swap", Command::Beside(BesideCommand::Swap));
        self.key("compare: next stall", Modifiers::NONE, Key::CloseBracket);
        let middle = Timestamp(self.shown().range().end.0 / 2);
        self.does(
            "compare: play here",
            Command::Playback(PlaybackCommand::Seek(middle)),
        );
        self.does("compare: stop", Command::Beside(BesideCommand::Stop));
        if !self.skips("close: cancel") {
            self.act(
                "close: cancel opening, three quarters of the way",
                |screen| {
                    screen.frame(Some(Command::Open(path.to_owned())));
                    let events = screen.shown().store.events();
                    while screen.app.documents().all().len() < 3
                        || screen.shown().store.events() < events / 4 * 3
                    {
                        screen.frame(None);
                    }
                    screen.held = Duration::ZERO;
                    screen.frame(Some(Command::CancelOpening));
                    screen.settle();
                },
            );
        }
    }
}
