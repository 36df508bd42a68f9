//! Kinds of requests: navigation, script, prefetch, form post, frame.

use url::Url;

use super::Request;

/// Who sees the response to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A user who opens a page, and can be sent to another one.
    Navigation,
    /// A user who did not open a page: it is the response to a form, or a page in a frame.
    User,
    /// A program.
    Script,
}

impl Request {
    /// Who sees the response.
    pub(crate) fn audience(&self) -> Audience {
        if self.is_prefetch() || self.is_htmx() || self.is_script() || self.is_web_socket() {
            return Audience::Script;
        }
        let accepts_html = self.accepts_html();
        let (mode, dest) = (self.header("sec-fetch-mode"), self.header("sec-fetch-dest"));
        let is_opened = match (mode, dest) {
            // A service worker hands a navigation on without its destination.
            (Some("navigate" | "same-origin"), Some("empty")) => accepts_html,
            (Some(mode), _) if mode != "navigate" => false,
            (_, Some(dest)) => dest == "document",
            _ => accepts_html,
        };
        // A script of Turbo asks for its frame; not every browser says so.
        if is_opened && self.is_get_or_head() && self.turbo_frame().is_none() {
            return Audience::Navigation;
        }
        match mode.map_or(accepts_html, |mode| mode == "navigate") {
            true => Audience::User,
            false => Audience::Script,
        }
    }

    /// Whether a user opens a page. Only then is a redirect to sign-in of any use; a script would
    /// follow it into a page of another origin and fail there.
    pub(crate) fn is_navigation(&self) -> bool {
        self.audience() == Audience::Navigation
    }

    /// Whether the method is GET or HEAD.
    pub(crate) fn is_get_or_head(&self) -> bool {
        matches!(self.method(), "GET" | "HEAD")
    }

    /// Whether a page of another site sends a form. The session's cookie does not come along then,
    /// and not when the browser sends the form again either.
    pub(crate) fn is_form_of_another_site(&self, origin: &str) -> bool {
        if self.is_get_or_head() {
            return false;
        }
        match self.header("sec-fetch-site") {
            Some(site) => site == "cross-site",
            None => {
                self.header("origin").is_some_and(|sender| sender != "null" && sender != origin)
            }
        }
    }

    /// Whether a user sees the response.
    pub(crate) fn is_shown_to_user(&self) -> bool {
        self.audience() != Audience::Script
    }

    /// Whether the response is shown in a frame.
    pub(crate) fn is_framed(&self) -> bool {
        let frames = ["iframe", "frame", "fencedframe", "embed", "object"];
        self.header("sec-fetch-dest").is_some_and(|dest| frames.contains(&dest))
    }

    /// Whether a script says that it is one. An Android web view sends the name of its app here.
    pub(crate) fn is_script(&self) -> bool {
        let sender = self.header("x-requested-with");
        sender.is_some_and(|sender| sender.eq_ignore_ascii_case("XMLHttpRequest"))
    }

    pub(crate) fn is_web_socket(&self) -> bool {
        let protocols = self.header("upgrade").unwrap_or_default().split(',');
        protocols.map(str::trim).any(|protocol| protocol.eq_ignore_ascii_case("websocket"))
    }

    /// Whether a browser loads the page ahead of time, without the user having asked for it.
    pub(crate) fn is_prefetch(&self) -> bool {
        let ahead = |value: &str| {
            let value = value.to_ascii_lowercase();
            ["prefetch", "prerender", "preview"].iter().any(|word| value.contains(word))
        };
        // Turbo and htmx have headers of their own.
        let names = ["sec-purpose", "purpose", "x-purpose", "x-moz", "x-sec-purpose"];
        names.iter().any(|name| self.header(name).is_some_and(ahead))
            || self.header("hx-preloaded").is_some()
    }

