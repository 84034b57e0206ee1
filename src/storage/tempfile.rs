//! Runs of a build in PostgreSQL's temporary files: they respect temp_tablespaces and temp_file_limit and vanish with
//! the transaction.

use pgrx::pg_sys;

use crate::engine::error::{EngineError, Result};
use crate::engine::segment::spill::{SpillRead, SpillWrite};

/// A file being written, later read once.
pub struct TempFile {
    file: *mut pg_sys::BufFile,
}

impl TempFile {
    /// An empty file.
    pub fn create() -> Self {
        // SAFETY: belongs to the current resource owner, which closes it if an ERROR comes.
        Self { file: unsafe { pg_sys::BufFileCreateTemp(false) } }
    }

    /// Back to the beginning.
    pub fn rewind(&mut self) -> Result<()> {
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
