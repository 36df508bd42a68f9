//! `cargo xtask book`: the guides as a site, built by mdBook, with a search and a dark mode.

mod site;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::cargo_tool::Tool;
use crate::links;
use site::Site;

/// Without its server and its watcher, which have no use here.
const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    options: &["--no-default-features", "--features", "search"],
};

/// Where the book is put together, and built in `book` below it.
const FOLDER: &str = "target/book";
const GUIDES: &str = "docs";

pub(crate) fn run() -> Result<ExitCode, String> {
    if !links::hold()? || !hold()? {
        return Ok(ExitCode::FAILURE);
    }
    println!("Open {FOLDER}/book/index.html.");
    Ok(ExitCode::SUCCESS)
}

/// Whether the book can be built and is whole; prints what it lacks.
pub(crate) fn hold() -> Result<bool, String> {
    let mdbook = MDBOOK.installed()?;
    collect()?;
    let status = Command::new(&mdbook).args(["build", FOLDER]).status();
    if !status
        .map_err(|error| format!("{} could not be started: {error}", mdbook.display()))?
        .success()
    {
        return Ok(false);
    }
    let summary = fs::read_to_string(Path::new(GUIDES).join("SUMMARY.md"))
        .map_err(|error| format!("the summary of the guides could not be read: {error}"))?;
    let problems = Site::read(&Path::new(FOLDER).join("book"))?.problems(&summary);
    for problem in &problems {
        eprintln!("{problem}");
    }
    Ok(problems.is_empty())
}

/// Copies the guides. Links to other folders lead to the repository, or nowhere while it has no
/// address.
fn collect() -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the book could not be put together: {error}");
    let manifest = fs::read_to_string("Cargo.toml").map_err(failed)?;
    let repository = repository(&manifest);
    let source = Path::new(FOLDER).join("src");
    if source.exists() {
        fs::remove_dir_all(&source).map_err(failed)?;
    }
    fs::create_dir_all(source.join("images")).map_err(failed)?;
    for folder in [GUIDES, "docs/images"] {
        for entry in fs::read_dir(folder).map_err(failed)?.flatten() {
            let path = entry.path();
            let target = source.join(path.strip_prefix(GUIDES).unwrap_or(&path));
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("md") => {
                    let text = fs::read_to_string(&path).map_err(failed)?;
                    fs::write(target, for_the_book(&text, repository)).map_err(failed)?;
                }
                Some("png" | "svg" | "json") => _ = fs::copy(&path, target).map_err(failed)?,
                _ => {}
            }
        }
    }
    fs::copy("docs/book.toml", Path::new(FOLDER).join("book.toml")).map_err(failed)?;
    Ok(())
}

/// The address of the repository, which the root's manifest has for all crates.
fn repository(manifest: &str) -> Option<&str> {
    let value = manifest.lines().find_map(|line| line.strip_prefix("repository = \""))?;
    value.strip_suffix('"').filter(|address| !address.is_empty())
}

fn for_the_book(text: &str, repository: Option<&str>) -> String {
    let mut text = text.to_owned();
    let mut outside: Vec<String> = links::links(&text).into_iter().map(str::to_owned).collect();
    outside.retain(|link| link.starts_with("../"));
    for link in outside {
        let target = format!("]({link})");
        let path = link.trim_start_matches("../");
        match repository {
            Some(repository) => {
                text = text.replace(&target, &format!("]({repository}/blob/main/{path})"));
            }
            None => text = without_link(&text, &target),
        }
    }
    text
}

/// The text with the words of its first link to a target in place of the link.
fn without_link(text: &str, target: &str) -> String {
    let parts = text.split_once(target);
    let parts = parts.and_then(|(before, after)| Some((before.rsplit_once('[')?, after)));
    match parts {
        Some(((before, words), after)) => format!("{before}{words}{after}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_other_folders_lead_to_the_repository() {
        let text = "[a](../crates/logto) [b](sessions.md) [c](../README.md#try-it)";
        let book = for_the_book(text, Some("https://git.example/logto"));
        assert_eq!(
            book,
            "[a](https://git.example/logto/blob/main/crates/logto) [b](sessions.md) \
             [c](https://git.example/logto/blob/main/README.md#try-it)"
        );
        assert_eq!(for_the_book(text, None), "a [b](sessions.md) c");
    }

    #[test]
    fn the_manifest_names_the_repository() {
        assert_eq!(repository("a = 1\nrepository = \"https://x\"\n"), Some("https://x"));
        assert_eq!(repository("repository = \"\"\n"), None);
    }
}
