//! What is looked at closely: what it is, when it was, what caused it, and where that leads.

use std::cmp::Reverse;
use std::time::Duration;

use egui::{RichText, Ui};

use super::chain;
use super::links;
use super::stalled;
use super::walk;
use super::what_if;
use super::widgets::{field, fields, link, note, paragraph, remark, title};
use crate::analysis::{self, Happened, TaskSummary, plain_count, plain_duration};
use crate::gui::command::{Command, Selection};
use crate::gui::describe;
use crate::gui::document::Document;
use crate::gui::focus;
use crate::gui::navigate;
use crate::gui::text::moment;
use crate::gui::texts::{self, counted, english, fill, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::store::{LaneRef, ModelTrack, Span, SpanKind, SpanRef, TraceStore};
use crate::trace::{ModelId, Sighting, TaskId, ThreadId, TimeRange};

/// How many callbacks of a stall are listed.
const EVIDENCE: usize = 6;

/// Shows the inspector.
pub fn show(
    ui: &mut Ui,
    document: &Document,
    what_if: Option<&what_if::Scene<'_>>,
    commands: &mut Vec<Command>,
) {
    let room = ui.available_rect_before_wrap();
    walk::anchor(ui.ctx(), walk::Anchor::Inspector, room);
    egui::ScrollArea::vertical()
        .id_salt("inspector")
        .min_scrolled_height(0.0)
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.add_space(STEP);
            let look = Look {
                store: &document.store,
                document,
                what_if,
            };
            let shown = match document.selection {
                Some(Selection::Span(span)) => look.span(ui, span, commands),
                Some(Selection::Stall(model, index)) => look.stall(ui, model, index, commands),
                Some(Selection::Instant(model, thread, index)) => {
                    look.instant(ui, model, thread, index, commands)
                }
                None => None,
            };
            if shown.is_none() {
                look.trace(ui);
                if let Some(what_if) = what_if.filter(|one| one.is_about_run(document)) {
                    what_if::show_made(ui, what_if, commands);
                }
                look.cost(ui);
            }
            focus::follow(ui);
        });
}

/// Looks at one thing. Each way of looking shows nothing where the trace does not have the thing.
struct Look<'a> {
    store: &'a TraceStore,
    document: &'a Document,
    what_if: Option<&'a what_if::Scene<'a>>,
}

