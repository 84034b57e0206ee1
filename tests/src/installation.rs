//! Private copies of the server's installation, for tests that change what is installed: the control file, the scripts.
//! Made by `scripts/private.sh`, with the library of the server that `PG_CONFIG` names and the SQL of this tree.

use crate::cluster;
use crate::project_root;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A copy; it vanishes when it is dropped.
pub struct Installation {
    folder: PathBuf,
    pg_config: String,
}

impl Installation {
    /// A copy of the server that `PG_CONFIG` names.
    pub fn new() -> Self {
        Self::of(&cluster::pg_config_path())
    }

    /// A copy of another server.
    pub fn of(pg_config: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(format!("/tmp/pg_wand-{}-installation-{number}", std::process::id()));
        fs::create_dir(&folder).expect("a new folder in /tmp");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("chmod");
        let script = project_root().join("scripts/private.sh");
        let output = Command::new(script).arg(&folder).env("PG_CONFIG", pg_config).output().expect("private.sh");
        assert!(output.status.success(), "private.sh failed: {}", String::from_utf8_lossy(&output.stderr));
        let pg_config = String::from_utf8(output.stdout).expect("UTF-8").trim().to_string();
        Self { folder, pg_config }
    }

    /// Its programs.
    pub fn bindir(&self) -> PathBuf {
        cluster::ask(&self.pg_config, "--bindir").into()
    }

    /// Where CREATE EXTENSION looks.
    pub fn extension(&self) -> PathBuf {
        Path::new(&cluster::ask(&self.pg_config, "--sharedir")).join("extension")
    }

    /// The text of one of the files.
    pub fn script(&self, name: &str) -> String {
        fs::read_to_string(self.extension().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Another script.
    pub fn add_script(&self, name: &str, text: &str) {
        fs::write(self.extension().join(name), text).expect("a script");
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if std::env::var_os("KEEP_CLUSTERS").is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The version of the extension in this tree.
pub fn version() -> String {
    let control = fs::read_to_string(project_root().join("pg_wand.control")).expect("control file");
    let line = control.lines().find_map(|line| line.strip_prefix("default_version = '")).expect("default_version");
    line.trim_end_matches('\'').to_string()
}

/// The versions that were released before, oldest first.
pub fn releases() -> Vec<String> {
    let entries = fs::read_dir(project_root().join("sql/releases")).expect("sql/releases").flatten();
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut found: Vec<String> = entries
        .filter_map(|entry| Some(name(entry).strip_prefix("pg_wand--")?.strip_suffix(".sql")?.to_string()))
        .collect();
    found.sort();
    found
}
