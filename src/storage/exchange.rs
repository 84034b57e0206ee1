//! What the processes of one parallel build hand to each other: descriptors of the segments that they have written.
//!
//! How long a descriptor is depends on the data, so it does not go through shared memory, whose size must be known
//! before. It goes through a temporary file that vanishes with the build's shared memory.

use std::ffi::CString;

use pgrx::pg_sys;

use super::meta::{SegmentDescriptor, room_to_read};
use super::tempfile::TempFile;
use crate::engine::error::{EngineError, Result, filled, with_room};
use crate::engine::segment::spill::{SpillRead, SpillWrite};

/// A set of files that the processes of one build have in common.
#[derive(Clone, Copy)]
pub struct Exchange {
    set: *mut pg_sys::SharedFileSet,
}

impl Exchange {
    /// The leader's view of a new set.
    ///
    /// # Safety
    /// - `set` lies in the shared memory `segment` and nobody else uses it yet; both outlive this value.
    pub unsafe fn create(set: *mut pg_sys::SharedFileSet, segment: *mut pg_sys::dsm_segment) -> Self {
        // SAFETY: by the caller's promise.
        unsafe { pg_sys::SharedFileSetInit(set, segment) };
        Self { set }
    }

    /// A worker's view of the leader's set.
    ///
    /// # Safety
    /// - `set` was made by the leader in the shared memory `segment`; both outlive this value.
    pub unsafe fn attach(set: *mut pg_sys::SharedFileSet, segment: *mut pg_sys::dsm_segment) -> Self {
        // SAFETY: by the caller's promise.
        unsafe { pg_sys::SharedFileSetAttach(set, segment) };
        Self { set }
    }

    /// Leaves the descriptor for the leader.
    pub fn put(self, descriptor: &SegmentDescriptor) -> Result<()> {
        let config = bincode::config::standard();
        let encode = || bincode::serde::encode_to_vec(descriptor, config);
        let bytes = with_room(descriptor.room_to_write(), "segment descriptor", encode)?;
        let bytes = bytes.map_err(|_| damaged("cannot be written"))?;
        let mut file = TempFile::create_shared(self.files(), &name(descriptor.id)?);
        file.write(&bytes)?;
        file.export();
        Ok(())
    }

    /// The descriptor of segment `id`, which another process has put there.
    pub fn take(self, id: u32) -> Result<SegmentDescriptor> {
        let mut file = TempFile::open_shared(self.files(), &name(id)?);
        let mut bytes = filled(file.len(), 0u8, "segment descriptor")?;
        file.read(&mut bytes)?;
        let decode = || bincode::serde::decode_from_slice(&bytes, bincode::config::standard());
        let decoded = with_room(room_to_read(bytes.len()), "segment descriptor", decode)?;
        let (descriptor, read) = decoded.map_err(|_| damaged("cannot be read"))?;
        if read == bytes.len() { Ok(descriptor) } else { Err(damaged("has another length")) }
    }

    fn files(self) -> *mut pg_sys::FileSet {
        // SAFETY: only the field's address is taken, in memory that outlives this value.
        unsafe { &raw mut (*self.set).fs }
    }
}

fn name(id: u32) -> Result<CString> {
    CString::new(format!("segment{id}")).map_err(|_| damaged("has no name"))
}

fn damaged(reason: &'static str) -> EngineError {
    EngineError::Corrupt { part: "segment descriptor", page: 0, reason }
}
