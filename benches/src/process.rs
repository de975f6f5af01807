//! What the operating system knows of this process, and other processes running the same program.

use std::env;
use std::fs;
use std::process::{Command, Stdio};

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
