//! Takes the Rust code out of the guides, so that `tests/guides` can serve it.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The blocks of `protect-a-page.md` become `protect-a-page-1.rs`, `protect-a-page-2.rs`, …
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=.");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    for entry in fs::read_dir(".")? {
        let path = entry?.path();
        let guide = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".md"));
        if let Some(guide) = guide {
            write_blocks(&fs::read_to_string(&path)?, guide, &out)?;
        }
    }
    Ok(())
}

fn write_blocks(text: &str, guide: &str, out: &Path) -> io::Result<()> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    let rust = blocks.filter_map(|block| block.strip_prefix("rust")?.split_once('\n'));
    for (number, (_, code)) in (1..).zip(rust) {
        let code = code.lines().map(visible).fold(String::new(), |code, line| code + &line + "\n");
        fs::write(out.join(format!("{guide}-{number}.rs")), code)?;
    }
    Ok(())
}

/// A line without the mark of what rustdoc hides. Items can be used by the test beside the module.
fn visible(line: &str) -> String {
    let line = if line == "#" { "" } else { line.strip_prefix("# ").unwrap_or(line) };
    let items = ["async fn ", "fn ", "const ", "enum ", "struct "];
    match items.iter().any(|keyword| line.starts_with(keyword)) {
        true => format!("pub(super) {line}"),
        false => line.to_owned(),
    }
}
