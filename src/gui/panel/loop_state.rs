//! The loops at the playhead: their circles, and what each of them ran, had ready, queued, planned and registered.

use std::time::Duration;

use egui::{Button, Id, RichText, ScrollArea, Slider, Ui, WidgetInfo, vec2};

use super::circle::{self, Circle};
use super::widgets::{link, note, remark};
use crate::analysis::{
    Frame, LoopState, Phase, QueuedCall, ReadyThing, Registered, loop_state, plain_duration,
};
use crate::gui::command::{Command, Selection};
use crate::gui::describe;
use crate::gui::document::Document;
use crate::gui::focus;
use crate::gui::playback::{PlaybackCommand, Speed, StepBy};
use crate::gui::text;
use crate::gui::texts::{counted, english, fill, tr, tr_in, variant};
use crate::gui::theme::{self, Palette, STEP};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{TaskId, Timestamp};

/// How many things of a kind are listed before the rest is only counted.
const LISTED: usize = 6;

/// What the panel looks at.
pub struct Scene<'a> {
    /// The trace whose playhead is moved.
    pub document: &'a Document,
    /// Whether it is being recorded.
    pub live: bool,
    /// How fast the playhead moves.
    pub speed: Speed,
    /// Whose loops are shown: those of this trace, or of two that are compared.
    pub loops: &'a [Loops<'a>],
}

/// The loops of a trace.
#[derive(Clone, Copy)]
pub struct Loops<'a> {
    /// Which of two traces it is.
    pub letter: Option<&'static str>,
    /// The trace.
    pub document: &'a Document,
    /// How long a stretch without a poll must be to count as a stall.
    pub threshold: Duration,
}

/// Shows the playhead's controls, and the loops at its moment.
pub fn show(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let document = scene.document;
    let at = document.playback.at().unwrap_or(document.now);
    heading(ui, scene, at, commands);
    controls(ui, scene, commands);
    scrubber(ui, document, at, commands);
    ScrollArea::vertical()
        .id_salt("loop")
        .min_scrolled_height(0.0)
        .auto_shrink(false)
        .show(ui, |ui| {
            let is_put = document.playback.at().is_some();
            if scene.loops.len() > 1 {
                for loops in scene.loops {
                    loops.glance(ui, is_put);
                }
            }
            for loops in scene.loops {
                loops.show(ui, is_put, commands);
            }
            focus::follow(ui);
        });
}

impl Loops<'_> {
    /// The moment of the playhead, or the end where none `is_put` anywhere.
    fn moment(&self, is_put: bool) -> Option<Timestamp> {
        let at = self.document.playback.at();
        at.or((!is_put).then_some(self.document.now))
    }

    /// What each of them does at that moment, a line for each: so those of two traces are seen together.
    fn glance(&self, ui: &mut Ui, is_put: bool) {
        let Some(at) = self.moment(is_put) else {
            return;
        };
        let palette = Palette::of(ui.visuals());
        for (model, state) in &states(self.document, at) {
            let look = Look {
                loops: self,
                model,
                state,
            };
            let ink = match look.is_stalled() {
                true => palette.stalled,
                false => palette.text,
            };
            let letter = self.letter.unwrap_or_default();
            let words = look.told(
                tr("{letter} · {model}: {doing} for {duration}, turn {number}"),
                letter,
            );
            ui.add(egui::Label::new(RichText::new(words).color(ink)).wrap());
        }
    }

    /// Shows them at that moment.
    fn show(&self, ui: &mut Ui, is_put: bool, commands: &mut Vec<Command>) {
        let document = self.document;
        if let Some(letter) = self.letter {
            ui.add_space(2.0 * STEP);
            let name = format!("{letter}: {}", document.title);
            ui.label(RichText::new(name).font(theme::heading()).strong());
        }
        let Some(at) = self.moment(is_put) else {
            note(ui, tr("It had not begun at this moment."));
            return;
        };
        if let Some(letter) = self.letter {
            let moment = text::moment(at);
            let words = fill(
                tr("{moment} of {letter}"),
                &[("moment", &moment), ("letter", &letter)],
            );
            note(ui, words);
        }
        let states = states(document, at);
        if states.is_empty() {
            note(ui, tr("No model of this trace runs a loop."));
        }
        let several = states.len() > 1 || self.letter.is_some();
        for (model, state) in &states {
            let look = Look {
                loops: self,
                model,
                state,
            };
            look.show(ui, several, commands);
        }
    }
}

