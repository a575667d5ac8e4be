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

/// Asks the HTTP server at `endpoint` for `/`, and returns the body of what it answers. Nothing is recorded.
///
/// # Errors
/// When there is no connection or it breaks, and when what comes is not a whole response. An error after a stop
/// means nothing.
pub(super) fn request_blocking(
    endpoint: &Endpoint,
    stop: &StopToken,
) -> Result<Vec<u8>, TaskError> {
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
    let response = receive(&stream)
        .map_err(broken)?
        .map_err(|error| TaskError::Request(place.clone(), error))?;
    all_there(response.body.len(), endpoint.expected)?;
    Ok(response.body)
}

fn ask(mut stream: &TcpStream, address: SocketAddr) -> io::Result<()> {
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())
}

/// Reads until the response is whole.
fn receive(mut stream: &TcpStream) -> io::Result<Result<Response, HttpError>> {
    let mut parser = ResponseParser::new(MAX_BYTES);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let bytes = match stream.read(&mut buffer) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
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
