//! Each crate by itself, as its user gets it. In the other steps a feature that
//! one package forgot may be turned on by another.

use super::graph::foreign_frameworks;
use super::report::{Counts, Outcome};
use super::run::{Cargo, checked};
use super::suites::entries;

/// Counts two for each crate: it compiles, and it brings no web framework but its
/// own.
pub(crate) fn alone() -> Outcome {
    let mut folders = match entries("crates".as_ref()) {
        Ok(folders) => folders,
        Err(sentence) => return Outcome::Impossible(sentence),
    };
    folders.sort();
    let mut counts = Counts::default();
    for folder in folders {
        // A folder has the name of its package.
        let Some(package) = folder.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        match checked(&Cargo::new(["check", "--package", package])) {
            Outcome::Check(true) => counts.passed += 1,
            Outcome::Check(false) => {
                println!("{package} does not compile by itself");
                counts.failed += 1;
            }
            other => return other,
        }
        match foreign_frameworks(package) {
            Ok(foreign) if foreign.is_empty() => counts.passed += 1,
            Ok(foreign) => {
                println!("{package} depends on {}", foreign.join(", "));
                counts.failed += 1;
            }
            Err(sentence) => return Outcome::Impossible(sentence),
        }
    }
    Outcome::Tests(counts)
}
