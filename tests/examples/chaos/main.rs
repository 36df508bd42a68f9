//! `cargo xtask chaos <minutes>`: three instances and a store, which are broken again and again.

mod fault;
mod run;
mod table;
mod watcher;

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fault::Fault;
use logto_servers::{Postgres, Redis};
use logto_tests::instances::{Clocks, Cluster, Database};
use table::Table;

/// In every second round the instances have other clocks than Logto.
const CLOCKS: [Clocks; 6] = [[-30, 0, 30], [0; 3], [30, -30, 0], [0; 3], [0, 30, -30], [0; 3]];

#[tokio::main]
async fn main() -> ExitCode {
    let minutes = env::args().nth(1).and_then(|minutes| minutes.parse::<u64>().ok());
    let Some(minutes) = minutes else {
        println!("Usage: chaos <minutes>");
        return ExitCode::FAILURE;
    };
    let mut table = Table::default();
    let databases = [
        ("Redis", Database::Redis(Redis::start().await)),
        ("PostgreSQL", Database::Postgres(Postgres::start().await)),
    ];
    let mut clusters = Vec::new();
    for (name, database) in databases {
        clusters.push((name, Cluster::start(database).await));
    }
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    for (round, clocks) in (0..).zip(CLOCKS.into_iter().cycle()) {
        for (store, (name, cluster)) in clusters.iter_mut().enumerate() {
            cluster.set_clocks(clocks).await;
            for (number, fault) in Fault::ALL.into_iter().enumerate() {
                if minutes == 0 && number % 2 != store {
                    continue;
                }
                let outcome = run::run(cluster, fault, round).await;
                if !outcome.is_clean() {
                    println!("{name}, {fault}, round {round}, clocks {clocks:?}: {outcome:?}");
                }
                table.add(name, fault, &outcome);
            }
        }
        if Instant::now() >= end {
            break;
        }
    }
    table.print();
    if table.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
