//! Host and origin checks (streamable HTTP, "Security Warning"), and CORS.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HOST,
    ORIGIN, VARY,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use url::Url;

use crate::reply::{BoxResponse, empty};

/// What browsers may send: `*` would not cover `Authorization`.
const HEADERS: [&str; 8] = [
    "authorization",
    "content-type",
    "accept",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "mcp-session-id",
    "last-event-id",
];
/// And the parameters of tools that are repeated in headers.
const PARAMETERS: &str = "mcp-param-";

/// Where the server is reached, and from which pages.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    https: bool,
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Origins {
    pub(crate) fn new(url: &Url) -> Self {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = format!("{}{port}", url.host_str().unwrap_or_default());
        let https = url.scheme() == "https";
        Self { https, hosts: vec![host], origins: vec![url.origin().ascii_serialization()] }
    }

    pub(crate) fn add_host(&mut self, host: &str) {
        self.hosts.push(self.without_default_port(&host.to_ascii_lowercase()).to_owned());
    }

    pub(crate) fn add_origin(&mut self, origin: &str) {
        // `localhost:8000` is a URL too, whose scheme is `localhost`.
        let Some(url) = Url::parse(origin).ok().filter(Url::has_host) else {
            tracing::error!(
                origin,
                "not an origin such as https://inspector.example.com: no page can have it"
            );
            return;
        };
        // Those of extensions and editors have schemes of their own.
        let own = || {
            let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{host}{port}", url.scheme())
        };
        let known = Some(url.origin()).filter(url::Origin::is_tuple);
        self.origins.push(known.map_or_else(own, |origin| origin.ascii_serialization()));
    }

    /// Whether the request is for this server: a page elsewhere could have its own name point here
    /// (DNS rebinding).
    pub(crate) fn is_host(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(HOST).iter();
        let host = match (named.next(), named.next()) {
            (Some(host), None) => host.to_str().ok(),
            // HTTP/2 has it in `:authority`.
            (None, _) => uri.authority().map(Authority::as_str),
            _ => None,
        };
        let host = host.map(str::to_ascii_lowercase);
        host.is_some_and(|host| {
            let host = self.without_default_port(&host);
            self.hosts.iter().any(|known| known == host)
        })
    }

    /// The origin of the page that asks, if a page does; an error if it may not.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, ()> {
        let mut named = headers.get_all(ORIGIN).iter();
        match (named.next(), named.next()) {
            (None, _) => Ok(None),
            (Some(origin), None) if self.origins.iter().any(|known| known == origin) => {
                Ok(Some(origin.clone()))
            }
            _ => Err(()),
        }
    }

    fn without_default_port<'a>(&self, host: &'a str) -> &'a str {
        let default = if self.https { ":443" } else { ":80" };
        host.strip_suffix(default).unwrap_or(host)
    }
}

/// Lets the page read the response.
pub(crate) fn allow(response: &mut BoxResponse, origin: Option<HeaderValue>) {
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = HeaderValue::from_static("www-authenticate, mcp-session-id, retry-after");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// The answer to a browser that asks before it sends a request. It has no token yet.
pub(crate) fn preflight(asked: &HeaderMap) -> BoxResponse {
    let wanted = asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let wanted = wanted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let parameters = wanted.map(|name| name.trim().to_ascii_lowercase());
    let parameters = parameters.filter(|name| name.starts_with(PARAMETERS));
    let allowed: Vec<_> = HEADERS.map(str::to_owned).into_iter().chain(parameters).collect();
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static("GET, POST, DELETE");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_without_their_default_port() {
        let origins = Origins::new(&Url::parse("https://mcp.example.test/mcp").unwrap());
        for (host, known) in [
            ("mcp.example.test", true),
            ("MCP.example.test:443", true),
            ("mcp.example.test:80", false),
            ("mcp.example.test.evil.test", false),
            ("evil.test", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            assert_eq!(origins.is_host(&Uri::from_static("/mcp"), &headers), known, "{host}");
        }
        let http2 = Uri::from_static("https://mcp.example.test/mcp");
        assert!(origins.is_host(&http2, &HeaderMap::new()));
    }

    #[test]
    fn an_origin_is_known_however_it_is_written() {
        let mut origins = Origins::new(&Url::parse("https://mcp.example.test/mcp").unwrap());
        for written in [
            "HTTPS://Inspector.example.com:443/app?x=1",
            "http://localhost:6274/",
            "vscode-webview://Panel/app",
            "inspector.example.org",
            "inspector.example.net:8443",
            "localhost:6275",
        ] {
            origins.add_origin(written);
        }
        for (sent, is_known) in [
            ("https://inspector.example.com", true),
            ("http://localhost:6274", true),
            ("vscode-webview://panel", true),
            ("https://mcp.example.test", true),
            ("https://inspector.example.org", false),
            ("inspector.example.net:8443", false),
            ("localhost:6275", false),
            ("http://inspector.example.com", false),
            ("null", false),
        ] {
            let headers = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(sent))]);
            assert_eq!(origins.origin(&headers).is_ok(), is_known, "{sent}");
        }
    }
}
