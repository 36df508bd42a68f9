//! Configures a tenant before it starts.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::apps::{App, AppCredentials, AppKind, BackChannel, loopback};
use crate::clock::Clock;
use crate::connection::{CuttableListener, Line};
use crate::directory::example::MACHINE_ROLE;
use crate::directory::{Directory, MANAGEMENT_ROLE, row};
use crate::error::Error;
use crate::faults::Faults;
use crate::keys::{KeyRing, SigningAlgorithm};
use crate::log::Log;
use crate::state::Tenant;
use crate::store::Store;
use crate::tenant::LocalTenant;
use crate::users::{TestUser, built_in};
use crate::webhooks::EVENTS;
use crate::{random, server};

/// The settings of a [`LocalTenant`]; every one has a default.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), logto_local::Error> {
/// let tenant = logto_local::LocalTenant::builder()
///     .base_url("http://localhost:4000")
///     .redirect_uri("http://localhost:4000/other-callback")
///     .back_channel_logout(true)
///     .start()
///     .await?;
/// assert!(tenant.app_secret().starts_with("local-"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct LocalTenantBuilder {
    port: u16,
    base_url: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    apis: Vec<(String, Vec<String>)>,
    back_channel: bool,
    back_channel_session: bool,
    third_party: bool,
    app: Option<AppCredentials>,
    users: Vec<TestUser>,
    empty: bool,
    secret_vault: bool,
    token_storage: bool,
    token_exchange: bool,
    sign_up_by_email: bool,
    webhooks: bool,
    account_center: bool,
    client_documents: bool,
}

impl Default for LocalTenantBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            base_url: "http://localhost:3000".to_owned(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            apis: Vec::new(),
            back_channel: false,
            back_channel_session: true,
            third_party: false,
            app: None,
            users: built_in::users(),
            empty: false,
            secret_vault: false,
            token_storage: false,
            token_exchange: false,
            sign_up_by_email: false,
            webhooks: false,
            account_center: false,
            client_documents: false,
        }
    }
}

impl LocalTenant {
    /// A tenant on a free port of the loopback interface, with one app registered for
    /// `http://localhost:3000`.
    ///
    /// # Errors
    ///
    /// If the system gives no port or no random bytes.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = logto_local::LocalTenant::start().await?;
    /// assert!(tenant.endpoint().starts_with("http://localhost:"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// To choose the port, the URLs of the app, users and more.
    pub fn builder() -> LocalTenantBuilder {
        LocalTenantBuilder::default()
    }
}

