//! The verified claims of the caller, for tools.

use std::ops::Deref;

use http::request::Parts;
use logto::resource_server::AccessTokenClaims;
use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::model::Extensions;

/// The caller of a tool, prompt or resource: the verified claims of the request's access token.
///
/// It is a parameter of `#[tool]` and `#[prompt]` functions. Elsewhere, [`Caller::new`] takes the
/// extensions of rmcp's `RequestContext`.
///
/// # Example
///
/// ```
/// use logto_mcp::Caller;
/// use rmcp::{tool, tool_router};
///
/// #[derive(Clone)]
/// struct Assistant;
///
/// #[tool_router(server_handler)]
/// impl Assistant {
///     #[tool(description = "Tells who is signed in")]
///     async fn whoami(&self, caller: Caller) -> String {
///         caller.sub().to_owned()
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Caller(AccessTokenClaims);

impl Caller {
    /// The caller, from the extensions of a request's context.
    ///
    /// # Errors
    ///
    /// An internal error (-32603) if the request did not come through
    /// [`McpService`](crate::McpService).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::Caller;
    /// use rmcp::service::RequestContext;
    /// use rmcp::{ErrorData, RoleServer};
    ///
    /// fn owner(context: &RequestContext<RoleServer>) -> Result<String, ErrorData> {
    ///     Ok(Caller::new(&context.extensions)?.sub().to_owned())
    /// }
    /// ```
    pub fn new(extensions: &Extensions) -> Result<Self, ErrorData> {
        let claims = extensions.get::<Parts>().and_then(|parts| parts.extensions.get());
        let claims: Option<&AccessTokenClaims> = claims;
        let claims = claims.ok_or_else(|| {
            tracing::error!("an MCP server that is not behind `McpService` asks for the caller");
            ErrorData::internal_error("the server does not know who is calling", None)
        })?;
        Ok(Self(claims.clone()))
    }

    /// The caller of the request that is being answered, in a tool of poem-mcpserver, whose
    /// functions get no request.
    ///
    /// # Errors
    ///
    /// [`Error::NoCaller`](crate::Error) if the tool was not called through
    /// [`McpEndpoint`](crate::McpEndpoint), or asks in a task of its own.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_mcp::{Caller, Error};
    ///
    /// /// A function that the tools of poem-mcpserver call.
    /// fn owner() -> Result<String, Error> {
    ///     Ok(Caller::current()?.sub().to_owned())
    /// }
    /// // Outside of a call there is no caller.
    /// assert!(matches!(owner(), Err(Error::NoCaller)));
    /// ```
    #[cfg(feature = "poem")]
    pub fn current() -> Result<Self, crate::Error> {
        CALLER.try_with(Self::clone).map_err(|_| crate::Error::NoCaller)
    }
}

#[cfg(feature = "poem")]
tokio::task_local! {
    pub(crate) static CALLER: Caller;
}

#[cfg(feature = "poem")]
impl From<AccessTokenClaims> for Caller {
    fn from(claims: AccessTokenClaims) -> Self {
        Self(claims)
    }
}

impl<C: AsRequestContext> FromContextPart<C> for Caller {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Self::new(&context.as_request_context().extensions)
    }
}

impl Deref for Caller {
    type Target = AccessTokenClaims;

    fn deref(&self) -> &AccessTokenClaims {
        &self.0
    }
}
