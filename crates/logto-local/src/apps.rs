//! Registered applications and the URIs that belong to them.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::error::Error;
use crate::random;

const CUSTOM_CLIENT_METADATA: &str = "customClientMetadata";
const ALLOW_TOKEN_EXCHANGE: &str = "allowTokenExchange";

/// What an app needs to talk to the tenant.
///
/// # Example
///
/// ```
/// use logto_local::AppCredentials;
///
/// /// The variables of a second app.
/// fn variables(app: &AppCredentials) -> [(&'static str, &str); 2] {
///     [("LOGTO_APP_ID", &app.app_id), ("LOGTO_APP_SECRET", &app.app_secret)]
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppCredentials {
    /// The client id.
    pub app_id: String,
    /// The client secret; it begins with `local-`.
    pub app_secret: String,
}

impl AppCredentials {
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let app_secret = format!("local-{}", random::id(26)?);
        Ok(Self { app_id: random::id(21)?, app_secret })
    }
}

/// Without the secret.
impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCredentials").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppKind {
    /// A traditional web application: confidential, first party unless said otherwise.
    Web,
    MachineToMachine,
    /// A program on a user's machine: public, with PKCE and without a secret.
    Native,
    /// Known by the address of a document about it: public, and third party.
    Document,
    /// Registered, and shown by the Management API; this tenant does not play the rest.
    Other,
}

pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secrets: Vec<AppSecret>,
    pub(crate) kind: AppKind,
    pub(crate) third_party: bool,
    /// As they were written; those that lead off this machine are never followed.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) back_channel: BackChannel,
    /// Of a machine-to-machine app: ids.
    pub(crate) roles: Vec<String>,
    /// What the Management API shows, and little else looks at.
    pub(crate) about: Map<String, Value>,
}

pub(crate) struct AppSecret {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) created_ms: u64,
    pub(crate) expires_ms: Option<u64>,
}

/// Where logout tokens go. As at Logto there is one address; a later registration replaces it.
#[derive(Clone, Default)]
pub(crate) struct BackChannel {
    pub(crate) enabled: bool,
    /// Puts `sid` into ID tokens and logout tokens.
    pub(crate) session_required: bool,
    pub(crate) uri: Option<String>,
}

impl App {
    pub(crate) fn new(credentials: AppCredentials, kind: AppKind, now_ms: u64) -> Self {
        let secret = AppSecret {
            name: "Default secret".to_owned(),
            value: credentials.app_secret,
            created_ms: now_ms,
            expires_ms: None,
        };
        Self {
            id: credentials.app_id,
            secrets: vec![secret],
            kind,
            third_party: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            back_channel: BackChannel::default(),
            roles: Vec::new(),
            about: Map::from_iter([("createdAt".to_owned(), now_ms.into())]),
        }
    }

    /// Registers `{base}/callback`, `{base}/` and `{base}/backchannel-logout`.
    pub(crate) fn register_base_url(&mut self, base: &str) -> Result<(), Error> {
        self.register_home(base)?;
        let base = base.trim_end_matches('/');
        self.register_redirect_uri(&format!("{base}/callback"))?;
        if self.back_channel.enabled {
            self.back_channel.uri = Some(loopback(&format!("{base}/backchannel-logout"))?.into());
        }
        Ok(())
    }

    /// Where the browser may be after signing out: the base URL as it is written.
    pub(crate) fn register_home(&mut self, base: &str) -> Result<(), Error> {
        let home = loopback(base)?.into();
        if !self.post_logout_redirect_uris.contains(&home) {
            self.post_logout_redirect_uris.push(home);
        }
        Ok(())
    }

    pub(crate) fn register_redirect_uri(&mut self, uri: &str) -> Result<(), Error> {
        let uri = loopback(uri)?.into();
        if !self.redirect_uris.contains(&uri) {
            self.redirect_uris.push(uri);
        }
        Ok(())
    }

    pub(crate) fn allows_redirect(&self, uri: &str) -> bool {
        match self.kind {
            AppKind::Native | AppKind::Document => {
                self.redirect_uris.iter().any(|known| fits_native(known, uri))
            }
            _ => is_among(uri, &self.redirect_uris),
        }
    }

    /// Whether the app has no secret.
    pub(crate) fn is_public(&self) -> bool {
        matches!(self.kind, AppKind::Native | AppKind::Document)
    }

    /// Whether users sign in to the app.
    pub(crate) fn signs_users_in(&self) -> bool {
        matches!(self.kind, AppKind::Web | AppKind::Native | AppKind::Document)
    }

    /// `http://localhost:3000` and `http://localhost:3000/` are one address: URIs are compared parsed.
    pub(crate) fn allows_post_logout(&self, uri: &str) -> bool {
        is_among(uri, &self.post_logout_redirect_uris)
    }

    /// A switch that is off unless an administrator says so.
    pub(crate) fn may_exchange_tokens(&self) -> bool {
        let metadata = self.about.get(CUSTOM_CLIENT_METADATA);
        let allowed = metadata.and_then(|metadata| metadata.get(ALLOW_TOKEN_EXCHANGE));
        !self.third_party && allowed == Some(&Value::Bool(true))
    }

    /// Whether it is a device-flow app, which is fixed when it is created.
    pub(crate) fn is_device_flow(&self) -> bool {
        self.about.get(CUSTOM_CLIENT_METADATA).is_some_and(asks_for_device_flow)
    }

    pub(crate) fn allow_token_exchange(&mut self) {
        let metadata = json!({ ALLOW_TOKEN_EXCHANGE: true });
        self.about.insert(CUSTOM_CLIENT_METADATA.to_owned(), metadata);
    }

    pub(crate) fn secret_of_value(&self, value: &str) -> Option<&AppSecret> {
        self.secrets.iter().find(|secret| secret.value == value)
    }
}

/// Whether `customClientMetadata` switches the device flow on.
pub(crate) fn asks_for_device_flow(metadata: &Value) -> bool {
    metadata.get("isDeviceFlow") == Some(&Value::Bool(true))
}

/// On `127.0.0.1` and `[::1]` any port will do (RFC 8252, section 7.3); all else is compared to the
/// letter. A custom scheme leads to an app on this machine.
fn fits_native(registered: &str, uri: &str) -> bool {
    let (Ok(mut registered), Ok(mut uri)) = (Url::parse(registered), Url::parse(uri)) else {
        return false;
    };
    let is_address = |url: &Url| matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
    if registered.scheme() == "http" && is_address(&registered) {
        for url in [&mut registered, &mut uri] {
            if url.set_port(None).is_err() {
                return false;
            }
        }
    }
    let is_web = matches!(uri.scheme(), "http" | "https");
    registered == uri && (!is_web || loopback(uri.as_str()).is_ok())
}

fn is_among(uri: &str, registered: &[String]) -> bool {
    let same = |uri: &Url| registered.iter().any(|one| Url::parse(one).as_ref() == Ok(uri));
    loopback(uri).is_ok_and(|uri| same(&uri))
}

/// A URL of this machine, or an error: no browser is sent anywhere else, and nothing is told to
/// others.
pub(crate) fn loopback(uri: &str) -> Result<Url, Error> {
    let url = Url::parse(uri).map_err(|_| Error::InvalidUri(uri.to_owned()))?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(Error::InvalidUri(uri.to_owned())),
    };
    if local { Ok(url) } else { Err(Error::NotLoopback(uri.to_owned())) }
}