impl Look<'_> {
    fn span(&self, ui: &mut Ui, at: SpanRef, commands: &mut Vec<Command>) -> Option<()> {
        let span = self.store.span(at)?;
        let model = self.store.model(at.model)?;
        let color = Palette::of(ui.visuals()).span(span.kind);
        heading(ui, color, &describe::span(self.store, &span));
        remark(ui, describe::explained(span.kind));
        links::steps(ui, commands);
        fields(ui, "span fields", |ui| {
            self.when(ui, span.range(self.document.now), span.is_open());
            field(
                ui,
                tr("model"),
                texts::variant(self.store.model_name(model)),
            );
            field(ui, tr("on"), describe::lane(self.store, model, at.lane));
            self.task_link(ui, model, at, &span, commands);
            links::cause(ui, self.store, model, at, commands);
            links::sent(ui, self.store, at);
            links::woken_for(ui, self.store, model, at, commands);
            self.parents(ui, at, commands);
            if self.was_ready_before(model, at, &span) {
                field(
                    ui,
                    tr("ready"),
                    tr("at this moment or before: it was so at the first look"),
                );
            }
            if span.failed {
                let failed = Palette::of(ui.visuals()).failed;
                field(
                    ui,
                    tr("ended in"),
                    RichText::new(tr("a failure")).color(failed),
                );
            }
        });
        links::followed(ui, self.store, Happened::Span(at), commands);
        if let LaneRef::Task(task) = at.lane {
            self.task(ui, model, task);
        }
        self.chain(ui, commands);
        Some(())
    }

    /// Whether a task was found ready when a watchdog looked for the first time.
    fn was_ready_before(&self, model: &ModelTrack, at: SpanRef, span: &Span) -> bool {
        let LaneRef::Task(task) = at.lane else {
            return false;
        };
        let then = TimeRange::new(span.begin, span.begin + Duration::from_nanos(1));
        let arrivals = model.arrivals.within(then).iter();
        span.kind == SpanKind::Ready
            && arrivals
                .filter(|one| one.task == Some(task))
                .any(|one| one.sighting == Sighting::AtFirstLook)
    }

    /// When it was and how long it took.
    fn when(&self, ui: &mut Ui, range: TimeRange, lasts: bool) {
        let length = plain_duration(range.duration());
        let length = if lasts {
            fill(tr("{length} so far"), &[("length", &length)])
        } else {
            length
        };
        field(ui, tr("lasts"), RichText::new(length).strong());
        field(ui, tr("from"), moment(range.begin));
        if !lasts {
            field(ui, tr("to"), moment(range.end));
        }
    }

    /// From a span of a thread to the state of its task then.
    fn task_link(
        &self,
        ui: &mut Ui,
        model: &ModelTrack,
        at: SpanRef,
        span: &Span,
        commands: &mut Vec<Command>,
    ) {
        let (Some(task), LaneRef::Thread(_)) = (span.task, at.lane) else {
            return;
        };
        row(ui, tr("task"), |ui| {
            let lane = LaneRef::Task(task);
            let index = model
                .task(task)
                .and_then(|task| task.lane.at(0, span.begin));
            let name = describe::task(self.store, model, task);
            let Some(index) = index else {
                ui.label(name);
                return;
            };
            if link(ui, name)
                .on_hover_text(tr("Its lane, at that moment"))
                .clicked()
            {
                let depth = 0;
                commands.push(Command::Reveal(Selection::Span(SpanRef {
                    lane,
                    depth,
                    index,
                    ..at
                })));
            }
        });
    }

    fn parents(&self, ui: &mut Ui, at: SpanRef, commands: &mut Vec<Command>) {
        for (place, parent) in navigate::parents(self.store, at).enumerate() {
            let Some(span) = self.store.span(parent) else {
                continue;
            };
            row(ui, if place == 0 { tr("inside") } else { "" }, |ui| {
                let length = plain_duration(span.range(self.document.now).duration());
                let text = format!("{} · {length}", describe::span(self.store, &span));
                if link(ui, text).clicked() {
                    commands.push(Command::Reveal(Selection::Span(parent)));
                }
            });
        }
    }

    /// How a task fared as a whole.
    fn task(&self, ui: &mut Ui, model: &ModelTrack, id: TaskId) {
        let now = self.document.now;
        let Some(task) = analysis::task_summary(self.store, model, id, now) else {
            return;
        };
        title(ui, &fill(tr("Task {name}"), &[("name", &task.name)]));
        let live = self.document.run.is_some();
        fields(ui, "task fields", |ui| task_fields(ui, &task, live));
    }

    fn stall(
        &self,
        ui: &mut Ui,
        id: ModelId,
        index: usize,
        commands: &mut Vec<Command>,
    ) -> Option<()> {
        let model = self.store.model(id)?;
        let mut stalls = self.document.stalls.iter();
        let stall = stalls.find(|stall| (stall.model, stall.index) == (id, index))?;
        let color = Palette::of(ui.visuals()).stalled;
        let length = plain_duration(stall.range.duration());
        let so_far = if stall.lasts { tr(" so far") } else { "" };
        heading(
            ui,
            color,
            &fill(
                tr("Stall of {length}{so_far}"),
                &[("length", &length), ("so_far", &so_far)],
            ),
        );
        let sentence = texts::say(&stall.sentence());
        let sentence = fill(tr("{sentence}."), &[("sentence", &sentence)]);
        paragraph(ui, sentence);
        fields(ui, "stall", |ui| {
            self.when(ui, stall.range, stall.lasts);
            field(
                ui,
                tr("model"),
                texts::variant(self.store.model_name(model)),
            );
            field(
                ui,
                tr("on"),
                describe::lane(self.store, model, LaneRef::Thread(stall.thread)),
            );
            if let Some(task) = &stall.task_name {
                field(ui, tr("task"), task.as_str());
            }
        });
        stalled::evidence(ui, stall);
        stalled::victims(ui, self.store, stall, commands);
        if let Some(what_if) = self.what_if {
            what_if::show(ui, what_if, commands);
        }
        title(ui, tr("What ran in it"));
        let (spans, count) = self.evidence(model, stall.thread, stall.range);
        for (at, span) in &spans {
            let length = plain_duration(span.range(self.document.now).duration());
            let name = describe::span_of_task(self.store, model, span);
            let text = format!("{name} · {length}");
            if link(ui, text).on_hover_text(tr("Go to it")).clicked() {
                commands.push(Command::Reveal(Selection::Span(*at)));
            }
        }
        if let Some(more) = count.checked_sub(EVIDENCE + 1) {
            let more = plain_count(more as u64 + 1);
            let said = fill(tr("and {count} more, shorter ones"), &[("count", &more)]);
            note(ui, said);
        }
        Some(())
    }

    /// The chain of the Deferred that is looked at, if one is.
    fn chain(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if let Some(chain) = self.document.chain() {
            chain::show(ui, self.store, chain, commands);
        }
    }

    /// Callbacks and calls that block during a stretch of a thread: the longest of them, and how many there are.
    fn evidence(
        &self,
        model: &ModelTrack,
        thread: ThreadId,
        range: TimeRange,
    ) -> (Vec<(SpanRef, Span)>, usize) {
        let Some(track) = model.thread(thread) else {
            return (Vec::new(), 0);
        };
        let mut found = Vec::new();
        for (depth, row) in track.lane.rows().iter().enumerate() {
            let spans = row.spans();
            let first = row.first_after(range.begin);
            let inside = spans
                .range(first..)
                .iter()
                .take_while(|span| span.begin < range.end);
            found.extend(inside.enumerate().filter_map(|(place, span)| {
                let shown = matches!(span.kind, SpanKind::Callback(_) | SpanKind::Blocking);
                let at = SpanRef {
                    model: model.id,
                    lane: LaneRef::Thread(thread),
                    depth,
                    index: first + place,
                };
                shown.then_some((at, span))
            }));
        }
        let count = found.len();
        // Of a crowd there are thousands, in every frame: those that nobody sees are not put in order.
        let key = |&(at, span): &(SpanRef, Span)| {
            let length = Reverse(span.end.since(span.begin));
            (length, at.depth, at.index)
        };
        if count > EVIDENCE {
            found.select_nth_unstable_by_key(EVIDENCE, key);
            found.truncate(EVIDENCE);
        }
        found.sort_unstable_by_key(key);
        (found, count)
    }

    fn instant(
        &self,
        ui: &mut Ui,
        id: ModelId,
        thread: ThreadId,
        index: usize,
        commands: &mut Vec<Command>,
    ) -> Option<()> {
        let model = self.store.model(id)?;
        let track = model.thread(thread)?;
        let event = track.instants().get(index)?;
        let color = Palette::of(ui.visuals()).ready;
        heading(ui, color, &describe::event(self.store, model, &event.kind));
        links::steps(ui, commands);
        fields(ui, "instant", |ui| {
            field(ui, tr("at"), moment(event.at));
            field(
                ui,
                tr("model"),
                texts::variant(self.store.model_name(model)),
            );
            field(
                ui,
                tr("on"),
                describe::lane(self.store, model, LaneRef::Thread(thread)),
            );
            let innermost = (0..track.lane.depths())
                .rev()
                .find_map(|depth| Some((depth, track.lane.at(depth, event.at)?)));
            let Some((depth, index)) = innermost else {
                return;
            };
            let Some(span) = track.lane.span(depth, index) else {
                return;
            };
            row(ui, tr("during"), |ui| {
                if link(ui, describe::span(self.store, &span)).clicked() {
                    commands.push(Command::Reveal(Selection::Span(SpanRef {
                        model: id,
                        lane: LaneRef::Thread(thread),
                        depth,
                        index,
                    })));
                }
            });
        });
        let from = Happened::Instant(id, thread, index);
        links::followed(ui, self.store, from, commands);
        self.chain(ui, commands);
        Some(())
    }

    /// Nothing is selected: the trace as a whole.
    fn trace(&self, ui: &mut Ui) {
        remark(
            ui,
            tr("Click a bar in the timeline to see what it is and what caused it."),
        );
        ui.add_space(STEP);
        let document = self.document;
        fields(ui, "trace fields", |ui| {
            field(ui, tr("trace"), document.title.as_str());
            field(ui, tr("scenario"), document.info.scenario.as_str());
            let length = Duration::from_nanos(document.range().nanos());
            field(ui, tr("lasts"), plain_duration(length));
            field(ui, tr("events"), plain_count(self.store.events()));
            match &document.file {
                None => field(ui, tr("file"), RichText::new(tr("not exported")).weak()),
                Some(path) => field(ui, tr("file"), path.display().to_string()),
            };
        });
    }

    /// What recording and watching took.
    fn cost(&self, ui: &mut Ui) {
        title(ui, tr("What it costs to see this"));
        for model in self.store.models() {
            let name = texts::variant(self.store.model_name(model));
            let cost = texts::say_all(&analysis::cost_of_seeing(model));
            remark(
                ui,
                fill(
                    tr("{name}: {message}"),
                    &[("name", &name), ("message", &cost)],
                ),
            );
        }
    }
}

