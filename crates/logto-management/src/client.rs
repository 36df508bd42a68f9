//! The handle for the Management API of one tenant.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use logto::m2m::MachineConfig;
use url::{Host, Url};

use crate::error::{Error, ErrorKind};
use crate::http::Http;
use crate::pace::Pace;
use crate::token::Tokens;

/// The Management API of one Logto tenant. Cheap to clone; clones share the access token and the
/// pace.
///
/// # Example
///
/// ```no_run
/// # async fn run() -> Result<(), logto_management::Error> {
/// use logto_management::Management;
///
/// let management = Management::new("https://my-tenant.logto.app", "m2m app id", "m2m app secret")?;
/// for application in management.applications().list().all().await? {
///     println!("{} {}", application.id, application.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Management(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    endpoint: Url,
    /// The tenant as requests reach it.
    pub(crate) reached_at: Url,
    pub(crate) http: Http,
    pub(crate) tokens: Tokens,
    pub(crate) pace: Pace,
}

/// The settings of a [`Management`]; each has a default.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use logto_management::Management;
///
/// let management = Management::builder("https://login.example.com", "m2m app id", "m2m app secret")
///     .resource("https://my-tenant.logto.app/api")
///     .request_timeout(Duration::from_secs(10))
///     .build()?;
/// # Ok::<(), logto_management::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct ManagementBuilder {
    endpoint: String,
    internal_endpoint: Option<String>,
    machine: MachineConfig,
    resource: Option<String>,
    request_timeout: Duration,
    requests_per_second: u32,
}

impl Management {
    /// A client with the defaults of [`builder`](Self::builder). Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If the endpoint is not an HTTP URL.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{ErrorKind, Management};
    ///
    /// let management = Management::new("https://my-tenant.logto.app", "m2m app id", "m2m app secret")?;
    ///
    /// let refused = Management::new("my-tenant.logto.app", "m2m app id", "m2m app secret");
    /// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::InvalidRequest));
    /// # Ok::<(), logto_management::Error>(())
    /// ```
    pub fn new(
        endpoint: impl Into<String>,
        app_id: impl Into<String>,
        app_secret: impl Into<String>,
    ) -> Result<Self, Error> {
        Self::builder(endpoint, app_id, app_secret).build()
    }

    /// Endpoint of the tenant, and id and secret of a machine-to-machine application with the role
    /// “Logto Management API access”.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::Management;
    ///
    /// // A custom domain of Logto Cloud: the resource keeps the name of the tenant.
    /// let management = Management::builder("https://login.example.com", "m2m app id", "m2m app secret")
    ///     .resource("https://my-tenant.logto.app/api")
    ///     .build()?;
    /// assert_eq!(management.endpoint().as_str(), "https://login.example.com/");
    /// # Ok::<(), logto_management::Error>(())
    /// ```
    pub fn builder(
        endpoint: impl Into<String>,
        app_id: impl Into<String>,
        app_secret: impl Into<String>,
    ) -> ManagementBuilder {
        let endpoint = endpoint.into();
        ManagementBuilder {
            machine: MachineConfig::new(&endpoint, app_id, app_secret),
            endpoint,
            internal_endpoint: None,
            resource: None,
            request_timeout: Duration::from_secs(30),
            requests_per_second: 20,
        }
    }

