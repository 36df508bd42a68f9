//! Each crate by itself, as its user gets it from the registry. In the other steps a feature that
//! one package forgot may be turned on by another, and a file that is not packed is there.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::graph::foreign_frameworks;
use super::report::{Counts, Outcome};
use super::run::{Cargo, checked, succeeded};
use super::suites::entries;

/// Where cargo packs. It takes no folder below it for a member of this workspace.
const FOLDER: &str = "target/package";

/// An app that depends on what is packed, and signs a user in.
const OUTSIDE: &str = "tests/outside/Cargo.toml";

/// What each package contains besides its code.
const NEEDED: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Counts three for each crate: its package is complete, what is packed compiles, and it brings no
/// web framework but its own. And one for an app that uses them.
pub(crate) fn packed() -> Outcome {
    let crates = match pack() {
        Ok(crates) => crates,
        Err(outcome) => return outcome,
    };
    let mut counts = Counts::default();
    for krate in &crates {
        match krate.missing() {
            missing if missing.is_empty() => counts.passed += 1,
            missing => {
                println!("{} is packed without {}", krate.name, missing.join(", "));
                counts.failed += 1;
            }
        }
        match checked(&krate.check(&crates)) {
            Outcome::Check(true) => counts.passed += 1,
            Outcome::Check(false) => {
                println!("{} does not compile by itself", krate.name);
                counts.failed += 1;
            }
            other => return other,
        }
        match foreign_frameworks(&krate.name) {
            Ok(foreign) if foreign.is_empty() => counts.passed += 1,
            Ok(foreign) => {
                println!("{} depends on {}", krate.name, foreign.join(", "));
                counts.failed += 1;
            }
            Err(sentence) => return Outcome::Impossible(sentence),
        }
    }
    match checked(&with_packed("run", OUTSIDE, &crates)) {
        Outcome::Check(true) => counts.passed += 1,
        Outcome::Check(false) => {
            println!("an app that uses the packed crates does not work");
            counts.failed += 1;
        }
        other => return other,
    }
    Outcome::Tests(counts)
}

/// Packs all crates that can be published, and unpacks them again.
fn pack() -> Result<Vec<Packed>, Outcome> {
    if Path::new(FOLDER).exists() {
        fs::remove_dir_all(FOLDER).map_err(|error| Outcome::Impossible(error.to_string()))?;
    }
    let publish = ["publish", "--workspace", "--dry-run", "--no-verify", "--allow-dirty"];
    match checked(&Cargo::new(publish)) {
        Outcome::Check(true) => {}
        other => return Err(other),
    }
    let archives = entries(Path::new(FOLDER).join("tmp-crate").as_path());
    let mut crates = Vec::new();
    for archive in archives.map_err(Outcome::Impossible)? {
        match succeeded(Command::new("tar").args(["-C", FOLDER, "-xzf"]).arg(&archive)) {
            Outcome::Check(true) => {}
            other => return Err(other),
        }
        crates.extend(archive.file_stem().and_then(|name| Packed::new(name.to_str()?)));
    }
    crates.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(crates)
}

/// A crate that was packed and unpacked.
struct Packed {
    name: String,
    /// Its name and version.
    folder: String,
}

impl Packed {
    fn new(folder: &str) -> Option<Self> {
        let (name, _) = folder.rsplit_once('-')?;
        Some(Self { name: name.to_owned(), folder: folder.to_owned() })
    }

    fn missing(&self) -> Vec<&'static str> {
        let is_there = |file: &&str| Path::new(FOLDER).join(&self.folder).join(file).is_file();
        NEEDED.into_iter().filter(|file| !is_there(file)).collect()
    }

    /// Compiles it with the other packed crates.
    fn check(&self, all: &[Self]) -> Cargo {
        with_packed("check", &format!("{FOLDER}/{}/Cargo.toml", self.folder), all)
    }
}

/// A command of cargo with packed crates in place of those that no registry has yet. Quietly: cargo
/// complains of those that are not needed.
fn with_packed(command: &str, manifest: &str, crates: &[Packed]) -> Cargo {
    let mut arguments = [command, "--quiet", "--target-dir", "target", "--manifest-path", manifest]
        .map(str::to_owned)
        .to_vec();
    for Packed { name, folder } in crates {
        arguments.push("--config".to_owned());
        arguments.push(format!("patch.crates-io.{name}.path='{FOLDER}/{folder}'"));
    }
    Cargo::new(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_the_crate() {
        assert_eq!(Packed::new("logto-actix-web-0.1.0").unwrap().name, "logto-actix-web");
    }
}