/// The loops of all models at a moment.
fn states(document: &Document, at: Timestamp) -> Vec<(&ModelTrack, LoopState)> {
    let models = document.store.models().iter();
    let states = models.flat_map(|model| {
        let histories = document.histories.get(&model.id);
        let threads = model.threads.iter();
        threads.filter_map(move |thread| {
            let state = loop_state(model, thread, histories?, at, document.now)?;
            Some((model, state))
        })
    });
    states.collect()
}

fn heading(ui: &mut Ui, scene: &Scene<'_>, at: Timestamp, commands: &mut Vec<Command>) {
    ui.add_space(STEP);
    ui.horizontal(|ui| {
        let title = match (scene.document.playback.at(), scene.live) {
            (Some(_), _) => fill(tr("Loop at {moment}"), &[("moment", &text::moment(at))]),
            (None, true) => tr("Loop now").to_owned(),
            (None, false) => tr("Loop at the end").to_owned(),
        };
        ui.label(RichText::new(title).font(theme::heading()).strong());
        if scene.document.playback.at().is_some() {
            let button = ui.add(Button::new("×").small());
            let name = tr("Put the playhead away");
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
            if button.on_hover_text(name).clicked() {
                commands.push(Command::Playback(PlaybackCommand::Leave));
            }
        }
    });
    if scene.document.playback.at().is_none() && !scene.live {
        remark(
            ui,
            tr("Click on the ruler, or press Play, to see the loop at another moment."),
        );
    }
}

/// Steps, play and pause, and the speed.
fn controls(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = STEP;
        ui.spacing_mut().button_padding.x = 1.5 * STEP;
        let mut step = |ui: &mut Ui, sign: &str, name: &str, step, forward| {
            let button = ui.add(Button::new(sign));
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
            if button.on_hover_text(name).clicked() {
                commands.push(Command::Playback(PlaybackCommand::Step(step, forward)));
            }
        };
        step(ui, "◀◀", tr("Previous turn"), StepBy::Turn, false);
        step(ui, "◀", tr("Previous event"), StepBy::Event, false);
        let toggle = match scene.document.playback.is_playing() {
            true => tr("Pause"),
            false => tr("Play"),
        };
        let button = Button::new(RichText::new(toggle).strong()).min_size(vec2(46.0, 0.0));
        let play = ui
            .add(button)
            .on_hover_text(tr("Let the playhead move, or stop it (K)"));
        step(ui, "▶", tr("Next event"), StepBy::Event, true);
        step(ui, "▶▶", tr("Next turn"), StepBy::Turn, true);
        if play.clicked() {
            commands.push(Command::Playback(PlaybackCommand::Toggle));
        }
        let combo = egui::ComboBox::from_id_salt("speed")
            .width(50.0)
            .selected_text(scene.speed.word())
            .show_ui(ui, |ui| {
                for speed in Speed::all() {
                    if ui
                        .selectable_label(speed == scene.speed, speed.word())
                        .clicked()
                    {
                        commands.push(Command::Playback(PlaybackCommand::SetSpeed(speed)));
                    }
                }
            });
        let name = tr("Speed");
        combo
            .response
            .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, name));
        combo
            .response
            .on_hover_text(tr("How fast the playhead moves, by the speed of life"));
    });
}

