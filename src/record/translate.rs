//! Events of another process, in the words of this one: their numbers and their moments mean something there only.

use std::collections::HashMap;

use super::Recorder;
use crate::trace::{Doing, EventKind, FlowId, NameId, ThreadId, Timestamp};

/// What the numbers of another process are called here.
#[derive(Default)]
pub(super) struct Dictionary {
    names: HashMap<NameId, NameId>,
    flows: HashMap<FlowId, FlowId>,
    threads: HashMap<ThreadId, ThreadId>,
    /// The moment at which the clock of the other process was started.
    origin: Timestamp,
}

impl Dictionary {
    /// For a process whose clock was started at `origin`.
    pub(super) fn since(origin: Timestamp) -> Self {
        Self {
            origin,
            ..Self::default()
        }
    }

    /// From now on `id` is `text`.
    pub(super) fn learn(&mut self, id: NameId, text: &str, recorder: &mut Recorder) {
        // The other side says each text once, so there is nothing to remember.
        self.names.insert(id, recorder.message(text));
    }

    /// A thread of the other process is this one here.
    pub(super) fn meet(&mut self, theirs: ThreadId, ours: ThreadId) {
        self.threads.insert(theirs, ours);
    }

    /// What `kind` is here.
    pub(super) fn translate(&mut self, kind: EventKind, recorder: &mut Recorder) -> EventKind {
        use EventKind as Kind;
        let mut kind = kind;
        match &mut kind {
            Kind::ModelBegin { name }
            | Kind::ThreadBegin { name }
            | Kind::TaskQueued { name, .. }
            | Kind::TaskBegin { name, .. }
            | Kind::BlockingBegin { name, .. } => self.name(name, recorder),
            Kind::StallNoticed {
                thread,
                callback,
                begin,
                ..
            } => {
                self.thread(thread, recorder);
                if let Some(name) = callback {
                    self.name(name, recorder);
                }
                self.moment(begin);
            }
            Kind::ThreadSample { thread, doing } => {
                self.thread(thread, recorder);
                if let Doing::SystemCall { name, .. } = doing {
                    self.name(name, recorder);
                }
            }
            Kind::ThreadTimes { thread, .. } | Kind::ThreadRan { thread, .. } => {
                self.thread(thread, recorder);
            }
            Kind::DescriptorIs { thread, what, .. } => {
                self.thread(thread, recorder);
                self.name(what, recorder);
            }
            Kind::Failure { message, .. } => self.name(message, recorder),
            Kind::CallbackBegin { name, flow, .. } => {
                self.name(name, recorder);
                self.optional_flow(flow, recorder);
            }
            Kind::Stall {
                begin, callback, ..
            } => {
                self.moment(begin);
                self.name(callback, recorder);
            }
            Kind::TimerSet {
                timer,
                deadline,
                name,
            } => {
                self.flow(timer, recorder);
                self.moment(deadline);
                self.name(name, recorder);
            }
            Kind::ThreadCall { flow, queued_at } => {
                self.flow(flow, recorder);
                self.moment(queued_at);
            }
            Kind::ConnectionLost {
                connection,
                message,
                ..
            } => {
                self.flow(connection, recorder);
                if let Some(message) = message {
                    self.name(message, recorder);
                }
            }
            Kind::DeferredMade {
                deferred: flow,
                name,
            }
            | Kind::WorkQueued { work: flow, name } => {
                self.flow(flow, recorder);
                self.name(name, recorder);
            }
            Kind::DeferredPaused {
                deferred: flow,
                waits_for: second,
            }
            | Kind::WorkDone {
                work: flow,
                call: second,
            } => {
                self.flow(flow, recorder);
                self.optional_flow(second, recorder);
            }
            Kind::Readiness { flow, .. }
            | Kind::TimerFired { timer: flow, .. }
            | Kind::TimerCancelled { timer: flow }
            | Kind::ConnectionMade {
                connection: flow, ..
            }
            | Kind::ConnectionHalfClosed {
                connection: flow, ..
            }
            | Kind::BytesWritten {
                connection: flow, ..
            }
            | Kind::BackPressureBegin {
                connection: flow, ..
            }
            | Kind::BackPressureEnd {
                connection: flow, ..
            }
            | Kind::ReadingPaused {
                connection: flow, ..
            }
            | Kind::ReadingResumed {
                connection: flow, ..
            }
            | Kind::DeferredStep { deferred: flow, .. }
            | Kind::ReadinessOf { flow, .. } => self.flow(flow, recorder),
            Kind::ModelEnd { .. }
            | Kind::ThreadEnd
            | Kind::TaskEnd { .. }
            | Kind::Connected { .. }
            | Kind::ConnectedBy { .. }
            | Kind::Sent { .. }
            | Kind::BytesRead { .. }
            | Kind::WaitBegin { .. }
            | Kind::WaitEnd { .. }
            | Kind::PollBegin
            | Kind::PollEnd { .. }
            | Kind::CallbackEnd { .. }
            | Kind::BlockingEnd
            | Kind::Dropped { .. }
            | Kind::IdleBegin
            | Kind::IdleEnd
            | Kind::ReportsHeldBack { .. }
            | Kind::DataArrived { .. }
            | Kind::Memory { .. }
            | Kind::Watched { .. }
            | Kind::ThreadSpent { .. }
            | Kind::Recorded { .. } => {}
        }
        kind
    }

    /// One of which nothing was heard yet is taken for the one that tells of it.
    fn thread(&self, thread: &mut ThreadId, recorder: &Recorder) {
        let ours = self.threads.get(thread);
        *thread = ours.copied().unwrap_or(recorder.source().thread);
    }

    fn name(&mut self, name: &mut NameId, recorder: &mut Recorder) {
        *name = *self
            .names
            .entry(*name)
            .or_insert_with(|| recorder.message("?"));
    }

    fn flow(&mut self, flow: &mut FlowId, recorder: &Recorder) {
        *flow = *self
            .flows
            .entry(*flow)
            .or_insert_with(|| recorder.new_flow());
    }

    fn optional_flow(&mut self, flow: &mut Option<FlowId>, recorder: &Recorder) {
        if let Some(flow) = flow {
            self.flow(flow, recorder);
        }
    }

    fn moment(&self, moment: &mut Timestamp) {
        moment.0 = moment.0.saturating_add(self.origin.0);
    }
}
