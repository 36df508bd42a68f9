//! Credentials in a file that only its owner reads.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::store::CredentialStore;

/// As many as Linux follows.
const MAX_LINKS: usize = 40;

/// Credentials in a file of mode 0600, in a folder of mode 0700 if the folder is new. Windows
/// protects it by the folder's own permissions. A link to a file stays one. Programs that share the
/// file have to open it under the same name, because the lock is beside that.
///
/// # Example
///
/// ```no_run
/// use logto_native::FileStore;
///
/// let store = FileStore::for_program("my-program")?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    file: PathBuf,
    lock: PathBuf,
}

impl FileStore {
    /// In this file, with the file of the lock beside it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::FileStore;
    ///
    /// // Beside the program's other files. The file of the lock is `credentials.json.lock`.
    /// let store = FileStore::new("/var/lib/my-program/credentials.json");
    /// ```
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        let lock = with_suffix(&file, ".lock");
        Self { file, lock }
    }

    /// In the file `credentials.json` of the program's folder below the user's configuration:
    /// `$XDG_CONFIG_HOME` or `~/.config`, `~/Library/Application Support`, or `%APPDATA%`.
    ///
    /// # Errors
    ///
    /// If the system does not tell where that is.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use logto_native::{FileStore, NativeApp, NativeConfig};
    ///
    /// let config = NativeConfig::new("https://my-tenant.logto.app", "the app's id");
    /// // On Linux: ~/.config/my-program/credentials.json
    /// let app = NativeApp::new(config, FileStore::for_program("my-program")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_program(name: &str) -> io::Result<Self> {
        let folder = config_folder().ok_or_else(|| io::Error::other("there is no home folder"))?;
        Ok(Self::new(folder.join(name).join("credentials.json")))
    }
}

/// What a link leads to, whether it is there or not.
fn followed(file: &Path) -> PathBuf {
    let mut target = file.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&target) else {
            return target;
        };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    // A circle.
    file.to_owned()
}

fn config_folder() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::home_dir().filter(|path| path.is_absolute());
    if cfg!(windows) {
        variable("APPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        variable("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")))
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl CredentialStore for FileStore {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(&self.file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(named(&self.file, &error)),
        }
    }

    fn save(&self, credentials: &[u8]) -> io::Result<()> {
        let target = followed(&self.file);
        create_folder(&target)?;
        let new = with_suffix(&target, ".new");
        // What a process left that was killed may have other permissions.
        remove(&new)?;
        let write = || {
            let mut file = private().create_new(true).open(&new)?;
            file.write_all(credentials)?;
            file.sync_all()?;
            fs::rename(&new, &target)
        };
        write().map_err(|error| named(&target, &error))
    }

    fn check(&self) -> io::Result<()> {
        let target = followed(&self.file);
        create_folder(&target)?;
        // Not the file that another process may be saving to.
        let tried = with_suffix(&target, &format!(".tried-{}", std::process::id()));
        remove(&tried)?;
        let written = private().create_new(true).open(&tried);
        let written = written.and_then(|mut file| file.write_all(b"\n"));
        written.map_err(|error| named(&tried, &error))?;
        remove(&tried)
    }

    fn delete(&self) -> io::Result<()> {
        remove(&followed(&self.file))
    }

    fn lock_file(&self) -> &Path {
        &self.lock
    }
}

/// The folder of a file, if it is not there, for its owner alone.
pub(crate) fn create_folder(file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent() else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| named(folder, &error))
}

/// The error with the path that it is about, which the system leaves out.
pub(crate) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(file, &error)),
        _ => Ok(()),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_found_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path().join("app/credentials.json"));
        assert_eq!(store.load().unwrap(), None);
        store.delete().unwrap();
        store.save(b"one").unwrap();
        store.save(b"two").unwrap();
        assert_eq!(store.load().unwrap().as_deref(), Some(&b"two"[..]));
        store.delete().unwrap();
        assert_eq!(store.load().unwrap(), None);
    }

    #[test]
    fn what_cannot_be_saved_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app/credentials.json");
        FileStore::new(&file).check().unwrap();
        assert_eq!(fs::read_dir(folder.path().join("app")).unwrap().count(), 0);

        let file = folder.path().join("file/credentials.json");
        fs::write(folder.path().join("file"), "").unwrap();
        let store = FileStore::new(&file);
        for error in [store.check().unwrap_err(), store.save(b"one").unwrap_err()] {
            let path = file.parent().unwrap().display().to_string();
            assert!(error.to_string().starts_with(&path), "{error}");
        }
    }

    /// Users keep files of programs elsewhere, as on an encrypted disk.
    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let [file, between, elsewhere] =
            ["credentials.json", "link", "disk/credentials"].map(|name| folder.path().join(name));
        symlink("link", &file).unwrap();
        symlink(&elsewhere, &between).unwrap();
        let store = FileStore::new(&file);
        for secret in [b"one", b"two"] {
            store.save(secret).unwrap();
            assert_eq!(fs::read(&elsewhere).unwrap(), secret);
        }
        assert_eq!(store.load().unwrap().as_deref(), Some(&b"two"[..]));
        store.delete().unwrap();
        assert!(!elsewhere.exists());
        assert_eq!(store.load().unwrap(), None);
        assert!(file.is_symlink() && between.is_symlink());

        fs::remove_file(&file).unwrap();
        symlink(&file, &file).unwrap();
        store.save(b"three").unwrap();
        assert_eq!(store.load().unwrap().as_deref(), Some(&b"three"[..]));
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app/credentials.json");
        let store = FileStore::new(&file);
        store.save(b"old").unwrap();
        // As a killed process may have left it.
        fs::write(with_suffix(&file, ".new"), "half").unwrap();
        store.save(b"secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(store.load().unwrap().as_deref(), Some(&b"secret"[..]));
    }
}
