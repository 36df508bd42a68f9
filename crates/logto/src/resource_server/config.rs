//! The configuration of a protected API.

use std::time::Duration;

use url::Url;

use super::metadata::metadata_url;
use super::personal_tokens::PersonalTokens;
use crate::clock::Clock;
use crate::config::validate::{check_resource, check_tolerance};
use crate::config::{ConfigError, ConfigProblem};
use crate::m2m::MachineApp;
use crate::oidc::TokenRequest;

/// What the SDK has to know about your API. Only the resource indicator is needed, and that alone
/// converts into a configuration.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use logto::resource_server::{Api, ApiConfig};
///
/// let config = ApiConfig::new("https://api.example.test")
///     .with_resource_metadata(["read:things", "write:things"])
///     .with_token_cache(50_000, Duration::from_secs(60));
/// let api = Api::new("https://my-tenant.logto.app", config)?;
/// # Ok::<(), logto::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ApiConfig {
    pub(super) resource: String,
    pub(super) internal_endpoint: Option<String>,
    pub(super) cached_tokens: usize,
    pub(super) cached_for: Duration,
    pub(super) metadata_scopes: Option<Vec<String>>,
    pub(super) personal: Option<PersonalTokens>,
    pub(super) clock_tolerance: Duration,
    pub(super) clock: Clock,
}

impl ApiConfig {
    /// An API by its resource indicator, as it is registered in Logto: the `aud` of its tokens.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{Api, ApiConfig};
    ///
    /// // What Logto's console calls the API identifier.
    /// let config = ApiConfig::new("https://api.example.test");
    /// let api = Api::new("https://my-tenant.logto.app", config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn new(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            internal_endpoint: None,
            cached_tokens: 10_000,
            cached_for: Duration::from_secs(5 * 60),
            metadata_scopes: None,
            personal: None,
            clock_tolerance: Duration::from_secs(60),
            clock: Clock::system(),
        }
    }

    /// The endpoint of the tenant and the configuration, from variables.
    pub(super) fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(String, Self), ConfigError> {
        let mut problems = Vec::new();
        let optional = |name| {
            let value = variable(name)?.trim().to_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        let mut required = |name| {
            optional(name).unwrap_or_else(|| {
                problems.push(ConfigProblem::new(name, "is not set"));
                String::new()
            })
        };
        let (endpoint, resource) = (required("LOGTO_ENDPOINT"), required("LOGTO_API_RESOURCE"));
        refused(problems)?;
        let internal_endpoint = optional("LOGTO_INTERNAL_ENDPOINT");
        Ok((endpoint, Self { internal_endpoint, ..Self::new(resource) }))
    }

    /// The tenant as this server reaches it, where that differs from the address that browsers and
    /// clients use: in a network of containers, for example. The issuer of tokens stays the same.
    /// Default: the endpoint of the tenant. An API of [`Logto::api`](crate::Logto::api) reaches
    /// Logto as the app does.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{Api, ApiConfig};
    ///
    /// let config = ApiConfig::new("https://api.example.test")
    ///     .with_internal_endpoint("http://logto:3001");
    /// let api = Api::new("https://auth.example.com", config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_internal_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.internal_endpoint = Some(endpoint.into());
        self
    }

    /// How many verified tokens are kept (rounded down to a multiple of eight), and for how long
    /// each is believed without another look at its signature. Default: 10 000, about 900 bytes
    /// each, and 5 minutes.
    ///
    /// A token is never believed beyond its end, nor after Logto's keys changed.
    #[must_use]
    pub fn with_token_cache(mut self, tokens: usize, age: Duration) -> Self {
        self.cached_tokens = tokens;
        self.cached_for = age;
        self
    }

    /// Verifies every token every time: 0.14 ms of a processor with Logto's default keys.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::resource_server::{Api, ApiConfig};
    ///
    /// // Little traffic, and a server whose clock is exact.
    /// let config = ApiConfig::new("https://api.example.test")
    ///     .without_token_cache()
    ///     .with_clock_tolerance(Duration::from_secs(5));
    /// let api = Api::new("https://my-tenant.logto.app", config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn without_token_cache(self) -> Self {
        self.with_token_cache(0, Duration::ZERO)
    }

    /// Tells clients where to get tokens, and for which scopes (RFC 9728): refusals name the
    /// address of the metadata, and the adapter's `metadata_routes` serve it. MCP clients need
    /// it.
    ///
    /// The address follows from the resource indicator, which therefore has to be the https address
    /// at which clients reach the API.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{Api, ApiConfig};
    ///
    /// let config = ApiConfig::new("https://api.example.test/mcp").with_resource_metadata(["use:tools"]);
    /// let api = Api::new("https://my-tenant.logto.app", config)?;
    /// assert_eq!(api.metadata_path(), Some("/.well-known/oauth-protected-resource/mcp"));
    /// let document = api.metadata().map(|reply| reply.into_body()).unwrap_or_default();
    /// assert!(document.contains(r#""scopes_supported":["use:tools"]"#));
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_resource_metadata<S: Into<String>>(
        mut self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.metadata_scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Accepts personal access tokens (`pat_…`) too: `app` exchanges each for an access token with
    /// these scopes, separated by spaces, as far as the user has them. The app must be allowed to
    /// exchange tokens.
    ///
    /// The outcome is kept as long as the access token lives, an hour by default: for so long a
    /// personal access token that was revoked goes on working here.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::TokenRequest;
    /// use logto::m2m::{MachineApp, MachineConfig};
    /// use logto::resource_server::{Api, ApiConfig};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().token_exchange(true).start().await?;
    /// # let machine = tenant.machine_app();
    /// # let (endpoint, app_id, secret) = (tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let personal_token = tenant.create_personal_access_token("alice")?;
    /// let app = MachineApp::new(MachineConfig::new(endpoint, app_id, secret))?;
    /// let config = ApiConfig::new("https://api.example.test")
    ///     .with_personal_access_tokens(app, "read:things write:things");
    /// let api = Api::new(endpoint, config)?;
    /// // What a user's script sends, in place of an access token.
    /// let claims = api.verify(&personal_token).await?;
    /// assert!(claims.has_scope("read:things"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_personal_access_tokens(mut self, app: MachineApp, scope: &str) -> Self {
        let scopes = scope.split_ascii_whitespace();
        let request = TokenRequest::resource(&self.resource).with_scopes(scopes);
        self.personal = Some(PersonalTokens::new(app, request));
        self
    }

    /// How far the clocks of this server and Logto may be apart. Default: 60 seconds, or what the
    /// app's configuration says for an API of [`Logto::api`](crate::Logto::api).
    #[must_use]
    pub fn with_clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.clock_tolerance = tolerance;
        self
    }

    /// The clock that tokens are measured with; for tests.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto::Clock;
    /// use logto::resource_server::{Api, ApiConfig};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let token = MachineApp::new(config)?.token("https://api.example.test", "read:things").await?;
    /// # let (endpoint, token) = (tenant.endpoint(), token.as_str());
    /// let clock = Clock::system();
    /// let config = ApiConfig::new("https://api.example.test").with_clock(clock.clone());
    /// let api = Api::new(endpoint, config)?;
    /// assert!(api.verify(token).await.is_ok());
    /// clock.advance(Duration::from_secs(2 * 3600));
    /// assert!(api.verify(token).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What is wrong, if anything, and where the metadata is, if it is served.
    pub(super) fn check(&self, problems: &mut Vec<ConfigProblem>) -> Option<Url> {
        check_resource("LOGTO_API_RESOURCE", &self.resource, problems);
        check_tolerance(self.clock_tolerance, problems);
        let mut wrong = |setting, problem| problems.push(ConfigProblem::new(setting, problem));
        // It is quoted in `WWW-Authenticate`.
        if !self.resource.bytes().all(|byte| byte.is_ascii_graphic())
            || self.resource.contains(['"', '\\'])
        {
            wrong("LOGTO_API_RESOURCE", "has characters that no header can carry");
        }
        self.metadata_scopes.as_ref()?;
        let url = metadata_url(&self.resource);
        if url.is_none() {
            wrong(
                "resource metadata",
                "needs a resource indicator that is the https address of the API",
            );
        }
        url
    }
}

