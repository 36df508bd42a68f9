//! The handle that a program holds.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::access_token::AccessToken;
use crate::browser::BrowserSignIn;
use crate::config::NativeConfig;
use crate::credentials::Credentials;
use crate::device::DeviceSignIn;
use crate::error::{Error, ErrorKind};
use crate::lock::Lock;
use crate::protocol::{Protocol, Tokens};
use crate::store::CredentialStore;
use crate::stored::Unsaved;
use crate::user::User;

/// A program that signs a user in at one tenant. Cheap to clone.
///
/// # Example
///
/// ```no_run
/// use logto_native::{FileStore, NativeApp, NativeConfig};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = NativeConfig::new("https://my-tenant.logto.app", "the app's id")
///     .with_resources(["https://api.example.com"]);
/// let app = NativeApp::new(config, FileStore::for_program("my-program")?)?;
///
/// if app.user().await?.is_none() {
///     let sign_in = app.begin_device_sign_in().await?;
///     println!("Open {} and enter {}", sign_in.verification_uri(), sign_in.user_code());
///     println!("Hello, {}", sign_in.finish().await?.sub);
/// }
/// let token = app.access_token("https://api.example.com").await?;
/// let authorization = format!("Bearer {}", token.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NativeApp(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) protocol: Protocol,
    redirect_path: String,
    pub(crate) store: Box<dyn CredentialStore>,
    pub(crate) unsaved: Mutex<Option<Unsaved>>,
}

impl NativeApp {
    /// An app with its credentials in `store`. Nothing is sent or read yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the endpoint is not an HTTPS URL (plain http is taken in
    /// private networks), the app's id is empty, or the redirect path does not begin with a
    /// slash.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::{ErrorKind, FileStore, NativeApp, NativeConfig};
    ///
    /// let config = NativeConfig::new("https://my-tenant.logto.app", "the app's id");
    /// let app = NativeApp::new(config, FileStore::new("credentials.json"))?;
    ///
    /// // Without https, anyone on the way could read the tokens.
    /// let config = NativeConfig::new("http://my-tenant.logto.app", "the app's id");
    /// let refused = NativeApp::new(config, FileStore::new("credentials.json"));
    /// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::InvalidRequest));
    /// # Ok::<(), logto_native::Error>(())
    /// ```
    pub fn new(config: NativeConfig, store: impl CredentialStore) -> Result<Self, Error> {
        if !config.redirect_path.starts_with('/') {
            let why = "the redirect path does not begin with a slash";
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        let protocol = Protocol::new(&config)?;
        let redirect_path = config.redirect_path;
        let (store, unsaved) = (Box::new(store), Mutex::new(None));
        Ok(Self(Arc::new(Inner { protocol, redirect_path, store, unsaved })))
    }

    /// Who is signed in, as far as this machine knows; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the credentials cannot be read.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::{Error, NativeApp};
    ///
    /// /// For a command such as `my-program whoami`.
    /// async fn who_am_i(app: &NativeApp) -> Result<String, Error> {
    ///     Ok(match app.user().await? {
    ///         Some(user) => format!("signed in as {}", user.name.unwrap_or(user.sub)),
    ///         None => "not signed in".to_owned(),
    ///     })
    /// }
    /// # use logto_native::{FileStore, NativeConfig};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let config = NativeConfig::new("https://my-tenant.logto.app", "the app's id");
    /// # let app = NativeApp::new(config, FileStore::new(folder.path().join("credentials.json")))?;
    /// # assert_eq!(who_am_i(&app).await?, "not signed in");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn user(&self) -> Result<Option<User>, Error> {
        Ok(self.load().await?.map(|credentials| credentials.user))
    }

    /// Begins the device flow, for programs without a browser beside them. Needs an application
    /// that was created for it (`isDeviceFlow`), and Logto 1.38.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreachable`]; [`ErrorKind::Refused`] if the application is not of that kind;
    /// [`ErrorKind::Store`] if the credentials could not be stored.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::{Error, NativeApp, User};
    ///
    /// async fn sign_in(app: &NativeApp) -> Result<User, Error> {
    ///     let sign_in = app.begin_device_sign_in().await?;
    ///     println!("Open {} and enter {}", sign_in.verification_uri(), sign_in.user_code());
    ///     sign_in.finish().await
    /// }
    /// ```
    pub async fn begin_device_sign_in(&self) -> Result<DeviceSignIn, Error> {
        self.check_store().await?;
        let codes = self.0.protocol.device_codes().await?;
        Ok(DeviceSignIn { app: self.clone(), codes })
    }

    /// Begins a sign-in in the browser of this machine, and listens on a free port of it. Needs an
    /// application with the redirect URI `http://127.0.0.1/callback`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreachable`]; [`ErrorKind::Internal`] if no port is free;
    /// [`ErrorKind::Store`] if the credentials could not be stored.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::{Error, NativeApp, User};
    ///
    /// async fn sign_in(app: &NativeApp) -> Result<User, Error> {
    ///     let sign_in = app.begin_browser_sign_in().await?;
    ///     // The crate `open` can do this for the user.
    ///     println!("Open {}", sign_in.url());
    ///     sign_in.finish().await
    /// }
    /// ```
    pub async fn begin_browser_sign_in(&self) -> Result<BrowserSignIn, Error> {
        self.check_store().await?;
        BrowserSignIn::begin(self.clone(), &self.0.redirect_path).await
    }

