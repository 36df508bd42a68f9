//! Programs from the registry, in a version of our choice and into a folder of this clone.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Nothing outside of the clone changes.
const TOOLS: &str = "target/tools";

/// A program of the registry.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// What `cargo install` is told beside them.
    pub(crate) options: &'static [&'static str],
}

impl Tool {
    /// The program, installed if it is not there, or a sentence about why it is not.
    pub(crate) fn installed(&self) -> Result<PathBuf, String> {
        let Self { name, version, .. } = self;
        let program = Path::new(TOOLS).join("bin").join(name);
        let is_right = || {
            Command::new(&program)
                .arg("--version")
                .output()
                .is_ok_and(|output| says(&output.stdout, version))
        };
        if is_right() || (self.install() && is_right()) {
            return Ok(program);
        }
        Err(format!("{name} {version} is missing and could not be installed into {TOOLS}"))
    }

    /// Without optimisation this takes little more than a minute; the program runs
    /// for a second or two either way.
    fn install(&self) -> bool {
        let Self { name, version, options } = self;
        println!("Installing {name} {version} into {TOOLS} …");
        let build = Path::new(TOOLS).join("build");
        let installed = Command::new(env!("CARGO"))
            .args(["install", "--quiet", "--locked", name, "--version", version])
            .args(["--force", "--root", TOOLS])
            .args(*options)
            .env("CARGO_TARGET_DIR", &build)
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .status()
            .is_ok_and(|status| status.success());
        // Half a gigabyte that is not needed again; if it stays, it only takes space.
        let _ = std::fs::remove_dir_all(build);
        installed
    }
}

/// Reads `cargo-deny 0.20.2` and `mdbook v0.5.4`.
fn says(output: &[u8], version: &str) -> bool {
    let output = String::from_utf8_lossy(output);
    let said = output.trim_end().rsplit(' ').next().unwrap_or_default();
    said.strip_prefix('v').unwrap_or(said) == version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert!(says(b"cargo-deny 0.20.2\n", "0.20.2"));
        assert!(says(b"mdbook v0.5.4\n", "0.5.4"));
        assert!(!says(b"mdbook v0.5.4\n", "0.5.5"));
        assert!(!says(b"mdbook v10.5.4\n", "0.5.4"));
        assert!(!says(b"", "0.5.4"));
    }
}
