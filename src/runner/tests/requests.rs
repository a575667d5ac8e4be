//! A request that blocks whoever makes it.

use std::io::{BufRead, BufReader};

use super::super::request::request_blocking;
use super::*;

/// Answers one request with `response`, and returns what was asked.
pub(super) fn answer(response: &[u8]) -> (SocketAddr, mpsc::Receiver<Vec<String>>) {
    let response = response.to_vec();
    let (ask, asked) = mpsc::channel();
    let address = serve(move |mut client| {
        let lines = BufReader::new(&client).lines().map(Result::unwrap);
        // Nobody may want to know.
        let _ = ask.send(lines.take_while(|line| !line.is_empty()).collect());
        client.write_all(&response).unwrap();
    });
    (address, asked)
}

fn endpoint(address: SocketAddr, expected: Option<usize>) -> Endpoint {
    Endpoint {
        place: Place::Tcp(address),
        expected,
    }
}

fn request(address: SocketAddr, expected: Option<usize>) -> Result<String, String> {
    request_blocking(&endpoint(address, expected), &StopToken::default())
        .body
        .map(|body| String::from_utf8(body).unwrap())
        .map_err(|error| error.to_string())
}

#[test]
fn the_body_of_the_response_comes_back() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoem",
        "HTTP/1.0 200 OK\r\n\r\npoem",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npoem\r\n0\r\n\r\n",
    ] {
        let (address, asked) = answer(response.as_bytes());
        assert_eq!(request(address, Some(4)), Ok("poem".to_owned()));
        let head = [
            "GET / HTTP/1.1".to_owned(),
            format!("Host: {address}"),
            "Connection: close".to_owned(),
        ];
        assert_eq!(asked.recv().unwrap(), head);
    }
}

#[test]
fn what_goes_wrong_is_told() {
    let address = dead();
    assert_eq!(
        request(address, None),
        Err(format!(
            "cannot connect to {address}: nobody listens there (connection refused)"
        ))
    );
    let (address, _) = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npoem");
    let failed = format!("the request to {address} failed: ");
    assert_eq!(
        request(address, None),
        Err(format!(
            "{failed}the connection was lost before the response was whole: the server closed it"
        ))
    );
    let (address, _) = answer(b"SSH-2.0-OpenSSH\r\n");
    let failed = format!("the request to {address} failed: ");
    let said = request(address, None).unwrap_err();
    assert!(said.starts_with(&failed), "{said}");
    let (address, _) = answer(b"HTTP/1.0 200 OK\r\n\r\npoem");
    assert_eq!(
        request(address, Some(9)),
        Err("the server closed after 4 of 9 bytes".to_owned())
    );
}

#[test]
fn a_stop_ends_it() {
    let (begin, has_begun) = mpsc::channel();
    let (gone, is_gone) = mpsc::channel();
    let address = serve(move |mut client| {
        client
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npoem")
            .unwrap();
        begin.send(()).unwrap();
        wait_for_end(&mut client);
        gone.send(()).unwrap();
    });
    let stop = StopToken::default();
    let token = stop.clone();
    let thread = thread::spawn(move || request_blocking(&endpoint(address, None), &token));
    has_begun.recv().unwrap();
    stop.stop();
    assert!(thread.join().unwrap().body.is_err());
    is_gone.recv().unwrap();
}
