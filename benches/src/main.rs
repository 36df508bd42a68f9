//! What a request costs, beside other crates that do the same: `cargo xtask bench [group]`.

mod api;
mod build;
mod bytes;
mod core;
mod fixture;
mod frameworks;
mod harness;
mod kept;
mod memory;
mod peers;
mod report;
mod sockets;
mod stores;
mod streams;
mod threads;
mod users;

use std::process::ExitCode;

use report::Report;

const GROUPS: [&str; 11] = [
    "core",
    "stores",
    "frameworks",
    "users",
    "bytes",
    "memory",
    "streams",
    "threads",
    "api",
    "sockets",
    "build",
];

fn main() -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let groups = match arguments.as_slice() {
        ["fill", which] => {
            memory::fill(&runtime, which);
            return ExitCode::SUCCESS;
        }
        ["wait", rest @ ..] => {
            streams::wait(&runtime, rest.try_into().expect("store, endpoint, id and secret"));
            return ExitCode::SUCCESS;
        }
        ["send", rest @ ..] => {
            sockets::send(rest.try_into().expect("address, header and status"));
            return ExitCode::SUCCESS;
        }
        [] => GROUPS.to_vec(),
        [group] if GROUPS.contains(group) => vec![*group],
        _ => {
            eprintln!("The groups are {}.", GROUPS.join(", "));
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::default();
    for group in groups {
        match group {
            "core" => core::run(&runtime, &mut report),
            "stores" => stores::run(&runtime, &mut report),
            "frameworks" => frameworks::run(&runtime, &mut report),
            "users" => users::run(&runtime, &report),
            "bytes" => bytes::run(&runtime, &mut report),
            "memory" => memory::run(&mut report),
            "streams" => streams::run(&runtime, &mut report),
            "threads" => threads::run(&runtime, &mut report),
            "sockets" => sockets::run(&runtime, &mut report),
            "build" => build::run(&report),
            _ => api::run(&runtime, &mut report),
        }
    }
    report.print_goals();
    ExitCode::SUCCESS
}
