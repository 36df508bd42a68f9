//! `cargo xtask msrv`: the lowest Rust version that each crate states, and that its dependencies
//! need.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode, Stdio};

/// Major and minor version, and patch.
type Version = [u32; 3];

pub(crate) fn run() -> Result<ExitCode, String> {
    Ok(if hold()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether no published crate states less than one of its normal dependencies. Prints what each
/// states, in lines that the workflow reads.
pub(crate) fn hold() -> Result<bool, String> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--locked"])?;
    let packages = packages(&metadata);
    let mut all_hold = true;
    for (name, package) in packages.iter().filter(|(_, package)| package.is_published_here) {
        let tree = cargo(&[
            "tree",
            "--locked",
            "--package",
            name,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--all-features",
        ])?;
        let below = tree.lines().filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            let key = format!("{name} {}", rest.split(' ').next()?);
            Some((&packages.get(&key)?.rust_version, name))
        });
        // The crate itself is the first line.
        let (needed, because) = below.skip(1).max().ok_or("cargo tree printed nothing")?;
        let holds = package.rust_version >= *needed;
        all_hold &= holds;
        let complaint = if holds { "" } else { ", which is more" };
        println!(
            "{} {} ({because} needs {}{complaint})",
            name.split(' ').next().unwrap_or_default(),
            text(package.rust_version),
            text(*needed)
        );
    }
    Ok(all_hold)
}

struct Package {
    rust_version: Version,
    is_published_here: bool,
}

/// By name and version, or for this workspace's crates by name. Read without a parser for JSON,
/// because `xtask` has no dependencies.
fn packages(metadata: &str) -> BTreeMap<String, Package> {
    let mut packages = BTreeMap::new();
    let starts: Vec<usize> = metadata.match_indices("{\"name\":\"").map(|(at, _)| at).collect();
    // Dependencies are objects with a name too, but have no version.
    let is_package = |at: &usize| {
        let rest = metadata.get(*at..).unwrap_or_default();
        rest.split(',').nth(1).is_some_and(|member| member.starts_with("\"version\""))
    };
    let starts: Vec<usize> = starts.into_iter().filter(is_package).collect();
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(metadata.len());
        let Some(object) = metadata.get(*start..end) else { continue };
        let (Some(name), Some(version)) = (member(object, "name"), member(object, "version"))
        else {
            continue;
        };
        let rust_version = member(object, "rust_version").map_or([0; 3], parse);
        let is_here = member(object, "id").is_some_and(|id| id.starts_with("path+"));
        let is_published_here = is_here && object.contains("\"publish\":null");
        let key = if is_published_here { name.to_owned() } else { format!("{name} {version}") };
        packages.insert(key, Package { rust_version, is_published_here });
    }
    packages
}

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = object.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}

fn parse(version: &str) -> Version {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

fn text([major, minor, patch]: Version) -> String {
    match patch {
        0 => format!("{major}.{minor}"),
        patch => format!("{major}.{minor}.{patch}"),
    }
}

fn cargo(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO")).args(arguments).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cargo could not be started: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("cargo {} failed: {}", arguments.join(" "), output.status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"packages":[{"name":"ours","version":"0.1.0","id":"path+file:///x#0.1.0",
        "dependencies":[{"name":"theirs","source":"registry+x","req":"^1"}],"publish":null,"rust_version":"1.88"},
        {"name":"theirs","version":"1.2.3","id":"registry+x#1.2.3","dependencies":[],"publish":null,
        "rust_version":"1.89.0"},{"name":"old","version":"1.0.0","id":"registry+x","rust_version":null}]}"#;

    #[test]
    fn packages_are_read_with_the_rust_that_they_need() {
        let packages = packages(METADATA);
        assert_eq!(packages.keys().collect::<Vec<_>>(), ["old 1.0.0", "ours", "theirs 1.2.3"]);
        assert!(packages["ours"].is_published_here && !packages["theirs 1.2.3"].is_published_here);
        assert!(packages["ours"].rust_version < packages["theirs 1.2.3"].rust_version);
        assert!(packages["old 1.0.0"].rust_version < packages["ours"].rust_version);
    }

    #[test]
    fn a_patch_that_is_not_said_is_zero() {
        assert_eq!(parse("1.89.0"), parse("1.89"));
        assert!(parse("1.100") > parse("1.89.1"));
    }
}
