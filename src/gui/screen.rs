//! What is where in the window.

use std::time::Duration;

use egui::{Frame, Margin, Ui};

use super::action::{self, State};
use super::app::App;
use super::beside::Split;
use super::command::{Command, Detail, Side};
use super::document::{Document, Documents};
use super::focus;
use super::panel;
use super::panel::edge::{self, At, Part};
use super::panel::loop_state::Loops;
use super::plot::{Plots, histogram};
use super::scale::Scale;
use super::settings::Settings;
use super::shortcut;
use super::theme;
use super::what_if::{WhatIf, stall_of};
use crate::gui::texts::english;

/// How high the timeline must be, in points, that there is something to see of it between its overview and its plots.
const FOR_ONE: f32 = 360.0;
/// How high two of them must be together, one below the other.
const FOR_TWO: f32 = 440.0;
/// What part of the window's height is kept for that at most.
const MOST_OF_WINDOW: f32 = 0.55;
/// What a strip takes even so: the height of its controls, the heads of its columns and two rows, in points.
const FEW_ROWS: f32 = 112.0;
/// The lowest that a strip can be made, in points.
const LOWEST: f32 = 48.0;
/// How high the circle of a loop and the playhead's controls above it are, in points.
const FOR_CIRCLE: f32 = 420.0;

