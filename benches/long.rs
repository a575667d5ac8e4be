//! What the window makes of a trace of ten million spans, and of a run that records a hundred thousand events a second for
//! a minute. Not a comparison: it says how long things took and what memory they needed.
//!
//! Measured on two virtual cores that were busy with eight other builds: the first picture of ten million spans came after
//! 0.2 s, the last after 17 s; 41 bytes of memory for each span with all that the window keeps of them.
//!
//! - `cargo bench --bench long -- open`: writes the trace to a file and opens it in the window's app, without a display;
//!   `open FILE` opens another one.
//! - `cargo bench --bench long -- window`: the same in a real window, which stays open.
//! - `cargo bench --bench long -- live`: the run, fetched and painted as the window does, at 60 frames a second.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use egui::{Context, Pos2, RawInput, Rect, Vec2};
use loopscope::format::TraceInfo;
use loopscope::format::native::Writer;
use loopscope::gui::command::{Command, ViewCommand};
use loopscope::gui::settings::Settings;
use loopscope::gui::{App, Launch};
use loopscope::trace::{TimeRange, Timestamp};
use loopscope_benches::made::{batches, count};
use loopscope_benches::{process_time, resident, thread_time};

const SPANS: usize = 10_000_000;
/// From one frame to the next.
const FRAME: Duration = Duration::from_micros(16_667);
/// Twenty clients that read a byte each millisecond make about a hundred thousand events a second.
const LIVE: &str = r#"
title = "Many events"
models = ["asynchronous"]
[[servers]]
name = "fast"
poem = "science"
chunk = 1
delay = "1ms"
repeat = 93
[[tasks]]
name = "client"
server = "fast"
count = 24
"#;

fn main() {
    let asked = |what: &str| std::env::args().any(|argument| argument == what);
    let folder = std::env::temp_dir().join("loopscope-long");
    fs::create_dir_all(&folder).expect("there is a folder for temporary files");
    if asked("window") {
        let path = written(&folder);
        loopscope::gui::run(Launch::Trace(path)).expect("there is a display");
    } else if asked("live") {
        live(&folder);
    } else if !asked("--test") {
        let named = std::env::args().skip_while(|argument| argument != "open");
        let named = named.skip(1).find(|argument| !argument.starts_with('-'));
        open(&named.map_or_else(|| written(&folder), PathBuf::from));
    }
}

/// A native file of ten million spans.
fn written(folder: &Path) -> PathBuf {
    let path = folder.join("ten-million.loopscope");
    let out = BufWriter::new(File::create(&path).expect("there is room"));
    let mut writer = Writer::new(out, &TraceInfo::default()).expect("there is room");
    batches(SPANS).for_each(|batch| writer.write(&batch).expect("there is room"));
    writer.finish().expect("there is room");
    let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    println!("{SPANS} spans are {} MB as a file", size >> 20);
    path
}

/// The app in a window that nobody sees.
struct Screen {
    ctx: Context,
    app: App,
    begun: Instant,
    /// How long each frame took.
    frames: Vec<Duration>,
    /// CPU time of what was done before a frame was drawn, and of drawing it.
    taken_in: Duration,
    drawn: Duration,
    /// The longest time from the end of a frame to that of the next.
    longest_gap: Duration,
    last: Instant,
}

impl Screen {
    fn new() -> Self {
        let ctx = Context::default();
        let app = App::new(&ctx, Settings::default());
        let mut screen = Self {
            ctx,
            app,
            begun: Instant::now(),
            frames: Vec::new(),
            taken_in: Duration::ZERO,
            drawn: Duration::ZERO,
            longest_gap: Duration::ZERO,
            last: Instant::now(),
        };
        screen.frame();
        screen
    }

    /// One frame, up to the triangles.
    fn frame(&mut self) {
        let begun = Instant::now();
        let size = Vec2::new(1920.0, 1080.0);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            time: Some(self.begun.elapsed().as_secs_f64()),
            ..RawInput::default()
        };
        let app = &mut self.app;
        let before = thread_time();
        app.logic(&self.ctx);
        let taken_in = thread_time();
        let output = self.ctx.run_ui(input, |ui| app.ui(ui));
        let triangles = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        std::hint::black_box(triangles);
        self.taken_in += taken_in - before;
        self.drawn += thread_time() - taken_in;
        self.frames.push(begun.elapsed());
        self.longest_gap = self.longest_gap.max(self.last.elapsed());
        self.last = Instant::now();
    }

    /// What is measured from here on is of its own.
    fn forget(&mut self) {
        self.frames.clear();
        (self.taken_in, self.drawn) = (Duration::ZERO, Duration::ZERO);
        self.longest_gap = Duration::ZERO;
    }

    /// What was measured since the last time.
    fn tell(&mut self, what: &str) {
        self.frames.sort_unstable();
        let at = |part: f64| self.frames[((self.frames.len() - 1) as f64 * part) as usize];
        println!(
            "{what}: {} frames, {:.1?} at the median, {:.1?} for all but one in a hundred, {:.1?} at most",
            self.frames.len(),
            at(0.5),
            at(0.99),
            at(1.0),
        );
        self.forget();
    }
}

