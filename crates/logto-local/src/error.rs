//! Errors of starting and running a tenant.

/// Why a tenant did not start, or could not do what was asked.
///
/// # Example
///
/// ```
/// use logto_local::{Error, LocalTenant};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tenant = LocalTenant::start().await?;
/// let unknown = tenant.suspend("dora");
/// assert!(matches!(unknown, Err(Error::UnknownUser(handle)) if handle == "dora"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port is taken, or the system does not allow it.
    #[error(
        "the local tenant cannot listen on 127.0.0.1:{port}: {reason}; stop what is listening there, or choose another port"
    )]
    Port {
        /// The port that was asked for; 0 means any.
        port: u16,
        /// What the system said.
        #[source]
        reason: std::io::Error,
    },
    /// A URI is not a URL.
    #[error("`{0}` is not an absolute URL such as http://localhost:3000")]
    InvalidUri(String),
    /// A URI leads off this machine.
    #[error(
        "`{0}` is not on this machine: a local tenant serves localhost and loopback addresses only"
    )]
    NotLoopback(String),
    /// A secret that could be mistaken for a real one.
    #[error(
        "the secret of an app of a local tenant must begin with `local-`, so that it is not taken for a real one"
    )]
    SecretNotLocal,
    /// No user has that handle.
    #[error("there is no user `{0}` in this tenant; add one with `LocalTenantBuilder::user`")]
    UnknownUser(String),
    /// The walk through the pages ended somewhere else.
    #[error("the sign-in at the local tenant stopped at {at}: {why}")]
    Walk {
        /// The page, without its query.
        at: String,
        /// What was found there.
        why: String,
    },
    /// A request of the walk failed.
    #[error("a request to the local tenant failed")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The cryptographic library failed.
    #[error("the cryptographic library failed: the system gives no random bytes")]
    Crypto,
}

impl Error {
    pub(crate) fn http(error: reqwest::Error) -> Self {
        Self::Http(Box::new(error))
    }
}

impl From<aws_lc_rs::error::Unspecified> for Error {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Crypto
    }
}
