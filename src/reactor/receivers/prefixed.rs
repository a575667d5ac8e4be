//! Messages, each with its length before it.

use std::ops::Deref;

use super::Received;
use crate::reactor::{CallbackResult, Failure, Protocol, Reactor, Reason, Transport};

/// How long a message may be, unless a program says otherwise.
const MAX_LENGTH: usize = 99_999;

/// How the length is written before a message: as an unsigned integer, most significant byte first.
///
/// ```
/// use loopscope::reactor::Prefix;
///
/// assert_eq!((Prefix::U16.bytes(), Prefix::U16.max_length()), (2, 65_535));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// One byte: messages of at most 255 bytes.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
}

impl Prefix {
    /// How many bytes the length itself takes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 => 4,
        }
    }

    /// The longest message whose length can be written.
    pub const fn max_length(self) -> usize {
        match self {
            Self::U8 => u8::MAX as usize,
            Self::U16 => u16::MAX as usize,
            Self::U32 => u32::MAX as usize,
        }
    }

    /// The length that is written at the beginning of `data`, if that is long enough.
    fn read(self, data: &[u8]) -> Option<usize> {
        let prefix = data.get(..self.bytes())?;
        Some(
            prefix
                .iter()
                .fold(0, |length, &byte| length << 8 | usize::from(byte)),
        )
    }
}

/// A message does not fit behind its prefix.
///
/// ```
/// use loopscope::reactor::{MessageTooLong, Messages, Reactor};
///
/// /// Sends what fits of a text.
/// fn send(reactor: &mut Reactor, messages: &Messages, text: &[u8]) -> Result<(), MessageTooLong> {
///     match messages.send_message(reactor, text) {
///         Err(MessageTooLong { most, .. }) => messages.send_message(reactor, &text[..most]),
///         sent => sent,
///     }
/// }
/// # let error = MessageTooLong { length: 300, most: 255 };
/// # assert_eq!(error.to_string(), "a message of 300 bytes is too long: at most 255 can be sent");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {length} bytes is too long: at most {most} can be sent")]
pub struct MessageTooLong {
    /// How long it is.
    pub length: usize,
    /// How long it may be.
    pub most: usize,
}

/// A protocol of messages; [`PrefixedReceiver`] makes a [`Protocol`] of it.
///
/// ```
/// use loopscope::reactor::{
///     Address, CallbackResult, MessageProtocol, Messages, Prefix, PrefixedReceiver, Reactor,
/// };
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
///
/// /// Sends each message back.
/// struct Echo;
///
/// impl MessageProtocol for Echo {
///     fn message_received(
///         &mut self,
///         reactor: &mut Reactor,
///         messages: &Messages,
///         message: &[u8],
///     ) -> CallbackResult {
///         Ok(messages.send_message(reactor, message)?)
///     }
/// }
///
/// let address = ([127, 0, 0, 1], 0).into();
/// let factory = |_: &Address| PrefixedReceiver::new(Prefix::U16, Echo);
/// reactor.listen_tcp(address, None, factory)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait MessageProtocol {
    /// As [`Protocol::connection_made`].
    ///
    /// # Errors
    /// As there.
    fn connection_made(&mut self, _reactor: &mut Reactor, _messages: &Messages) -> CallbackResult {
        Ok(())
    }

    /// A message arrived, here without its length.
    ///
    /// # Errors
    /// After one the connection is lost, with that reason.
    fn message_received(
        &mut self,
        reactor: &mut Reactor,
        messages: &Messages,
        message: &[u8],
    ) -> CallbackResult;

    /// A message of `length` bytes is announced, which is more than it may have. Nothing more is received;
    /// unless a protocol says otherwise, the connection is closed.
    ///
    /// # Errors
    /// As for [`MessageProtocol::message_received`].
    fn length_exceeded(
        &mut self,
        reactor: &mut Reactor,
        messages: &Messages,
        _length: usize,
    ) -> CallbackResult {
        messages.lose_connection(reactor);
        Ok(())
    }

    /// As [`Protocol::read_connection_lost`]. A message that breaks off is not received.
    ///
    /// # Errors
    /// As there.
    fn read_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        messages: &Messages,
    ) -> CallbackResult {
        messages.lose_connection(reactor);
        Ok(())
    }

    /// As [`Protocol::connection_lost`].
    ///
    /// # Errors
    /// As there.
    fn connection_lost(&mut self, _reactor: &mut Reactor, _reason: &Reason) -> CallbackResult {
        Ok(())
    }
}

/// A transport that carries messages. Everything that a [`Transport`] does, it does as well.
///
/// ```
/// use loopscope::reactor::{CallbackResult, MessageProtocol, Messages, Reactor};
///
/// /// Answers each question with its length, and the empty one by leaving.
/// struct Counter;
///
/// impl MessageProtocol for Counter {
///     fn message_received(&mut self, reactor: &mut Reactor, messages: &Messages, message: &[u8]) -> CallbackResult {
///         if message.is_empty() {
///             // What a transport can do, it can.
///             messages.lose_connection(reactor);
///             return Ok(());
///         }
///         Ok(messages.send_message(reactor, message.len().to_string().as_bytes())?)
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Messages {
    transport: Transport,
    prefix: Prefix,
}

