//! Credentials in the key ring of the system.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use keyring::{Entry, Error};

use crate::file_store::FileStore;
use crate::store::CredentialStore;

/// What the credential manager of Windows takes.
const MAX_BYTES: usize = 2560;

/// Credentials in the keychain of macOS, the credential manager of Windows, or the secret service
/// of a Linux desktop.
///
/// A Linux without a desktop has none: use a [`FileStore`] there.
///
/// # Example
///
/// ```no_run
/// use logto_native::{KeyRing, NativeApp, NativeConfig};
///
/// let config = NativeConfig::new("https://my-tenant.logto.app", "the app's id");
/// let app = NativeApp::new(config, KeyRing::for_program("my-program")?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyRing {
    entry: Entry,
    lock: PathBuf,
}

impl KeyRing {
    /// The entry of a program. Its lock is a file in the program's
    /// [folder](FileStore::for_program).
    ///
    /// # Errors
    ///
    /// If the system has no key ring, or does not tell where the folder is.
    pub fn for_program(name: &str) -> io::Result<Self> {
        let entry = Entry::new(name, "logto").map_err(failed)?;
        Ok(Self { entry, lock: FileStore::for_program(name)?.lock_file().to_owned() })
    }
}

impl CredentialStore for KeyRing {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        match self.entry.get_secret() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn save(&self, credentials: &[u8]) -> io::Result<()> {
        self.entry.set_secret(credentials).map_err(failed)
    }

    fn delete(&self) -> io::Result<()> {
        match self.entry.delete_credential() {
            Err(Error::NoEntry) | Ok(()) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn lock_file(&self) -> &Path {
        &self.lock
    }

    fn max_bytes(&self) -> usize {
        if cfg!(windows) { MAX_BYTES } else { usize::MAX }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

/// Without the entry: the library's error may have the bytes that it could not decode.
fn failed(error: Error) -> io::Error {
    match error {
        Error::BadEncoding(_) => io::Error::other("the entry is not text"),
        error => io::Error::other(error),
    }
}
