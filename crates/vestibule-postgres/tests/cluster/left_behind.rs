//! A throw-away server goes with the process that began it, however that ends.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, leave_out};

/// Tells this program that it is to be killed.
const VICTIM: &str = "VESTIBULE_TEST_VICTIM";

#[test]
fn a_killed_process_leaves_no_server_behind() {
    if std::env::var_os(VICTIM).is_some() {
        let cluster = Cluster::start(&[]).unwrap();
        println!("\nin {}", cluster.directory().display());
        loop {
            std::thread::park();
        }
    }
    // Whether there can be a server at all.
    drop(Cluster::make(&[]).unwrap_or_else(|why| leave_out(&why)));
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "left_behind::a_killed_process_leaves_no_server_behind", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap());
    let directory =
        said.lines().find_map(|line| Some(line.unwrap().strip_prefix("in ")?.to_owned())).unwrap();
    let directory = Path::new(&directory);
    let mut connection = UnixStream::connect(directory.join(".s.PGSQL.5432")).unwrap();
    victim.kill().unwrap();
    victim.wait().unwrap();
    // It ends when the server does; the directory goes next.
    let _ = connection.read_to_end(&mut Vec::new());
    is_soon_gone(directory);
}

#[test]
fn a_server_that_is_dropped_is_gone() {
    let cluster = Cluster::start(&[]).unwrap_or_else(|why| leave_out(&why));
    let directory = cluster.directory().to_owned();
    assert!(directory.join("data/postmaster.pid").exists());
    drop(cluster);
    assert!(!directory.exists());
}

#[expect(
    clippy::disallowed_methods,
    reason = "the machine's own time, for a failure instead of a test that hangs"
)]
fn is_soon_gone(directory: &Path) {
    let late = Instant::now() + Duration::from_secs(60);
    while directory.exists() {
        assert!(Instant::now() < late, "{} is still there", directory.display());
        std::thread::yield_now();
    }
}
