//! What the reactor builds on, whatever it waits in.

use std::cell::Cell;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;

use mio::{Interest as MioInterest, Token};

use super::*;
use crate::reactor::provider::Readiness;

const TOKEN: Token = Token(7);
const READABLE: Option<MioInterest> = Some(MioInterest::READABLE);
const WRITABLE: Option<MioInterest> = Some(MioInterest::WRITABLE);

/// A provider of this kind, and a pair of sockets.
fn provider() -> (Provider, UnixStream, UnixStream) {
    let provider = Provider::of(Bench::KIND).unwrap();
    assert_eq!(provider.kind(), Bench::KIND);
    let (near, far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    (provider, near, far)
}

/// What is ready now, as the one that is watched is ready for reading and for writing.
fn ready(provider: &mut Provider) -> Vec<(bool, bool)> {
    provider.poll_now().unwrap();
    let told = |ready: &Readiness| {
        assert_eq!(ready.token, TOKEN);
        (ready.readable, ready.writable)
    };
    provider.ready().iter().map(told).collect()
}

#[test]
fn readiness_is_told_for_what_is_watched_and_again_when_it_is_watched_anew() {
    let (mut provider, near, far) = provider();
    let fd = near.as_raw_fd();
    provider.watch(fd, TOKEN, None, READABLE).unwrap();
    assert_eq!(ready(&mut provider), []);
    send(&far);
    assert_eq!(ready(&mut provider), [(true, false)]);
    provider.watch(fd, TOKEN, READABLE, WRITABLE).unwrap();
    assert_eq!(ready(&mut provider), [(false, true)]);
    let both = Some(MioInterest::READABLE | MioInterest::WRITABLE);
    provider.watch(fd, TOKEN, WRITABLE, both).unwrap();
    assert_eq!(ready(&mut provider), [(true, true)]);
    provider.watch(fd, TOKEN, both, READABLE).unwrap();
    assert_eq!(ready(&mut provider), [(true, false)]);
    provider.watch(fd, TOKEN, READABLE, None).unwrap();
    assert_eq!(ready(&mut provider), []);
    provider.watch(fd, TOKEN, None, None).unwrap();
    provider.watch(fd, TOKEN, None, READABLE).unwrap();
    assert_eq!(ready(&mut provider), [(true, false)]);
}

#[test]
fn one_of_many_that_is_forgotten_leaves_the_others_their_names() {
    let (mut provider, _, _) = provider();
    let pairs: Vec<_> = (0..5).map(|_| UnixStream::pair().unwrap()).collect();
    for (index, (near, far)) in pairs.iter().enumerate() {
        let token = Token(10 + index);
        provider
            .watch(near.as_raw_fd(), token, None, READABLE)
            .unwrap();
        send(far);
    }
    for index in [1, 4] {
        let fd = pairs[index].0.as_raw_fd();
        provider
            .watch(fd, Token(10 + index), READABLE, None)
            .unwrap();
    }
    provider.poll_now().unwrap();
    let mut tokens: Vec<_> = provider.ready().iter().map(|ready| ready.token.0).collect();
    tokens.sort_unstable();
    assert_eq!(tokens, [10, 12, 13]);
}

#[test]
fn the_end_of_the_data_is_told_with_the_data_but_by_select() {
    let (mut provider, near, far) = provider();
    let fd = near.as_raw_fd();
    provider.watch(fd, TOKEN, None, READABLE).unwrap();
    send(&far);
    assert_eq!(ready(&mut provider).len(), 1);
    assert!(!provider.ready()[0].hung_up);
    drop(far);
    assert_eq!(ready(&mut provider).len(), 1);
    let told = provider.ready()[0].hung_up;
    assert_eq!(told, Bench::KIND != ProviderKind::Select);
}

#[test]
fn a_descriptor_is_watched_under_one_token_only() {
    let (mut provider, near, _far) = provider();
    let fd = near.as_raw_fd();
    provider.watch(fd, TOKEN, None, WRITABLE).unwrap();
    let refused = provider.watch(fd, Token(8), None, READABLE).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert_eq!(ready(&mut provider), [(false, true)]);
}

#[test]
fn a_number_that_is_no_descriptor_is_refused() {
    let (mut provider, _, _) = provider();
    let refused = provider.watch(-1, TOKEN, None, READABLE).unwrap_err();
    assert_eq!(
        refused.raw_os_error(),
        Some(rustix::io::Errno::BADF.raw_os_error())
    );
}

/// The clock of the trace may be behind that of the system. Without the second ring this would wait for ever.
#[test]
fn a_deadline_that_is_still_to_come_after_it_rang_rings_again() {
    let (mut provider, _, _) = provider();
    for _ in 0..2 {
        let deadline = Timestamp::ZERO + MS;
        provider
            .poll_until(Some(deadline), || Timestamp::ZERO)
            .unwrap();
        assert!(provider.ready().is_empty());
    }
}

/// What nobody takes must not keep the loop awake: data while reading is paused, a wake-up that was heard, a timer
/// that rang when none is left.
#[test]
fn an_idle_loop_makes_no_turns() {
    let mut bench = Bench::real();
    let (paused, other) = bench.pipe("paused", wait);
    bench.reactor.remove_reader(paused).unwrap();
    send(&other);
    drop(other);
    let (full, _far) = writer(&mut bench);
    bench.timer(MS, "the last timer");
    let handle = bench.reactor.handle();
    let calls = 3000;
    for _ in 0..calls {
        handle.call_from_thread(label("call"), |_| Ok(())).unwrap();
    }
    let waits = std::thread::spawn(move || {
        // Nothing is to happen meanwhile, so there is nothing to wait for.
        std::thread::sleep(40 * MS);
        handle.stop().unwrap();
    });
    bench.reactor.run().unwrap();
    waits.join().unwrap();
    assert!(full.get() >= 1, "it wrote until the system took no more");
    let polls = bench.polls();
    assert!(polls <= 8, "{polls} polls");
    assert_eq!(bench.log.take()[0], "the last timer");
}

/// Writes until the system takes no more, each time it is called. Tells how often that was.
struct Filler {
    end: UnixStream,
    calls: Rc<Cell<usize>>,
}

impl Descriptor for Filler {
    fn fd(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }

    fn do_read(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        unreachable!("it never asks to read")
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        self.calls.set(self.calls.get() + 1);
        while self.end.write(&[0; 4096]).is_ok() {}
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, _: &mut Reactor, _: Reason) -> CallbackResult {
        Ok(())
    }
}

/// A writer that nobody reads from, how often it was called, and the end that could be read.
fn writer(bench: &mut Bench) -> (Rc<Cell<usize>>, UnixStream) {
    let (end, far) = UnixStream::pair().unwrap();
    end.set_nonblocking(true).unwrap();
    far.set_nonblocking(true).unwrap();
    let calls = Rc::new(Cell::new(0));
    let filler = Filler {
        end,
        calls: Rc::clone(&calls),
    };
    let id = bench.reactor.add_descriptor(Box::new(filler), None);
    bench.reactor.add_writer(id, "do_write").unwrap();
    (calls, far)
}

#[test]
fn a_writer_that_filled_its_socket_is_called_again_when_there_is_room() {
    let mut bench = Bench::manual();
    let (calls, far) = writer(&mut bench);
    for _ in 0..3 {
        bench.turn();
    }
    assert_eq!(calls.get(), 1);
    while (&far).read(&mut [0; 4096]).is_ok_and(|bytes| bytes > 0) {}
    bench.turn();
    assert_eq!(calls.get(), 2);
}

#[test]
fn a_wake_up_ends_the_wait_that_goes_on_and_the_one_that_comes() {
    let mut bench = Bench::real();
    let handle = bench.reactor.handle();
    let (waits, waited) = crossbeam_channel::bounded(0);
    bench
        .reactor
        .call_when_running(label("begin"), move |_| Ok(waits.send(())?));
    let other = std::thread::spawn(move || {
        waited.recv().unwrap();
        for round in 0..100 {
            let (done, is_done) = crossbeam_channel::bounded(1);
            let call = move |_: &mut Reactor| Ok(done.send(round)?);
            handle.call_from_thread(label("call"), call).unwrap();
            assert_eq!(is_done.recv(), Ok(round));
        }
        handle.stop().unwrap();
    });
    bench.reactor.run().unwrap();
    other.join().unwrap();
}
