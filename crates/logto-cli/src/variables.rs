//! Values from the environment, or else from the `.env` file.

use std::env;
use std::path::Path;

use crate::env_file::EnvFile;
use crate::failure::Failure;

pub(crate) struct Variables {
    pub(crate) file: EnvFile,
}

/// Where variables are looked for unless it is said where.
const USUAL: &str = ".env";

pub(crate) fn file_or_usual(given: Option<&Path>) -> &Path {
    given.unwrap_or(Path::new(USUAL))
}

impl Variables {
    /// Of a file that was named, or else of the usual one if it is there.
    pub(crate) fn find(given: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = given
            && !path.try_exists().unwrap_or(true)
        {
            let path = path.display();
            return Err(Failure::wrong_use(format_args!("there is no file {path}")));
        }
        Self::read(file_or_usual(given))
    }

    /// A file that is not there is empty.
    pub(crate) fn read(env_file: &Path) -> Result<Self, Failure> {
        let file = EnvFile::read(env_file)?;
        Ok(Self { file })
    }

    /// Empty is not set.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        in_environment(name).or_else(|| self.file.get(name))
    }

    /// Whether only the file has it, which apps do not read by themselves.
    pub(crate) fn is_in_file_only(&self, name: &str) -> bool {
        in_environment(name).is_none() && self.file.get(name).is_some()
    }
}

fn in_environment(name: &str) -> Option<String> {
    let value = env::var(name).ok().map(|value| value.trim().to_owned());
    value.filter(|value| !value.is_empty())
}
