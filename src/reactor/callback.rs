//! One run of user code: what is recorded of it, and what becomes of its failures. The blocking models call
//! theirs through the same gate as the reactor.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::clock::Ticks;
use crate::record::Recorder;
use crate::trace::{Cause, EventKind, FlowId, NameId, TaskId};

/// Why a callback failed. Its text is what a person reads in the trace.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a callback returns.
pub type CallbackResult = Result<(), Failure>;

/// A callback panicked, with this message.
///
/// ```
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
/// use loopscope::reactor::{Label, Panicked, Reactor};
///
/// let mut reactor = Reactor::new(recorder)?;
/// let failed = reactor.call_now(Label::new("risky", None), |_| -> Result<(), _> { panic!("no luck") });
/// let failure = failed.expect_err("it panicked");
/// assert!(failure.is::<Panicked>());
/// assert_eq!(failure.to_string(), "panicked: no luck");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(String);

impl Panicked {
    fn new(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self(message.unwrap_or("for no stated reason").to_owned())
    }
}

/// What a callback is called in the trace.
///
/// ```
/// use loopscope::reactor::{Label, intern};
/// use loopscope::trace::TaskId;
///
/// let first = Label::new("data_received", Some(TaskId::from_index(0)));
/// assert_eq!(first, Label { name: "data_received", task: first.task });
/// // A name that is known only when the program runs.
/// let named = Label::new(intern(&format!("command {}", 7)), None);
/// assert_eq!(named.name, "command 7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name, such as `data_received`.
    pub name: &'static str,
    /// For which task it works, if for one.
    pub task: Option<TaskId>,
}

impl Label {
    /// `name`, for `task`. A name that is known only when the program runs is interned before, see [`super::intern()`].
    pub const fn new(name: &'static str, task: Option<TaskId>) -> Self {
        Self { name, task }
    }

    /// A run of the callback with this label.
    pub fn callback(self, recorder: &mut Recorder, cause: Cause, flow: Option<FlowId>) -> Callback {
        Callback {
            name: recorder.name(self.name),
            task: self.task,
            cause,
            flow,
        }
    }
}

#[cold]
fn panicked(payload: &(dyn Any + Send)) -> Failure {
    Panicked::new(payload).into()
}

#[cold]
fn record_failure(recorder: &mut Recorder, at: Ticks, task: Option<TaskId>, failure: &Failure) {
    let message = recorder.message(&failure.to_string());
    recorder.record_at(at, EventKind::Failure { task, message });
}

/// Runs `code`, whose panic is a failure like any other. Always in its place: it is on the way of every callback, and the
/// compiler decides otherwise in a larger program.
#[inline(always)]
pub(super) fn guarded<C, T>(
    context: &mut C,
    code: impl FnOnce(&mut C) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // What the code left half done is dropped with its connection, or is its own: the context is sound,
    // since recording and registering do not call user code.
    catch_unwind(AssertUnwindSafe(|| code(context)))
        .unwrap_or_else(|payload| Err(panicked(&*payload)))
}

/// One run of user code, for a loop of one's own; the reactor makes its own of the [`Label`]s that it is given.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::reactor::Label;
/// use loopscope::record::channel;
/// use loopscope::trace::{Cause, EventKind, ModelId};
///
/// let (recorders, trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
/// let callback = Label::new("on_data", None).callback(&mut recorder, Cause::Readiness, None);
/// let begin = recorder.stamp();
/// let (result, _end) = callback.run(&mut recorder, begin, |_| Ok(6 * 7));
/// assert_eq!(result?, 42);
/// recorder.flush();
/// let events = trace.try_recv()?.events;
/// assert!(events.iter().any(|event| event.kind == EventKind::CallbackEnd { failed: false }));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Callback {
    /// Its name.
    pub name: NameId,
    /// For which task.
    pub task: Option<TaskId>,
    /// What made somebody call it.
    pub cause: Cause,
    /// Ties it to that cause.
    pub flow: Option<FlowId>,
}

impl Callback {
    /// Runs `code` as this callback, begun at `begin`, and returns its result with the moment of its end.
    /// A panic is a failure like any other. Begin, failure and end are recorded.
    #[inline]
    pub fn run<C: AsMut<Recorder>, T>(
        self,
        context: &mut C,
        begin: Ticks,
        code: impl FnOnce(&mut C) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, Ticks) {
        let Self {
            name,
            task,
            cause,
            flow,
        } = self;
        context.as_mut().record_at(
            begin,
            EventKind::CallbackBegin {
                name,
                task,
                cause,
                flow,
            },
        );
        let result = guarded(context, code);
        let recorder = context.as_mut();
        let end = recorder.end_stamp();
        if let Err(failure) = &result {
            record_failure(recorder, end, task, failure);
        }
        let failed = result.is_err();
        recorder.record_at(end, EventKind::CallbackEnd { failed });
        (result, end)
    }
}
