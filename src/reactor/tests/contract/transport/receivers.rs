//! Receivers: the same lines and messages, however the bytes were cut on their way.

use proptest::prelude::*;

use super::*;

/// Logs lines, and obeys them.
struct LineLog(Log);

impl LineProtocol for LineLog {
    fn line_received(
        &mut self,
        reactor: &mut Reactor,
        lines: &Lines,
        line: &[u8],
    ) -> CallbackResult {
        self.0.add(format!("line {}", line.escape_ascii()));
        match line {
            b"raw" => lines.set_raw_mode(),
            b"pause" => lines.pause_producing(reactor),
            b"quit" => lines.lose_connection(reactor),
            b"echo" => lines.send_line(reactor, b"echoed"),
            _ => {}
        }
        Ok(())
    }

    /// Raw data ends with a dot.
    fn raw_data_received(
        &mut self,
        _: &mut Reactor,
        lines: &Lines,
        data: &[u8],
    ) -> Result<usize, Failure> {
        let Some(end) = data.iter().position(|&byte| byte == b'.') else {
            return Ok(0);
        };
        self.0.add(format!("raw {}", data[..end].escape_ascii()));
        lines.set_line_mode();
        Ok(end + 1)
    }

    fn line_length_exceeded(&mut self, _: &mut Reactor, _: &Lines) -> CallbackResult {
        self.0.add("too long");
        Ok(())
    }

    fn connection_lost(&mut self, _: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.0.add(word(reason));
        Ok(())
    }
}

/// Logs messages.
struct MessageLog(Log);

impl MessageProtocol for MessageLog {
    fn message_received(
        &mut self,
        reactor: &mut Reactor,
        messages: &Messages,
        message: &[u8],
    ) -> CallbackResult {
        self.0.add(message.escape_ascii().to_string());
        match message {
            b"pause" => messages.pause_producing(reactor),
            b"echo" => messages.send_message(reactor, b"echoed")?,
            _ => {}
        }
        Ok(())
    }

    fn length_exceeded(&mut self, _: &mut Reactor, _: &Messages, length: usize) -> CallbackResult {
        self.0.add(format!("{length} are too many"));
        Ok(())
    }
}

/// Feeds `data` to a receiver in pieces of these sizes, and the rest in one, and returns what it gave on.
fn feed(mut receiver: impl Protocol, log: &Log, data: &[u8], sizes: &[usize]) -> Vec<String> {
    let mut bench = Bench::manual();
    let (transport, _other) = bench.pair();
    receiver
        .connection_made(&mut bench.reactor, &transport)
        .unwrap();
    let mut rest = data;
    for &size in sizes.iter().chain([&usize::MAX]) {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        receiver
            .data_received(&mut bench.reactor, &transport, piece)
            .unwrap();
        while transport.is_paused() {
            transport.resume_producing(&mut bench.reactor);
            receiver
                .reading_resumed(&mut bench.reactor, &transport)
                .unwrap();
        }
    }
    log.take()
}

fn lines(data: &[u8], delimiter: &[u8], sizes: &[usize]) -> Vec<String> {
    let log = Log::default();
    let receiver = LineReceiver::new(LineLog(log.clone()))
        .with_delimiter(delimiter)
        .with_max_length(8);
    feed(receiver, &log, data, sizes)
}

fn messages(prefix: Prefix, data: &[u8], sizes: &[usize]) -> Vec<String> {
    let log = Log::default();
    let receiver = PrefixedReceiver::new(prefix, MessageLog(log.clone())).with_max_length(300);
    feed(receiver, &log, data, sizes)
}

#[test]
fn lines_come_without_their_delimiters_and_an_unfinished_one_not_at_all() {
    assert_eq!(
        lines(b"one\r\n\r\ntw\ro\r\nthree", b"\r\n", &[]),
        ["line one", "line ", "line tw\\ro"]
    );
}

#[test]
fn raw_mode_begins_in_the_middle_of_what_arrived_and_ends_there() {
    assert_eq!(
        lines(b"raw\nthis\nis raw.line\nraw\n.end\n", b"\n", &[]),
        [
            "line raw",
            "raw this\\nis raw",
            "line line",
            "line raw",
            "raw ",
            "line end"
        ]
    );
}

#[test]
fn a_line_may_be_just_as_long_as_it_may_be() {
    assert_eq!(lines(b"12345678\r\n", b"\r\n", &[9]), ["line 12345678"]);
    assert_eq!(lines(b"123456789\r\nx\r\n", b"\r\n", &[]), ["too long"]);
    assert_eq!(lines(b"12345678xyz", b"\r\n", &[]), ["too long"]);
}

#[test]
fn messages_come_without_their_lengths_and_an_unfinished_one_not_at_all() {
    assert_eq!(
        messages(Prefix::U8, b"\x03one\x00\x05three\x09", &[]),
        ["one", "", "three"]
    );
    assert_eq!(messages(Prefix::U16, b"\x00\x03one\x00", &[]), ["one"]);
    assert_eq!(
        messages(Prefix::U32, b"\0\0\0\x03one\0\0\0\x04two", &[]),
        ["one"]
    );
    let long = [
        &[1, 0x2C][..],
        &[b'x'; 300],
        &[1, 0x2D],
        &[b'x'; 301],
        &[0, 1, b'y'],
    ]
    .concat();
    assert_eq!(
        messages(Prefix::U16, &long, &[]),
        ["x".repeat(300), "301 are too many".to_owned()]
    );
}