    /// Where the tenant is, with a slash at the end.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.0.endpoint
    }
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management")
            .field("endpoint", &self.0.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

impl ManagementBuilder {
    /// The resource indicator of the Management API. By default it is `https://{tenant}.logto.app/api`
    /// for an endpoint of that form and `https://default.logto.app/api` for any other, which is right
    /// for every self-hosted Logto, but not for a custom domain of Logto Cloud.
    pub fn resource(mut self, indicator: impl Into<String>) -> Self {
        self.resource = Some(indicator.into());
        self
    }

    /// The tenant as this program reaches it, where that differs from its public address: in a
    /// network of containers, for example. Addresses that users and Hugging Face are given keep the
    /// public one. Default: the endpoint.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::Management;
    ///
    /// let management = Management::builder("https://login.example.com", "m2m app id", "m2m app secret")
    ///     .internal_endpoint("http://logto:3001")
    ///     .build()?;
    /// assert_eq!(management.endpoint().as_str(), "https://login.example.com/");
    /// # Ok::<(), logto_management::Error>(())
    /// ```
    pub fn internal_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.internal_endpoint = Some(endpoint.into());
        self
    }

    /// How long a request may take; 30 seconds by default.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use logto_management::Management;
    ///
    /// // For a page that waits for the answer.
    /// let management = Management::builder("https://my-tenant.logto.app", "m2m app id", "m2m app secret")
    ///     .request_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), logto_management::Error>(())
    /// ```
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How many requests may leave in a second; 20 by default. As many may leave at once after a
    /// pause.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::Management;
    ///
    /// // A nightly job that leaves room for others.
    /// let management = Management::builder("https://my-tenant.logto.app", "m2m app id", "m2m app secret")
    ///     .requests_per_second(5)
    ///     .build()?;
    /// assert_eq!(management.endpoint().as_str(), "https://my-tenant.logto.app/");
    /// # Ok::<(), logto_management::Error>(())
    /// ```
    pub fn requests_per_second(mut self, requests: u32) -> Self {
        self.requests_per_second = requests;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// If the endpoint or the internal one is not an HTTP URL.
    pub fn build(self) -> Result<Management, Error> {
        let endpoint = parse_endpoint(&self.endpoint)?;
        let resource = self.resource.unwrap_or_else(|| resource_of(&endpoint));
        let (reached_at, machine) = match self.internal_endpoint {
            Some(to) => (parse_endpoint(&to)?, self.machine.with_internal_endpoint(to)),
            None => (endpoint.clone(), self.machine),
        };
        Ok(Management(Arc::new(Inner {
            http: Http::new(&reached_at, self.request_timeout)?,
            tokens: Tokens::new(machine, self.request_timeout, resource)?,
            pace: Pace::new(self.requests_per_second),
            endpoint,
            reached_at,
        })))
    }
}

/// With a slash at the end, so that paths can be joined.
fn parse_endpoint(text: &str) -> Result<Url, Error> {
    Url::parse(&format!("{}/", text.trim_end_matches('/'))).map_err(|error| {
        let why = "the endpoint is not a URL";
        Error::with_source(ErrorKind::InvalidRequest, why, error)
    })
}

fn resource_of(endpoint: &Url) -> String {
    let tenant = match endpoint.host() {
        Some(Host::Domain(host)) => host.strip_suffix(".logto.app"),
        _ => None,
    };
    let tenant = tenant.filter(|label| !label.contains('.')).unwrap_or("default");
    format!("https://{tenant}.logto.app/api")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_follows_the_endpoint_of_a_cloud_tenant_only() {
        for (endpoint, resource) in [
            ("https://abc123.logto.app", "https://abc123.logto.app/api"),
            ("https://abc123.logto.app/", "https://abc123.logto.app/api"),
            ("http://localhost:3001", "https://default.logto.app/api"),
            ("https://auth.example.com/logto", "https://default.logto.app/api"),
            ("https://logto.app.example.com", "https://default.logto.app/api"),
        ] {
            assert_eq!(resource_of(&parse_endpoint(endpoint).unwrap()), resource);
        }
    }

    #[test]
    fn an_endpoint_that_cannot_be_meant_is_refused() {
        for endpoint in ["", "logto.example.com", "ftp://a", "https://u@a", "https://a/?x=1"] {
            let error = Management::new(endpoint, "id", "secret").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{endpoint}");
            let builder = Management::builder("https://logto.example.com", "id", "secret");
            let error = builder.internal_endpoint(endpoint).build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "internal: {endpoint}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let builder = Management::builder("http://localhost:1", "id", "the-secret-of-the-app");
        assert!(!format!("{builder:?}").contains("the-secret"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("the-secret"));
    }
}
