//! What runs inside a child process.

use std::future::Future;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, spawn_blocking};
use vestibule_core::{KeyId, KeyPurpose, KeyRing, Secret, SystemEntropy};
use vestibule_credentials::{
    HashParams, HashPool, HashPoolConfig, HashSalt, NoBreachData, PasswordPolicy, PasswordVerdict,
    PolicyContext, PreparedPassword,
};

use super::Sample;
use crate::Unmeasured;
use crate::process::peak_memory_kib;

const PASSWORD: &str = "gnu harp mildew obelisk";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// The runtime was started and nothing is hashed: the base of the memory bound.
    Idle,
    /// Our pool, one worker per core, with a place in the queue for everyone.
    Ours,
    /// The plain crate, each verification on a blocking thread of the runtime.
    Plain,
}

impl Variant {
    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ours => "ours",
            Self::Plain => "plain",
        }
    }

    /// The variant of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Idle, Self::Ours, Self::Plain].into_iter().find(|variant| variant.name() == name)
    }
}

/// How many cores this process may use: the workers of the runtime, and those of our pool.
///
/// # Errors
///
/// [`Unmeasured`] when the operating system does not say.
pub fn cores() -> Result<usize, Unmeasured> {
    available_parallelism().map(NonZero::get).map_err(|error| Unmeasured::at("counting the cores", &error))
}

/// Measures one variant in this process, which should do nothing else before or after.
///
/// # Errors
///
/// [`Unmeasured`] when a part does not start, or when any verification did not find the password right: a flood
/// that fails is fast and small, and says nothing.
pub fn run(variant: Variant, flood: usize) -> Result<Sample, Unmeasured> {
    let cores = cores()?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(cores)
        .build()
        .map_err(|error| Unmeasured::at("starting the runtime", &error))?;
    let (verified, took) = match variant {
        Variant::Idle => idle(&runtime)?,
        Variant::Ours => ours(&runtime, flood, cores)?,
        Variant::Plain => plain(&runtime, flood)?,
    };
    if variant != Variant::Idle && verified != flood {
        return Err(Unmeasured::because(format!("only {verified} of {flood} verifications were right")));
    }
    let verified = u64::try_from(verified).unwrap_or(u64::MAX);
    Ok(Sample { verified, seconds: took.as_secs_f64(), peak_kib: peak_memory_kib()? })
}

fn idle(runtime: &Runtime) -> Result<(usize, Duration), Unmeasured> {
    let nothing = runtime.spawn(async {});
    runtime.block_on(nothing).map_err(|error| Unmeasured::at("an empty task", &error))?;
    Ok((0, Duration::ZERO))
}

fn ours(runtime: &Runtime, flood: usize, workers: usize) -> Result<(usize, Duration), Unmeasured> {
    let keys = keys().map_err(|error| Unmeasured::at("making the keys", &*error))?;
    let config = HashPoolConfig::new(HashParams::default(), workers).with_queue(flood);
    let pool = HashPool::start(config, Arc::new(keys), &SystemEntropy)
        .map_err(|error| Unmeasured::at("starting the pool", &error))?;
    let pool = Arc::new(pool);
    let row: Arc<str> = runtime
        .block_on(stored(&pool))
        .map_err(|error| Unmeasured::at("hashing the password", &*error))?
        .into();
    let before = pool.computations();
    let answer = time(runtime, flood, || {
        let (pool, row) = (Arc::clone(&pool), Arc::clone(&row));
        runtime.spawn(async move { verify(&pool, &row).await })
    })?;
    let computed = pool.computations().saturating_sub(before);
    if usize::try_from(computed) != Ok(flood) {
        return Err(Unmeasured::because(format!(
            "{computed} hashes were computed for {flood} verifications"
        )));
    }
    Ok(answer)
}

fn keys() -> Result<KeyRing, Box<dyn std::error::Error>> {
    Ok(KeyRing::builder()
        .current(KeyPurpose::Digest, KeyId::parse("d1")?, Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, KeyId::parse("p1")?, Secret::new([2; 32]))
        .current(KeyPurpose::Seal, KeyId::parse("s1")?, Secret::new([3; 32]))
        .build()?)
}

async fn stored(pool: &HashPool) -> Result<String, Box<dyn std::error::Error>> {
    let password = PreparedPassword::prepare(Secret::new(PASSWORD.into()))?;
    let accepted = PasswordPolicy::default().accept(password, &PolicyContext::alone(), &NoBreachData)?;
    Ok(pool.reserve()?.hash(accepted, HashSalt::make(&SystemEntropy)?).await?.to_text())
}

/// One request, with a password and a row of its own as a sign-in has them.
async fn verify(pool: &HashPool, row: &str) -> bool {
    let Ok(password) = PreparedPassword::prepare(Secret::new(PASSWORD.into())) else { return false };
    let (Ok(against), Ok(place)) = (pool.read(row), pool.reserve()) else { return false };
    matches!(place.verify(password, against).await, Ok(PasswordVerdict::Right(_)))
}

fn plain(runtime: &Runtime, flood: usize) -> Result<(usize, Duration), Unmeasured> {
    let cost = HashParams::default();
    let params = Params::new(cost.memory_kib(), cost.passes(), 1, None)
        .map_err(|error| Unmeasured::at("the parameters of the plain crate", &error))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let row: Arc<str> = argon2
        .hash_password_with_salt(PASSWORD.as_bytes(), &[5; 16])
        .map_err(|error| Unmeasured::at("hashing with the plain crate", &error))?
        .to_string()
        .into();
    time(runtime, flood, || {
        let (argon2, row, password) = (argon2.clone(), Arc::clone(&row), String::from(PASSWORD));
        runtime.spawn(async move {
            let work = move || argon2.verify_password(password.as_bytes(), &*row).is_ok();
            spawn_blocking(work).await.unwrap_or(false)
        })
    })
}

/// Sends everyone at once and waits for the last. Returns how many were right, and how long it took.
#[expect(clippy::disallowed_methods, reason = "a bench reads the monotonic clock; nothing it measures does")]
fn time(
    runtime: &Runtime,
    flood: usize,
    send: impl Fn() -> JoinHandle<bool>,
) -> Result<(usize, Duration), Unmeasured> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..flood).map(|_| send()).collect();
    let verified = runtime.block_on(count_right(tasks))?;
    Ok((verified, start.elapsed()))
}

async fn count_right(
    tasks: Vec<impl Future<Output = Result<bool, tokio::task::JoinError>>>,
) -> Result<usize, Unmeasured> {
    let mut right = 0_usize;
    for task in tasks {
        let found = task.await.map_err(|error| Unmeasured::at("a verification", &error))?;
        right = right.saturating_add(usize::from(found));
    }
    Ok(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_found_by_its_name() {
        for variant in [Variant::Idle, Variant::Ours, Variant::Plain] {
            assert_eq!(Variant::named(variant.name()), Some(variant));
        }
        assert_eq!(Variant::named("theirs"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn both_sides_verify_everyone() {
        for variant in [Variant::Ours, Variant::Plain] {
            assert_eq!(run(variant, 3).unwrap().verified, 3);
        }
    }
}
