//! `cargo xtask links`: the relative links of the Markdown files lead to files and headings that
//! exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where Markdown is that users read.
const FOLDERS: [&str; 6] = [".", ".github", "benches", "crates", "docs", "examples"];

pub(crate) fn run() -> Result<ExitCode, String> {
    Ok(if hold()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether all links hold; prints those that do not.
pub(crate) fn hold() -> Result<bool, String> {
    let problems = check(Path::new("."))?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    Ok(problems.is_empty())
}

fn check(root: &Path) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    for path in markdown(root)? {
        let text = read(&path)?;
        for name in undefined(&text) {
            problems.push(format!(
                "{}: {name} is a link to nowhere outside of rustdoc",
                path.display()
            ));
        }
        for link in links(&text) {
            if let Err(reason) = follow(&path, &text, link) {
                problems.push(format!("{}: {link}: {reason}", path.display()));
            }
        }
    }
    problems.extend(left_out(root)?);
    Ok(problems)
}

/// Guides that are not in the book or not in the list of guides.
fn left_out(root: &Path) -> Result<Vec<String>, String> {
    let docs = root.join("docs");
    let mut problems = Vec::new();
    for list in ["SUMMARY.md", "README.md"] {
        let text = read(&docs.join(list))?;
        let listed: BTreeSet<&str> = links(&text).into_iter().collect();
        for guide in files(&docs, "md")? {
            let name = guide.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_list = name == "SUMMARY.md" || name == "README.md";
            if !is_list && !listed.contains(name) {
                problems.push(format!("docs/{list} does not list {name}"));
            }
        }
    }
    Ok(problems)
}

/// The names between backticks and brackets that the text has no address for. Readers of the
/// registry and of the repository see the brackets; rustdoc alone knows what is meant.
fn undefined(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = prose(text)
        .filter(|line| !(line.starts_with("[`") && line.contains("`]: ")))
        .flat_map(|line| line.split("[`").skip(1))
        .filter_map(|rest| rest.split_once("`]"))
        .filter(|(name, rest)| !name.contains('`') && !rest.starts_with('('))
        .map(|(name, _)| name)
        .filter(|name| !text.contains(&format!("\n[`{name}`]: ")))
        .collect();
    names.dedup();
    names
}

fn follow(from: &Path, text: &str, link: &str) -> Result<(), String> {
    let is_elsewhere = |scheme| link.starts_with(scheme);
    if ["https://", "http://", "mailto:"].into_iter().any(is_elsewhere) {
        return Ok(());
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, id)| (path, Some(id)));
    let target = from.parent().unwrap_or(Path::new(".")).join(path);
    if !target.exists() {
        return Err("there is no such file".to_owned());
    }
    let Some(heading) = heading else { return Ok(()) };
    let text = if path.is_empty() { text.to_owned() } else { read(&target)? };
    match prose(&text).filter_map(heading_id).any(|id| id == heading) {
        true => Ok(()),
        false => Err("there is no such heading".to_owned()),
    }
}

/// The targets of `[text](target)` outside of code.
pub(crate) fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    for line in prose(text) {
        let parts = line.match_indices("](").filter_map(|(at, _)| line.get(at + 2..));
        links.extend(parts.filter_map(|rest| rest.split([')', ' ']).next()));
    }
    links
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

/// The id that GitHub and mdBook give to a heading.
fn heading_id(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = heading.trim().chars().filter_map(|character| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        character if character.is_alphanumeric() => Some(character),
        _ => None,
    });
    Some(kept.collect::<String>().to_lowercase())
}

fn markdown(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let folder = root.join(folder);
        found.extend(files(&folder, "md")?);
        // One level down: a README beside a crate or an example, the templates for issues.
        if !folder.ends_with(".") {
            for entry in entries(&folder)?.into_iter().filter(|entry| entry.is_dir()) {
                found.extend(files(&entry, "md")?);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let mut files = entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("{} could not be read: {error}", folder.display());
    Ok(fs::read_dir(folder).map_err(unreadable)?.flatten().map(|entry| entry.path()).collect())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path)
        .map_err(|error| format!("{} could not be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page\n\n[one](other.md#its-heading) and [`two`](../x) ![](a.png)\n\n\
        ```md\n# Code\n[no](link)\n```\n\n## Don't use `a_b`: two-fold, (c)\n";

    #[test]
    fn links_outside_of_code_are_found() {
        assert_eq!(links(PAGE), ["other.md#its-heading", "../x", "a.png"]);
    }

    #[test]
    fn headings_have_the_ids_of_github() {
        let ids: Vec<String> = prose(PAGE).filter_map(heading_id).collect();
        assert_eq!(ids, ["a-page", "dont-use-a_b-two-fold-c"]);
    }

    #[test]
    fn names_without_an_address_are_found() {
        let text = "[`User`] and [`Auth`] or [`x`](y), [a `b`](c)\n\n[`Auth`]: https://x\n";
        assert_eq!(undefined(text), ["User"]);
    }

    #[test]
    fn what_does_not_exist_is_told() {
        let here = Path::new("./here.md");
        follow(here, PAGE, "#a-page").unwrap();
        follow(here, PAGE, "https://example.com/nothing").unwrap();
        assert!(follow(here, PAGE, "#code").unwrap_err().contains("heading"));
        assert!(follow(here, PAGE, "missing.md").unwrap_err().contains("file"));
    }
}
