//! `StorageError`: a store that cannot be asked.

use std::error::Error as StdError;
use std::fmt;

/// A store that could not be asked: not connected, too slow, or refusing.
///
/// It must not hold what was to be stored; what it prints ends up in logs.
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
        self.0.fmt(f)
    }
}

impl StdError for StorageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
