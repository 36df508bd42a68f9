//! `Api`, the handle of a protected API.

use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::bearer::{credentials, several, token};
use super::challenge::Challenge;
use super::config::refused;
use super::metadata::{document, preflight};
use super::personal_tokens::PersonalTokens;
use super::verify::Verifier;
use super::{AccessTokenClaims, ApiConfig, Policy};
use crate::cache::{Budget, Cache};
use crate::config::validate::address;
use crate::config::{ConfigError, issuer_of};
use crate::error::{Error, ErrorKind};
use crate::http::{Http, Limits};
use crate::maybe_ready::MaybeReady;
use crate::metrics;
use crate::oidc::jwt::KeySetVersion;
use crate::oidc::provider::{Provider, discovery_url};
use crate::reply::Reply;

/// Bytes of the cache for each token; all of them share the sum.
const TOKEN_BYTES: usize = 4 * 1024;

/// An API that Logto's access tokens protect. Cheap to clone; make one when the app starts and
/// share it.
///
/// It needs neither an application at Logto nor a secret, and making it does not talk to Logto:
/// keys are fetched with the first token. An app that signs users in too makes it by
/// [`Logto::api`](crate::Logto::api), and both share the keys.
///
/// # Example
///
/// ```no_run
/// use logto::resource_server::Api;
///
/// # async fn demo(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let api = Api::new("https://my-tenant.logto.app", "https://api.example.test")?;
/// let claims = api.verify(token).await?;
/// println!("{} may {:?}", claims.sub(), claims.scopes().collect::<Vec<_>>());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    provider: Arc<Provider>,
    verifier: Verifier,
    /// By the token: one signature check takes longer than a thousand look-ups.
    verified: Cache<AccessTokenClaims>,
    personal: Option<PersonalTokens>,
    metadata: Option<Metadata>,
}

struct Metadata {
    url: Url,
    scopes: Vec<String>,
}

impl Api {
    /// An API by the endpoint of the tenant and its resource indicator, or all of its
    /// configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem that was found.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{Api, ApiConfig};
    ///
    /// // The resource indicator is enough.
    /// let api = Api::new("https://my-tenant.logto.app", "https://api.example.test")?;
    /// assert_eq!(api.resource(), "https://api.example.test");
    ///
    /// // With all of the configuration.
    /// let config = ApiConfig::new("https://api.example.test").with_resource_metadata(["read:things"]);
    /// let api = Api::new("https://my-tenant.logto.app", config)?;
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    pub fn new(endpoint: &str, config: impl Into<ApiConfig>) -> Result<Self, ConfigError> {
        let config = config.into();
        let mut problems = Vec::new();
        let endpoint = address("LOGTO_ENDPOINT", endpoint, &mut problems);
        let internal = config.internal_endpoint.as_deref();
        let internal =
            internal.and_then(|to| address("LOGTO_INTERNAL_ENDPOINT", to, &mut problems));
        let metadata = config.check(&mut problems);
        let Some(endpoint) = endpoint else {
            return Err(ConfigError::new(problems));
        };
        refused(problems)?;
        // Keys are public: no credentials.
        let secret = String::new().into();
        let http = Http::new(&endpoint, internal.as_ref(), "", &secret, Limits::default())
            .map_err(|error| ConfigError::from_initialization(&error))?;
        let provider = Provider::new(Arc::new(http), &issuer_of(&endpoint), &config.clock);
        Ok(Self::with_provider(Arc::new(provider), config, metadata))
    }