impl App {
    /// Shows everything, and does what the person asks for.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.speak();
        let mut commands = shortcut::commands(ui.ctx(), &self.state(ui), self.dialog.is_some());
        commands.extend(dropped_files(ui));
        panel::top_bar::show(ui, &self.top_bar(), &self.state(ui), &mut commands);
        panel::message::show(ui, &self.messages, &mut commands);
        let looked_for = self.alike.as_ref().filter(|(_, search)| search.is_long());
        let looked_for = looked_for.map(|(_, search)| search.at);
        let (opening, exporting) = (&self.opening, &self.exporting);
        panel::opening::show(ui, opening, exporting, looked_for, &mut commands);
        self.sides(ui, &mut commands);
        self.middle(ui, &mut commands);
        edge::raise(ui);
        let sight = self.sight();
        if let Some(walk) = &mut self.walk {
            walk.advance(&sight);
            panel::walk::show(ui, *walk, &sight, &mut commands);
        }
        if self.help {
            panel::help::show(ui, &mut commands);
        }
        if let Some(mut palette) = self.palette.take() {
            palette.show(ui, &self.state(ui), &self.documents, &mut commands);
            self.palette = Some(palette);
        }
        if let Some(dialog) = &mut self.dialog {
            dialog.show(ui, &mut commands);
        }
        let room = self.panes[0].room().unwrap_or(ui.content_rect());
        self.hint.take_if(|hint| !hint.show(ui, room));
        focus::settle(ui.ctx());
        focus::ring(ui.ctx());
        if !commands.is_empty() {
            // What was shown is out of date now.
            ui.ctx().request_repaint();
        }
        for command in commands {
            self.apply(command);
        }
    }

    pub(super) fn reset_layout(&mut self) {
        let first = Settings::default();
        for side in Side::ALL {
            self.settings.show(side, first.shows(side));
        }
        self.settings.detail = first.detail;
        self.settings.split = first.split;
        // egui remembers how large the hand made each panel, and what is in it keeps it so.
        self.ctx.data_mut(egui::util::IdTypeMap::clear);
    }

    /// What decides what can be done.
    pub(super) fn state(&self, ui: &Ui) -> State<'_> {
        let documents = &self.documents;
        let (pane, pointed) = self.hand();
        State {
            document: documents.shown(),
            place: (documents.shown_place(), documents.all().len()),
            before: documents.before_shown(),
            compared: self.compared(),
            live: self.shown_is_live(),
            running: self.is_running(),
            controls: &self.controls,
            cannot_run: self.cannot_run(),
            settings: &self.settings,
            dark: ui.visuals().dark_mode,
            still: theme::is_still(ui.ctx()),
            scale: Scale::of(ui.ctx()),
            pointed,
            found: documents
                .shown()
                .map_or(0, |one| self.search.hits(one.id).len()),
            tabled: self.statistics.tabled,
            counted: self.has_counted(),
            opening: !self.opening.is_empty(),
            exporting: !self.exporting.is_empty(),
            lane: pane.timeline.aimed(),
            lanes: self.lanes(),
            held: action::ONE_STEP,
            what_if: self.what_if.answer.as_ref(),
            slice: self.what_if.slice,
        }
    }

    fn cannot_run(&self) -> Option<&'static str> {
        let nothing = self.controls.models.is_empty();
        nothing.then_some(english("Choose at least one model of execution"))
    }

    fn top_bar(&self) -> panel::top_bar::Scene<'_> {
        panel::top_bar::Scene {
            documents: &self.documents,
            live: self.live.as_ref(),
            opening: &self.opening,
        }
    }

    /// What differs between two traces, in the place of what compares the models of one.
    fn differences(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if !self.settings.shows(Side::Comparison) {
            return;
        }
        // It has a frame's state of its own while the rest of the app is looked at.
        let mut differences = std::mem::take(&mut self.differences);
        if let Some(compared) = self.compared() {
            let frame = below_frame(ui);
            let state = self.state(ui);
            below(ui, self.least(), "differences", 262.0)
                .called(Side::Comparison.word())
                .frame(frame)
                .show(ui, |ui| {
                    let live = compared.documents.map(|document| self.is_live(document));
                    differences.show(ui, &compared, live, &state, commands);
                });
        }
        self.differences = differences;
    }

    /// The sides that are shown, from the outside in.
    fn sides(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        self.differences(ui, commands);
        self.comparison_side(ui, commands);
        self.statistics_side(ui, commands);
        self.controls_side(ui, commands);
        self.details_side(ui, commands);
    }

    /// The trace that a side is about, if that side is shown.
    fn shown_on(&self, side: Side) -> Option<&Document> {
        let shown = self.documents.shown();
        shown.filter(|_| self.settings.shows(side))
    }

    fn comparison_side(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let Some(document) = self.shown_on(Side::Comparison) else {
            return;
        };
        if self.compared().is_some() {
            return;
        }
        let shape = panel::comparison::Shape::of(document);
        // Each has the height that the hand gave it.
        let id = ("comparison", shape);
        let height = shape.height(ui.available_height());
        below(ui, self.least(), id, height)
            .called(Side::Comparison.word())
            .frame(below_frame(ui))
            .show(ui, |ui| panel::comparison::show(ui, document, commands));
    }

    fn statistics_side(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let least = self.least();
        let Some(document) = self.documents.shown() else {
            return;
        };
        if self.settings.shows(Side::Statistics) {
            below(ui, least, "statistics", 240.0)
                .called(Side::Statistics.word())
                .frame(below_frame(ui))
                .show(ui, |ui| self.statistics.show(ui, document, commands));
        }
    }

    fn controls_side(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if self.settings.shows(Side::Controls) {
            side(At::Left, ui, "controls", 292.0)
                .called(Side::Controls.word())
                .show(ui, |ui| {
                    ui.take_available_width();
                    panel::scenario::show(ui, &self.controls, self.is_running(), commands);
                });
        }
    }

    fn details_side(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        // It has a frame's state of its own while the rest of the app is looked at.
        let mut plots = std::mem::take(&mut self.panes[0].plots);
        if let Some(document) = self.shown_on(Side::Details) {
            side(At::Right, ui, "details", 292.0)
                .called(Side::Details.word())
                .show(ui, |ui| {
                    ui.take_available_width();
                    stalls_below(ui, document, &self.settings, commands);
                    panel::details::tabs(ui, self.settings.detail, commands);
                    self.detail(ui, document, &mut plots, commands);
                });
        }
        self.panes[0].plots = plots;
    }

    /// What the tab that is chosen shows.
    fn detail(
        &self,
        ui: &mut Ui,
        document: &Document,
        plots: &mut Plots,
        commands: &mut Vec<Command>,
    ) {
        match self.settings.detail {
            Detail::Inspector => {
                let live = self.live.as_ref().map(|live| live.number);
                let what_if = what_if_scene(&self.what_if, &self.documents, live);
                panel::inspector::show(ui, document, what_if.as_ref(), commands);
            }
            Detail::Loop => {
                let scene = panel::loop_state::Scene {
                    document,
                    live: self.shown_is_live(),
                    speed: self.settings.speed,
                    loops: &self.loops(document),
                };
                panel::loop_state::show(ui, &scene, commands);
            }
            Detail::Marks => panel::marks::show(ui, &document.marks, commands),
            Detail::Delays => histogram::show(ui, document, plots),
        }
    }

    /// How much of the window's height is kept for the timeline, in points.
    fn least(&self) -> f32 {
        match (self.compared(), self.settings.split) {
            (Some(_), Split::Below) => FOR_TWO,
            _ => FOR_ONE,
        }
    }

    /// Whose loops are shown: those of the trace that is shown, or of both that are compared.
    fn loops<'a>(&'a self, shown: &'a Document) -> Vec<Loops<'a>> {
        let of = |letter, document| Loops {
            letter,
            document,
            threshold: self.threshold_of(document),
        };
        match self.compared() {
            None => vec![of(None, shown)],
            Some(compared) => {
                let [a, b] = compared.documents;
                vec![of(Some("A"), a), of(Some("B"), b)]
            }
        }
    }

    pub(super) fn shown_is_live(&self) -> bool {
        let shown = self.documents.shown();
        shown.is_some_and(|document| self.is_live(document))
    }

    /// Whether a trace is being recorded.
    pub(super) fn is_live(&self, document: &Document) -> bool {
        let number = self.live.as_ref().map(|live| live.number);
        number.is_some() && document.run == number
    }

    /// From which length on a stretch without a poll is a stall in a trace.
    pub(super) fn threshold_of(&self, document: &Document) -> Duration {
        match self.is_live(document) {
            true => self.controls.stall_threshold,
            false => Duration::from_nanos(document.info.stall_threshold_nanos),
        }
    }
}

