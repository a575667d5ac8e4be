//! How the loops fared over the same stretch of time as the timeline, as curves and as a histogram.
//!
//! `curves` is what there is to draw, as data; `strip` draws it below the timeline, on the timeline's own axis;
//! `histogram` draws how often each queueing delay came. What was computed for a frame serves the next ones, until
//! the trace grows or another stretch of it is looked at.

mod curves;
pub mod histogram;
mod measure;
pub mod strip;
#[cfg(test)]
mod tests;

use crate::gui::document::Document;
use crate::gui::texts::{self, Language};
use curves::{Curve, Look, curves};
pub use measure::{Measure, Measures};

/// What was computed for the last frame.
#[derive(Default)]
pub struct Plots {
    curves: Vec<(Key, Vec<Curve>)>,
    histograms: Option<(Key, Vec<histogram::Bars>)>,
    /// How often something was computed.
    #[cfg(test)]
    computed: usize,
}

/// What a curve was computed of: with another one it is out of date.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    document: u32,
    measure: Measure,
    events: u64,
    waits: usize,
    look: Look,
    language: Language,
}

impl Key {
    fn new(document: &Document, measure: Measure, look: Look) -> Self {
        let waits = document.waits.values();
        Self {
            document: document.id,
            measure,
            events: document.store.events(),
            waits: waits.map(crate::analysis::Waits::count).sum(),
            look,
            language: texts::spoken(),
        }
    }
}

impl Plots {
    /// The curves of a measure; computed only where they are not known.
    fn curves(&mut self, document: &Document, measure: Measure, look: Look) -> &[Curve] {
        let key = Key::new(document, measure, look);
        let known = self
            .curves
            .iter()
            .position(|(known, _)| known.measure == measure);
        let place = match known {
            Some(place) if self.curves[place].0 == key => place,
            known => {
                #[cfg(test)]
                {
                    self.computed += 1;
                }
                let fresh = (key, curves(document, measure, look));
                match known {
                    Some(place) => {
                        self.curves[place] = fresh;
                        place
                    }
                    None => {
                        self.curves.push(fresh);
                        self.curves.len() - 1
                    }
                }
            }
        };
        &self.curves[place].1
    }
}
