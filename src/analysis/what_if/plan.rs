//! From a trace to all that its loop had to do, and what each piece of it followed from.
//!
//! - **Data** that a server of the scenario sent is known piece by piece, whenever it was read; other data came when it
//!   is known to have been ready. It moves with what last asked for it: the task's last write, or what made it connect.
//! - **A timer** moves with the callback that set it, unless it is on the grid of a looping call: a delay that a program
//!   asks for is a round number, and what is left to the next point of a grid is not.
//! - **A result** of the thread pool moves with the callback that handed the work in.
//!
//! Everything else comes at its moment, whatever the loop does.

use std::collections::HashMap;

use super::super::ready::ReadyTimes;
use super::super::sends::sent_at;
use super::super::spans::{Called, called_in};
use super::guilt::Guilt;
use super::replay::{Chunk, Job, Moment, Plan, Point, Queue, Wakes};
use crate::store::{ModelTrack, Sent, SpanKind, TaskTrack, ThreadTrack, TraceStore};
use crate::trace::{Cause, EventKind, FlowId, Interest, TaskId, TimeRange, Timestamp};

/// How long after a callback began a server may say that it sent what that read: it tells of it right after.
const TOLD_LATE: u64 = 1_000_000;

/// Of what a delay that a program asks for is a multiple, in nanoseconds. Two clocks tell of it, a moment apart.
const WHOLE: u64 = 100_000;

/// What a loop had to do in `window`.
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// The callbacks, in the order of the jobs.
    pub(super) called: Vec<Called>,
    /// Since when each could have run.
    pub(super) ready: Vec<u64>,
}

pub(super) fn planned(
    guilt: &Guilt<'_>,
    model: &ModelTrack,
    window: TimeRange,
    now: Timestamp,
) -> Planned {
    let called = called_in(&guilt.thread.lane, window, now);
    let mut draft = Draft {
        store: guilt.store,
        model,
        thread: guilt.thread,
        times: ReadyTimes::new(model, guilt.thread),
        called: &called,
        works: works(model, guilt.thread),
        asked: HashMap::new(),
        connected: HashMap::new(),
        last: HashMap::new(),
        streams: HashMap::new(),
        intervals: HashMap::new(),
        first_chunks: HashMap::new(),
        plan: Plan::default(),
    };
    for one in &called {
        draft.plan.jobs.push(Job {
            begin: one.range.begin.0,
            end: one.range.end.0,
            parts: guilt.parts(one),
            ..Job::default()
        });
    }
    draft.note_what_asks(window);
    draft.note_grids();
    let mut ready = Vec::with_capacity(called.len());
    for (place, one) in called.iter().enumerate() {
        ready.push(draft.wake(place));
        if let Some(task) = one.span.task {
            draft.last.insert(task, place);
        }
    }
    draft.level_polls(&mut ready);
    let mut plan = draft.plan;
    let mut free = 0;
    for (job, ready) in plan.jobs.iter_mut().zip(&ready) {
        job.before = job.begin.saturating_sub(free.max(*ready));
        free = job.end;
    }
    Planned {
        plan,
        called,
        ready,
    }
}

/// Which call brings the result of which work.
fn works(model: &ModelTrack, thread: &ThreadTrack) -> HashMap<FlowId, FlowId> {
    let others = model.threads.iter().filter(|one| one.id != thread.id);
    let instants = others.flat_map(|other| other.instants().iter());
    let done = instants.filter_map(|event| match event.kind {
        EventKind::WorkDone { work, call } => Some((call?, work)),
        _ => None,
    });
    done.collect()
}

struct Draft<'a> {
    store: &'a TraceStore,
    model: &'a ModelTrack,
    thread: &'a ThreadTrack,
    times: ReadyTimes<'a>,
    called: &'a [Called],
    works: HashMap<FlowId, FlowId>,
    /// The jobs in which a task wrote.
    asked: HashMap<TaskId, Vec<usize>>,
    /// The jobs in which a connection of a task was made.
    connected: HashMap<TaskId, Vec<usize>>,
    /// The job in which each task ran last, of those that were gone through.
    last: HashMap<TaskId, usize>,
    /// The place of the stream of each task.
    streams: HashMap<TaskId, usize>,
    /// The least that lies between two ticks of a looping call.
    intervals: HashMap<Caller, u64>,
    /// Where the stream of a job has what it read first.
    first_chunks: HashMap<usize, (usize, usize)>,
    plan: Plan,
}

