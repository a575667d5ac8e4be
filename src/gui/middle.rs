//! The middle of the window: the timeline, the overview above it and the plots below it on its axis; where two traces
//! are compared, all of that for each of them.

use egui::{CentralPanel, Frame, Rect, Ui};

use super::action::State;
use super::app::App;
use super::beside::{BesideCommand, Compared, Split};
use super::command::{Command, ScrollTo, Side};
use super::document::Document;
use super::lanes::Lane;
use super::panel;
use super::panel::edge::{At, Part};
use super::plot::{Plots, strip};
use super::screen::bottom;
use super::theme::Palette;
use super::time_view::TimeView;
use super::timeline::minimap::{self, Minimap};
use super::timeline::{self, Legend, Timeline, Top};
use crate::gui::texts::english;

/// How high the pane of one of two traces must be to have an overview, in points.
const FOR_OVERVIEW: f32 = 300.0;
/// How much of a pane the lanes have before the plots have any of it, in points: with the ruler above them, the overview and
/// the legend.
const FOR_LANES: f32 = 290.0;
/// How much the pane of one of two traces has for them: there are two such, and a heading above each.
const FOR_LANES_OF_TWO: f32 = 340.0;

/// What part of a pane's height the plots have, where that is more than they need.
const PLOTS: f32 = 0.13;

/// What the timeline of a trace, and what stands on its axis, remember from frame to frame.
#[derive(Default)]
pub(super) struct Pane {
    pub(super) timeline: Timeline,
    minimap: Minimap,
    pub(super) plots: Plots,
    /// Where time ran on the screen in the last frame.
    lanes: Option<Rect>,
    /// What stood at the top of its lanes when that was last looked at.
    top: Option<Top>,
    /// Whether it is about to go along with the other pane.
    goes_along: bool,
}

impl Pane {
    /// Where time ran on the screen in the last frame.
    pub(super) const fn room(&self) -> Option<Rect> {
        self.lanes
    }

    /// The moment under the pointer, where it is on this pane.
    fn pointed(&self, ui: &Ui, view: &TimeView) -> Option<f64> {
        moment_under_pointer(ui, self.lanes?, view)
    }

    /// What stands at the top of its lanes since a hand has scrolled them, if one has since this was asked last.
    fn scrolled(&mut self) -> Option<Top> {
        let before = std::mem::replace(&mut self.top, self.timeline.top().cloned());
        let went_along = std::mem::take(&mut self.goes_along);
        let by_hand = !went_along && before.is_some() && before != self.top;
        self.top.clone().filter(|_| by_hand)
    }

    /// Brings this to the top of the lanes, without that the other pane is to go along with it.
    pub(super) fn bring(&mut self, top: Top) {
        self.goes_along = true;
        self.timeline.bring(top);
    }
}

/// What a pane is given to show.
struct Seen<'a> {
    document: &'a Document,
    /// The moment of it that corresponds to the one under the pointer, where that is on another pane, in nanoseconds.
    elsewhere: Option<f64>,
    /// How much there is room for: as many points in height as both have of two, before an edge is pulled.
    height: f32,
    /// Whether it is the only one.
    alone: bool,
    /// Where the key to patterns and shapes is.
    legend: Legend,
}

impl App {
    /// The pane of the trace that is shown, and the moment of that trace under the pointer, on whichever pane it is.
    pub(super) fn hand(&self) -> (&Pane, Option<f64>) {
        let [first, second] = &self.panes;
        let Some(compared) = self.compared() else {
            return (first, first.timeline.pointed());
        };
        let [_, b] = compared.documents;
        let is_b = self.documents.shown().is_some_and(|shown| shown.id == b.id);
        let (in_a, in_b) = (first.timeline.pointed(), second.timeline.pointed());
        match is_b {
            true => (second, in_b.or(in_a.map(|at| at + compared.offset))),
            false => (first, in_a.or(in_b.map(|at| at - compared.offset))),
        }
    }

    /// Scrolls the lanes of the trace that is shown; those of the one that it is compared with go along.
    pub(super) fn scroll(&mut self, to: ScrollTo) {
        let shown = self.documents.shown().map(|document| document.id);
        let compared = self.compared().map(|it| it.documents[1].id);
        let place = usize::from(compared.is_some() && compared == shown);
        let model = match to {
            ScrollTo::Pages(pages) => {
                self.panes[place].timeline.turn_pages(pages);
                return;
            }
            ScrollTo::Model(model) => Some(model),
            ScrollTo::NextModel(down) => {
                let top = self.panes[place].timeline.top();
                top.and_then(|top| self.model_beside(top, down))
            }
        };
        if let Some(model) = model {
            let top = Top { model, below: 0.0 };
            self.panes[place].timeline.bring(top);
        }
    }

