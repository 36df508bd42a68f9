//! `cargo xtask book`: the guides as a site, built by mdBook, with a search and a dark mode.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::links;

/// Where the book is put together, and built in `book` below it.
const FOLDER: &str = "target/book";
const GUIDES: &str = "docs";

pub(crate) fn run() -> Result<ExitCode, String> {
    if !links::hold()? {
        return Ok(ExitCode::FAILURE);
    }
    collect()?;
    let status = Command::new("mdbook").args(["build", FOLDER]).status();
    match status {
        Ok(status) if status.success() => {
            println!("Open {FOLDER}/book/index.html.");
            Ok(ExitCode::SUCCESS)
        }
        Ok(_) => Ok(ExitCode::FAILURE),
        Err(_) => Err("mdBook is missing. Install it with `cargo install mdbook --locked`, which takes a few \
                       minutes."
            .to_owned()),
    }
}

/// Copies the guides, with links to the repository in place of those to other folders.
fn collect() -> Result<(), String> {
    let failed = |error: std::io::Error| format!("The book could not be put together: {error}");
    let manifest = fs::read_to_string("Cargo.toml").map_err(failed)?;
    let repository = repository(&manifest).ok_or("Cargo.toml has no address of a repository.")?;
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
pub(crate) fn repository(manifest: &str) -> Option<&str> {
    let value = manifest.lines().find_map(|line| line.strip_prefix("repository = \""))?;
    value.strip_suffix('"')
}

fn for_the_book(text: &str, repository: &str) -> String {
    let mut text = text.to_owned();
    let mut outside: Vec<String> = links::links(&text).into_iter().map(str::to_owned).collect();
    outside.retain(|link| link.starts_with("../"));
    outside.dedup();
    for link in outside {
        let path = link.trim_start_matches("../");
        text = text.replace(&format!("]({link})"), &format!("]({repository}/blob/main/{path})"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_other_folders_lead_to_the_repository() {
        let text = "[a](../crates/logto) [b](sessions.md) [c](../README.md#try-it)";
        let book = for_the_book(text, "https://git.example/logto");
        assert_eq!(
            book,
            "[a](https://git.example/logto/blob/main/crates/logto) [b](sessions.md) \
             [c](https://git.example/logto/blob/main/README.md#try-it)"
        );
    }

    #[test]
    fn the_manifest_names_the_repository() {
        assert_eq!(repository("a = 1\nrepository = \"https://x\"\n"), Some("https://x"));
    }
}
