//! One run of one model of execution.

use std::collections::BTreeSet;

use super::stalls::{StallPlaces, is_same};
use super::{
    Arrival, Arrivals, Busy, CpuTimes, Observer, Ran, Sample, SeenDescriptor, SpanKind, Stall,
    StallRow, TaskTrack, ThreadTrack, lost,
};
use crate::trace::{
    Cause, Event, EventKind, ModelId, NameId, Outcome, TaskId, ThreadId, TimeRange, Timestamp,
};

/// One run of one model of execution: its threads, its tasks and its stalls.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelTrack {
    /// Which.
    pub id: ModelId,
    /// What it is called, such as `asynchronous`.
    pub name: Option<NameId>,
    /// When it began, if that was recorded.
    pub begin: Option<Timestamp>,
    /// When it ended, if it did.
    pub end: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Its threads, in the order of their ids: that in which they began to record.
    pub threads: Vec<ThreadTrack>,
    /// Its tasks, in the order of the scenario.
    pub tasks: Vec<TaskTrack>,
    /// Its stalls, in the order in which they were first heard of. One keeps its place when it ends.
    pub stalls: Vec<Stall>,
    /// Data that came in while its loops did not look.
    pub arrivals: Arrivals,
    /// What watching it has cost.
    pub observer: Observer,
    /// How many events it recorded.
    pub events: u64,
    /// How many events were dropped because nobody fetched them.
    pub dropped: u64,
    /// The last moment that is known of it.
    pub last: Timestamp,
    /// How the time of those of its threads was spent that have ended and told it.
    pub times: Option<Times>,
    /// How much memory the process had, as far as somebody looked.
    pub memory: Option<Memory>,
    /// When its threads did not wait, what lasts still not included.
    pub busy: Busy,
    longest_stall: Option<usize>,
    /// The places of the stalls that last still.
    lasting: Vec<usize>,
    /// The places of all others.
    ended: StallPlaces,
    /// Tasks of which a watchdog saw data come in that their loop has not told of.
    untold: BTreeSet<TaskId>,
}

/// How the time of threads was spent, by the system's own account; of several the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// In nanoseconds.
    pub on_cpu: u64,
    /// Nanoseconds in which they could have run and had to wait for a core.
    pub waiting_for_core: u64,
}

/// How much memory the process had while a model ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In bytes, when somebody looked for the first time.
    pub first: u64,
    /// In bytes, at most.
    pub most: u64,
}

impl ModelTrack {
    pub(super) fn new(id: ModelId) -> Self {
        Self {
            id,
            name: None,
            begin: None,
            end: None,
            outcome: None,
            threads: Vec::new(),
            tasks: Vec::new(),
            stalls: Vec::new(),
            arrivals: Arrivals::default(),
            observer: Observer::default(),
            events: 0,
            dropped: 0,
            last: Timestamp::ZERO,
            times: None,
            memory: None,
            busy: Busy::default(),
            longest_stall: None,
            lasting: Vec::new(),
            ended: StallPlaces::default(),
            untold: BTreeSet::new(),
        }
    }

    /// The thread with this id.
    pub fn thread(&self, id: ThreadId) -> Option<&ThreadTrack> {
        self.threads
            .binary_search_by_key(&id, |thread| thread.id)
            .ok()
            .map(|place| &self.threads[place])
    }

    /// The task with this id.
    pub fn task(&self, id: TaskId) -> Option<&TaskTrack> {
        self.place_of(id).ok().map(|place| &self.tasks[place])
    }

    /// The stalls that last still, with their places.
    pub fn lasting_stalls(&self) -> impl Iterator<Item = (usize, &Stall)> {
        let places = self.lasting.iter();
        places.map(|&place| (place, &self.stalls[place]))
    }

    /// The stall of a thread that lasts still, with its place.
    pub fn lasting_stall(&self, thread: ThreadId) -> Option<(usize, &Stall)> {
        let mut lasting = self.lasting_stalls();
        lasting.find(|(_, stall)| stall.thread == thread)
    }

