//! `Permission`: a policy as a type.

use super::Policy;

/// A permission, as a type for a route's signature.
///
/// # Example
///
/// ```
/// use logto::resource_server::{Permission, Policy};
///
/// struct ReadThings;
///
/// impl Permission for ReadThings {
///     const POLICY: Policy = Policy::new().with_scopes(&["read:things"]);
/// }
/// ```
pub trait Permission: Send + Sync + 'static {
    /// What the token must permit.
    const POLICY: Policy;
}

/// No more than a token for this API.
///
/// # Example
///
/// ```
/// use logto::resource_server::{AnyToken, Permission, Policy};
///
/// assert_eq!(AnyToken::POLICY, Policy::new());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AnyToken;

impl Permission for AnyToken {
    const POLICY: Policy = Policy::new();
}
