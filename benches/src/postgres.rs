//! A PostgreSQL server to measure on, and pgbench on the same one.

#[path = "../../crates/vestibule-postgres/tests/support/cluster.rs"]
mod cluster;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::Unmeasured;

/// As a server is run that has the memory, and with every safety that it has by default.
const SETTINGS: [&str; 7] = [
    "shared_buffers = 2GB",
    "max_wal_size = 8GB",
    "checkpoint_timeout = 30min",
    "autovacuum = off",
    "fsync = on",
    "full_page_writes = on",
    "maintenance_work_mem = 512MB",
];

/// A server that goes with this value.
pub struct Server(cluster::Cluster);

impl Server {
    /// Makes and starts a server of our own.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when there are no binaries of one, or it does not start.
    pub fn start() -> Result<Self, Unmeasured> {
        cluster::Cluster::start(&SETTINGS).map(Self).map_err(Unmeasured::because)
    }

    /// Its address, with settings that each connection begins with.
    #[must_use]
    pub fn url(&self, settings: &[&str]) -> String {
        let options: String =
            settings.iter().flat_map(|setting| ["%20-c%20", setting]).collect::<String>().replace('=', "%3D");
        if options.is_empty() { self.0.url() } else { format!("{}&options={options}", self.0.url()) }
    }

    /// Runs a statement, and gives what it answers.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when it fails.
    pub fn sql(&self, sql: &str) -> Result<String, Unmeasured> {
        output(Command::new("psql").args(["-qAtX", "-v", "ON_ERROR_STOP=1", &self.url(&[]), "-c", sql]))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").finish()
    }
}

/// pgbench with prepared statements: scripts, of which each transaction runs one, and the values of their variables.
#[derive(Debug)]
pub struct Pgbench {
    folder: TempDir,
    arguments: Vec<String>,
}

impl Pgbench {
    /// As many clients, on two threads.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when the scripts cannot be written.
    pub fn new(clients: usize, scripts: &[String]) -> Result<Self, Unmeasured> {
        let fault = |error: std::io::Error| Unmeasured::at("the scripts of pgbench", &error);
        let folder = tempfile::tempdir().map_err(fault)?;
        let mut arguments = vec!["-n".into(), "-M".into(), "prepared".into(), "-j".into(), "2".into()];
        arguments.extend(["-c".into(), clients.to_string()]);
        for (number, script) in scripts.iter().enumerate() {
            let path = folder.path().join(format!("{number}.sql"));
            fs::write(&path, script).map_err(fault)?;
            arguments.extend(["-f".into(), shown(&path)]);
        }
        Ok(Self { folder, arguments })
    }

    /// With this variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.arguments.extend(["-D".into(), format!("{name}={value}")]);
        self
    }

    /// Runs so many transactions a client, and gives how many there were in a second, connecting aside.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] when there is no pgbench, or a transaction fails.
    pub fn run(&self, url: &str, transactions: usize, more: &[String]) -> Result<f64, Unmeasured> {
        let mut pgbench = Command::new("pgbench");
        pgbench.current_dir(self.folder.path()).args(&self.arguments).args(more);
        let report = output(pgbench.args(["-t", &transactions.to_string(), url]))?;
        tps(&report).ok_or_else(|| Unmeasured::because(format!("pgbench said: {report}")))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn tps(report: &str) -> Option<f64> {
    if !report.contains("number of failed transactions: 0 ") {
        return None;
    }
    report.lines().find_map(|line| line.strip_prefix("tps = "))?.split(' ').next()?.parse().ok()
}

fn output(command: &mut Command) -> Result<String, Unmeasured> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| Unmeasured::at(&program, &error))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        Ok(said)
    } else {
        let error = String::from_utf8_lossy(&output.stderr);
        Err(Unmeasured::because(format!("{program} failed: {}", error.trim())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_a_second_are_read_from_a_report_without_failures() {
        let report =
            "number of failed transactions: 0 (0.000%)\ntps = 123.5 (without initial connection time)";
        assert_eq!(tps(report), Some(123.5));
        assert_eq!(tps(&report.replace(": 0", ": 7")), None);
    }
}
