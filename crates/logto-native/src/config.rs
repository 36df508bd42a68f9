//! `NativeConfig`: the settings of a native app.

use std::time::Duration;

/// The settings of a [`NativeApp`](crate::NativeApp).
///
/// # Example
///
/// ```
/// use logto_native::NativeConfig;
///
/// let config = NativeConfig::new("https://my-tenant.logto.app", "the app's id")
///     .with_resources(["https://api.example.com"])
///     .with_scopes(["read:things"]);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NativeConfig {
    pub(crate) endpoint: String,
    pub(crate) app_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) redirect_path: String,
    pub(crate) request_timeout: Duration,
}

impl NativeConfig {
    /// The endpoint of the tenant, and the id of an application of the type “Native”. It has no
    /// secret. White space around them does not count.
    pub fn new(endpoint: impl Into<String>, app_id: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into().trim().to_owned(),
            app_id: app_id.into().trim().to_owned(),
            scopes: ["openid", "offline_access", "profile"].map(str::to_owned).to_vec(),
            resources: Vec::new(),
            redirect_path: "/callback".to_owned(),
            request_timeout: Duration::from_secs(10),
        }
    }

    /// More scopes to ask for: permissions of the resources, `email`, `roles`. `openid`,
    /// `offline_access`, and `profile` are always asked for.
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        for scope in scopes.into_iter().map(Into::into) {
            if !self.scopes.contains(&scope) {
                self.scopes.push(scope);
            }
        }
        self
    }

    /// The APIs that access tokens are for, by their indicators (RFC 8707). Logto gives tokens
    /// later only for resources that the sign-in asked for.
    pub fn with_resources<S: Into<String>>(
        mut self,
        resources: impl IntoIterator<Item = S>,
    ) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// The path of the redirect URI that is registered at Logto for sign-in in the browser;
    /// `/callback`, for `http://127.0.0.1/callback`, by default. Logto takes any port of it (RFC 8252, section 7.3).
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto_native::NativeConfig;
    ///
    /// // Registered at Logto: http://127.0.0.1/signed-in
    /// let config = NativeConfig::new("https://my-tenant.logto.app", "the app's id")
    ///     .with_redirect_path("/signed-in")
    ///     .with_request_timeout(Duration::from_secs(5));
    /// ```
    pub fn with_redirect_path(mut self, path: impl Into<String>) -> Self {
        self.redirect_path = path.into();
        self
    }

    /// How long a request to Logto may take; 10 seconds by default.
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }
}