#[test]
fn a_message_goes_out_with_its_length_before_it() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    let factory = move |_: &Address| PrefixedReceiver::new(Prefix::U32, MessageLog(log.clone()));
    let port = bench.reactor.listen_tcp(LOOPBACK, None, factory).unwrap();
    let mut client = std::net::TcpStream::connect(port.get_host().socket().unwrap()).unwrap();
    client.write_all(b"\0\0\0\x04echo").unwrap();
    bench.until_logged("echo");
    let mut answer = [0; 10];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"\0\0\0\x06echoed");
}

/// What has arrived already is given on although nothing new arrives.
#[test]
fn a_receiver_that_is_resumed_goes_on_where_it_was() {
    let mut bench = Bench::manual();
    let transports = Transports::default();
    let (log, kept) = (bench.log.clone(), transports.clone());
    struct Kept(LineLog, Transports);
    impl LineProtocol for Kept {
        fn connection_made(&mut self, _: &mut Reactor, lines: &Lines) -> CallbackResult {
            let transport: &Transport = lines;
            self.1.0.borrow_mut().push(transport.clone());
            Ok(())
        }
        fn line_received(
            &mut self,
            reactor: &mut Reactor,
            lines: &Lines,
            line: &[u8],
        ) -> CallbackResult {
            self.0.line_received(reactor, lines, line)
        }
        fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
            self.0.connection_lost(reactor, reason)
        }
    }
    let factory = move |_: &Address| LineReceiver::new(Kept(LineLog(log.clone()), kept.clone()));
    let port = bench.reactor.listen_tcp(LOOPBACK, None, factory).unwrap();
    let mut client = std::net::TcpStream::connect(port.get_host().socket().unwrap()).unwrap();
    client
        .write_all(b"pause\r\necho\r\nquit\r\nnever\r\n")
        .unwrap();
    assert_eq!(bench.until_logged("line pause"), ["line pause"]);
    transports.get(0).resume_producing(&mut bench.reactor);
    assert_eq!(
        bench.until_logged("closed"),
        ["line echo", "line quit", "closed"],
        "and nothing after it asked to be closed"
    );
    let mut answer = [0; 8];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"echoed\r\n");
}

#[test]
fn a_line_that_is_too_long_closes_the_connection_unless_a_protocol_says_otherwise() {
    struct Plain;
    impl LineProtocol for Plain {
        fn line_received(&mut self, _: &mut Reactor, _: &Lines, _: &[u8]) -> CallbackResult {
            panic!("there is no line")
        }
    }
    let mut bench = Bench::manual();
    let (transport, _other) = bench.pair();
    let mut receiver = LineReceiver::new(Plain).with_max_length(3);
    receiver
        .data_received(&mut bench.reactor, &transport, b"12345\r\n")
        .unwrap();
    assert!(transport.is_closing());
}

#[test]
fn a_message_whose_length_cannot_be_written_is_refused() {
    struct Long;
    impl MessageProtocol for Long {
        fn message_received(
            &mut self,
            reactor: &mut Reactor,
            messages: &Messages,
            _: &[u8],
        ) -> CallbackResult {
            assert!(messages.send_message(reactor, &[0; 255]).is_ok());
            let refused = messages.send_message(reactor, &[0; 256]);
            assert_eq!(
                refused,
                Err(MessageTooLong {
                    length: 256,
                    most: 255
                })
            );
            Ok(())
        }
    }
    let mut bench = Bench::manual();
    let (transport, _other) = bench.pair();
    PrefixedReceiver::new(Prefix::U8, Long)
        .data_received(&mut bench.reactor, &transport, b"\0")
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_cutting_gives_the_same_lines(
        words in prop::collection::vec("raw|pause|\\.|\r|\n|\r\n|\r\n|[a-c]{0,4}", 0..30),
        sizes in prop::collection::vec(0_usize..6, 0..40),
        delimiter in "\r\n|\n|ab",
    ) {
        let data = words.concat();
        prop_assert_eq!(
            lines(data.as_bytes(), delimiter.as_bytes(), &sizes),
            lines(data.as_bytes(), delimiter.as_bytes(), &[])
        );
    }

    #[test]
    fn any_cutting_gives_the_same_messages(
        all in prop::collection::vec(prop_oneof![
            8 => prop::collection::vec(b'a'..b'd', 0..5),
            1 => Just(b"pause".to_vec()),
            1 => prop::collection::vec(Just(b'x'), 250..310),
        ], 0..12),
        sizes in prop::collection::vec(0_usize..90, 0..40),
        prefix in prop_oneof![Just(Prefix::U8), Just(Prefix::U16), Just(Prefix::U32)],
    ) {
        let mut data = Vec::new();
        let mut expected = Vec::new();
        let mut is_broken = false;
        for message in all.iter().filter(|message| message.len() <= prefix.max_length()) {
            let length = message.len().to_be_bytes();
            data.extend_from_slice(&length[length.len() - prefix.bytes()..]);
            data.extend_from_slice(message);
            if !is_broken {
                is_broken = message.len() > 300;
                expected.push(if is_broken {
                    format!("{} are too many", message.len())
                } else {
                    message.escape_ascii().to_string()
                });
            }
        }
        prop_assert_eq!(messages(prefix, &data, &sizes), expected);
    }
}
