//! A PostgreSQL server for tests: the one that `VESTIBULE_POSTGRES_URL` names, else a throw-away one for this process.
//!
//! It needs nothing but the standard library, so that tests of other crates can take it by `#[path]`.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Names a server that the tests may use; they make schemas of their own in its database.
pub(crate) const VARIABLE: &str = "VESTIBULE_POSTGRES_URL";

/// With this set to `1` a missing server fails.
const REQUIRE: &str = "VESTIBULE_REQUIRE_SERVERS";

/// The address of the server. Without one this ends the process, and says so: what did not run shows as nothing at all.
///
/// The throw-away server is begun by the first who asks.
pub(crate) fn url() -> &'static str {
    static OWN: OnceLock<Cluster> = OnceLock::new();
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match std::env::var(VARIABLE) {
        Ok(url) => url,
        Err(_) => match Cluster::start(&[]) {
            Ok(cluster) => OWN.get_or_init(|| cluster).url(),
            Err(why) => leave_out(&why),
        },
    })
}

/// Whether the server is a throw-away one, in which nothing needs to be cleaned up.
pub(crate) fn is_own() -> bool {
    std::env::var_os(VARIABLE).is_none()
}

/// Why there will be no server, as far as that can be told without beginning one.
pub(crate) fn missing() -> Option<String> {
    match std::env::var_os(VARIABLE) {
        Some(_) => None,
        None => Binaries::find().err(),
    }
}

/// Ends the process: whatever this target has not run by now is not shown as passed.
pub(crate) fn leave_out(why: &str) -> ! {
    let how = format!(
        "install PostgreSQL's server (Debian: apt-get install postgresql; its binaries are looked for in PATH, by \
         pg_config and in /usr/lib/postgresql), or name a server: {VARIABLE}=postgres://user@host/database"
    );
    assert!(std::env::var_os(REQUIRE).is_none_or(|value| value != "1"), "{why}. To mend it, {how}");
    // Past the harness, which keeps what a passing test prints to itself.
    let _ = writeln!(
        io::stderr().lock(),
        "\nLEFT OUT: tests of this target that need a PostgreSQL server were not run, and none of them counts as \
         passed: {why}.\nTo include them, {how}\n"
    );
    std::process::exit(0)
}

/// A server of our own, in a directory of its own, reached by a socket there; both go with this, and with the process.
///
/// A shell watches over it, whose input is a pipe that only this process holds: when it ends, whether the process has
/// returned, exited, panicked or been killed, the shell stops the server at once and removes the directory. It is in a
/// process group of its own and ignores what can be ignored. Only a shell that is itself killed by SIGKILL, or a
/// machine that goes down, leaves the directory behind.
pub(crate) struct Cluster {
    directory: PathBuf,
    shell: Mutex<Shell>,
}

struct Shell {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The first argument is the directory, the second where the binaries are; a line of input is one order to `pg_ctl`.
const SCRIPT: &str = r#"
trap '' HUP INT PIPE QUIT TERM
directory=$1 binaries=$2
control() {
    "$binaries/pg_ctl" -D "$directory/data" -l "$directory/log" -w -t 120 "$@" </dev/null >>"$directory/control" 2>&1
}
make() {
    "$binaries/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 --locale=C --no-sync </dev/null \
        >>"$directory/control" 2>&1 && cat "$directory/settings" >>"$directory/data/postgresql.conf"
}
if make; then echo done; else echo failed; fi
while read -r order; do
    if control $order; then echo done; else echo failed; fi
done
control stop -m immediate
rm -rf "$directory"
"#;

/// Nothing here must outlive a crash of the machine, so nothing waits for the disk.
const SETTINGS: &[&str] =
    &["listen_addresses = ''", "fsync = off", "full_page_writes = off", "max_connections = 200"];

impl Cluster {
    /// Makes a server with these lines of configuration beside ours, and starts it.
    pub(crate) fn start(settings: &[&str]) -> Result<Self, String> {
        let cluster = Self::make(settings)?;
        cluster.order("start")?;
        Ok(cluster)
    }

