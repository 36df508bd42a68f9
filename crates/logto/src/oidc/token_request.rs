//! What an access token is for, as apps ask for it.

use crate::error::{Error, ErrorKind};

/// What an access token is for, and with which scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) resource: Option<String>,
    pub(crate) organization: Option<String>,
    /// Sorted, each once; empty for all that the user may have.
    pub(crate) scopes: Vec<String>,
}

impl Target {
    /// An empty name would be sent as none, and the token would be for something else.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_empty = |name: &Option<String>| name.as_ref().is_some_and(|it| it.trim().is_empty());
        let why = match self {
            _ if is_empty(&self.organization) => "the organization's id is empty",
            _ if is_empty(&self.resource) => "the API resource is empty",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::InvalidRequest, why))
    }
}

/// Which access token is wanted.
///
/// Text is taken for an API resource, so `user.access_token("https://api.example.com")` reads as it
/// should.
///
/// # Example
///
/// ```
/// use logto::TokenRequest;
///
/// # async fn example(user: logto::web::User) -> Result<(), logto::Error> {
/// let api = user.access_token("https://api.example.com").await?;
/// let in_organization = TokenRequest::resource("https://api.example.com")
///     .in_organization("wpmklpcc20gc")
///     .with_scopes(["read:things"]);
/// let narrow = user.access_token(in_organization).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TokenRequest {
    pub(crate) target: Target,
    /// Whether a new token is wanted in any case.
    pub(crate) must_refresh: bool,
    pub(crate) in_current_organization: bool,
}

impl TokenRequest {
    /// The opaque token, good for userinfo and for Logto's Account API, and for nothing else.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::TokenRequest;
    /// use logto::web::User;
    ///
    /// /// For a call of the Account API that the SDK does not have.
    /// async fn authorization(user: &User) -> Result<String, logto::Error> {
    ///     let token = user.access_token(TokenRequest::opaque()).await?;
    ///     Ok(format!("Bearer {}", token.as_str()))
    /// }
    /// ```
    pub fn opaque() -> Self {
        Self { target: Target::default(), must_refresh: false, in_current_organization: false }
    }

    /// A token for an API resource, which has to be among the configured
    /// [resources](crate::LogtoConfig::with_resources). Without an organization it carries the
    /// scopes of all the user's roles, those in organizations included.
    pub fn resource(indicator: impl Into<String>) -> Self {
        let mut request = Self::opaque();
        request.target.resource = Some(indicator.into());
        request
    }

    /// An organization token: for the permissions that the organization template defines. Needs the
    /// scope `urn:logto:scope:organizations`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::TokenRequest;
    ///
    /// let may_invite = TokenRequest::organization("wpmklpcc20gc").with_scopes(["invite:member"]);
    /// ```
    pub fn organization(id: impl Into<String>) -> Self {
        Self::opaque().in_organization(id)
    }

    /// The same token, in one organization. Needs the scope `urn:logto:scope:organizations`.
    pub fn in_organization(mut self, id: impl Into<String>) -> Self {
        self.target.organization = Some(id.into());
        self
    }

    /// The same token, in the organization that the user
    /// [works in](crate::web::Context::switch_organization). Only a session has one: for a
    /// [`MachineApp`](crate::m2m::MachineApp) the request is invalid.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::TokenRequest;
    ///
    /// let api = "https://api.example.com";
    /// let current = TokenRequest::resource(api).in_current_organization();
    /// assert_ne!(current, TokenRequest::resource(api));
    /// ```
    pub fn in_current_organization(mut self) -> Self {
        self.in_current_organization = true;
        self
    }

    /// The same token with these scopes only, of those that were asked for at sign-in.
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.target.scopes.extend(scopes.into_iter().map(Into::into));
        self.target.scopes.sort_unstable();
        self.target.scopes.dedup();
        self
    }

    /// A new token, even if the one that the session holds is good: for after the user's roles
    /// changed.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::TokenRequest;
    /// use logto::web::User;
    ///
    /// /// The app has just given the user a role.
    /// async fn promoted(user: &User) -> Result<bool, logto::Error> {
    ///     let request = TokenRequest::resource("https://api.example.com").refreshed();
    ///     let token = user.access_token(request).await?;
    ///     Ok(token.scopes().any(|scope| scope == "write:things"))
    /// }
    /// ```
    pub fn refreshed(mut self) -> Self {
        self.must_refresh = true;
        self
    }
}

impl From<&str> for TokenRequest {
    fn from(resource: &str) -> Self {
        Self::resource(resource)
    }
}

impl From<String> for TokenRequest {
    fn from(resource: String) -> Self {
        Self::resource(resource)
    }
}

impl From<&String> for TokenRequest {
    fn from(resource: &String) -> Self {
        Self::resource(resource)
    }
}
