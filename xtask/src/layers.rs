//! `cargo xtask layers`: checks that the modules of a crate use only modules of lower layers, as
//! the tables in DESIGN.md say, so no modules form a circle either; and that the files it names
//! exist.

mod graph;
mod source;
mod table;
mod tokens;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use graph::Graph;

pub(crate) fn run() -> Result<ExitCode, String> {
    Ok(if hold()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether every edge is allowed; prints those that are not.
pub(crate) fn hold() -> Result<bool, String> {
    let problems = check(Path::new("."))?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    Ok(problems.is_empty())
}

/// One line for each edge that is not allowed, in the crates that DESIGN.md has a table for.
fn check(root: &Path) -> Result<Vec<String>, String> {
    let path = root.join("DESIGN.md");
    let design = fs::read_to_string(&path)
        .map_err(|error| format!("{} could not be read: {error}", path.display()))?;
    let tables = table::read(&design);
    if !tables.contains_key("logto") {
        return Err(format!("{} has no table of layers for the core", path.display()));
    }
    let mut problems = missing_files(root, &design);
    for (package, layers) in &tables {
        let graph = Graph::read(&root.join("crates").join(package).join("src"))?;
        problems.extend(graph.against(layers));
    }
    Ok(problems)
}

/// One line for each source file of the core that the text names in backticks and that is not
/// there.
fn missing_files(root: &Path, text: &str) -> Vec<String> {
    let source = root.join("crates/logto/src");
    let named = text.split('`').skip(1).step_by(2).filter(|code| code.ends_with(".rs"));
    named
        .filter(|file| !source.join(file).exists() && !root.join(file).exists())
        .map(|file| format!("DESIGN.md names {file}, which does not exist"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_named_has_to_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = "See `flow/refresh.rs`, `examples/shutdown.rs` and `flow/protocol.rs`.";
        let missing = missing_files(&root, text);
        assert_eq!(missing, ["DESIGN.md names flow/protocol.rs, which does not exist"]);
    }

    #[test]
    fn the_modules_keep_to_their_layers() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(check(&root).unwrap(), [""; 0]);
    }
}
