//! A few words over the timeline, for a moment: why what was asked for did not happen.

use egui::accesskit::Live;
use egui::{Align2, Area, Frame, Order, Rect, Role, Ui, WidgetInfo, vec2};

use crate::gui::theme::{Palette, STEP};

/// For how long it is there, in seconds: long enough to be read twice.
const SECONDS: f64 = 4.0;
/// How far above the lower edge of what it is about, in points.
const ABOVE: f32 = 48.0;
/// How wide it is at most, in points.
const WIDTH: f32 = 420.0;

/// The words, and until when they are there.
#[derive(Clone, Debug)]
pub struct Hint {
    text: String,
    until: f64,
}

impl Hint {
    /// One that is said at `time`, in seconds on the clock of the frames.
    pub const fn new(text: String, time: f64) -> Self {
        let until = time + SECONDS;
        Self { text, until }
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Shows it over `room`, unless its time is over: whether it is not.
    pub fn show(&self, ui: &Ui, room: Rect) -> bool {
        let left = self.until - ui.input(|input| input.time);
        if left <= 0.0 {
            return false;
        }
        ui.ctx()
            .request_repaint_after(std::time::Duration::from_secs_f64(left));
        let palette = Palette::of(ui.visuals());
        let frame = Frame::popup(ui.style())
            .fill(palette.raised)
            .inner_margin(2.0 * STEP);
        Area::new(egui::Id::unique("hint"))
            .order(Order::Tooltip)
            .interactable(false)
            .pivot(Align2::CENTER_BOTTOM)
            .fixed_pos(room.center_bottom() - vec2(0.0, ABOVE))
            .constrain_to(ui.content_rect().shrink(STEP))
            .show(ui.ctx(), |ui| {
                frame.show(ui, |ui| {
                    ui.set_max_width((room.width() - 8.0 * STEP).clamp(80.0, WIDTH));
                    let response = ui.label(&self.text);
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &self.text));
                    // Who cannot see it hears it.
                    let live = |node: &mut egui::accesskit::Node| node.set_live(Live::Polite);
                    ui.ctx().accesskit_node_builder(response.id, live);
                });
            });
        true
    }
}
