//! Who is at the other end of a Unix socket: the kernel's `sock_diag` says so, and nobody else.
//!
//! The layouts are those of `linux/netlink.h`, `linux/sock_diag.h` and `linux/unix_diag.h`; see sock_diag(7).

/// The inode of the other end of the Unix socket that has this one, as far as there is one, and the system tells.
#[cfg(target_os = "linux")]
pub(super) fn unix_peer(inode: u32) -> Option<u32> {
    use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
    use rustix::net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
    };

    let (family, kind) = (AddressFamily::NETLINK, SocketType::DGRAM);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, Some(SOCK_DIAG)).ok()?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &question(inode), SendFlags::empty(), &kernel).ok()?;
    let mut reply = [0; 1024];
    // The kernel answers while it is asked.
    let (bytes, _) = recv(&socket, &mut reply, RecvFlags::DONTWAIT).ok()?;
    peer_in(&reply[..bytes], inode)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn unix_peer(_: u32) -> Option<u32> {
    None
}

/// `nlmsghdr`, then `unix_diag_req`.
#[cfg(target_os = "linux")]
const QUESTION: usize = 16 + 24;

#[cfg(target_os = "linux")]
fn question(inode: u32) -> [u8; QUESTION] {
    /// `SOCK_DIAG_BY_FAMILY`, in the low half; `NLM_F_REQUEST`, in the high one.
    const TYPE: [u16; 2] = [20, 1];
    /// `UDIAG_SHOW_PEER`.
    const SHOW_PEER: u32 = 4;
    const ANY: u32 = u32::MAX;

    let mut question = [0; QUESTION];
    let mut put = |at: usize, bytes: &[u8]| question[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &(QUESTION as u32).to_ne_bytes());
    put(4, &TYPE[0].to_ne_bytes());
    put(6, &TYPE[1].to_ne_bytes());
    put(16, &[AF_UNIX]);
    // In whatever state, and whatever the cookie of the socket is.
    for (at, number) in [
        (20, ANY),
        (24, inode),
        (28, SHOW_PEER),
        (32, ANY),
        (36, ANY),
    ] {
        put(at, &number.to_ne_bytes());
    }
    question
}

#[cfg(target_os = "linux")]
const AF_UNIX: u8 = 1;

/// `nlmsghdr`, `unix_diag_msg`, then attributes: a length, a type and what it says, each on a multiple of 4 bytes.
#[cfg(target_os = "linux")]
fn peer_in(reply: &[u8], inode: u32) -> Option<u32> {
    /// `UNIX_DIAG_PEER`.
    const PEER: u16 = 2;

    let half = |at: usize| Some(u16::from_ne_bytes(reply.get(at..at + 2)?.try_into().ok()?));
    let whole = |at: usize| Some(u32::from_ne_bytes(reply.get(at..at + 4)?.try_into().ok()?));
    if *reply.get(16)? != AF_UNIX || whole(20)? != inode {
        return None;
    }
    let mut at = 32;
    while let (Some(length), Some(kind)) = (half(at), half(at + 2)) {
        if kind == PEER {
            // None, before it was taken in.
            return whole(at + 4).filter(|peer| *peer != 0);
        }
        at += usize::from(length).next_multiple_of(4).max(4);
    }
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_names_nobody() {
        let mut reply = vec![0; 32];
        reply[16] = AF_UNIX;
        reply[20..24].copy_from_slice(&7_u32.to_ne_bytes());
        assert_eq!(peer_in(&reply, 7), None, "nothing is said of the peer");
        for (kind, said) in [(5_u16, 1_u32), (2, 9)] {
            reply.extend(8_u16.to_ne_bytes());
            reply.extend(kind.to_ne_bytes());
            reply.extend(said.to_ne_bytes());
        }
        assert_eq!(peer_in(&reply, 7), Some(9));
        assert_eq!(peer_in(&reply, 8), None, "another socket");
        for cut in 0..48 {
            assert_eq!(peer_in(&reply[..cut], 7), None, "cut to {cut}");
        }
        assert_eq!(peer_in(&[0; 40], 0), None, "an error");
        assert_eq!(unix_peer(0), None, "nobody has this number");
    }
}
