//! Private servers: made, started, killed, copied, promoted. Each lives in its own folder under /tmp and is reached
//! by a socket in that folder only.
//!
//! `PG_CONFIG` names the installation; the extension must be installed there. PostgreSQL refuses to run as root, so
//! root starts it as "nobody". fsync is off: a killed process loses no page that the kernel has, so the log's logic
//! is tested all the same.

mod copies;

use crate::logwatch;
use crate::processes::{children, is_alive, signal, stat};
use postgres::{Client, Config, NoTls};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const PORT: u16 = 5777;
const SETTINGS: &str = "listen_addresses = ''
port = 5777
fsync = off
jit = off
shared_buffers = 128MB
max_connections = 40
max_wal_size = 1GB
wal_keep_size = 512MB
log_error_verbosity = verbose
log_statement = none
log_min_error_statement = panic
";

/// Variables of the environment, by name.
type Environment = &'static [(&'static str, &'static str)];

/// With these the system's allocator gives large pieces back at once. Otherwise it learns to keep up to 64 MB for later,
/// and what a process has says little of what it needs.
pub const GIVE_BACK: Environment = &[("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// A running (or killed) server and its folder; both vanish when it is dropped.
pub struct Cluster {
    folder: PathBuf,
    bindir: PathBuf,
    /// What the server's processes have in theirs.
    environment: Environment,
    finished: bool,
}

impl Cluster {
    /// A new server with data checksums; `settings` are lines for its postgresql.conf.
    pub fn start_new(settings: &[&str]) -> Self {
        Self::start_new_in(pg_config("--bindir").into(), settings)
    }

    /// The same with more in the environment of its processes.
    pub fn start_new_with(environment: Environment, settings: &[&str]) -> Self {
        let mut cluster = Self::new_folder();
        cluster.environment = environment;
        cluster.start_first(settings)
    }

    /// The same with the server of another installation.
    pub fn start_new_in(bindir: PathBuf, settings: &[&str]) -> Self {
        let mut cluster = Self::new_folder();
        cluster.bindir = bindir;
        cluster.start_first(settings)
    }

    fn start_first(self, settings: &[&str]) -> Self {
        self.run("initdb", &["-A", "trust", "-U", "postgres", "--no-sync", "-k", "--locale=C", "-E", "UTF8"]);
        let socket = format!("unix_socket_directories = '{}'\n", self.folder.display());
        self.append_settings(&format!("{SETTINGS}{socket}{}\n", settings.join("\n")));
        self.start();
        self
    }

    /// Changes settings of the running server; they hold for all sessions soon.
    pub fn set(&self, settings: &[&str]) {
        self.append_settings(&format!("{}\n", settings.join("\n")));
        self.run("pg_ctl", &["-s", "reload"]);
    }

    /// Starts the server; recovery is over when this returns.
    pub fn start(&self) {
        let log = self.log();
        let output =
            self.output("pg_ctl", &["-w", "-t", "120", "-s", "-l", log.to_str().expect("UTF-8 path"), "start"]);
        assert!(output.0, "the server did not start: {}\n{}", output.1, logwatch::tail(&log, 40));
    }

    pub fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-w", "-s", "-m", mode, "stop"]);
    }

    pub fn promote(&self) {
        self.run("pg_ctl", &["-w", "-t", "300", "-s", "promote"]);
    }

    /// SIGKILL to the postmaster and all its children at once; returns when none of them is left.
    pub fn kill_all(&self) {
        let postmaster = self.postmaster();
        // Stopped, it cannot start another child while they are being listed.
        signal("STOP", &[postmaster]);
        let mut all = children(postmaster);
        all.push(postmaster);
        signal("KILL", &all);
        let begin = Instant::now();
        while all.iter().any(|pid| is_alive(*pid)) {
            assert!(begin.elapsed() < Duration::from_secs(30), "killed processes are still there: {all:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        // A dead postmaster that init has not reaped yet still has its pid: its lock files would seem to be held.
        let _ = fs::remove_file(self.data().join("postmaster.pid"));
        let _ = fs::remove_file(self.folder.join(format!(".s.PGSQL.{PORT}.lock")));
    }

    /// SIGKILL to one process of the server, the `choice`-th of them; the postmaster then restarts all of them. Clients
    /// should be told before: all lose their connections. Returns its pid.
    pub fn kill_one(&self, choice: usize) -> u32 {
        for choice in choice.. {
            let all = children(self.postmaster());
            let pid = all[choice % all.len()];
            signal("KILL", &[pid]);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(2) {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                if log.lines().any(|line| is_kill(line) && line.contains(&format!("(PID {pid})"))) {
                    return pid;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            // It had ended by itself in between: another one.
        }
        unreachable!("there is always a process")
    }

    pub fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.folder).port(PORT).user("postgres").dbname(database);
        config.connect_timeout(Duration::from_secs(10));
        config
    }

    pub fn connect(&self) -> Client {
        self.connect_to("postgres")
    }

    pub fn connect_to(&self, database: &str) -> Client {
        self.config(database).connect(NoTls).unwrap_or_else(|e| panic!("cannot connect: {e}"))
    }

    /// Runs a client program that comes with the server (`pg_dump`), connected as its superuser.
    pub fn client_program(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bindir.join(program));
        command.arg("-h").arg(&self.folder).args(["-p", &PORT.to_string(), "-U", "postgres"]).args(arguments);
        let output = command.output().unwrap_or_else(|e| panic!("cannot run {program}: {e}"));
        assert!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn port(&self) -> u16 {
        PORT
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Ends a test: stops the server and fails if its log has words it must not have.
    pub fn finish(self) {
        self.finish_after_kills(0);
    }

    /// The same after so many kills of single backends that the test wanted.
    pub fn finish_after_kills(mut self, expected: usize) {
        self.finished = true;
        self.stop("fast");
        let (kills, offences): (Vec<_>, Vec<_>) =
            logwatch::offences(&self.log()).into_iter().partition(|line| is_kill(line));
        assert!(offences.is_empty(), "the server's log is not clean:\n{}", offences.join("\n"));
        assert_eq!(kills.len(), expected, "not every process that ended was to:\n{}", kills.join("\n"));
    }

    /// Waits until the server has noticed that this backend was killed, and has started again by itself.
    pub fn connect_after_kill_of(&self, backend: u32) -> Client {
        let begin = Instant::now();
        let too_long = || assert!(begin.elapsed() < Duration::from_secs(60), "the server does not come back");
        // A process that its parent has not asked for yet is still listed.
        while stat(backend).is_some() {
            too_long();
            std::thread::sleep(Duration::from_millis(1));
        }
        loop {
            if let Ok(client) = self.config("postgres").connect(NoTls) {
                return client;
            }
            too_long();
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn new_folder() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let bindir = pg_config("--bindir").into();
        // Short: a socket's path has at most 107 bytes.
        let folder = PathBuf::from(format!("/tmp/pg_wand-{}-{number}", std::process::id()));
        fs::create_dir(&folder).expect("a new folder in /tmp");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("chmod");
        if let Some((uid, gid)) = server_user() {
            chown(&folder, Some(uid), Some(gid)).expect("chown");
        }
        Self { folder, bindir, environment: &[], finished: false }
    }

    /// Puts a file into the server's data directory, where it finds it by its name alone.
    pub fn place(&self, file: &Path) {
        let to = self.data().join(file.file_name().expect("a file's name"));
        fs::copy(file, &to).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        fs::set_permissions(&to, fs::Permissions::from_mode(0o644)).expect("chmod");
    }

    /// Runs a program that comes with the server as the server's user; `-D` and our data folder come first.
    pub fn server_program(&self, program: &str, arguments: &[&str]) {
        self.run(program, arguments);
    }

    /// Writes a file of the data directory, which may not have been there; the server does not run.
    pub fn overwrite(&self, path: &str, content: &[u8]) {
        let path = self.data().join(path);
        fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        if let Some((uid, gid)) = server_user() {
            chown(&path, Some(uid), Some(gid)).expect("chown");
        }
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn append_settings(&self, text: &str) {
        let path = self.data().join("postgresql.conf");
        let old = fs::read_to_string(&path).expect("postgresql.conf");
        fs::write(&path, old + text).expect("postgresql.conf");
    }

    /// The server's processes but the first.
    pub fn processes(&self) -> Vec<u32> {
        children(self.postmaster())
    }

    pub fn postmaster(&self) -> u32 {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).expect("postmaster.pid");
        text.lines().next().and_then(|line| line.trim().parse().ok()).expect("a pid")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let (success, text) = self.output(program, arguments);
        assert!(success, "{program} failed: {text}\n{}", logwatch::tail(&self.log(), 30));
    }

    /// Whether the program (with `-D` our data folder) succeeded, and what it said.
    fn output(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let said = self.folder.join("said");
        let file = fs::File::create(&said).expect("a file in our folder");
        let mut command = Command::new(self.bindir.join(program));
        command.arg("-D").arg(self.data()).args(arguments).current_dir(&self.folder).env_remove("RUST_BACKTRACE");
        command.envs(self.environment.iter().copied());
        // A file, not a pipe: the server keeps it open, and a pipe's reader would wait for the server's end.
        command.stdout(file.try_clone().expect("dup")).stderr(file);
        if let Some((uid, gid)) = server_user() {
            command.uid(uid).gid(gid);
        }
        let status = command.status().unwrap_or_else(|e| panic!("cannot run {program}: {e}"));
        (status.success(), fs::read_to_string(&said).unwrap_or_default())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.finished {
            eprintln!("-- last lines of the server's log\n{}", logwatch::tail(&self.log(), 40));
        }
        if !self.finished && self.data().join("postmaster.pid").exists() {
            self.output("pg_ctl", &["-w", "-s", "-m", "immediate", "stop"]);
        }
        if std::env::var_os("KEEP_CLUSTERS").is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// One answer of the `pg_config` named by `PG_CONFIG`.
pub fn pg_config(question: &str) -> String {
    ask(&pg_config_path(), question)
}

/// One answer of a `pg_config`.
pub fn ask(program: &str, question: &str) -> String {
    let output = Command::new(program).arg(question).output().unwrap_or_else(|e| panic!("cannot run {program}: {e}"));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_string()
}

pub fn pg_config_path() -> String {
    std::env::var("PG_CONFIG").unwrap_or_else(|_| "pg_config".into())
}

/// Who runs the server when we are root: user and group of "nobody".
fn server_user() -> Option<(u32, u32)> {
    let root = fs::metadata("/proc/self").expect("/proc").uid() == 0;
    root.then(|| {
        let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
        let line = users.lines().find(|line| line.starts_with("nobody:")).expect("a user called nobody");
        let fields: Vec<&str> = line.split(':').collect();
        (fields[2].parse().expect("uid"), fields[3].parse().expect("gid"))
    })
}

/// Whether a line of the log says that a process was killed.
pub fn is_kill(line: &str) -> bool {
    line.contains("was terminated by signal 9")
}
