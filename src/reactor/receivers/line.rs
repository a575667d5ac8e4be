//! Lines, with raw bytes between them where a protocol has some.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

use super::Received;
use crate::reactor::{CallbackResult, Failure, Protocol, Reactor, Reason, Transport};

/// How long a line may be, unless a program says otherwise.
const MAX_LENGTH: usize = 16 * 1024;

/// A protocol of lines; [`LineReceiver`] makes a [`Protocol`] of it.
///
/// ```
/// use loopscope::reactor::{Address, CallbackResult, LineProtocol, LineReceiver, Lines, Reactor};
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
///
/// /// Answers questions until it is told to go.
/// struct Oracle;
///
/// impl LineProtocol for Oracle {
///     fn line_received(&mut self, reactor: &mut Reactor, lines: &Lines, line: &[u8]) -> CallbackResult {
///         if line == b"quit" {
///             lines.lose_connection(reactor);
///         } else {
///             lines.send_line(reactor, b"Ask again later.");
///         }
///         Ok(())
///     }
/// }
///
/// let address = ([127, 0, 0, 1], 0).into();
/// reactor.listen_tcp(address, None, |_: &Address| LineReceiver::new(Oracle))?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait LineProtocol {
    /// As [`Protocol::connection_made`].
    ///
    /// # Errors
    /// As there.
    fn connection_made(&mut self, _reactor: &mut Reactor, _lines: &Lines) -> CallbackResult {
        Ok(())
    }

    /// A line arrived, here without its delimiter.
    ///
    /// # Errors
    /// After one the connection is lost, with that reason.
    fn line_received(
        &mut self,
        reactor: &mut Reactor,
        lines: &Lines,
        line: &[u8],
    ) -> CallbackResult;

    /// Bytes arrived in raw mode. Returns how many of them it took. The others are what lines begin with, if it
    /// went back to line mode; otherwise they come again, together with more.
    ///
    /// # Errors
    /// As for [`LineProtocol::line_received`].
    fn raw_data_received(
        &mut self,
        _reactor: &mut Reactor,
        _lines: &Lines,
        data: &[u8],
    ) -> Result<usize, Failure> {
        Ok(data.len())
    }

    /// A line is longer than it may be. Nothing more is received; unless a protocol says otherwise, the
    /// connection is closed.
    ///
    /// # Errors
    /// As for [`LineProtocol::line_received`].
    fn line_length_exceeded(&mut self, reactor: &mut Reactor, lines: &Lines) -> CallbackResult {
        lines.lose_connection(reactor);
        Ok(())
    }

    /// As [`Protocol::read_connection_lost`]. A line without a delimiter at the end is not received.
    ///
    /// # Errors
    /// As there.
    fn read_connection_lost(&mut self, reactor: &mut Reactor, lines: &Lines) -> CallbackResult {
        lines.lose_connection(reactor);
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

/// A transport that carries lines. Everything that a [`Transport`] does, it does as well.
///
/// ```
/// use loopscope::reactor::{CallbackResult, Failure, LineProtocol, Lines, Reactor};
///
/// /// After the line `poem 120`, say, come 120 bytes that are no lines.
/// struct Mail(usize);
///
/// impl LineProtocol for Mail {
///     fn line_received(&mut self, _: &mut Reactor, lines: &Lines, line: &[u8]) -> CallbackResult {
///         let line = std::str::from_utf8(line)?;
///         self.0 = line.strip_prefix("poem ").ok_or("a poem, please")?.parse()?;
///         Ok(lines.set_raw_mode())
///     }
///
///     fn raw_data_received(&mut self, reactor: &mut Reactor, lines: &Lines, data: &[u8]) -> Result<usize, Failure> {
///         let taken = self.0.min(data.len());
///         self.0 -= taken;
///         if self.0 == 0 {
///             lines.set_line_mode();
///             lines.send_line(reactor, b"thank you");
///         }
///         Ok(taken)
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Lines {
    transport: Transport,
    delimiter: Rc<[u8]>,
    is_raw: Rc<Cell<bool>>,
}

impl Lines {
    /// Sends a line, and its delimiter.
    pub fn send_line(&self, reactor: &mut Reactor, line: &[u8]) {
        self.transport
            .write_sequence(reactor, &[line, &self.delimiter]);
    }

    /// What comes from now on, also what has arrived already, is raw data and not lines.
    pub fn set_raw_mode(&self) {
        self.is_raw.set(true);
    }

    /// What comes from now on is lines again.
    pub fn set_line_mode(&self) {
        self.is_raw.set(false);
    }
}

impl Deref for Lines {
    type Target = Transport;

    fn deref(&self) -> &Transport {
        &self.transport
    }
}

/// Cuts the stream into lines for a [`LineProtocol`]: a [`Protocol`] itself, and so what a factory makes.
///
/// ```
/// # use loopscope::reactor::{CallbackResult, LineProtocol, Lines, Reactor};
/// use loopscope::reactor::{Address, LineReceiver};
///
/// struct Shell;
/// # impl LineProtocol for Shell {
/// #     fn line_received(&mut self, _: &mut Reactor, _: &Lines, _: &[u8]) -> CallbackResult {
/// #         Ok(())
/// #     }
/// # }
///
/// // Lines as a terminal ends them, of 1 KiB at most.
/// let factory = |_: &Address| LineReceiver::new(Shell).with_delimiter(b"\n").with_max_length(1024);
/// # let _ = factory(&Address::Pipes);
/// ```
pub struct LineReceiver<P> {
    protocol: P,
    delimiter: Rc<[u8]>,
    max_length: usize,
    received: Received,
    /// Up to here there is no delimiter in the rest.
    searched: usize,
    lines: Option<Lines>,
}

impl<P: LineProtocol> LineReceiver<P> {
    /// Lines that end with CR LF and have at most 16 KiB.
    pub fn new(protocol: P) -> Self {
        Self {
            protocol,
            delimiter: Rc::from(&b"\r\n"[..]),
            max_length: MAX_LENGTH,
            received: Received::default(),
            searched: 0,
            lines: None,
        }
    }

    /// Lines that end with `delimiter`.
    ///
    /// # Panics
    /// When `delimiter` is empty: every line would end before it begins.
    #[must_use]
    pub fn with_delimiter(mut self, delimiter: &[u8]) -> Self {
        assert!(
            !delimiter.is_empty(),
            "a line needs a delimiter to end with"
        );
        self.delimiter = delimiter.into();
        self
    }

    /// Lines of at most `bytes`, without their delimiters.
    #[must_use]
    pub const fn with_max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    fn lines(&mut self, transport: &Transport) -> Lines {
        let delimiter = &self.delimiter;
        let lines = self.lines.get_or_insert_with(|| Lines {
            transport: transport.clone(),
            delimiter: Rc::clone(delimiter),
            is_raw: Rc::default(),
        });
        lines.clone()
    }

    /// Gives on what may be given on.
    fn give(&mut self, reactor: &mut Reactor, lines: &Lines) -> CallbackResult {
        while self.received.may_go_on(lines) {
            let goes_on = if lines.is_raw.get() {
                self.give_raw(reactor, lines)?
            } else {
                self.give_line(reactor, lines)?
            };
            if !goes_on {
                break;
            }
        }
        self.received.compact();
        Ok(())
    }

    /// Whether something of the rest may be given on still.
    fn give_raw(&mut self, reactor: &mut Reactor, lines: &Lines) -> Result<bool, Failure> {
        let rest = self.received.rest();
        let taken = self.protocol.raw_data_received(reactor, lines, rest)?;
        self.received.given += taken.min(rest.len());
        self.searched = 0;
        Ok(!lines.is_raw.get())
    }

    fn give_line(&mut self, reactor: &mut Reactor, lines: &Lines) -> Result<bool, Failure> {
        let rest = self.received.rest();
        let delimiter = &*self.delimiter;
        let found = rest[self.searched..]
            .windows(delimiter.len())
            .position(|window| window == delimiter);
        // Its last bytes may be the beginning of a delimiter.
        let undecided = delimiter.len() - 1;
        let length = match found {
            Some(place) => self.searched + place,
            None => rest.len().saturating_sub(undecided),
        };
        if length > self.max_length {
            self.received.break_off();
            self.protocol.line_length_exceeded(reactor, lines)?;
            return Ok(false);
        }
        if found.is_none() {
            self.searched = length;
            return Ok(false);
        }
        self.protocol
            .line_received(reactor, lines, &rest[..length])?;
        self.searched = 0;
        self.received.given += length + delimiter.len();
        Ok(true)
    }
}

impl<P: LineProtocol> Protocol for LineReceiver<P> {
    fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        let lines = self.lines(transport);
        self.protocol.connection_made(reactor, &lines)
    }

    fn data_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
        data: &[u8],
    ) -> CallbackResult {
        let lines = self.lines(transport);
        self.received.push(data);
        self.give(reactor, &lines)
    }

    fn reading_resumed(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        let lines = self.lines(transport);
        self.give(reactor, &lines)
    }

    fn read_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
    ) -> CallbackResult {
        let lines = self.lines(transport);
        self.protocol.read_connection_lost(reactor, &lines)
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.protocol.connection_lost(reactor, reason)
    }
}