    /// Whether the body is a form (section 2.5 of OpenID Connect Back-Channel Logout 1.0), or
    /// nothing is said of what it is.
    pub(crate) fn is_form(&self) -> bool {
        self.header("content-type").is_none_or(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
    }

    /// The id of the frame of its page that Turbo loads.
    pub(crate) fn turbo_frame(&self) -> Option<&str> {
        self.header("turbo-frame").filter(|id| !id.is_empty() && !self.is_prefetch())
    }

    /// Whether Turbo sends a form, and shows the response.
    pub(crate) fn is_turbo_form(&self) -> bool {
        !self.is_get_or_head() && self.header("x-turbo-request-id").is_some()
    }

    pub(crate) fn is_htmx(&self) -> bool {
        self.header("hx-request").is_some()
    }

    /// Whether htmx loads a page in place of the browser: a link below `hx-boost`.
    pub(crate) fn is_boosted_link(&self) -> bool {
        self.method() == "GET" && self.header("hx-boosted").is_some()
    }

    /// Whether a script would rather read JSON than follow a redirect, which leads to another
    /// origin.
    pub(crate) fn wants_json(&self) -> bool {
        self.accepts("application/json") && !self.accepts_html()
    }

    /// Whether a script of the page makes the request and shows what comes: Turbo, or `fetch`.
    pub(crate) fn is_fetch(&self) -> bool {
        matches!(self.header("sec-fetch-dest"), Some("empty"))
            && matches!(self.header("sec-fetch-mode"), Some("cors" | "same-origin" | "no-cors"))
    }

    pub(crate) fn accepts_html(&self) -> bool {
        self.accepts("text/html")
    }

    /// Whether `Accept` names a media type (RFC 9110, section 12.5.1), and not to rule it out.
    fn accepts(&self, media_type: &str) -> bool {
        let is_zero = |parameter: &str| {
            let weight = parameter.strip_prefix("q=");
            weight.is_some_and(|weight| weight.bytes().all(|byte| matches!(byte, b'0' | b'.')))
        };
        self.header("accept").unwrap_or_default().split(',').any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media_type));
            is_named && !parts.any(is_zero)
        })
    }

    /// Whether the request changes nothing (RFC 9110, section 9.2.1). The handshake of a WebSocket
    /// is a `GET` too, but a page of any host may open one, read what comes, and send what it likes.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method(), "GET" | "HEAD" | "OPTIONS" | "TRACE") && !self.is_web_socket()
    }

    /// Whether a page of `origin` made the request, as far as the browser says. A request without
    /// any of these headers comes from no browser that would send our `SameSite=Lax` cookies
    /// across sites.
    pub(crate) fn is_same_origin(&self, origin: &str) -> bool {
        let site = self.header("sec-fetch-site");
        match self.header("origin") {
            // A page with `Referrer-Policy: no-referrer` hides its origin, even from itself.
            Some("null") => return site == Some("same-origin"),
            Some(sender) => return sender == origin,
            None => {}
        }
        if let Some(site) = site {
            return matches!(site, "same-origin" | "none");
        }
        self.referrer_fits(origin)
    }

    /// Whether a page of `origin` made the request, and a header of the browser says so: for
    /// cookies that come along from other sites too.
    pub(crate) fn is_provably_same_origin(&self, origin: &str) -> bool {
        match (self.header("origin"), self.header("sec-fetch-site")) {
            (Some("null") | None, Some(site)) => site == "same-origin",
            (Some(sender), _) => sender == origin,
            (None, None) => self.header("referer").is_some() && self.referrer_fits(origin),
        }
    }

    /// Whether the response may be a page that is opened, in a window or in a frame. A browser that
    /// does not say so sends an `Origin` with what scripts ask of other sites.
    pub(crate) fn may_be_navigation(&self) -> bool {
        match self.header("sec-fetch-mode") {
            Some(mode) => mode == "navigate",
            None => self.header("origin").is_none() && !self.is_web_socket(),
        }
    }

    /// The origin of the page that led here, if it is another one.
    pub(crate) fn other_referrer(&self, origin: &str) -> Option<String> {
        let referrer = Url::parse(self.header("referer")?).ok()?.origin();
        let referrer = referrer.is_tuple().then(|| referrer.ascii_serialization())?;
        (referrer != origin).then_some(referrer)
    }

    /// Whether a page of `origin` may have made the request in a browser that cannot say so: Safari
    /// before 16.4 sends no fetch metadata, and `Origin: null` from a page with
    /// `Referrer-Policy: no-referrer`.
    pub(crate) fn hides_its_origin(&self, origin: &str) -> bool {
        self.header("origin") == Some("null")
            && self.header("sec-fetch-site").is_none()
            && self.referrer_fits(origin)
    }

    fn referrer_fits(&self, origin: &str) -> bool {
        let origin_of = |url: Url| url.origin().ascii_serialization();
        let referrer = self.header("referer").map(|referrer| Url::parse(referrer).map(origin_of));
        referrer.is_none_or(|sender| sender.is_ok_and(|sender| sender == origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        Request::new(method, "/", headers.iter().copied())
    }

    #[test]
    fn navigations_are_told_from_everything_else() {
        let html = ("accept", "text/html,*/*");
        for (method, headers, expected) in [
            ("GET", vec![html], true),
            ("HEAD", vec![html], true),
            (
                "GET",
                vec![html, ("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")],
                true,
            ),
            ("GET", vec![("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")], true),
            ("POST", vec![html], false),
            ("GET", vec![], false),
            ("GET", vec![("accept", "application/json")], false),
            ("GET", vec![("accept", "*/*;q=0.1, TEXT/HTML ;level=1;q=0.5")], true),
            ("GET", vec![("accept", "text/html;q=0.00, application/json")], false),
            ("GET", vec![("accept", "*/*")], false),
            ("GET", vec![html, ("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")], false),
            (
                "GET",
                vec![html, ("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")],
                false,
            ),
            ("GET", vec![html, ("sec-fetch-dest", "image")], false),
            ("GET", vec![html, ("hx-request", "true")], false),
            ("GET", vec![html, ("turbo-frame", "box")], false),
            ("GET", vec![html, ("x-requested-with", "XMLHttpRequest")], false),
            ("GET", vec![html, ("sec-purpose", "prefetch;prerender")], false),
            ("GET", vec![html, ("purpose", "prefetch")], false),
            ("GET", vec![html, ("x-purpose", "Preview")], false),
            ("GET", vec![html, ("x-moz", "prefetch")], false),
            ("GET", vec![html, ("x-sec-purpose", "prefetch")], false),
            ("GET", vec![html, ("hx-preloaded", "true")], false),
            ("GET", vec![html, ("upgrade", "websocket")], false),
            ("GET", vec![html, ("upgrade", "h2c, WebSocket")], false),
            ("GET", vec![html, ("upgrade", "h2c")], true),
            ("GET", vec![html, ("x-requested-with", "com.example.app")], true),
            ("GET", vec![html, ("x-requested-with", "xmlhttprequest")], false),
            ("GET", vec![html, ("sec-fetch-dest", "empty"), ("sec-fetch-mode", "navigate")], true),
            (
                "GET",
                vec![html, ("sec-fetch-dest", "empty"), ("sec-fetch-mode", "same-origin")],
                true,
            ),
            ("GET", vec![("sec-fetch-dest", "empty"), ("sec-fetch-mode", "same-origin")], false),
        ] {
            assert_eq!(request(method, &headers).is_navigation(), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn framed_requests_need_a_same_origin_header() {
        let ours = "https://app.example";
        for (headers, surely, navigation) in [
            (vec![], false, true),
            (vec![("origin", ours)], true, false),
            (vec![("origin", "https://evil.example")], false, false),
            (vec![("origin", "null")], false, false),
            (vec![("origin", "null"), ("sec-fetch-site", "same-origin")], true, false),
            (
                vec![("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
                false,
                false,
            ),
            (vec![("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], false, true),
            (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], false, true),
            (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], false, false),
            (vec![("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")], true, false),
            (vec![("referer", "https://app.example/page")], true, true),
            (vec![("referer", "https://app.example.evil.example/")], false, true),
            (vec![("upgrade", "websocket")], false, false),
        ] {
            let request = request("GET", &headers);
            assert_eq!(request.is_provably_same_origin(ours), surely, "{headers:?}");
            assert_eq!(request.may_be_navigation(), navigation, "{headers:?}");
        }
    }

    #[test]
    fn origin_wins_over_fetch_metadata_and_referer() {
        let ours = "https://app.example";
        for (headers, expected) in [
            (vec![("origin", ours)], true),
            (vec![("origin", "https://evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            (vec![("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (vec![("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("referer", "https://app.example/page")], true),
            (vec![("referer", "https://app.example.evil.example/")], false),
            (vec![], true),
        ] {
            assert_eq!(request("POST", &headers).is_same_origin(ours), expected, "{headers:?}");
        }
    }
}
