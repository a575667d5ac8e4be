//! Differences as plain numbers, for other programs. Durations are seconds.

use super::{CallbackDifference, Figure, FoundIn, ModelDifference, MoreIs};
use crate::trace::Phrase;

/// A model in two traces.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct ModelDifferenceEntry {
    /// What it is called.
    pub model: String,
    /// `a` or `b` where only that one has it.
    pub only_in: Option<&'static str>,
    /// What matters, for a person.
    pub sentence: String,
    /// Its figures.
    pub figures: Vec<FigureEntry>,
    /// What it called, that which makes the greatest difference first.
    pub callbacks: Vec<CallbackDifferenceEntry>,
}

/// A callback in two traces.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct CallbackDifferenceEntry {
    /// What it is called.
    pub name: String,
    /// Whether it is a call that blocks, and not a callback.
    pub blocking: bool,
    /// Its figures.
    pub figures: Vec<FigureEntry>,
}

/// A figure in two traces.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct FigureEntry {
    /// Which; what is in seconds ends with `_s`.
    pub figure: &'static str,
    /// In A; `null` where A does not have it.
    pub a: Option<f64>,
    /// In B.
    pub b: Option<f64>,
    /// That of B less that of A.
    pub difference: Option<f64>,
    /// That of B by that of A; `null` also where A has none of it.
    pub ratio: Option<f64>,
    /// What it means that it is larger: `worse`, `better`, or `neither`.
    pub more_is: &'static str,
}

impl From<&ModelDifference> for ModelDifferenceEntry {
    fn from(model: &ModelDifference) -> Self {
        Self {
            model: model.name.clone(),
            only_in: match model.found_in {
                FoundIn::Both => None,
                FoundIn::OnlyA => Some("a"),
                FoundIn::OnlyB => Some("b"),
            },
            sentence: model.sentence(&Phrase::new("B")).to_string(),
            figures: model.figures.iter().map(FigureEntry::from).collect(),
            callbacks: model.callbacks.iter().map(Into::into).collect(),
        }
    }
}

impl From<&CallbackDifference> for CallbackDifferenceEntry {
    fn from(callback: &CallbackDifference) -> Self {
        Self {
            name: callback.name.clone(),
            blocking: callback.blocking,
            figures: callback.figures.iter().map(FigureEntry::from).collect(),
        }
    }
}

impl From<&Figure> for FigureEntry {
    fn from(figure: &Figure) -> Self {
        Self {
            figure: figure.what.key(),
            a: figure.a,
            b: figure.b,
            difference: figure.difference(),
            ratio: figure.ratio(),
            more_is: match figure.what.more_is() {
                MoreIs::Worse => "worse",
                MoreIs::Better => "better",
                MoreIs::Neither => "neither",
            },
        }
    }
}