    /// The model that comes to the top when the hand goes on from the one that is there.
    fn model_beside(&self, top: &Top, down: bool) -> Option<String> {
        let document = self.documents.shown()?;
        let lanes = self.lanes.of(&document.info.scenario);
        let models = lanes.models(&document.store).into_iter();
        let names = models.map(|model| document.store.model_name(model));
        let names: Vec<_> = names
            .filter(|name| !lanes.is_hidden(&Lane::group(name)))
            .collect();
        let place = names.iter().position(|name| *name == top.model)?;
        let place = match (down, top.below > 1.0) {
            (true, _) => place + 1,
            (false, true) => place,
            (false, false) => place.checked_sub(1)?,
        };
        names.get(place).map(|name| (*name).to_owned())
    }

    /// The timeline, and what stands on its axis.
    pub(super) fn middle(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let frame = Frame::new().fill(Palette::of(ui.visuals()).background);
        let Some(document) = self.documents.shown() else {
            CentralPanel::default().frame(frame).show(ui, |ui| {
                panel::welcome::show(ui, &self.controls, commands);
            });
            return;
        };
        if self.search.is_open() {
            if self.search.go_on(document) {
                ui.ctx().request_repaint();
            }
            panel::search::show(ui, &mut self.search, document.id, commands);
        }
        // They have a frame's state of their own while the rest of the app is looked at.
        let mut panes = std::mem::take(&mut self.panes);
        match self.compared() {
            Some(compared) => self.two(ui, &compared, &mut panes, commands),
            None => {
                let seen = Seen {
                    document,
                    elsewhere: None,
                    height: ui.available_height(),
                    alone: true,
                    legend: self.legend(),
                };
                self.pane(ui, &mut panes[0], &seen, commands);
            }
        }
        self.panes = panes;
    }

    /// Two traces, between which an edge can be pulled.
    fn two(
        &self,
        ui: &mut Ui,
        compared: &Compared<'_>,
        [first, second]: &mut [Pane; 2],
        commands: &mut Vec<Command>,
    ) {
        let frame = Frame::new().fill(Palette::of(ui.visuals()).background);
        let ([a, b], offset) = (compared.documents, compared.offset);
        let in_a = first.pointed(ui, &a.view);
        let in_b = second.pointed(ui, &b.view);
        let elsewhere = [in_b.map(|at| at - offset), in_a.map(|at| at + offset)];
        let height = match self.settings.split {
            Split::Below => ui.available_height() / 2.0,
            Split::Aside => ui.available_height(),
        };
        let seen = |place: usize| Seen {
            document: compared.documents[place],
            elsewhere: elsewhere[place],
            height,
            alone: false,
            // Once is enough where one lies below the other.
            legend: match (place, self.settings.split) {
                (0, Split::Below) => Legend::Elsewhere,
                _ => self.legend(),
            },
        };
        let room = match self.settings.split {
            Split::Below => ui.available_height(),
            Split::Aside => ui.available_width(),
        };
        // Where there is much more or less room than when the hand pulled the edge, each has half of it again.
        let id = (self.settings.split, (room / 48.0) as u32);
        let at = match self.settings.split {
            Split::Below => At::Top,
            Split::Aside => At::Left,
        };
        let part = Part::new(at, id, room / 2.0, room * 0.25..=room * 0.75);
        let part = part.called(english("Trace A")).frame(frame);
        part.show(ui, |ui| {
            self.one_of_two(ui, first, &seen(0), "A", commands);
        });
        // Whichever is scrolled, the other goes along.
        if let Some(top) = first.scrolled() {
            second.bring(top);
        }
        CentralPanel::default().frame(frame).show(ui, |ui| {
            self.one_of_two(ui, second, &seen(1), "B", commands);
        });
        if let Some(top) = second.scrolled() {
            first.bring(top);
            ui.ctx().request_repaint();
        }
    }

