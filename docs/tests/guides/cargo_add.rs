//! What a guide says to add is what its code needs, and there is such a crate with such features.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The crates that code needs and features that are turned on, by crate.
type Added = BTreeMap<String, BTreeSet<String>>;

/// What the tests of the guides need, and the guides do not.
const TESTS_ONLY: [(&str, &str); 8] = [
    ("poem", "test"),
    ("reqwest", "form"),
    ("reqwest", "json"),
    ("rmcp", "auth"),
    ("rmcp", "client"),
    ("rmcp", "reqwest"),
    ("rmcp", "transport-streamable-http-client-reqwest"),
    ("tokio", "test-util"),
];

/// What the `cargo add` lines of a text add.
fn added(text: &str) -> Added {
    let mut added = Added::new();
    let commands = text.split("cargo add ").skip(1);
    for command in commands.map(|rest| rest.split(['\n', '`', '&', ')']).next().unwrap()) {
        let mut words = command.split(' ').filter(|word| !word.is_empty());
        let mut crates = Vec::new();
        let mut features = BTreeSet::new();
        while let Some(word) = words.next() {
            match word {
                "--features" => {
                    features.extend(words.next().unwrap().split(',').map(str::to_owned));
                }
                "--path" => {
                    let path = words.next().unwrap().strip_prefix("../logto-rust/").unwrap();
                    assert!(Path::new("..").join(path).join("Cargo.toml").is_file(), "{path}");
                }
                "--dev" | "--optional" => {}
                "--no-default-features" => _ = features.insert("no default".to_owned()),
                krate => {
                    let (name, _version) = krate.split_once('@').unwrap_or((krate, ""));
                    crates.push(name.to_owned());
                }
            }
        }
        for name in crates {
            added.entry(name).or_default().extend(features.clone());
        }
    }
    added
}

/// The code of a text that readers see, block by block.
fn visible_code(text: &str) -> Vec<String> {
    let blocks = text.split("\n```").skip(1).step_by(2).filter(|block| block.starts_with("rust"));
    let visible = |block: &str| {
        let lines = block.lines().filter(|line| !line.starts_with("# "));
        lines.collect::<Vec<_>>().join("\n")
    };
    blocks.map(visible).collect()
}

/// What the README adds for the framework of a block: axum's, if it names no other.
fn added_by_readme(readme: &str, code: &str) -> Added {
    let others = ["actix-web", "poem", "rocket"];
    let of_framework = |name: &&&str| names(code, name) || names(code, &format!("logto-{name}"));
    let framework = others.iter().find(of_framework).unwrap_or(&"axum");
    let (_, section) = readme.split_once(&format!("\n### {framework}\n")).unwrap();
    added(section.split("\n##").next().unwrap())
}

/// Parts of tokio that a feature turns on.
const PARTS_OF_TOKIO: [(&str, &str); 5] = [
    ("tokio::net", "net"),
    ("tokio::select!", "macros"),
    ("tokio::signal", "signal"),
    ("tokio::spawn", "rt"),
    ("tokio::time", "time"),
];

/// The features of tokio that code needs, and that were not added.
fn missing_of_tokio(code: &str, added: &[&Added]) -> Vec<&'static str> {
    let is_added = |feature: &str| {
        let features = added.iter().filter_map(|added| added.get("tokio")).flatten();
        features.into_iter().any(|it| it == feature || it == "full")
    };
    let parts = PARTS_OF_TOKIO
        .iter()
        .filter(|(part, _)| code.match_indices(part).any(|(at, _)| !code[..at].ends_with("::")));
    parts.map(|(_, feature)| *feature).filter(|feature| !is_added(feature)).collect()
}

fn names(code: &str, name: &str) -> bool {
    let path = format!("{}::", name.replace('-', "_"));
    let is_word = |character: char| character.is_alphanumeric() || "_:".contains(character);
    code.match_indices(&path).any(|(at, _)| !code[..at].ends_with(is_word))
}

fn guides() -> Vec<(String, String)> {
    let files = fs::read_dir(".").unwrap().map(|entry| entry.unwrap().path());
    let guides = files.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    guides.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
}

/// The workspace's packages and what they depend on, as cargo has them.
fn packages() -> Vec<Value> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let mut metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("{other}"),
    }
}

#[test]
fn guides_add_what_their_code_needs() {
    let readme = fs::read_to_string("../README.md").unwrap();
    let packages = packages();
    let docs = packages.iter().find(|package| package["name"] == "logto-docs").unwrap();
    let dependencies: Vec<&str> = docs["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["name"].as_str())
        .collect();
    let mut missing = Vec::new();
    for (guide, text) in guides() {
        let own = added(&text);
        for code in visible_code(&text) {
            let before = added_by_readme(&readme, &code);
            let needed = dependencies.iter().filter(|name| names(&code, name));
            let needed =
                needed.filter(|name| !own.contains_key(**name) && !before.contains_key(**name));
            missing.extend(needed.map(|name| format!("{guide}: cargo add {name}")));
            let features = missing_of_tokio(&code, &[&own, &before]);
            missing.extend(
                features.iter().map(|it| format!("{guide}: cargo add tokio --features {it}")),
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// A feature that the guides are compiled with here is named in a guide, or on by default.
#[test]
fn guides_add_the_features_that_their_code_needs() {
    let packages = packages();
    let find = |name: &str| packages.iter().rfind(|package| package["name"] == name);
    let mut all = added(&fs::read_to_string("../README.md").unwrap());
    for (_, text) in guides() {
        for (name, features) in added(&text) {
            all.entry(name).or_default().extend(features);
        }
    }
    for (name, features) in &all {
        // Crates of a reader, or of a guide whose code is not compiled.
        let Some(package) = find(name) else { continue };
        for feature in features.iter().filter(|feature| *feature != "no default") {
            assert!(package["features"].get(feature).is_some(), "{name} has no feature {feature}");
        }
    }
    let docs = find("logto-docs").unwrap();
    for dependency in docs["dependencies"].as_array().unwrap() {
        let name = dependency["name"].as_str().unwrap();
        let Some(named) = all.get(name) else { continue };
        let features = &find(name).unwrap()["features"];
        let mut on = BTreeSet::new();
        let mut wanted: Vec<&str> = named.iter().map(String::as_str).collect();
        if !named.contains("no default") {
            wanted.push("default");
        }
        while let Some(feature) = wanted.pop() {
            if on.insert(feature) {
                let more = features.get(feature).and_then(Value::as_array);
                wanted.extend(more.into_iter().flatten().filter_map(Value::as_str));
            }
        }
        for feature in dependency["features"].as_array().unwrap() {
            let feature = feature.as_str().unwrap();
            if TESTS_ONLY.contains(&(name, feature)) {
                continue;
            }
            assert!(on.contains(feature), "no guide says `cargo add {name} --features {feature}`");
        }
    }
}
