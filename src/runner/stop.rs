//! Stopping a run at any moment, also while its threads are blocked.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::net::Shutdown;
use slotmap::{DefaultKey, SlotMap};

type Hook = Box<dyn FnOnce() + Send>;

/// Says whether to stop, and wakes those who cannot ask. Clones are the same token.
#[derive(Clone, Default)]
pub struct StopToken(Arc<Shared>);

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    hooks: Mutex<SlotMap<DefaultKey, Hook>>,
}

impl Shared {
    fn hooks(&self) -> MutexGuard<'_, SlotMap<DefaultKey, Hook>> {
        // A hook that panicked took nothing from the others.
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StopToken {
    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Stops, for good. Returns at once.
    pub fn stop(&self) {
        // Under the lock: nobody's hook is lost between the flag and the calls, and a hook that was taken
        // back is not running any more.
        let mut hooks = self.0.hooks();
        self.0.stopped.store(true, Ordering::Release);
        for (_, hook) in hooks.drain() {
            hook();
        }
    }

    /// Calls `hook` when it is stopped; at once if it is stopped already. It is taken back when the returned
    /// guard is dropped. It must return at once, and must not use the token.
    #[must_use = "dropping the guard takes the hook back"]
    pub fn on_stop(&self, hook: impl FnOnce() + Send + 'static) -> StopHook {
        let mut hooks = self.0.hooks();
        let key = if self.is_stopped() {
            hook();
            None
        } else {
            Some(hooks.insert(Box::new(hook)))
        };
        drop(hooks);
        StopHook {
            token: self.clone(),
            key,
        }
    }

    /// Shuts `socket` down when it is stopped, which wakes whoever is blocked in reading it.
    pub(super) fn shut_down<S: AsFd + Send + Sync + 'static>(&self, socket: &Arc<S>) -> StopHook {
        let socket = Arc::clone(socket);
        self.on_stop(move || {
            // One that is not connected any more has nobody to wake.
            let _ = rustix::net::shutdown(&*socket, Shutdown::Both);
        })
    }
}

/// Takes a hook back when it is dropped.
pub struct StopHook {
    token: StopToken,
    key: Option<DefaultKey>,
}

impl Drop for StopHook {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.token.0.hooks().remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn each_hook_is_called_once_and_late_ones_at_once() {
        let token = StopToken::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let count = || {
            let calls = Arc::clone(&calls);
            move || {
                calls.fetch_add(1, Ordering::Relaxed);
            }
        };
        let _early = token.on_stop(count());
        drop(token.on_stop(count()));
        assert!(!token.is_stopped());
        token.stop();
        token.clone().stop();
        assert!(token.is_stopped());
        assert_eq!(calls.load(Ordering::Relaxed), 1, "one was taken back");
        let _late = token.on_stop(count());
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
