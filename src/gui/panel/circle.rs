//! The circle of a loop, as the tutorials of event loops draw it: poll, dispatch, calls from threads, timers, and round
//! again. A ball goes round with the state that it is given; what waits stands around the station that will serve it.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, TAU};

use egui::{
    Align2, Color32, Galley, Id, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use crate::analysis::{LoopState, Phase, plain_count, plain_duration};
use crate::gui::texts::{fill, tr, tr_in};
use crate::gui::theme::{self, Palette, STEP};
use crate::store::SpanKind;

/// How thick the ring is, in points, and the station where the loop is.
const THICK: [f32; 2] = [7.0, 11.0];
/// What part of a station's arc is left free at each end, in radians.
const GAP: f32 = 0.11;
/// Room beside the ring for a station's name, and above and below it, in points.
const ROOM: Vec2 = vec2(78.0, 46.0);
/// The smallest and the largest radius of the ring, in points.
const RADII: [f32; 2] = [44.0, 80.0];
/// How far outside of the ring satellites stand, in points.
const ORBIT: f32 = 13.0;
/// How many satellites of a kind are drawn.
const SATELLITES: usize = 7;
/// In what time the ball comes two thirds nearer to where it has to be, in seconds.
const SOFT: f64 = 0.06;

/// What the circle is given to show.
pub(super) struct Circle<'a> {
    pub(super) state: &'a LoopState,
    /// What runs, in words; what the loop does where nothing does.
    pub(super) doing: &'a str,
    /// The same in a sentence, for who cannot see the circle.
    pub(super) sentence: &'a str,
    /// Whether it has not polled for so long that it counts as a stall.
    pub(super) stalled: bool,
}

/// Shows the circle across the room that is left in `ui`.
pub(super) fn show(ui: &mut Ui, id: Id, circle: &Circle<'_>) {
    let width = ui.available_width();
    let radius = (width / 2.0 - ROOM.x).clamp(RADII[0], RADII[1]);
    let size = vec2(width, 2.0 * (radius + ROOM.y));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, circle.sentence));
    let target = circle.state.turn as f64 + circle.state.share();
    let still = theme::is_still(ui.ctx());
    let (seconds, shown) = (
        ui.input(|input| f64::from(input.stable_dt)),
        ui.data(|data| data.get_temp::<f64>(id)),
    );
    let at = turned(shown.unwrap_or(target), target, seconds, still);
    ui.data_mut(|data| data.insert_temp(id, at));
    if at != target {
        ui.ctx().request_repaint();
    }
    if ui.is_rect_visible(rect) {
        let drawing = Drawing {
            painter: ui.painter(),
            palette: Palette::of(ui.visuals()),
            circle,
            center: rect.center(),
            radius,
            rect,
        };
        drawing.paint(at, target);
    }
}

/// Where the ball is shown, in turns, that was shown at `shown` and has to be at `target`. It comes there softly, and by
/// less than a round: of a loop that turns faster than the eye it shows that it turns.
fn turned(shown: f64, target: f64, seconds: f64, still: bool) -> f64 {
    let gap = (target - shown) % 1.0;
    if still || gap.abs() < 2e-3 {
        return target;
    }
    let left = gap * (-seconds.max(0.0) / SOFT).exp();
    target - left
}

/// Which way, in radians clockwise from the right, a share of the round lies. The poll is on top.
fn angle(share: f64) -> f32 {
    share.fract() as f32 * TAU - FRAC_PI_2 - FRAC_PI_4
}

struct Drawing<'a> {
    painter: &'a Painter,
    palette: &'a Palette,
    circle: &'a Circle<'a>,
    center: Pos2,
    radius: f32,
    rect: Rect,
}

