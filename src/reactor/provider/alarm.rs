//! Wakes the poll at the nearest deadline.
//!
//! A poll's own timeout is rounded up to whole milliseconds. A timerfd is not, and costs a system call only
//! when the nearest deadline changes.

#[cfg(target_os = "linux")]
pub(super) use linux::Alarm;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::Alarm;

use std::time::Duration;

use crate::trace::Timestamp;

/// How long from `now` to `deadline`, `None` if it is past.
fn time_left(deadline: Timestamp, now: Timestamp) -> Option<Duration> {
    (deadline > now).then(|| deadline.since(now))
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    use super::time_left;
    use crate::trace::Timestamp;

    pub(in super::super) struct Alarm {
        timer: OwnedFd,
        armed: Option<Timestamp>,
        /// It is heard until it is set anew, by a provider that tells of levels.
        rings: bool,
    }

    impl Alarm {
        pub(in super::super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self {
                timer,
                armed: None,
                rings: false,
            })
        }

        /// What becomes readable when it rings, if the provider is to watch that.
        pub(in super::super) fn fd(&self) -> Option<RawFd> {
            Some(self.timer.as_raw_fd())
        }

        /// Rings at `deadline`, or never, and returns the timeout with which to poll. A deadline that is
        /// past needs no bell.
        #[inline]
        pub(in super::super) fn set(
            &mut self,
            deadline: Option<Timestamp>,
            now: impl FnOnce() -> Timestamp,
        ) -> io::Result<Option<Duration>> {
            if !self.rings && self.armed == deadline {
                return Ok(None);
            }
            self.set_anew(deadline, now)
        }

        fn set_anew(
            &mut self,
            deadline: Option<Timestamp>,
            now: impl FnOnce() -> Timestamp,
        ) -> io::Result<Option<Duration>> {
            // Zero disarms. Setting it also takes back a ring that nobody has heard yet.
            let left = match deadline {
                None => Duration::ZERO,
                Some(deadline) => match time_left(deadline, now()) {
                    None => return Ok(Some(Duration::ZERO)),
                    Some(left) => left,
                },
            };
            let setting = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec {
                    tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: left.subsec_nanos().into(),
                },
            };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &setting)?;
            self.armed = deadline;
            self.rings = false;
            Ok(None)
        }

        /// It rang. The trace's clock may be a little behind the kernel's: then it is set again, for the rest.
        pub(in super::super) const fn rang(&mut self) {
            self.rings = true;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;
    use std::os::fd::RawFd;
    use std::time::Duration;

    use super::time_left;
    use crate::trace::Timestamp;

    pub(in super::super) struct Alarm;

    impl Alarm {
        pub(in super::super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(in super::super) const fn fd(&self) -> Option<RawFd> {
            None
        }

        pub(in super::super) fn set(
            &mut self,
            deadline: Option<Timestamp>,
            now: impl FnOnce() -> Timestamp,
        ) -> io::Result<Option<Duration>> {
            Ok(deadline.map(|deadline| time_left(deadline, now()).unwrap_or_default()))
        }

        pub(in super::super) const fn rang(&mut self) {}
    }
}
