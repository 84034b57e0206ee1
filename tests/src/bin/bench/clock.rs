//! What a server's process has had of the processors: its file in /proc. Where the machine does other things beside,
//! only this tells what work took.

use postgres::Client;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

pub struct Clock(File);

impl Clock {
    pub fn of_session(client: &mut Client) -> Rc<Self> {
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).expect("a pid").get(0);
        Rc::new(Self(File::open(format!("/proc/{pid}/schedstat")).expect("schedstat of the server's process")))
    }

    pub fn seconds(&self) -> f64 {
        let mut text = [0; 64];
        let n = self.0.read_at(&mut text, 0).expect("schedstat");
        let text = std::str::from_utf8(&text[..n]).expect("digits");
        text.split(' ').next().and_then(|word| word.parse::<f64>().ok()).expect("nanoseconds") * 1e-9
    }
}