impl Drawing<'_> {
    fn paint(&self, at: f64, target: f64) {
        for (place, phase) in Phase::CIRCLE.into_iter().enumerate() {
            let middle = angle((place as f64 + 0.5) / 4.0);
            self.station(phase, middle);
            self.way_on(middle + FRAC_PI_4);
            self.satellites(phase, middle);
            self.name(phase, place);
        }
        let runs = Phase::CIRCLE.contains(&self.circle.state.phase);
        if runs {
            self.ball(at, target);
        }
        self.middle();
    }

    fn at(&self, angle: f32, radius: f32) -> Pos2 {
        self.center + radius * Vec2::angled(angle)
    }

    fn is_here(&self, phase: Phase) -> bool {
        self.circle.state.phase == phase
    }

    fn color(&self, phase: Phase) -> Color32 {
        let palette = self.palette;
        match phase {
            Phase::Dispatch => palette.running,
            Phase::ThreadCalls => palette.thread_call,
            Phase::Timers => palette.timer,
            Phase::Poll | Phase::Starting | Phase::Ended => palette.text_weak,
        }
    }

    fn station(&self, phase: Phase, middle: f32) {
        let half = FRAC_PI_4 - GAP;
        let (from, to) = (middle - half, middle + half);
        let color = self.color(phase);
        if !self.is_here(phase) {
            let pale = self.palette.panel.lerp_to_gamma(color, 0.3);
            self.arc(from, to, self.radius, Stroke::new(THICK[0], pale));
            return;
        }
        let glow = color.gamma_multiply(0.22);
        let color = if self.circle.stalled {
            self.palette.stalled
        } else {
            color
        };
        self.arc(from, to, self.radius, Stroke::new(THICK[1] + 8.0, glow));
        self.arc(from, to, self.radius, Stroke::new(THICK[1], color));
        if self.circle.stalled {
            self.stripes(from, to);
        }
    }

    fn arc(&self, from: f32, to: f32, radius: f32, stroke: Stroke) {
        let steps = ((to - from).abs() * radius / 3.0).ceil().max(2.0) as usize;
        let point = |step: usize| self.at(from + (to - from) * step as f32 / steps as f32, radius);
        let points = (0..=steps).map(point).collect();
        self.painter.add(Shape::line(points, stroke));
    }

    /// What is stalled is never told by its colour alone.
    fn stripes(&self, from: f32, to: f32) {
        let half = THICK[1] / 2.0;
        let step = 9.0 / self.radius;
        let count = ((to - from) / step) as usize;
        let stripe = Stroke::new(3.0, self.palette.stalled_stripe);
        for place in 0..count {
            let at = from + (place as f32 + 0.25) * step;
            let ends = [
                self.at(at, self.radius - half + 0.5),
                self.at(at + 0.5 * step, self.radius + half - 0.5),
            ];
            self.painter.line_segment(ends, stripe);
        }
    }

    /// A small arrow between two stations: the way round.
    fn way_on(&self, at: f32) {
        let tip = self.at(at + 0.045, self.radius);
        let back = [-4.0, 4.0].map(|by| self.at(at - 0.045, self.radius + by));
        let stroke = Stroke::new(1.5, self.palette.text_weak);
        let points = vec![back[0], tip, back[1]];
        self.painter.add(Shape::line(points, stroke));
    }

    /// What waits for a station, one mark each.
    fn satellites(&self, phase: Phase, middle: f32) {
        let state = self.circle.state;
        let palette = self.palette;
        let late = state.late_timers();
        let count = match phase {
            Phase::Poll => state.registered.len(),
            Phase::Dispatch => state.ready.len(),
            Phase::ThreadCalls => state.calls.len(),
            _ => state.timers.len(),
        };
        let drawn = count.min(SATELLITES);
        for place in 0..drawn {
            let by = (place as f32 - (drawn as f32 - 1.0) / 2.0) * 11.0 / (self.radius + ORBIT);
            let at = self.at(middle + by, self.radius + ORBIT);
            match phase {
                Phase::Dispatch => {
                    let mark = Rect::from_center_size(at, vec2(7.0, 7.0));
                    let edge = Stroke::new(1.5, palette.ready);
                    let inside = egui::StrokeKind::Inside;
                    self.painter.rect_stroke(mark, 0.0, edge, inside);
                }
                Phase::Timers if place < late => {
                    self.painter.circle_filled(at, 3.5, palette.stalled);
                    let edge = Stroke::new(1.0, palette.text);
                    self.painter.circle_stroke(at, 4.0, edge);
                }
                Phase::Poll | Phase::Timers => {
                    let edge = Stroke::new(1.2, self.color(phase));
                    self.painter.circle_stroke(at, 3.2, edge);
                }
                _ => {
                    self.painter.circle_filled(at, 3.5, self.color(phase));
                }
            }
        }
    }

    /// How many things a station has, and in which words that is told.
    fn held(&self, phase: Phase) -> (usize, &'static str) {
        let state = self.circle.state;
        match phase {
            Phase::Poll => (state.registered.len(), tr("{count} registered")),
            Phase::Dispatch => (state.ready.len(), tr("{count} ready")),
            Phase::ThreadCalls => (state.calls.len(), tr("{count} queued")),
            _ => match state.late_timers() {
                0 => (state.timers.len(), tr("{count} set")),
                late => (late, tr("{count} late")),
            },
        }
    }

    /// The name of a station and what waits there, outside of the ring.
    fn name(&self, phase: Phase, place: usize) {
        let (count, words) = self.held(phase);
        let waits = fill(words, &[("count", &plain_count(count as u64))]);
        let late = phase == Phase::Timers && self.circle.state.late_timers() > 0;
        let here = self.is_here(phase);
        let ink = if here {
            self.palette.text
        } else {
            self.palette.text_weak
        };
        let font = if here { theme::body() } else { theme::small() };
        let name = self.galley(tr_in("station", phase.word()), font, ink);
        let ink = if late {
            self.palette.stalled
        } else {
            self.palette.text_weak
        };
        let waits = self.galley(&waits, theme::small(), ink);
        let high = name.size().y + waits.size().y;
        let reach = self.radius + ORBIT + 9.0;
        let beside = |x: f32, align: f32| {
            let left = |galley: &Galley| {
                let most = (self.rect.right() - galley.size().x).max(self.rect.left());
                (x - align * galley.size().x).clamp(self.rect.left(), most)
            };
            let top = self.center.y - high / 2.0;
            [
                pos2(left(&name), top),
                pos2(left(&waits), top + name.size().y),
            ]
        };
        let across = |top: f32| {
            let left = |galley: &Galley| self.center.x - galley.size().x / 2.0;
            [
                pos2(left(&name), top),
                pos2(left(&waits), top + name.size().y),
            ]
        };
        let [first, second] = match place {
            0 => across(self.center.y - reach - high + 2.0),
            1 => beside(self.center.x + reach, 0.0),
            2 => across(self.center.y + reach - 2.0),
            _ => beside(self.center.x - reach, 1.0),
        };
        self.painter.galley(first, name, ink);
        self.painter.galley(second, waits, ink);
    }

    fn galley(&self, text: &str, font: egui::FontId, ink: Color32) -> std::sync::Arc<Galley> {
        self.painter.layout_no_wrap(text.to_owned(), font, ink)
    }

    /// The ball, with the callbacks that it runs, and the way that it has just come.
    fn ball(&self, at: f64, target: f64) {
        let palette = self.palette;
        let here = angle(at);
        let behind = ((target - at).abs() as f32 * TAU).clamp(0.12, 2.2);
        let steps = 10;
        for step in 0..steps {
            let share = step as f32 / steps as f32;
            let (from, to) = (
                here - behind * (1.0 - share),
                here - behind * (1.0 - share - 1.0 / steps as f32),
            );
            let color = palette.text.gamma_multiply(0.35 * share);
            self.arc(from, to, self.radius, Stroke::new(3.0, color));
        }
        let point = self.at(here, self.radius);
        if self.is_here(Phase::Poll) {
            self.painter.circle(
                point,
                7.0,
                palette.panel,
                Stroke::new(2.0, palette.text_weak),
            );
            self.asleep(here);
            return;
        }
        let edge = Stroke::new(2.0, palette.text);
        self.painter.circle(point, 8.0, palette.panel, edge);
        // The callbacks that run, each inside the one before.
        for (depth, frame) in self.circle.state.stack.iter().take(3).enumerate() {
            let color = match frame.span.kind {
                SpanKind::Callback(cause) => palette.callback(cause),
                _ => palette.blocking,
            };
            let radius = 6.5 - 2.4 * depth as f32;
            let edge = Stroke::new(1.0, palette.panel);
            self.painter.circle(point, radius, color, edge);
        }
    }

    /// Three letters above who sleeps, smaller and paler the further they are.
    fn asleep(&self, here: f32) {
        let at = self.at(here, self.radius - 17.0);
        for (place, size) in [12.0, 10.0, 8.0].into_iter().enumerate() {
            let place = place as f32;
            let ink = self.palette.text_weak.gamma_multiply(1.0 - 0.25 * place);
            let at = at + vec2(-1.0 + 7.0 * place, 6.0 - 6.0 * place);
            let font = egui::FontId::proportional(size);
            self.painter.text(at, Align2::CENTER_CENTER, "z", font, ink);
        }
    }

    /// What it does, for how long, and in which turn.
    fn middle(&self) {
        let state = self.circle.state;
        let palette = self.palette;
        let lasted = match state.phase {
            Phase::Starting | Phase::Ended => String::new(),
            Phase::Poll => plain_duration(state.at.since(state.range.begin)),
            _ => plain_duration(state.without_poll),
        };
        let turn = match state.turn {
            0 => String::new(),
            turn => fill(
                tr("turn {number}"),
                &[("number", &crate::analysis::plain_count(turn as u64))],
            ),
        };
        let ink = if self.circle.stalled {
            palette.stalled
        } else {
            palette.text
        };
        let word = match self.circle.stalled {
            true => tr("stalled"),
            false => self.circle.doing,
        };
        let below = match self.circle.stalled {
            true => self.circle.doing,
            false => "",
        };
        let room = 2.0 * (self.radius - THICK[1] - 2.0 * STEP);
        let lines = [
            (word, theme::body(), ink),
            (below, theme::small(), palette.text),
            (&lasted, theme::number(), palette.text),
            (&turn, theme::small(), palette.text_weak),
        ];
        let lines: Vec<_> = lines
            .into_iter()
            .filter(|(text, ..)| !text.is_empty())
            .map(|(text, font, ink)| self.elided(text, font, ink, room))
            .collect();
        let high: f32 = lines.iter().map(|line| line.size().y).sum();
        let mut top = self.center.y - high / 2.0;
        for line in lines {
            let at = pos2(self.center.x - line.size().x / 2.0, top);
            top += line.size().y;
            self.painter.galley(at, line, ink);
        }
    }

    fn elided(
        &self,
        text: &str,
        font: egui::FontId,
        ink: Color32,
        room: f32,
    ) -> std::sync::Arc<Galley> {
        let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        self.painter.layout_job(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ball_comes_to_where_it_has_to_be_and_rests_there() {
        let mut at = 1.0;
        let mut frames = 0;
        while at != 1.75 {
            let next = turned(at, 1.75, 1.0 / 60.0, false);
            assert!(next > at && next <= 1.75);
            at = next;
            frames += 1;
        }
        assert!((4..60).contains(&frames), "{frames}");
        assert_eq!(turned(1.0, 1.75, 1.0 / 60.0, true), 1.75, "without motion");
    }

    #[test]
    fn a_loop_that_turns_faster_than_the_eye_is_never_a_round_behind() {
        let at = turned(3.0, 1_003.5, 1.0 / 60.0, false);
        assert!(at > 1_002.5 && at < 1_003.5, "{at}");
        let back = turned(1_003.5, 3.0, 1.0 / 60.0, false);
        assert!(back > 3.0 && back < 4.0, "{back}");
    }

    #[test]
    fn a_round_begins_at_the_left_end_of_the_top() {
        let degrees =
            [0.0, 0.125, 0.375, 0.625, 0.875].map(|share| angle(share).to_degrees().round());
        assert_eq!(degrees, [-135.0, -90.0, 0.0, 90.0, 180.0]);
    }
}
