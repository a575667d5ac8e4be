//! `loopscope run`: a scenario without a window.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::args::RunArgs;
use super::bell::Bell;
use super::progress::Progress;
use super::{INTERRUPTED, Interrupted, Misuse, report, what_if};
use crate::analysis::Report;
use crate::format::{self, Format, Origin, Recording, TraceInfo, WriteError};
use crate::record::{Receiver, TryRecvError};
use crate::scenario::{Blocking, Edit, Scenario};
use crate::session::{Options, Session};
use crate::store::TraceStore;
use crate::trace::{Batch, TaskId};

/// How often what was recorded is fetched, and the bars are moved.
pub(super) const TICK: Duration = Duration::from_millis(25);
/// How often the bars are moved while nothing is recorded: the longer the silence, the less often, so that an idle loop
/// leaves an idle process. A bar is behind by a quarter of what it shows, at most.
const IDLE_TICK: Duration = Duration::from_millis(500);
const RAREST: Duration = Duration::from_secs(5);

/// Runs it, and prints what came of it.
pub(super) fn run(args: &RunArgs) -> anyhow::Result<()> {
    if Path::new(&args.scenario).extension() == Some(OsStr::new("loopscope")) {
        let file = &args.scenario;
        let text = format!(
            "{file} is a trace, not a scenario: `loopscope {file}` opens it in the window, `loopscope report {file}` prints what it says"
        );
        return Err(Misuse(text).into());
    }
    let scenario = changed(&Scenario::load(&args.scenario)?, &args.set)?;
    let options = options(&scenario, args)?;
    let info = TraceInfo::of_run(&scenario.name, &scenario.title, options.stall_threshold);
    let mut files = TraceFiles::begin(info.clone(), &args.trace)?;
    let question = args.what_if.map(|change| (change, options.clone()));
    let (store, mut interrupted) = execute(&scenario, options, !args.json, &mut files)?;
    let mut report = Report::new(&store, &scenario.name, store.range().end);
    // First what lasts: whoever reads the output may have seen enough before its end.
    let written = files.finish(&store);
    let answer = match question {
        Some((change, options)) if !interrupted => {
            let run = |options| {
                let mut no_files = TraceFiles::begin(info, &[])?;
                execute(&scenario, options, !args.json, &mut no_files)
            };
            let answer = what_if::ask(&store, &scenario, &options, change, run)?;
            interrupted = answer.interrupted;
            Some(answer)
        }
        _ => None,
    };
    if let Some(answer) = &answer {
        report.what_if.clone_from(&answer.entries);
    }
    report::print(&scenario.title, &store, &report, args.json)?;
    if let Some(answer) = answer.filter(|_| !args.json) {
        what_if::print(&answer)?;
    }
    written?;
    if interrupted {
        return Err(Interrupted.into());
    }
    as_it_says(&scenario, &report)
}

/// Whether nothing failed but what the scenario lets fail; what did is in the report.
fn as_it_says(scenario: &Scenario, report: &Report) -> anyhow::Result<()> {
    let models = report.models.iter();
    let failed = models.flat_map(|model| {
        let failed = model.tasks.iter().filter(|task| task.outcome == "failed");
        failed.map(|task| (&model.model, task))
    });
    let mut failed = failed.filter(|(_, entry)| {
        let task = TaskId::new(entry.number).and_then(|id| scenario.task(id));
        !task.is_some_and(|task| scenario.lets_fail(task))
    });
    let Some((model, first)) = failed.next() else {
        return Ok(());
    };
    let error = first.error.as_deref().unwrap_or("nobody knows why");
    Err(anyhow::anyhow!(
        "{} failed for no reason in the scenario; the first: {model}, {}: {error}",
        match failed.count() {
            0 => "a task".to_owned(),
            more => format!("{} tasks", more + 1),
        },
        first.name,
    ))
}

/// Runs a scenario as it was shipped, and prints what came of it.
pub(super) fn run_as_shipped(scenario: &str) -> anyhow::Result<()> {
    run(&RunArgs {
        scenario: scenario.to_owned(),
        ..RunArgs::default()
    })
}

/// The scenario with what `--set` asks for.
fn changed(scenario: &Scenario, changes: &[String]) -> anyhow::Result<Scenario> {
    let edit = |text: &String| Edit::parse(text).map_err(|error| Misuse(format!("--set: {error}")));
    let edits = changes.iter().map(edit).collect::<Result<Vec<_>, _>>()?;
    let changed = scenario.edited(&edits);
    Ok(changed.map_err(|error| Misuse(format!("--set: {error}")))?)
}

/// What was asked for, where nothing was asked as the scenario has it.
fn options(scenario: &Scenario, args: &RunArgs) -> anyhow::Result<Options> {
    let mut options = Options::of(scenario);
    if !args.models.is_empty() {
        options.models.clear();
        for name in &args.models {
            let variant = scenario
                .variant(name)
                .map_err(|error| Misuse(format!("--models: {error}")))?;
            if !options.models.contains(variant) {
                options.models.push(variant.clone());
            }
        }
    }
    if args.one_after_another {
        options.together = false;
    }
    if let Some(threshold) = args.stall_threshold {
        options.stall_threshold = threshold;
    }
    options.watch = !args.no_watch;
    if let Some(text) = &args.block {
        options.blocking = Some(blocking(text, scenario)?);
    }
    Ok(options)
}

