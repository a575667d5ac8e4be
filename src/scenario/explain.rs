//! Variants in words, for people.

use super::model::Scenario;
use super::program::Step;
use super::variant::{Model, Variant};
use crate::trace::Phrase;

impl Scenario {
    /// What a variant is, and in what it differs, in a few sentences.
    pub fn explain(&self, variant: &Variant) -> Vec<Phrase> {
        let model = Phrase::new(variant.model.explained());
        let mut sentences = vec![Phrase::new("{sentence}.").with_words("sentence", model)];
        let mut say = |sentence: Phrase| sentences.push(sentence);
        let mut steps = self.tasks.iter().flat_map(|task| &task.steps);
        let is_open = |step: &Step| matches!(step, Step::Request { by: None, .. });
        if variant.model == Model::Asynchronous && steps.any(is_open) {
            say(Phrase::new(variant.requests.explained()));
        }
        let others = || self.variants.iter();
        if others().any(|other| other.provider != variant.provider) {
            say(Phrase::new(variant.provider.explained()));
        }
        if let Some(slices) = variant.slices {
            let slices = humantime::format_duration(slices);
            say(
                Phrase::new("Whoever computes lets the others have their turn every {slices}.")
                    .with("slices", slices),
            );
        } else if others().any(|other| other.slices.is_some()) {
            say(Phrase::new("Whoever computes does so to the end."));
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::builtins;

    fn said(scenario: &Scenario, variant: &Variant) -> String {
        let sentences = scenario.explain(variant);
        let sentences: Vec<_> = sentences.iter().map(ToString::to_string).collect();
        sentences.join(" ")
    }

    #[test]
    fn a_variant_is_explained_by_what_tells_it_from_the_others() {
        for builtin in builtins() {
            let scenario = builtin.scenario();
            let all: Vec<_> = scenario
                .variants
                .iter()
                .map(|variant| said(&scenario, variant))
                .collect();
            for (place, text) in all.iter().enumerate() {
                assert!(text.ends_with('.'), "{text}");
                assert!(!all[..place].contains(text), "{}: {text}", builtin.name);
            }
        }
        let first = builtins()[0].scenario();
        let text = said(&first, &first.variants[2]);
        assert_eq!(text, format!("{}.", Model::Asynchronous.explained()));
    }
}
