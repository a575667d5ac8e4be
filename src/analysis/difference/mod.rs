//! Two traces compared, model by model and callback by callback: what each figure was in one, which is called A, and in
//! the other, B.
//!
//! Models are the same thing in both traces if they have the same name, and so are callbacks. What only one of the traces
//! has is told as such. The sentences are in `words`, the numbers for other programs in `entry`.

mod entry;
mod figure;
mod words;

use std::time::Duration;

pub use entry::{CallbackDifferenceEntry, FigureEntry, ModelDifferenceEntry};
pub use figure::{Figure, Judgement, MoreIs, Unit, What};
pub use words::plain_ratio;

use super::{
    CallStatistics, Meter, Quantiles, compare::model_summary, entries::seconds, statistics,
};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{Outcome, TimeRange, Timestamp};

/// The figures of one model of one trace.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFigures {
    /// What it is called, such as `asynchronous`.
    pub name: String,
    /// How it ended; `None` while it runs.
    pub outcome: Option<Outcome>,
    /// What it called, if that was counted.
    pub calls: Vec<CallStatistics>,
    /// In the order of [`What::OF_MODELS`]; `None` for what it does not have.
    values: [Option<f64>; What::OF_MODELS.len()],
}

impl ModelFigures {
    /// Of `model` up to `now`, where things waited so long for its loops, and this is what it called. Costs an addition for
    /// each of its stalls.
    pub fn new(
        store: &TraceStore,
        model: &ModelTrack,
        now: Timestamp,
        queueing: Quantiles,
        calls: Vec<CallStatistics>,
    ) -> Self {
        let summary = model_summary(store, model, now);
        let now = model.range(now).end;
        let tasks = |outcome| {
            let tasks = summary.tasks.iter();
            tasks.filter(|task| task.outcome == Some(outcome)).count() as f64
        };
        let stalled = model.stalls.iter().map(|stall| stall.until(now).nanos());
        let stalled = Duration::from_nanos(stalled.fold(0, u64::saturating_add));
        let health = Meter::default().health(model, now);
        let waited = |delay| (queueing.count > 0).then(|| seconds(delay));
        let callbacks: usize = model.threads.iter().map(|thread| thread.callbacks).sum();
        let value = |what| match what {
            What::Elapsed => Some(seconds(summary.elapsed)),
            What::Done => Some(tasks(Outcome::Done)),
            What::Failed => Some(tasks(Outcome::Failed)),
            What::Bytes => Some(summary.tasks.iter().map(|task| task.bytes as f64).sum()),
            What::Stalls => Some(summary.stalls as f64),
            What::LongestStall => Some(seconds(summary.longest_stall.unwrap_or_default())),
            What::Stalled => Some(seconds(stalled)),
            What::WorstDelay => waited(queueing.max),
            What::HalfOfDelays => waited(queueing.p50),
            What::MostDelays => waited(queueing.p99),
            What::Utilization => health.map(|health| health.utilization),
            What::TurnsPerSecond => health.map(|health| health.turns_per_second),
            What::Callbacks => Some(callbacks as f64),
            What::CallCount | What::CallTotal | What::CallMost => None,
        };
        Self {
            name: summary.name.clone(),
            outcome: summary.outcome,
            calls,
            values: What::OF_MODELS.map(value),
        }
    }

    /// Of all models of a trace up to `now`. Looks at every span: for reports, not for frames.
    pub fn all(store: &TraceStore, now: Timestamp) -> Vec<Self> {
        let whole = TimeRange::new(Timestamp::ZERO, now + Duration::from_nanos(1));
        let figures = |model: &ModelTrack| {
            let mut meter = Meter::default();
            meter.look(model);
            let queueing = meter.queueing().quantiles();
            let calls = statistics(store, model, whole, now).callbacks;
            Self::new(store, model, now, queueing, calls)
        };
        store.models().iter().map(figures).collect()
    }
}

/// In which of two traces something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundIn {
    /// In both.
    Both,
    /// Only in A.
    OnlyA,
    /// Only in B.
    OnlyB,
}

impl FoundIn {
    const fn of(a: bool, b: bool) -> Self {
        match (a, b) {
            (true, false) => Self::OnlyA,
            (false, true) => Self::OnlyB,
            (_, _) => Self::Both,
        }
    }
}

/// A model in two traces.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDifference {
    /// What it is called.
    pub name: String,
    /// In which of them it is.
    pub found_in: FoundIn,
    /// Its figures, in the order of [`What::OF_MODELS`]; those that it has in neither are left out.
    pub figures: Vec<Figure>,
    /// What it called, that which makes the greatest difference in all first.
    pub callbacks: Vec<CallbackDifference>,
    /// Whether it has ended in A, and in B, as far as it is there.
    ended: [bool; 2],
}

