//! Two traces compared: which two, how they lie on the screen, and which of their moments lie below each other.
//!
//! One of them is the trace that is shown, just as if it were alone: keys, menus, the inspector and all lists are about
//! it, and a hand that does something on the timeline of the other takes up that one. Their views are linked: whichever
//! was moved, the other one shows the same stretch of time by its own clock. So are their playheads: each stands at the
//! same moment, and the state of each loop is told at it. While a third trace is shown, the two wait.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::app::{App, look};
use super::command::{Command, Side, ViewCommand};
use super::document::Document;
use super::panel::files::Purpose;
use super::playback::Playback;
use super::time_view::Extent;
use super::timeline::Top;
use crate::gui::text;
use crate::gui::texts::{english, fill, tr, variant};
use crate::trace::Timestamp;

/// What a person does with two traces.
#[derive(Clone, Debug, PartialEq)]
pub enum BesideCommand {
    /// Ask with which trace the one that is shown is to be compared.
    Ask,
    /// Compare the trace that is shown with the one in this file.
    WithFile(PathBuf),
    /// Compare the trace that is shown with the open one with this id.
    With(u32),
    /// Compare the open traces with these ids: A and B.
    Compare([u32; 2]),
    /// Lay them so.
    Split(Split),
    /// Align them so.
    Align(Alignment),
    /// Scroll the lanes of both to the model of this name.
    ShowModel(String),
    /// A becomes B, and B becomes A.
    Swap,
    /// Show one trace again.
    Stop,
    /// Do this to that one of them which has this id.
    In(u32, Box<Command>),
}

/// How the timelines of two traces lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Split {
    /// One below the other.
    #[default]
    Below,
    /// Side by side.
    Aside,
}

impl Split {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Below, Self::Aside];

    /// What it is called, in English.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Below => english("One below the other"),
            Self::Aside => english("Side by side"),
        }
    }

    /// What it is good for, in English.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Below => english("Lay the two timelines one below the other"),
            Self::Aside => english("Lay the two timelines side by side"),
        }
    }
}

/// Which moments of two traces lie below each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Alignment {
    /// Those at which their first models began.
    #[default]
    Beginnings,
    /// Those at which the models of this name began.
    Model(String),
    /// These: one of A, one of B.
    Moments([Timestamp; 2]),
}

impl Alignment {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Beginnings => tr("the beginnings").to_owned(),
            Self::Model(name) => fill(tr("the beginning of {name}"), &[("name", &variant(name))]),
            Self::Moments([a, b]) => fill(
                tr("{a} of A, {b} of B"),
                &[("a", &text::moment(*a)), ("b", &text::moment(*b))],
            ),
        }
    }

    /// By how many nanoseconds the clock of B shows more than that of A.
    fn offset(&self, documents: [&Document; 2]) -> f64 {
        let [a, b] = match self {
            Self::Beginnings => documents.map(|one| beginning(one, None)),
            Self::Model(name) => documents.map(|one| beginning(one, Some(name))),
            Self::Moments(moments) => *moments,
        };
        b.0 as f64 - a.0 as f64
    }

    /// The same where A and B are the other way round.
    fn swapped(self) -> Self {
        match self {
            Self::Moments([a, b]) => Self::Moments([b, a]),
            same => same,
        }
    }
}

/// When the model of this name began; that which began first, where there is none.
fn beginning(document: &Document, name: Option<&String>) -> Timestamp {
    let store = &document.store;
    let begun = |model: &crate::store::ModelTrack| model.range(document.now).begin;
    let models = || store.models().iter();
    let named = models().find(|model| name.is_some_and(|name| store.model_name(model) == name));
    let first = || models().map(begun).min().unwrap_or_default();
    named.map_or_else(first, begun)
}

/// The moment of a trace that a person means: where what is chosen or selected begins, or else the first mark.
fn meant(document: &Document) -> Option<Timestamp> {
    let selected = document.selected_range().map(|range| range.begin);
    let marked = || document.marks.all().first().map(|mark| mark.at);
    selected.or_else(marked)
}