impl<S: Into<String>> From<S> for ApiConfig {
    fn from(resource: S) -> Self {
        Self::new(resource)
    }
}

pub(super) fn refused(problems: Vec<ConfigProblem>) -> Result<(), ConfigError> {
    if problems.is_empty() { Ok(()) } else { Err(ConfigError::new(problems)) }
}

#[cfg(test)]
mod tests {
    use crate::resource_server::{Api, ApiConfig};

    #[test]
    fn variables_say_where_the_tenant_is_and_how_it_is_reached() {
        let variables = |internal: Option<&'static str>| {
            move |name: &str| match name {
                "LOGTO_ENDPOINT" => Some("https://auth.example.test ".to_owned()),
                "LOGTO_API_RESOURCE" => Some("urn:example:api".to_owned()),
                "LOGTO_INTERNAL_ENDPOINT" => internal.map(str::to_owned),
                _ => None,
            }
        };
        for (set, internal) in [
            (Some("http://logto:3001"), Some("http://logto:3001")),
            (Some(" "), None),
            (None, None),
        ] {
            let (endpoint, config) = ApiConfig::from_variables(variables(set)).unwrap();
            assert_eq!(endpoint, "https://auth.example.test");
            assert_eq!(config.resource, "urn:example:api");
            assert_eq!(config.internal_endpoint.as_deref(), internal);
        }
        let error = ApiConfig::from_variables(|_| None).unwrap_err();
        let missing: Vec<_> = error.problems().iter().map(|problem| problem.setting()).collect();
        assert_eq!(missing, ["LOGTO_ENDPOINT", "LOGTO_API_RESOURCE"]);

        let (endpoint, config) = ApiConfig::from_variables(variables(Some("logto"))).unwrap();
        let error = Api::new(&endpoint, config).unwrap_err().to_string();
        assert!(error.contains("LOGTO_INTERNAL_ENDPOINT"), "{error}");
    }

    /// The resource indicator is quoted in `WWW-Authenticate`.
    #[test]
    fn a_resource_that_no_header_can_carry_is_refused() {
        let new = |resource: &str| Api::new("https://auth.example.test", resource);
        assert!(new("urn:example:api").is_ok());
        for wrong in
            ["urn:example:\"api", "urn:example:\\api", "urn:example:äpi", "urn:example:an api"]
        {
            let error = new(wrong).unwrap_err().to_string();
            assert!(error.contains("characters that no header can carry"), "{wrong}: {error}");
        }
    }
}
