//! Models of execution, and variants.

use std::collections::HashMap;

use toml::Spanned;

use super::{Check, empty};
use crate::scenario::error::ValueError;
use crate::scenario::file::{File, VariantTable};
use crate::scenario::limits;
use crate::scenario::model::Task;
use crate::scenario::program::Step;
use crate::scenario::variant::{Model, Variant};
use crate::scenario::words::one_of;
use crate::trace::Phrase;

impl Check<'_> {
    /// What can be run, and which of it runs unless the user chooses.
    pub(super) fn variants(
        &mut self,
        file: &File,
        tasks: &[Task],
        has_service: bool,
    ) -> (Vec<Variant>, Vec<usize>) {
        let possible = possible(tasks, has_service);
        let variants = match &file.variants {
            Some(list) => self.list(list, possible),
            None => possible.iter().copied().map(Variant::from).collect(),
        };
        let models = self.models(file.models.as_ref(), &variants);
        (variants, models)
    }

    fn list(
        &mut self,
        list: &Spanned<Vec<Spanned<VariantTable>>>,
        possible: &[Model],
    ) -> Vec<Variant> {
        self.length("variants", list, limits::MAX_VARIANTS);
        let mut names = HashMap::new();
        list.get_ref()
            .iter()
            .enumerate()
            .map(|(place, table)| {
                let key = format!("variants[{}]", place + 1);
                let name = &table.get_ref().name;
                let name_key = format!("{key}.name");
                self.name(&name_key, name.get_ref(), &name.span(), &mut names);
                self.variant(&key, table.get_ref(), possible)
            })
            .collect()
    }

    fn variant(&mut self, key: &str, table: &VariantTable, possible: &[Model]) -> Variant {
        let key = |name| format!("{key}.{name}");
        let model = match &table.model {
            Some(name) => self.model(&key("model"), name, possible),
            None => None,
        };
        Variant {
            name: table.name.get_ref().clone(),
            model: model.unwrap_or(Model::Asynchronous),
            requests: self
                .word(&key("requests"), table.requests.as_ref())
                .unwrap_or_default(),
            provider: self
                .word(&key("provider"), table.provider.as_ref())
                .unwrap_or_default(),
            slices: self.duration(&key("slices"), table.slices.as_ref(), &limits::BLOCKING),
        }
    }

    /// Which of them the file names, by their places.
    fn models(
        &mut self,
        list: Option<&Spanned<Vec<Spanned<String>>>>,
        variants: &[Variant],
    ) -> Vec<usize> {
        let Some(list) = list else {
            return (0..variants.len()).collect();
        };
        let names = || variants.iter().map(|variant| variant.name.as_str());
        if list.get_ref().is_empty() {
            self.refuse(&list.span(), "models", empty("models"));
        }
        let mut models = Vec::new();
        for (place, name) in list.get_ref().iter().enumerate() {
            let key = format!("models[{}]", place + 1);
            let Some(place) = names().position(|one| one == name.get_ref()) else {
                self.refuse_model(&key, name, names());
                continue;
            };
            if models.contains(&place) {
                let message = Phrase::new("`{name}` is there twice").with("name", name.get_ref());
                self.refuse(&name.span(), key, message);
            } else {
                models.push(place);
            }
        }
        models
    }

    fn model(&mut self, key: &str, name: &Spanned<String>, possible: &[Model]) -> Option<Model> {
        let found = possible.iter().find(|model| model.name() == name.get_ref());
        if found.is_none() {
            self.refuse_model(key, name, possible.iter().map(|model| model.name()));
        }
        found.copied()
    }

    fn refuse_model<'a>(
        &mut self,
        key: &str,
        name: &Spanned<String>,
        known: impl Iterator<Item = &'a str> + Clone,
    ) {
        let is_model = |model: &Model| model.name() == name.get_ref();
        let mut all = Model::OF_TASKS.iter().chain(&Model::OF_A_SERVICE);
        if all.any(is_model) {
            let word = name.get_ref();
            let message = Phrase::new("`{word}` cannot run these tasks: {known}")
                .with("word", word)
                .with_words("known", one_of(known));
            self.refuse(&name.span(), key, message);
        } else {
            let error = ValueError::unknown(name.get_ref(), known);
            self.refuse(&name.span(), key, error.phrase());
        }
    }
}

/// The models that can run these tasks. A chain of callbacks needs the loop that calls them.
fn possible(tasks: &[Task], has_service: bool) -> &'static [Model] {
    let mut steps = tasks.iter().flat_map(|task| &task.steps);
    if has_service {
        &Model::OF_A_SERVICE
    } else if steps.any(|step| matches!(step, Step::Deferred(_))) {
        &[Model::Asynchronous]
    } else {
        &Model::OF_TASKS
    }
}