    /// An access token for one of the configured resources: a kept one, or a new one by the refresh
    /// token, which only one process at a time redeems. It is redeemed only if the credentials can
    /// be saved. If they can't be any more once Logto has replaced the refresh token, this handle
    /// and its clones go on with the new one, and each call tries again to save it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`] if no one is signed in, or Logto ended the sign-in;
    /// [`ErrorKind::InvalidRequest`] for a resource that is not configured;
    /// [`ErrorKind::Unreachable`] and [`ErrorKind::Locked`], after which the same call
    /// may work; [`ErrorKind::Store`] if the credentials cannot be read or written.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::{Error, NativeApp};
    ///
    /// /// The token for the API. A user who is not signed in has to do so first.
    /// async fn token(app: &NativeApp) -> Result<String, Error> {
    ///     let resource = "https://api.example.com";
    ///     let token = match app.access_token(resource).await {
    ///         Err(error) if error.needs_sign_in() => {
    ///             let sign_in = app.begin_device_sign_in().await?;
    ///             println!("Open {} and enter {}", sign_in.verification_uri(), sign_in.user_code());
    ///             sign_in.finish().await?;
    ///             app.access_token(resource).await?
    ///         }
    ///         token => token?,
    ///     };
    ///     Ok(token.as_str().to_owned())
    /// }
    /// ```
    pub async fn access_token(&self, resource: &str) -> Result<AccessToken, Error> {
        self.0.protocol.check_resource(resource)?;
        let credentials = self.load().await?.ok_or_else(not_signed_in)?;
        if let Some(token) = credentials.usable(resource, now())
            && !self.is_unsaved(&credentials)
        {
            return Ok(token.clone());
        }
        // A task of its own: what Logto answers is saved even if the caller goes away.
        let (app, resource) = (self.clone(), resource.to_owned());
        joined(tokio::spawn(async move { app.refresh(&resource).await })).await
    }

    async fn refresh(&self, resource: &str) -> Result<AccessToken, Error> {
        let _lock = Lock::acquire(self.0.store.lock_file()).await?;
        // Another process may have been faster.
        let mut credentials = self.load().await?.ok_or_else(not_signed_in)?;
        let (is_unsaved, usable) =
            (self.is_unsaved(&credentials), credentials.usable(resource, now()).cloned());
        if is_unsaved || usable.is_none() {
            // Logto takes a refresh token once. One that is stored is not sent before it is known
            // that its successor can be stored.
            let saved = self.save(&credentials).await;
            if !is_unsaved {
                saved?;
            }
        }
        if let Some(token) = usable {
            return Ok(token);
        }
        let tokens = match self.0.protocol.refresh(&credentials.refresh_token, resource).await {
            Err(error) if error.code() == Some("invalid_grant") => {
                self.delete().await?;
                let why = "Logto does not take the credentials any more: sign in again";
                return Err(Error::with_source(ErrorKind::SignInRequired, why, error));
            }
            tokens => tokens?,
        };
        let sent = credentials.refresh_token.clone();
        if let Some(refresh_token) = tokens.refresh {
            credentials.refresh_token = refresh_token;
        }
        credentials.keep(tokens.access.clone(), now());
        if self.save(&credentials).await.is_err() {
            self.keep_unsaved(sent, credentials);
        }
        Ok(tokens.access)
    }

    /// Signs the user out of this app: its credentials are deleted, then Logto revokes what it had
    /// issued for them. Those of other apps and tenants in the same store stay.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if they cannot be deleted. [`ErrorKind::Unreachable`] if Logto could
    /// not be told; they are deleted all the same.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_native::{Error, ErrorKind, NativeApp};
    ///
    /// async fn sign_out(app: &NativeApp) -> Result<(), Error> {
    ///     match app.sign_out().await {
    ///         // The credentials are deleted from this machine all the same.
    ///         Err(error) if error.kind() == ErrorKind::Unreachable => {
    ///             println!("You are signed out here, but Logto could not be told.");
    ///             Ok(())
    ///         }
    ///         outcome => outcome,
    ///     }
    /// }
    /// ```
    pub async fn sign_out(&self) -> Result<(), Error> {
        let app = self.clone();
        joined(tokio::spawn(async move {
            let _lock = Lock::acquire(app.0.store.lock_file()).await?;
            let credentials = app.load().await?;
            app.delete().await?;
            match credentials {
                Some(credentials) => app.0.protocol.revoke(&credentials.refresh_token).await,
                None => Ok(()),
            }
        }))
        .await
    }

    /// Saves what a sign-in brought.
    pub(crate) async fn keep(&self, tokens: Tokens, nonce: Option<String>) -> Result<User, Error> {
        let Protocol { issuer, app_id, .. } = &self.0.protocol;
        let invalid = |why| Error::new(ErrorKind::InvalidResponse, why);
        let id_token = tokens.id_token.ok_or_else(|| invalid("the sign-in brought no ID token"))?;
        let user = User::from_id_token(&id_token, issuer, app_id, nonce.as_deref(), now())?;
        let refresh_token =
            tokens.refresh.ok_or_else(|| invalid("the sign-in brought no refresh token"))?;
        let credentials = Credentials::new(issuer, app_id, user.clone(), refresh_token);
        let app = self.clone();
        let saving = tokio::spawn(async move {
            let _lock = Lock::acquire(app.0.store.lock_file()).await?;
            app.save(&credentials).await
        });
        joined(saving).await.map(|()| user)
    }
}

pub(crate) async fn joined<T>(task: tokio::task::JoinHandle<Result<T, Error>>) -> Result<T, Error> {
    let cut = |error| Error::with_source(ErrorKind::Internal, "the task was cut short", error);
    task.await.map_err(cut)?
}

fn not_signed_in() -> Error {
    Error::new(ErrorKind::SignInRequired, "no one is signed in")
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

impl fmt::Debug for NativeApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeApp").finish_non_exhaustive()
    }
}
