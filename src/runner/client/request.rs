//! An HTTP request.

use super::Client;
use crate::runner::request::request_blocking;
use crate::runner::running::{Running, StepResult};
use crate::trace::WaitCall;

impl Client<'_> {
    /// Asks a server for its one resource. To the thread that is one call, which returns the whole response.
    pub(super) fn request(&mut self, server: usize, running: &mut Running) -> StepResult {
        let shared = self.shared;
        let task = running.task();
        let (answer, at) = self.wait(task, WaitCall::Read, |_| {
            request_blocking(&shared.endpoints[server], shared.stop())
        });
        running.record_arrived(answer.received, at, &mut self.recorder);
        let body = answer.body?;
        // It does what the program does with it, and has no way to fail.
        let _ = self.call("response_received", task, at, |client| {
            running.keep(&body);
            client.block_if_switched(task);
            Ok(())
        });
        Ok(())
    }
}
