//! What cannot be said without `unsafe`: that descriptors which the reactor knows by number are open.
//!
//! `BorrowedFd` and `select` ask for that promise. A [`Descriptor`](crate::reactor::Descriptor) gives it ("the same,
//! open and non-blocking, for as long as the reactor has it"), and the reactor forgets a descriptor before it drops
//! it. Should one break the promise, nothing is read, written or closed here: the system is only asked whether
//! something is ready, and answers that there is no such descriptor, or for another one. No memory depends on it.

#![expect(
    unsafe_code,
    reason = "see above; everything else in this crate does without"
)]

use std::os::fd::{BorrowedFd, RawFd};

use rustix::event::{FdSetElement, Timespec};
use rustix::io::{Errno, Result, fcntl_getfd};

/// A descriptor that stays open for as long as it is watched.
pub(super) fn borrow(fd: RawFd) -> Result<BorrowedFd<'static>> {
    if fd < 0 {
        return Err(Errno::BADF);
    }
    // SAFETY: it is not -1, and it is open, as said above.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

pub(super) fn is_open(fd: RawFd) -> bool {
    borrow(fd).and_then(fcntl_getfd).is_ok()
}

/// Waits until one of the sets has something that is ready, and leaves only that in them. How much it is.
pub(super) fn select(
    readers: &mut [FdSetElement],
    writers: &mut [FdSetElement],
    timeout: Option<&Timespec>,
) -> Result<usize> {
    let elements = readers.len().min(writers.len());
    let bits = elements.saturating_mul(size_of::<FdSetElement>() * 8);
    let descriptors = i32::try_from(bits).map_err(|_| Errno::INVAL)?;
    // SAFETY: both sets have so many bits, and what is in them is open, as said above.
    let ready =
        unsafe { rustix::event::select(descriptors, Some(readers), Some(writers), None, timeout) }?;
    Ok(usize::try_from(ready).unwrap_or_default())
}
