//! What a thread that is watched and the one that watches it have in common.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::observer::Observer;
use super::pulse::{Beat, Pulse};
use super::reports::Limit;
use super::system::SystemThread;
use super::{StallThreshold, lock};
use crate::clock::Ticks;
use crate::record::SpentTimes;
use crate::trace::ThreadId;

pub(super) struct Subject {
    pub(super) thread: ThreadId,
    pub(super) system: SystemThread,
    pub(super) pulse: Pulse,
    /// Where its loop looks for data, once it does. The loop makes it and never asks for it again.
    pub(super) observer: Mutex<Option<Observer>>,
    /// Of what is told of it; nobody else than the watching thread asks.
    pub(super) limit: Mutex<Limit>,
    threshold: Mutex<StallThreshold>,
    account: Mutex<Option<Account>>,
    looks: AtomicU64,
    is_gone: AtomicBool,
}

/// What a loop says of a stall that was looked at closely, at its end.
#[derive(Clone, Copy)]
pub(super) struct Account {
    pub(super) stretch: Ticks,
    pub(super) at: Ticks,
    /// How the time of its thread was spent up to there.
    pub(super) times: SpentTimes,
}

impl Subject {
    /// The calling thread, which nobody looks at until it begins a stretch.
    pub(super) fn new(thread: ThreadId, threshold: StallThreshold) -> Self {
        Self {
            thread,
            system: SystemThread::this(),
            pulse: Pulse::asleep(),
            observer: Mutex::default(),
            limit: Mutex::default(),
            threshold: Mutex::new(threshold),
            account: Mutex::default(),
            looks: AtomicU64::new(0),
            is_gone: AtomicBool::new(false),
        }
    }

    pub(super) fn threshold(&self) -> Duration {
        lock(&self.threshold).get()
    }

    pub(super) fn share_threshold(&self, threshold: StallThreshold) {
        *lock(&self.threshold) = threshold;
    }

    /// It wants to be watched no more.
    pub(super) fn leave(&self) {
        self.is_gone.store(true, Ordering::Release);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Whether the stretch that began there is over: by the pulse, or because nobody will tell.
    pub(super) fn is_over(&self, stretch: Ticks) -> bool {
        let beat = self.pulse.beat();
        beat.is_over || beat.begin != stretch || self.is_gone()
    }

    /// Whether it is to be looked at no more until it begins a stretch: nothing has come after `beat`.
    pub(super) fn falls_asleep(&self, beat: Beat) -> bool {
        self.pulse.fall_asleep();
        let is_still = self.pulse.beat() == beat;
        // Where it is not, either this thread takes the word back, or the loop has seen it and asks to be looked at.
        is_still || !self.pulse.take_asleep()
    }

    pub(super) fn give_account(&self, account: Account) {
        *lock(&self.account) = Some(account);
    }

    pub(super) fn take_account(&self, stretch: Ticks) -> Option<Account> {
        let account = lock(&self.account).take();
        account.filter(|account| account.stretch == stretch)
    }

    pub(super) fn count_look(&self) {
        self.looks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }
}
