//! The error of an invalid configuration.

use std::error::Error as StdError;
use std::fmt;

/// Everything that is wrong with a configuration, found in one go.
///
/// # Example
///
/// ```
/// use logto::{Logto, LogtoConfig};
///
/// let config = LogtoConfig::new("not an address", "my app id", "my app secret");
/// let error = Logto::new(config).unwrap_err();
/// for problem in error.problems() {
///     println!("{problem}");
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

/// One thing that is wrong with a configuration.
///
/// # Example
///
/// ```
/// use logto::{Logto, LogtoConfig};
///
/// let config = LogtoConfig::new("https://my-tenant.logto.app", "", "my app secret")
///     .with_cookie_secret("thirty-two characters or more, please");
/// if let Err(error) = Logto::new(config) {
///     let lines: Vec<_> = error.problems().iter().map(|problem| problem.to_string()).collect();
///     assert_eq!(lines, ["LOGTO_APP_ID is empty"]);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    setting: &'static str,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }

    /// Not a matter of settings: the HTTP client or the cookie keys could not be created.
    pub(crate) fn from_initialization(error: &crate::error::Error) -> Self {
        Self::new(vec![ConfigProblem::new("initialization", format!("failed: {error}"))])
    }

    /// The problems, in the order of the settings.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::ConfigError;
    ///
    /// /// Whether it has to do with the address of the tenant.
    /// fn is_about_endpoint(error: &ConfigError) -> bool {
    ///     error.problems().iter().any(|problem| problem.setting() == "LOGTO_ENDPOINT")
    /// }
    /// ```
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl ConfigProblem {
    pub(crate) fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self { setting, problem: problem.into() }
    }

    /// The setting, by the name of its environment variable where it has one.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::{Logto, LogtoConfig};
    ///
    /// let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    ///     .with_cookie_secret("too short");
    /// let problems = Logto::new(config).map_err(|error| error.problems().to_vec()).err();
    /// let settings: Vec<_> = problems.iter().flatten().map(|problem| problem.setting()).collect();
    /// assert_eq!(settings, ["LOGTO_COOKIE_SECRET"]);
    /// ```
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.problem)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logto is not configured correctly:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

/// As [`Display`](fmt::Display): what `main` shows when it returns the error is meant for users.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for ConfigError {}
