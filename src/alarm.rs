//! Wakes a poll at a deadline, and not only in the millisecond after it.
//!
//! A poll's own timeout is rounded up to whole milliseconds. A timerfd is not, and costs a system call only
//! when the nearest deadline changes.

#[cfg(target_os = "linux")]
pub(crate) use linux::Alarm;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Alarm;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// Rings at moments of whatever clock tells `T`.
    #[derive(Debug)]
    pub(crate) struct Alarm<T> {
        timer: OwnedFd,
        armed: Option<T>,
        /// It is heard until it is set anew, by a poll that tells of levels.
        rings: bool,
    }

    impl<T: Copy + PartialEq> Alarm<T> {
        /// One that is not set.
        pub(crate) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            Ok(Self {
                timer,
                armed: None,
                rings: false,
            })
        }

        /// What becomes readable when it rings, if the poll is to watch that.
        pub(crate) fn fd(&self) -> Option<RawFd> {
            Some(self.timer.as_raw_fd())
        }

        /// Rings at `deadline`, or never, and returns the timeout with which to poll. `left` tells how long it is
        /// until then; a deadline that is past needs no bell.
        #[inline]
        pub(crate) fn set(
            &mut self,
            deadline: Option<T>,
            left: impl FnOnce(T) -> Duration,
        ) -> io::Result<Option<Duration>> {
            if !self.rings && self.armed == deadline {
                return Ok(None);
            }
            self.set_anew(deadline, left)
        }

        fn set_anew(
            &mut self,
            deadline: Option<T>,
            left: impl FnOnce(T) -> Duration,
        ) -> io::Result<Option<Duration>> {
            // Zero disarms. Setting it also takes back a ring that nobody has heard yet.
            let left = deadline.map_or(Duration::ZERO, left);
            if deadline.is_some() && left.is_zero() {
                return Ok(Some(Duration::ZERO));
            }
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

        /// It rang. The clock of its moments may be a little behind the kernel's: then it is set again, for the rest.
        pub(crate) const fn rang(&mut self) {
            self.rings = true;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;
    use std::marker::PhantomData;
    use std::os::fd::RawFd;
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) struct Alarm<T>(PhantomData<T>);

    impl<T> Alarm<T> {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self(PhantomData))
        }

        pub(crate) const fn fd(&self) -> Option<RawFd> {
            None
        }

        pub(crate) fn set(
            &mut self,
            deadline: Option<T>,
            left: impl FnOnce(T) -> Duration,
        ) -> io::Result<Option<Duration>> {
            Ok(deadline.map(left))
        }

        pub(crate) const fn rang(&mut self) {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::{Duration, Instant};

    use mio::unix::SourceFd;
    use mio::{Events, Interest, Poll, Token};

    use super::Alarm;

    #[test]
    fn it_rings_within_a_millisecond_again_and_again_and_the_poll_has_no_timeout_of_its_own() {
        let mut poll = Poll::new().expect("a poll");
        let mut alarm = Alarm::new().expect("an alarm");
        let fd = alarm.fd().expect("on Linux it has one");
        let registry = poll.registry();
        let registered = registry.register(&mut SourceFd(&fd), Token(0), Interest::READABLE);
        registered.expect("it can be watched");
        let mut events = Events::with_capacity(1);
        for _ in 0..3 {
            let deadline = Instant::now() + Duration::from_micros(300);
            let timeout = alarm.set(Some(deadline), |_| Duration::from_micros(300));
            assert_eq!(timeout.expect("it is set"), None);
            poll.poll(&mut events, None).expect("it is woken");
            assert!(!events.is_empty() && deadline <= Instant::now());
            alarm.rang();
        }
    }

    #[test]
    fn what_is_past_is_not_waited_for() {
        let mut alarm = Alarm::new().expect("an alarm");
        let timeout = alarm.set(Some(7), |_| Duration::ZERO);
        assert_eq!(
            timeout.expect("nothing is asked of the system"),
            Some(Duration::ZERO)
        );
    }
}
