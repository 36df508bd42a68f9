//! `HuggingFaceSetup`: what a plan is made from.

use aws_lc_rs::digest;
use secrecy::SecretString;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::{Management, OidcClientMetadata};

/// An application whose users sign in with Hugging Face.
///
/// # Example
///
/// ```
/// use logto_management::provision::HuggingFaceSetup;
///
/// let setup = HuggingFaceSetup::new("https://app.example.com")
///     .with_app_name("My app")
///     .with_credentials("id of the OAuth app at Hugging Face", "its secret")
///     .with_scope("openid profile email inference-api")
///     .with_token_storage(true)
///     .with_api("https://api.example.com", "read:things", "reader")
///     .with_account_api(true)
///     .with_webhooks(true);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HuggingFaceSetup {
    pub(super) base_url: String,
    route_prefix: String,
    pub(super) app_name: String,
    pub(super) app_id: Option<String>,
    pub(super) connector_id: Option<String>,
    pub(super) credentials: Option<Credentials>,
    pub(super) scope: Option<String>,
    pub(super) skip_required_identifiers: bool,
    pub(super) token_storage: bool,
    pub(super) account_api: bool,
    pub(super) api: Option<Api>,
    pub(super) webhooks: bool,
}

/// An API that the application asks for.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) indicator: String,
    pub(super) permission: String,
    pub(super) role: String,
}

/// The OAuth app at Hugging Face.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
}

