//! When data came in that nobody saw come: the system stamps what it takes in, if somebody asks it to.
//!
//! A packet is stamped where any socket of the machine wants stamps, and who asks for them afterwards gets those of what lies
//! there already. So one socket of ours wants them as long as somebody watches, and those of the program are asked only
//! where a stall is told: they pay nothing before.

/// Has the system stamp what it takes in, while it lives. Where that cannot be had, nothing is known.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Stamps;

#[cfg(not(target_os = "linux"))]
impl Stamps {
    pub(super) const fn shared() -> Option<std::sync::Arc<Self>> {
        None
    }

    pub(super) const fn age(&self, _: std::os::fd::RawFd) -> Option<std::time::Duration> {
        None
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::Stamps;
#[cfg(all(test, target_os = "linux"))]
pub(super) use linux::tests;

#[cfg(target_os = "linux")]
mod linux {
    use std::io::IoSliceMut;
    use std::net::{Ipv4Addr, UdpSocket};
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};
    use std::sync::{Arc, Mutex, Weak};
    use std::time::Duration;

    use nix::sys::socket::sockopt::{ReceiveTimestamp, ReceiveTimestampns};
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, getsockopt, recvmsg, setsockopt};
    use nix::sys::time::TimeSpec;
    use rustix::io::ioctl_fionread;
    use rustix::net::ipproto;
    use rustix::net::sockopt::socket_protocol;
    use rustix::time::{ClockId, clock_gettime};

    use crate::watch::descriptor::duplicate;
    use crate::watch::lock;

    /// Has the system stamp what it takes in, while it lives. Where that cannot be had, nothing is known.
    #[derive(Debug)]
    pub(in super::super) struct Stamps {
        _wants_them: UdpSocket,
    }

    impl Stamps {
        /// The same for all who watch.
        pub(in super::super) fn shared() -> Option<Arc<Self>> {
            static SHARED: Mutex<Weak<Stamps>> = Mutex::new(Weak::new());
            let mut shared = lock(&SHARED);
            if let Some(stamps) = shared.upgrade() {
                return Some(stamps);
            }
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
            setsockopt(&socket, ReceiveTimestampns, &true).ok()?;
            let stamps = Arc::new(Self {
                _wants_them: socket,
            });
            *shared = Arc::downgrade(&stamps);
            Some(stamps)
        }

        /// How long the first byte that lies in a TCP connection has been there, at least: what came later may have been
        /// joined to it, with its own stamp. `None` where there is none, or where the system does not say.
        pub(in super::super) fn age(&self, fd: RawFd) -> Option<Duration> {
            let socket = duplicate(fd)?;
            // Who looks where nothing lies takes the connection's error away from the program.
            let has_data = socket_protocol(&socket).ok()? == Some(ipproto::TCP)
                && ioctl_fionread(&socket).is_ok_and(|bytes| bytes > 0);
            // Who wants stamps for himself would see the settings change.
            let is_wanted = |wanted: nix::Result<bool>| wanted.unwrap_or(true);
            if !has_data
                || is_wanted(getsockopt(&socket, ReceiveTimestampns))
                || is_wanted(getsockopt(&socket, ReceiveTimestamp))
            {
                return None;
            }
            setsockopt(&socket, ReceiveTimestampns, &true).ok()?;
            let stamp = first_stamp(&socket);
            // It was set a moment ago, and nothing can be wrong with unsetting it.
            let _ = setsockopt(&socket, ReceiveTimestampns, &false);
            let now = Duration::try_from(clock_gettime(ClockId::Realtime)).ok()?;
            now.checked_sub(Duration::from(stamp?))
        }
    }

    /// The stamp of the first byte, which is left where it is.
    fn first_stamp(socket: &OwnedFd) -> Option<TimeSpec> {
        let mut byte = [0];
        let mut bytes = [IoSliceMut::new(&mut byte)];
        let mut control = nix::cmsg_space!(TimeSpec);
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        let fd = socket.as_raw_fd();
        let message = recvmsg::<()>(fd, &mut bytes, Some(&mut control), flags).ok()?;
        let mut told = message.cmsgs().ok()?;
        told.find_map(|told| match told {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
            _ => None,
        })
    }

    #[cfg(test)]
    pub(in crate::watch) mod tests {
        #![allow(clippy::unwrap_used, reason = "a test may panic")]

        use std::io::{Read, Write};
        use std::net::{TcpListener, TcpStream};
        use std::os::unix::net::UnixStream;
        use std::time::Instant;

        use rustix::event::{PollFd, PollFlags, poll};

        use super::*;

        pub(in crate::watch) fn connection() -> (TcpStream, TcpStream) {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (listener.accept().unwrap().0, far)
        }

        /// Sends a byte until it is stamped, by what `age` says: the system begins to a moment after it was asked to. When it
        /// was sent, and how old it was then.
        pub(in crate::watch) fn send_stamped(
            (near, far): (&mut TcpStream, &mut TcpStream),
            age: impl Fn() -> Option<Duration>,
        ) -> (Instant, Duration) {
            for _ in 0..100_000 {
                let sent = Instant::now();
                far.write_all(b"x").unwrap();
                // Waits until it is there.
                near.peek(&mut [0]).unwrap();
                if let Some(age) = age() {
                    return (sent, age);
                }
                near.read_exact(&mut [0]).unwrap();
            }
            panic!("this system stamps nothing");
        }

        #[test]
        fn data_that_lies_there_tells_since_when() {
            let stamps = Stamps::shared().unwrap();
            let (mut near, mut far) = connection();
            let fd = near.as_raw_fd();
            let (sent, young) = send_stamped((&mut near, &mut far), || stamps.age(fd));
            let old = stamps.age(fd).unwrap();
            assert!(young <= old && old <= sent.elapsed(), "{young:?} {old:?}");
            assert_eq!(near.read(&mut [0; 8]).unwrap(), 1, "it is there still");
            assert!(!getsockopt(&near, ReceiveTimestampns).unwrap(), "as before");
            assert_eq!(stamps.age(near.as_raw_fd()), None, "nothing lies there");
        }

        #[test]
        fn the_error_of_a_connection_is_left_to_the_program() {
            let stamps = Stamps::shared().unwrap();
            let (mut near, far) = connection();
            // What is closed with data unread is reset.
            near.write_all(b"x").unwrap();
            drop(far);
            let mut reset = [PollFd::new(&near, PollFlags::IN)];
            poll(&mut reset, None).unwrap();
            assert_eq!(stamps.age(near.as_raw_fd()), None);
            let error = near.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }

        #[test]
        fn who_wants_stamps_for_himself_keeps_his_settings() {
            let stamps = Stamps::shared().unwrap();
            let (mut near, mut far) = connection();
            let fd = near.as_raw_fd();
            send_stamped((&mut near, &mut far), || stamps.age(fd));
            setsockopt(&near, ReceiveTimestampns, &true).unwrap();
            assert_eq!(stamps.age(near.as_raw_fd()), None);
            assert!(getsockopt(&near, ReceiveTimestampns).unwrap());
        }

        #[test]
        fn of_what_is_no_tcp_connection_nothing_is_known() {
            let stamps = Stamps::shared().unwrap();
            let (near, mut far) = UnixStream::pair().unwrap();
            far.write_all(b"x").unwrap();
            assert_eq!(stamps.age(near.as_raw_fd()), None);
        }
    }
}
