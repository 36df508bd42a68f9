//! Errors of the protection.

/// What is wrong with the protection of an MCP server.
///
/// # Example
///
/// ```
/// use logto_mcp::{Api, Error, Mcp};
///
/// /// What the operator of the server reads.
/// fn protect(api: &Api) -> Result<Mcp, String> {
///     Mcp::new(api).map_err(|error| match error {
///         Error::NoMetadata => format!("{} has no metadata for clients", api.resource()),
///         other => other.to_string(),
///     })
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The [`Api`](crate::Api) has no metadata (RFC 9728), without which clients cannot find out
    /// where to sign in.
    #[error("the API has no metadata: add `ApiConfig::with_resource_metadata`")]
    NoMetadata,
    /// The operating system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomBytes,
    /// A tool of poem-mcpserver asks who is calling, and its call did not come through
    /// [`Mcp::endpoint`](crate::Mcp).
    #[error("no caller: the tool was not called through `Mcp::endpoint`")]
    NoCaller,
}
