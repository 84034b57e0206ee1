//! Roles with and without rights on the tables of a test.

use crate::cluster::Cluster;
use postgres::{Client, NoTls};

/// The owner, a member of his role, one with rights on the tables, one with none, one who may watch the server, and the
/// superuser.
pub const ROLES: [&str; 6] = ["alice", "member", "bob", "caller", "monitor", "postgres"];

/// Makes them.
pub fn make_roles(superuser: &mut Client) {
    superuser
        .batch_execute(
            "CREATE ROLE alice LOGIN; CREATE ROLE member LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE caller LOGIN;
             CREATE ROLE monitor LOGIN; GRANT alice TO member; GRANT pg_monitor TO monitor",
        )
        .expect("roles");
}

/// A session that waits for no lock for long.
pub fn connect(cluster: &Cluster, role: &str) -> Client {
    let mut config = cluster.config("postgres");
    let mut client = config.user(role).connect(NoTls).unwrap_or_else(|e| panic!("{role} cannot connect: {e}"));
    client.batch_execute("SET lock_timeout = '300ms'; SET statement_timeout = '60s'").expect("settings");
    client
}
