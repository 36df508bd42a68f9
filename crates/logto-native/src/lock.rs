//! A lock between processes, which the system takes back from one that dies.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Error, ErrorKind};
use crate::file_store::{create_folder, named};

/// How long another process may take: longer than a request to Logto.
const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(50);

/// Held until it is dropped.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) async fn acquire(path: &Path) -> Result<Self, Error> {
        let failed =
            |error| Error::with_source(ErrorKind::Store, "the credentials cannot be locked", error);
        let file = open(path).map_err(failed)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(failed(named(path, &error))),
                Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(INTERVAL).await,
                Err(TryLockError::WouldBlock) => {
                    let why = "another process keeps the credentials locked";
                    return Err(Error::new(ErrorKind::Locked, why));
                }
            }
        }
    }
}

/// The file of a lock, which is not taken yet.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    create_folder(path)?;
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| named(path, &error))
}
