//! What a run or a trace says, as text or as JSON.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use comfy_table::Table;

use super::table::{numbers_right, table, unknown};
use super::{Misuse, chart, progress};
use crate::analysis::{
    self, Health, Meter, Report, StallReport, plain_count, plain_duration, plain_size,
};
use crate::format::{Format, Origin, Trace};
use crate::store::{ThreadTrack, TraceStore};
use crate::trace::{EventKind, NameId, Timestamp};

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
    // Of a crowd these are millions of lines: standard output would write each by itself.
    let mut out = BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

fn write_text(out: &mut impl Write, title: &str, store: &TraceStore) -> io::Result<()> {
    writeln!(out, "{title}\n")?;
    writeln!(out, "{}", chart::chart(store, store.range(), width()))?;
    writeln!(out, "{}\n", chart::LEGEND)?;
    writeln!(out, "{}\n", comparison(store))?;
    write_health(out, healths(store).collect())?;
    let stalls = analysis::stalls(store, store.range().end);
    write_first(out, &findings(store, &stalls), "findings")?;
    for observed in observed(store) {
        writeln!(out, "{observed}")?;
    }
    let mut errors = failures(store);
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

/// What failed and was nobody's task, such as a callback of a program that has none: each text once.
fn failures(store: &TraceStore) -> Vec<String> {
    let mut told = Vec::new();
    for model in store.models() {
        let mut failures: Vec<(&str, Timestamp, usize)> = Vec::new();
        for (message, at) in model.threads.iter().flat_map(nobodys_failures) {
            let text = store.name(message);
            match failures.iter_mut().find(|(known, ..)| *known == text) {
                Some((_, first, count)) => {
                    *first = at.min(*first);
                    *count += 1;
                }
                None => failures.push((text, at, 1)),
            }
        }
        told.extend(failures.into_iter().map(|(text, first, count)| {
            let name = store.model_name(model);
            match count {
                1 => format!("{name}: at {}, {text}", moment(first)),
                _ => format!("{name}: {count} times, first at {}, {text}", moment(first)),
            }
        }));
    }
    told
}

fn nobodys_failures(thread: &ThreadTrack) -> impl Iterator<Item = (NameId, Timestamp)> {
    let instants = thread.instants();
    let events = instants.iter();
    events.filter_map(|event| match event.kind {
        EventKind::Failure {
            task: None,
            message,
        } => Some((message, event.at)),
        _ => None,
    })
}

/// A moment of the trace as `--range` takes it and the window's ruler shows it.
fn moment(at: Timestamp) -> String {
    format!("{:.3}s", at.since(Timestamp::ZERO).as_secs_f64())
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
        let worst = finding.stalls.first().and_then(|place| stalls.get(*place));
        let at = worst.map_or_else(unknown, |worst| moment(worst.range.begin));
        match finding.victims {
            0 | 1 => format!("{name}: {sentence} (at {at})"),
            victims => {
                let harm = plain_duration(finding.harm);
                let victims = plain_count(victims as u64);
                format!("{name}: {sentence} (at {at}; {victims} waits, {harm} in all)")
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

/// Writes how well the loops did, where there are some.
pub(super) fn write_health(out: &mut impl Write, healths: Vec<(String, Health)>) -> io::Result<()> {
    if healths.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}\n", health_table(&healths))?;
    for (model, _) in healths.iter().filter(|(_, health)| health.turns == 0) {
        writeln!(
            out,
            "{model}: the loop came to no poll, so there is no turn to count by.\n"
        )?;
    }
    Ok(())
}

fn health_table(healths: &[(String, Health)]) -> Table {
    let mut table = table([
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
            0 => unknown(),
            _ => plain_duration(duration),
        };
        let by_turn = |mean: Option<f64>| mean.map_or_else(unknown, |mean| format!("{mean:.1}"));
        let (lag, queueing) = (health.lag, health.queueing);
        table.add_row([
            model.clone(),
            format!("{:.1} %", health.utilization * 100.0),
            format!("{:.1}", health.turns_per_second),
            by_turn(health.callbacks_per_turn),
            by_turn(health.ready_per_poll),
            told(lag.count, lag.p99),
            told(queueing.count, queueing.p50),
            told(queueing.count, queueing.p90),
            told(queueing.count, queueing.p99),
            told(queueing.count, queueing.max),
        ]);
    }
    numbers_right(table, 1..)
}

/// The models side by side.
fn comparison(store: &TraceStore) -> Table {
    let mut table = table([
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
    numbers_right(table, 1..)
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
    use crate::trace::{Batch, Event, ModelId, Source, ThreadId};

    #[test]
    fn what_failed_without_a_task_is_told_once_and_how_often() {
        let texts = ["my loop", "panicked: no luck", "connection refused"];
        let [name, panicked, refused] = [0, 1, 2].map(NameId::from_index);
        let failure = |message| EventKind::Failure {
            task: None,
            message,
        };
        let events = [
            (0, EventKind::ModelBegin { name }),
            (5, failure(panicked)),
            (6, failure(refused)),
            (9, failure(panicked)),
        ];
        let mut store = TraceStore::new();
        store.push(&Batch {
            source: Source {
                model: ModelId::from_index(0),
                thread: ThreadId::from_index(0),
            },
            names: (0..)
                .zip(texts)
                .map(|(place, text)| (NameId::from_index(place), text.to_owned()))
                .collect(),
            events: events
                .map(|(at, kind)| Event {
                    at: Timestamp(at * 1_000_000),
                    kind,
                })
                .to_vec(),
        });
        let told = [
            "my loop: 2 times, first at 0.005s, panicked: no luck",
            "my loop: at 0.006s, connection refused",
        ];
        assert_eq!(failures(&store), told);
    }

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
