//! Reads the `.env` file and adds to it; lines that `logto setup` did not write stay as they are.
//!
//! Above every line that this program writes stands a comment with a fingerprint of it. A line
//! whose comment still fits is ours and may be written anew; every other line stays as it is.

mod line;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use crate::failure::Failure;
use line::assignment;
pub(crate) use line::quoted;

const MARK: &str = "# written by `logto setup`, to be changed by it as long as it is not edited:";

pub(crate) struct EnvFile {
    path: PathBuf,
    lines: Vec<String>,
    changed: bool,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was added, or replaced what we had written.
    Now,
    /// It was there already.
    Before,
    /// It has another value that was edited, which stays.
    Never,
}

impl EnvFile {
    /// A file that is not there is empty.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            other => other.map_err(|error| {
                Failure::new(format_args!("{} cannot be read: {error}", path.display()))
            })?,
        };
        Ok(Self {
            path: path.to_owned(),
            // Whatever else ends a line stays with it. Some editors of Windows begin a file with a
            // mark.
            lines: text
                .trim_start_matches('\u{feff}')
                .split_terminator('\n')
                .map(str::to_owned)
                .collect(),
            changed: false,
        })
    }

    /// The value of the last line that sets the variable, as a shell would see it. Empty is not
    /// set.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.find(name)?;
        Some(value).filter(|value| !value.is_empty())
    }

    /// Whether the value is the one that this program wrote.
    pub(crate) fn is_written_by_us(&self, name: &str) -> bool {
        self.find(name).is_some_and(|(at, _)| self.is_ours(at))
    }

    /// What [`set`](Self::set) would do.
    pub(crate) fn would_set(&self, name: &str, value: &str) -> Written {
        match self.find(name) {
            Some((_, found)) if found == value => Written::Before,
            Some((at, found)) if !found.is_empty() && !self.is_ours(at) => Written::Never,
            _ => Written::Now,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> Written {
        let written = self.would_set(name, value);
        if written != Written::Now {
            return written;
        }
        let line = format!("{name}={}", quoted(value));
        let mark = format!("{MARK} {}", fingerprint(&line));
        let at = match self.find(name) {
            Some((at, _)) if self.is_ours(at) => at - 1..=at,
            Some((at, _)) => at..=at,
            None => {
                self.lines.push(String::new());
                let end = self.lines.len() - 1;
                end..=end
            }
        };
        self.lines.splice(at, [mark, line]);
        self.changed = true;
        written
    }

    /// Whether other users of this machine may read what is in the file.
    #[cfg(unix)]
    pub(crate) fn is_open_to_others(path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;

        fs::metadata(path).is_ok_and(|found| found.mode() & 0o044 != 0)
    }

    /// Windows keeps the files of a user to the user.
    #[cfg(not(unix))]
    pub(crate) fn is_open_to_others(_path: &Path) -> bool {
        false
    }

    /// Writes the file whole or not at all. A new one is for its owner's eyes only.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        if !self.changed {
            return Ok(());
        }
        self.replace().map_err(|error| {
            let path = self.path.display();
            Failure::new(format_args!("{path} cannot be written: {error}"))
        })
    }

    fn replace(&self) -> io::Result<()> {
        // A link stays a link: what it leads to is replaced.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}.new", std::process::id()));
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&beside)?;
        let written = self.write(file, &path).and_then(|()| fs::rename(&beside, &path));
        if written.is_err() {
            // Half a file, with secrets in it.
            let _ = fs::remove_file(&beside);
        }
        written
    }

    /// Writes all lines, for those who may read what is at `old`.
    fn write(&self, mut file: File, old: &Path) -> io::Result<()> {
        if let Ok(old) = fs::metadata(old) {
            file.set_permissions(old.permissions())?;
        }
        for line in &self.lines {
            writeln!(file, "{line}")?;
        }
        file.sync_all()
    }

    fn find(&self, name: &str) -> Option<(usize, String)> {
        let lines = self.lines.iter().enumerate().rev();
        let mut assignments = lines.filter_map(|(at, line)| Some((at, assignment(line)?)));
        let (at, (_, value)) = assignments.find(|(_, (found, _))| *found == name)?;
        Some((at, value))
    }

    fn is_ours(&self, at: usize) -> bool {
        let line = |at| self.lines.get(at).map(String::as_str);
        let above = at.checked_sub(1).and_then(line).unwrap_or_default();
        let print = above.strip_prefix(MARK).map(str::trim);
        print.is_some() && print == line(at).map(fingerprint).as_deref()
    }
}