fn heading(ui: &mut Ui, color: egui::Color32, text: &str) {
    ui.horizontal_top(|ui| {
        let (mark, _) =
            ui.allocate_exact_size(egui::vec2(4.0, theme::HEADING + STEP), egui::Sense::hover());
        ui.painter().rect_filled(mark, 1.0, color);
        let text = RichText::new(text).font(theme::heading()).strong();
        ui.add(egui::Label::new(text).wrap());
    });
}

/// A line of a grid of fields whose value is not just text.
pub(super) fn row(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    ui.label(RichText::new(name).font(theme::small()).weak());
    ui.scope(add);
    ui.end_row();
}

fn task_fields(ui: &mut Ui, task: &TaskSummary, live: bool) {
    field(ui, tr("state"), describe::outcome(task.outcome, live));
    if let Some(error) = &task.error {
        let failed = Palette::of(ui.visuals()).failed;
        field(
            ui,
            tr("error"),
            RichText::new(texts::failure(error)).color(failed),
        );
    }
    field(
        ui,
        tr("read"),
        counted(
            task.bytes,
            english("{count} byte"),
            english("{count} bytes"),
        ),
    );
    for (name, spent) in [
        (tr("queued"), task.queued),
        (tr("waiting"), task.waiting),
        (tr("ready"), task.ready),
        (tr("running"), task.running),
    ] {
        if !spent.is_zero() {
            field(ui, name, plain_duration(spent));
        }
    }
}