    /// One of two traces, under its heading. What is done in it is about it.
    fn one_of_two(
        &self,
        ui: &mut Ui,
        pane: &mut Pane,
        seen: &Seen<'_>,
        letter: &str,
        commands: &mut Vec<Command>,
    ) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let id = seen.document.id;
        let in_hand = self.documents.shown().is_some_and(|shown| shown.id == id);
        let place = self.documents.all().iter().position(|one| one.id == id);
        if panel::beside::heading(ui, letter, seen.document, in_hand).clicked() {
            commands.extend(place.map(Command::ShowTrace));
        }
        let mut asked = Vec::new();
        self.pane(ui, pane, seen, &mut asked);
        commands.extend(asked.into_iter().map(|command| match command {
            Command::SetLegend(_) => command,
            command => Command::Beside(BesideCommand::In(id, Box::new(command))),
        }));
    }

    const fn legend(&self) -> Legend {
        match self.settings.legend {
            true => Legend::Below,
            false => Legend::Hidden,
        }
    }

    /// The timeline of a trace, the overview above it and the plots below it.
    fn pane(&self, ui: &mut Ui, pane: &mut Pane, seen: &Seen<'_>, commands: &mut Vec<Command>) {
        let frame = Frame::new().fill(Palette::of(ui.visuals()).background);
        let document = seen.document;
        let threshold = self.threshold_of(document);
        let room = ui.available_rect_before_wrap();
        let gutter = timeline::gutter_width(room.width());
        let overview = self.settings.shows(Side::Overview);
        let overview = overview && (seen.alone || seen.height >= FOR_OVERVIEW);
        let above = if overview { minimap::HEIGHT } else { 0.0 };
        let lanes = room.with_min_x(room.left() + gutter);
        let lanes = lanes.with_min_y(room.top() + above);
        pane.lanes = Some(lanes);
        let hover = moment_under_pointer(ui, lanes, &document.view).or(seen.elsewhere);
        let measures = &self.settings.measures;
        let height = strip::height(measures.count()).max(room.height() * PLOTS);
        let for_lanes = match seen.alone {
            true => FOR_LANES,
            false => FOR_LANES_OF_TWO,
        };
        let height = height.min(seen.height - for_lanes);
        let plots = self.settings.shows(Side::Plot);
        if plots && height >= strip::LEAST {
            // Each number of plots has the height that the hand gave it.
            bottom(ui, ("plots", measures.count()), height)
                .called(Side::Plot.word())
                .frame(frame)
                .show(ui, |ui| {
                    let scene = strip::Scene {
                        document,
                        measures,
                        gutter,
                        threshold,
                        hover,
                        grid: &timeline::grid(ui, &document.view, lanes.width()),
                    };
                    strip::show(ui, &scene, &mut pane.plots, commands);
                });
        } else if plots && seen.alone {
            egui::Panel::bottom("no room for plots")
                .frame(frame.inner_margin(egui::Margin::symmetric(12, 3)))
                .show(ui, strip::no_room);
        }
        CentralPanel::default().frame(frame).show(ui, |ui| {
            let arrangement = self.lanes.of(&document.info.scenario);
            let scene = timeline::Scene {
                store: &document.store,
                now: document.now,
                live: self.is_live(document),
                view: &document.view,
                lanes: arrangement,
                legend: seen.legend,
                hits: self.search.hits(document.id),
                reports: &document.stalls,
                marks: document.marks.all(),
                selection: document.selection,
                chosen: document.chosen,
                all_arrows: self.settings.all_arrows,
                playhead: document.playback.at(),
                hover,
                stall_threshold: threshold,
            };
            ui.spacing_mut().item_spacing.y = 0.0;
            if overview {
                pane.minimap.show(ui, &scene, commands);
            }
            let response = pane.timeline.show(ui, &scene, commands);
            let state = State {
                document: Some(document),
                lane: pane.timeline.aimed(),
                lanes: arrangement,
                pointed: pane.timeline.pointed(),
                ..self.state(ui)
            };
            response.context_menu(|ui| panel::menu::lane(ui, &state, commands));
        });
    }
}

/// The moment under the pointer, in nanoseconds, where it is on the lanes of the timeline or on the plots below them, which
/// lie at the same place across.
fn moment_under_pointer(ui: &Ui, lanes: Rect, view: &TimeView) -> Option<f64> {
    let pointer = ui.input(|input| input.pointer.latest_pos())?;
    let free = ui.ctx().layer_id_at(pointer) == Some(ui.layer_id());
    (free && lanes.contains(pointer)).then(|| view.at_x(pointer.x - lanes.left(), lanes.width()))
}
