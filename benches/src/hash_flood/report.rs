//! What the samples say, in plain text.

use core::fmt;

use super::Sample;
use crate::stats::Spread;

/// The throughput aimed at, as a multiple of the plain crate's. It is printed and never gates.
const AIM: f64 = 1.8;

/// What the memory bound is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the program builds it")]
pub struct Layout {
    /// Threads that hash.
    pub workers: usize,
    /// Memory of one hash.
    pub hash_kib: u32,
}

/// One round.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the program builds it")]
pub struct Round {
    /// The process that hashed nothing.
    pub idle: Sample,
    /// Our pool.
    pub ours: Sample,
    /// The plain crate, unless it was left out.
    pub plain: Option<Sample>,
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the program builds it")]
pub struct Report {
    /// Workers and memory.
    pub layout: Layout,
    /// In their order.
    pub rounds: Vec<Round>,
    /// The larger flood, ours only.
    pub flood: Option<Sample>,
}

impl Report {
    /// The memory bound, in KiB: 1.15 x (workers x memory of a hash) + the idle process. Of several idle processes
    /// the smallest counts.
    #[must_use]
    pub fn bound_kib(&self) -> u64 {
        let idle = self.rounds.iter().map(|round| round.idle.peak_kib).min().unwrap_or(0);
        let workers = u64::try_from(self.layout.workers).unwrap_or(u64::MAX);
        let hashes = workers.saturating_mul(self.layout.hash_kib.into());
        hashes.saturating_mul(115).div_euclid(100).saturating_add(idle)
    }

    /// The largest peak of ours, the larger flood included.
    #[must_use]
    pub fn worst_kib(&self) -> u64 {
        let rounds = self.rounds.iter().map(|round| round.ours.peak_kib);
        rounds.chain(self.flood.map(|sample| sample.peak_kib)).max().unwrap_or(0)
    }

    /// Whether every run of ours stayed within the bound.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.worst_kib() <= self.bound_kib()
    }

    fn spread(&self, value: impl Fn(&Round) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(value))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Layout { workers, hash_kib } = self.layout;
        writeln!(f, "{} rounds, {workers} workers, {} per hash", self.rounds.len(), Mib(hash_kib.into()))?;
        writeln!(f, "\nthroughput                   median  [least - most]")?;
        line(f, "ours, verifications/s", self.spread(|round| Some(round.ours.throughput())))?;
        line(f, "plain, verifications/s", self.spread(|round| Some(round.plain?.throughput())))?;
        // Of the same round, so that what else the machine does falls on both.
        let ratio = self.spread(|round| Some(round.ours.throughput() / round.plain?.throughput()));
        line(f, "ours / plain", ratio)?;
        if let Some(ratio) = ratio {
            let met = if ratio.median >= AIM { "met" } else { "not met" };
            writeln!(f, "aim {AIM} (does not gate)     {met}")?;
        }
        writeln!(f, "\npeak memory, MiB             median  [least - most]")?;
        line(f, "idle process", self.spread(|round| Some(mib(round.idle.peak_kib))))?;
        line(f, "ours", self.spread(|round| Some(mib(round.ours.peak_kib))))?;
        line(f, "plain", self.spread(|round| Some(mib(round.plain?.peak_kib))))?;
        let fraction = |round: &Round| Some(mib(round.plain?.peak_kib) / mib(round.ours.peak_kib));
        line(f, "plain / ours", self.spread(fraction))?;
        self.fmt_flood(f)?;
        let verdict = if self.holds() { "holds" } else { "BROKEN" };
        let (worst, bound) = (Mib(self.worst_kib()), Mib(self.bound_kib()));
        writeln!(f, "\nbound 1.15 x (workers x hash) + idle = {bound}; worst of ours {worst}: {verdict}")
    }
}

impl Report {
    /// The larger flood, and what each person who waits in it takes (their task in this program included).
    fn fmt_flood(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(flood), Some(round)) = (self.flood, self.rounds.first()) else { return Ok(()) };
        let Some(ours) = self.spread(|round| Some(mib(round.ours.peak_kib))) else { return Ok(()) };
        let (peak, name) = (mib(flood.peak_kib), format!("ours, flood of {}", flood.verified));
        write!(f, "{name:<26} {peak:>8.2}  = {:.3} x ours", peak / ours.median)?;
        if let Some(more @ 1..) = flood.verified.checked_sub(round.ours.verified) {
            write!(f, ", {:.2} KiB for each one more", (peak - ours.median) * 1024.0 / precise(more))?;
        }
        writeln!(f)
    }
}

/// One row; nothing when it was not measured.
fn line(f: &mut fmt::Formatter<'_>, name: &str, spread: Option<Spread>) -> fmt::Result {
    let Some(Spread { median, least, most }) = spread else { return Ok(()) };
    writeln!(f, "{name:<26} {median:>8.2}  [{least:.2} - {most:.2}]")
}

struct Mib(u64);

impl fmt::Display for Mib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} MiB", mib(self.0))
    }
}

fn mib(kib: u64) -> f64 {
    precise(kib) / 1024.0
}

#[expect(clippy::cast_precision_loss, reason = "no machine has 2^52 KiB, and no flood 2^52 people")]
const fn precise(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64, peak_kib: u64) -> Sample {
        Sample { verified: 500, seconds, peak_kib }
    }

    fn report(peak_kib: u64, flood: Option<u64>) -> Report {
        let round = |ours| Round {
            idle: sample(0.0, 3000),
            ours: sample(5.0, ours),
            plain: Some(sample(10.0, 9_000_000)),
        };
        Report {
            layout: Layout { workers: 2, hash_kib: 1000 },
            rounds: vec![round(5000), round(peak_kib), round(5000)],
            flood: flood.map(|peak| sample(50.0, peak)),
        }
    }

    #[test]
    fn the_bound_is_of_all_workers_and_an_idle_process() {
        assert_eq!(report(5000, None).bound_kib(), 5300);
    }

    #[test]
    fn one_run_beyond_the_bound_breaks_it_whatever_the_median() {
        assert!(report(5300, None).holds());
        assert!(!report(5301, None).holds());
        assert!(report(5300, None).to_string().contains(": holds"));
        assert!(report(5301, None).to_string().contains(": BROKEN"));
    }

    #[test]
    fn the_larger_flood_is_held_to_the_same_bound() {
        assert!(report(5000, Some(5300)).holds());
        assert!(!report(5000, Some(5301)).holds());
    }

    #[test]
    fn what_one_more_person_takes_is_told() {
        let mut larger = report(5000, Some(7000));
        larger.flood = larger.flood.map(|sample| Sample { verified: 1500, ..sample });
        assert!(larger.to_string().contains("= 1.400 x ours, 2.00 KiB for each one more"));
    }

    #[test]
    fn throughput_is_told_and_does_not_gate() {
        let mut slow = report(5000, None);
        assert!(slow.to_string().contains(" met"));
        for round in &mut slow.rounds {
            round.ours.seconds = 20.0;
        }
        assert!(slow.to_string().contains("not met"));
        assert!(slow.holds());
    }

    #[test]
    fn what_was_left_out_is_not_printed() {
        let mut alone = report(5000, None);
        for round in &mut alone.rounds {
            round.plain = None;
        }
        assert!(!alone.to_string().contains("plain"));
    }
}
