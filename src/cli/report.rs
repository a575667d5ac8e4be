//! What a run or a trace says, as text or as JSON.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use super::{Misuse, chart};
use crate::analysis::{self, Report, StallReport, plain_duration, plain_size};
use crate::format::{self, Format, Origin, Trace};
use crate::store::TraceStore;

/// How wide the chart is where the output is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// `loopscope report`: what a trace says.
pub(super) fn report(file: &Path, as_json: bool) -> anyhow::Result<()> {
    let trace = format::open(file)?;
    warn_if_truncated(file, &trace)?;
    print(
        &trace.info.title,
        &trace.store,
        &Report::new(&trace.store, &trace.info.scenario, trace.now()),
        as_json,
    )
}

/// `loopscope convert`: the same trace in another format.
pub(super) fn convert(file: &Path, out: &Path) -> anyhow::Result<()> {
    if let Err(error) = Format::of_path(out) {
        return Err(Misuse(error.to_string()).into());
    }
    let trace = format::open(file)?;
    warn_if_truncated(file, &trace)?;
    Ok(Origin::File(file.to_owned()).export(out, &trace.info, &trace.store, trace.now())?)
}

/// The end of the file may be missing: what is there counts.
fn warn_if_truncated(file: &Path, trace: &Trace) -> io::Result<()> {
    match &trace.truncated {
        Some(missing) => writeln!(io::stderr(), "loopscope: {}: {missing}", file.display()),
        None => Ok(()),
    }
}

/// Prints to standard output, as one JSON object and nothing else, or as text.
pub(super) fn print(
    title: &str,
    store: &TraceStore,
    report: &Report,
    as_json: bool,
) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        write_text(&mut out, title, store)?;
    }
    Ok(())
}

fn write_text(out: &mut impl Write, title: &str, store: &TraceStore) -> io::Result<()> {
    writeln!(out, "{title}\n")?;
    writeln!(out, "{}", chart::chart(store, width()))?;
    writeln!(out, "{}\n", chart::LEGEND)?;
    writeln!(out, "{}\n", comparison(store))?;
    for held in held(store) {
        writeln!(out, "{held}")?;
    }
    for model in analysis::compare(store, store.range().end) {
        for (task, error) in model
            .tasks
            .iter()
            .filter_map(|task| task.error.as_ref().map(|error| (task, error)))
        {
            writeln!(out, "{}, {}: {error}", model.name, task.name)?;
        }
    }
    Ok(())
}

/// What held each model, the most harmful first: stalls of the same cause are told in one line.
fn held(store: &TraceStore) -> Vec<String> {
    let mut lines = Vec::new();
    for model in store.models() {
        let mut causes: Vec<(StallReport, usize, Duration)> = Vec::new();
        for stall in
            (0..model.stalls.len()).filter_map(|index| analysis::stall(store, model, index))
        {
            let duration = stall.range.duration();
            match causes
                .iter_mut()
                .find(|(known, ..)| (known.task, &known.cause) == (stall.task, &stall.cause))
            {
                Some((longest, count, total)) => {
                    *count += 1;
                    *total += duration;
                    if longest.range.duration() < duration {
                        *longest = stall;
                    }
                }
                None => causes.push((stall, 1, duration)),
            }
        }
        causes.sort_by_key(|(_, _, total)| std::cmp::Reverse(*total));
        let name = store.model_name(model);
        lines.extend(
            causes
                .into_iter()
                .map(|(longest, count, total)| match count {
                    1 => format!("{name}: {}", longest.sentence),
                    _ => format!(
                        "{name}: {count} stalls, {} in all, such as: {}",
                        plain_duration(total),
                        longest.sentence
                    ),
                }),
        );
    }
    lines
}

/// Stands for what is not known, or did not happen.
fn unknown() -> String {
    "–".to_owned()
}

/// The models side by side.
fn comparison(store: &TraceStore) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "model",
        "elapsed",
        "waiting",
        "running",
        "CPU",
        "memory",
        "longest stall",
        "stalls",
        "polls",
        "bytes",
        "events",
        "dropped",
    ]);
    for model in analysis::compare(store, store.range().end) {
        let bytes: u64 = model.tasks.iter().map(|task| task.bytes).sum();
        table.add_row([
            model.name.clone(),
            plain_duration(model.elapsed),
            plain_duration(model.waiting),
            plain_duration(model.running),
            model.cpu.map_or_else(unknown, plain_duration),
            model.memory.map_or_else(unknown, plain_size),
            model.longest_stall.map_or_else(unknown, plain_duration),
            model.stalls.to_string(),
            model.polls.to_string(),
            bytes.to_string(),
            model.events.to_string(),
            model.dropped.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn width() -> usize {
    let terminal = io::stdout().is_terminal().then(console_width).flatten();
    terminal.unwrap_or(DEFAULT_WIDTH)
}

fn console_width() -> Option<usize> {
    // The table's library asks the terminal; an empty table tells what it learned.
    Table::new().width().map(usize::from)
}
