//! `Request`: what the core sees of a request.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::mem;

/// The parts of a request that the core reads, copied out of the framework's own type before the
/// first await: no lifetimes, no `!Send` requests, no versions of the `http` crate.
///
/// # Example
///
/// ```
/// use logto::web::Request;
///
/// let request = Request::new("GET", "/profile?tab=keys", [
///     ("accept", "text/html"),
///     ("cookie", "theme=dark"),
/// ]);
/// ```
#[derive(Clone)]
pub struct Request {
    /// Method, path, query and headers, each as its number, its length and its text: one allocation
    /// for a request, of which little is read. The number of a header is its place in
    /// [`HEADERS`](Self::HEADERS).
    parts: Vec<u8>,
    /// A bit for each header that was sent.
    sent: u32,
    /// As they were sent: most requests need only one of them, and that one is compared as bytes.
    cookies: Vec<u8>,
    body: Vec<u8>,
}

/// The parts of a request that are no headers.
const METHOD: u8 = 0xff;
const PATH: u8 = 0xfe;
const QUERY: u8 = 0xfd;

/// Bytes of a number and a length.
const HEAD: usize = 1 + size_of::<usize>();
/// The place of the header that is kept apart.
const COOKIE: usize = 3;

/// Room that a thread keeps for its next request. An allocator takes long for so many bytes.
const SPARE: usize = 4096;

thread_local! {
    static SPARE_PARTS: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static SPARE_COOKIES: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The headers by the length of their names, by their first letter, and by their last, a bit for
/// each: together they tell nearly all others from ours.
const BY_LENGTH: [u32; 32] = bits(Byte::Length);
const BY_FIRST: [u32; 32] = bits(Byte::First);
const BY_LAST: [u32; 32] = bits(Byte::Last);

#[derive(Clone, Copy)]
enum Byte {
    Length,
    First,
    Last,
}

#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
const fn bits(by: Byte) -> [u32; 32] {
    let mut bits = [0; 32];
    let mut at = 0;
    while at < Request::HEADERS.len() {
        let name = Request::HEADERS[at].as_bytes();
        let place = match by {
            Byte::Length => name.len(),
            Byte::First => letter(name[0]),
            Byte::Last => letter(name[name.len() - 1]),
        };
        bits[place] |= 1 << at;
        at += 1;
    }
    bits
}

/// The same for both cases of a letter.
const fn letter(byte: u8) -> usize {
    (byte & 0x1f) as usize
}

/// Where a header is in [`HEADERS`](Request::HEADERS). Of a name that is known to the compiler it
/// is a constant.
#[inline(always)]
fn position(name: &str) -> Option<usize> {
    let (first, last) = (name.as_bytes().first()?, name.as_bytes().last()?);
    let mut candidates =
        *BY_LENGTH.get(name.len())? & BY_FIRST.get(letter(*first))? & BY_LAST.get(letter(*last))?;
    while candidates != 0 {
        let at = candidates.trailing_zeros() as usize;
        let header = *Request::HEADERS.get(at)?;
        // Most frameworks have them in lower case.
        if header == name || header.eq_ignore_ascii_case(name) {
            return Some(at);
        }
        candidates &= candidates - 1;
    }
    None
}

impl Request {
    /// The headers that the core reads, in lower case. An adapter may pass others; they are
    /// ignored.
    pub const HEADERS: &'static [&'static str] = &[
        "accept",
        "accept-language",
        "content-type",
        "cookie",
        "host",
        "hx-boosted",
        "hx-current-url",
        "hx-preloaded",
        "hx-request",
        "logto-signature-sha-256",
        "origin",
        "purpose",
        "referer",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-purpose",
        "turbo-frame",
        "upgrade",
        "user-agent",
        "x-moz",
        "x-purpose",
        "x-requested-with",
        "x-sec-purpose",
        "x-turbo-request-id",
    ];

    /// A request from its method, its target as the client sent it (path and query, before any
    /// nesting took a prefix away) and its headers, which most frameworks' header maps are already.
    ///
    /// Bytes that are not text become U+FFFD: a cookie of another app must not hide ours in the
    /// same header, and an origin that cannot be read must not count as none. Several `cookie`
    /// headers are read as one (HTTP/2 splits them); of any other header the first counts.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Request;
    ///
    /// // From the header map of a framework: names and values, in any order.
    /// let headers = [("host", "app.example.com"), ("cookie", "theme=dark"), ("x-other", "ignored")];
    /// let request = Request::new("GET", "/shop/profile?tab=keys", headers);
    /// ```
    #[must_use]
    pub fn new(
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>,
    ) -> Self {
        let parts = SPARE_PARTS.take();
        let mut request = Self { parts, sent: 0, cookies: Vec::new(), body: Vec::new() };
        request.append(METHOD, method.as_bytes());
        if let Some(method) = request.parts.get_mut(HEAD..) {
            method.make_ascii_uppercase();
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        request.append(PATH, path.as_bytes());
        request.append(QUERY, query.as_bytes());
        for (name, value) in headers {
            request.add(name.as_ref(), value.as_ref());
        }
        request
    }

    /// The same request with its body, for the routes that [read it](crate::Logto::read_body).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Request, Route};
    /// # use logto::{Logto, LogtoConfig};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = LogtoConfig::new("https://my-tenant.logto.app", "my app id", "my app secret")
    /// #     .with_cookie_secret("thirty-two characters or more, please")
    /// #     .with_webhook_signing_key("the key that Logto's console shows");
    /// # let logto = Logto::new(config)?;
    /// let headers = [("logto-signature-sha-256", "not what the key makes of the body")];
    /// let request = Request::new("POST", "/webhooks/logto", headers);
    /// let request = request.with_body(r#"{"event":"PostSignIn"}"#);
    /// let reply = logto.handle(Route::Webhooks, request).await;
    /// assert_eq!(reply.status(), 401);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same request with the authority of its target, which stands for `Host` where that is not
    /// sent (HTTP/2: RFC 9113, section 8.3.1).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Request;
    ///
    /// /// What an adapter knows of an HTTP/2 request: `https://app.example.com/profile`.
    /// fn view(method: &str, path: &str, authority: Option<&str>) -> Request {
    ///     Request::new(method, path, [("accept", "text/html")]).with_authority(authority)
    /// }
    /// ```
    #[must_use]
    pub fn with_authority(mut self, authority: Option<&str>) -> Self {
        if let Some(authority) = authority {
            self.add("host", authority.as_bytes());
        }
        self
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        let Some(at) = position(name) else {
            return;
        };
        if at == COOKIE {
            match self.cookies.is_empty() {
                true => self.cookies = SPARE_COOKIES.take(),
                false => self.cookies.extend_from_slice(b"; "),
            }
            self.cookies.extend_from_slice(value);
            return;
        }
        let bit = 1 << at;
        if self.sent & bit != 0 {
            return;
        }
        self.sent |= bit;
        match value.is_ascii() {
            true => self.append(at as u8, value),
            false => self.append(at as u8, String::from_utf8_lossy(value).as_bytes()),
        }
    }

    fn append(&mut self, part: u8, text: &[u8]) {
        self.parts.push(part);
        self.parts.extend_from_slice(&text.len().to_le_bytes());
        self.parts.extend_from_slice(text);
    }

    /// The first of this number.
    fn part(&self, wanted: u8) -> Option<&str> {
        let mut rest = self.parts.as_slice();
        while let Some(([part, length @ ..], after)) = rest.split_first_chunk::<HEAD>() {
            let (text, after) = after.split_at_checked(usize::from_le_bytes(*length))?;
            if *part == wanted {
                return str::from_utf8(text).ok();
            }
            rest = after;
        }
        None
    }

    pub(crate) fn method(&self) -> &str {
        self.part(METHOD).unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.part(PATH).unwrap_or_default()
    }

    pub(crate) fn query(&self) -> &str {
        self.part(QUERY).unwrap_or_default()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Path and query.
    pub(crate) fn target(&self) -> Cow<'_, str> {
        match self.query() {
            "" => self.path().into(),
            query => [self.path(), "?", query].concat().into(),
        }
    }

    #[inline(always)]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let at = position(name)?;
        let is_sent = self.sent & (1 << at) != 0;
        is_sent.then(|| self.part(at as u8)).flatten()
    }

    pub(crate) fn cookies(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.cookies)
    }

    /// The cookies, with bytes that are not text.
    pub(crate) fn raw_cookies(&self) -> &[u8] {
        &self.cookies
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let (parts, cookies) = (mem::take(&mut self.parts), mem::take(&mut self.cookies));
        for (mut used, spare) in [(parts, &SPARE_PARTS), (cookies, &SPARE_COOKIES)] {
            if (1..=SPARE).contains(&used.capacity()) {
                used.clear();
                // A thread that ends keeps nothing.
                let _ = spare.try_with(|spare| spare.set(used));
            }
        }
    }
}

