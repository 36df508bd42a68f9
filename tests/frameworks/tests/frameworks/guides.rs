//! The code in the guides is code of the examples, which is compiled and run.

use std::fs;
use std::path::Path;

use logto_framework_tests::Framework;

/// The files with Rust below a folder, in one text without indentation.
fn source(folder: &Path) -> String {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let texts = entries.map(|path| match path.is_dir() {
        true => source(&path),
        false => normal(&fs::read_to_string(path).expect("text")),
    });
    texts.collect()
}

fn normal(code: &str) -> String {
    code.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
        + "\n"
}

#[test]
fn the_code_of_the_guides_is_that_of_the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for framework in Framework::ALL {
        let name = framework.name();
        let guide = fs::read_to_string(root.join(format!("docs/{name}.md"))).expect("a guide");
        let source = source(&root.join("examples").join(name).join("src"));
        // A block in a list is indented.
        let guide = normal(&guide);
        let blocks = guide.split("\n```").skip(1).step_by(2);
        let rust: Vec<&str> = blocks.filter_map(|block| block.strip_prefix("rust")).collect();
        assert!(rust.len() > 2, "{name}: {} blocks", rust.len());
        for block in rust {
            // Parts that are left out are marked, and what is around them is compared.
            let code = block.split_once('\n').expect("code").1;
            for part in code.split("// …\n") {
                assert!(source.contains(&normal(part)), "docs/{name}.md:\n{part}");
            }
        }
    }
}
