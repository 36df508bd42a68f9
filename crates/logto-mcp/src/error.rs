//! Errors in the configuration of an MCP server.

/// Why an MCP server cannot be protected.
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
}
