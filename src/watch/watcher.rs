//! The watching thread: looks at those that left their polls, one after another, and sleeps while there are none.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use super::desk::Desk;
use super::lookout::Hub;
use super::ward::{LOOK, Ward};
use crate::record::Recorders;
use crate::trace::ModelId;

/// Ends a wait.
pub(super) const WAKE: Token = Token(0);
/// Data has come in for a loop that is stuck.
pub(super) const ARRIVED: Token = Token(1);

/// How long not to wait for data where there is some of which everything is told already.
const BREATH: Duration = Duration::from_millis(1);
/// How many events one wait brings, at most. What it is about is asked elsewhere.
const EVENTS: usize = 64;

pub(super) struct Watcher {
    hub: Arc<Hub>,
    poll: Poll,
    events: Events,
    desk: Desk,
    /// Those that are looked at.
    wards: Vec<Ward>,
}

impl Watcher {
    pub(super) fn new(hub: Arc<Hub>, poll: Poll, recorders: Recorders, model: ModelId) -> Self {
        Self {
            hub,
            poll,
            events: Events::with_capacity(EVENTS),
            desk: Desk::new(recorders, model),
            wards: Vec::new(),
        }
    }

    /// Watches until nobody wants to be watched any more.
    pub(super) fn run(mut self) {
        while !self.hub.is_closed() {
            let roused = self.hub.take_roused();
            self.wards.extend(roused.into_iter().map(Ward::new));
            let wait = self.look();
            self.wait(wait);
        }
        for ward in self.wards {
            ward.let_go(&mut self.desk, self.poll.registry());
        }
        self.desk.close();
    }

    /// Looks at all of them. When to look again, if anybody is to be looked at without asking for it.
    fn look(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let mut next = None;
        let mut place = 0;
        while let Some(ward) = self.wards.get_mut(place) {
            match ward.look(now, &mut self.desk, self.poll.registry()) {
                Some(wait) => {
                    next = Some(next.map_or(wait, |next: Duration| next.min(wait)));
                    place += 1;
                }
                None => {
                    let ward = self.wards.swap_remove(place);
                    ward.let_go(&mut self.desk, self.poll.registry());
                }
            }
        }
        next
    }

    /// Waits for so long at most, and tells of the data that comes in meanwhile for those that are stuck.
    fn wait(&mut self, timeout: Option<Duration>) {
        self.events.clear();
        // Whoever leaves its poll is to be seen as soon as if it were looked at already.
        let is_long = timeout.is_none_or(|timeout| timeout > LOOK);
        if !is_long || self.hub.fall_asleep() {
            // It fails when a signal was handled. Nothing else can be wrong with it.
            let _ = self.poll.poll(&mut self.events, timeout);
        }
        self.hub.wake_up();
        if self.events.iter().any(|event| event.token() == ARRIVED) {
            let mut is_news = false;
            for ward in &mut self.wards {
                is_news |= ward.observe(&mut self.desk, false);
            }
            if !is_news {
                thread::sleep(BREATH);
            }
        }
    }
}
