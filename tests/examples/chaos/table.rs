//! What came of all runs.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fault::Fault;
use crate::run::Outcome;

#[derive(Default)]
pub(crate) struct Table(BTreeMap<(&'static str, Fault), Row>);

#[derive(Default)]
struct Row {
    runs: usize,
    lost: usize,
    stayed: usize,
    repeated: usize,
    slowest: Duration,
}

impl Table {
    pub(crate) fn add(&mut self, store: &'static str, fault: Fault, outcome: &Outcome) {
        let row = self.0.entry((store, fault)).or_default();
        row.runs += 1;
        row.lost += usize::from(outcome.lost);
        row.stayed += usize::from(outcome.stayed);
        row.repeated += outcome.repeated;
        row.slowest = row.slowest.max(outcome.until_normal);
    }

    /// No user was lost, none stayed, and no token was sent twice.
    pub(crate) fn is_clean(&self) -> bool {
        self.0.values().all(|row| row.lost + row.stayed + row.repeated == 0)
    }

    pub(crate) fn print(&self) {
        println!(
            "| store | fault | runs | users lost | users who stayed | double token calls | \
             longest time until normal |"
        );
        println!("|---|---|---|---|---|---|---|");
        for ((store, fault), row) in &self.0 {
            let Row { runs, lost, stayed, repeated, slowest } = row;
            let seconds = slowest.as_secs_f32();
            println!(
                "| {store} | {fault} | {runs} | {lost} | {stayed} | {repeated} | {seconds:.1} s |"
            );
        }
    }
}
