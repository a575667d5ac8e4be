//! Memory from one frame to the next.

use std::hint::black_box;

/// More than the largest piece of memory that a frame needs, in bytes: the triangles of a full screen.
const LARGEST: usize = 16 << 20;

/// Has the memory that a frame gives back stay with the process, where the next frame finds it.
///
/// The triangles of a frame are a few large pieces. By default glibc hands such pieces back to the system as soon as they
/// are free, and each page of them costs a fault in the next frame: more than all the drawing. But it learns: once a piece
/// of some size was given back, pieces up to that size are kept, and up to twice as much free memory in all (`mallopt(3)`,
/// `M_MMAP_THRESHOLD`). So one large piece is taken, not touched, and given back. Elsewhere that does nothing.
pub fn keep() {
    drop(black_box(Vec::<u8>::with_capacity(LARGEST)));
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    /// How many pages the system has handed to this thread.
    fn faults() -> u64 {
        let told = std::fs::read_to_string("/proc/thread-self/stat").expect("Linux tells");
        // The name, in brackets, may hold spaces; what follows begins with the state, the third field.
        let (_, fields) = told.rsplit_once(") ").expect("there is a name");
        let minor = fields.split(' ').nth(7).expect("the tenth field");
        minor.parse().expect("it is a number")
    }

    #[test]
    fn a_frame_finds_the_memory_of_the_one_before() {
        const PIECE: usize = 1 << 20;
        keep();
        let frame = || {
            let pieces: [Vec<u8>; 6] = std::array::from_fn(|_| vec![1; PIECE]);
            black_box(pieces);
        };
        (0..3).for_each(|_| frame());
        let before = faults();
        (0..5).for_each(|_| frame());
        let asked = faults() - before;
        assert!(asked < 200, "{asked} pages, of 7,680 in all");
    }
}
