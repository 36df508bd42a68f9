//! Where credentials are between two runs of a program.

use std::io;
use std::path::Path;

/// Keeps the credentials of a program, one user for each tenant and app, as bytes that only this
/// crate reads. They are secret.
///
/// The methods may block: they are called on threads where that is allowed.
///
/// # Example
///
/// ```
/// use std::io;
/// use std::path::{Path, PathBuf};
/// use std::sync::{Mutex, PoisonError};
///
/// use logto_native::CredentialStore;
///
/// /// Credentials that are forgotten when the program ends.
/// struct InMemory {
///     credentials: Mutex<Option<Vec<u8>>>,
///     lock: PathBuf,
/// }
///
/// impl CredentialStore for InMemory {
///     fn load(&self) -> io::Result<Option<Vec<u8>>> {
///         Ok(self.credentials.lock().unwrap_or_else(PoisonError::into_inner).clone())
///     }
///
///     fn save(&self, credentials: &[u8]) -> io::Result<()> {
///         let mut kept = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
///         *kept = Some(credentials.to_vec());
///         Ok(())
///     }
///
///     fn delete(&self) -> io::Result<()> {
///         *self.credentials.lock().unwrap_or_else(PoisonError::into_inner) = None;
///         Ok(())
///     }
///
///     fn lock_file(&self) -> &Path {
///         &self.lock
///     }
/// }
/// ```
pub trait CredentialStore: Send + Sync + 'static {
    /// What was saved last; `None` if nothing was, or it was deleted.
    ///
    /// # Errors
    ///
    /// If it cannot be read now.
    fn load(&self) -> io::Result<Option<Vec<u8>>>;

    /// Replaces what was saved, in one step: another process finds the old or the new bytes.
    ///
    /// # Errors
    ///
    /// If it cannot be written now.
    fn save(&self, credentials: &[u8]) -> io::Result<()>;

    /// Whether [`save`](Self::save) would work, asked before the user signs in: what a sign-in
    /// brings and cannot be saved is lost. A store that does not know says yes.
    ///
    /// # Errors
    ///
    /// If nothing can be written now.
    fn check(&self) -> io::Result<()> {
        Ok(())
    }

    /// Deletes what was saved, if anything was.
    ///
    /// # Errors
    ///
    /// If it cannot be deleted now.
    fn delete(&self) -> io::Result<()>;

    /// A file that every process with these credentials locks while it refreshes them. It is empty,
    /// and must not be the file of the credentials.
    fn lock_file(&self) -> &Path;

    /// How many bytes can be saved. Access tokens that do not fit are left out, and fetched again.
    fn max_bytes(&self) -> usize {
        usize::MAX
    }
}
