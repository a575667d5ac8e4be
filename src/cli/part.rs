//! `loopscope report --range`: what happened between two moments of a trace.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use comfy_table::Table;

use super::report::{findings, print_json, warn_if_truncated, width, write_first, write_health};
use super::table::{numbers_right, table};
use super::{Misuse, chart, progress};
use crate::analysis::{self, PartReport, plain_count, plain_duration};
use crate::format::Trace;
use crate::trace::{TimeRange, Timestamp};

/// Of more calls than this only those that took longest are told as text.
const MOST_CALLS: usize = 20;

/// A part of a trace, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    from: Option<Duration>,
    to: Option<Duration>,
}

impl Part {
    /// `1.2s..1500ms`, or in seconds `1.2..1.5`; what is left out is the edge of the trace.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (from, to) = text
            .split_once("..")
            .ok_or("a range is FROM..TO, such as 1.2s..1500ms")?;
        let moment = |text: &str| match text.trim() {
            "" => Ok(None),
            text => moment(text).map(Some),
        };
        let part = Self {
            from: moment(from)?,
            to: moment(to)?,
        };
        match (part.from, part.to) {
            (Some(from), Some(to)) if from >= to => {
                Err("FROM has to be before TO, such as 1.2s..1500ms".to_owned())
            }
            _ => Ok(part),
        }
    }

    /// What there is of it in a trace.
    fn of(self, trace: TimeRange) -> Result<TimeRange, String> {
        let at = |moment: Option<Duration>, edge| moment.map_or(edge, |it| Timestamp::ZERO + it);
        let (begin, end) = (at(self.from, trace.begin), at(self.to, trace.end));
        let range = TimeRange::new(begin.max(trace.begin), end.min(trace.end));
        let told = |at: Timestamp| format!("{:.3}s", at.since(Timestamp::ZERO).as_secs_f64());
        if range.is_empty() {
            let (begin, end) = (told(trace.begin), told(trace.end));
            return Err(format!(
                "nothing is recorded in that range: the trace is {begin}..{end}"
            ));
        }
        Ok(range)
    }
}

/// A time of the trace; seconds where no unit is given.
fn moment(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is no time of a trace: such as 1.2s, 350ms, or 1.2 for seconds");
    match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| wrong()),
        Err(_) => humantime::parse_duration(text).map_err(|_| wrong()),
    }
}

/// Prints what happened in a part of a trace.
pub(super) fn report(file: &Path, part: Part, as_json: bool) -> anyhow::Result<()> {
    let trace = progress::read(file)?;
    warn_if_truncated(file, &trace)?;
    let range = part
        .of(trace.store.range())
        .map_err(|error| Misuse(format!("{}: {error}", file.display())))?;
    let report = PartReport::new(&trace.store, &trace.info.scenario, range, trace.now());
    let mut out = io::stdout().lock();
    match as_json {
        true => print_json(&mut out, &report),
        false => Ok(write_text(&mut out, &trace, range, &report)?),
    }
}

fn write_text(
    out: &mut impl Write,
    trace: &Trace,
    range: TimeRange,
    report: &PartReport,
) -> io::Result<()> {
    let store = &trace.store;
    let of = store.range().duration();
    writeln!(
        out,
        "{}: {:.6} s to {:.6} s, {} of {}\n",
        trace.info.title,
        report.from_s,
        report.to_s,
        plain_duration(range.duration()),
        plain_duration(of)
    )?;
    writeln!(out, "{}", chart::chart(store, range, width()))?;
    writeln!(out, "{}\n", chart::LEGEND)?;
    let healths = store.models().iter().filter_map(|model| {
        let health = analysis::health_in(model, range, trace.now())?;
        Some((store.model_name(model).to_owned(), health))
    });
    write_health(out, healths.collect())?;
    writeln!(out, "{}\n", threads(report))?;
    writeln!(out, "{}", calls(report))?;
    let all: usize = report
        .models
        .iter()
        .map(|model| model.callbacks.len())
        .sum();
    if let Some(rest) = all.checked_sub(MOST_CALLS + 1) {
        writeln!(out, " … and {} more", plain_count(rest as u64 + 1))?;
    }
    writeln!(out)?;
    let stalls = analysis::stalls_in(store, range, trace.now());
    write_first(out, &findings(store, &stalls), "findings")?;
    if stalls.is_empty() {
        writeln!(out, "No stall reaches into this range.")?;
    }
    Ok(())
}