impl Messages {
    /// Sends a message, with its length before it.
    ///
    /// # Errors
    /// When the length cannot be written; nothing is sent then.
    pub fn send_message(
        &self,
        reactor: &mut Reactor,
        message: &[u8],
    ) -> Result<(), MessageTooLong> {
        let (length, most) = (message.len(), self.prefix.max_length());
        if length > most {
            return Err(MessageTooLong { length, most });
        }
        let written = length.to_be_bytes();
        let prefix = &written[written.len() - self.prefix.bytes()..];
        self.transport.write_sequence(reactor, &[prefix, message]);
        Ok(())
    }
}

impl Deref for Messages {
    type Target = Transport;

    fn deref(&self) -> &Transport {
        &self.transport
    }
}

/// Cuts the stream into messages for a [`MessageProtocol`].
///
/// ```
/// use loopscope::reactor::{Address, CallbackResult, MessageProtocol, Messages, Prefix, PrefixedReceiver, Reactor};
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
///
/// /// Says one thing, and hears it said back.
/// struct Caller;
///
/// impl MessageProtocol for Caller {
///     fn connection_made(&mut self, reactor: &mut Reactor, messages: &Messages) -> CallbackResult {
///         Ok(messages.send_message(reactor, b"hello")?)
///     }
///
///     fn message_received(&mut self, reactor: &mut Reactor, _: &Messages, message: &[u8]) -> CallbackResult {
///         assert_eq!(message, b"hello");
///         Ok(reactor.stop()?)
///     }
/// }
/// # struct Echo;
/// # impl MessageProtocol for Echo {
/// #     fn message_received(&mut self, reactor: &mut Reactor, messages: &Messages, message: &[u8]) -> CallbackResult {
/// #         Ok(messages.send_message(reactor, message)?)
/// #     }
/// # }
///
/// let mut reactor = Reactor::new(recorder)?;
/// # let echo = |_: &Address| PrefixedReceiver::new(Prefix::U8, Echo);
/// # let port = reactor.listen_tcp(([127, 0, 0, 1], 0).into(), None, echo)?;
/// # let server = port.get_host().socket().ok_or("a TCP port")?;
/// let factory = |_: &Address| PrefixedReceiver::new(Prefix::U8, Caller).with_max_length(100);
/// reactor.connect_tcp(server, None, factory);
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PrefixedReceiver<P> {
    protocol: P,
    prefix: Prefix,
    max_length: usize,
    received: Received,
}

impl<P: MessageProtocol> PrefixedReceiver<P> {
    /// Messages of at most 99,999 bytes, each with its length before it as `prefix` says.
    pub fn new(prefix: Prefix, protocol: P) -> Self {
        Self {
            protocol,
            prefix,
            max_length: MAX_LENGTH,
            received: Received::default(),
        }
    }

    /// Messages of at most `bytes`, without their lengths.
    #[must_use]
    pub const fn with_max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    fn messages(&self, transport: &Transport) -> Messages {
        Messages {
            transport: transport.clone(),
            prefix: self.prefix,
        }
    }

    /// Gives on what may be given on.
    fn give(&mut self, reactor: &mut Reactor, messages: &Messages) -> CallbackResult {
        while self.received.may_go_on(messages) && self.give_message(reactor, messages)? {}
        self.received.compact();
        Ok(())
    }

    /// Whether there was a whole message.
    fn give_message(
        &mut self,
        reactor: &mut Reactor,
        messages: &Messages,
    ) -> Result<bool, Failure> {
        let rest = self.received.rest();
        let Some(length) = self.prefix.read(rest) else {
            return Ok(false);
        };
        if length > self.max_length {
            self.received.break_off();
            self.protocol.length_exceeded(reactor, messages, length)?;
            return Ok(false);
        }
        let begin = self.prefix.bytes();
        let Some(message) = rest.get(begin..begin + length) else {
            return Ok(false);
        };
        self.protocol.message_received(reactor, messages, message)?;
        self.received.given += begin + length;
        Ok(true)
    }
}

impl<P: MessageProtocol> Protocol for PrefixedReceiver<P> {
    fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        let messages = self.messages(transport);
        self.protocol.connection_made(reactor, &messages)
    }

    fn data_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
        data: &[u8],
    ) -> CallbackResult {
        let messages = self.messages(transport);
        self.received.push(data);
        self.give(reactor, &messages)
    }

    fn reading_resumed(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        let messages = self.messages(transport);
        self.give(reactor, &messages)
    }

    fn read_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
    ) -> CallbackResult {
        let messages = self.messages(transport);
        self.protocol.read_connection_lost(reactor, &messages)
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.protocol.connection_lost(reactor, reason)
    }
}
