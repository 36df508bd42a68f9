//! Which tests there are, grouped by what they need.
//!
//! What needs another program is a module of the test program `external`, and the name of the
//! module tells what: `browser` stands for Chromium, `certified` for the certified provider,
//! `database` for Redis and PostgreSQL, `nginx` for the proxy. All other tests need nothing, and are
//! what `cargo test --workspace` runs.
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

/// Where the modules are that need other programs.
const EXTERNAL: &str = "tests/tests/external";
const TEST: [&str; 3] = ["test", "--workspace", "--no-fail-fast"];

/// Modules with the same needs.
#[derive(Debug, PartialEq)]
pub(crate) struct Suite {
    pub(crate) needs: Vec<Need>,
    modules: Vec<String>,
}

impl Suite {
    pub(crate) fn name(&self) -> String {
        self.needs.iter().map(|need| need.name()).collect::<Vec<_>>().join("+")
    }

    /// Browsers and databases take what there is: no more threads for these.
    pub(crate) fn command(&self) -> Cargo {
        let modules = self.modules.iter().map(|module| format!("{module}::"));
        let program = TEST.into_iter().chain(["--test", "external", "--"]);
        Cargo::new(program.map(str::to_owned).chain(modules))
    }
}

/// The tests that need nothing, those in the documentation included. They wait for half of their
/// time, as those do that speak with a server of their own: so there are more threads than cores.
pub(crate) fn tests() -> Cargo {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Cargo::new(TEST).env("RUST_TEST_THREADS", (2 * cores).to_string())
}

/// The tests that need something.
pub(crate) fn external_tests() -> Result<Vec<Suite>, String> {
    group(modules(Path::new(EXTERNAL))?)
}

/// The names of the modules of the program whose `main.rs` is in `folder`.
fn modules(folder: &Path) -> Result<Vec<String>, String> {
    let mut modules: Vec<String> = entries(folder)?
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "main")
        .collect();
    modules.sort();
    Ok(modules)
}

/// What is in a folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("{} could not be read: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// The modules by their needs.
///
/// # Errors
///
/// If the name of one tells no need: `test-all` would never run it.
fn group(modules: Vec<String>) -> Result<Vec<Suite>, String> {
    let mut suites: Vec<Suite> = Vec::new();
    for module in modules {
        let needs = Need::of(&module);
        if needs.is_empty() {
            return Err(format!("{module} of {EXTERNAL} does not say in its name what it needs."));
        }
        match suites.iter_mut().find(|suite| suite.needs == needs) {
            Some(suite) => suite.modules.push(module),
            None => suites.push(Suite { needs, modules: vec![module] }),
        }
    }
    suites.sort_by_key(|suite| suite.needs.len());
    Ok(suites)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
    }

    /// `test = false` saves a program that is linked for nothing, and would hide tests.
    #[test]
    fn what_says_that_it_has_no_unit_tests_has_none() {
        let mut packages = vec![repository("docs")];
        for kind in ["crates", "examples", "tests"] {
            packages.extend(entries(&repository(kind)).unwrap());
        }
        packages.retain(|package| {
            let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap_or_default();
            manifest.contains("# There are no unit tests.\ntest = false")
        });
        assert!(packages.len() > 10, "{packages:?}");
        for package in packages {
            let mut sources = vec![package.join("lib.rs")];
            let mut folders = vec![package.join("src")];
            while let Some(folder) = folders.pop() {
                for path in entries(&folder).unwrap_or_default() {
                    if path.is_dir() { folders.push(path) } else { sources.push(path) }
                }
            }
            for source in sources {
                let text = fs::read_to_string(&source).unwrap_or_default();
                assert!(!text.contains("#[cfg(test)]"), "{}", source.display());
            }
        }
    }

    #[test]
    fn every_module_with_a_need_belongs_to_a_suite() {
        let folder = repository(EXTERNAL);
        let modules = modules(&folder).unwrap();
        let main = fs::read_to_string(folder.join("main.rs")).unwrap();
        let declared: Vec<_> =
            main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
        assert_eq!(declared, modules);
        let suites = group(modules.clone()).unwrap();
        assert_eq!(suites.iter().map(|suite| suite.modules.len()).sum::<usize>(), modules.len());
        // A test program takes all tests whose path contains what it is asked for.
        for module in &modules {
            let asked = modules.iter().filter(|asked| module.ends_with(asked.as_str()));
            assert_eq!(asked.collect::<Vec<_>>(), [module]);
        }
    }

    #[test]
    fn modules_are_grouped_by_their_names() {
        let modules =
            ["browser_local", "certified", "browser_certified", "browser_two", "database"];
        let suites = group(modules.map(str::to_owned).to_vec()).unwrap();
        let suites: Vec<(String, usize)> =
            suites.iter().map(|suite| (suite.name(), suite.modules.len())).collect();
        let expected = [("browser", 2), ("provider", 1), ("databases", 1), ("browser+provider", 1)];
        assert_eq!(suites, expected.map(|(name, files)| (name.to_owned(), files)));
        group(vec!["hostile".to_owned()]).unwrap_err();
    }
}
