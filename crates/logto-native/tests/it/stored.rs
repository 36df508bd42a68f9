//! What is stored, and when it cannot be.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use logto_native::{CredentialStore, ErrorKind, FileStore, NativeApp, NativeConfig};

use crate::{Fixture, THINGS};

/// A store on a disk that is full after some more files.
struct Disk {
    file: FileStore,
    space: Arc<AtomicUsize>,
}

impl CredentialStore for Disk {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        self.file.load()
    }

    fn save(&self, credentials: &[u8]) -> io::Result<()> {
        let taken = |space: usize| space.checked_sub(1);
        match self.space.fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken) {
            Ok(_) => self.file.save(credentials),
            Err(_) => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn delete(&self) -> io::Result<()> {
        self.file.delete()
    }

    fn lock_file(&self) -> &Path {
        self.file.lock_file()
    }
}

impl Fixture {
    async fn signed_in_by_browser(&self, app: NativeApp) -> NativeApp {
        let sign_in = app.begin_browser_sign_in().await.unwrap();
        let back = self.tenant.sign_in(sign_in.url(), "alice").await.unwrap();
        sign_in.finish_with(&back).await.unwrap();
        app
    }

    /// How often the app can save from now on, and the app.
    async fn signed_in_on_disk(&self) -> (Arc<AtomicUsize>, NativeApp) {
        let space = Arc::new(AtomicUsize::new(usize::MAX));
        let disk = Disk { file: FileStore::new(self.file()), space: Arc::clone(&space) };
        let config = NativeConfig::new(self.tenant.endpoint(), &self.browser_app);
        let app = NativeApp::new(config.with_resources([THINGS]), disk).unwrap();
        (space, self.signed_in_by_browser(app).await)
    }

    fn revocations(&self) -> usize {
        let seen = self.tenant.requests();
        seen.iter().filter(|one| one.path == "/oidc/token/revocation").count()
    }
}

#[tokio::test]
async fn each_app_signs_in_and_out_of_its_own() {
    let fixture = Fixture::start().await;
    let one = fixture.signed_in().await;
    let other = fixture.signed_in_by_browser(fixture.app(&fixture.browser_app)).await;
    assert!(one.access_token(THINGS).await.is_ok() && other.access_token(THINGS).await.is_ok());

    let none = fixture.app("an app that no one signed in to");
    none.sign_out().await.unwrap();
    assert_eq!((none.user().await.unwrap(), fixture.revocations()), (None, 0));

    one.sign_out().await.unwrap();
    assert_eq!((one.user().await.unwrap(), fixture.revocations()), (None, 1));
    assert!(other.user().await.unwrap().is_some() && other.access_token(THINGS).await.is_ok());

    other.sign_out().await.unwrap();
    assert_eq!(fixture.revocations(), 2);
    assert!(!fixture.file().exists());
}

#[tokio::test]
async fn a_full_disk_is_no_sign_out() {
    let fixture = Fixture::start().await;
    let (space, app) = fixture.signed_in_on_disk().await;

    // Full before: nothing is redeemed.
    space.store(0, Ordering::SeqCst);
    let error = app.access_token(THINGS).await.unwrap_err();
    assert_eq!((error.kind(), fixture.refreshes()), (ErrorKind::Store, 0));

    // Full after the refresh token is redeemed: the one that replaces it is used.
    space.store(1, Ordering::SeqCst);
    fixture.tenant.set_access_token_life(Duration::ZERO);
    app.access_token(THINGS).await.unwrap();
    app.access_token(THINGS).await.unwrap();
    fixture.tenant.set_access_token_life(Duration::from_secs(3600));
    let token = app.access_token(THINGS).await.unwrap();
    assert_eq!((app.access_token(THINGS).await.unwrap(), fixture.refreshes()), (token, 3));

    // The next call saves it, for other processes.
    space.store(usize::MAX, Ordering::SeqCst);
    let token = app.access_token(THINGS).await.unwrap();
    let other = fixture.app(&fixture.browser_app);
    assert_eq!((other.access_token(THINGS).await.unwrap(), fixture.refreshes()), (token, 3));
}

#[tokio::test]
async fn a_new_sign_in_replaces_what_could_not_be_saved() {
    let fixture = Fixture::start().await;
    let (space, app) = fixture.signed_in_on_disk().await;
    space.store(1, Ordering::SeqCst);
    let unsaved = app.access_token(THINGS).await.unwrap();
    let other = fixture.signed_in_by_browser(fixture.app(&fixture.browser_app)).await;
    let token = app.access_token(THINGS).await;
    assert_eq!(token.unwrap_err().kind(), ErrorKind::Store);
    let token = other.access_token(THINGS).await.unwrap();
    assert_ne!(token, unsaved);
    assert_eq!(app.access_token(THINGS).await.unwrap(), token);
}
