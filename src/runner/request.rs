//! An HTTP request on a blocking socket: whoever makes it waits until the whole response is there.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use super::connect::connect_tcp;
use super::error::TaskError;
use super::running::all_there;
use super::{BUFFER_BYTES, Endpoint, Place, StopToken};
use crate::reactor::{HttpError, Response, ResponseParser};
use crate::scenario::limits;

/// As long as a response can be: the longest text, and a generous head.
pub(super) const MAX_BYTES: usize = limits::MAX_TEXT + 64 * 1024;

/// What came of a request.
#[derive(Debug)]
pub(super) struct Answer {
    /// How many bytes came in on the socket: with the head, and also of a response that is not whole.
    pub(super) received: usize,
    /// The body; an error when there is no connection or it breaks, and when what comes is not a whole response. An
    /// error after a stop means nothing.
    pub(super) body: Result<Vec<u8>, TaskError>,
}

/// Asks the HTTP server at `endpoint` for `/`. Nothing is recorded.
pub(super) fn request_blocking(endpoint: &Endpoint, stop: &StopToken) -> Answer {
    let mut received = 0;
    let body = body(endpoint, stop, &mut received);
    Answer { received, body }
}

fn body(endpoint: &Endpoint, stop: &StopToken, received: &mut usize) -> Result<Vec<u8>, TaskError> {
    let place = &endpoint.place;
    let Place::Tcp(address) = *place else {
        let error = io::ErrorKind::Unsupported.into();
        return Err(TaskError::connecting(place, error));
    };
    let stream = connect_tcp(place, stop).map_err(|error| TaskError::connecting(place, error))?;
    let stream = Arc::new(stream);
    let _wake = stop.shut_down(&stream);
    let broken = |error| TaskError::Broken(place.clone(), error);
    ask(&stream, address).map_err(broken)?;
    let response = receive(&stream, received)
        .map_err(broken)?
        .map_err(|error| TaskError::Request(place.clone(), error))?;
    all_there(response.body.len(), endpoint.expected)?;
    Ok(response.body)
}

fn ask(mut stream: &TcpStream, address: SocketAddr) -> io::Result<()> {
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())
}

/// Reads until the response is whole, and counts what it reads.
fn receive(
    mut stream: &TcpStream,
    received: &mut usize,
) -> io::Result<Result<Response, HttpError>> {
    let mut parser = ResponseParser::new(MAX_BYTES);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let bytes = match stream.read(&mut buffer) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        *received += bytes;
        let parsed = match bytes {
            0 => {
                let cut_off = || HttpError::Lost("the server closed it".to_owned());
                return Ok(parser.end().ok_or_else(cut_off));
            }
            _ => parser.push(&buffer[..bytes]),
        };
        match parsed {
            Ok(None) => {}
            Ok(Some(response)) => return Ok(Ok(response)),
            Err(malformed) => return Ok(Err(malformed.into())),
        }
    }
}
