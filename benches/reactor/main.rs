//! What our reactor costs beside its peers: echoing 64 bytes over loopback, and being in time.
//!
//! The unit is the processor time of the server's thread per request; the clients are on another thread of the same
//! processor. Each group says what the others cost in relation to its first: raw mio, or epoll.
//!
//! The targets: ours at most 1.03 of raw mio's while nobody records, 1.06 while it records, and timers at most a tenth
//! as late as tokio's. Measured on two virtual cores with nothing else to do, for 1, 100 and 1,000 connections, the middle
//! of three runs: 1.03, 1.03 and 1.02 while nobody records (tokio: 1.04, 1.06 and 1.06), 1.03, 1.05 and 1.03 while it
//! records, timers 0.05 of tokio's lateness (once, on a busy machine, 0.99: nobody has looked for the cause). Between two
//! runs of the same program lie 0.01 and more: where its memory happens to be. A request costs no
//! further system call, recorded or not; a loop that is recorded sets a timer at most a hundred times a second, for what is
//! still to be handed over. What it does cost is memory that no cache has any more, of data and of code, because the system
//! has used them in between; so what a request looks at is side by side.
//!
//! `poll` costs 1.03 and `select` 1.05 of epoll without idle connections, and both 34 times as much with 1,000.

mod servers;
mod timers;

use std::rc::Rc;

use criterion::Criterion;
use loopscope::reactor::ProviderKind;
use loopscope_benches::load::{self, Load, Wave, requests};
use loopscope_benches::{Peer, against, ours};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    load::raise_limit();
    let anywhere = load::stay_here();
    for connections in [1, 100, 1000] {
        let peers = vec![
            echo(
                "mio",
                Load::new(servers::raw_mio, connections, 0, Wave::Held),
            ),
            echo(
                "ours, off",
                Load::new(
                    ours::unrecorded(ProviderKind::Epoll),
                    connections,
                    0,
                    Wave::Held,
                ),
            ),
            echo(
                "ours, recording",
                Load::new(ours::recorded(anywhere), connections, 0, Wave::Held),
            ),
            echo(
                "tokio",
                Load::new(servers::tokio, connections, 0, Wave::Held),
            ),
        ];
        let what = format!("echo, {connections} connections");
        against(&mut criterion, &what, requests(connections), peers);
    }
    for idle in [0, 1000] {
        let peers = ProviderKind::ALL.map(|kind| {
            let load = Load::new(ours::unrecorded(kind), 1, idle, Wave::Held);
            echo(kind.name(), load)
        });
        let what = format!("echo, 1 connection and {idle} idle ones");
        against(&mut criterion, &what, requests(1), peers.into());
    }
    criterion.final_summary();
    timers::compare();
}

fn echo(name: &'static str, load: Load) -> Peer<'static> {
    let load = Rc::new(load);
    let server = Rc::clone(&load);
    Peer::new(name, move || load.work()).on_clock(move || server.cpu())
}
