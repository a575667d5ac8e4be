//! How often each queueing delay came among what was served in the view.

use std::time::Duration;

use egui::{Painter, Rect, RichText, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::curves::Look;
use super::{Key, Measure, Plots};
use crate::analysis::{Histogram, Quantiles, plain_duration};
use crate::gui::describe::coloured_models;
use crate::gui::document::Document;
use crate::gui::texts::{counted, english, fill, tr, variant};
use crate::gui::theme::{self, Palette, STEP};
use crate::store::ThreadTrack;

/// How many bars a power of ten has.
const BARS: u32 = 6;
/// The shortest delay that is told apart, as a power of ten of nanoseconds: 1 µs.
const SHORTEST: u32 = 3;
/// How high the bars of a model are, in points.
const HEIGHT: f32 = 84.0;

/// The bars of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bars {
    model: String,
    /// What tells the colour of the model.
    hue: usize,
    /// How many delays fell into each bar, from [`SHORTEST`] on.
    counts: Vec<u64>,
    quantiles: Quantiles,
}

impl Bars {
    fn new(model: String, hue: usize, histogram: &Histogram) -> Self {
        let mut counts = Vec::new();
        for (low, high, count) in histogram.buckets() {
            let middle = low as f64 + (high - low) as f64 / 2.0;
            let bar = position(middle).floor() as usize;
            if counts.len() <= bar {
                counts.resize(bar + 1, 0);
            }
            counts[bar] += count;
        }
        Self {
            model,
            hue,
            counts,
            quantiles: histogram.quantiles(),
        }
    }
}

#[cfg(test)]
impl Bars {
    /// How many delays the bars stand for.
    pub(super) fn served(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Where a delay lies on the axis, in bars: orders of magnitude are equally long.
fn position(nanos: f64) -> f64 {
    let order = nanos.max(1.0).log10() - f64::from(SHORTEST);
    order.max(0.0) * f64::from(BARS)
}

/// The bars of all models that have a loop, for what was served in the view.
fn bars(document: &Document, look: Look) -> Vec<Bars> {
    let store = &document.store;
    let loops = coloured_models(store).filter_map(|(hue, model)| {
        let waits = document.waits.get(&model.id)?;
        let histogram = waits.histogram(look.view);
        let has_loop = model.threads.iter().any(ThreadTrack::runs_loop);
        let name = variant(store.model_name(model)).to_owned();
        has_loop.then(|| Bars::new(name, hue, &histogram))
    });
    loops.collect()
}

impl Plots {
    /// The bars of the view; computed only where they are not known.
    pub(super) fn bars(&mut self, document: &Document) -> &[Bars] {
        let look = Look {
            view: document.view.range(),
            screen: [0.0; 2],
            nanos_per_pixel: 0.0,
            // What waits still is in no bar: that time goes on changes nothing.
            now: crate::trace::Timestamp::ZERO,
        };
        let key = Key::new(document, Measure::QueueingDelay, look);
        if self
            .histograms
            .as_ref()
            .is_none_or(|(known, _)| *known != key)
        {
            #[cfg(test)]
            {
                self.computed += 1;
            }
            self.histograms = Some((key, bars(document, look)));
        }
        self.histograms.as_ref().map_or(&[], |(_, bars)| bars)
    }
}

/// Shows the histograms of the shown trace.
pub fn show(ui: &mut Ui, document: &Document, plots: &mut Plots) {
    let bars = plots.bars(document);
    ScrollArea::vertical()
        .id_salt("delays")
        .min_scrolled_height(0.0)
        .auto_shrink(false)
        .show(ui, |ui| {
            let note = |ui: &mut Ui, text: &str| {
                let text = RichText::new(text).font(theme::small()).weak();
                let text = text.line_height(Some(theme::SMALL_LINE));
                ui.add(egui::Label::new(text).wrap());
            };
            note(
                ui,
                tr("How long what was served in view had waited for the loop, from ready to served"),
            );
            if bars.is_empty() {
                note(ui, tr("No model of this trace runs a loop."));
            }
            let longest = bars.iter().map(|bars| bars.counts.len()).max();
            // The same axis for all, so that the eye compares them; whole orders of magnitude.
            let across = longest.unwrap_or_default().div_ceil(BARS as usize).max(3) * BARS as usize;
            for bars in bars {
                ui.add_space(2.0 * STEP);
                model(ui, bars, across);
            }
        });
}

fn model(ui: &mut Ui, bars: &Bars, across: usize) {
    let palette = Palette::of(ui.visuals());
    let color = palette.model(bars.hue);
    ui.horizontal(|ui| {
        let (mark, _) = ui.allocate_exact_size(vec2(8.0, theme::BODY), Sense::hover());
        let mark = Rect::from_center_size(mark.center(), vec2(8.0, 8.0));
        ui.painter().rect_filled(mark, 1.0, color);
        ui.label(RichText::new(&bars.model).strong());
        let served = counted(
            bars.quantiles.count,
            english("{count} served"),
            english("{count} served"),
        );
        ui.label(RichText::new(served).font(theme::small()).weak());
    });
    if bars.quantiles.count == 0 {
        return;
    }
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let name = fill(
        tr("Histogram of queueing delay, {model}: {quantiles}"),
        &[
            ("model", &bars.model),
            ("quantiles", &summary(&bars.quantiles)),
        ],
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, name.as_str()));
    draw(ui, bars, rect.with_max_x(rect.right() - 2.0 * STEP), across);
    numbers(ui, &bars.quantiles);
}

/// The bars, the marks of the quantiles above them, and the orders of magnitude below.
fn draw(ui: &Ui, bars: &Bars, rect: Rect, across: usize) {
    let palette = Palette::of(ui.visuals());
    let painter = ui.painter();
    let field = Rect::from_min_max(rect.min + vec2(0.0, 18.0), rect.max - vec2(0.0, 16.0));
    let width = field.width() / across as f32;
    let x = |bars: f64| field.left() + bars as f32 * width;
    orders(painter, palette, field, across / BARS as usize);
    let most = bars.counts.iter().copied().max().unwrap_or(1).max(1);
    for (place, count) in bars
        .counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        // The root keeps the few that waited long in sight beside the many that did not.
        let share = (*count as f32 / most as f32).sqrt();
        let top = field.bottom() - (field.height() * share).max(2.0);
        let bar = Rect::from_min_max(
            pos2(x(place as f64), top),
            pos2(x((place + 1) as f64) - 1.0, field.bottom()),
        );
        painter.rect_filled(bar, 0.0, palette.model(bars.hue));
    }
    painter.hline(
        field.x_range(),
        field.bottom(),
        Stroke::new(1.0, palette.border),
    );
    let mut right = f32::NEG_INFINITY;
    for (name, value) in marks(&bars.quantiles) {
        let at = x(position(value.as_nanos() as f64)).min(field.right());
        let line = Stroke::new(1.0, palette.text);
        painter.vline(at, field.top() - 4.0..=field.bottom(), line);
        let galley = painter.layout_no_wrap(name.to_owned(), theme::small(), palette.text);
        let half = galley.size().x / 2.0;
        let most = (rect.right() - 2.0 * half).max(rect.left());
        let left = (at - half).clamp(rect.left(), most);
        // A name that would lie on the last one is left out: the numbers below tell it.
        if left > right + 3.0 {
            right = left + 2.0 * half;
            painter.galley(pos2(left, rect.top()), galley, palette.text);
        }
    }
}

