//! `loopscope compare`: two traces, figure by figure.

use std::io::{self, Write};
use std::path::Path;

use comfy_table::Table;

use super::progress;
use super::report::{print_json, warn_if_truncated};
use super::table::{numbers_right, table, unknown};
use crate::analysis::{
    self, CallbackDifference, Figure, ModelDifference, ModelDifferenceEntry, ModelFigures,
    plain_ratio,
};
use crate::trace::Phrase;

/// How many callbacks of a model are listed: those that make the greatest difference.
const LISTED: usize = 12;

/// Two traces compared, as a program reads it.
#[derive(serde::Serialize)]
struct Comparison {
    a: Side,
    b: Side,
    /// Those of A in their order, then those that only B has.
    models: Vec<ModelDifferenceEntry>,
}

/// One of the traces.
#[derive(serde::Serialize)]
struct Side {
    file: String,
    scenario: String,
    title: String,
}

/// Prints what differs between the traces in two files.
pub(super) fn compare(a: &Path, b: &Path, as_json: bool) -> anyhow::Result<()> {
    let ((a_side, a_figures), (b_side, b_figures)) = (read(a)?, read(b)?);
    let models = analysis::difference(&a_figures, &b_figures);
    let mut out = io::stdout().lock();
    if as_json {
        let comparison = Comparison {
            a: a_side,
            b: b_side,
            models: models.iter().map(ModelDifferenceEntry::from).collect(),
        };
        return print_json(&mut out, &comparison);
    }
    for (name, side) in [("A", a_side), ("B", b_side)] {
        writeln!(out, "{name}: {} · {}", side.file, side.title)?;
    }
    for model in &models {
        write_model(&mut out, model)?;
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<(Side, Vec<ModelFigures>)> {
    let trace = progress::read(file)?;
    warn_if_truncated(file, &trace)?;
    let side = Side {
        file: file.display().to_string(),
        scenario: trace.info.scenario.clone(),
        title: trace.info.title.clone(),
    };
    Ok((side, ModelFigures::all(&trace.store, trace.now())))
}

fn write_model(out: &mut impl Write, model: &ModelDifference) -> io::Result<()> {
    let sentence = model.sentence(&Phrase::new("B"));
    writeln!(out, "\n{}: {sentence}\n", model.name)?;
    let mut table = both("figure");
    let rows = model.figures.iter();
    rows.for_each(|figure| add(&mut table, &figure.what.name().to_string(), figure));
    writeln!(out, "{}", numbers_right(table, 1..5))?;
    if model.callbacks.is_empty() {
        return Ok(());
    }
    let mut table = both("callback");
    for callback in model.callbacks.iter().take(LISTED) {
        add_callback(&mut table, callback);
    }
    writeln!(out, "\n{}", numbers_right(table, 1..5))?;
    match model.callbacks.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(out, "and {more} more, which differ less"),
    }
}

fn both(first: &str) -> Table {
    table([first, "A", "B", "B − A", "ratio", "in words"])
}

fn add(table: &mut Table, name: &str, figure: &Figure) {
    let unit = figure.what.unit();
    let plain = |value: Option<f64>| value.map_or_else(unknown, |value| unit.plain(value));
    let difference = figure.difference();
    table.add_row([
        name.to_owned(),
        plain(figure.a),
        plain(figure.b),
        difference.map_or_else(unknown, |by| unit.signed(by)),
        figure.ratio().map_or_else(unknown, plain_ratio),
        figure.told().to_string(),
    ]);
}

/// A line for each figure, of which only the first says whose it is.
fn add_callback(table: &mut Table, callback: &CallbackDifference) {
    for (place, figure) in callback.figures.iter().enumerate() {
        let what = figure.what.name().to_string().to_lowercase();
        let name = match place {
            0 => format!("{}: {what}", callback.name),
            _ => format!("  {what}"),
        };
        add(table, &name, figure);
    }
}
