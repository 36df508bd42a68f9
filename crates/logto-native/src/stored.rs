//! What an app does with its store.

use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::app::{NativeApp, joined};
use crate::credentials::{Credentials, SignIns};
use crate::error::{Error, ErrorKind};
use crate::lock;
use crate::protocol::Protocol;
use crate::store::CredentialStore;

/// Credentials that could not be saved.
pub(crate) struct Unsaved {
    /// The refresh token that the store still has. If it has another one, the user has signed in
    /// anew, or another process has refreshed.
    stored: String,
    credentials: Credentials,
}

/// Who changes what is stored holds the lock.
impl NativeApp {
    /// Whether what a sign-in brings could be stored, before the user does anything for it.
    pub(crate) async fn check_store(&self) -> Result<(), Error> {
        let check = |store: &dyn CredentialStore| {
            lock::open(store.lock_file())?;
            store.check()
        };
        self.with_store("stored", check).await
    }

    pub(crate) async fn load(&self) -> Result<Option<Credentials>, Error> {
        let Protocol { issuer, app_id, .. } = &self.0.protocol;
        let stored = self.load_all().await?.take(issuer, app_id);
        Ok(match (&stored, &*self.unsaved()) {
            (Some(stored), Some(unsaved)) if unsaved.stored == stored.refresh_token => {
                Some(unsaved.credentials.clone())
            }
            _ => stored,
        })
    }

    /// Whether what was loaded is newer than what the store has.
    pub(crate) fn is_unsaved(&self, loaded: &Credentials) -> bool {
        let unsaved = self.unsaved();
        unsaved.as_ref().is_some_and(|one| one.credentials.refresh_token == loaded.refresh_token)
    }

    /// Keeps what Logto gave for the refresh token that was sent.
    pub(crate) fn keep_unsaved(&self, sent: String, credentials: Credentials) {
        let mut unsaved = self.unsaved();
        let stored = match unsaved.take() {
            Some(before) if before.credentials.refresh_token == sent => before.stored,
            _ => sent,
        };
        *unsaved = Some(Unsaved { stored, credentials });
    }

    fn unsaved(&self) -> MutexGuard<'_, Option<Unsaved>> {
        self.0.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn save(&self, credentials: &Credentials) -> Result<(), Error> {
        let mut sign_ins = self.load_all().await?;
        sign_ins.put(credentials.clone());
        self.save_all(sign_ins).await?;
        *self.unsaved() = None;
        Ok(())
    }

    /// Deletes what is this app's.
    pub(crate) async fn delete(&self) -> Result<(), Error> {
        let Protocol { issuer, app_id, .. } = &self.0.protocol;
        let mut sign_ins = self.load_all().await?;
        let deleted = sign_ins.take(issuer, app_id);
        if sign_ins.is_empty() {
            return self.with_store("deleted", |store| store.delete()).await;
        }
        match deleted {
            Some(_) => self.save_all(sign_ins).await,
            None => Ok(()),
        }
    }

    async fn load_all(&self) -> Result<SignIns, Error> {
        let bytes = self.with_store("read", |store| store.load()).await?;
        Ok(SignIns::parse(&bytes.unwrap_or_default()))
    }

    async fn save_all(&self, sign_ins: SignIns) -> Result<(), Error> {
        let bytes = sign_ins.into_bytes(self.0.store.max_bytes())?;
        self.with_store("written", move |store| store.save(&bytes)).await
    }

    async fn with_store<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&dyn CredentialStore) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.0);
        let outcome = joined(tokio::task::spawn_blocking(move || Ok(work(&*inner.store)))).await?;
        outcome.map_err(|error| {
            let why = format!("the credentials cannot be {what}");
            Error::with_source(ErrorKind::Store, why, error)
        })
    }
}
