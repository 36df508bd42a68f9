//! Sign-in on another device: a phone, or the browser of another computer.

use std::fmt;
use std::time::Duration;

use crate::app::NativeApp;
use crate::error::Error;
use crate::protocol::DeviceCodes;
use crate::user::User;

/// A device flow that has begun (RFC 8628). Show [address](Self::verification_uri) and
/// [code](Self::user_code), then [`finish`](Self::finish).
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

    /// How long the code is good.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.codes.expires_in()
    }

    /// Waits until the user has signed in, and saves the credentials. It asks Logto every five
    /// seconds; what it meets on the way, such as a connection that breaks, it tries again. It
    /// stops when it is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if the user refuses,
    /// [`ErrorKind::Expired`](crate::ErrorKind::Expired) if the code does,
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) if Logto ended the flow, and
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the credentials cannot be saved.
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
