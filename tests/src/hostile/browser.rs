//! A browser without a screen: cookies and navigations, no network.

use logto::web::{Reply, Request};

/// Keeps cookies as RFC 6265 says, for one host.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    jar: Vec<(String, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The headers, without cookies.
    pub headers: Vec<(&'static str, String)>,
    /// The `Set-Cookie` lines.
    pub cookies: Vec<String>,
    /// The body.
    pub body: String,
}

/// What a browser sends when a user opens a page by hand.
pub const NAVIGATION: [(&str, &str); 4] = [
    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ("sec-fetch-site", "none"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

impl Browser {
    /// A request with this browser's cookies.
    #[must_use]
    pub fn request(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
        let cookies = self.cookie_header();
        let cookies = (!cookies.is_empty()).then_some(("cookie", cookies.as_str()));
        Request::new(method, target, headers.iter().copied().chain(cookies))
    }

    /// The `Cookie` header.
    #[must_use]
    pub fn cookie_header(&self) -> String {
        let pairs = self.jar.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The cookies, oldest first.
    #[must_use]
    pub fn cookies(&self) -> &[(String, String)] {
        &self.jar
    }

    /// The cookies without the one that counts sign-ins for a minute.
    #[must_use]
    pub fn lasting_cookies(&self) -> Vec<&(String, String)> {
        self.jar.iter().filter(|(name, _)| !name.contains("logto_signed_in_")).collect()
    }

    /// Sets a cookie, as a page or another program could.
    pub fn plant(&mut self, name: &str, value: &str) {
        match self.jar.iter_mut().find(|(held, _)| held == name) {
            Some((_, held)) => value.clone_into(held),
            None => self.jar.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Takes over `Set-Cookie` lines.
    ///
    /// # Panics
    ///
    /// If a line is not as every cookie of the SDK has to be, or too long for a browser.
    pub fn keep(&mut self, lines: &[String]) {
        for line in lines {
            assert!(line.len() <= 4096 + 100, "a browser drops so long a cookie");
            let (pair, attributes) = line.split_once("; ").expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name");
            for needed in ["Path=/", "HttpOnly", "SameSite=Lax"] {
                assert!(attributes.split("; ").any(|held| held == needed), "{needed}");
            }
            if attributes.split("; ").any(|held| held == "Max-Age=0") {
                self.jar.retain(|(held, _)| held != name);
            } else {
                self.plant(name, value);
            }
        }
    }
}

impl Seen {
    /// Reads a reply.
    #[must_use]
    pub fn new(reply: Reply) -> Self {
        let headers = reply.headers().map(|(name, value)| (name, value.to_owned()));
        let (cookies, headers) = headers.partition::<Vec<_>, _>(|(name, _)| *name == "set-cookie");
        Self {
            status: reply.status(),
            headers,
            cookies: cookies.into_iter().map(|(_, line)| line).collect(),
            body: reply.into_body(),
        }
    }

    /// A header that is there at most once.
    ///
    /// # Panics
    ///
    /// If it is there more often.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(held, _)| *held == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert_eq!(values.next(), None, "{name} twice");
        value
    }

    /// Where the browser is sent; empty if nowhere.
    #[must_use]
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }
}
