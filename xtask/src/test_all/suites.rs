//! The system tests, grouped by what they need. The name of a test file tells:
//! `browser` stands for Chromium, `certified` for the certified provider.

use std::{fs, path::Path};

use super::run::Cargo;

/// Test files with the same needs.
#[derive(Debug, PartialEq)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) browser: bool,
    pub(crate) provider: bool,
    files: Vec<String>,
}

impl Suite {
    pub(crate) fn command(&self) -> Cargo {
        let mut arguments = vec!["test", "--package", "logto-tests", "--no-fail-fast"];
        for file in &self.files {
            arguments.extend(["--test", file]);
        }
        Cargo::new(arguments)
    }
}

pub(crate) struct Suites;

impl Suites {
    /// The suites that have at least one file in `folder`.
    pub(crate) fn find(folder: &str) -> Result<Vec<Suite>, String> {
        let entries =
            fs::read_dir(folder).map_err(|error| format!("{folder} could not be read: {error}"))?;
        let files = entries.flatten().filter_map(|entry| {
            let path = entry.path();
            let rust = path.extension()? == "rs";
            rust.then(|| stem(&path)).flatten()
        });
        Ok(group(files.collect()))
    }
}

fn stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_str()?.to_owned())
}

fn group(mut files: Vec<String>) -> Vec<Suite> {
    files.sort();
    let mut suites = [
        ("system", false, false),
        ("provider", false, true),
        ("browser", true, false),
        ("browser+provider", true, true),
    ]
    .map(|(name, browser, provider)| Suite {
        name,
        browser,
        provider,
        files: Vec::new(),
    });
    for file in files {
        let needs = (file.contains("browser"), file.contains("certified"));
        for suite in &mut suites {
            if (suite.browser, suite.provider) == needs {
                suite.files.push(file.clone());
            }
        }
    }
    suites
        .into_iter()
        .filter(|suite| !suite.files.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_grouped_by_their_names() {
        let files = [
            "browser_local",
            "certified_provider",
            "browser_certified",
            "browser_two",
        ];
        let suites = group(files.map(str::to_owned).to_vec());
        let names: Vec<&str> = suites.iter().map(|suite| suite.name).collect();
        assert_eq!(names, ["provider", "browser", "browser+provider"]);
        let files: Vec<usize> = suites.iter().map(|suite| suite.files.len()).collect();
        assert_eq!(files, [1, 2, 1]);
    }
}
