//! The tables of layers in DESIGN.md: `| layer | modules |`, and for another crate than the core
//! ``| layer | modules of `logto-local` |``.

use std::collections::BTreeMap;

/// The layer of each module of a crate.
pub(super) type Layers = BTreeMap<String, usize>;

/// The tables of all crates that have one.
pub(super) fn read(design: &str) -> BTreeMap<String, Layers> {
    let mut tables = BTreeMap::new();
    let mut lines = design.lines();
    while let Some(line) = lines.next() {
        if let Some(package) = package(line) {
            let rows = lines.by_ref().skip(1).take_while(|line| line.starts_with('|'));
            tables.insert(package.to_owned(), rows.flat_map(row).collect());
        }
    }
    tables
}

/// The crate whose table begins with this line.
fn package(line: &str) -> Option<&str> {
    let mut cells = cells(line);
    match (cells.next()?, cells.next()?) {
        ("layer", "modules") => Some("logto"),
        ("layer", modules) => {
            modules.strip_prefix("modules of ").and_then(|rest| code(rest).next())
        }
        _ => None,
    }
}

/// The modules of a row with its layer.
fn row(line: &str) -> Vec<(String, usize)> {
    let mut cells = cells(line);
    let (Some(Ok(layer)), Some(modules)) = (cells.next().map(str::parse), cells.next()) else {
        return Vec::new();
    };
    // What follows a colon explains the layer.
    let modules = modules.split(':').next().unwrap_or_default();
    code(modules).map(|module| (module.to_owned(), layer)).collect()
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.trim_matches('|').split('|').map(str::trim)
}

/// What stands between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESIGN: &str = "# Design\n\n| layer | modules |\n|---|---|\n\
        | 1 | `clock` (time), `cache` |\n| 2 | `oidc`: the requests of `openidconnect` |\n\n\
        | layer | modules of `logto-local` |\n|---|---|\n| 1 | `state` |\n\n| a | b |\n";

    #[test]
    fn each_crate_has_a_table_of_its_own() {
        let tables = read(DESIGN);
        let core = [("cache", 1), ("clock", 1), ("oidc", 2)];
        assert_eq!(tables["logto"], core.map(|(name, layer)| (name.to_owned(), layer)).into());
        assert_eq!(tables["logto-local"], [("state".to_owned(), 1)].into());
        assert_eq!(tables.len(), 2);
    }
}
