//! What the window makes of a trace of ten million spans, and of a run that records a hundred thousand events a second for
//! a minute. Not a comparison: it says how long things took and what memory they needed.
//!
//! Measured on two virtual cores that were busy with other things: the first picture of ten million spans came after 0.1 s,
//! the last after 1.7 s; 40 bytes of memory for each span with all that the window keeps of them. A frame takes 17 ms while it
//! is opened, 3.4 ms while the plots catch up, and then 2 ms for all of it, 9 ms at a scale of 10 ms and 0.5 ms below.
//!
//! - `cargo bench --bench long -- open`: writes the trace to a file and opens it in the window's app, without a display.
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
use loopscope_benches::made::batches;
use loopscope_benches::resident;

const SPANS: usize = 10_000_000;
/// In so many frames everything is known of them.
const CATCHING_UP: usize = 900;
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
        open(&written(&folder));
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
        app.logic(&self.ctx);
        let output = self.ctx.run_ui(input, |ui| app.ui(ui));
        let triangles = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        std::hint::black_box(triangles);
        self.frames.push(begun.elapsed());
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
        self.frames.clear();
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
    println!(
        "all of it after {:.1?}; {:.1} bytes of memory for each span",
        begun.elapsed(),
        (resident() - before) / SPANS as f64
    );
    screen.tell("while it was opened");
    // Histograms and plots are made in the frames that follow, a little in each.
    (0..CATCHING_UP).for_each(|_| screen.frame());
    screen.tell("while it catches up");
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
    let begun = Instant::now();
    screen.app.apply(Command::Run);
    while screen.app.is_running() {
        let next = Instant::now() + FRAME;
        screen.frame();
        sleep(next.saturating_duration_since(Instant::now()));
    }
    let lasted = begun.elapsed();
    let document = screen.app.documents().shown().expect("it ran");
    let store = &document.store;
    let dropped: u64 = store.models().iter().map(|model| model.dropped).sum();
    let gone = store.forgotten().map_or(0, |gone| gone.events);
    println!(
        "{} events in {lasted:.1?}: {:.0} a second; {dropped} dropped, {gone} let go of; {:.1} bytes of memory for each \
         ({:.1} of them in the store)",
        store.events(),
        store.events() as f64 / lasted.as_secs_f64(),
        (resident() - before) / store.events() as f64,
        store.bytes() as f64 / store.events() as f64,
    );
    screen.tell("while it ran");
}
