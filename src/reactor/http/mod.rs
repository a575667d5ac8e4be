//! HTTP/1.1, as a client speaks it: one request per connection.
//!
//! An [`Agent`] asks for a resource and gives the whole [`Response`] to a callback. It does not look names up (that
//! would block the loop), keeps no connections, and follows no redirections.

mod response;

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::{
    Address, CallbackResult, ClientFactory, ConnectError, Connector, Factory, Label, Protocol,
    Reactor, Reason, Transport,
};
use crate::trace::TaskId;

pub use response::{Malformed, Response};

pub(crate) use response::ResponseParser;

/// How long a response may be with its head, unless a program says otherwise.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Why there is no response.
///
/// ```
/// use loopscope::reactor::{HttpError, Response};
///
/// /// What a person is told of a page.
/// fn tell(page: Result<Response, HttpError>) -> String {
///     match page {
///         Ok(response) => format!("{} bytes", response.body.len()),
///         Err(HttpError::Connect(error)) => format!("is the server up? {error}"),
///         Err(HttpError::Lost(why)) => format!("try again: {why}"),
///         Err(HttpError::Malformed(what)) => format!("this is no web server: {what}"),
///     }
/// }
///
/// assert_eq!(tell(Err(HttpError::Lost("it was closed".to_owned()))), "try again: it was closed");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// There is no connection to the server.
    #[error("there is no connection to the server: {0}")]
    Connect(#[source] ConnectError),
    /// The connection was lost before the response was whole.
    #[error("the connection was lost before the response was whole: {0}")]
    Lost(String),
    /// What the server sent is not a response.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// A part of a request is empty, or has a line break or another character that may not be in it.
///
/// ```
/// use loopscope::reactor::{Agent, Reactor};
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
///
/// let address = ([127, 0, 0, 1], 80).into();
/// let refused = Agent::new(None).get(&mut reactor, address, "/two lines\r\n", &[], |_, _| Ok(()));
/// assert!(refused.is_err(), "nothing was sent");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a part of a request: it is empty or has a character that is not allowed there"
)]
pub struct BadRequest(pub String);

type Done = Box<dyn FnOnce(&mut Reactor, Result<Response, HttpError>) -> CallbackResult>;

/// Asks HTTP servers for resources.
///
/// ```
/// use loopscope::reactor::{Agent, Reactor};
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let address = listener.local_addr()?;
/// # let server = std::thread::spawn(move || {
/// #     use std::io::{Read, Write};
/// #     let (mut client, _) = listener.accept()?;
/// #     let mut request = Vec::new();
/// #     while !request.ends_with(b"\r\n\r\n") {
/// #         let mut byte = [0];
/// #         client.read_exact(&mut byte)?;
/// #         request.push(byte[0]);
/// #     }
/// #     client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoem")
/// # });
///
/// let agent = Agent::new(None);
/// agent.get(&mut reactor, address, "/poem", &[("Accept", "text/plain")], |reactor, response| {
///     let response = response?;
///     assert_eq!((response.status, &*response.body), (200, &b"poem"[..]));
///     Ok(reactor.stop()?)
/// })?;
/// reactor.run()?;
/// # server.join().ok();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Agent {
    task: Option<TaskId>,
    max_bytes: usize,
}

impl Agent {
    /// An agent whose connections work for `task`.
    pub const fn new(task: Option<TaskId>) -> Self {
        Self {
            task,
            max_bytes: MAX_BYTES,
        }
    }

    /// Responses of at most `bytes`, with their heads (64 MiB unless set).
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Asks the server at `address` for `path`, with these headers besides `Host` and `Connection`, and calls
    /// `done` once with what came of it, in a later turn: as the callback `response_received`, or `request_failed`.
    /// What it fails with is recorded, and changes nothing more. [`Connector::disconnect`] gives the request up.
    ///
    /// # Errors
    /// When the path or a header has a character that may not be in it; nothing is sent and nothing called then.
    pub fn get(
        &self,
        reactor: &mut Reactor,
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
        done: impl FnOnce(&mut Reactor, Result<Response, HttpError>) -> CallbackResult + 'static,
    ) -> Result<Connector, BadRequest> {
        let exchange = Exchange {
            request: request(address, path, headers)?,
            parser: Some(ResponseParser::new(self.max_bytes)),
            waiting: Rc::new(Waiting {
                task: self.task,
                done: Cell::new(Some(Box::new(done))),
            }),
        };
        Ok(reactor.connect_tcp(address, self.task, exchange))
    }
}

/// Whom the response is for, until it was told.
struct Waiting {
    task: Option<TaskId>,
    done: Cell<Option<Done>>,
}

impl Waiting {
    fn tell(&self, reactor: &mut Reactor, result: Result<Response, HttpError>) {
        let Some(done) = self.done.take() else {
            return;
        };
        let name = match &result {
            Ok(_) => "response_received",
            Err(_) => "request_failed",
        };
        // Its failure is recorded, and the connection is over all the same.
        let _ = reactor.call_now(Label::new(name, self.task), |reactor| done(reactor, result));
    }
}

/// One request and its response.
struct Exchange {
    request: Vec<u8>,
    parser: Option<ResponseParser>,
    waiting: Rc<Waiting>,
}

impl Factory for Exchange {
    fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
        // A second connection would have nobody to tell.
        let parser = self.parser.take()?;
        Some(Box::new(Conversation {
            request: std::mem::take(&mut self.request),
            parser,
            waiting: Rc::clone(&self.waiting),
        }))
    }
}

impl ClientFactory for Exchange {
    fn client_connection_failed(
        &mut self,
        reactor: &mut Reactor,
        _: &Connector,
        error: &ConnectError,
    ) -> CallbackResult {
        let failed = HttpError::Connect(error.clone());
        self.waiting.tell(reactor, Err(failed));
        Ok(())
    }
}

/// What is said on the connection.
struct Conversation {
    request: Vec<u8>,
    parser: ResponseParser,
    waiting: Rc<Waiting>,
}

impl Conversation {
    /// Tells what the parser found, if it is through.
    fn conclude(
        &self,
        reactor: &mut Reactor,
        transport: &Transport,
        parsed: Result<Option<Response>, Malformed>,
    ) {
        let result = match parsed {
            Ok(None) => return,
            Ok(Some(response)) => Ok(response),
            Err(malformed) => Err(malformed.into()),
        };
        transport.lose_connection(reactor);
        self.waiting.tell(reactor, result);
    }
}

impl Protocol for Conversation {
    fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        transport.write(reactor, &std::mem::take(&mut self.request));
        Ok(())
    }

    fn data_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
        data: &[u8],
    ) -> CallbackResult {
        let parsed = self.parser.push(data);
        self.conclude(reactor, transport, parsed);
        Ok(())
    }

    fn read_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
    ) -> CallbackResult {
        let whole = self.parser.end();
        transport.lose_connection(reactor);
        self.conclude(reactor, transport, Ok(whole));
        Ok(())
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        let lost = HttpError::Lost(reason.to_string());
        self.waiting.tell(reactor, Err(lost));
        Ok(())
    }
}

/// The bytes of a request.
fn request(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Vec<u8>, BadRequest> {
    let check = |part: &str, is_good: bool| match is_good {
        true => Ok(()),
        false => Err(BadRequest(part.to_owned())),
    };
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_value = |text: &str| {
        !text
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
    };
    check(path, is_word(path))?;
    let mut head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for &(name, value) in headers {
        check(name, is_word(name) && !name.contains(':'))?;
        check(value, is_value(value))?;
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    Ok(head.into_bytes())
}
