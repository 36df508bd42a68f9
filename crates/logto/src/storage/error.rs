//! `StorageError`: a store that cannot be asked.

use std::error::Error as StdError;
use std::fmt;

/// A client may repeat what a server sent, which is as long as the server likes.
const MAX_CHARS: usize = 500;

/// A store that could not be asked: not connected, too slow, or refusing.
///
/// It must not hold what was to be stored; what it prints ends up in logs, on one line.
///
/// # Example
///
/// ```
/// use logto::storage::StorageError;
///
/// /// What a storage on a file system does with errors of the system.
/// fn read(path: &str) -> Result<Vec<u8>, StorageError> {
///     std::fs::read(path).map_err(StorageError::new)
/// }
/// assert!(read("/nowhere").is_err());
/// ```
#[derive(Debug)]
pub struct StorageError(Box<dyn StdError + Send + Sync>);

impl StorageError {
    /// Wraps the error of a database client, or a sentence.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::storage::StorageError;
    /// let error = StorageError::new("the connection is closed");
    /// assert_eq!(error.to_string(), "the connection is closed");
    /// ```
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&logto_http::printable(&self.0.to_string(), ' ', MAX_CHARS))
    }
}

impl StdError for StorageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients of databases print the server's text, or several lines of their own.
    #[test]
    fn an_error_takes_one_line_in_a_log() {
        let error = StorageError::new("parse error\nunexpected `33`\r\n\u{1b}[31m");
        assert_eq!(error.to_string(), "parse error unexpected `33`   [31m");
    }
}