impl fmt::Debug for Request {
    /// Method and path; a query may hold a code, and headers hold cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_of_any_length_hides_no_header() {
        for length in 0..=300 {
            let method = "a".repeat(length);
            let request =
                Request::new(&method, "/path?query", [("origin", "https://evil.example")]);
            assert_eq!(request.method(), method.to_uppercase());
            assert_eq!((request.path(), request.query()), ("/path", "query"), "{length}");
            assert_eq!(request.header("origin"), Some("https://evil.example"), "{length}");
        }
    }

    #[test]
    fn cookie_headers_are_joined_and_other_headers_counted_once() {
        let request = Request::new(
            "get",
            "/a?b=c",
            [
                ("Cookie", b"a=1; other=caf\xe9".as_slice()),
                ("accept", b"text/html"),
                ("cookie", b"b=2"),
                ("cookie", b"c=3"),
                ("accept", b"text/plain"),
                ("origin", b"\xff"),
                ("x-other", b"ignored"),
            ],
        );
        assert_eq!((request.method(), request.path(), request.query()), ("GET", "/a", "b=c"));
        assert_eq!(request.cookies(), "a=1; other=caf\u{fffd}; b=2; c=3");
        assert_eq!(request.header("accept"), Some("text/html"));
        assert_eq!(request.header("origin"), Some("\u{fffd}"));
        assert_eq!(request.target(), "/a?b=c");
    }

    #[test]
    fn each_header_is_found_by_its_name() {
        assert_eq!(Request::HEADERS[COOKIE], "cookie");
        let headers = Request::HEADERS.iter().map(|&name| (name, name));
        let request = Request::new("GET", "/", headers.chain([("other", "other")]));
        for name in Request::HEADERS {
            let found = if *name == "cookie" { None } else { Some(*name) };
            assert_eq!(request.header(name), found);
            assert_eq!(request.header(&name.to_ascii_uppercase()), found);
        }
        assert_eq!((request.header("other"), request.cookies().as_ref()), (None, "cookie"));
    }

    #[test]
    fn debug_shows_neither_query_nor_cookies() {
        let request =
            Request::new("GET", "/callback?code=secret", [("cookie", b"s=secret".as_slice())]);
        assert!(!format!("{request:?}").contains("secret"));
    }
}
