//! The commands of the README and the guides are what a shell understands.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// On Windows the one of Git: the `bash` that is found first there starts another system.
const BASH: &str = if cfg!(windows) { r"C:\Program Files\Git\bin\bash.exe" } else { "bash" };

/// The README, the guides, and the READMEs of the crates.
fn texts() -> Vec<PathBuf> {
    let entries = |folder: &str| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let guides = entries(".").filter(|path| path.extension().is_some_and(|it| it == "md"));
    let crates = entries("../crates").map(|folder| folder.join("README.md"));
    let mut texts: Vec<_> = guides.chain(crates).chain(["../README.md".into()]).collect();
    texts.sort();
    texts
}

/// Blocks of commands, those in lists too, each with the number of its first line.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((_, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let block = lines.by_ref().take_while(|(_, line)| line.trim() != "```");
        let block: Vec<(usize, &str)> = block.collect();
        if language == "sh" {
            let code = block.iter().map(|(_, line)| format!("{line}\n")).collect();
            blocks.push((block[0].0, code));
        }
    }
    blocks
}

/// What a shell says about commands that it does not understand. It does not run them.
fn complaint(commands: &str) -> Option<String> {
    let mut bash = Command::new(BASH)
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("this test needs {BASH}: {error}"));
    bash.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_shell_understands_the_commands() {
    let mut wrong = Vec::new();
    for path in texts() {
        let text = fs::read_to_string(&path).unwrap();
        let blocks = commands(&text);
        let fences = text.lines().filter(|line| line.trim() == "```sh").count();
        assert_eq!(blocks.len(), fences, "{}", path.display());
        for (line, commands) in blocks {
            let complaint = complaint(&commands);
            wrong.extend(complaint.map(|it| format!("{}:{line}: {it}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_pipe_to_nowhere_is_noticed() {
    assert!(complaint("curl http://localhost | \\\n  | jq .\n").is_some());
    assert!(complaint("curl http://localhost |\n  jq .\n").is_none());
}
