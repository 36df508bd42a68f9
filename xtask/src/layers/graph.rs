//! Which top-level module of a crate uses which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::source;
use super::table::Layers;

/// For each edge a place where the first module uses the second.
pub(super) struct Graph {
    modules: BTreeSet<String>,
    edges: BTreeMap<(String, String), String>,
}

impl Graph {
    /// Reads the crate with this source folder.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        find_files(folder, &mut files)?;
        files.sort();
        let mut sources = Vec::new();
        for path in files {
            let unreadable = |error| format!("{} could not be read: {error}", path.display());
            let source = fs::read_to_string(&path).map_err(unreadable)?;
            let module = module_of(path.strip_prefix(folder).unwrap_or(&path));
            sources.push((path.display().to_string(), module, source));
        }
        Ok(Self::new(&sources))
    }

    /// Each source with the name and the module of its file.
    fn new(sources: &[(String, Vec<String>, String)]) -> Self {
        let modules = sources.iter().filter_map(|(_, module, _)| module.first().cloned());
        let mut graph = Self { modules: modules.collect(), edges: BTreeMap::new() };
        // Where the names come from that the root exports.
        let mut exports = BTreeMap::new();
        for (_, _, source) in sources.iter().filter(|(_, module, _)| module.is_empty()) {
            for found in source::uses(source, &[]) {
                exports.extend(found.path.first().map(|module| (found.name, module.clone())));
            }
        }
        for (file, module, source) in sources {
            let Some(from) = module.first() else { continue };
            for found in source::uses(source, module) {
                let Some(first) = found.path.first() else { continue };
                let to =
                    if graph.modules.contains(first) { Some(first) } else { exports.get(first) };
                if let Some(to) = to.filter(|to| *to != from && graph.modules.contains(*to)) {
                    let edge = (from.clone(), to.clone());
                    graph.edges.entry(edge).or_insert_with(|| format!("{file}:{}", found.line));
                }
            }
        }
        graph
    }

    /// The edges that do not lead to a lower layer, and the names that only one side knows.
    pub(super) fn against(&self, layers: &Layers) -> Vec<String> {
        let mut problems = Vec::new();
        for module in self.modules.iter().filter(|module| !layers.contains_key(*module)) {
            problems.push(format!("DESIGN.md has no layer for the module `{module}`"));
        }
        for module in layers.keys().filter(|module| !self.modules.contains(*module)) {
            problems.push(format!("DESIGN.md has a layer for `{module}`, which is not a module"));
        }
        for ((from, to), place) in &self.edges {
            if let (Some(above), Some(below)) = (layers.get(from), layers.get(to))
                && below >= above
            {
                problems
                    .push(format!("{place}: `{from}` (layer {above}) uses `{to}` (layer {below})"));
            }
        }
        problems
    }
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error| format!("{} could not be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(unreadable)?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The module of a file, by its path below the source folder.
fn module_of(path: &Path) -> Vec<String> {
    let path = path.with_extension("");
    let mut names: Vec<String> =
        path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(files: &[(&str, &str)]) -> Graph {
        let source = |(path, source): &(&str, &str)| {
            ((*path).to_owned(), module_of(Path::new(path)), (*source).to_owned())
        };
        Graph::new(&files.iter().map(source).collect::<Vec<_>>())
    }

    fn layers(layers: &[(&str, usize)]) -> Layers {
        layers.iter().map(|(name, layer)| ((*name).to_owned(), *layer)).collect()
    }

    #[test]
    fn an_edge_to_a_lower_layer_is_allowed() {
        let graph = graph(&[("web/mod.rs", "use crate::error::Error;"), ("error.rs", "")]);
        assert_eq!(graph.against(&layers(&[("error", 1), ("web", 2)])), [""; 0]);
    }

    #[test]
    fn an_edge_up_or_aside_is_found_with_its_place() {
        let graph = graph(&[("web/mod.rs", ""), ("error.rs", "\nuse super::web::Reply;")]);
        let expected = ["error.rs:2: `error` (layer 1) uses `web` (layer 2)"];
        assert_eq!(graph.against(&layers(&[("error", 1), ("web", 2)])), expected);
        assert_eq!(graph.against(&layers(&[("error", 1), ("web", 1)])).len(), 1);
    }

    #[test]
    fn names_that_the_root_exports_lead_to_their_module() {
        let graph = graph(&[
            ("lib.rs", "pub use web::Reply; pub use error::Error as Failure;"),
            ("web/mod.rs", "use crate::Failure;"),
            ("error.rs", "use crate::Reply;"),
        ]);
        let problems = graph.against(&layers(&[("error", 1), ("web", 1)]));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn no_layers_allow_a_circle() {
        let graph = graph(&[
            ("a.rs", "use crate::b;"),
            ("b/deep/file.rs", "fn f() { crate::c::g() }"),
            ("c.rs", "use crate::a::A;"),
        ]);
        let problems = graph.against(&layers(&[("a", 3), ("b", 2), ("c", 1)]));
        assert_eq!(problems, ["c.rs:1: `c` (layer 1) uses `a` (layer 3)"]);
        let problems = graph.against(&layers(&[("a", 1), ("b", 1), ("c", 1)]));
        assert_eq!(problems.len(), 3, "{problems:?}");
    }

    #[test]
    fn the_table_and_the_modules_are_the_same() {
        let problems = graph(&[("new.rs", "")]).against(&layers(&[("old", 1)]));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