fn open(path: &Path) {
    let mut screen = Screen::new();
    let before = resident();
    let begun = Instant::now();
    screen.app.apply(Command::Open(path.to_owned()));
    while screen
        .app
        .documents()
        .shown()
        .is_none_or(|one| one.store.is_empty())
    {
        screen.frame();
    }
    screen.frame();
    println!("first picture after {:.0?}", begun.elapsed());
    screen.frames.clear();
    while screen.app.is_busy() {
        screen.frame();
    }
    let spans = screen
        .app
        .documents()
        .shown()
        .map_or(0, |one| count(&one.store));
    println!(
        "all {spans} spans after {:.1?}; {:.1} bytes of memory for each",
        begun.elapsed(),
        (resident() - before) / spans as f64
    );
    screen.tell("while it was opened");
    (0..60).for_each(|_| screen.frame());
    screen.tell("all of it");
    let range = screen.app.documents().shown().map(|one| one.store.range());
    let middle = range.map_or(0, |range| range.end.0 / 2);
    for length in [1_000_000_000, 10_000_000, 100_000, 1_000] {
        let part = TimeRange::new(Timestamp(middle), Timestamp(middle + length));
        screen.app.apply(Command::View(ViewCommand::Show(part)));
        for _ in 0..60 {
            let by = length as f64 / 40.0;
            screen.app.apply(Command::View(ViewCommand::Pan(by)));
            screen.frame();
        }
        screen.tell(&format!("panned over {length} ns"));
    }
}

fn live(folder: &Path) {
    let path = folder.join("many-events.toml");
    fs::write(&path, LIVE).expect("there is room");
    let mut screen = Screen::new();
    screen.app.apply(Command::LoadScenario(path));
    screen.frame();
    let before = resident();
    screen.app.apply(Command::Run);
    println!("{}", Stretch::HEAD);
    let mut stretch = Stretch::begin(&mut screen);
    while screen.app.is_running() {
        let next = Instant::now() + FRAME;
        screen.frame();
        sleep(next.saturating_duration_since(Instant::now()));
        if stretch.begun.elapsed() >= STRETCH {
            stretch.tell(&mut screen);
            stretch = Stretch::begin(&mut screen);
        }
    }
    let document = screen.app.documents().shown().expect("it ran");
    let store = &document.store;
    let lasted = store.range().end.as_secs_f64();
    let dropped: u64 = store.models().iter().map(|model| model.dropped).sum();
    let gone = store.forgotten().map_or(0, |gone| gone.events);
    let (events, spans) = (store.events(), count(store));
    println!(
        "{events} events in {lasted:.1} s: {:.0} a second; {dropped} dropped, {gone} let go of",
        events as f64 / lasted,
    );
    println!(
        "{spans} spans; memory for each, with its moments: {:.1} bytes in the store, {:.1} with all that the window keeps",
        store.bytes() as f64 / spans as f64,
        (resident() - before) / spans as f64,
    );
}

/// How long a live run is measured as one.
const STRETCH: Duration = Duration::from_secs(10);

/// A part of a live run.
struct Stretch {
    begun: Instant,
    /// How many events the store had.
    events: u64,
    /// CPU time of the whole process: the window, the loop, the servers.
    process: Duration,
}

impl Stretch {
    const HEAD: &str = "     s   events/s  frames  longest gap  take in, an event  draw, a frame  others, an event";

    fn begin(screen: &mut Screen) -> Self {
        screen.forget();
        let shown = screen.app.documents().shown();
        Self {
            begun: Instant::now(),
            events: shown.map_or(0, |one| one.store.events()),
            process: process_time(),
        }
    }

    /// What it cost since it began. Times are CPU times, but for the gap between two frames.
    fn tell(&self, screen: &mut Screen) {
        let Some(document) = screen.app.documents().shown() else {
            return;
        };
        let events = (document.store.events() - self.events) as f64;
        let others = process_time() - self.process - screen.taken_in - screen.drawn;
        let nanos = |time: Duration| time.as_nanos() as f64 / events;
        println!(
            "{:>6.1} {:>10.0} {:>7} {:>9.1} ms {:>15.0} ns {:>11.2} ms {:>14.0} ns",
            document.now.as_secs_f64(),
            events / self.begun.elapsed().as_secs_f64(),
            screen.frames.len(),
            screen.longest_gap.as_secs_f64() * 1e3,
            nanos(screen.taken_in),
            screen.drawn.as_secs_f64() * 1e3 / screen.frames.len() as f64,
            nanos(others),
        );
    }
}