fn fingerprint(line: &str) -> String {
    let hash = digest(&SHA256, line.as_bytes());
    let bytes = hash.as_ref().iter().take(4);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> EnvFile {
        EnvFile {
            path: PathBuf::new(),
            lines: text.lines().map(str::to_owned).collect(),
            changed: false,
        }
    }

    fn text(file: &EnvFile) -> String {
        file.lines.join("\n")
    }

    #[test]
    fn every_way_of_writing_a_value_is_read() {
        let file = file(concat!(
            "# LOGTO_A=comment\nLOGTO_A=old\nexport LOGTO_A = new # why\nLOGTO_B='a $b # c'\n",
            "LOGTO_C=\"a \\\"b\\\" \\$c\\n\"\nLOGTO_D=\nnot an assignment\nLOGTO_E=a=b#c\n",
        ));
        for (name, value) in [
            ("LOGTO_A", Some("new")),
            ("LOGTO_B", Some("a $b # c")),
            ("LOGTO_C", Some("a \"b\" $c\n")),
            ("LOGTO_D", None),
            ("LOGTO_E", Some("a=b#c")),
            ("LOGTO_F", None),
        ] {
            assert_eq!(file.get(name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for value in ["https://t.logto.app/a?b=c", "with space", "a'b\"c\\d$e`f", "two\nlines", "#"]
        {
            let mut file = file("");
            assert_eq!(file.set("LOGTO_A", value), Written::Now);
            assert_eq!(file.get("LOGTO_A").as_deref(), Some(value));
            assert_eq!(file.set("LOGTO_A", value), Written::Before);
        }
    }

    #[test]
    fn what_others_wrote_stays() {
        let theirs = "# mine\nLOGTO_APP_ID=mine\nOTHER=1";
        let mut file = file(theirs);
        assert_eq!(file.set("LOGTO_APP_ID", "ours"), Written::Never);
        assert_eq!(text(&file), theirs);
        assert!(!file.changed);
    }

    #[test]
    fn what_we_wrote_is_renewed_in_its_place() {
        let mut file = file("OTHER=1");
        file.set("LOGTO_APP_ID", "first");
        file.lines.push("LAST=1".to_owned());
        assert_eq!(file.set("LOGTO_APP_ID", "second"), Written::Now);
        assert_eq!(file.get("LOGTO_APP_ID").as_deref(), Some("second"));
        assert_eq!(file.lines.len(), 4, "{}", text(&file));
        assert_eq!(file.lines.last().map(String::as_str), Some("LAST=1"));
    }

    #[test]
    fn values_that_were_changed_by_hand_are_kept() {
        let mut file = file("");
        file.set("LOGTO_APP_ID", "ours");
        let edited = text(&file).replace("=ours", "=mine");
        file.lines = edited.lines().map(str::to_owned).collect();
        assert_eq!(file.set("LOGTO_APP_ID", "new"), Written::Never);
        assert_eq!(text(&file), edited);
    }

    #[test]
    fn an_empty_value_is_filled_in() {
        let mut file = file("LOGTO_APP_ID=\nOTHER=1");
        assert_eq!(file.set("LOGTO_APP_ID", "ours"), Written::Now);
        assert_eq!(file.get("LOGTO_APP_ID").as_deref(), Some("ours"));
        assert_eq!(file.get("OTHER").as_deref(), Some("1"));
    }

    #[test]
    fn lines_of_others_keep_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        fs::write(&path, "\u{feff}OTHER=1\r\nLAST=2").unwrap();
        let mut file = EnvFile::read(&path).unwrap();
        assert_eq!(file.get("OTHER").as_deref(), Some("1"));
        file.set("LOGTO_APP_ID", "ours");
        file.save().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("OTHER=1\r\nLAST=2\n# "), "{text:?}");
    }

    #[test]
    fn a_file_is_written_whole_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let mut file = EnvFile::read(&path).unwrap();
        file.set("LOGTO_APP_SECRET", "secret");
        file.save().unwrap();
        let again = EnvFile::read(&path).unwrap();
        assert_eq!(again.get("LOGTO_APP_SECRET").as_deref(), Some("secret"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
