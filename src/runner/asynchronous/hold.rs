//! Connections on which nothing happens.

use std::net::SocketAddr;

use super::client::{Client, lost};
use super::errand::Errand;
use crate::reactor::{CallbackResult, Protocol, Reactor, Reason, Transport};
use crate::runner::Place;
use crate::runner::error::TaskError;

/// Opens `count` connections to a server, one after the other, so that its queue does not run over. The step is over
/// when the last one stands; they all stand until the loop ends.
pub(super) fn begin(errand: Errand, server: usize, count: usize, reactor: &mut Reactor) {
    let place = errand.run.endpoints[server].place.clone();
    match place {
        Place::Tcp(address) => Held::connect(errand, address, count, reactor),
        place => {
            let error = TaskError::connecting(&place, std::io::ErrorKind::Unsupported.into());
            errand.step_over(Err(error.into()), reactor);
        }
    }
}

/// An idle connection, with so many more to come.
struct Held {
    errand: Errand,
    address: SocketAddr,
    more: usize,
}

impl Held {
    /// Makes one of `count` connections.
    fn connect(errand: Errand, address: SocketAddr, count: usize, reactor: &mut Reactor) {
        let Some(more) = count.checked_sub(1) else {
            return errand.step_over(Ok(()), reactor);
        };
        let task = Some(errand.task());
        let held = Self {
            errand: errand.clone(),
            address,
            more,
        };
        let client = Client::new(errand, Place::Tcp(address), held);
        reactor.connect_tcp(address, task, client);
    }
}

impl Protocol for Held {
    fn connection_made(&mut self, reactor: &mut Reactor, _: &Transport) -> CallbackResult {
        Self::connect(self.errand.clone(), self.address, self.more, reactor);
        Ok(())
    }

    fn data_received(&mut self, _: &mut Reactor, _: &Transport, _: &[u8]) -> CallbackResult {
        Ok(())
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        let place = Place::Tcp(self.address);
        let closed = std::io::ErrorKind::ConnectionReset.into();
        let closed = Err(TaskError::Broken(place.clone(), closed).into());
        // Not heard once the step is over.
        self.errand.step_over(lost(&place, reason, closed), reactor);
        Ok(())
    }
}