/// The stalls of a trace, below the details: those need their room, and each of them has the height that the hand gave it.
fn stalls_below(
    ui: &mut Ui,
    document: &Document,
    settings: &Settings,
    commands: &mut Vec<Command>,
) {
    let room = ui.available_height();
    let (id, most) = match settings.detail {
        Detail::Loop => {
            let most = (room - FOR_CIRCLE).min(room * 0.25);
            ("stalls below the loop", most)
        }
        Detail::Delays => ("stalls below the delays", room * 0.3),
        Detail::Inspector | Detail::Marks => ("stalls", room * 0.42),
    };
    let shape = panel::stalls::Shape::of(document, settings.stall_order);
    bottom(ui, (id, shape), shape.height(most))
        .called(english("Stalls"))
        .frame(Frame::NONE)
        .show(ui, |ui| {
            panel::stalls::show(ui, document, settings.stall_order, commands);
        });
}

/// A side of the window: narrow enough to leave half of a small window to the timeline.
fn side(at: At, ui: &Ui, id: &str, width: f32) -> Part {
    let room = ui.content_rect().width();
    let limits = 180.0..=(room * 0.4).max(181.0);
    Part::new(at, id, width.min(room * 0.24), limits)
}

/// A strip below what comes after it.
pub(super) fn bottom(ui: &Ui, id: impl std::hash::Hash + std::fmt::Debug, height: f32) -> Part {
    let room = ui.available_height();
    strip(room, id, height, room * 0.7)
}

/// A strip below the timeline, to which it leaves `least` points, however many strips there are: the timeline comes first.
fn below(ui: &Ui, least: f32, id: impl std::hash::Hash + std::fmt::Debug, height: f32) -> Part {
    let room = ui.available_height();
    let least = least.min(ui.content_rect().height() * MOST_OF_WINDOW);
    let most = (room - least).min(room * 0.7);
    strip(room, id, height, most.max(FEW_ROWS))
}

/// The frame of a strip below the timeline.
fn below_frame(ui: &Ui) -> Frame {
    let margin = Margin::symmetric(8, 4);
    Frame::side_top_panel(ui.style()).inner_margin(margin)
}

fn strip(room: f32, id: impl std::hash::Hash + std::fmt::Debug, height: f32, most: f32) -> Part {
    let most = most.max(LOWEST + 1.0);
    Part::new(
        At::Bottom,
        id,
        height.min(room * 0.4).clamp(LOWEST, most),
        LOWEST..=most,
    )
}

/// What was dropped on the window: scenarios by their ending, and everything else as a trace.
fn dropped_files(ui: &Ui) -> Vec<Command> {
    let paths: Vec<_> = ui.input(|input| {
        let files = input.raw.dropped_files.iter();
        files.map(|file| file.path().to_owned()).collect()
    });
    let command = |path: std::path::PathBuf| {
        if path.extension().is_some_and(|ending| ending == "toml") {
            Command::LoadScenario(path)
        } else {
            Command::Open(path)
        }
    };
    paths.into_iter().map(command).collect()
}

/// What is asked about a stall, and what there is to say.
fn what_if_scene<'a>(
    what_if: &'a WhatIf,
    documents: &'a Documents,
    live: Option<u32>,
) -> Option<panel::what_if::Scene<'a>> {
    let answer = what_if.answer.as_ref()?;
    let question = &answer.question;
    let place = |id| documents.all().iter().position(|one| one.id == id);
    let place_asked = place(question.document)?;
    let document = &documents.all()[place_asked];
    let made = answer.other.and_then(place).map(|place| {
        let run = documents.all()[place].run;
        (place, run.is_some() && run == live)
    });
    Some(panel::what_if::Scene {
        answer,
        asked: (place_asked, document),
        stall: stall_of(document, question.model, question.stall)?,
        made,
        slice: what_if.slice,
    })
}
