//! Runs of a build in PostgreSQL's temporary files: they respect temp_tablespaces and temp_file_limit and vanish with
//! the transaction.

use std::ffi::CStr;

use pgrx::pg_sys;

use crate::engine::error::{EngineError, Result};
use crate::engine::segment::inverter::SpillFile;
use crate::engine::segment::spill::{SpillRead, SpillWrite};

/// A file being written, later read once.
pub struct TempFile {
    file: *mut pg_sys::BufFile,
}

impl TempFile {
    /// An empty file of a set that several processes share.
    pub fn create_shared(set: *mut pg_sys::FileSet, name: &CStr) -> Self {
        // SAFETY: callers pass a set in shared memory that they are attached to.
        Self { file: unsafe { pg_sys::BufFileCreateFileSet(set, name.as_ptr()) } }
    }

    /// A file that another process has exported, to be read.
    pub fn open_shared(set: *mut pg_sys::FileSet, name: &CStr) -> Self {
        const READ_ONLY: i32 = 0;
        // SAFETY: callers pass a set in shared memory that they are attached to. A missing file is an ERROR.
        Self { file: unsafe { pg_sys::BufFileOpenFileSet(set, name.as_ptr(), READ_ONLY, false) } }
    }

    /// Makes a shared file readable for others; nothing more is written.
    pub fn export(self) {
        // SAFETY: the file is open and belongs to a set.
        unsafe { pg_sys::BufFileExportFileSet(self.file) };
    }

    /// Bytes in a shared file.
    pub fn len(&self) -> usize {
        // SAFETY: the file is open and belongs to a set.
        usize::try_from(unsafe { pg_sys::BufFileSize(self.file) }).unwrap_or(0)
    }
}

impl SpillFile for TempFile {
    fn create() -> Self {
        // SAFETY: belongs to the current resource owner, which closes it if an ERROR comes.
        Self { file: unsafe { pg_sys::BufFileCreateTemp(false) } }
    }

    fn rewind(&mut self) -> Result<()> {
        // SAFETY: the file is open.
        match unsafe { pg_sys::BufFileSeek(self.file, 0, 0, 0) } {
            0 => Ok(()),
            _ => Err(EngineError::Corrupt { part: "temporary run", page: 0, reason: "cannot be rewound" }),
        }
    }
}

impl SpillWrite for TempFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        // The C function only reads the bytes, though PostgreSQL 15 declares them writable.
        // SAFETY: the file is open, the slice is as long as said.
        unsafe { pg_sys::BufFileWrite(self.file, bytes.as_ptr().cast_mut().cast(), bytes.len()) };
        Ok(())
    }

    fn check_interrupts(&self) {
        pgrx::check_for_interrupts!();
    }
}

impl SpillRead for TempFile {
    fn read(&mut self, bytes: &mut [u8]) -> Result<()> {
        // SAFETY: the file is open, the slice is as long as said.
        let n = unsafe { pg_sys::BufFileRead(self.file, bytes.as_mut_ptr().cast(), bytes.len()) };
        if n == bytes.len() {
            Ok(())
        } else {
            Err(EngineError::Corrupt { part: "temporary run", page: 0, reason: "is cut short" })
        }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: open since `create`.
            unsafe { pg_sys::BufFileClose(self.file) };
        }
    }
}
