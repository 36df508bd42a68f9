//! The running tenant.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::apps::{App, AppCredentials, AppKind};
use crate::browser::Browser;
use crate::clock::Clock;
use crate::directory::text;
use crate::error::Error;
use crate::faults::Faults;
use crate::keys::SigningAlgorithm;
use crate::log::SeenRequest;
use crate::random;
use crate::state::Shared;
use crate::store::Store;
use crate::users::TestUser;

/// A Logto tenant in this process. It stops when it is dropped.
///
/// See the [crate documentation](crate) for what it does.
///
/// # Example
///
/// ```
/// use logto_local::LocalTenant;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), logto_local::Error> {
/// let tenant = LocalTenant::builder().base_url("http://localhost:3000").start().await?;
/// println!("LOGTO_ENDPOINT={}", tenant.endpoint());
/// println!("LOGTO_APP_ID={}", tenant.app_id());
/// println!("LOGTO_APP_SECRET={}", tenant.app_secret());
/// # Ok(())
/// # }
/// ```
#[must_use = "the tenant stops when it is dropped"]
pub struct LocalTenant {
    pub(crate) shared: Shared,
    pub(crate) app: AppCredentials,
    pub(crate) machine: AppCredentials,
    /// Dropping it tells the server to stop.
    pub(crate) _stop: oneshot::Sender<()>,
}

