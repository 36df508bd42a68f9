//! `Route`: the SDK's own routes, and their paths.

/// A route that the adapter mounts. Routes are matched by the framework, never by comparing paths
/// by hand, so nesting and trailing slashes mean what they mean everywhere else in the app.
///
/// # Example
///
/// ```
/// use logto::web::Route;
/// use logto::{Logto, LogtoConfig};
///
/// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
///     .with_cookie_secret("thirty-two characters or more, please")
///     .with_route_prefix("/auth");
/// let logto = Logto::new(config)?;
/// let paths: Vec<_> = Route::ALL.iter().map(|route| logto.route_path(*route)).collect();
/// assert!(paths.contains(&"/auth/callback".to_owned()));
/// # Ok::<(), logto::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// `GET /sign-in`: to Logto, and back to `?return_to=`; `?max_age=` as in
    /// [`with_max_age`](crate::SignInOptions::with_max_age), in seconds.
    SignIn,
    /// `GET /sign-up`: the same, beginning with Logto's registration page.
    SignUp,
    /// `GET /sign-in/frame` and `POST /sign-in/frame`: gives a frame in a page of another site its
    /// session; see [`with_partitioned_cookies`](crate::LogtoConfig::with_partitioned_cookies).
    Frame,
    /// `GET /callback`: where Logto sends users back to.
    Callback,
    /// `POST /sign-out` (`GET` if configured): out of this app and out of Logto.
    SignOut,
    /// `POST /backchannel-logout`: Logto says that a user signed out elsewhere.
    BackChannelLogout,
    /// `POST /webhooks/logto`: Logto says what happened; see [`webhooks`](crate::webhooks).
    Webhooks,
}

impl Route {
    /// All routes.
    pub const ALL: &'static [Self] = &[
        Self::SignIn,
        Self::SignUp,
        Self::Frame,
        Self::Callback,
        Self::SignOut,
        Self::BackChannelLogout,
        Self::Webhooks,
    ];

    /// The path below the configured prefix.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Route;
    ///
    /// assert_eq!(Route::BackChannelLogout.path(), "/backchannel-logout");
    /// ```
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/sign-in",
            Self::SignUp => "/sign-up",
            Self::Frame => "/sign-in/frame",
            Self::Callback => "/callback",
            Self::SignOut => "/sign-out",
            Self::BackChannelLogout => "/backchannel-logout",
            Self::Webhooks => "/webhooks/logto",
        }
    }
}
