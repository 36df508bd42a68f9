//! Runs every seed of `fuzz/seeds`: what the fuzzer once found stays found.

use std::fs;
use std::path::Path;

use logto_fuzz_targets::{Answers, Environment, Notices, Outcome, Seam, Session, Target};

/// Runs the seeds of a target. Those whose name begins with `taken` have to be accepted: they show
/// that the target comes further than the first check.
fn replay<T: Target>() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(T::NAME);
    let mut target = T::start();
    let mut taken = 0;
    for seed in fs::read_dir(folder).unwrap() {
        let path = seed.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let outcome = target.run(&fs::read(&path).unwrap());
        if name.starts_with("taken") {
            assert_eq!(outcome, Outcome::Accepted, "{name}");
            taken += 1;
        }
    }
    assert!(taken > 0, "no seed of {} shows how far it comes", T::NAME);
}

#[test]
fn answers() {
    replay::<Answers>();
}

#[test]
fn environment() {
    replay::<Environment>();
}

#[test]
fn notices() {
    replay::<Notices>();
}

#[test]
fn seam() {
    replay::<Seam>();
}

#[test]
fn session() {
    replay::<Session>();
}
