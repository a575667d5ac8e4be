//! What a program writes: protocols, and the factories that make them.

use super::{Address, Transport};
use crate::reactor::{CallbackResult, Reactor, Reason};
use crate::trace::TaskId;

/// What is said on one connection: one object per connection, which the reactor tells of everything that
/// happens on it.
///
/// Each method is a callback of its own in the trace. One that fails or panics loses its connection, with the
/// failure as the reason; no other connection notices.
///
/// ```
/// use loopscope::reactor::{CallbackResult, Protocol, Reactor, Transport};
///
/// /// Sends back what it gets.
/// struct Echo;
///
/// impl Protocol for Echo {
///     fn data_received(
///         &mut self,
///         reactor: &mut Reactor,
///         transport: &Transport,
///         data: &[u8],
///     ) -> CallbackResult {
///         transport.write(reactor, data);
///         Ok(())
///     }
/// }
/// ```
pub trait Protocol {
    /// The connection stands. Keep a clone of `transport` to write to it from elsewhere.
    ///
    /// # Errors
    /// After one the connection is lost, with that reason.
    fn connection_made(
        &mut self,
        _reactor: &mut Reactor,
        _transport: &Transport,
    ) -> CallbackResult {
        Ok(())
    }

    /// Bytes arrived. They come in their order, cut anywhere: what the other side wrote at once may come in
    /// pieces, and what it wrote in pieces at once.
    ///
    /// # Errors
    /// As for [`Protocol::connection_made`].
    fn data_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
        data: &[u8],
    ) -> CallbackResult;

    /// [`Transport::resume_producing`] was called after a pause. For a protocol that holds data back while its
    /// transport is paused.
    ///
    /// # Errors
    /// As for [`Protocol::connection_made`].
    fn reading_resumed(
        &mut self,
        _reactor: &mut Reactor,
        _transport: &Transport,
    ) -> CallbackResult {
        Ok(())
    }

    /// The other side sends no more. Unless a protocol says otherwise, the connection is then closed, after
    /// what is still to be sent.
    ///
    /// # Errors
    /// As for [`Protocol::connection_made`].
    fn read_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
    ) -> CallbackResult {
        transport.lose_connection(reactor);
        Ok(())
    }

    /// The connection is over, for `reason`, and closed. Nothing more is called.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn connection_lost(&mut self, _reactor: &mut Reactor, _reason: &Reason) -> CallbackResult {
        Ok(())
    }
}

/// Makes a protocol for each connection, and holds what they share.
///
/// A function that takes an address and returns a protocol is one as well; a closure has to say so: `|_: &Address| Echo`.
///
/// ```
/// use loopscope::reactor::{Address, Factory, Protocol, Reactor};
/// # use loopscope::reactor::{CallbackResult, Transport};
/// # struct Greeter { number: u32 }
/// # impl Protocol for Greeter {
/// #     fn data_received(&mut self, _: &mut Reactor, _: &Transport, _: &[u8]) -> CallbackResult { Ok(()) }
/// # }
///
/// /// Numbers the connections, and takes in at most a hundred of them.
/// struct Numbered {
///     made: u32,
/// }
///
/// impl Factory for Numbered {
///     fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
///         self.made += 1;
///         (self.made <= 100).then(|| Box::new(Greeter { number: self.made }) as _)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no protocols",
    note = "a factory is a function such as `|_: &Address| Echo`, or something of which `Factory` is implemented"
)]
pub trait Factory {
    /// It begins to be used: a port listens with it, or a connector connects.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn start_factory(&mut self, _reactor: &mut Reactor) -> CallbackResult {
        Ok(())
    }

    /// A protocol for the connection whose other side is at `address`. `None`, or a panic, closes that
    /// connection.
    fn build_protocol(
        &mut self,
        reactor: &mut Reactor,
        address: &Address,
    ) -> Option<Box<dyn Protocol>>;

    /// For which task the connection from `address` works; `None` is that of the port.
    fn task_of(&self, _address: &Address) -> Option<TaskId> {
        None
    }

    /// Whether a client is turned away when the system has no descriptor for him: his connection is taken in with one
    /// that the port keeps for that, and closed. Otherwise clients wait in the port's queue until a descriptor is free;
    /// those of the same process, which may have them all, would then wait for ever.
    fn turns_away(&self) -> bool {
        false
    }

    /// The client at `address` was turned away.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn turned_away(&mut self, _reactor: &mut Reactor, _address: &Address) -> CallbackResult {
        Ok(())
    }

    /// It is no longer used: the port is closed, or the connector has no connection and does not make one.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn stop_factory(&mut self, _reactor: &mut Reactor) -> CallbackResult {
        Ok(())
    }
}

impl<F, P> Factory for F
where
    F: FnMut(&Address) -> P,
    P: Protocol + 'static,
{
    fn build_protocol(&mut self, _: &mut Reactor, address: &Address) -> Option<Box<dyn Protocol>> {
        Some(Box::new(self(address)))
    }
}
