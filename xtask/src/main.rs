//! The project's own commands, run as `cargo xtask <command>`.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program for the terminal prints to it"
)]

mod bench;
mod book;
mod cargo_tool;
mod chaos;
mod costs;
mod demo;
mod frameworks;
mod fuzz;
mod key_ring;
mod layers;
mod links;
mod msrv;
mod test_all;
mod workflows;

use std::env;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <command>

  demo <example>     Run the example app with a local Logto tenant, or with the
                     tenant that LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET
                     and LOGTO_COOKIE_SECRET name.
                     Examples: axum, actix-web, poem, rocket, mcp,
                     leptos, dioxus, loco.
                     BASE_URL          URL of the app (http://localhost:3000)
                     LOGTO_LOCAL_PORT  port of the local tenant (3001)

  test-all           Run all checks and tests, and install what they need:
                     Chromium, Node.js, npm, Redis, PostgreSQL, PgBouncer, OpenSSL,
                     faketime and nginx (on Debian, with apt-get, as root or with
                     sudo), cargo-deny and mdBook (into target/tools).
                     --without <what>  skip something; can be repeated:
                                       browser   tests in Chromium
                                       provider  tests with the certified provider
                                       databases tests with Redis and PostgreSQL
                                       nginx     tests behind nginx
                                       book      the guides as a site
                                       deny      licences, bans and advisories
                     The last line is `N passed, N failed`: tests, and one for
                     each other step.

  test-frameworks    Run the tests of the examples for Leptos, Dioxus and Loco, and the
                     conformance suite on their routers (needs Chromium). They are in a
                     workspace of their own, which `test-all` leaves alone.

  test-key-ring      Run the test of logto-native's key ring, with a key ring of its own
                     (needs dbus-run-session and gnome-keyring-daemon).

  bench [group]      Measure the cost of a request, compare it with other crates,
                     and print Markdown; see docs/performance.md.
                     Groups: core, stores, frameworks, users, bytes, memory, streams,
                     threads, api.
                     --check   count instructions (with valgrind) and allocations
                               instead, and fail where they grew by more than 3 %
                     --check --update  note them in benches/costs/costs.txt

  chaos <minutes>    Break the store, its connections and instances of an app again
                     and again, with Redis and PostgreSQL, with right and with wrong
                     clocks, and print a table: fault, runs, users lost, users who
                     stayed, double token calls, time until normal. 0 minutes: each
                     fault once.

  fuzz <minutes>     Give each fuzz target its share of the minutes, and print a table:
                     target, executions, new inputs, crashes. Installs cargo-fuzz
                     (into target/tools); needs a C++ compiler.

  layers             Check that modules use only modules of lower layers, as the
                     tables in DESIGN.md say.

  links              Check that the links of the guides and READMEs lead somewhere.

  book               Build the guides as a site, in target/book/book, and check its
                     pages, links, search and dark mode. Installs mdBook (into
                     target/tools).

  msrv               Print the lowest Rust version that each crate states, and check
                     that none of its dependencies needs more.
";

fn main() -> ExitCode {
    if let Some(root) = Path::new(env!("CARGO_MANIFEST_DIR")).parent()
        && let Err(error) = env::set_current_dir(root)
    {
        return complain(&format!("{} cannot be entered: {error}", root.display()));
    }

    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [.., "-h" | "--help"] | ["help"] => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        ["demo", framework] => demo::run(framework),
        ["demo", ..] => Err(
            "Choose an example: cargo xtask demo axum (or actix-web, poem, rocket, mcp, leptos, \
                 dioxus, loco)."
                .to_owned(),
        ),
        ["test-all", options @ ..] => test_all::run(options),
        ["test-frameworks"] => frameworks::run(),
        ["test-key-ring"] => key_ring::run(),
        ["bench", "--check"] => costs::check(false),
        ["bench", "--check", "--update"] => costs::check(true),
        ["bench", groups @ ..] => bench::run(groups),
        ["chaos", minutes] => chaos::run(minutes),
        ["fuzz", minutes] => fuzz::run(minutes),
        ["layers"] => layers::run(),
        ["links"] => links::run(),
        ["book"] => book::run(),
        ["msrv"] => msrv::run(),
        [] => Err(USAGE.to_owned()),
        _ => Err(format!("Unknown command: {}\n\n{USAGE}", arguments.join(" "))),
    };
    result.unwrap_or_else(|sentence| complain(&sentence))
}

fn complain(sentence: &str) -> ExitCode {
    eprintln!("{}", sentence.trim_end());
    ExitCode::FAILURE
}