    /// The API of the environment: `LOGTO_ENDPOINT` is the tenant and `LOGTO_API_RESOURCE` the
    /// resource indicator. `LOGTO_INTERNAL_ENDPOINT`, if it is set, is the tenant as
    /// [this server reaches it](ApiConfig::with_internal_endpoint).
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every variable that is missing, or with every problem that was found.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use logto::resource_server::Api;
    ///
    /// let api = Api::from_env()?;
    /// println!("tokens for {} are accepted", api.resource());
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        let (endpoint, config) = ApiConfig::from_variables(|name| env::var(name).ok())?;
        Self::new(&endpoint, config)
    }

    /// An API that shares the keys of an app.
    pub(crate) fn sharing(
        provider: &Arc<Provider>,
        config: ApiConfig,
    ) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let metadata = config.check(&mut problems);
        refused(problems)?;
        Ok(Self::with_provider(Arc::clone(provider), config, metadata))
    }

    fn with_provider(provider: Arc<Provider>, config: ApiConfig, metadata: Option<Url>) -> Self {
        let scopes = config.metadata_scopes.unwrap_or_default();
        Self(Arc::new(Inner {
            provider,
            verified: Cache::new(
                config.cached_tokens,
                Budget::new(config.cached_tokens.saturating_mul(TOKEN_BYTES)).into(),
            ),
            personal: config.personal,
            metadata: metadata.map(|url| Metadata { url, scopes }),
            verifier: Verifier {
                resource: config.resource,
                tolerance: config.clock_tolerance.as_secs(),
                believed_for: config.cached_for.as_secs(),
                clock: config.clock,
            },
        }))
    }

    /// The API's resource indicator.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.0.verifier.resource
    }

    /// The URL of the discovery document (OpenID Connect Discovery 1.0, section 4), for the
    /// security scheme of an OpenAPI document.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Api;
    ///
    /// let api = Api::new("https://my-tenant.logto.app", "https://api.example.test")?;
    /// let url = "https://my-tenant.logto.app/oidc/.well-known/openid-configuration";
    /// assert_eq!(api.discovery_url(), url);
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn discovery_url(&self) -> String {
        discovery_url(self.0.provider.issuer())
    }

    /// The claims of a token for this API; for where there is no request, or no adapter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`] if the token has a wrong signature, has expired, or is for another API;
    /// [`ErrorKind::Unreachable`] if Logto's keys are not known and cannot be had. The error is
    /// also the answer to send: [`Reply::from`](crate::reply::Reply).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::ErrorKind;
    /// use logto::resource_server::Api;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let token = MachineApp::new(config)?.token("https://api.example.test", "read:things").await?;
    /// # let (endpoint, token) = (tenant.endpoint(), token.as_str());
    /// let api = Api::new(endpoint, "https://api.example.test")?;
    /// let claims = api.verify(token).await?;
    /// assert!(claims.is_machine() && claims.has_scope("read:things"));
    ///
    /// let other = Api::new(endpoint, "https://other.example.test")?;
    /// let refused = other.verify(token).await;
    /// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::InvalidToken));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify(&self, token: &str) -> Result<AccessTokenClaims, Error> {
        self.verify_for(&Policy::new(), token, None).await
    }

    /// The claims of a token that permits what `policy` asks for. `organization` is the one that
    /// the request is about, where the policy [asks](Policy::organization_from) for it.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`ErrorKind::Forbidden`] if the token does not permit it.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// use logto::ErrorKind;
    /// use logto::resource_server::{Api, Policy};
    ///
    /// const READ: Policy = Policy::new().with_scopes(&["read:things"]);
    /// const WRITE: Policy = Policy::new().with_scopes(&["write:things"]);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let token = MachineApp::new(config)?.token("https://api.example.test", "read:things").await?;
    /// # let (api, token) = (Api::new(tenant.endpoint(), "https://api.example.test")?, token.as_str());
    /// // The first message of a WebSocket has the token.
    /// let claims = api.verify_for(&READ, token, None).await?;
    /// assert_eq!(claims.scopes().collect::<Vec<_>>(), ["read:things"]);
    /// let refused = api.verify_for(&WRITE, token, None).await;
    /// assert_eq!(refused.map_err(|error| error.kind()).err(), Some(ErrorKind::Forbidden));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify_for(
        &self,
        policy: &Policy,
        token: &str,
        organization: Option<&str>,
    ) -> Result<AccessTokenClaims, Error> {
        let verified = match self.seen_before(token.as_bytes()) {
            Some(claims) => Ok(claims),
            None => Box::pin(self.verify_anew(token)).await,
        };
        self.judge(policy, verified, organization)
    }

    /// The claims of the token in a request's `Authorization` headers, if it permits what `policy`
    /// asks for. What adapters call: a token that was seen before is judged without waiting.
    ///
    /// # Errors
    ///
    /// As [`verify_for`](Self::verify_for); [`ErrorKind::MissingToken`] if the request brought no
    /// token; [`ErrorKind::InvalidRequest`] if it brought several or a malformed one, or does not
    /// say which organization it is about.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{Api, Policy};
    /// use logto::web::Reply;
    ///
    /// const READ: Policy = Policy::new().with_scopes(&["read:things"]);
    ///
    /// /// `authorization` has the value of each `Authorization` header.
    /// async fn things(api: &Api, authorization: &[&str]) -> Result<String, Reply> {
    ///     let claims = api.authorize(&READ, authorization, None).await?;
    ///     Ok(format!("things of {}", claims.sub()))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let api = Api::new("https://my-tenant.logto.app", "https://api.example.test")?;
    /// assert_eq!(things(&api, &[]).await.map_err(|reply| reply.status()), Err(401));
    /// # Ok(())
    /// # }
    /// ```
    pub fn authorize(
        &self,
        policy: &Policy,
        authorization: impl IntoIterator<Item: AsRef<[u8]>>,
        organization: Option<&str>,
    ) -> MaybeReady<Result<AccessTokenClaims, Error>> {
        let refuse = |error| MaybeReady::known(Err(self.challenge(policy).answer(error)));
        let mut headers = authorization.into_iter();
        let header = headers.next();
        if headers.next().is_some() {
            return refuse(several());
        }
        let Some(sent) = header.as_ref().and_then(|header| credentials(header.as_ref())) else {
            let why = "the request has no access token";
            return refuse(Error::new(ErrorKind::MissingToken, why));
        };
        if let Some(claims) = self.seen_before(sent) {
            return MaybeReady::known(self.judge(policy, Ok(claims), organization));
        }
        let token = match token(sent) {
            Ok(token) => token,
            Err(error) => return refuse(error),
        };
        if let Err(error) = Verifier::check_header(token, &self.0.provider) {
            return refuse(error);
        }
        let (api, policy, token) = (self.clone(), *policy, token.to_owned());
        let organization = organization.map(str::to_owned);
        MaybeReady::waiting(async move {
            let verified = api.verify_anew(&token).await;
            api.judge(&policy, verified, organization.as_deref())
        })
    }

    /// How much longer the API accepts this token: until its end, and as long after it as the
    /// [clocks may differ](ApiConfig::with_clock_tolerance). A response that streams must not go on
    /// for longer.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn demo(api: logto::resource_server::Api, token: &str) -> Result<(), logto::Error> {
    /// let claims = api.verify(token).await?;
    /// println!("close the stream in {} seconds", api.time_left(&claims).as_secs());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn time_left(&self, token: &AccessTokenClaims) -> Duration {
        let Verifier { clock, tolerance, .. } = &self.0.verifier;
        let end = token.expires_at().saturating_add(*tolerance);
        Duration::from_secs(end.saturating_sub(clock.now()))
    }

    /// Where the metadata of RFC 9728 is to be served, if the configuration asks for it.
    #[must_use]
    pub fn metadata_path(&self) -> Option<&str> {
        self.0.metadata.as_ref().map(|metadata| metadata.url.path())
    }

    /// The metadata of RFC 9728, if the configuration asks for it.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Api;
    /// use logto::web::Reply;
    ///
    /// /// What an adapter serves, or `None` for its own 404.
    /// fn serve(api: &Api, path: &str) -> Option<Reply> {
    ///     if api.metadata_path() == Some(path) { api.metadata() } else { None }
    /// }
    ///
    /// let api = Api::new("https://my-tenant.logto.app", "https://api.example.test")?;
    /// // This API has no metadata.
    /// assert!(serve(&api, "/.well-known/oauth-protected-resource").is_none());
    /// # Ok::<(), logto::ConfigError>(())
    /// ```
    #[must_use]
    pub fn metadata(&self) -> Option<Reply> {
        let metadata = self.0.metadata.as_ref()?;
        let issuer = self.0.provider.issuer();
        Some(document(self.resource(), issuer, &metadata.scopes))
    }

    /// The answer to an `OPTIONS` request for the [metadata](Self::metadata). A browser sends one
    /// before a page of another origin reads the document, because MCP clients add a header.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Api;
    /// use logto::web::Reply;
    ///
    /// /// What an adapter serves where the metadata is.
    /// fn serve(api: &Api, method: &str) -> Option<Reply> {
    ///     if method == "OPTIONS" { api.metadata_preflight() } else { api.metadata() }
    /// }
    /// ```
    #[must_use]
    pub fn metadata_preflight(&self) -> Option<Reply> {
        self.0.metadata.as_ref().map(|_| preflight())
    }

    fn seen_before(&self, token: &[u8]) -> Option<AccessTokenClaims> {
        let claims = self.0.verified.get(token)?;
        let (now, version) = self.now();
        claims.is_believed(now, version).then_some(claims)
    }

    fn now(&self) -> (u64, KeySetVersion) {
        let Inner { verifier, provider, .. } = &*self.0;
        (verifier.clock.now(), provider.key_set_version())
    }

    async fn verify_anew(&self, token: &str) -> Result<AccessTokenClaims, Error> {
        let verified = self.verify_unknown(token).await;
        metrics::verification(
            verified.as_ref().err().map_or("verified", |error| error.kind().label()),
        );
        verified
    }

    async fn verify_unknown(&self, token: &str) -> Result<AccessTokenClaims, Error> {
        let Inner { provider, personal, .. } = &*self.0;
        match personal {
            Some(personal) if PersonalTokens::is_one(token) => {
                let now = self.0.verifier.clock.now();
                let issued = personal.exchange(token, now).await?;
                match self.seen_before(issued.as_str().as_bytes()) {
                    Some(claims) => Ok(claims),
                    None => self.verify_jwt(issued.as_str(), provider).await,
                }
            }
            _ => self.verify_jwt(token, provider).await,
        }
    }

    async fn verify_jwt(
        &self,
        token: &str,
        provider: &Provider,
    ) -> Result<AccessTokenClaims, Error> {
        let claims = self.0.verifier.verify(token, provider).await?;
        let (now, version) = self.now();
        if claims.is_believed(now, version) {
            let is_over = |kept: &AccessTokenClaims| !kept.is_believed(now, version);
            self.0.verified.insert(claims.clone(), is_over);
        }
        Ok(claims)
    }

    fn judge(
        &self,
        policy: &Policy,
        verified: Result<AccessTokenClaims, Error>,
        organization: Option<&str>,
    ) -> Result<AccessTokenClaims, Error> {
        let permitted = verified.and_then(|claims| {
            policy.check(&claims, organization)?;
            if let Some(actor) = claims.actor()
                && policy.logs()
            {
                let (subject, depth) = (claims.sub(), claims.delegation_depth());
                tracing::info!(actor, subject, depth, "delegated access token accepted");
            }
            Ok(claims)
        });
        permitted.map_err(|error| self.challenge(policy).answer(error))
    }

    fn challenge(&self, policy: &Policy) -> Challenge<'_> {
        let metadata = self.0.metadata.as_ref();
        Challenge {
            realm: self.resource(),
            scope: policy.scope(),
            resource_metadata: metadata.map(|metadata| metadata.url.as_str()),
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("resource", &self.resource())
            .field("issuer", &self.0.provider.issuer())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;
    use crate::resource_server::claims::Payload;

    #[test]
    fn a_token_is_accepted_until_its_end_and_the_tolerance() {
        const RESOURCE: &str = "https://api.example.test";
        let clock = Clock::system();
        clock.stop();
        let tolerance = Duration::from_secs(10);
        let config = ApiConfig::new(RESOURCE).with_clock(clock.clone());
        let api = Api::new("https://auth.example.test", config.with_clock_tolerance(tolerance));
        let exp = clock.now() + 60;
        let payload = format!(
            r#"{{"iss":"i","aud":"{RESOURCE}","sub":"s","client_id":"c","exp":{exp},"iat":1}}"#
        );
        let payload = Payload::parse(payload.as_bytes()).unwrap();
        let claims =
            AccessTokenClaims::new("a.b.c", &payload, RESOURCE, exp, KeySetVersion(1)).unwrap();
        let time_left = || api.as_ref().unwrap().time_left(&claims).as_secs();
        assert_eq!(time_left(), 70);
        clock.advance(Duration::from_secs(69));
        assert_eq!(time_left(), 1);
        clock.advance(tolerance);
        assert_eq!(time_left(), 0);
    }
}
