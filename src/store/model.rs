//! One run of one model of execution.

use super::{SpanKind, TaskTrack, ThreadTrack};
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
    /// Its stalls, in the order in which they ended.
    pub stalls: Vec<Stall>,
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
    longest_stall: Option<usize>,
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

/// A stretch without a poll (or one callback of a blocking model) over the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stall {
    /// When.
    pub range: TimeRange,
    /// On which thread.
    pub thread: ThreadId,
    /// Whose callback took the largest part.
    pub task: Option<TaskId>,
    /// The name of that callback.
    pub callback: NameId,
}

impl ModelTrack {
    pub(super) const fn new(id: ModelId) -> Self {
        Self {
            id,
            name: None,
            begin: None,
            end: None,
            outcome: None,
            threads: Vec::new(),
            tasks: Vec::new(),
            stalls: Vec::new(),
            events: 0,
            dropped: 0,
            last: Timestamp::ZERO,
            times: None,
            memory: None,
            longest_stall: None,
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
        self.tasks
            .binary_search_by_key(&id, |task| task.id)
            .ok()
            .map(|place| &self.tasks[place])
    }

    /// Its longest stall.
    pub fn longest_stall(&self) -> Option<&Stall> {
        self.longest_stall.map(|place| &self.stalls[place])
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
            EventKind::ThreadTimes {
                thread: about,
                on_cpu,
                waiting_for_core,
            } if about == thread => {
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
            EventKind::Dropped { count } => self.dropped = self.dropped.saturating_add(count),
            EventKind::Stall {
                begin,
                task,
                callback,
            } => self.add_stall(Stall {
                range: TimeRange::new(begin, event.at),
                thread,
                task,
                callback,
            }),
            _ => {}
        }
        self.tell_task(thread, event);
        self.thread_mut(thread, event.at).push(event);
    }

    fn add_stall(&mut self, stall: Stall) {
        let longest = self.longest_stall().map_or(0, |stall| stall.range.nanos());
        if self.stalls.is_empty() || stall.range.nanos() > longest {
            self.longest_stall = Some(self.stalls.len());
        }
        self.stalls.push(stall);
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
                if !outer.any(|outer| outer.task == Some(task)) {
                    self.task_mut(task).callback_ended(event.at, by_loop);
                }
            }
        } else if let Some(task) = task_of(event) {
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
        let place = self
            .tasks
            .binary_search_by_key(&id, |task| task.id)
            .unwrap_or_else(|place| {
                self.tasks.insert(place, TaskTrack::new(id));
                place
            });
        &mut self.tasks[place]
    }
}

fn task_of(event: &Event) -> Option<TaskId> {
    match event.kind {
        EventKind::TaskQueued { task, .. }
        | EventKind::TaskBegin { task, .. }
        | EventKind::TaskEnd { task, .. }
        | EventKind::Connected { task }
        | EventKind::BytesRead { task, .. }
        | EventKind::WaitBegin { task, .. }
        | EventKind::WaitEnd { task } => Some(task),
        EventKind::Readiness { task, .. }
        | EventKind::CallbackBegin { task, .. }
        | EventKind::Failure { task, .. } => task,
        _ => None,
    }
}
