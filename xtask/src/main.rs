//! The project's own commands, run as `cargo xtask <command>`.

// A program for the terminal prints to it.
#![allow(clippy::print_stderr, clippy::print_stdout)]

mod bench;
mod demo;
mod layers;
mod test_all;

use std::env;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <command>

  demo <framework>   Run the example app, with a Logto of its own on this machine
                     unless LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET and
                     LOGTO_COOKIE_SECRET name another one.
                     Frameworks: axum, actix-web, poem, rocket.
                     BASE_URL          where the app is (http://localhost:3000)
                     LOGTO_LOCAL_PORT  the port of the local Logto (3001)

  test-all           Run every check and every test, and install what they need:
                     Chromium, Node.js, npm, Redis and PostgreSQL (on Debian,
                     with apt-get, as root or with sudo) and cargo-deny (into
                     target/tools).
                     --without <what>  leave something out, once or more often:
                                       browser   tests in Chromium
                                       provider  tests with the certified provider
                                       databases tests with Redis and PostgreSQL
                                       deny      licences, bans and advisories
                     The last line is `N passed, N failed`: tests, and one for
                     each other step.

  bench [group]      Measure what a request costs, beside other crates that do the
                     same, and print it as Markdown; see docs/performance.md.
                     Groups: core, frameworks, bytes, memory, threads, api.

  layers             Check that modules use only modules of lower layers, as the
                     tables in DESIGN.md say.
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
        ["demo", framework] => demo::run(framework),
        ["demo", ..] => {
            Err("Say which one: cargo xtask demo axum (or actix-web, poem, rocket).".to_owned())
        }
        ["test-all", options @ ..] => test_all::run(options),
        ["bench", groups @ ..] => bench::run(groups),
        ["layers"] => layers::run(),
        ["help" | "-h" | "--help"] => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        [] => Err(USAGE.to_owned()),
        _ => Err(format!("There is no such command: {}\n\n{USAGE}", arguments.join(" "))),
    };
    result.unwrap_or_else(|sentence| complain(&sentence))
}

fn complain(sentence: &str) -> ExitCode {
    eprintln!("{}", sentence.trim_end());
    ExitCode::FAILURE
}