    /// Makes a server that is not started yet.
    pub(crate) fn make(settings: &[&str]) -> Result<Self, String> {
        let binaries = Binaries::find()?;
        let (directory, user) =
            new_directory().map_err(|error| format!("no directory could be made: {error}"))?;
        let sockets = format!("unix_socket_directories = '{}'", directory.display());
        let lines: Vec<&str> =
            SETTINGS.iter().chain(settings).copied().chain([sockets.as_str(), ""]).collect();
        let shell = fs::write(directory.join("settings"), lines.join("\n"))
            .and_then(|()| Shell::begin(&directory, &binaries.0, user));
        let shell = match shell {
            Ok(shell) => Mutex::new(shell),
            Err(error) => {
                let _ = fs::remove_dir_all(&directory);
                return Err(format!("no shell could be started: {error}"));
            }
        };
        let cluster = Self { directory, shell };
        cluster.answer()?;
        Ok(cluster)
    }

    /// For tokio-postgres, sqlx and libpq alike.
    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=postgres", self.directory.display())
    }

    /// Where the data, the socket and the log are. Under root all of it belongs to another user.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the server wrote to its log.
    pub(crate) fn log(&self) -> String {
        fs::read(self.directory.join("log"))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// An order to `pg_ctl`, which is waited for: `stop -m immediate`, `start`, `restart -m immediate`, `promote`.
    pub(crate) fn order(&self, order: &str) -> Result<(), String> {
        let sent = self.with_shell(|shell| match &mut shell.orders {
            Some(orders) => writeln!(orders, "{order}"),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        });
        sent.map_err(|error| format!("nobody takes the order '{order}': {error}"))?;
        self.answer()
    }

    fn answer(&self) -> Result<(), String> {
        let mut answer = String::new();
        let read = self.with_shell(|shell| shell.answers.read_line(&mut answer));
        match (read, answer.trim()) {
            (Ok(_), "done") => Ok(()),
            _ => {
                let said = fs::read(self.directory.join("control")).unwrap_or_default();
                Err(format!(
                    "the server did not start: {}{}",
                    String::from_utf8_lossy(&said).trim(),
                    self.log()
                ))
            }
        }
    }

    fn with_shell<T>(&self, ask: impl FnOnce(&mut Shell) -> T) -> T {
        ask(&mut self.shell.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.with_shell(|shell| {
            drop(shell.orders.take());
            let _ = shell.child.wait();
        });
    }
}

impl Shell {
    fn begin(directory: &Path, binaries: &Path, user: Option<(u32, u32)>) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(directory).arg(binaries).current_dir(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        // Of this process's environment the server gets nothing but the path: PGOPTIONS and its like would change it.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        let mut child = command.spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(orders), Some(answers)) => {
                Ok(Self { child, orders: Some(orders), answers: BufReader::new(answers) })
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

/// Where the server's binaries are.
struct Binaries(PathBuf);

impl Binaries {
    fn find() -> Result<Self, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let in_path = std::env::split_paths(&path).collect::<Vec<_>>();
        let told = output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
        let mut installed: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin"))))
            .collect();
        installed.sort();
        let newest_first = installed.into_iter().rev().map(|(_, path)| path);
        in_path
            .into_iter()
            .chain(told)
            .chain(newest_first)
            .find(|path| ["initdb", "pg_ctl", "postgres"].iter().all(|name| path.join(name).is_file()))
            .map(Self)
            .ok_or_else(|| format!("{VARIABLE} names no server, and no binaries of one were found"))
    }
}

/// A directory that only its owner can enter, and who that is, if not this process's user: a server refuses to run as root.
fn new_directory() -> io::Result<(PathBuf, Option<(u32, u32)>)> {
    let user = match number_of(&["-u"]) {
        Some(0) => {
            let nobody =
                || io::Error::other("root must not run a server, and there is no user postgres or nobody");
            let numbers = |name| Some((number_of(&["-u", name])?, number_of(&["-g", name])?));
            Some(["postgres", "nobody"].into_iter().find_map(numbers).ok_or_else(nobody)?)
        }
        _ => None,
    };
    let mut number = 0;
    let directory = loop {
        let name = format!("vestibule-postgres-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        match DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            made => break made.map(|()| directory)?,
        }
    };
    fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
    if let Some((user, group)) = user {
        chown(&directory, Some(user), Some(group))?;
    }
    Ok((directory, user))
}

fn number_of(arguments: &[&str]) -> Option<u32> {
    output(Command::new("id").args(arguments))?.into_string().ok()?.parse().ok()
}

/// What a program says, without the line's end; nothing when it fails.
fn output(command: &mut Command) -> Option<OsString> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !said.trim().is_empty()).then(|| said.trim().into())
}
