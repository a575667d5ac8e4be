//! What a thread without a loop records: its waits, and its callbacks.

use crate::clock::Ticks;
use crate::reactor::{Callback, Failure, StallThreshold, Stretch};
use crate::record::Recorder;
use crate::trace::{Cause, EventKind, TaskId, WaitCall};

/// Makes a system call that may block, begun at `begin` for `task`, and returns what it returned, and when.
pub(super) fn wait_at<C: AsMut<Recorder>, T>(
    context: &mut C,
    begin: Ticks,
    task: TaskId,
    call: WaitCall,
    code: impl FnOnce(&mut C) -> T,
) -> (T, Ticks) {
    let recorder = context.as_mut();
    recorder.record_at(begin, EventKind::WaitBegin { task, call });
    recorder.flush();
    let result = code(context);
    let end = context.as_mut().record(EventKind::WaitEnd { task });
    (result, end)
}

/// Runs user code as `callback`, begun at `begin`, and returns what it returned, and when. On such a thread nobody but the task
/// itself is held up by it, so that one long callback is a stall.
pub(super) fn call<C: AsMut<Recorder>, T>(
    context: &mut C,
    callback: Callback,
    threshold: &StallThreshold,
    begin: Ticks,
    code: impl FnOnce(&mut C) -> Result<T, Failure>,
) -> (Result<T, Failure>, Ticks) {
    let (result, end) = callback.run(context, begin, code);
    let mut stretch = Stretch::begin(begin);
    stretch.add(&callback, begin, end);
    stretch.end(end, context.as_mut(), threshold);
    (result, end)
}

/// A callback of `task`, in the program's own order.
pub(super) fn callback(name: &str, task: TaskId, recorder: &mut Recorder) -> Callback {
    Callback {
        name: recorder.name(name),
        task: Some(task),
        cause: Cause::Program,
        flow: None,
    }
}