/// What `--block` asks for.
pub(super) fn blocking(text: &str, scenario: &Scenario) -> anyhow::Result<Blocking> {
    Ok(Blocking::parse(text, scenario)
        .map_err(|error| Misuse(format!("--block {text}: {error}")))?)
}

/// Runs a scenario to its end and returns what it recorded, and whether the user stopped it; every batch goes
/// into `files` too. Ctrl-C stops the models, so that what was recorded until then is kept; a second one ends the program.
fn execute(
    scenario: &Scenario,
    options: Options,
    show_progress: bool,
    files: &mut TraceFiles<'_>,
) -> anyhow::Result<(TraceStore, bool)> {
    let bell = Bell::new();
    let interrupts = count_interrupts(bell.clone());
    let ring = bell.clone();
    let (session, receiver) = Session::start(scenario, options, Arc::new(move || ring.ring()))?;
    let mut store = TraceStore::new();
    let mut progress = Progress::new(scenario, show_progress);
    let mut asked = false;
    let mut news_at = Instant::now();
    loop {
        bell.listen();
        let before = store.events();
        if !fetch(&receiver, &mut store, files) {
            break;
        }
        progress.update(&store, receiver.now());
        if !asked && interrupts.load(Ordering::Relaxed) > 0 {
            session.stop();
            asked = true;
        }
        if store.events() > before {
            news_at = Instant::now();
            std::thread::sleep(TICK);
        } else {
            bell.wait(patience(news_at.elapsed()));
        }
    }
    progress.clear();
    if let Some(trouble) = session.trouble() {
        let text = "what follows took longer than it should";
        let _ = writeln!(io::stderr(), "loopscope: {trouble}; {text}");
    }
    session.join();
    Ok((store, asked))
}

/// How long to wait for a ring, where nothing was recorded for so long.
fn patience(silence: Duration) -> Duration {
    (silence / 4).clamp(IDLE_TICK, RAREST)
}

/// Takes in what is there. Whether more may come.
fn fetch(receiver: &Receiver, store: &mut TraceStore, files: &mut TraceFiles<'_>) -> bool {
    let more = loop {
        match receiver.try_recv() {
            Ok(batch) => {
                store.push(&batch);
                files.append(&batch);
                receiver.recycle(batch);
            }
            Err(TryRecvError::Empty) => break true,
            Err(TryRecvError::Disconnected) => break false,
        }
    };
    files.flush();
    more
}

/// How often the user asked for the end. The second time does not wait for anything.
fn count_interrupts(bell: Bell) -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    let handler = move || {
        if counter.fetch_add(1, Ordering::Relaxed) > 0 {
            std::process::exit(INTERRUPTED.into());
        }
        bell.ring();
    };
    // Without a handler an interrupt ends the program at once, which is what it would do anyway.
    let _ = ctrlc::set_handler(handler);
    count
}

/// The files that `--trace` asks for. The first of our own format is written while the run goes on, so that it
/// outlives a crash; the others are made from that recording, or from the store, when the run is over.
struct TraceFiles<'a> {
    info: TraceInfo,
    recording: Option<Recording>,
    exports: Vec<&'a Path>,
    /// What went wrong while the run went on: it does not end for that.
    failed: Option<WriteError>,
}

impl<'a> TraceFiles<'a> {
    fn begin(info: TraceInfo, paths: &'a [PathBuf]) -> anyhow::Result<Self> {
        let mut files = Self {
            info,
            recording: None,
            exports: Vec::new(),
            failed: None,
        };
        for path in paths {
            let format = format::check_target(path).map_err(|error| match error {
                WriteError::UnknownEnding(_) => Misuse(format!("--trace: {error}")).into(),
                error => anyhow::Error::from(error),
            })?;
            if format == Format::Native && files.recording.is_none() {
                files.recording = Some(Recording::beside(path, &files.info)?);
            } else {
                files.exports.push(path);
            }
        }
        if files.recording.is_none() && !paths.is_empty() {
            files.recording = Some(Recording::temporary(&files.info)?);
        }
        Ok(files)
    }

    fn append(&mut self, batch: &Batch) {
        if let Some(recording) = &mut self.recording
            && let Err(error) = recording.append(batch)
        {
            self.failed = Some(error);
        }
    }

    /// What was fetched is safe, also if this program is killed.
    fn flush(&mut self) {
        if let Some(Err(error)) = self.recording.as_mut().map(Recording::flush) {
            self.failed = Some(error);
        }
    }

    /// Writes them all, and returns the first failure.
    fn finish(mut self, store: &TraceStore) -> Result<(), WriteError> {
        let Some(mut recording) = self.recording.take() else {
            return Ok(());
        };
        let mut result = self.failed.map_or_else(|| recording.finish(), Err);
        let mut origin = Origin::Recording(recording);
        for path in self.exports {
            result = result.and(origin.export(path, &self.info, store, &[], store.range().end));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_nothing_is_recorded_the_bars_are_moved_ever_less_often() {
        let minute = Duration::from_secs(60);
        let (mut silence, mut looks) = (Duration::ZERO, 0);
        while silence < minute {
            assert!(patience(silence) <= IDLE_TICK.max(silence / 4));
            silence += patience(silence);
            looks += 1;
        }
        assert!(looks < 25, "{looks}");
        assert_eq!(patience(minute), RAREST);
    }
}
