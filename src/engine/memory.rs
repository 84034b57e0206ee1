//! Memory for code of others, which takes it without asking whether there is any: if there is none the process ends.
//!
//! What this project allocates by the size of its data it reserves fallibly ([`reserve`], by way of each module's own
//! kind of error). JSON, tokenizers, bitmaps and the manifest's codec do not. Before they run, all that they may take is
//! asked for in one piece and given back at once: in a process of one thread it is still there when they come for it. A
//! bound that is too high costs nothing but a refusal too early, for nobody touches the piece.

#![deny(clippy::arithmetic_side_effects)]

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Allocations of this size or more are reserved fallibly, or announced here. For smaller ones whoever runs the engine
/// may keep a reserve: PostgreSQL's side does (`storage/memory.rs`). Two pages: a container of a bitmap is below.
pub const LARGE: usize = 16 << 10;

/// Whether small allocations live on that reserve: set by whoever keeps it.
pub static SHORT: AtomicBool = AtomicBool::new(false);

/// Whether there is memory for something small. Loops whose allocations all are small ask from time to time: each
/// fallible reservation does, and each page that is opened.
#[inline]
pub fn is_some_left() -> bool {
    !SHORT.load(Relaxed) || has_room(LARGE)
}

/// Whether so many bytes are to be had.
#[cold]
pub fn has_room(bytes: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let found = room.try_reserve_exact(bytes).is_ok();
    // Or else the compiler leaves out what nobody uses.
    drop(black_box(room));
    found
}

/// Room for `additional` more elements at least, as [`Vec::try_reserve`]; an error with the bytes that are missing.
#[inline]
pub fn reserve<T>(list: &mut Vec<T>, additional: usize) -> Result<(), usize> {
    let fits = is_some_left() && list.try_reserve(additional).is_ok();
    if fits { Ok(()) } else { Err(additional.saturating_mul(size_of::<T>())) }
}

/// The same for no more than that, as [`Vec::try_reserve_exact`].
#[inline]
pub fn reserve_exact<T>(list: &mut Vec<T>, additional: usize) -> Result<(), usize> {
    let fits = is_some_left() && list.try_reserve_exact(additional).is_ok();
    if fits { Ok(()) } else { Err(additional.saturating_mul(size_of::<T>())) }
}

/// What a bitmap of numbers below `n` may take.
pub fn bitmap_bytes(n: u32) -> usize {
    // Containers of 65,536 numbers: 8 kB, and an entry in a list that grows by doubling.
    (n as usize >> 16).saturating_add(1).saturating_mul((8 << 10) + 128)
}

/// What JSON may take while it is read and when it has been: an object of one member takes 700 bytes, an element 32 in
/// lists that grow by doubling, and readers of values of several kinds hold them twice. Tokenizers also keep their
/// vocabulary in three tables.
pub fn json_bytes(json: &str) -> usize {
    let each = |byte| match byte {
        b'{' => 2048,
        b'[' | b',' => 512,
        _ => 8,
    };
    json.bytes().map(each).fold(LARGE, usize::saturating_add)
}

/// What sorting a list by comparisons that keep the order of equals takes beside it.
pub fn sorting_bytes<T>(list: &[T]) -> usize {
    size_of_val(list).saturating_add(64)
}

/// Runs `work`, which takes at most `bytes` more than it has; an error with that number if they are not to be had.
pub fn with_room<T>(bytes: usize, work: impl FnOnce() -> T) -> Result<T, usize> {
    if !is_some_left() || bytes >= LARGE && !has_room(bytes) {
        return Err(bytes);
    }
    #[cfg(feature = "faults")]
    let _announced = announced::Announced::begin(bytes);
    Ok(work())
}

/// For tests: what is announced at the moment, so that an allocator can tell whether it is kept.
#[cfg(feature = "faults")]
pub mod announced {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::LARGE;

    /// Bytes that may be taken now; 0 outside.
    pub static BYTES: AtomicUsize = AtomicUsize::new(0);

    /// Until it is dropped.
    pub struct Announced {
        outer: usize,
    }

    impl Announced {
        /// From now on; within another the outer one holds.
        pub fn begin(bytes: usize) -> Self {
            let outer = BYTES.load(Relaxed);
            if outer == 0 {
                BYTES.store(bytes.max(LARGE), Relaxed);
            }
            Self { outer }
        }
    }

    impl Drop for Announced {
        fn drop(&mut self) {
            BYTES.store(self.outer, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_only_with_room() {
        assert_eq!(with_room(0, || 1), Ok(1));
        assert_eq!(with_room(1 << 20, || 2), Ok(2));
        let mut ran = false;
        assert_eq!(with_room(isize::MAX as usize, || ran = true), Err(isize::MAX as usize));
        assert!(!ran);
    }
}
