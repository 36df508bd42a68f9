//! Sign-in on another device: a phone, or the browser of another computer.

use std::fmt;
use std::time::Duration;

use crate::app::NativeApp;
use crate::error::Error;
use crate::protocol::DeviceCodes;
use crate::user::User;

/// A device flow that has begun (RFC 8628). Show [address](Self::verification_uri) and
/// [code](Self::user_code), then [`finish`](Self::finish).
///
/// # Example
///
/// ```
/// use logto_native::{Error, NativeApp, User};
///
/// async fn sign_in(app: &NativeApp) -> Result<User, Error> {
///     let sign_in = app.begin_device_sign_in().await?;
///     println!("Open {} and enter {}", sign_in.verification_uri(), sign_in.user_code());
///     if let Some(link) = sign_in.verification_uri_complete() {
///         println!("Or open {link} and compare the code.");
///     }
///     println!("You have {} minutes.", sign_in.expires_in().as_secs() / 60);
///     sign_in.finish().await
/// }
/// ```
#[must_use = "no one signs in unless it is finished"]
pub struct DeviceSignIn {
    pub(crate) app: NativeApp,
    pub(crate) codes: DeviceCodes,
}

impl DeviceSignIn {
    /// The page to open on any device.
    #[must_use]
    pub fn verification_uri(&self) -> &str {
        self.codes.verification_uri().as_str()
    }

    /// The code to type there, and to compare before allowing anything.
    #[must_use]
    pub fn user_code(&self) -> &str {
        self.codes.user_code().secret()
    }

    /// The page with the code filled in, for a link or a QR code.
    #[must_use]
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.codes.verification_uri_complete().map(|uri| uri.secret().as_str())
    }

    /// How long the code is valid.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.codes.expires_in()
    }

    /// Waits until the user has signed in, and saves the credentials. It asks Logto every five
    /// seconds, and goes on asking after a failure such as a broken connection. It stops when the
    /// future is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) if the user refuses,
    /// [`ErrorKind::Expired`](crate::ErrorKind::Expired) if the code expires,
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) if Logto ended the flow, and
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the credentials cannot be saved.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use logto_management::{ApplicationType, CustomClientMetadata, Management, NewApplication};
    /// # use logto_native::{FileStore, NativeApp, NativeConfig};
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let machine = tenant.machine_app();
    /// # let management = Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret)?;
    /// # let mut new = NewApplication::new("my-program", ApplicationType::Native);
    /// # let mut metadata = CustomClientMetadata::default();
    /// # metadata.other.insert("isDeviceFlow".to_owned(), true.into());
    /// # new.custom_client_metadata = Some(metadata);
    /// # let created = management.applications().create(&new).await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let store = FileStore::new(folder.path().join("credentials.json"));
    /// # let app = NativeApp::new(NativeConfig::new(tenant.endpoint(), created.id), store)?;
    /// let sign_in = app.begin_device_sign_in().await?;
    /// println!("Open {} and enter {}", sign_in.verification_uri(), sign_in.user_code());
    /// # let page = sign_in.verification_uri_complete().unwrap_or_default();
    /// # tenant.browser().approve_device(page, "alice").await?;
    /// let user = sign_in.finish().await?;
    /// assert_eq!(user.name.as_deref(), Some("Alice Example"));
    /// // The next run of the program finds the credentials.
    /// assert_eq!(app.user().await?, Some(user));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn finish(self) -> Result<User, Error> {
        let tokens = self.app.0.protocol.device_tokens(&self.codes).await?;
        self.app.keep(tokens, None).await
    }
}

/// Without the codes.
impl fmt::Debug for DeviceSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignIn").finish_non_exhaustive()
    }
}
