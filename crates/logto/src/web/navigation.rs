//! What kind of request this is: a person opening a page, a script, a browser looking ahead.

use url::Url;

use super::Request;

impl Request {
    /// Whether a person opens a page. Only then is a redirect to sign-in of any use; a script would
    /// follow it into a page of another origin and fail there.
    pub(crate) fn is_navigation(&self) -> bool {
        if !matches!(self.method(), "GET" | "HEAD") || self.is_prefetch() || self.is_htmx() {
            return false;
        }
        if self.header("x-requested-with").is_some() || self.header("upgrade").is_some() {
            return false;
        }
        match (self.header("sec-fetch-mode"), self.header("sec-fetch-dest")) {
            (Some(mode), _) if mode != "navigate" => false,
            (_, Some(dest)) => dest == "document",
            _ => self.accepts_html(),
        }
    }

    /// Whether a browser loads the page ahead of time, without the person having asked for it.
    pub(crate) fn is_prefetch(&self) -> bool {
        let prefetch = |value: &str| value.contains("prefetch") || value.contains("prerender");
        self.header("sec-purpose").is_some_and(prefetch)
            || self.header("purpose").is_some_and(prefetch)
    }

    /// Whether the body is a form (section 2.5 of OpenID Connect Back-Channel Logout 1.0), or
    /// nothing is said of what it is.
    pub(crate) fn is_form(&self) -> bool {
        self.header("content-type").is_none_or(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
    }

    pub(crate) fn is_htmx(&self) -> bool {
        self.header("hx-request").is_some()
    }

    pub(crate) fn accepts_html(&self) -> bool {
        self.header("accept").is_some_and(|accept| accept.contains("text/html"))
    }

    /// Whether a page of `origin` made the request, as far as the browser says. A request without
    /// any of these headers comes from no browser that would send our `SameSite=Lax` cookies
    /// across sites.
    pub(crate) fn is_from(&self, origin: &str) -> bool {
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
        match self.header("referer") {
            Some(referer) => Url::parse(referer)
                .is_ok_and(|referer| referer.origin().ascii_serialization() == origin),
            None => true,
        }
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
            ("GET", vec![("accept", "*/*")], false),
            ("GET", vec![html, ("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")], false),
            (
                "GET",
                vec![html, ("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")],
                false,
            ),
            ("GET", vec![html, ("sec-fetch-dest", "image")], false),
            ("GET", vec![html, ("hx-request", "true")], false),
            ("GET", vec![html, ("x-requested-with", "XMLHttpRequest")], false),
            ("GET", vec![html, ("sec-purpose", "prefetch;prerender")], false),
            ("GET", vec![html, ("purpose", "prefetch")], false),
            ("GET", vec![html, ("upgrade", "websocket")], false),
        ] {
            assert_eq!(request(method, &headers).is_navigation(), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn the_sender_is_judged_by_the_best_header_there_is() {
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
            assert_eq!(request("POST", &headers).is_from(ours), expected, "{headers:?}");
        }
    }
}
