//! A browser without a screen, for tests.

use std::fmt;

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};
use url::{Url, form_urlencoded};

use crate::error::Error;
use crate::state::Shared;

/// More hops than any flow has.
const MOST_HOPS: usize = 20;

/// How the tenant removes a cookie.
const LONG_PAST: &str = "expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// Walks through the pages of the tenant as a user with a browser would, and keeps the tenant's
/// cookies: a second sign-in with the same browser is single sign-on. It never opens a page of an
/// app.
///
/// # Example
///
/// ```no_run
/// # async fn example(authorization_url: &str, second_authorization_url: &str) -> Result<(), logto_local::Error> {
/// let tenant = logto_local::LocalTenant::start().await?;
/// let mut browser = tenant.browser();
/// let callback = browser.sign_in(authorization_url, "alice").await?;
/// let without_any_page = browser.open(second_authorization_url).await?;
/// # Ok(())
/// # }
/// ```
pub struct Browser {
    tenant: Shared,
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: String,
    value: String,
    path: String,
}

/// Where a walk stands.
///
/// # Example
///
/// ```
/// use logto_local::Stop;
///
/// /// What a test prints when a sign-in did not end at the app.
/// fn describe(stop: &Stop) -> String {
///     match stop {
///         Stop::App(url) => format!("at the app: {url}"),
///         Stop::Page { at, status, .. } => format!("at the tenant: {at}, status {status}"),
///         _ => "somewhere else".to_owned(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The tenant sent the browser to the app, at this URL.
    App(String),
    /// The tenant shows a page, at this path.
    Page {
        /// The path and query of the page.
        at: String,
        /// Its status.
        status: u16,
        /// Its HTML or JSON.
        body: String,
    },
}

impl Browser {
    pub(crate) fn new(tenant: Shared) -> Self {
        Self { tenant, cookies: Vec::new() }
    }

