//! Connections on which nothing ever happens.

use std::sync::PoisonError;

use super::Client;
use crate::runner::connect::connect_tcp;
use crate::runner::running::{Running, StepResult};
use crate::trace::WaitCall;

impl Client<'_> {
    /// Connects so many times, and leaves the connections to the model.
    pub(super) fn hold(
        &mut self,
        server: usize,
        count: usize,
        running: &mut Running,
    ) -> StepResult {
        let shared = self.shared;
        let place = &shared.endpoints[server].place;
        let task = running.task();
        for _ in 0..count {
            let (connected, at) = self.wait(task, WaitCall::Connect, |_| {
                connect_tcp(place, shared.stop())
            });
            let stream = match connected {
                Ok(stream) => stream,
                Err(error) => return Err(self.connection_failed(place, error, task, at)),
            };
            self.connection_made(None, running, at);
            let mut held = shared.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.push(stream);
            if shared.stop().is_stopped() {
                break;
            }
        }
        Ok(())
    }
}
