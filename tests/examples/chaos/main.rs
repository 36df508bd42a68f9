//! `cargo xtask chaos <minutes>`: three instances and a store, which are broken again and again.

// A program for the terminal prints to it, and a fault that cannot be made ends it.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod fault;
mod run;
mod table;

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fault::Fault;
use logto_servers::{Postgres, Redis};
use logto_tests::instances::{Cluster, Database};
use table::Table;

#[tokio::main]
async fn main() -> ExitCode {
    let minutes = env::args().nth(1).and_then(|minutes| minutes.parse::<u64>().ok());
    let Some(minutes) = minutes else {
        println!("Usage: chaos <minutes>");
        return ExitCode::FAILURE;
    };
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let databases = [
        ("Redis", Database::Redis(Redis::start().await)),
        ("PostgreSQL", Database::Postgres(Postgres::start().await)),
    ];
    let mut clusters = Vec::new();
    for (name, database) in databases {
        clusters.push((name, Cluster::start(database).await));
    }
    let mut table = Table::default();
    for round in 0.. {
        for (name, cluster) in &mut clusters {
            for fault in Fault::ALL {
                // Each fault once at least.
                if round > 0 && Instant::now() >= end {
                    table.print();
                    return if table.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
                }
                let outcome = run::run(cluster, fault, round).await;
                if !outcome.is_clean() {
                    println!("{name}, {fault}, round {round}: {outcome:?}");
                }
                table.add(name, fault, &outcome);
            }
        }
    }
    ExitCode::SUCCESS
}