/// A callback, or a call that blocks, in two traces.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackDifference {
    /// What it is called.
    pub name: String,
    /// Whether it is a call that blocks, and not a callback.
    pub blocking: bool,
    /// How often, how long in all, and how long but for one in a hundred.
    pub figures: Vec<Figure>,
}

/// The models of two traces: those of A in their order, then those that only B has. Of several with one name the first
/// belongs to the first.
pub fn difference(a: &[ModelFigures], b: &[ModelFigures]) -> Vec<ModelDifference> {
    let pairs = pairs(a, b, |one, other| one.name == other.name);
    pairs
        .into_iter()
        .map(|(a, b)| ModelDifference::new(a, b))
        .collect()
}

/// The place of the model whose difference matters most: by which its loop was held longer or shorter, others waited
/// longer or shorter, and it took longer or less.
pub fn most_telling(models: &[ModelDifference]) -> Option<usize> {
    let weight = |model: &ModelDifference| {
        let times = [What::Stalled, What::WorstDelay, What::Elapsed];
        let times = times.map(|what| model.change(what).unwrap_or_default().abs());
        times.iter().sum::<f64>()
    };
    let both = |model: &&ModelDifference| model.found_in == FoundIn::Both;
    let weights = models
        .iter()
        .map(|model| both(&model).then(|| weight(model)));
    let heaviest = weights
        .enumerate()
        .filter_map(|(place, weight)| Some((place, weight?)))
        .max_by(|(a, one), (b, other)| one.total_cmp(other).then(b.cmp(a)));
    match heaviest {
        Some((place, _)) => Some(place),
        None => (!models.is_empty()).then_some(0),
    }
}

impl ModelDifference {
    fn new(a: Option<&ModelFigures>, b: Option<&ModelFigures>) -> Self {
        let value = |of: Option<&ModelFigures>, place: usize| of.and_then(|of| of.values[place]);
        let figures = What::OF_MODELS.into_iter().enumerate();
        let figures = figures.map(|(place, what)| Figure {
            what,
            a: value(a, place),
            b: value(b, place),
        });
        let ended = |of: Option<&ModelFigures>| of.is_none_or(|of| of.outcome.is_some());
        let calls = |of: Option<&ModelFigures>| of.map_or(Vec::new(), |of| of.calls.clone());
        Self {
            name: a.or(b).map_or_else(String::new, |of| of.name.clone()),
            found_in: FoundIn::of(a.is_some(), b.is_some()),
            figures: figures.filter(Figure::is_known).collect(),
            callbacks: callbacks(&calls(a), &calls(b)),
            ended: [ended(a), ended(b)],
        }
    }

    /// One of its figures.
    pub fn figure(&self, what: What) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.what == what)
    }

    fn change(&self, what: What) -> Option<f64> {
        self.figure(what)?.difference()
    }
}

fn callbacks(a: &[CallStatistics], b: &[CallStatistics]) -> Vec<CallbackDifference> {
    let same = |one: &CallStatistics, other: &CallStatistics| {
        (one.blocking, &one.name) == (other.blocking, &other.name)
    };
    let mut found: Vec<_> = pairs(a, b, same)
        .into_iter()
        .filter_map(|(a, b)| {
            let one = a.or(b)?;
            // What was never called took no time.
            let count = |of: Option<&CallStatistics>| of.map_or(0.0, |of| of.count as f64);
            let total = |of: Option<&CallStatistics>| of.map_or(0.0, |of| seconds(of.total));
            let most = |of: Option<&CallStatistics>| of.map(|of| seconds(of.p99));
            let figure = |what, a, b| Figure { what, a, b };
            Some(CallbackDifference {
                name: one.name.clone(),
                blocking: one.blocking,
                figures: vec![
                    figure(What::CallCount, Some(count(a)), Some(count(b))),
                    figure(What::CallTotal, Some(total(a)), Some(total(b))),
                    figure(What::CallMost, most(a), most(b)),
                ],
            })
        })
        .collect();
    let weight = |one: &CallbackDifference| {
        let totals = one.figures.iter().filter(|it| it.what == What::CallTotal);
        totals.filter_map(Figure::difference).sum::<f64>().abs()
    };
    found.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    found
}

/// Each of `a` with the first of `b` that is the same and not taken yet, then what is left of `b`.
fn pairs<'a, T>(
    a: &'a [T],
    b: &'a [T],
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut left: Vec<&T> = b.iter().collect();
    let mut pairs = Vec::new();
    for one in a {
        let place = left.iter().position(|other| same(one, other));
        pairs.push((Some(one), place.map(|place| left.remove(place))));
    }
    pairs.extend(left.into_iter().map(|other| (None, Some(other))));
    pairs
}