impl HuggingFaceSetup {
    /// For an application that browsers reach at `base_url`. It registers `{base_url}/callback`,
    /// `{base_url}/` after sign-out (below a path the base URL as it is) and
    /// `{base_url}/backchannel-logout`; with a [prefix](Self::with_route_prefix), the first and the
    /// last below that.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            route_prefix: String::new(),
            app_name: "My app".to_owned(),
            app_id: None,
            connector_id: None,
            credentials: None,
            scope: None,
            skip_required_identifiers: false,
            token_storage: false,
            account_api: false,
            api: None,
            webhooks: false,
        }
    }

    /// The prefix of the SDK's routes in the application (`LogtoConfig::with_route_prefix`), such as
    /// `/auth`.
    pub fn with_route_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.route_prefix = prefix.into();
        self
    }

    /// The name of the application, by which it is found again; `My app` by default.
    pub fn with_app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = name.into();
        self
    }

    /// Adopts the application of this id, whatever its name.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// # let app_id = tenant.app_id();
    /// // An application that the console made.
    /// let setup = HuggingFaceSetup::new("http://localhost:3000").with_app_id(app_id);
    /// let plan = setup.plan(&management).await?;
    /// assert_eq!(plan.app_id(), Some(app_id));
    /// assert!(plan.app_secret().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// Id and secret of the OAuth app at Hugging Face. A connector that exists keeps its own
    /// without them.
    ///
    /// # Example
    ///
    /// ```
    /// use std::env;
    ///
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// fn setup() -> Result<HuggingFaceSetup, env::VarError> {
    ///     let (id, secret) = (env::var("HF_CLIENT_ID")?, env::var("HF_CLIENT_SECRET")?);
    ///     Ok(HuggingFaceSetup::new("https://app.example.com").with_credentials(id, secret))
    /// }
    /// ```
    pub fn with_credentials(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        self.credentials =
            Some(Credentials { client_id: client_id.into(), client_secret: client_secret.into() });
        self
    }

    /// The id of a connector that has yet to be created. By default it follows from the endpoint of
    /// the tenant: the redirect URI for Hugging Face is known before anything is done, and
    /// stays the same.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().empty().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let setup = HuggingFaceSetup::new("http://localhost:3000").with_connector_id("hugging-face");
    /// let plan = setup.plan(&management).await?;
    /// assert_eq!(plan.connector_id(), "hugging-face");
    /// let [sign_in, _account_pages] = plan.hugging_face_redirect_uris();
    /// assert!(sign_in.ends_with("/callback/hugging-face"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_connector_id(mut self, id: impl Into<String>) -> Self {
        self.connector_id = Some(id.into());
        self
    }

    /// What to ask of users at Hugging Face, separated by spaces; `profile email` by default, with
    /// `openid` before it if tokens are stored. Scopes that a connector has already stay.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// // The app calls the Inference API for its users.
    /// let setup = HuggingFaceSetup::new("https://app.example.com")
    ///     .with_scope("openid profile email inference-api")
    ///     .with_token_storage(true);
    /// ```
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Lets new users in without a user name. It holds for every social connector of the tenant.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// // The user name at Hugging Face is enough: no page that asks for another one.
    /// let setup = HuggingFaceSetup::new("https://app.example.com").with_skip_required_identifiers(true);
    /// ```
    pub fn with_skip_required_identifiers(mut self, skip: bool) -> Self {
        self.skip_required_identifiers = skip;
        self
    }

    /// Keeps the user's Hugging Face token, so that the application can call Hugging Face for
    /// them. The built-in connector cannot: it is replaced by one for OAuth 2.0 with the same
    /// id, and the accounts of users stay. A self-hosted Logto needs `SECRET_VAULT_KEK`.
    pub fn with_token_storage(mut self, keep: bool) -> Self {
        self.token_storage = keep;
        self
    }

    /// Lets users see and change their account in the application, through Logto's Account API:
    /// the account center is switched on and its fields are opened. Fields that are open
    /// further stay so.
    pub fn with_account_api(mut self, open: bool) -> Self {
        self.account_api = open;
        self
    }

    /// An API resource by its indicator, with one permission, and a role with that permission,
    /// which every new user gets. What there is of them already is kept.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::provision::HuggingFaceSetup;
    ///
    /// // For `LogtoConfig::with_resources(["https://api.example.com"])` of the app.
    /// let setup = HuggingFaceSetup::new("https://app.example.com")
    ///     .with_api("https://api.example.com", "read:things", "reader");
    /// ```
    pub fn with_api(
        mut self,
        indicator: impl Into<String>,
        permission: impl Into<String>,
        role: impl Into<String>,
    ) -> Self {
        self.api = Some(Api {
            indicator: indicator.into(),
            permission: permission.into(),
            role: role.into(),
        });
        self
    }

    /// Has Logto tell the application at `/webhooks/logto` what happens to users. A webhook with
    /// that address is completed; its headers and further events stay.
    pub fn with_webhooks(mut self, on: bool) -> Self {
        self.webhooks = on;
        self
    }

    /// The addresses of the application at its base URL.
    pub(super) fn addresses(&self) -> Result<OidcClientMetadata, Error> {
        let base = self.base_url.trim_end_matches('/');
        let plain = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        if !Url::parse(base).is_ok_and(|url| plain(&url)) {
            let why = format!(
                "the base URL must be an http or https URL without query and fragment, not {base:?}"
            );
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        let prefix = &self.route_prefix;
        let is_path =
            prefix.starts_with('/') && !prefix.ends_with('/') && !prefix.contains(['?', '#']);
        if !prefix.is_empty() && !is_path {
            let why = format!("the route prefix must be a path such as /auth, not {prefix:?}");
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        Ok(OidcClientMetadata {
            redirect_uris: vec![self.route("/callback")],
            post_logout_redirect_uris: vec![self.home()],
            backchannel_logout_uri: Some(self.route("/backchannel-logout")),
            backchannel_logout_session_required: Some(true),
            ..OidcClientMetadata::default()
        })
    }

    /// The full address of one of the SDK's routes.
    pub(super) fn route(&self, path: &str) -> String {
        [self.base_url.trim_end_matches('/'), &self.route_prefix, path].concat()
    }

    /// The first page of the application. Below a path it is the base URL as it is written: `/shop`
    /// and `/shop/` are two pages.
    pub(super) fn home(&self) -> String {
        let base = self.base_url.trim_end_matches('/');
        match Url::parse(base).is_ok_and(|url| url.path() == "/") {
            true => format!("{base}/"),
            false => self.base_url.clone(),
        }
    }

    pub(super) fn new_connector_id(&self, management: &Management) -> String {
        let derived = || {
            let endpoint = management.endpoint().as_str().as_bytes();
            let hash = digest::digest(&digest::SHA256, endpoint);
            let hex = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
            format!("hf{}", hex.take(8).collect::<String>())
        };
        self.connector_id.clone().unwrap_or_else(derived)
    }
}