impl LocalTenantBuilder {
    /// The port on the loopback interface; by default any free one.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// // Port and credentials stay the same in every run, for a `.env` file.
    /// let builder = LocalTenant::builder().port(3001).app("my-app", "local-secret-of-my-app");
    /// ```
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Where the app runs, by default `http://localhost:3000`. Registers `{base}/callback`, `{base}/` after
    /// sign-out, and `{base}/backchannel-logout` if back-channel logout is on.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // An app below a path, on another port.
    /// let tenant = LocalTenant::builder().base_url("http://localhost:8080/shop").start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn base_url(mut self, base: impl Into<String>) -> Self {
        self.base_url = base.into();
        self
    }

    /// One more exact redirect URI.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// One more exact address to return to after signing out.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder()
    ///     .redirect_uri("http://localhost:3000/preview/callback")
    ///     .post_logout_redirect_uri("http://localhost:3000/goodbye")
    ///     .start()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// One more API resource, by its identifier, with its permissions. alice, and every user with
    /// the role `things-editor`, has all of them; frank, and every user with the role
    /// `things-reader`, has the first one. A role with the name of a permission gives a user that
    /// permission.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::{LocalTenant, TestUser};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), logto_local::Error> {
    /// let tenant = LocalTenant::builder()
    ///     .api("http://localhost:8000/mcp", ["read:notes", "write:notes"])
    ///     .user(TestUser::new("dora").with_role("write:notes"));
    /// # tenant.start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn api<S: Into<String>>(
        mut self,
        identifier: impl Into<String>,
        permissions: impl IntoIterator<Item = S>,
    ) -> Self {
        let permissions = permissions.into_iter().map(Into::into).collect();
        self.apis.push((identifier.into(), permissions));
        self
    }

    /// Tells the app when a session ends, and puts `sid` into its ID tokens. Off by default, as in
    /// Logto.
    pub fn back_channel_logout(mut self, on: bool) -> Self {
        self.back_channel = on;
        self
    }

    /// Whether logout tokens and ID tokens have a `sid` when back-channel logout is on; by default
    /// they do. Logto calls this `backchannelLogoutSessionRequired`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // Logout tokens say who signed out, but not which session ended.
    /// let tenant = LocalTenant::builder()
    ///     .back_channel_logout(true)
    ///     .back_channel_session_required(false)
    ///     .start()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn back_channel_session_required(mut self, required: bool) -> Self {
        self.back_channel_session = required;
        self
    }

    /// Makes the app a third-party app: its users see a consent page, and cancelling there
    /// sends the browser to the bare redirect URI.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder().third_party(true).start().await?;
    /// # let (endpoint, app_id) = (tenant.endpoint(), tenant.app_id());
    /// # let query = format!("client_id={app_id}&response_type=code&scope=openid&state=xyz");
    /// # let authorization_url = format!("{endpoint}/oidc/auth?{query}");
    /// // `sign_in` allows the app what it asks for, on a page that an app of your own does not have.
    /// let callback = tenant.sign_in(&authorization_url, "alice").await?;
    /// assert!(tenant.requests().iter().any(|request| request.path == "/consent"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn third_party(mut self, third_party: bool) -> Self {
        self.third_party = third_party;
        self
    }

    /// Fixed credentials instead of generated ones. The secret must begin with `local-`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::{Error, LocalTenant};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder().app("my-app", "local-secret-of-my-app").start().await?;
    /// assert_eq!(tenant.app_id(), "my-app");
    ///
    /// // A real secret has no place here.
    /// let refused = LocalTenant::builder().app("my-app", "a real secret").start().await;
    /// assert!(matches!(refused, Err(Error::SecretNotLocal)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn app(mut self, app_id: impl Into<String>, app_secret: impl Into<String>) -> Self {
        self.app = Some(AppCredentials { app_id: app_id.into(), app_secret: app_secret.into() });
        self
    }

    /// Adds a user, or replaces the built-in user of the same handle.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::{LocalTenant, TestUser};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let alice = TestUser::new("alice").with_email(None);
    /// let tenant = LocalTenant::builder().user(alice).user(TestUser::new("dora")).start().await?;
    /// // alice, bob, carol, frank, and dora
    /// assert_eq!(tenant.users().len(), 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn user(mut self, user: TestUser) -> Self {
        self.users.retain(|known| known.handle() != user.handle());
        self.users.push(user);
        self
    }

    /// Starts as Logto does: no app but the machine-to-machine app with access to the Management
    /// API, no connector, no API, no roles, no organizations. The built-in users cannot sign in
    /// until the tenant has a Hugging Face button.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // For a test of what sets a tenant up, by the Management API.
    /// let tenant = LocalTenant::builder().empty().start().await?;
    /// assert_eq!(tenant.app_id(), "");
    /// let machine = tenant.machine_app();
    /// assert!(machine.app_secret.starts_with("local-"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// Whether connectors can be told to keep the tokens of users, as a Logto with
    /// `SECRET_VAULT_KEK`; off by default.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // A test of the setup with token storage, from the beginning.
    /// let tenant = LocalTenant::builder().empty().secret_vault(true).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn secret_vault(mut self, on: bool) -> Self {
        self.secret_vault = on;
        self
    }

    /// Whether the tenant keeps users' Hugging Face tokens and gives them out, as after
    /// `logto setup hugging-face --with-token-storage`; off by default. An [empty](Self::empty)
    /// tenant has nothing to keep them with.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // For an app that calls `logto::web::User::hugging_face_token`: the Account API gives it out.
    /// let tenant = LocalTenant::builder().token_storage(true).account_center(true).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_storage(mut self, on: bool) -> Self {
        self.token_storage = on;
        self
    }

    /// Whether the built-in machine-to-machine app may exchange tokens, as after a switch in
    /// Logto's console; off by default.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder().token_exchange(true).start().await?;
    /// // `tenant.machine_app()` may exchange this for an access token of alice.
    /// let personal_token = tenant.create_personal_access_token("alice")?;
    /// assert!(personal_token.starts_with("pat_"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_exchange(mut self, on: bool) -> Self {
        self.token_exchange = on;
        self
    }

    /// Whether a one-time token registers a user whom the tenant does not know, as after the
    /// sign-up identifier is set to the e-mail address in Logto's console; off by default.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // A magic link for an address that no user has registers a new user.
    /// let tenant = LocalTenant::builder().sign_up_by_email(true).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sign_up_by_email(mut self, on: bool) -> Self {
        self.sign_up_by_email = on;
        self
    }

    /// Tells the app at `{base}/webhooks/logto` what happens, by a hook for every event; off by
    /// default. The app has to know its [signing key](LocalTenant::webhook_signing_key).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder().webhooks(true).start().await?;
    /// let key = tenant.webhook_signing_key().unwrap_or_default();
    /// println!("LOGTO_WEBHOOK_SIGNING_KEY={key}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn webhooks(mut self, on: bool) -> Self {
        self.webhooks = on;
        self
    }

    /// Whether users may see and change all of their account through the Account API; off at
    /// first, as in a new tenant.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::{LocalTenant, TestUser};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // The Account API asks dora for this password before it changes her account.
    /// let dora = TestUser::new("dora").with_password("correct horse battery staple");
    /// let tenant = LocalTenant::builder().account_center(true).user(dora).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn account_center(mut self, on: bool) -> Self {
        self.account_center = on;
        self
    }

    /// Whether clients may introduce themselves by a
    /// [document](LocalTenant::publish_client_metadata), and ask for profile, e-mail address,
    /// and every permission of the APIs of [`api`](Self::api); off by default, as in Logto.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::LocalTenant;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenant = LocalTenant::builder()
    ///     .api("http://localhost:8000/mcp", ["read:notes"])
    ///     .client_documents(true)
    ///     .start()
    ///     .await?;
    /// let client_id = "https://client.example.test/client.json";
    /// tenant.publish_client_metadata(client_id, json!({
    ///     "client_id": client_id,
    ///     "client_name": "A client of MCP servers",
    ///     "redirect_uris": ["http://127.0.0.1:9000/callback"],
    /// }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_documents(mut self, on: bool) -> Self {
        self.client_documents = on;
        self
    }

    /// Starts the tenant.
    ///
    /// # Errors
    ///
    /// If the port is taken, a URL is not one of this machine, or the secret does not begin with
    /// `local-`.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::{Error, LocalTenant};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let first = LocalTenant::builder().start().await?;
    /// let port = first.endpoint().rsplit(':').next().and_then(|port| port.parse().ok());
    /// let second = LocalTenant::builder().port(port.unwrap_or_default()).start().await;
    /// assert!(matches!(second, Err(Error::Port { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(self) -> Result<LocalTenant, Error> {
        let app = match self.app.clone() {
            Some(app) if !app.app_secret.starts_with("local-") => {
                return Err(Error::SecretNotLocal);
            }
            Some(app) => app,
            None => AppCredentials::generate()?,
        };
        let machine = AppCredentials::generate()?;
        let clock = Clock::default();
        let store = self.store(&app, &machine, &clock)?;

        let failed = |reason| Error::Port { port: self.port, reason };
        // Loopback and nothing else: this is not a server for others.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let endpoint = format!("http://localhost:{port}");
        let shared = Arc::new(Tenant {
            issuer: format!("{endpoint}/oidc"),
            endpoint,
            clock,
            faults: Faults::default(),
            log: Log::default(),
            cookie_key: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()?),
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(Error::http)?,
            store: Mutex::new(store),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let service = server::router(shared.clone()).into_make_service_with_connect_info::<Line>();
        let server = axum::serve(CuttableListener(listener), service)
            .with_graceful_shutdown(async { drop(stopped.await) });
        tokio::spawn(async { drop(server.await) });
        let none = || AppCredentials { app_id: String::new(), app_secret: String::new() };
        let app = if self.empty { none() } else { app };
        Ok(LocalTenant { shared, app, machine, _stop: stop })
    }

    /// What the tenant begins with.
    fn store(
        &self,
        app: &AppCredentials,
        machine: &AppCredentials,
        clock: &Clock,
    ) -> Result<Store, Error> {
        let now_ms = clock.millis();
        // Also of a tenant that begins without: what is registered for it has to be right.
        let app = self.web_app(app.clone(), now_ms)?;
        let machine_app = self.machine_app(machine.clone(), now_ms);
        let apps = if self.empty { vec![machine_app] } else { vec![app, machine_app] };
        let users = self.users.iter().cloned();
        let users =
            users.map(|user| if self.empty { user.without_access() } else { user }).collect();
        let directory = self.directory(&machine.app_id, now_ms)?;
        let keys = KeyRing::generate(SigningAlgorithm::Es384, clock.seconds())?;
        let mut store = Store::new(keys, apps, users, directory);
        if self.client_documents {
            store.documents.open_for(&store.directory, &self.apis);
        }
        Ok(store)
    }

    /// What the Management API has of this tenant at first.
    fn directory(&self, machine: &str, now_ms: u64) -> Result<Directory, Error> {
        let mut directory = match self.empty {
            true => Directory::new(now_ms),
            false => Directory::example(now_ms, machine),
        };
        let base = self.base_url.trim_end_matches('/');
        if !self.empty {
            let home = json!(String::from(loopback(&self.base_url)?));
            directory.sign_in_experience.insert("unknownSessionRedirectUrl".to_owned(), home);
            if self.token_storage {
                directory.keep_tokens();
            }
        }
        for (identifier, permissions) in &self.apis {
            directory.add_api(identifier, permissions, now_ms)?;
        }
        directory.secret_vault |= self.secret_vault;
        if self.account_center {
            directory.open_account_center();
        }
        if self.sign_up_by_email {
            let by_email = json!({ "identifiers": ["email"], "password": false, "verify": true });
            directory.sign_in_experience.insert("signUp".to_owned(), by_email);
        }
        if self.webhooks {
            directory.hooks.insert(row(json!({
                "id": random::id(21)?, "name": "local", "event": null, "events": EVENTS,
                "config": { "url": format!("{base}/webhooks/logto") }, "signingKey": random::id(32)?,
                "enabled": true, "createdAt": now_ms,
            })));
        }
        Ok(directory)
    }

    fn machine_app(&self, credentials: AppCredentials, now_ms: u64) -> App {
        let mut app = App::new(credentials, AppKind::MachineToMachine, now_ms);
        app.roles.push(MANAGEMENT_ROLE.to_owned());
        if !self.empty {
            app.roles.push(MACHINE_ROLE.to_owned());
        }
        if self.token_exchange {
            app.allow_token_exchange();
        }
        app
    }

    fn web_app(&self, credentials: AppCredentials, now_ms: u64) -> Result<App, Error> {
        let mut app = App::new(credentials, AppKind::Web, now_ms);
        app.third_party = self.third_party;
        app.back_channel = BackChannel {
            enabled: self.back_channel,
            session_required: self.back_channel && self.back_channel_session,
            uri: None,
        };
        app.register_base_url(&self.base_url)?;
        for uri in &self.redirect_uris {
            app.register_redirect_uri(uri)?;
        }
        for uri in &self.post_logout_redirect_uris {
            app.register_home(uri)?;
        }
        Ok(app)
    }
}