    /// Opens a URL of the tenant and follows redirects until there is a page, or the app.
    ///
    /// # Errors
    ///
    /// If a request fails, or a redirect goes in circles.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::Stop;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// let mut browser = tenant.browser();
    /// // The page that lists users, apps, and the last requests.
    /// let stop = browser.open(tenant.endpoint()).await?;
    /// assert!(matches!(stop, Stop::Page { status: 200, .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(&mut self, url: &str) -> Result<Stop, Error> {
        self.walk(Method::GET, url.to_owned(), None).await
    }

    /// Submits a form of the tenant, for example `/hugging-face/oauth/authorize`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::Stop;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let (endpoint, app_id) = (tenant.endpoint(), tenant.app_id());
    /// # let query = format!("client_id={app_id}&response_type=code&scope=openid&state=xyz");
    /// # let authorization_url = format!("{endpoint}/oidc/auth?{query}");
    /// // Declines at Hugging Face, where `sign_in` would go on.
    /// let mut browser = tenant.browser();
    /// let direct = format!("{authorization_url}&direct_sign_in=social:huggingface");
    /// let Stop::Page { at, body, .. } = browser.open(&direct).await? else { return Ok(()) };
    /// let state = body.split("name=\"state\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    /// let fields = [("state", state.unwrap_or_default()), ("person", "alice"), ("decision", "decline")];
    /// let page = format!("{}/hugging-face/oauth/authorize", tenant.endpoint());
    /// let stop = browser.submit(&page, &fields).await?;
    /// # assert!(at.starts_with("/hugging-face/oauth/authorize"));
    /// # assert!(!matches!(stop, Stop::App(ref url) if url.contains("code=")), "{stop:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn submit(&mut self, url: &str, fields: &[(&str, &str)]) -> Result<Stop, Error> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.walk(Method::POST, url.to_owned(), Some(body)).await
    }

    /// Signs a user in through Hugging Face and returns the callback URL.
    /// With a session in this browser the tenant may skip the pages, also for another user's
    /// session.
    ///
    /// # Errors
    ///
    /// If no user has that handle, or the walk does not end at the app.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::Stop;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let (endpoint, app_id) = (tenant.endpoint(), tenant.app_id());
    /// # let query = format!("client_id={app_id}&response_type=code&scope=openid&state=xyz");
    /// # let authorization_url = format!("{endpoint}/oidc/auth?{query}");
    /// let mut browser = tenant.browser();
    /// let callback = browser.sign_in(&authorization_url, "alice").await?;
    /// assert!(callback.contains("code="));
    /// // Single sign-on: the same browser comes back without a page.
    /// let again = browser.open(&authorization_url).await?;
    /// assert!(matches!(again, Stop::App(url) if url.contains("code=")));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in(&mut self, authorization_url: &str, user: &str) -> Result<String, Error> {
        if self.tenant.store().user(user).is_none() {
            return Err(Error::UnknownUser(user.to_owned()));
        }
        if !authorization_url.starts_with(&format!("{}/", self.tenant.endpoint)) {
            return Err(stuck(
                "the start",
                "the authorization URL is not an address of this tenant",
            ));
        }
        let mut stop = self.open(authorization_url).await?;
        for _ in 0..MOST_HOPS {
            stop = match stop {
                Stop::App(callback) => return Ok(callback),
                Stop::Page { at, status, body } => self.press_on(&at, status, &body, user).await?,
            };
        }
        Err(stuck("the sign-in pages", "they go in circles"))
    }

    /// Lets a device in (RFC 8628): opens its `verification_uri_complete`, confirms, and signs a
    /// user in.
    ///
    /// # Errors
    ///
    /// As [`sign_in`](Self::sign_in), and if no device waits with that code.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn example(tenant: &logto_local::LocalTenant, page: &str) -> Result<(), logto_local::Error> {
    /// // `page` is what the program under test shows: its `verification_uri_complete`.
    /// tenant.browser().approve_device(page, "alice").await?;
    /// // The program's next request for a token succeeds.
    /// # Ok(())
    /// # }
    /// ```
    pub async fn approve_device(
        &mut self,
        verification_uri: &str,
        user: &str,
    ) -> Result<(), Error> {
        if self.tenant.store().user(user).is_none() {
            return Err(Error::UnknownUser(user.to_owned()));
        }
        let mut stop = self.open(verification_uri).await?;
        for _ in 0..MOST_HOPS {
            stop = match stop {
                Stop::Page { at, .. } if at == "/device/success" => return Ok(()),
                Stop::Page { at, status, body } => self.press_on(&at, status, &body, user).await?,
                Stop::App(at) => return Err(stuck(&at, "it is not an address of this tenant")),
            };
        }
        Err(stuck("the pages for devices", "they go in circles"))
    }

    /// Opens an end-session URL, submits the form that comes, and returns where the tenant sends
    /// the browser.
    ///
    /// # Errors
    ///
    /// If the tenant shows something else than its sign-out form.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_local::Stop;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// # let (endpoint, app_id) = (tenant.endpoint(), tenant.app_id());
    /// # let query = format!("client_id={app_id}&response_type=code&scope=openid&state=xyz");
    /// # let authorization_url = format!("{endpoint}/oidc/auth?{query}");
    /// let mut browser = tenant.browser();
    /// browser.sign_in(&authorization_url, "alice").await?;
    /// let end_session = format!("{}/session/end?client_id={}", tenant.issuer(), tenant.app_id());
    /// browser.sign_out(&end_session).await?;
    /// // Now there is a page again.
    /// assert!(matches!(browser.open(&authorization_url).await?, Stop::Page { .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_out(&mut self, end_session_url: &str) -> Result<Stop, Error> {
        let (at, status, body) = match self.open(end_session_url).await? {
            Stop::Page { at, status, body } => (at, status, body),
            Stop::App(_) => return Err(stuck("/oidc/session/end", "a redirect instead of a form")),
        };
        let Some(xsrf) = field(&body, "xsrf").map(str::to_owned) else {
            return Err(stuck(&at, &format!("status {status}, no sign-out form")));
        };
        self.confirm_sign_out(&xsrf).await
    }

    async fn confirm_sign_out(&mut self, xsrf: &str) -> Result<Stop, Error> {
        let confirm = format!("{}/oidc/session/end/confirm", self.tenant.endpoint);
        self.submit(&confirm, &[("xsrf", xsrf), ("logout", "yes")]).await
    }

    /// The `Cookie` header that an app on another port of localhost would receive from this
    /// browser.
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
    /// let mut browser = tenant.browser();
    /// browser.sign_in(&authorization_url, "alice").await?;
    /// // Browsers do not tell ports apart: the app gets these beside its own.
    /// let cookies = browser.cookies_for_other_ports();
    /// assert!(cookies.contains("_session="));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cookies_for_other_ports(&self) -> String {
        self.cookie_header("/")
    }

    async fn press_on(
        &mut self,
        at: &str,
        status: u16,
        body: &str,
        user: &str,
    ) -> Result<Stop, Error> {
        let endpoint = self.tenant.endpoint.clone();
        let path = at.split('?').next().unwrap_or_default();
        match path {
            "/hugging-face/oauth/authorize" => {
                let state = field(body, "state").unwrap_or_default().to_owned();
                let fields =
                    [("state", state.as_str()), ("person", user), ("decision", "authorize")];
                self.submit(&format!("{endpoint}{path}"), &fields).await
            }
            "/consent" => {
                self.submit(&format!("{endpoint}{at}"), &[("decision", "authorize")]).await
            }
            "/device" | "/oidc/device" if field(body, "user_code").is_some() => {
                let fields = ["xsrf", "user_code"];
                let mut fields: Vec<_> =
                    fields.map(|name| (name, field(body, name).unwrap_or_default())).to_vec();
                if path == "/device" {
                    fields.push(("confirm", "yes"));
                }
                self.submit(&format!("{endpoint}/oidc/device"), &fields).await
            }
            // The session of another user: the tenant ends it first.
            _ if (path.starts_with("/oidc/auth/") || path.starts_with("/oidc/device/"))
                && field(body, "xsrf").is_some() =>
            {
                let xsrf = field(body, "xsrf").unwrap_or_default().to_owned();
                self.confirm_sign_out(&xsrf).await
            }
            _ if body.contains("continue-with-hugging-face") => {
                let query = at.split_once('?').map_or("", |(_, query)| query);
                self.submit(&format!("{endpoint}/direct/social/huggingface?{query}"), &[]).await
            }
            _ => Err(stuck(path, &format!("status {status}, nothing to sign in with"))),
        }
    }

    async fn walk(
        &mut self,
        mut method: Method,
        mut url: String,
        mut body: Option<String>,
    ) -> Result<Stop, Error> {
        for _ in 0..MOST_HOPS {
            let parsed = Url::parse(&url).map_err(|_| Error::InvalidUri(url.clone()))?;
            if parsed.origin().ascii_serialization() != self.tenant.endpoint {
                return Ok(Stop::App(url));
            }
            let mut request = self.tenant.http.request(method, parsed.clone());
            let cookies = self.cookie_header(parsed.path());
            if !cookies.is_empty() {
                request = request.header(COOKIE, cookies);
            }
            if let Some(form) = body.take() {
                request =
                    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
            }
            let response = request.send().await.map_err(Error::http)?;
            for line in response.headers().get_all(SET_COOKIE) {
                self.keep(&String::from_utf8_lossy(line.as_bytes()));
            }
            let status = response.status();
            let location = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            match location.filter(|_| status.is_redirection() && status != StatusCode::NOT_MODIFIED)
            {
                Some(location) => {
                    let next = parsed.join(&location).map_err(|_| Error::InvalidUri(location))?;
                    (method, url) = (Method::GET, next.into());
                }
                None => {
                    let at = parsed.query().map_or_else(
                        || parsed.path().to_owned(),
                        |query| format!("{}?{query}", parsed.path()),
                    );
                    return Ok(Stop::Page {
                        at,
                        status: status.as_u16(),
                        body: response.text().await.map_err(Error::http)?,
                    });
                }
            }
        }
        Err(stuck(&url, "the redirects go in circles"))
    }

    fn cookie_header(&self, path: &str) -> String {
        let sent = self.cookies.iter().filter(|cookie| path.starts_with(&cookie.path));
        sent.map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn keep(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let attributes: Vec<&str> = parts.collect();
        let path = attributes.iter().find_map(|part| part.strip_prefix("path=")).unwrap_or("/");
        self.cookies.retain(|cookie| cookie.name != name || cookie.path != path);
        if !value.is_empty() && !attributes.contains(&LONG_PAST) {
            self.cookies.push(Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
                path: path.to_owned(),
            });
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
        f.debug_struct("Browser").field("cookies", &names).finish_non_exhaustive()
    }
}

/// The value of a hidden field.
fn field<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(&format!(r#"name="{name}" value=""#))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn stuck(at: &str, why: &str) -> Error {
    Error::Walk { at: at.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use crate::LocalTenant;

    #[tokio::test]
    async fn only_an_attribute_removes_a_cookie() {
        let tenant = LocalTenant::start().await.expect("the tenant starts");
        let mut browser = tenant.browser();
        browser.keep("_interaction=a1970b; path=/; samesite=lax; httponly");
        assert_eq!(browser.cookies_for_other_ports(), "_interaction=a1970b");
        browser.keep("_interaction=a1970b; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(browser.cookies_for_other_ports(), "");
    }
}
