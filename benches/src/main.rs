//! What a request costs, beside other crates that do the same.

mod core;
mod harness;
mod report;
mod stage;

use report::Report;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut report = Report::default();
    core::run(&runtime, &mut report);
    report.print_goals();
}