/// The whole trace as a slider.
fn scrubber(ui: &mut Ui, document: &Document, at: Timestamp, commands: &mut Vec<Command>) {
    let end = document.range().end.as_secs_f64();
    let mut seconds = at.as_secs_f64();
    ui.spacing_mut().slider_width = (ui.available_width() - 2.0 * STEP).max(0.0);
    let slider = ui.add(Slider::new(&mut seconds, 0.0..=end).show_value(false));
    slider.widget_info(|| WidgetInfo::slider(true, seconds, tr("Playhead")));
    if slider.changed() {
        let to = Timestamp((seconds.max(0.0) * 1e9) as u64);
        commands.push(Command::Playback(PlaybackCommand::Seek(to)));
    }
}

/// One loop at one moment.
struct Look<'a> {
    loops: &'a Loops<'a>,
    model: &'a ModelTrack,
    state: &'a LoopState,
}

impl Look<'_> {
    fn show(&self, ui: &mut Ui, several: bool, commands: &mut Vec<Command>) {
        let name = variant(self.store().model_name(self.model));
        if several {
            ui.add_space(2.0 * STEP);
            ui.label(RichText::new(name).strong());
        }
        let state = self.state;
        let sentence = self.told(
            tr("Circle of {model}: {station}, {doing}, for {duration}, turn {number}"),
            "",
        );
        let circle = Circle {
            state,
            doing: &self.doing(),
            sentence: &sentence,
            stalled: self.is_stalled(),
        };
        let id = Id::unique(("circle", self.loops.document.id, state.thread.number()));
        circle::show(ui, id, &circle);
        self.stack(ui, commands);
        self.ready(ui);
        self.calls(ui);
        self.pool(ui);
        self.timers(ui);
        self.registered(ui);
    }

    fn is_stalled(&self) -> bool {
        self.state.without_poll >= self.loops.threshold && self.state.turn > 0
    }

    /// What it does, in a sentence with places for that.
    fn told(&self, sentence: &str, letter: &str) -> String {
        let state = self.state;
        let lasts = match state.phase {
            Phase::Poll => state.at.since(state.range.begin),
            _ => state.without_poll,
        };
        let doing = match self.is_stalled() {
            true => tr("stalled").to_owned(),
            false => self.doing(),
        };
        let model = variant(self.store().model_name(self.model));
        fill(
            sentence,
            &[
                ("letter", &letter),
                ("model", &model),
                ("station", &tr_in("station", state.phase.word())),
                ("doing", &doing),
                ("duration", &plain_duration(lasts)),
                ("number", &state.turn),
            ],
        )
    }

    fn store(&self) -> &TraceStore {
        &self.loops.document.store
    }

    /// What the loop does, in a word or two: the name of the innermost callback, where one runs.
    fn doing(&self) -> String {
        let callback = self
            .state
            .stack
            .iter()
            .rev()
            .find_map(|frame| frame.span.name);
        match (self.state.phase, callback) {
            (Phase::Poll, _) => tr("asleep").to_owned(),
            (Phase::Ended, _) => tr("over").to_owned(),
            (_, Some(name)) => self.store().name(name).to_owned(),
            (Phase::Starting, None) => tr("not polling yet").to_owned(),
            (_, None) => tr("between callbacks").to_owned(),
        }
    }

    /// A kind of things with how many there are; nothing where there are none.
    fn section<T>(&self, ui: &mut Ui, title: &str, all: &[T], mut add: impl FnMut(&mut Ui, &T)) {
        if all.is_empty() {
            return;
        }
        ui.add_space(1.5 * STEP);
        ui.horizontal(|ui| {
            ui.label(RichText::new(title).strong());
            note(ui, all.len().to_string());
        });
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.spacing_mut().interact_size.y = theme::BODY + STEP;
            for one in all.iter().take(LISTED) {
                ui.horizontal(|ui| add(ui, one));
            }
        });
        if let Some(more) = all.len().checked_sub(LISTED).filter(|more| *more > 0) {
            note(
                ui,
                counted(
                    more as u64,
                    english("and {count} more"),
                    english("and {count} more"),
                ),
            );
        }
    }

    fn stack(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let frames = &self.state.stack;
        self.section(ui, tr("Running"), frames, |ui, frame: &Frame| {
            let what = describe::span(self.store(), &frame.span);
            if link(ui, what).clicked() {
                commands.push(Command::Reveal(Selection::Span(frame.place)));
            }
            self.after(ui, self.state.at.since(frame.span.begin), false);
        });
    }

    /// A duration at the right end of the line.
    fn after(&self, ui: &mut Ui, duration: Duration, bad: bool) {
        let palette = Palette::of(ui.visuals());
        let ink = if bad {
            palette.stalled
        } else {
            palette.text_weak
        };
        let text = RichText::new(plain_duration(duration)).font(theme::number());
        ui.label(text.color(ink));
    }

    fn task(&self, task: Option<TaskId>) -> Option<&str> {
        let name = self.model.task(task?)?.name?;
        Some(self.store().name(name))
    }

    /// Whose it is, with the number of its descriptor.
    fn whose(&self, task: Option<TaskId>, fd: Option<i32>) -> String {
        let fd = fd.map(|fd| fill(tr("fd {number}"), &[("number", &fd)]));
        let task = self.task(task).map(str::to_owned);
        let parts: Vec<_> = task.into_iter().chain(fd).collect();
        match parts.is_empty() {
            true => tr("connection").to_owned(),
            false => parts.join(", "),
        }
    }

    fn ready(&self, ui: &mut Ui) {
        let ready = &self.state.ready;
        self.section(
            ui,
            tr("Ready, not served"),
            ready,
            |ui, one: &ReadyThing| {
                ui.label(self.whose(one.task, one.fd));
                let waited = self.state.at.since(one.since);
                self.after(ui, waited, waited >= self.loops.threshold);
            },
        );
    }

    fn calls(&self, ui: &mut Ui) {
        let calls = &self.state.calls;
        self.section(
            ui,
            tr("Calls from threads"),
            calls,
            |ui, call: &QueuedCall| {
                let name = call.name.map_or(tr("call"), |name| self.store().name(name));
                ui.label(name);
                let waited = self.state.at.since(call.since);
                self.after(ui, waited, waited >= self.loops.threshold);
            },
        );
    }

    fn pool(&self, ui: &mut Ui) {
        let pool = &self.state.pool;
        self.section(
            ui,
            tr("Thread pool at work"),
            &pool.at_work,
            |ui, (since, name)| {
                let name = name.map_or(tr("work"), |name| self.store().name(name));
                ui.label(name);
                self.after(ui, self.state.at.since(*since), false);
            },
        );
        self.section(
            ui,
            tr("Waiting for the pool"),
            &pool.queued,
            |ui, (since, name)| {
                ui.label(self.store().name(*name));
                self.after(ui, self.state.at.since(*since), false);
            },
        );
    }

    fn timers(&self, ui: &mut Ui) {
        let at = self.state.at;
        self.section(ui, tr("Timers"), &self.state.timers, |ui, timer| {
            ui.label(self.store().name(timer.name));
            let late = timer.deadline < at;
            let (words, distance) = match late {
                true => (tr("{duration} late"), at.since(timer.deadline)),
                false => (tr("in {duration}"), timer.deadline.since(at)),
            };
            let said = fill(words, &[("duration", &plain_duration(distance))]);
            let palette = Palette::of(ui.visuals());
            let ink = if late {
                palette.stalled
            } else {
                palette.text_weak
            };
            ui.label(RichText::new(said).font(theme::number()).color(ink));
        });
    }

    fn registered(&self, ui: &mut Ui) {
        let registered = &self.state.registered;
        self.section(ui, tr("Registered"), registered, |ui, one: &Registered| {
            ui.label(self.whose(one.task, one.fd));
            self.after(ui, self.state.at.since(one.since), false);
        });
    }
}
