//! What all connections of one server have in common.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::drip::Drip;
use super::echo::Echo;
use super::http::{Http, head};
use super::pace::Pace;
use super::talk::Talk;
use super::text::Text;
use crate::scenario::{Fault, Server, Speaks};

/// A server, as its connections need it.
#[derive(Debug)]
pub(super) struct Host {
    speaks: Speaks,
    text: Text,
    pace: Pace,
}

impl Host {
    /// As `server` has it.
    pub(super) fn new(server: &Server) -> Self {
        let length = server.text.len();
        let (bytes, head) = match server.speaks {
            Speaks::Http => {
                let head = head(length);
                (
                    Arc::from([head.as_bytes(), &server.text].concat()),
                    head.len(),
                )
            }
            Speaks::Drip | Speaks::Echo => (Arc::clone(&server.text), 0),
        };
        let sent = match server.fault {
            Some(Fault::ClosesAfter(bytes)) => bytes.min(length),
            Some(Fault::Dead) | None => length,
        };
        Self {
            speaks: server.speaks,
            text: Text {
                bytes,
                head,
                end: head + sent,
            },
            pace: Pace::new(server.chunk, server.delay),
        }
    }

    /// What is to be said to a client that came at `now`.
    pub(super) fn talk(&self, now: Instant) -> Box<dyn Talk> {
        match self.speaks {
            Speaks::Drip => Box::new(Drip::new(self.text.clone(), self.pace, now)),
            Speaks::Http => Box::new(Http::new(self.text.clone(), self.pace)),
            Speaks::Echo => Box::new(Echo::new(self.delay())),
        }
    }

    /// How long an answer takes.
    pub(super) const fn delay(&self) -> Duration {
        self.pace.delay()
    }

    /// Connections that come from now on go at this pace.
    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }
}
