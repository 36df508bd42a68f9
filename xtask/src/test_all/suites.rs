//! Which tests there are, grouped by what they need. The name of a test program
//! tells: `browser` stands for Chromium, `certified` for the certified provider,
//! `database` for Redis and PostgreSQL, `nginx` for the proxy.
//!
//! Every call of cargo selects the whole workspace, and so does whatever builds
//! an example app. Cargo turns on the features that the selected packages ask
//! for: with one selection the dependencies are built once, with several they
//! are built several times.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use super::needs::Need;
use super::run::Cargo;

/// Where the system tests are.
const SYSTEM_TESTS: &str = "tests/tests";

/// Test files with the same needs.
#[derive(Debug, PartialEq)]
pub(crate) struct Suite {
    pub(crate) needs: Vec<Need>,
    files: Vec<String>,
}

impl Suite {
    pub(crate) fn name(&self) -> String {
        match self.needs.as_slice() {
            [] => "system".to_owned(),
            needs => needs.iter().map(|need| need.name()).collect::<Vec<_>>().join("+"),
        }
    }

    pub(crate) fn command(&self) -> Cargo {
        let cargo = Cargo::new(arguments(&[], &self.files));
        match self.needs.as_slice() {
            [] => with_more_threads(cargo),
            // Browsers and databases take what there is.
            _ => cargo,
        }
    }
}

/// The system tests, and those of packages that need something.
pub(crate) fn system_tests() -> Result<Vec<Suite>, String> {
    let mut files = test_files(Path::new(SYSTEM_TESTS))?;
    let of_packages = package_test_files()?;
    files.extend(of_packages.into_iter().filter(|file| !Need::of(file).is_empty()));
    Ok(group(files))
}

/// All other tests but those in the documentation.
pub(crate) fn tests_of_packages() -> Result<Cargo, String> {
    let mut files = package_test_files()?;
    files.retain(|file| Need::of(file).is_empty());
    Ok(with_more_threads(Cargo::new(arguments(&["--lib", "--bins", "--examples"], &files))))
}

/// Tests that wait for half of their time, as those do that speak with a server of their own.
fn with_more_threads(cargo: Cargo) -> Cargo {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    cargo.env("RUST_TEST_THREADS", (2 * cores).to_string())
}

fn package_test_files() -> Result<Vec<String>, String> {
    let mut files = test_files(Path::new("docs/tests"))?;
    for kind in ["crates", "examples"] {
        for package in entries(Path::new(kind))? {
            let folder = package.join("tests");
            if folder.is_dir() {
                files.extend(test_files(&folder)?);
            }
        }
    }
    Ok(files)
}

fn arguments(more: &[&str], files: &[String]) -> Vec<String> {
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
    arguments.extend(more);
    for file in files {
        arguments.extend(["--test", file]);
    }
    arguments.into_iter().map(str::to_owned).collect()
}

/// The names of what cargo takes for an integration test in `folder`.
fn test_files(folder: &Path) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = entries(folder)?
        .iter()
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "rs")
                || path.join("main.rs").is_file()
        })
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// What is in a folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("{} could not be read: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

fn group(files: Vec<String>) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for file in files {
        let needs = Need::of(&file);
        match suites.iter_mut().find(|suite| suite.needs == needs) {
            Some(suite) => suite.files.push(file),
            None => suites.push(Suite { needs, files: vec![file] }),
        }
    }
    suites.sort_by_key(|suite| suite.needs.len());
    suites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integration_test_is_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let local = test_files(&root.join("crates/logto-local/tests")).unwrap();
        assert!(local.contains(&"it".to_owned()), "{local:?}");
        let system = test_files(&root.join(SYSTEM_TESTS)).unwrap();
        assert!(
            ["examples", "browser_certified"]
                .iter()
                .all(|name| system.iter().any(|found| found == name)),
            "{system:?}"
        );
    }

    #[test]
    fn files_are_grouped_by_their_names() {
        let files = [
            "browser_local",
            "certified_provider",
            "browser_certified",
            "browser_two",
            "database_redis",
            "conformance",
        ];
        let suites = group(files.map(str::to_owned).to_vec());
        let suites: Vec<(String, usize)> =
            suites.iter().map(|suite| (suite.name(), suite.files.len())).collect();
        let expected = [
            ("system", 1),
            ("browser", 2),
            ("provider", 1),
            ("databases", 1),
            ("browser+provider", 1),
        ];
        assert_eq!(suites, expected.map(|(name, files)| (name.to_owned(), files)));
    }
}