impl LocalTenant {
    /// `http://localhost:<port>`, without a slash at the end: what an app calls `LOGTO_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.shared.endpoint
    }

    /// The `iss` of every token: the endpoint and `/oidc`.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// let discovery = format!("{}/.well-known/openid-configuration", tenant.issuer());
    /// let document: serde_json::Value = reqwest::get(discovery).await?.json().await?;
    /// assert_eq!(document["issuer"], tenant.issuer());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// The client id of the registered app; an empty text if the tenant was started empty.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app.app_id
    }

    /// The client secret of the registered app; it begins with `local-`.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        &self.app.app_secret
    }

    /// The built-in machine-to-machine app, for `client_credentials`. It may have `read:things` on
    /// `https://api.example.test`, `all` on the Management API and `read:members` in alice's organization.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// let machine = tenant.machine_app();
    /// let form = [
    ///     ("grant_type", "client_credentials"),
    ///     ("resource", "https://api.example.test"),
    ///     ("scope", "read:things"),
    /// ];
    /// let request = reqwest::Client::new().post(format!("{}/token", tenant.issuer()));
    /// let request = request.basic_auth(&machine.app_id, Some(&machine.app_secret)).form(&form);
    /// let answer: serde_json::Value = request.send().await?.json().await?;
    /// assert_eq!(answer["scope"], "read:things");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn machine_app(&self) -> &AppCredentials {
        &self.machine
    }

    /// Registers the three URLs of an app at `base` for the built-in app: `{base}/callback`,
    /// `{base}/` after sign-out, and, if back-channel logout is on,
    /// `{base}/backchannel-logout`, which replaces an earlier one.
    ///
    /// # Errors
    ///
    /// If `base` is not a URL of this machine.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // The app under test listens on any free port, which is known only now.
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let base = format!("http://localhost:{}", listener.local_addr()?.port());
    /// tenant.register_base_url(&base)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn register_base_url(&self, base: &str) -> Result<(), Error> {
        let mut store = self.shared.store();
        let mut apps = store.apps.iter_mut();
        apps.find(|app| app.id == self.app.app_id).map_or(Ok(()), |app| app.register_base_url(base))
    }

    /// Registers another first-party web app at `base`, with the same back-channel settings:
    /// for single sign-on across apps.
    ///
    /// # Errors
    ///
    /// If `base` is not a URL of this machine.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// let second = tenant.add_app("http://localhost:4000")?;
    /// let url = |app_id: &str| {
    ///     format!("{}/auth?client_id={app_id}&response_type=code&scope=openid&state=x", tenant.issuer())
    /// };
    /// // A user who signed in to the first app is signed in to the second one without a page.
    /// let mut browser = tenant.browser();
    /// browser.sign_in(&url(tenant.app_id()), "alice").await?;
    /// let stop = browser.open(&url(&second.app_id)).await?;
    /// assert!(matches!(stop, logto_local::Stop::App(url) if url.starts_with("http://localhost:4000/")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_app(&self, base: &str) -> Result<AppCredentials, Error> {
        let credentials = AppCredentials::generate()?;
        let mut store = self.shared.store();
        let now_ms = self.shared.clock.millis();
        let mut app = App::new(credentials.clone(), AppKind::Web, now_ms);
        if let Some(first) = store.app(&self.app.app_id) {
            app.back_channel = first.back_channel.clone();
            app.back_channel.uri = None;
        }
        app.register_base_url(base)?;
        store.apps.push(app);
        Ok(credentials)
    }

    /// The key that signs [webhooks](crate::LocalTenantBuilder::webhooks): of the first hook, if
    /// there is one.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder().webhooks(true).start().await?;
    /// // For `logto::LogtoConfig::with_webhook_signing_key`.
    /// assert!(tenant.webhook_signing_key().is_some());
    /// assert!(LocalTenant::start().await?.webhook_signing_key().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn webhook_signing_key(&self) -> Option<String> {
        let store = self.shared.store();
        let hook = store.directory.hooks.rows().next()?;
        Some(text(hook, "signingKey").to_owned())
    }

    /// The code that the Account API would have mailed to an address last.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// /// What the user would read in their mail, after the app called the Account API.
    /// fn code(tenant: &LocalTenant) -> String {
    ///     tenant.verification_code("alice@example.test").unwrap_or_default()
    /// }
    /// ```
    #[must_use]
    pub fn verification_code(&self, email: &str) -> Option<String> {
        let store = self.shared.store();
        let codes = store.verifications.values();
        let sent = codes.filter_map(|one| Some((one.expires_ms, one.code.as_ref()?)));
        let of_it = sent.filter(|(_, (address, _))| address == email);
        of_it.max_by_key(|(at, _)| *at).map(|(_, (_, code))| code.clone())
    }

    /// A new personal access token of a user, which does not expire. Apps that may
    /// [exchange tokens](crate::LocalTenantBuilder::token_exchange) get access tokens for it.
    ///
    /// # Errors
    ///
    /// If no user has that handle.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder().token_exchange(true).start().await?;
    /// let token = tenant.create_personal_access_token("alice")?;
    /// // The user deletes it in Logto's account pages: it cannot be exchanged any more.
    /// tenant.delete_personal_access_token(&token);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_personal_access_token(&self, user: &str) -> Result<String, Error> {
        let mut store = self.shared.store();
        known(&store, user)?;
        let token = format!("pat_{}", random::id(32)?);
        store.subjects.add_personal(token.clone(), user.to_owned());
        Ok(token)
    }

    /// Deletes a personal access token. Access tokens that it was exchanged for live on.
    pub fn delete_personal_access_token(&self, token: &str) {
        self.shared.store().subjects.remove_personal(token);
    }

    /// The clock that every expiry in the tenant follows.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // Access tokens live for an hour: the app has to refresh the next time it needs one.
    /// tenant.clock().advance(Duration::from_secs(3600));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// How long access tokens live that are issued from now on, in whole seconds; at first an hour.
    /// With zero the next request of the app has to refresh: for apps whose clock cannot be
    /// moved.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // An app that runs as a process of its own refreshes at every request.
    /// tenant.set_access_token_life(Duration::ZERO);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_access_token_life(&self, life: Duration) {
        self.shared.store().access_token_life = life.as_secs();
    }

    /// Makes the refresh tokens that were issued so far older, in whole seconds: after 70 % of
    /// their 14 days they rotate. For apps whose clock cannot be moved.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // After ten of the 14 days, the next refresh brings a new refresh token.
    /// tenant.age_refresh_tokens(Duration::from_secs(10 * 24 * 3600));
    /// # Ok(())
    /// # }
    /// ```
    pub fn age_refresh_tokens(&self, by: Duration) {
        self.shared.store().age_refresh_tokens(by.as_secs());
    }

    /// Makes parts of the tenant fail.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::{Endpoint, Fault};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// tenant.faults().set_times(Endpoint::Token, Fault::Status(503), 1);
    /// // … the app says that Logto is down, and signs no one out …
    /// tenant.faults().clear();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Signs with a new key from now on. The new key comes first in the key set, the old ones stay.
    ///
    /// # Errors
    ///
    /// If the key cannot be generated.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::SigningAlgorithm;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// tenant.rotate_signing_key(SigningAlgorithm::Es384)?;
    /// let keys: serde_json::Value = reqwest::get(format!("{}/jwks", tenant.issuer())).await?.json().await?;
    /// assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn rotate_signing_key(&self, algorithm: SigningAlgorithm) -> Result<(), Error> {
        let now = self.shared.clock.seconds();
        Ok(self.shared.store().keys.rotate(algorithm, now)?)
    }

    /// Takes every key but the current one out of the key set: tokens signed with them can no
    /// longer be verified.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::SigningAlgorithm;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // Tokens that were issued so far have a key that no one knows any more.
    /// tenant.rotate_signing_key(SigningAlgorithm::Es384)?;
    /// tenant.remove_previous_keys();
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove_previous_keys(&self) {
        self.shared.store().keys.keep(1);
    }

    /// Puts a client ID metadata document at an address, such as `https://client.example.test/client.json`, where the
    /// tenant finds it if an administrator lets clients introduce themselves in this way (`PATCH
    /// /api/configs/cimd`). It fetches nothing from anywhere else. Redirect URIs have to be on
    /// this machine.
    ///
    /// What such a client may ask for is set by `POST /api/cimd/user-consent-scopes`; at first that
    /// is `openid` and `offline_access`.
    /// [`LocalTenantBuilder::client_documents`](crate::LocalTenantBuilder::client_documents) does
    /// both.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder().client_documents(true).start().await?;
    /// let client_id = "https://client.example.test/client.json";
    /// tenant.publish_client_metadata(client_id, json!({
    ///     "client_id": client_id,
    ///     "client_name": "A client",
    ///     "redirect_uris": ["http://127.0.0.1:9000/callback"],
    /// }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish_client_metadata(&self, address: impl Into<String>, document: Value) {
        self.shared.store().documents.published.insert(address.into(), document);
    }

    /// A JWT access token with these claims, signed with the tenant's key: for a test of what Logto
    /// itself does not issue, such as a chain of actors.
    ///
    /// # Errors
    ///
    /// If the cryptographic library fails.
    ///
    /// # Example
    ///
    /// ```
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // A token of support staff who act for a user, for a test of an API.
    /// let token = tenant.sign_access_token(&json!({
    ///     "iss": tenant.issuer(), "aud": "https://api.example.test", "sub": "8s8claa1vi9z",
    ///     "client_id": tenant.app_id(), "act": { "sub": "support" }, "iat": 1, "exp": 4_000_000_000_u64,
    /// }))?;
    /// assert_eq!(token.split('.').count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sign_access_token(&self, claims: &Value) -> Result<String, Error> {
        Ok(self.shared.store().keys.sign(Some("at+jwt"), claims)?)
    }

    /// Everything that clients sent since the start, or since
    /// [`clear_requests`](Self::clear_requests), in order.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let (endpoint, app_id) = (tenant.endpoint(), tenant.app_id());
    /// # let query = format!("client_id={app_id}&response_type=code&scope=openid&state=xyz");
    /// # let authorization_url = format!("{endpoint}/oidc/auth?{query}");
    /// tenant.sign_in(&authorization_url, "alice").await?;
    /// let requests = tenant.requests();
    /// let first = requests.first().and_then(|request| request.param("scope"));
    /// assert_eq!(first, Some("openid"));
    /// tenant.clear_requests();
    /// assert!(tenant.requests().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shared.log.seen()
    }

    /// Forgets the requests seen so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// Everyone who can sign in.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// let users = tenant.users();
    /// let alice = users.iter().find(|user| user.handle() == "alice");
    /// // What tokens have as `sub`.
    /// assert_eq!(alice.map(|user| user.id()), Some("8s8claa1vi9z"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn users(&self) -> Vec<TestUser> {
        self.shared.store().users.clone()
    }

    /// Suspends a user: sessions and tokens end at once, and signing in ends on a page of the
    /// tenant. No back-channel logout is sent, as in Logto.
    ///
    /// # Errors
    ///
    /// If no user has that handle.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let (endpoint, app_id) = (tenant.endpoint(), tenant.app_id());
    /// # let query = format!("client_id={app_id}&response_type=code&scope=openid&state=xyz");
    /// # let authorization_url = format!("{endpoint}/oidc/auth?{query}");
    /// tenant.suspend("alice")?;
    /// // The sign-in ends on a page of the tenant.
    /// assert!(tenant.sign_in(&authorization_url, "alice").await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn suspend(&self, user: &str) -> Result<(), Error> {
        let mut store = self.shared.store();
        known(&store, user)?;
        store.suspended.insert(user.to_owned());
        store.end_everything_of(user);
        Ok(())
    }

    /// Revokes every token of a user, as the Management API can; the browser session stays.
    ///
    /// # Errors
    ///
    /// If no user has that handle.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // … alice signs in to the app under test …
    /// tenant.revoke_grants("alice")?;
    /// // The app's next refresh is refused, and its session ends.
    /// # Ok(())
    /// # }
    /// ```
    pub fn revoke_grants(&self, user: &str) -> Result<(), Error> {
        let mut store = self.shared.store();
        known(&store, user)?;
        store.revoke_grants_of(user);
        Ok(())
    }

    /// A browser without a screen, with cookies of its own.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let (endpoint, app_id) = (tenant.endpoint(), tenant.app_id());
    /// # let query = format!("client_id={app_id}&response_type=code&scope=openid&state=xyz");
    /// # let authorization_url = format!("{endpoint}/oidc/auth?{query}");
    /// // Two browsers: the second one knows nothing of the first one's session.
    /// let (mut laptop, mut phone) = (tenant.browser(), tenant.browser());
    /// laptop.sign_in(&authorization_url, "alice").await?;
    /// phone.sign_in(&authorization_url, "bob").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.shared.clone())
    }

    /// Walks from an authorization URL through the pages to the callback URL, as a fresh browser
    /// would, and returns it without opening it: hand it to the app under test.
    ///
    /// # Errors
    ///
    /// If no user has that handle, or the walk does not end at the app.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// // What the app under test redirects to.
    /// let authorization_url = format!(
    ///     "{}/auth?client_id={}&response_type=code&scope=openid&state=xyz",
    ///     tenant.issuer(),
    ///     tenant.app_id(),
    /// );
    /// let callback = tenant.sign_in(&authorization_url, "alice").await?;
    /// assert!(callback.starts_with("http://localhost:3000/callback?code="));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in(&self, authorization_url: &str, user: &str) -> Result<String, Error> {
        self.browser().sign_in(authorization_url, user).await
    }
}

impl fmt::Debug for LocalTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTenant")
            .field("endpoint", &self.shared.endpoint)
            .finish_non_exhaustive()
    }
}

fn known(store: &Store, user: &str) -> Result<(), Error> {
    store.user(user).map(drop).ok_or_else(|| Error::UnknownUser(user.to_owned()))
}
