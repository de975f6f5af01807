//! What the operating system knows of this process, and other processes running the same program.

use std::env;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Unmeasured;

/// The most memory this process has had resident, in KiB (`VmHWM`). It begins anew with every program that is
/// started, so that of a child is the child's own.
///
/// # Errors
///
/// [`Unmeasured`] where there is no `/proc`, or none with that field.
pub fn peak_memory_kib() -> Result<u64, Unmeasured> {
    field_of("/proc/self/status", "VmHWM:")
}

/// The memory the machine can give without swapping, in KiB (`MemAvailable`).
///
/// # Errors
///
/// [`Unmeasured`] where there is no `/proc`, or none with that field.
pub fn available_memory_kib() -> Result<u64, Unmeasured> {
    field_of("/proc/meminfo", "MemAvailable:")
}

/// Processor time of every thread of a process, to a hundredth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuTime {
    /// In the process itself.
    pub user: Duration,
    /// In the kernel on its behalf: reads, writes, syncs, waiting threads.
    pub system: Duration,
}

impl CpuTime {
    /// What was spent since.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// The processor time of this process so far.
///
/// # Errors
///
/// [`Unmeasured`] where there is no `/proc`, or none of that form.
pub fn cpu_time() -> Result<CpuTime, Unmeasured> {
    let path = "/proc/self/stat";
    let text = fs::read_to_string(path).map_err(|error| Unmeasured::at(path, &error))?;
    let ticks = parse_ticks(&text).ok_or_else(|| Unmeasured::because(format!("{path} cannot be read")))?;
    let [user, system] = ticks.map(|ticks| Duration::from_millis(ticks.saturating_mul(10)));
    Ok(CpuTime { user, system })
}

/// User and system time in hundredths of a second (Linux tells userland so on every architecture): the 14th and 15th
/// field. The second field is the program's name in parentheses, which may hold anything.
fn parse_ticks(stat: &str) -> Option<[u64; 2]> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    Some([fields.next()?.parse().ok()?, fields.next()?.parse().ok()?])
}

/// How long something took by the clock on the wall, if it succeeded.
///
/// # Errors
///
/// What it answers.
#[expect(clippy::disallowed_methods, reason = "a bench reads the monotonic clock; nothing it measures does")]
pub fn timed(work: impl FnOnce() -> Result<(), Unmeasured>) -> Result<Duration, Unmeasured> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn field_of(path: &str, field: &str) -> Result<u64, Unmeasured> {
    let text = fs::read_to_string(path).map_err(|error| Unmeasured::at(path, &error))?;
    parse_kib(&text, field).ok_or_else(|| Unmeasured::because(format!("{path} has no readable {field}")))
}

fn parse_kib(text: &str, field: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(field))?.trim().strip_suffix(" kB")?.parse().ok()
}

/// Runs this program again with other arguments and returns what it printed. Its standard error is ours.
///
/// # Errors
///
/// [`Unmeasured`] when it cannot be started, was killed (for its memory, say), or failed.
pub fn rerun(arguments: &[&str]) -> Result<String, Unmeasured> {
    let program = env::current_exe().map_err(|error| Unmeasured::at("finding this program", &error))?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Unmeasured::at("starting a child process", &error))?;
    if !output.status.success() {
        let what = arguments.join(" ");
        return Err(Unmeasured::because(format!("the child process `{what}` ended with {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|error| Unmeasured::at("reading a child process", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_in_kib() {
        let text = "VmPeak:\t   10 kB\nVmHWM:\t    4712 kB\nVmRSS:\t 3 kB\n";
        assert_eq!(parse_kib(text, "VmHWM:"), Some(4712));
    }

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "17 (a) b (c)) S 1 17 17 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10";
        assert_eq!(parse_ticks(stat), Some([250, 50]));
        assert_eq!(parse_ticks("17 (a) S 1"), None);
    }

    #[test]
    fn a_field_that_is_missing_or_of_another_unit_is_no_figure() {
        assert_eq!(parse_kib("VmRSS:\t 3 kB\n", "VmHWM:"), None);
        assert_eq!(parse_kib("VmHWM:\t 3 MB\n", "VmHWM:"), None);
        assert_eq!(parse_kib("VmHWM:\t kB\n", "VmHWM:"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peak_follows_what_is_touched() {
        let before = peak_memory_kib().unwrap();
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(peak_memory_kib().unwrap() >= before + 48 * 1024);
        drop(touched);
    }
}
