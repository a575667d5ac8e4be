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
/// How many it looks at one after another, where many are stuck, before it sees to what has come in meanwhile: that takes
/// less than a millisecond.
const ROUND: usize = 64;
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
            let now = Instant::now();
            for subject in self.hub.take_roused() {
                self.wards.push(Ward::new(subject, &mut self.desk, now));
            }
            let wait = self.look();
            self.wait(wait);
        }
        for ward in self.wards {
            ward.let_go(&mut self.desk);
        }
        self.desk.close();
    }

    /// Looks at those whose time it is, as many as there is time for: the others are looked at in the next round, which
    /// follows at once. When to look again, if anybody is to be looked at without asking for it.
    fn look(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let wards = self.wards.iter().enumerate();
        let ranked = wards.filter_map(|(place, ward)| Some((ward.rank(now)?, place)));
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_unstable();
        let is_cut_short = ranked.len() > ROUND;
        let mut calm = Vec::new();
        for (_, place) in ranked.into_iter().take(ROUND) {
            if !self.wards[place].look(&mut self.desk, self.poll.registry()) {
                calm.push(place);
            }
        }
        calm.sort_unstable();
        for place in calm.into_iter().rev() {
            let ward = self.wards.swap_remove(place);
            ward.let_go(&mut self.desk);
        }
        let next = self.wards.iter().map(Ward::due).min()?;
        let wait = next.saturating_duration_since(Instant::now());
        Some(if is_cut_short { Duration::ZERO } else { wait })
    }

    /// Waits for so long at most, and tells of the data that comes in meanwhile for those that are stuck.
    fn wait(&mut self, timeout: Option<Duration>) {
        self.events.clear();
        if self.wards.iter().any(Ward::observes) {
            self.desk.begin_to_wait();
        }
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
