//! The workflows of GitHub: actions are pinned by commit, and no job has more permissions than it
//! names.

use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = ".github/workflows";

/// Whether the workflows hold; prints what does not.
pub(crate) fn hold() -> Result<bool, String> {
    let unreadable = |error| format!("{FOLDER} could not be read: {error}");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(FOLDER).map_err(unreadable)?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut all_hold = true;
    for path in paths {
        let text = fs::read_to_string(&path).map_err(unreadable)?;
        for problem in check(&path, &text) {
            eprintln!("{problem}");
            all_hold = false;
        }
    }
    Ok(all_hold)
}

fn check(path: &Path, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut complain = |what: &str| problems.push(format!("{}: {what}", path.display()));
    // What a workflow does not say is what the repository's settings say.
    if !text.lines().any(|line| line == "permissions:" || line == "permissions: {}") {
        complain("no permissions at the top");
    }
    let jobs = text.split_once("\njobs:\n").map_or("", |(_, jobs)| jobs);
    for line in jobs.lines() {
        let line = line.trim_start().trim_start_matches("- ");
        if let Some(action) = line.strip_prefix("uses: ")
            && !is_pinned(action)
        {
            complain(&format!("{action} is not pinned by a commit with its version beside it"));
        }
        if line.contains("write-all") {
            complain("a job may write everything");
        }
    }
    let count = |text: &str, what: &str| text.matches(what).count();
    if count(jobs, "actions/checkout@") != count(jobs, "persist-credentials: false") {
        complain("a checkout leaves its credentials behind");
    }
    problems
}

/// `owner/name@<40 hexadecimal digits> # v1.2.3`
fn is_pinned(action: &str) -> bool {
    let Some((commit, version)) =
        action.split_once('@').and_then(|(_, pin)| pin.split_once(" # v"))
    else {
        return false;
    };
    commit.len() == 40
        && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        && version.starts_with(|character: char| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "3d3c42e5aac5ba805825da76410c181273ba90b1";

    #[test]
    fn a_tag_is_no_pin() {
        assert!(is_pinned(&format!("actions/checkout@{COMMIT} # v7.0.1")));
        for wrong in ["actions/checkout@v7", "actions/checkout", &format!("a/b@{COMMIT}")] {
            assert!(!is_pinned(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_a_job_may_do_is_said() {
        let steps = format!("    steps:\n      - uses: actions/checkout@{COMMIT} # v7.0.1\n");
        let kept = format!("permissions: {{}}\njobs:\n  a:\n{steps}");
        let problems = check(Path::new("x.yml"), &kept);
        assert_eq!(problems, ["x.yml: a checkout leaves its credentials behind"]);
        let fine = format!("{kept}        with:\n          persist-credentials: false\n");
        assert_eq!(check(Path::new("x.yml"), &fine), Vec::<String>::new());
        assert_eq!(check(Path::new("x.yml"), &fine.replace("permissions: {}", "")).len(), 1);
    }
}
