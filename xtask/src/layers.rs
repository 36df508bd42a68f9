//! `cargo xtask layers`: checks that the modules of a crate use only modules of lower layers, as the
//! tables in DESIGN.md say. So no modules form a circle either.

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
    let mut problems = Vec::new();
    for (package, layers) in &tables {
        let graph = Graph::read(&root.join("crates").join(package).join("src"))?;
        problems.extend(graph.against(layers));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_keep_to_their_layers() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(check(&root).unwrap(), [""; 0]);
    }
}