    /// The stalls that have ended and reach into a stretch of time or touch it: a row for each thread that ever had one.
    pub fn stalls_in(&self, range: TimeRange) -> impl Iterator<Item = StallRow<'_>> {
        let lines = self.ended.lines();
        lines.map(move |line| StallRow::new(&self.stalls, Some(line), range))
    }

    /// Those of one thread.
    pub fn stalls_on(&self, thread: ThreadId, range: TimeRange) -> StallRow<'_> {
        StallRow::new(&self.stalls, self.ended.on(thread), range)
    }

    /// Those that a task caused; of several threads also some that ended before.
    pub fn stalls_by(&self, task: TaskId, range: TimeRange) -> StallRow<'_> {
        StallRow::new(&self.stalls, self.ended.by(task), range)
    }

    /// Its longest stall, where `now` stands for the end of those that last still.
    pub fn longest_stall(&self, now: Timestamp) -> Option<TimeRange> {
        let places = self.longest_stall.iter().chain(&self.lasting);
        let ranges = places.map(|place| self.stalls[*place].until(now));
        ranges.max_by_key(|range| range.nanos())
    }

    /// From its begin to its end, or to `now` while it runs.
    pub fn range(&self, now: Timestamp) -> TimeRange {
        let first = || {
            self.threads
                .iter()
                .map(|thread| thread.begin)
                .min()
                .unwrap_or_default()
        };
        TimeRange::new(self.begin.unwrap_or_else(first), self.end.unwrap_or(now))
    }

    /// Lets go of what ended before `moment`, in whole pieces. What is counted stays counted, and stalls stay.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.arrivals.forget_before(moment);
        for thread in &mut self.threads {
            thread.forget_before(moment);
        }
        for task in &mut self.tasks {
            task.forget_before(moment);
        }
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let threads = self.threads.iter().map(ThreadTrack::bytes);
        let tasks = self.tasks.iter().map(TaskTrack::bytes);
        let own = self.threads.capacity() * size_of::<ThreadTrack>()
            + self.tasks.capacity() * size_of::<TaskTrack>()
            + self.stalls.capacity() * size_of::<Stall>();
        own + self.busy.bytes()
            + self.arrivals.bytes()
            + threads.sum::<usize>()
            + tasks.sum::<usize>()
    }

    /// Takes in an event of one of its threads.
    pub(super) fn push(&mut self, thread: ThreadId, event: &Event) {
        self.events += 1;
        self.last = self.last.max(event.at);
        match event.kind {
            EventKind::ModelBegin { name } => {
                self.name = Some(name);
                self.begin = Some(event.at);
            }
            EventKind::ModelEnd { outcome } => {
                self.end = Some(event.at);
                self.outcome = Some(outcome);
            }
            EventKind::ThreadSpent {
                on_cpu,
                waiting_for_core,
            } => {
                let times = self.times.get_or_insert_default();
                times.on_cpu = times.on_cpu.saturating_add(on_cpu);
                times.waiting_for_core = times.waiting_for_core.saturating_add(waiting_for_core);
            }
            EventKind::Memory { resident } => {
                let memory = self.memory.get_or_insert(Memory {
                    first: resident,
                    most: resident,
                });
                memory.most = memory.most.max(resident);
            }
            EventKind::Dropped { count } => lost::lose(self, thread, event.at, count),
            EventKind::Stall {
                begin,
                task,
                callback,
            } => self.add_stall(Stall {
                range: TimeRange::new(begin, event.at),
                lasts: false,
                thread,
                task,
                callback: Some(callback),
            }),
            EventKind::PollBegin => self.poll_begins(thread, event.at),
            // A thread without a loop waits where another one polls.
            EventKind::WaitBegin { .. } | EventKind::ThreadEnd => {
                self.end_stalls(thread, event.at);
            }
            _ => self.watched(event),
        }
        self.tell_task(thread, event);
        if let Some(stretch) = self.thread_mut(thread, event.at).push(event) {
            self.busy.add(stretch);
        }
    }

    /// Takes in what a watchdog saw of one of its threads.
    fn watched(&mut self, event: &Event) {
        let at = event.at;
        match event.kind {
            EventKind::StallNoticed {
                thread,
                task,
                callback,
                begin,
            } => self.notice_stall(Stall {
                range: TimeRange::new(begin, at),
                lasts: true,
                thread,
                task,
                callback,
            }),
            EventKind::ThreadSample { thread, doing } => {
                let watch = &mut self.thread_mut(thread, at).watch;
                watch.add_sample(Sample { at, doing });
            }
            EventKind::ThreadTimes {
                thread,
                on_cpu,
                waiting_for_core,
            } => self.thread_mut(thread, at).watch.add_times(CpuTimes {
                at,
                on_cpu,
                waiting_for_core,
            }),
            EventKind::DataArrived { fd, task, sighting } => self.data_arrived(Arrival {
                at,
                fd,
                task,
                sighting,
            }),
            EventKind::ThreadRan { thread, times } => {
                let watch = &mut self.thread_mut(thread, at).watch;
                watch.add_run(Ran { at, times });
            }
            EventKind::DescriptorIs {
                thread,
                fd,
                task,
                what,
            } => {
                let seen = SeenDescriptor { at, fd, task, what };
                self.thread_mut(thread, at).watch.add_descriptor(seen);
            }
            EventKind::Recorded { spent, .. } => self.observer.recorded(spent),
            EventKind::ReportsHeldBack { count } => self.observer.held_back += u64::from(count),
            EventKind::Watched { reads, spent } => {
                self.observer.reads += u64::from(reads);
                self.observer.spent = self.observer.spent.saturating_add(spent);
            }
            _ => {}
        }
    }

    /// The loop tells of a stall at its end: it takes the place of what was noticed of it.
    fn add_stall(&mut self, stall: Stall) {
        let same = |place: &usize| is_same(&self.stalls[*place], &stall);
        let place = match self.lasting.iter().position(same) {
            Some(noticed) => {
                let place = self.lasting.remove(noticed);
                self.stalls[place] = stall;
                place
            }
            None => {
                self.stalls.push(stall);
                self.stalls.len() - 1
            }
        };
        self.ended.add(&self.stalls, place);
        self.note_longest(place);
    }

    /// A watchdog tells of a stall while it lasts; the loop may be heard of first all the same.
    fn notice_stall(&mut self, mut stall: Stall) {
        // Nearly always one of the last.
        let heard = self.stalls.iter().rposition(|known| is_same(known, &stall));
        if let Some(place) = heard {
            let known = &mut self.stalls[place];
            if known.lasts {
                *known = stall;
                self.note_longest(place);
            }
            return;
        }
        let place = self.stalls.len();
        match self.end_of_stretch(stall.thread, stall.range.begin) {
            Some(end) => {
                stall.range.end = lost::last_known(&self.threads, &stall, end);
                stall.lasts = false;
                self.stalls.push(stall);
                self.ended.add(&self.stalls, place);
            }
            None => {
                self.stalls.push(stall);
                self.lasting.push(place);
            }
        }
        self.note_longest(place);
    }

    /// Where a stretch without a poll ended, as far as the thread is known.
    fn end_of_stretch(&self, thread: ThreadId, begin: Timestamp) -> Option<Timestamp> {
        let thread = self.thread(thread)?;
        let mut polls = thread.polls_from(Timestamp(begin.0.saturating_add(1)));
        polls.next().map(|poll| poll.begin).or(thread.end)
    }

    fn note_longest(&mut self, place: usize) {
        let nanos = |place: usize| self.stalls[place].range.nanos();
        if self
            .longest_stall
            .is_none_or(|longest| nanos(place) > nanos(longest))
        {
            self.longest_stall = Some(place);
        }
    }

    /// Whatever was noticed of a thread ends where the thread polls again, although its loop told of no stall: its
    /// threshold may have been raised meanwhile.
    fn end_stalls(&mut self, thread: ThreadId, at: Timestamp) {
        let (stalls, ended, threads) = (&mut self.stalls, &mut self.ended, &self.threads);
        self.lasting.retain(|&place| {
            let stall = &mut stalls[place];
            let ends = stall.thread == thread && stall.range.begin <= at;
            if ends {
                stall.range.end = lost::last_known(threads, stall, at);
                stall.lasts = false;
                ended.add(stalls, place);
            }
            !ends
        });
    }

    fn poll_begins(&mut self, thread: ThreadId, at: Timestamp) {
        self.end_stalls(thread, at);
        if self.untold.is_empty() {
            return;
        }
        // What was there when the loop polled last, and was not told of, was nothing for the task.
        let last = self.thread(thread).and_then(|thread| {
            let mut polls = thread.lane.row(0)?.spans().iter().rev();
            polls.find(|span| span.kind == SpanKind::Poll)
        });
        let Some(last) = last else { return };
        let mut untold = std::mem::take(&mut self.untold);
        untold.retain(|&task| {
            let task = self.task_mut(task);
            task.was_not_ready(last.begin);
            task.has_untold_data()
        });
        self.untold = untold;
    }

    fn data_arrived(&mut self, arrival: Arrival) {
        self.arrivals.add(arrival);
        let Some(id) = arrival.task else { return };
        // The poll after it brings it to light; the turn after that poll tells of it, and is over at the next one.
        let told = |thread: &ThreadTrack| {
            let mut polls = thread.polls_from(arrival.at);
            let poll = polls.next()?;
            polls.next().map(|_| poll.end)
        };
        let told = self.threads.iter().filter_map(told).min();
        let told = told.unwrap_or(Timestamp::MAX);
        let task = self.task_mut(id);
        task.arrived(arrival.at, told);
        if task.has_untold_data() {
            self.untold.insert(id);
        }
    }

    /// Tells the task that the event is about. Must come before the thread hears of it: the end of a
    /// callback does not say whose it was, the thread's open span does.
    fn tell_task(&mut self, thread: ThreadId, event: &Event) {
        if let EventKind::CallbackEnd { .. } = event.kind {
            let open = self
                .thread(thread)
                .into_iter()
                .flat_map(|thread| thread.lane.open().iter().rev());
            let mut callbacks = open
                .copied()
                .filter(|span| matches!(span.kind, SpanKind::Callback(_)));
            if let Some(span) = callbacks.next()
                && let (SpanKind::Callback(cause), Some(task)) = (span.kind, span.task)
            {
                let mut outer = callbacks.peekable();
                // Inside another's, such as that of the port that took its connection in, it is the loop's.
                let by_loop = cause != Cause::Program || outer.peek().is_some();
                // A callback inside one of the same task is part of it: the task runs on.
                if cause != Cause::ThreadPool && !outer.any(|outer| outer.task == Some(task)) {
                    self.task_mut(task).callback_ended(event.at, by_loop);
                }
            }
        } else if let Some(task) = task_of(event)
            && !self
                .thread(thread)
                .is_some_and(|one| one.works_off_loop(event))
        {
            self.task_mut(task).push(event);
        }
    }

    fn thread_mut(&mut self, id: ThreadId, at: Timestamp) -> &mut ThreadTrack {
        let place = self
            .threads
            .binary_search_by_key(&id, |thread| thread.id)
            .unwrap_or_else(|place| {
                self.threads.insert(place, ThreadTrack::new(id, at));
                place
            });
        &mut self.threads[place]
    }

    fn task_mut(&mut self, id: TaskId) -> &mut TaskTrack {
        let place = self.place_of(id).unwrap_or_else(|place| {
            self.tasks.insert(place, TaskTrack::new(id));
            place
        });
        &mut self.tasks[place]
    }

    /// The place of a task, or where it would be.
    fn place_of(&self, id: TaskId) -> Result<usize, usize> {
        // Nearly always none is missing before it.
        match self.tasks.get(id.index()) {
            Some(task) if task.id == id => Ok(id.index()),
            _ => self.tasks.binary_search_by_key(&id, |task| task.id),
        }
    }
}

fn task_of(event: &Event) -> Option<TaskId> {
    match event.kind {
        EventKind::TaskQueued { task, .. }
        | EventKind::TaskBegin { task, .. }
        | EventKind::TaskEnd { task, .. }
        | EventKind::Connected { task }
        | EventKind::ConnectedBy { task, .. }
        | EventKind::BytesRead { task, .. }
        | EventKind::WaitBegin { task, .. }
        | EventKind::WaitEnd { task } => Some(task),
        EventKind::Readiness { task, .. }
        | EventKind::CallbackBegin { task, .. }
        | EventKind::Failure { task, .. } => task,
        _ => None,
    }
}
