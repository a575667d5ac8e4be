//! Pictures of the window, compared with those in `tests/snapshots`. Pictures are few: what can be told from data
//! is tested as data. See `support` for how to renew one.
#![cfg(feature = "gui")]

mod support;

use std::path::Path;

use egui::{Color32, Sense, Theme, Ui, vec2};
use loopscope::format;
use loopscope::gui::App;
use loopscope::gui::command::{Command, Detail};
use loopscope::gui::playback::PlaybackCommand;
use loopscope::gui::settings::Settings;
use loopscope::gui::texts::LanguageChoice;
use loopscope::gui::theme::Palette;
use loopscope::trace::Timestamp;

/// One of each widget that the window is made of, and the colours that stand for what happens.
fn gallery(ui: &mut Ui, state: &mut State) {
    egui::CentralPanel::default().show(ui, |ui| {
        ui.heading("Loopscope");
        ui.horizontal(|ui| {
            let _ = ui.button("Run");
            ui.add_enabled_ui(false, |ui| ui.button("Stop"));
            let _ = ui.selectable_label(true, "asynchronous");
            ui.checkbox(&mut state.on, "Block");
        });
        ui.add(egui::Slider::new(&mut state.millis, 0.0..=500.0).text("ms"));
        ui.horizontal(|ui| {
            let label = ui.label("Search");
            ui.text_edit_singleline(&mut state.text)
                .labelled_by(label.id);
        });
        ui.separator();
        ui.weak("readable → callback ● done");
        ui.monospace("12.345 ms");
        let palette = Palette::of(ui.visuals());
        ui.horizontal(|ui| {
            for (name, color) in [
                ("waiting", palette.waiting),
                ("ready", palette.ready),
                ("running", palette.running),
                ("stalled", palette.stalled),
                ("done", palette.done),
            ] {
                swatch(ui, color);
                ui.label(name);
            }
        });
    });
}

struct State {
    on: bool,
    millis: f64,
    text: String,
}

fn swatch(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
    ui.painter().rect_filled(rect, 0, color);
}

fn gallery_snapshot(theme: Theme, name: &str) {
    let mut state = State {
        on: true,
        millis: 300.0,
        text: "science".to_owned(),
    };
    let mut window = support::window([480.0, 240.0], theme, move |ui| gallery(ui, &mut state));
    window.run();
    window.snapshot(name);
}

#[test]
fn widgets_in_the_dark() {
    gallery_snapshot(Theme::Dark, "widgets_dark");
}

#[test]
fn widgets_in_the_light() {
    gallery_snapshot(Theme::Light, "widgets_light");
}

/// A run of *three slow servers* in which the callbacks of task 1 slept, as it was recorded once.
const TRACE: &str = "tests/data/three-slow-servers.loopscope";

/// The whole window after `commands`, with or without the trace.
fn app_snapshot(size: [f32; 2], theme: Theme, trace: bool, commands: Vec<Command>, name: &str) {
    let mut app = None;
    let mut window = support::window(size, theme, move |ui| {
        let app = app.get_or_insert_with(|| {
            let mut app = App::new(ui.ctx(), Settings::default());
            app.apply(Command::SetTheme(theme.into()));
            if trace {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TRACE);
                let trace =
                    format::open(&path).expect("it was recorded by this version or an older one");
                app.show_trace(Path::new("three-slow-servers.loopscope"), trace);
            }
            for command in &commands {
                app.apply(command.clone());
            }
            app
        });
        app.logic(&ui.ctx().clone());
        app.ui(ui);
    });
    window.run();
    window.snapshot(name);
}

#[test]
fn the_first_page() {
    app_snapshot(
        [1440.0, 900.0],
        Theme::Dark,
        false,
        Vec::new(),
        "first_page_dark",
    );
}

#[test]
fn a_trace_in_the_dark() {
    app_snapshot([1440.0, 900.0], Theme::Dark, true, Vec::new(), "trace_dark");
}

#[test]
fn a_stall_in_a_small_light_window() {
    let commands = vec![Command::NextStall(true)];
    app_snapshot(
        [1024.0, 640.0],
        Theme::Light,
        true,
        commands,
        "stall_small_light",
    );
}

#[test]
fn a_trace_in_chinese() {
    let commands = vec![
        Command::SetLanguage(LanguageChoice::Chinese),
        Command::NextStall(true),
    ];
    app_snapshot(
        [1440.0, 900.0],
        Theme::Light,
        true,
        commands,
        "stall_chinese_light",
    );
}

#[test]
fn the_loop_at_the_playhead_in_a_large_dark_window() {
    let commands = vec![
        Command::SetDetail(Detail::Loop),
        Command::Playback(PlaybackCommand::Seek(Timestamp(900_000_000))),
    ];
    app_snapshot(
        [1920.0, 1080.0],
        Theme::Dark,
        true,
        commands,
        "loop_large_dark",
    );
}
