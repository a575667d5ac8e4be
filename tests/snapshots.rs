//! Pictures of the window, compared with those in `tests/snapshots`. Pictures are few: what can be told from data
//! is tested as data. See `support` for how to renew one.
#![cfg(feature = "gui")]

mod support;

use egui::{Color32, Sense, Theme, Ui, vec2};
use loopscope::gui::theme::Palette;

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
