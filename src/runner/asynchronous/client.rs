//! What the clients of a task have in common: one connection each, and what becomes of the step without it.

use std::io;

use super::errand::Errand;
use crate::reactor::{
    Address, CallbackResult, ClientFactory, ConnectError, Connector, Factory, Protocol, Reactor,
    Reason,
};
use crate::runner::Place;
use crate::runner::error::TaskError;
use crate::runner::running::{StepError, StepResult};

/// Gives one connection its protocol.
pub(super) struct Client<P> {
    errand: Errand,
    place: Place,
    protocol: Option<P>,
}

impl<P> Client<P> {
    /// A client of the server at `place`. The step fails if there is no connection.
    pub(super) const fn new(errand: Errand, place: Place, protocol: P) -> Self {
        Self {
            errand,
            place,
            protocol: Some(protocol),
        }
    }
}

impl<P: Protocol + 'static> Factory for Client<P> {
    fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
        self.protocol.take().map(|protocol| Box::new(protocol) as _)
    }
}

impl<P: Protocol + 'static> ClientFactory for Client<P> {
    fn client_connection_failed(
        &mut self,
        reactor: &mut Reactor,
        _: &Connector,
        error: &ConnectError,
    ) -> CallbackResult {
        let error = no_connection(&self.place, error.clone());
        self.errand.step_over(Err(error.into()), reactor);
        Ok(())
    }
}

/// There is no connection to `place`.
pub(super) fn no_connection(place: &Place, error: ConnectError) -> TaskError {
    match error {
        ConnectError::Io(error) => TaskError::connecting(place, error),
        ConnectError::GivenUp | ConnectError::Stopped => TaskError::LoopEnded,
    }
}

/// How a step ended whose connection to `place` was lost for `reason`; `closed` is how it ended if that was in order.
pub(super) fn lost(place: &Place, reason: &Reason, closed: StepResult) -> StepResult {
    match reason {
        Reason::Closed => closed,
        Reason::Stopped => Err(TaskError::LoopEnded.into()),
        Reason::Broken(error) => {
            let error = io::Error::new(error.kind(), error.to_string());
            Err(TaskError::Broken(place.clone(), error).into())
        }
        Reason::Failed(failure) => Err(StepError::Crashed(failure.to_string().into())),
    }
}
