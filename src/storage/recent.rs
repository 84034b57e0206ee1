//! Where pages of indexes were seen last in the server's buffers.
//!
//! A search opens hundreds of pages, the same ones again and again, and of the time that takes most is spent on asking
//! the server in which buffer a page is: its table of buffers is large, and read at random. So each session remembers
//! it for some pages, by their blocks, and asks the server whether the buffer still has the page; if not, or if another
//! page has taken the place here, it goes the usual way. Nothing depends on what is remembered being right.

use std::cell::Cell;

use pgrx::pg_sys;

use super::relation::IndexRelation;

/// Pages remembered; a power of two. Blocks that are so many apart share a place.
const PLACES: usize = 1 << 14;
/// Once in so many times a page is opened the usual way, so that the server keeps it among those that are in use,
/// whatever a version of it does here.
const USUAL_WAY: u32 = 32;

thread_local! {
    static BUFFERS: [Cell<pg_sys::Buffer>; PLACES] = const { [const { Cell::new(0) }; PLACES] };
    static TURNS: Cell<u32> = const { Cell::new(0) };
}

/// Pins a block that exists; if it does not, PostgreSQL reports it.
pub fn pin(index: IndexRelation, block: u32) -> pg_sys::Buffer {
    // Files of temporary indexes may have the numbers of others.
    if index.is_temporary() {
        // SAFETY: the relation is open.
        return unsafe { pg_sys::ReadBuffer(index.raw(), block) };
    }
    let number = index.physical_id().number();
    let place = block.wrapping_add(number.wrapping_mul(0x9e37_79b1)) as usize % PLACES;
    let recent = BUFFERS.with(|buffers| buffers[place].get());
    let turn = TURNS.get().wrapping_add(1);
    TURNS.set(turn);
    if recent != 0 && !turn.is_multiple_of(USUAL_WAY) && index.pin_recent(block, recent) {
        return recent;
    }
    // SAFETY: the relation is open.
    let buffer = unsafe { pg_sys::ReadBuffer(index.raw(), block) };
    BUFFERS.with(|buffers| buffers[place].set(buffer));
    buffer
}
