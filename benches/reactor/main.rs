//! What our reactor costs beside its peers: echoing 64 bytes over loopback, and being in time.
//!
//! The unit is the processor time of the server's thread per request, since the clients are on another thread. Each
//! group says what the others cost in relation to its first: raw mio, or epoll.

mod load;
mod servers;
mod timers;

use std::rc::Rc;

use criterion::Criterion;
use loopscope::reactor::ProviderKind;
use loopscope_benches::{Peer, against};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use load::Load;

/// Requests in a unit of work, at least.
const REQUESTS: usize = 256;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    raise_limit();
    let anywhere = load::stay_here();
    for connections in [1, 100, 1000] {
        let peers = vec![
            echo("mio", Load::new(servers::raw_mio, connections, 0)),
            echo(
                "ours, off",
                Load::new(servers::unrecorded(ProviderKind::Epoll), connections, 0),
            ),
            echo(
                "ours, recording",
                Load::new(servers::recorded(anywhere), connections, 0),
            ),
            echo("tokio", Load::new(servers::tokio, connections, 0)),
        ];
        let what = format!("echo, {connections} connections");
        against(&mut criterion, &what, requests(connections), peers);
    }
    for idle in [0, 1000] {
        let peers = ProviderKind::ALL.map(|kind| {
            let load = Load::new(servers::unrecorded(kind), 1, idle);
            echo(kind.name(), load)
        });
        let what = format!("echo, 1 connection and {idle} idle ones");
        against(&mut criterion, &what, requests(1), peers.into());
    }
    criterion.final_summary();
    timers::compare();
}

fn waves(connections: usize) -> usize {
    REQUESTS.div_ceil(connections)
}

fn requests(connections: usize) -> u64 {
    (waves(connections) * connections) as u64
}

fn echo(name: &'static str, load: Load) -> Peer<'static> {
    let load = Rc::new(load);
    let server = Rc::clone(&load);
    let waves = waves(load.clients());
    Peer::new(name, move || {
        for _ in 0..waves {
            load.wave();
        }
    })
    .on_clock(move || server.cpu())
}

/// A thousand connections to each of several servers, and both ends are here.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("up to its maximum anybody may raise it");
}