/// So many orders of magnitude: a line for each, and its name where it has room.
fn orders(painter: &Painter, palette: &Palette, field: Rect, count: usize) {
    const BETWEEN: f32 = 2.0 * STEP;
    let name = |order: usize| {
        let nanos = 10_u64.saturating_pow(SHORTEST + order as u32);
        let name = plain_duration(Duration::from_nanos(nanos));
        let name = if order == 0 {
            format!("≤ {name}")
        } else {
            name
        };
        painter.layout_no_wrap(name, theme::small(), palette.text_weak)
    };
    let last = field.right() - name(count).size().x;
    let mut right = f32::NEG_INFINITY;
    for order in 0..=count {
        let at = egui::lerp(field.x_range(), order as f32 / count as f32);
        painter.vline(at, field.y_range(), Stroke::new(1.0, palette.grid));
        let name = name(order);
        let width = name.size().x;
        let left = match order {
            0 => at,
            _ if order == count => last,
            _ => at - width / 2.0,
        };
        let is_free = order == count || left + width + BETWEEN <= last;
        if is_free && left >= right + BETWEEN {
            right = left + width;
            painter.galley(pos2(left, field.bottom() + 2.0), name, palette.text_weak);
        }
    }
}

fn marks(quantiles: &Quantiles) -> [(&'static str, Duration); 4] {
    [
        ("p50", quantiles.p50),
        ("p90", quantiles.p90),
        ("p99", quantiles.p99),
        (tr("max"), quantiles.max),
    ]
}

fn summary(quantiles: &Quantiles) -> String {
    let marks = marks(quantiles);
    let said = marks.map(|(name, value)| format!("{name} {}", plain_duration(value)));
    said.join(", ")
}

fn numbers(ui: &mut Ui, quantiles: &Quantiles) {
    ui.columns_const(|columns: &mut [Ui; 4]| {
        for (ui, (name, value)) in columns.iter_mut().zip(marks(quantiles)) {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(RichText::new(name).font(theme::small()).weak());
            ui.label(RichText::new(plain_duration(value)).font(theme::number()));
        }
    });
}