/// Who is called: a callback and its task.
type Caller = (Option<crate::trace::NameId>, Option<TaskId>);

impl Draft<'_> {
    fn note_what_asks(&mut self, window: TimeRange) {
        for event in self.thread.instants_in(window) {
            let EventKind::BytesWritten {
                task: Some(task), ..
            } = event.kind
            else {
                continue;
            };
            if let Some(job) = self.job_at(event.at) {
                self.asked.entry(task).or_default().push(job);
            }
        }
        for task in &self.model.tasks {
            let made = task.connections().iter();
            let jobs = made.filter_map(|made| self.job_at(made.at)).collect();
            self.connected.insert(task.id, jobs);
        }
    }

    fn note_grids(&mut self) {
        let mut last: HashMap<Caller, u64> = HashMap::new();
        for called in self.called {
            if called.span.kind == SpanKind::Callback(Cause::Timer)
                && let Some(ready) = self.times.of(&called.span)
                && let Some(before) = last.insert(called.key(), ready.at.0)
            {
                let between = ready.at.0.saturating_sub(before).max(1);
                let known = self.intervals.entry(called.key()).or_insert(between);
                *known = between.min(*known);
            }
        }
    }

    /// The job that ran at a moment, or last before it.
    fn job_at(&self, moment: Timestamp) -> Option<usize> {
        let begun = self
            .called
            .partition_point(|called| called.range.begin <= moment);
        begun.checked_sub(1)
    }

    /// The point of a job that is known at a moment: what comes after something guilty moves with that.
    fn point(&self, place: usize, moment: Timestamp) -> Point {
        let job = &self.plan.jobs[place];
        let before = job.parts.iter().take_while(|part| part.guilty().is_none());
        let holds: u64 = before.map(|part| part.nanos()).sum();
        let ended = moment.0 >= job.end;
        match ended || moment.0 > job.begin + holds {
            true => Point::End,
            false => Point::Begin,
        }
    }

    /// `at`, which was settled at the moment `since`, if by a job that comes before `place`.
    fn follows(&self, at: u64, since: Timestamp, place: usize) -> Moment {
        let after = self.job_at(since).filter(|job| *job < place);
        Moment {
            at,
            after: after.map(|job| (job, self.point(job, since))),
            grid: None,
        }
    }

    /// Finds out what made the loop run a job, and returns since when it could have.
    fn wake(&mut self, place: usize) -> u64 {
        let called = self.called[place];
        let SpanKind::Callback(cause) = called.span.kind else {
            return called.range.begin.0;
        };
        let before = place.checked_sub(1).map(|before| &self.called[before].span);
        let again = before
            .is_some_and(|before| before.flow.is_some_and(|_| before.flow == called.span.flow));
        if cause == Cause::Readiness && !again && self.reads(place) {
            return self.data(place);
        }
        let ready = self.times.of(&called.span);
        let (queue, moment) = match (cause, ready) {
            (Cause::WhenRunning, Some(ready)) => (Queue::Calls, fixed(ready.at.0)),
            (Cause::WhenRunning, None) => {
                let at = self.thread.begin.0.min(called.range.begin.0);
                (Queue::Calls, fixed(at))
            }
            (Cause::Timer, Some(ready)) => (Queue::Timers, self.timer(place, ready.at)),
            (Cause::ThreadCall, Some(ready)) => (Queue::Calls, self.call(place, ready.at)),
            (Cause::Readiness, Some(ready)) if !again => {
                (Queue::Descriptors, self.readiness(place, ready.at))
            }
            // Before the first one there is none that it could follow from.
            _ if place == 0 => (Queue::Calls, fixed(called.range.begin.0)),
            _ => return called.range.begin.0,
        };
        self.plan.jobs[place].wakes = Wakes::From(queue, moment);
        moment.at
    }

    fn timer(&self, place: usize, deadline: Timestamp) -> Moment {
        let called = &self.called[place];
        let origin = called.span.flow.and_then(|flow| self.thread.origin(flow));
        let Some(set) = origin else {
            return fixed(deadline.0);
        };
        let EventKind::TimerSet {
            deadline: first, ..
        } = set.kind
        else {
            return fixed(deadline.0);
        };
        // It was moved since.
        if first.0.abs_diff(deadline.0) > TOLD_LATE {
            return fixed(deadline.0);
        }
        let moment = self.follows(deadline.0, set.at, place);
        // A looping call plans the next one when its callback is over.
        let inside = self.job_at(set.at).is_some_and(|job| {
            self.called[job].key() == called.key() && set.at < self.called[job].range.end
        });
        let left = first.0.saturating_sub(set.at.0);
        let is_whole = (left + WHOLE / 100) % WHOLE <= WHOLE / 50;
        let grid = self.intervals.get(&called.key()).copied();
        Moment {
            grid: grid.filter(|_| !inside && !is_whole),
            ..moment
        }
    }

    fn call(&self, place: usize, queued: Timestamp) -> Moment {
        let work = self.called[place].span.flow;
        let work = work.and_then(|flow| self.works.get(&flow));
        let handed_in = work.and_then(|work| self.thread.origin(*work));
        match handed_in {
            Some(event) => self.follows(queued.0, event.at, place),
            None => fixed(queued.0),
        }
    }

    /// Whether a job reads a connection of its task, or finds out that nothing more comes.
    fn reads(&self, place: usize) -> bool {
        let span = &self.called[place].span;
        let readable = span.flow.and_then(|flow| self.thread.origin(flow));
        let readable = readable.is_some_and(|event| {
            matches!(
                event.kind,
                EventKind::Readiness {
                    interest: Interest::Readable,
                    ..
                }
            )
        });
        let connected = span.task.and_then(|task| self.connected.get(&task));
        let makes = |jobs: &Vec<usize>| jobs.contains(&place);
        readable && span.task.is_some() && !connected.is_some_and(makes)
    }

    fn readiness(&self, place: usize, at: Timestamp) -> Moment {
        let called = &self.called[place];
        let Some(task) = called.span.task else {
            return fixed(at.0);
        };
        let stood = self.model.task(task);
        let stood = stood.and_then(|task| taken_in(self.store, task, called.range));
        self.asked_for(task, place, stood.unwrap_or(at).min(at))
    }

    /// A moment that moves with what a task did last to bring it about, before the job at `place`.
    fn asked_for(&self, task: TaskId, place: usize, at: Timestamp) -> Moment {
        let last = |jobs: Option<&Vec<usize>>| {
            let jobs = jobs.map_or(&[][..], Vec::as_slice);
            let before =
                jobs.partition_point(|&job| job < place && self.called[job].range.begin <= at);
            before.checked_sub(1).map(|last| jobs[last])
        };
        let wrote = last(self.asked.get(&task));
        let connected = last(self.connected.get(&task));
        match (wrote, connected) {
            (Some(wrote), connected) if connected.is_none_or(|job| job <= wrote) => {
                self.follows(at.0, self.called[wrote].range.begin, place)
            }
            // The other side knows of a connection before this one does.
            (_, Some(connected)) => match self.plan.jobs[connected].wakes {
                Wakes::From(_, Moment { after, .. }) => Moment {
                    at: at.0,
                    after,
                    grid: None,
                },
                _ => fixed(at.0),
            },
            _ => match self.last.get(&task) {
                Some(&last) => self.follows(at.0, self.called[last].range.end, place),
                None => fixed(at.0),
            },
        }
    }

    /// Adds what a job reads to the stream of its task, and returns since when it could have run.
    fn data(&mut self, place: usize) -> u64 {
        let called = self.called[place];
        let Some(id) = called.span.task else {
            return called.range.begin.0;
        };
        let connected = self.connected.get(&id);
        let gate = connected.and_then(|jobs| jobs.iter().rfind(|job| **job < place).copied());
        let sent = self.sent(id, &called);
        let moments = match sent.is_empty() {
            true => {
                let ready = self.times.of(&called.span);
                let begin = called.range.begin;
                vec![ready.map_or(begin, |ready| ready.at.min(begin)).0]
            }
            false => sent,
        };
        let moments: Vec<Moment> = moments
            .into_iter()
            .map(|at| self.asked_for(id, place, Timestamp(at)))
            .collect();
        let streams = self.plan.streams.len();
        let stream = *self.streams.entry(id).or_insert(streams);
        if stream == streams {
            self.plan.streams.push(Vec::new());
        }
        let chunks = moments.iter().map(|arrives| Chunk {
            arrives: *arrives,
            gate,
            job: place,
        });
        let first = self.plan.streams[stream].len();
        self.first_chunks.insert(place, (stream, first));
        self.plan.streams[stream].extend(chunks);
        self.plan.jobs[place].wakes = Wakes::Data;
        let open = gate.map_or(0, |gate| self.plan.jobs[gate].end);
        moments[0].at.max(open)
    }

    /// What one poll brought was there when it looked, whenever somebody came to tell of it: at its begin, or when the
    /// first of it came, for which the poll waited.
    fn level_polls(&mut self, ready: &mut [u64]) {
        let mut place = 0;
        while place < self.called.len() {
            let Some(learned) = self.learned(place) else {
                place += 1;
                continue;
            };
            let from = place;
            while place < self.called.len() && self.learned(place) == Some(learned) {
                place += 1;
            }
            let begin = self.poll_begin(learned);
            let earliest = ready[from..place].iter().min().copied().unwrap_or(begin);
            let there = begin.max(earliest);
            for (job, ready) in (from..place).zip(&mut ready[from..place]) {
                if let Some(moment) = self.moment(job) {
                    moment.at = there.min(moment.at);
                    *ready = there.min(*ready);
                }
            }
        }
    }

    /// The moment for which a job waited, or the first that it read.
    fn moment(&mut self, job: usize) -> Option<&mut Moment> {
        if let Some(&(stream, chunk)) = self.first_chunks.get(&job) {
            return Some(&mut self.plan.streams[stream][chunk].arrives);
        }
        match &mut self.plan.jobs[job].wakes {
            Wakes::From(_, moment) => Some(moment),
            Wakes::Follows | Wakes::Data => None,
        }
    }

    /// When the loop learned that it could run a job.
    fn learned(&self, place: usize) -> Option<Timestamp> {
        let span = &self.called[place].span;
        let read = span.kind == SpanKind::Callback(Cause::Readiness);
        let flow = span.flow.filter(|_| read)?;
        Some(self.thread.origin(flow)?.at)
    }

    /// When the poll began that returned at a moment.
    fn poll_begin(&self, returned: Timestamp) -> u64 {
        let row = self.thread.lane.row(0);
        let before = Timestamp(returned.0.saturating_sub(1));
        let poll = row.and_then(|row| row.get(row.at(before)?));
        let poll = poll.filter(|span| span.kind == SpanKind::Poll);
        poll.map_or(returned.0, |poll| poll.begin.0)
    }

    /// When a server sent what a job read, piece by piece; what came while it read on in one call is no piece.
    fn sent(&self, id: TaskId, called: &Called) -> Vec<u64> {
        let found = || {
            let task = self.model.task(id)?;
            let (from, to) = read_in(task, called)?;
            sent_between(self.store, task, called.range.begin, (from, to))
        };
        let begin = called.range.begin.0;
        let sent = found().into_iter().flatten();
        sent.take_while(|one| one.at.0 <= begin + TOLD_LATE)
            .map(|one| one.at.0.min(begin))
            .collect()
    }
}

