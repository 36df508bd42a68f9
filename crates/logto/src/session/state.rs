//! The states that a session can be in.

/// Whether a user is signed in, and if not, why.
///
/// If that cannot be known, because the store is down, that is none of these: it is an error.
///
/// # Example
///
/// ```
/// use logto::web::{Context, SessionState};
///
/// async fn notice(context: &Context) -> Result<&'static str, logto::Error> {
///     Ok(match context.session_state().await? {
///         SessionState::SignedIn => "",
///         SessionState::Expired => "You were not here for a while. Please sign in again.",
///         SessionState::Revoked => "You signed out elsewhere.",
///         _ => "Please sign in.",
///     })
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionState {
    /// A user is signed in.
    SignedIn,
    /// No user is signed in.
    SignedOut,
    /// The session reached the end of its configured life, or was not used for too long.
    Expired,
    /// There is a session cookie that cannot be read: its secret is gone or it was damaged.
    Unreadable,
    /// The session was ended elsewhere: Logto does not accept its refresh token any more or signed
    /// the user out, or another instance or browser did.
    Revoked,
}
