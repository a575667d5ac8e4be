//! Failures that nobody handled: who hears of them.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use crate::reactor::{Failure, Label, Reactor};
use crate::trace::{DeferredStep, EventKind, FlowId, Phrase};

/// Hears of the failures on one thread.
type Hook = Rc<dyn Fn(&Failure)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// From now on, on this thread, `hook` hears of each failure that a Deferred is dropped with and that no reactor
/// records. A Deferred belongs to a thread, and so do its failures. Without a hook nobody hears of them.
///
/// ```
/// use std::sync::mpsc::channel;
/// use loopscope::reactor::{Deferred, set_unhandled_hook};
///
/// let (sender, reported) = channel();
/// set_unhandled_hook(move |failure| {
///     // The receiver may be gone.
///     let _ = sender.send(failure.to_string());
/// });
/// drop(Deferred::<(), ()>::failed("no luck"));
/// assert_eq!(reported.try_recv(), Ok("no luck".to_owned()));
/// ```
pub fn set_unhandled_hook(hook: impl Fn(&Failure) + 'static) {
    HOOK.set(Some(Rc::new(hook)));
}

/// A failure that was dropped.
pub(in crate::reactor) struct Unhandled {
    label: Label,
    flow: FlowId,
    failure: Failure,
}

/// The failures that a reactor has still to record: where one is dropped, no reactor is at hand.
pub(in crate::reactor) type UnhandledList = Rc<RefCell<Vec<Unhandled>>>;

/// Where a recorded chain comes from.
pub(super) struct Origin {
    pub(super) label: Label,
    pub(super) flow: FlowId,
    pub(super) unhandled: Weak<RefCell<Vec<Unhandled>>>,
}

/// A Deferred is gone with this failure.
pub(super) fn report(origin: Option<&Origin>, failure: Failure) {
    if let Some(origin) = origin
        && let Some(list) = origin.unhandled.upgrade()
    {
        list.borrow_mut().push(Unhandled {
            label: origin.label,
            flow: origin.flow,
            failure,
        });
        return;
    }
    // At the end of the thread there is no hook any more. A copy: it may set another one.
    let hook = HOOK.try_with(|hook| hook.borrow().clone());
    if let Ok(Some(hook)) = hook {
        hook(&failure);
    }
}

impl Reactor {
    /// Records the failures that were dropped since the last time.
    #[inline]
    pub(in crate::reactor) fn record_unhandled(&mut self) {
        if !self.unhandled.borrow().is_empty() {
            self.record_some_unhandled();
        }
    }

    #[cold]
    fn record_some_unhandled(&mut self) {
        for unhandled in self.unhandled.take() {
            let Unhandled {
                label,
                flow,
                failure,
            } = unhandled;
            let text = Phrase::new("unhandled in the deferred `{name}`: {failure}")
                .with("name", label.name)
                .with("failure", failure);
            let message = self.recorder.message(&text.to_string());
            let task = label.task;
            self.recorder.record(EventKind::Failure { task, message });
            self.recorder.record(EventKind::DeferredStep {
                deferred: flow,
                step: DeferredStep::Unhandled,
            });
        }
    }
}
