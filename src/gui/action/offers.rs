//! What the palette offers: every action, and after them what can be done with what happens to be here. A scenario, a
//! model of it, an open trace, a column of a table have neither keys nor a line in a menu, and are found by their names.

use std::borrow::Cow;

use super::{Action, Asked, State, all, words};
use crate::gui::beside::{Alignment, BesideCommand};
use crate::gui::command::{Command, Side};
use crate::gui::document::Documents;
use crate::gui::statistics::StatisticsCommand;
use crate::gui::texts::{english, fill, say_all, told, tr, variant};
use crate::gui::what_if::{explained, in_words};
use crate::scenario::{Blocking, BlockingKind, builtins};
use crate::trace::Change;

/// Something that can be asked for by its name now, or a reason why not.
#[derive(Debug)]
pub(in crate::gui) struct Offer<'a> {
    /// What it is called.
    pub(in crate::gui) name: Cow<'a, str>,
    /// Its name in English, or in files: a person may have read of it.
    pub(in crate::gui) also: &'a str,
    /// Other words for it, in English, which are shown nowhere.
    pub(in crate::gui) words: &'a str,
    /// What it does, in one sentence.
    pub(in crate::gui) does: Cow<'a, str>,
    /// The keys for it; empty where there are none.
    pub(in crate::gui) keys: String,
    /// Where it is a switch: whether it is on.
    pub(in crate::gui) on: Option<bool>,
    /// What follows.
    pub(in crate::gui) asked: Asked,
}

impl<'a> Offer<'a> {
    fn of(action: &'static Action, state: &State<'_>) -> Self {
        Self {
            name: tr(action.name).into(),
            also: action.name,
            words: words::of(action.id),
            does: tr(action.does).into(),
            keys: action.shortcuts(),
            on: action.is_on(state),
            asked: action.command(state),
        }
    }

    fn new(name: String, also: &'a str, does: impl Into<Cow<'a, str>>, asked: Asked) -> Self {
        Self {
            name: name.into(),
            also,
            words: "",
            does: does.into(),
            keys: String::new(),
            on: None,
            asked,
        }
    }

    fn switch(self, on: bool) -> Self {
        Self {
            on: Some(on),
            ..self
        }
    }
}

/// All that can be asked for.
pub(in crate::gui) fn offers<'a>(
    state: &State<'a>,
    documents: &'a Documents,
) -> impl Iterator<Item = Offer<'a>> {
    // The palette is not in its own list.
    let actions = all().filter(|action| action.id != "palette");
    let actions = actions.map(|action| Offer::of(action, state));
    actions
        .chain(models(state))
        .chain(kinds_of_blocking(state))
        .chain(what_ifs(state))
        .chain(columns(state))
        .chain(alignments(state))
        .chain(scenarios(state))
        .chain(traces(documents))
}

/// `asked`, unless a run goes on.
fn at_rest(state: &State<'_>, asked: Command) -> Asked {
    match state.running {
        true => Err(english("Stop the run first")),
        false => Ok(asked),
    }
}

/// The models of the scenario: to run or not.
fn models<'a>(state: &State<'a>) -> impl Iterator<Item = Offer<'a>> {
    let controls = state.controls;
    let variants = controls.scenario.variants.iter().enumerate();
    variants.map(move |(place, model)| {
        let on = controls.runs(place);
        let name = fill(tr("Run {model}"), &[("model", &variant(&model.name))]);
        let does = say_all(&controls.scenario.explain(model));
        let asked = at_rest(state, Command::SetModel(place, !on));
        Offer::new(name, &model.name, does, asked).switch(on)
    })
}

fn kinds_of_blocking<'a>(state: &State<'a>) -> impl Iterator<Item = Offer<'a>> {
    let blocking = state.controls.blocking;
    BlockingKind::ALL.into_iter().map(move |kind| {
        let name = fill(tr("Block by {kind}"), &[("kind", &tr(kind.name()))]);
        let asked = Ok(Command::SetBlocking(Blocking { kind, ..blocking }));
        let does = tr(kind.explained());
        Offer::new(name, kind.name(), does, asked).switch(kind == blocking.kind)
    })
}

/// How what held the loop could be carried out.
fn what_ifs<'a>(state: &State<'a>) -> impl Iterator<Item = Offer<'a>> {
    let chosen = state.what_if.map(|answer| answer.question.treatment.change);
    let all = [
        Change::InThread,
        Change::Slices(state.slice),
        Change::Asynchronous,
    ];
    all.into_iter().map(move |change| {
        let name = fill(tr("What if: {change}"), &[("change", &in_words(change))]);
        let asked = match chosen {
            Some(_) => Ok(Command::SetWhatIf(change)),
            None => Err(english("Select the stall of a loop first")),
        };
        Offer::new(name, "", explained(change), asked).switch(chosen == Some(change))
    })
}

/// The columns of the table of statistics, where it is shown.
fn columns<'a>(state: &State<'a>) -> impl Iterator<Item = Offer<'a>> {
    let shown = state.document.is_some() && state.settings.shows(Side::Statistics);
    let columns = match shown {
        true => state.tabled.subject.columns(),
        false => &[],
    };
    let sorted_by = state.tabled.order().column;
    columns.iter().enumerate().map(move |(place, column)| {
        let name = fill(tr("Sort by {column}"), &[("column", &tr(column.title))]);
        let asked = Ok(Command::Statistics(StatisticsCommand::SortBy(place)));
        Offer::new(name, column.title, tr(column.hint), asked).switch(place == sorted_by)
    })
}

/// The models at whose beginnings two traces can be aligned.
fn alignments<'a>(state: &State<'a>) -> impl Iterator<Item = Offer<'a>> {
    let compared = state.compared.into_iter();
    compared.flat_map(|compared| {
        let [a, b] = compared.documents.map(|document| &document.store);
        let names = a.models().iter().map(|model| a.model_name(model));
        let of_both = names.filter(|name| b.models().iter().any(|one| b.model_name(one) == *name));
        of_both.map(move |model| {
            let alignment = Alignment::Model(model.to_owned());
            let name = fill(tr("Align at {moment}"), &[("moment", &alignment.words())]);
            let on = alignment == *compared.alignment;
            let asked = Ok(Command::Beside(BesideCommand::Align(alignment)));
            let does = tr("Let this model begin at the same place in both traces");
            Offer::new(name, model, does, asked).switch(on)
        })
    })
}

fn scenarios<'a>(state: &State<'a>) -> impl Iterator<Item = Offer<'a>> {
    builtins().iter().map(|builtin| {
        let headline = builtin.headline();
        let title = told(&headline.title, &headline.chinese.title);
        let name = fill(tr("Scenario: {title}"), &[("title", &title)]);
        let does = told(&headline.summary, &headline.chinese.summary);
        let asked = at_rest(state, Command::PickScenario(builtin.name.to_owned()));
        Offer::new(name, builtin.name, does, asked)
    })
}

fn traces(documents: &Documents) -> impl Iterator<Item = Offer<'_>> {
    let all = documents.all().iter().enumerate();
    all.map(|(place, document)| {
        let title = &document.title;
        let name = fill(tr("Trace: {title}"), &[("title", title)]);
        let asked = Ok(Command::ShowTrace(place));
        Offer::new(name, title, tr("Show this trace"), asked)
    })
}
