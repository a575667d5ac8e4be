//! What a run or a trace says, as text or as JSON.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};

use super::{Misuse, chart, progress};
use crate::analysis::{
    self, Health, Meter, Report, StallReport, plain_count, plain_duration, plain_size,
};
use crate::format::{Format, Origin, Trace};
use crate::store::TraceStore;

/// How wide the chart is where the output is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// `loopscope report`: what a trace says.
pub(super) fn report(file: &Path, as_json: bool) -> anyhow::Result<()> {
    let trace = progress::read(file)?;
    warn_if_truncated(file, &trace)?;
    let store = &trace.store;
    let mut out = io::stdout().lock();
    match as_json {
        true => print_json(
            &mut out,
            &Report::new(store, &trace.info.scenario, trace.now()),
        ),
        false => Ok(write_text(&mut out, &trace.info.title, store)?),
    }
}

/// `loopscope convert`: the same trace in another format.
pub(super) fn convert(file: &Path, out: &Path) -> anyhow::Result<()> {
    if let Err(error) = Format::of_path(out) {
        return Err(Misuse(error.to_string()).into());
    }
    let trace = progress::read(file)?;
    warn_if_truncated(file, &trace)?;
    let mut origin = Origin::File(file.to_owned());
    let (info, store, now) = (&trace.info, &trace.store, trace.now());
    Ok(progress::watched("writing", |progress| {
        origin.export_watched(out, info, store, &trace.marks, now, progress)
    })?)
}

/// The end of the file may be missing: what is there counts.
pub(super) fn warn_if_truncated(file: &Path, trace: &Trace) -> io::Result<()> {
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
    match as_json {
        true => print_json(&mut out, report),
        false => Ok(write_text(&mut out, title, store)?),
    }
}

/// One JSON object and nothing else.
pub(super) fn print_json(
    out: &mut impl Write,
    report: &impl serde::Serialize,
) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    Ok(writeln!(out)?)
}

fn write_text(out: &mut impl Write, title: &str, store: &TraceStore) -> io::Result<()> {
    writeln!(out, "{title}\n")?;
    writeln!(out, "{}", chart::chart(store, store.range(), width()))?;
    writeln!(out, "{}\n", chart::LEGEND)?;
    writeln!(out, "{}\n", comparison(store))?;
    if let Some(health) = health_table(healths(store)) {
        writeln!(out, "{health}\n")?;
    }
    let stalls = analysis::stalls(store, store.range().end);
    write_first(out, &findings(store, &stalls), "findings")?;
    for observed in observed(store) {
        writeln!(out, "{observed}")?;
    }
    let mut errors = Vec::new();
    for model in analysis::compare(store, store.range().end) {
        for (task, error) in model
            .tasks
            .iter()
            .filter_map(|task| task.error.as_ref().map(|error| (task, error)))
        {
            errors.push(format!("{}, {}: {error}", model.name, task.name));
        }
    }
    write_first(out, &errors, "errors")
}

/// So many lines of one kind are read by a person; what thousands of tasks have to tell is for programs.
const LINES: usize = 20;

/// Writes the first of the lines, and how many more there are of `what`.
pub(super) fn write_first(out: &mut impl Write, lines: &[String], what: &str) -> io::Result<()> {
    for line in lines.iter().take(LINES) {
        writeln!(out, "{line}")?;
    }
    match lines.len().saturating_sub(LINES) {
        0 => Ok(()),
        more => writeln!(out, "… and {more} more {what}: --json tells all of them"),
    }
}

/// What held each loop, the most harmful first: stalls of the same callback and cause are told in one line.
pub(super) fn findings(store: &TraceStore, stalls: &[StallReport]) -> Vec<String> {
    let findings = analysis::findings(stalls).into_iter();
    let told = findings.map(|finding| {
        let model = store.model(finding.model);
        let name = model.map_or("?", |model| store.model_name(model));
        let sentence = finding.sentence(stalls);
        match finding.victims {
            0 | 1 => format!("{name}: {sentence}"),
            victims => {
                let harm = plain_duration(finding.harm);
                let victims = plain_count(victims as u64);
                format!("{name}: {sentence} ({victims} waits, {harm} in all)")
            }
        }
    });
    told.collect()
}

/// What it has cost to see all this.
fn observed(store: &TraceStore) -> Vec<String> {
    let told = |model| {
        let name = store.model_name(model);
        let sentences = analysis::cost_of_seeing(model).into_iter();
        let sentences: Vec<_> = sentences.map(|sentence| sentence.to_string()).collect();
        format!("{name}: {}", sentences.join(" "))
    };
    store.models().iter().map(told).collect()
}

/// How well the loops did, by their models.
fn healths(store: &TraceStore) -> impl Iterator<Item = (String, Health)> {
    store.models().iter().filter_map(|model| {
        let mut meter = Meter::default();
        meter.look(model);
        let health = meter.health(model, store.range().end)?;
        Some((store.model_name(model).to_owned(), health))
    })
}

/// How well the loops did; `None` where there is none.
pub(super) fn health_table(healths: impl Iterator<Item = (String, Health)>) -> Option<Table> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "loop",
        "busy",
        "turns/s",
        "callbacks/turn",
        "ready/poll",
        "timers late, p99",
        "queueing delay: p50",
        "p90",
        "p99",
        "max",
    ]);
    for (model, health) in healths {
        let told = |count, duration| match count {
            0 => "–".to_owned(),
            _ => plain_duration(duration),
        };
        let (lag, queueing) = (health.lag, health.queueing);
        table.add_row([
            model,
            format!("{:.1} %", health.utilization * 100.0),
            format!("{:.1}", health.turns_per_second),
            format!("{:.1}", health.callbacks_per_turn),
            format!("{:.1}", health.ready_per_poll),
            told(lag.count, lag.p99),
            told(queueing.count, queueing.p50),
            told(queueing.count, queueing.p90),
            told(queueing.count, queueing.p99),
            told(queueing.count, queueing.max),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    (table.row_count() > 0).then_some(table)
}

/// Stands for what is not known, or did not happen.
pub(super) fn unknown() -> String {
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

/// How wide a chart is to be.
pub(super) fn width() -> usize {
    let terminal = io::stdout().is_terminal().then(console_width).flatten();
    terminal.unwrap_or(DEFAULT_WIDTH)
}

fn console_width() -> Option<usize> {
    // The table's library asks the terminal; an empty table tells what it learned.
    Table::new().width().map(usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_lines_the_first_are_told_and_how_many_more_there_are() {
        let told = |count: usize| {
            let lines: Vec<_> = (0..count).map(|line| line.to_string()).collect();
            let mut out = Vec::new();
            write_first(&mut out, &lines, "errors").expect("memory");
            String::from_utf8(out).expect("it is text")
        };
        assert_eq!(told(LINES).lines().count(), LINES);
        let more = "… and 980 more errors: --json tells all of them";
        assert_eq!(told(1000).lines().last(), Some(more));
        assert_eq!(told(0), "");
    }
}
