//! Failures on demand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// A part of the tenant that can be made to fail on its own.
///
/// # Example
///
/// ```
/// use logto_local::{Endpoint, Fault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::start().await?;
/// // Users can sign in, but no API can fetch the keys.
/// tenant.faults().set(Endpoint::Jwks, Fault::Status(500));
/// let answer = reqwest::get(format!("{}/jwks", tenant.issuer())).await?;
/// assert_eq!(answer.status(), 500);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oidc/.well-known/openid-configuration`
    Discovery,
    /// `/oidc/jwks`
    Jwks,
    /// `/oidc/auth`
    Authorize,
    /// `/oidc/token`
    Token,
    /// `/oidc/me`
    Userinfo,
    /// `/oidc/token/introspection`
    Introspection,
    /// `/oidc/token/revocation`
    Revocation,
    /// `/oidc/session/end`
    EndSession,
    /// `/api/…`
    ManagementApi,
    /// Everything else: the sign-in pages, Hugging Face, pictures.
    Pages,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] = &[
        Self::Discovery,
        Self::Jwks,
        Self::Authorize,
        Self::Token,
        Self::Userinfo,
        Self::Introspection,
        Self::Revocation,
        Self::EndSession,
        Self::ManagementApi,
        Self::Pages,
    ];

    /// The endpoint that serves a path.
    pub(crate) fn from_path(path: &str) -> Self {
        match path {
            "/oidc/.well-known/openid-configuration"
            | "/oidc/.well-known/oauth-authorization-server" => Self::Discovery,
            "/oidc/jwks" => Self::Jwks,
            "/oidc/token" => Self::Token,
            "/oidc/me" => Self::Userinfo,
            "/oidc/token/introspection" => Self::Introspection,
            "/oidc/token/revocation" => Self::Revocation,
            path if path == "/oidc/auth" || path.starts_with("/oidc/auth/") => Self::Authorize,
            path if path.starts_with("/oidc/session/end") => Self::EndSession,
            path if path.starts_with("/api/") => Self::ManagementApi,
            _ => Self::Pages,
        }
    }
}

/// What goes wrong.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use logto_local::{Endpoint, Fault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let tenant = logto_local::LocalTenant::start().await?;
/// // The app's time-out has to be shorter than this.
/// tenant.faults().set(Endpoint::Userinfo, Fault::Delay(Duration::from_secs(30)));
/// // A refresh whose answer is lost: the refresh token may be used up.
/// tenant.faults().set_times(Endpoint::Token, Fault::LoseAnswer, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status and an HTML body, as a proxy in front of Logto would.
    Status(u16),
    /// Answers correctly, but only after this time.
    Delay(Duration),
    /// Reads the request and closes the connection; nothing happens in the tenant.
    CutConnection,
    /// Does what was asked and closes the connection instead of answering:
    /// the client cannot know whether its refresh token was used.
    LoseAnswer,
    /// Does what was asked, but keeps the answer back until the faults are cleared: meanwhile the
    /// client can be killed, or the user sign out.
    HoldAnswer,
}

/// The failures of a tenant. Clones are the same failures.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), logto_local::Error> {
/// use logto_local::{Endpoint, Fault, LocalTenant};
///
/// let tenant = LocalTenant::start().await?;
/// tenant.faults().set(Endpoint::Token, Fault::Status(503));
/// tenant.faults().set_times(Endpoint::Jwks, Fault::CutConnection, 2);
/// tenant.faults().clear();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults {
    active: Arc<Mutex<HashMap<Endpoint, Active>>>,
    /// Changes whenever the faults are cleared.
    cleared: watch::Sender<()>,
}

#[derive(Debug)]
struct Active {
    fault: Fault,
    /// How many requests it still hits; `None` until cleared.
    remaining: Option<u32>,
}

impl Faults {
    /// Every request to the endpoint fails like this until it is cleared.
    pub fn set(&self, endpoint: Endpoint, fault: Fault) {
        self.active().insert(endpoint, Active { fault, remaining: None });
    }

    /// The next `times` requests to the endpoint fail like this; then it works again.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::{Endpoint, Fault};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// tenant.faults().set_times(Endpoint::Jwks, Fault::Status(503), 1);
    /// let keys = format!("{}/jwks", tenant.issuer());
    /// assert_eq!(reqwest::get(&keys).await?.status(), 503);
    /// assert_eq!(reqwest::get(&keys).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_times(&self, endpoint: Endpoint, fault: Fault, times: u32) {
        self.active().insert(endpoint, Active { fault, remaining: Some(times) });
    }

    /// Every endpoint cuts its connections: the tenant is down.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// tenant.faults().down();
    /// assert!(reqwest::get(tenant.endpoint()).await.is_err());
    /// tenant.faults().clear();
    /// assert!(reqwest::get(tenant.endpoint()).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn down(&self) {
        for &endpoint in Endpoint::ALL {
            self.set(endpoint, Fault::CutConnection);
        }
    }

    /// Everything works again.
    pub fn clear(&self) {
        self.active().clear();
        self.cleared.send_replace(());
    }

    /// Sees when the faults are cleared from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.cleared.subscribe()
    }

    /// The fault that hits this request, counted.
    pub(crate) fn strike(&self, endpoint: Endpoint) -> Option<Fault> {
        let mut active = self.active();
        let hit = active.get_mut(&endpoint)?;
        match &mut hit.remaining {
            None => {}
            Some(0) => return None,
            Some(remaining) => *remaining -= 1,
        }
        Some(hit.fault)
    }

    fn active(&self) -> MutexGuard<'_, HashMap<Endpoint, Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
