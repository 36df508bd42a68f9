//! Which web frameworks are below a crate: an app that chose one gets no other.

use super::run::{Cargo, printed};

/// How the names of their crates begin.
const FRAMEWORKS: [&str; 10] =
    ["actix", "axum", "gotham", "iron", "poem", "rocket", "rouille", "salvo", "tide", "warp"];

/// The crates of frameworks below `package` that have no business there, without
/// its tests and build scripts.
pub(crate) fn foreign_frameworks(package: &str) -> Result<Vec<String>, String> {
    let tree = printed(&Cargo::new([
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    Ok(foreign(package, &tree))
}

/// `tree` has a line for each crate, which begins with its name.
fn foreign(package: &str, tree: &str) -> Vec<String> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let mut foreign: Vec<String> = names
        .filter(|name| framework_of(name).is_some_and(|found| Some(found) != own(package)))
        .map(str::to_owned)
        .collect();
    foreign.sort();
    foreign.dedup();
    foreign
}

/// The framework that a package is made for. The local tenant is a server itself, and
/// the `logto` command runs it; an app has them in its tests at most.
fn own(package: &str) -> Option<&'static str> {
    match package {
        "logto-local" | "logto-cli" => Some("axum"),
        adapter => framework_of(adapter.strip_prefix("logto-")?),
    }
}

fn framework_of(name: &str) -> Option<&'static str> {
    FRAMEWORKS.into_iter().find(|framework| {
        let rest = name.strip_prefix(framework);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_frameworks_are_found_by_their_names() {
        let tree = "logto-poem v0.1.0 (/clone/crates/logto-poem)\naxum-core v0.5.0\npoem v3.1.0\n\
                    poem-derive v3.1.0 (proc-macro)\nactix-web v4.15.0\naxum-core v0.5.0 (*)\n\
                    ironing v1.0.0\n";
        assert_eq!(foreign("logto-poem", tree), ["actix-web", "axum-core"]);
        assert_eq!(
            foreign("logto-actix-web", "actix-http v3.0.0\nrocket_http v0.5.2\n"),
            ["rocket_http"]
        );
        assert_eq!(foreign("logto", "axum v0.8.0\nurl v2.5.0\n"), ["axum"]);
    }

    #[test]
    fn an_adapter_may_have_its_own_framework() {
        for (package, framework) in [
            ("logto-axum", "axum"),
            ("logto-actix-web", "actix"),
            ("logto-poem", "poem"),
            ("logto-rocket", "rocket"),
            ("logto-local", "axum"),
            ("logto-cli", "axum"),
        ] {
            assert_eq!(own(package), Some(framework));
        }
        assert_eq!(own("logto"), None);
        assert_eq!(own("logto-tower"), None);
    }
}
