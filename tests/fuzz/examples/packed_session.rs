//! Prints a packed session, for new seeds of the target `session` when its form changes:
//! `cargo run --package logto-fuzz-targets --example packed_session > packed`.

use std::io::{Write, stdout};

use logto_fuzz_targets::{Session, Target};

fn main() -> std::io::Result<()> {
    stdout().write_all(&Session::start().packed())
}
