//! A small file system in memory, for a server to fill: mounted in its folder, made larger, and unmounted in the end.

use crate::cluster::Cluster;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many bytes; `None` if this user may not.
    pub fn mount(cluster: &Cluster, bytes: u64) -> Option<Self> {
        let folder = cluster.folder().join("small");
        fs::create_dir(&folder).expect("a new folder");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"], &folder);
        if !mounted {
            return None;
        }
        let disk = Self { folder };
        let owner = fs::metadata(cluster.folder()).expect("the server's folder");
        fs::create_dir(disk.space()).expect("a new folder");
        for folder in [disk.folder.clone(), disk.space()] {
            chown(&folder, Some(owner.uid()), Some(owner.gid())).expect("chown");
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("chmod");
        }
        Some(disk)
    }

    /// Where a tablespace may be.
    pub fn space(&self) -> PathBuf {
        self.folder.join("space")
    }

    /// Another size.
    pub fn resize(&self, bytes: u64) {
        assert!(run("mount", &["-o", &format!("remount,size={bytes}")], &self.folder), "the disk cannot be resized");
    }

    /// Bytes that are left.
    pub fn free(&self) -> u64 {
        let output = Command::new("stat").args(["-f", "-c", "%f %S"]).arg(&self.folder).output().expect("stat");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().expect("a number"));
        numbers.next().expect("blocks") * numbers.next().expect("bytes a block")
    }

    /// Fills it with a file, so that so many bytes are left; what was there of it goes first.
    pub fn leave(&self, bytes: u64) {
        self.clear();
        let ballast = self.free().saturating_sub(bytes);
        let mut file = fs::File::create(self.ballast()).expect("ballast");
        let zeros = vec![0; 1 << 16];
        for begin in (0..ballast).step_by(zeros.len()) {
            let n = (ballast - begin).min(zeros.len() as u64) as usize;
            file.write_all(&zeros[..n]).expect("ballast");
        }
    }

    /// Takes the file away.
    pub fn clear(&self) {
        let _ = fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server may still have files open there.
        run("umount", &["-l"], &self.folder);
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).arg(folder).stderr(std::process::Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