/// What a server sent of the bytes that a task read on the connection that it had at a moment: those after the first so
/// many, and up to so many.
pub(super) fn sent_between<'a>(
    store: &'a TraceStore,
    task: &TaskTrack,
    moment: Timestamp,
    (from, to): (u64, u64),
) -> Option<impl Iterator<Item = &'a Sent> + use<'a>> {
    let read = task.progress().partition_point(|(_, total)| *total < to);
    let (before, sent) = sent_at(store, task, moment, read)?;
    let from = from.checked_sub(before)?;
    let to = to.checked_sub(before)?;
    let first = sent.partition_point(|one| one.total <= from);
    let past = sent.partition_point(|one| one.total <= to).max(first);
    Some(sent.range(first..past).iter())
}

/// When a server took in the connection of a task that was made in a callback: however late the loop learned of it, it
/// stood by then.
pub(super) fn taken_in(
    store: &TraceStore,
    task: &TaskTrack,
    callback: TimeRange,
) -> Option<Timestamp> {
    let made = task.connections().iter();
    let mut made = made.filter(|made| callback.contains(made.at));
    let made = made.next()?;
    store.sends().taken_in(made.wire, made.at)
}

/// How many bytes a task had read before a callback, and after it.
pub(super) fn read_in(task: &TaskTrack, called: &Called) -> Option<(u64, u64)> {
    let progress = task.progress();
    let first = progress.partition_point(|(at, _)| *at < called.range.begin);
    let past = progress.partition_point(|(at, _)| *at < called.range.end);
    let bytes = |place: usize| progress.get(place).map(|(_, bytes)| *bytes);
    let before = first.checked_sub(1).and_then(bytes).unwrap_or(0);
    let after = bytes(past.checked_sub(1)?)?;
    (after > before).then_some((before, after))
}

/// A moment that comes whatever the loop does.
const fn fixed(at: u64) -> Moment {
    Moment {
        at,
        after: None,
        grid: None,
    }
}
