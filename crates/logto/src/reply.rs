//! `Reply`, the response that an adapter sends.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::log_limit::limited;

/// The JSON body of an error response.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: &'a str,
}

/// A complete HTTP response, for the adapter to turn into its framework's response.
///
/// Every response of the SDK says `Cache-Control: no-store`.
///
/// # Example
///
/// ```
/// use logto::web::{Context, Reply};
///
/// /// What an adapter does with one.
/// fn send(reply: Reply) -> String {
///     let mut text = format!("HTTP/1.1 {}\r\n", reply.status());
///     for (name, value) in reply.headers() {
///         text += &format!("{name}: {value}\r\n");
///     }
///     text + "\r\n" + &reply.into_body()
/// }
/// ```
#[derive(Clone)]
#[must_use = "a reply does nothing until it is sent"]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: String,
}

/// Room for the JSON of a refusal.
const JSON: usize = 256;
/// Room for the headers of most replies.
const HEADERS: usize = 6;

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        let mut headers = Vec::with_capacity(HEADERS);
        headers.push(("cache-control", "no-store".into()));
        Self { status, headers, body: String::new() }
    }

    /// 303, the one redirect that is right after GET and POST alike.
    pub(crate) fn see_other(location: impl Into<String>) -> Self {
        Self::new(303).with_header("location", location.into())
    }

    pub(crate) fn json(status: u16, error: &str, message: &str) -> Self {
        Self::json_document(status, &Body { error, message })
    }

    /// The document is text, numbers and lists of them, which every JSON can hold.
    pub(crate) fn json_document(status: u16, document: &impl Serialize) -> Self {
        let mut reply = Self::new(status).with_header("content-type", "application/json");
        let mut json = Vec::with_capacity(JSON);
        if serde_json::to_writer(&mut json, document).is_ok() {
            reply.body = String::from_utf8(json).unwrap_or_default();
        }
        reply
    }

    pub(crate) fn with_body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    /// The response to a request that asks for the signed-in user where the adapter's middleware
    /// does not cover the route: the request is refused.
    ///
    /// `path` is what was requested, `fix` what to write in the framework; both go to the log.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Context, Reply};
    ///
    /// /// The context that the middleware left for an extractor.
    /// fn context<'a>(left: Option<&'a Context>, path: &str) -> Result<&'a Context, Reply> {
    ///     left.ok_or_else(|| Reply::not_mounted(path, "add `.layer(logto.layer())` to the router"))
    /// }
    /// assert_eq!(context(None, "/profile").err().map(|reply| reply.status()), Some(500));
    /// ```
    pub fn not_mounted(path: &str, fix: &str) -> Self {
        limited!(
            error,
            path,
            fix,
            "route without the Logto middleware asks for the signed-in user"
        );
        Self::json(
            500,
            "logto_not_mounted",
            "This route asks for the signed-in user, but the Logto middleware does not cover it. The \
             log says what to add.",
        )
    }

    /// The response to a request for which a handler asks for `Authorized` although the app has no
    /// [`Api`](crate::resource_server::Api): no token can be verified, so no request is accepted.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Api;
    /// use logto::web::Reply;
    ///
    /// /// The API that the app registered with the framework.
    /// fn api(registered: Option<&Api>) -> Result<&Api, Reply> {
    ///     registered.ok_or_else(Reply::no_api)
    /// }
    /// assert_eq!(api(None).err().map(|reply| reply.status()), Some(500));
    /// ```
    pub fn no_api() -> Self {
        limited!(error, "route requires an access token, but no `Api` is registered");
        Self::json(
            500,
            "logto_no_api",
            "This route asks for an access token, but the app has no API to check it.",
        )
    }

    pub(crate) fn with_header(
        mut self,
        name: &'static str,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_cookies(mut self, lines: Vec<String>) -> Self {
        self.headers.extend(lines.into_iter().map(|line| ("set-cookie", line.into())));
        self
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, names in lower case. `set-cookie` may occur several times: append, never
    /// replace.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, &**value))
    }

    /// The first header of a name, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The body, taken out.
    #[must_use]
    pub fn into_body(self) -> String {
        self.body
    }

    /// Headers and body, taken out: for a response that owns its headers.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Reply;
    ///
    /// /// The headers and the body of a response of some framework.
    /// fn parts(reply: Reply) -> (Vec<(&'static str, String)>, String) {
    ///     let (headers, body) = reply.into_parts();
    ///     (headers.map(|(name, value)| (name, value.into_owned())).collect(), body)
    /// }
    /// ```
    pub fn into_parts(
        self,
    ) -> (impl Iterator<Item = (&'static str, Cow<'static, str>)> + use<>, String) {
        (self.headers.into_iter(), self.body)
    }

    /// The browser forgets which pages it has loaded ahead of time (Clear Site Data): they are of
    /// the user before.
    pub(crate) fn with_pages_forgotten(self) -> Self {
        self.with_header("clear-site-data", "\"prefetchCache\", \"prerenderCache\"")
    }

    /// 400 in place of 502, for where a browser is the one to begin anew.
    pub(crate) fn without_gateway_error(mut self) -> Self {
        if self.status == 502 {
            self.status = 400;
        }
        self
    }
}

/// For frameworks that use the `http` crate. A value that cannot be sent is left out.
///
/// # Example
///
/// ```
/// use logto::web::Reply;
///
/// let response = http::Response::<String>::from(Reply::no_api());
/// assert_eq!(response.status(), 500);
/// assert_eq!(response.headers()["cache-control"], "no-store");
/// ```
impl From<Reply> for Response<String> {
    fn from(reply: Reply) -> Self {
        let mut response = Self::new(reply.body);
        let status = StatusCode::from_u16(reply.status);
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        for (name, value) in reply.headers {
            let value = match value {
                Cow::Borrowed(value) => HeaderValue::from_str(value),
                Cow::Owned(value) => HeaderValue::try_from(value),
            };
            if let Ok(value) = value {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// Status and header names: values hold states and cookies.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name);
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("headers", &names.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
