//! Measuring: the CPU time of the thread, every case of a group in turn, medians.
//!
//! What else the machine does then meets all cases alike, and their ratios hold where their
//! nanoseconds do not.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

const ROUNDS: usize = 41;
/// How long a case is looked at in a round, in nanoseconds.
const SAMPLE: u64 = 2_000_000;

/// Something to measure.
pub struct Case<'a> {
    pub name: &'static str,
    /// Runs it so many times.
    work: Box<dyn FnMut(u64) + 'a>,
    /// Before each round, not measured.
    prepare: Box<dyn FnMut() + 'a>,
    /// Runs in a round.
    runs: Option<u64>,
}

impl<'a> Case<'a> {
    pub fn new<T>(name: &'static str, mut work: impl FnMut() -> T + 'a) -> Self {
        let work = move |runs| {
            for _ in 0..runs {
                black_box(work());
            }
        };
        Self { name, work: Box::new(work), prepare: Box::new(|| {}), runs: None }
    }

    pub fn asynchronous<T>(
        name: &'static str,
        runtime: &'a Runtime,
        mut work: impl AsyncFnMut() -> T + 'a,
    ) -> Self {
        let work = move |runs| {
            runtime.block_on(async {
                for _ in 0..runs {
                    black_box(work().await);
                }
            });
        };
        Self { work: Box::new(work), ..Self::new(name, || {}) }
    }

    /// Runs it exactly so many times a round, after a preparation that is not measured.
    pub fn prepared(self, runs: u64, prepare: impl FnMut() + 'a) -> Self {
        Self { prepare: Box::new(prepare), runs: Some(runs), ..self }
    }

    fn sample(&mut self, runs: u64) -> f64 {
        (self.prepare)();
        let before = thread_time();
        (self.work)(runs);
        (thread_time() - before) as f64 / runs as f64
    }

    fn runs(&mut self) -> u64 {
        self.runs.unwrap_or_else(|| {
            // The first run fills caches and fetches keys.
            self.sample(1);
            let mut runs = 1;
            loop {
                let spent = self.sample(runs) * runs as f64;
                if spent >= SAMPLE as f64 / 4.0 {
                    return (runs as f64 * SAMPLE as f64 / spent).ceil() as u64;
                }
                runs *= 2;
            }
        })
    }
}

/// What each case took, in nanoseconds a run, round by round.
pub struct Measured(Vec<(&'static str, Vec<f64>)>);

pub fn measure(mut cases: Vec<Case<'_>>) -> Measured {
    let runs: Vec<u64> = cases.iter_mut().map(Case::runs).collect();
    let mut measured: Vec<_> = cases.iter().map(|case| (case.name, Vec::new())).collect();
    for _ in 0..ROUNDS {
        for (at, case) in cases.iter_mut().enumerate() {
            measured[at].1.push(case.sample(runs[at]));
        }
    }
    Measured(measured)
}

impl Measured {
    /// Of samples that were taken in rounds.
    pub fn new(samples: Vec<(&'static str, Vec<f64>)>) -> Self {
        Self(samples)
    }

    /// Nanoseconds.
    pub fn median(&self, name: &str) -> f64 {
        median(self.of(name).to_vec())
    }

    /// Nanoseconds more than another case: the median of the differences within a round.
    pub fn added(&self, name: &str, base: &str) -> f64 {
        let pairs = self.of(name).iter().zip(self.of(base));
        median(pairs.map(|(one, base)| one - base).collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    fn of(&self, name: &str) -> &[f64] {
        let found = self.0.iter().find(|(case, _)| *case == name);
        &found.expect("a case that was measured").1
    }
}

pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// CPU time of this thread, in nanoseconds.
pub fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
