//! What the callbacks of a chain are given, and who calls them.

use crate::reactor::{Failure, Label, Reactor};
use crate::trace::{Cause, EventKind, FlowId};

/// What the callbacks of a chain are given first, and who calls them.
///
/// `()` calls them plainly: a panic in one is a panic. The [`Reactor`] records each of them and takes a panic for a
/// failure. Another loop may bring its own:
///
/// ```
/// use loopscope::reactor::{Context, Deferred, Failure, Label};
/// use loopscope::trace::{EventKind, FlowId};
///
/// struct MyLoop {
///     called: Vec<&'static str>,
/// }
///
/// impl Context for MyLoop {
///     fn call<T>(
///         &mut self,
///         label: Label,
///         _: Option<FlowId>,
///         code: impl FnOnce(&mut Self) -> Result<T, Failure>,
///     ) -> Result<T, Failure> {
///         self.called.push(label.name);
///         code(self)
///     }
///
///     fn record(&mut self, _: EventKind) {}
/// }
///
/// fn count(_: &mut MyLoop, text: &str) -> Result<usize, Failure> {
///     Ok(text.len())
/// }
///
/// let mut my_loop = MyLoop { called: Vec::new() };
/// let length = Deferred::ready("poem").then(&mut my_loop, count);
/// assert_eq!(length.result().expect("it has fired")?, 4);
/// assert_eq!(my_loop.called, ["count"]);
/// # Ok::<(), Failure>(())
/// ```
pub trait Context: Sized + 'static {
    /// Runs one callback of a chain, which is called `label` and belongs to the Deferred `flow`, if that is recorded.
    ///
    /// # Errors
    /// Those of `code`.
    fn call<T>(
        &mut self,
        label: Label,
        flow: Option<FlowId>,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure>;

    /// Records a step of a Deferred that is recorded.
    fn record(&mut self, kind: EventKind);
}

impl Context for () {
    fn call<T>(
        &mut self,
        _: Label,
        _: Option<FlowId>,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        code(self)
    }

    fn record(&mut self, _: EventKind) {}
}

impl Context for Reactor {
    fn call<T>(
        &mut self,
        label: Label,
        flow: Option<FlowId>,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let callback = label.callback(self.recorder(), Cause::Deferred, flow);
        self.dispatch(callback, code)
    }

    fn record(&mut self, kind: EventKind) {
        self.recorder().record(kind);
    }
}