/// Two traces that are compared, by their ids: A and B.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    ids: [u32; 2],
    alignment: Alignment,
    /// By how many nanoseconds the clock of B shows more than that of A.
    offset: f64,
    /// Where the view of each began and how long it was when they last showed the same.
    linked: Option<[(f64, f64); 2]>,
    /// What the playhead of each was when they last stood at the same moment.
    playheads: [Playback; 2],
}

/// Which of the two has moved since they were the same: the one in hand counts more. `None` where none has.
fn leader<T: PartialEq>(linked: &[T; 2], now: &[T; 2], in_hand: usize) -> Option<usize> {
    [in_hand, 1 - in_hand]
        .into_iter()
        .find(|&place| linked[place] != now[place])
}

/// Two traces that are compared, for whoever looks at them.
#[derive(Clone, Copy)]
pub struct Compared<'a> {
    /// A and B.
    pub documents: [&'a Document; 2],
    /// Where they are aligned.
    pub alignment: &'a Alignment,
    /// By how many nanoseconds the clock of B shows more than that of A.
    pub offset: f64,
}

impl Compared<'_> {
    /// The moments of both that a person means, where there are such.
    pub fn meant(&self) -> Option<Alignment> {
        let [a, b] = self.documents.map(meant);
        Some(Alignment::Moments([a?, b?]))
    }
}

