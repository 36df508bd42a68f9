//! What a request costs in instructions and allocations, which do not depend on the machine:
//! `cargo xtask bench --check`.
//!
//! The program prints each case with its allocations. Under callgrind, [`measured`] is what counts:
//! a dump is written each time that it returns, in the order of the cases.

mod allocations;
#[path = "../../src/fixture.rs"]
#[allow(dead_code, reason = "the benchmark uses more of it")]
mod fixture;
mod on_actix_web;
mod on_axum;
mod on_poem;
mod on_rocket;
mod requests;

use std::hint::black_box;

use tokio::runtime::Runtime;

use requests::Requests;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// Requests of a case that are counted.
const REQUESTS: usize = 500;
/// Before that, so that nothing is seen for the first time.
const BEFORE: usize = 50;

/// A kind of request.
pub struct Case<'a> {
    name: String,
    /// Makes so many requests.
    work: Box<dyn FnMut(usize) + 'a>,
}

impl<'a> Case<'a> {
    pub fn new<T>(
        name: impl Into<String>,
        runtime: &'a Runtime,
        mut request: impl AsyncFnMut() -> T + 'a,
    ) -> Self {
        let work = move |requests| {
            runtime.block_on(async {
                for _ in 0..requests {
                    black_box(request().await);
                }
            });
        };
        Self { name: name.into(), work: Box::new(work) }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let requests = runtime.block_on(Requests::new(REQUESTS + BEFORE));
    let mut cases = on_axum::cases(&runtime, &requests);
    cases.extend(on_actix_web::cases(&runtime, &requests));
    cases.extend(on_poem::cases(&runtime, &requests));
    cases.extend(on_rocket::cases(&runtime, &requests));
    for mut case in cases {
        (case.work)(BEFORE);
        let before = allocations::count();
        measured(&mut case, REQUESTS);
        let allocations = allocations::count() - before;
        println!("{}\t{:.1}", case.name, allocations as f64 / REQUESTS as f64);
    }
    println!("requests\t{REQUESTS}");
}

/// Its name is what callgrind looks for, and its end.
#[inline(never)]
fn measured(case: &mut Case<'_>, requests: usize) {
    (case.work)(requests);
    black_box(());
}
