//! Processes of a server, seen and signalled from outside (Linux: `/proc`).

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Ends a server process that does not heed anybody any more; all others end with it.
pub fn kill(pid: u32) {
    signal("KILL", &[pid]);
}

/// Lets a server process stand still for a while, wherever it is in its work.
pub fn stall(pid: u32, time: Duration) {
    signal("STOP", &[pid]);
    thread::sleep(time);
    signal("CONT", &[pid]);
}

/// The most memory that a process has had so far, in bytes, where the kernel tells.
pub fn peak_memory(pid: u32) -> Option<u64> {
    memory(pid, "VmHWM")
}

/// The memory of its own that a process has now.
pub fn own_memory(pid: u32) -> Option<u64> {
    memory(pid, "RssAnon")
}

/// How long a process has waited for a processor so far; nothing where the kernel does not tell, or once it is gone.
pub fn waited(pid: u32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    Some(Duration::from_nanos(text.split_whitespace().nth(1)?.parse().ok()?))
}

fn memory(pid: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}

/// Sends a signal to all of them.
pub fn signal(name: &str, pids: &[u32]) {
    let mut command = Command::new("kill");
    command.arg(format!("-{name}")).args(pids.iter().map(u32::to_string));
    // A child may be gone already; that is what we want.
    let _ = command.stderr(Stdio::null()).status();
}

pub fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if stat(pid).is_some_and(|(_, ppid)| ppid == parent) {
            found.push(pid);
        }
    }
    found
}

/// Whether the process is there.
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}

/// State and parent of a process; the name before them is in brackets and may hold anything.
pub fn stat(pid: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit(") ").next()?.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