impl App {
    /// The two that are compared, where one of them is shown.
    pub fn compared(&self) -> Option<Compared<'_>> {
        let pair = self.pair.as_ref()?;
        let shown = self.documents.shown()?.id;
        let [a, b] = pair.ids.map(|id| self.documents.by_id(id));
        pair.ids.contains(&shown).then_some(Compared {
            documents: [a?, b?],
            alignment: &pair.alignment,
            offset: pair.offset,
        })
    }

    pub(super) fn beside(&mut self, command: BesideCommand) {
        let shown = self.documents.shown().map(|document| document.id);
        match command {
            BesideCommand::Ask => self.ask_for_path(Purpose::Compare),
            BesideCommand::WithFile(path) => self.open_beside(path, shown),
            BesideCommand::With(id) => {
                if let Some(shown) = shown {
                    self.compare([shown, id]);
                }
            }
            BesideCommand::Compare(ids) => self.compare(ids),
            BesideCommand::Split(split) => self.settings.split = split,
            BesideCommand::Align(alignment) => {
                if let Some(pair) = &mut self.pair {
                    pair.alignment = alignment;
                }
            }
            BesideCommand::ShowModel(model) => {
                for pane in &mut self.panes {
                    let (model, below) = (model.clone(), 0.0);
                    pane.bring(Top { model, below });
                }
            }
            BesideCommand::Swap => {
                if let Some(pair) = self.pair.take() {
                    let [a, b] = pair.ids;
                    self.pair = Some(Pair {
                        ids: [b, a],
                        alignment: pair.alignment.swapped(),
                        ..Pair::default()
                    });
                    self.panes.swap(0, 1);
                }
            }
            BesideCommand::Stop => self.stop_comparing(),
            BesideCommand::In(id, command) => self.apply_in(id, *command),
        }
    }

    /// Compares two open traces, aligned at their beginnings. One of them is shown then: A, if it was neither.
    pub(super) fn compare(&mut self, ids: [u32; 2]) {
        self.close_dialog(Purpose::Compare);
        let [a, b] = ids;
        if a == b || ids.iter().any(|id| self.documents.by_id(*id).is_none()) {
            return;
        }
        self.stop_comparing();
        self.pair = Some(Pair {
            ids,
            ..Pair::default()
        });
        self.settings.show(Side::Comparison, true);
        if self.compared().is_none() {
            self.documents.show_id(a);
        }
        self.link_views();
        self.on_shown(|document| document.look(ViewCommand::Fit));
        self.link_views();
    }

    fn stop_comparing(&mut self) {
        let ids = self.pair.take().map_or([0; 2], |pair| pair.ids);
        for id in ids {
            if let Some(document) = self.documents.by_id_mut(id) {
                document.beyond = None;
                document.view.advance(document.extent());
                let (view, end) = (&document.view, document.range().end.0 as f64);
                if view.end() <= 0.0 || view.begin() >= end {
                    document.look(ViewCommand::Fit);
                }
            }
        }
    }

    /// What a hand did on the timeline of one of the two is about that one, which it takes up by it; to move about in time
    /// and to arrange the window it need not.
    fn apply_in(&mut self, id: u32, command: Command) {
        match command {
            Command::View(view) => {
                if let Some(document) = self.documents.by_id_mut(id) {
                    look(document, view);
                }
            }
            Command::SetPanel(..) | Command::SetPlot(..) => self.apply(command),
            _ => {
                self.documents.show_id(id);
                self.apply(command);
            }
        }
    }

    /// Looks at how the loops fared of that one of the two which is not shown. Whether that was all.
    pub(super) fn look_at_the_other(&mut self) -> bool {
        let shown = self.documents.shown().map(|document| document.id);
        let ids = self.pair.as_ref().map_or([0; 2], |pair| pair.ids);
        let other = ids.into_iter().find(|id| Some(*id) != shown);
        let other = other.and_then(|id| self.documents.by_id_mut(id));
        other.is_none_or(Document::look_at_loops)
    }

    /// Lets both views show the same stretch of time, whichever of them was moved, and lets each reach as far as there is
    /// something to see of the other.
    pub(super) fn link_views(&mut self) {
        let Some(mut pair) = self.pair.take() else {
            return;
        };
        let [Some(a), Some(b)] = pair.ids.map(|id| self.documents.by_id(id)) else {
            // One had to make room, or was given up while it was opened.
            self.pair = Some(pair);
            self.stop_comparing();
            return;
        };
        let offset = pair.alignment.offset([a, b]);
        let reach = [a, b].map(|document| Extent::from(document.range()));
        let in_hand = usize::from(
            self.documents
                .shown()
                .is_some_and(|it| it.id == pair.ids[1]),
        );
        let now = [a, b].map(seen);
        let moved = pair
            .linked
            .and_then(|linked| leader(&linked, &now, in_hand));
        let playheads = [a.playback, b.playback];
        let beyond = [reach[1].shifted(-offset), reach[0].shifted(offset)];
        for (id, beyond) in pair.ids.into_iter().zip(beyond) {
            if let Some(document) = self.documents.by_id_mut(id) {
                document.beyond = Some(beyond);
            }
        }
        let leader = moved.unwrap_or(in_hand);
        let view = self.documents.by_id_mut(pair.ids[leader]).map(|document| {
            document.view.advance(document.extent());
            document.view.clone()
        });
        let other = self.documents.by_id_mut(pair.ids[1 - leader]);
        if let Some((view, other)) = view.zip(other) {
            let by = if leader == 0 { offset } else { -offset };
            other.view = view.shifted(by);
            let mut linked = [(view.begin(), view.length()); 2];
            linked[1 - leader] = seen(other);
            pair.linked = Some(linked);
        }
        pair.offset = offset;
        self.link_playheads(&mut pair, playheads, in_hand);
        self.pair = Some(pair);
    }

    /// Lets both playheads stand at the same moment and move alike, whichever of them was put there.
    fn link_playheads(&mut self, pair: &mut Pair, now: [Playback; 2], in_hand: usize) {
        let moved = leader(&pair.playheads, &now, in_hand);
        // The one in hand may be nowhere only because its trace had not begun.
        let leads = moved.unwrap_or(match now[in_hand].at() {
            Some(_) => in_hand,
            None => 1 - in_hand,
        });
        let by = if leads == 0 {
            pair.offset
        } else {
            -pair.offset
        };
        pair.playheads = now;
        pair.playheads[1 - leads] = now[leads].shifted(by);
        if let Some(other) = self.documents.by_id_mut(pair.ids[1 - leads]) {
            other.playback = pair.playheads[1 - leads];
        }
    }
}

fn seen(document: &Document) -> (f64, f64) {
    (document.view.begin(), document.view.length())
}
