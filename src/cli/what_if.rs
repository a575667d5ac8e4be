//! `loopscope run --what-if`: the same scenario once more, with what held the loop most carried out otherwise.

use std::io::{self, Write};
use std::time::Duration;

use comfy_table::Table;

use super::Misuse;
use super::table::{numbers_right, table, unknown};
use crate::analysis::{
    self, Comparison, Foresight, StallReport, Verdict, WhatIfEntry, plain_count, plain_duration,
};
use crate::scenario::{Scenario, Treatment};
use crate::session::Options;
use crate::store::{ModelTrack, TraceStore};
use crate::trace::Change;

/// How many victims of the worst stall are listed.
const LISTED: usize = 20;

/// What came of the other run.
pub(super) struct Answer {
    /// What was asked, for a person.
    question: String,
    /// A stall each, the most harmful first.
    pub(super) entries: Vec<WhatIfEntry>,
    /// What comes of all stalls together.
    verdict: Verdict,
    /// Whether the worst stall was owed to other programs.
    by_chance: bool,
    /// Whether the user stopped it.
    pub(super) interrupted: bool,
}

/// Finds the callback whose stalls did most harm, has the scenario `run` with that one changed, and compares. `options`
/// are those of the run that `store` has; `run` returns what it recorded, and whether it was interrupted.
pub(super) fn ask(
    store: &TraceStore,
    scenario: &Scenario,
    options: &Options,
    change: Change,
    run: impl FnOnce(Options) -> anyhow::Result<(TraceStore, bool)>,
) -> anyhow::Result<Answer> {
    let stalls = analysis::stalls(store, store.range().end);
    let Some((worst, model, treatment)) = worst(store, &stalls, change) else {
        return Ok(Answer {
            question: "What if? No loop was held up, so that there is nothing to change."
                .to_owned(),
            entries: Vec::new(),
            verdict: Verdict::default(),
            by_chance: false,
            interrupted: false,
        });
    };
    let objection = treatment
        .objection(scenario, options.blocking)
        .or_else(|| analysis::objection(store, model, worst, change));
    if let Some(objection) = objection {
        return Err(Misuse(format!("--what-if: {objection}")).into());
    }
    let variant = options.models.get(model.id.index());
    let options = Options {
        models: variant.cloned().into_iter().collect(),
        treatment: Some(treatment),
        ..options.clone()
    };
    let (other, interrupted) = run(options)?;
    let (name, begin) = (
        store.model_name(model),
        model.range(store.range().end).begin,
    );
    let now = store.range().end;
    let foresight = Foresight::new(store, model, worst, change, now);
    let other_now = other.range().end;
    let there = other.models().first().map(|there| (&other, there));
    let mut comparison = there.map(|there| Comparison::new((store, model), there, other_now));
    let mut all = Vec::new();
    let mut entries = Vec::new();
    for stall in stalls_like(&stalls, worst) {
        let predictions = foresight.of(stall);
        let compared = comparison.as_mut();
        let compared = compared.map_or_else(Vec::new, |both| both.of(stall, &predictions));
        entries.push(WhatIfEntry::new(stall, name, begin, change, &compared));
        all.extend(compared);
    }
    Ok(Answer {
        question: format!(
            "{name}: what if {} were carried out {change}?",
            worst.callback
        ),
        entries,
        verdict: Verdict::of(&all),
        by_chance: analysis::is_by_chance(worst),
        interrupted,
    })
}

/// The worst stall of the callback of a loop that did most harm, its model, and how that is changed.
fn worst<'a>(
    store: &'a TraceStore,
    stalls: &'a [StallReport],
    change: Change,
) -> Option<(&'a StallReport, &'a ModelTrack, Treatment)> {
    let findings = analysis::findings(stalls);
    let of_loop = findings.iter().find(|finding| finding.of_loop)?;
    let worst = stalls.get(*of_loop.stalls.first()?)?;
    let treatment = Treatment {
        callback: worst.callback.as_str().into(),
        task: worst.task,
        change,
    };
    Some((worst, store.model(worst.model)?, treatment))
}

/// The stalls of the same callback, the most harmful first.
fn stalls_like<'a>(stalls: &'a [StallReport], worst: &StallReport) -> Vec<&'a StallReport> {
    let same =
        |stall: &&StallReport| stall.model == worst.model && stall.callback == worst.callback;
    let mut same: Vec<_> = stalls.iter().filter(same).collect();
    same.sort_by_key(|stall| std::cmp::Reverse(stall.harm));
    same
}

/// Prints the worst stall victim by victim, and what comes of all of them.
pub(super) fn print(answer: &Answer) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{}", answer.question)?;
    let Some(worst) = answer.entries.first() else {
        return Ok(());
    };
    let lasted = plain_duration(Duration::from_secs_f64(worst.duration_s));
    let more = match answer.entries.len() {
        1 => String::new(),
        stalls => format!(", the worst of {}", plain_count(stalls as u64)),
    };
    let at = worst.start_s;
    writeln!(out, "Of the stall of {lasted} at {at:.3} s{more}:\n")?;
    writeln!(out, "{}", victims(worst))?;
    if let Some(more) = worst.victims.len().checked_sub(LISTED + 1) {
        writeln!(out, "and {} more, who waited less", more + 1)?;
    }
    let waits: usize = answer.entries.iter().map(|entry| entry.victims.len()).sum();
    let waits = match waits {
        1 => "1 wait".to_owned(),
        waits => format!("{} waits", plain_count(waits as u64)),
    };
    writeln!(out, "\n{waits} in all. {}", answer.verdict)?;
    if answer.verdict.found > 0 {
        writeln!(out, "{}", analysis::HOLDS)?;
    }
    if answer.by_chance {
        writeln!(out, "{}", analysis::BY_CHANCE)?;
    }
    Ok(())
}

fn victims(stall: &WhatIfEntry) -> Table {
    let mut table = table(["victim", "waited", "predicted", "measured", "off by"]);
    let told = |seconds| plain_duration(Duration::from_secs_f64(seconds));
    for victim in stall.victims.iter().take(LISTED) {
        table.add_row([
            victim.name.clone(),
            told(victim.delay_s),
            told(victim.predicted_s),
            victim.measured_s.map_or_else(unknown, told),
            victim.off_s.map_or_else(unknown, told),
        ]);
    }
    numbers_right(table, 1..)
}