/// How the threads spent the range.
fn threads(report: &PartReport) -> Table {
    let mut table = table(["model", "thread", "waiting", "busy", "in calls"]);
    for model in &report.models {
        for thread in &model.threads {
            let lengths = [thread.waiting_s, thread.busy_s, thread.called_s].map(said);
            let mut row = vec![model.model.clone(), thread.thread.clone()];
            row.extend(lengths);
            table.add_row(row);
        }
    }
    numbers_right(table, 2..)
}

/// What was called in the range, that which took longest first.
fn calls(report: &PartReport) -> Table {
    let mut table = table([
        "model", "call", "count", "total", "self", "mean", "p50", "p99", "max",
    ]);
    let models = report.models.iter();
    let calls = models.flat_map(|model| model.callbacks.iter().map(move |call| (model, call)));
    let mut calls: Vec<_> = calls.collect();
    calls.sort_by(|(_, a), (_, b)| b.total_s.total_cmp(&a.total_s));
    for (model, call) in calls.into_iter().take(MOST_CALLS) {
        let lengths = [
            call.total_s,
            call.self_s,
            call.mean_s,
            call.p50_s,
            call.p99_s,
            call.max_s,
        ];
        let mut row = vec![model.model.clone(), call.name.clone()];
        row.push(plain_count(call.count));
        row.extend(lengths.map(said));
        table.add_row(row);
    }
    numbers_right(table, 2..)
}

fn said(seconds: f64) -> String {
    plain_duration(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn part(from: Option<u32>, to: Option<u32>) -> Result<Part, String> {
        let [from, to] = [from, to].map(|millis| millis.map(|millis| millis * MS));
        Ok(Part { from, to })
    }

    #[test]
    fn a_range_has_units_or_is_in_seconds_and_may_lack_an_edge() {
        assert_eq!(Part::parse("1.2s..1500ms"), part(Some(1200), Some(1500)));
        assert_eq!(Part::parse("1.2 .. 1.5"), part(Some(1200), Some(1500)));
        assert_eq!(Part::parse("..900ms"), part(None, Some(900)));
        assert_eq!(Part::parse("0.5.."), part(Some(500), None));
        assert_eq!(Part::parse(".."), part(None, None));
    }

    #[test]
    fn what_is_no_range_is_refused_with_a_way_out() {
        for wrong in [
            "1s",
            "1s..1s",
            "2s..1s",
            "-1..2",
            "soon..later",
            "nan..2",
            "1..1e40",
        ] {
            let error = Part::parse(wrong).expect_err(wrong);
            assert!(error.contains("such as"), "{wrong}: {error}");
        }
    }

    #[test]
    fn only_what_the_trace_has_is_told_and_what_it_has_is_said() {
        let at = |millis: u32| Timestamp::ZERO + millis * MS;
        let trace = TimeRange::new(at(100), at(800));
        let of = |text: &str| Part::parse(text).and_then(|part| part.of(trace));
        assert_eq!(of(".."), Ok(trace));
        assert_eq!(of("0..0.5"), Ok(TimeRange::new(at(100), at(500))));
        assert_eq!(of("300ms..9s"), Ok(TimeRange::new(at(300), at(800))));
        let error = of("2s..3s").expect_err("it is over then");
        assert!(error.contains("0.100s..0.800s"), "{error}");
    }
}
