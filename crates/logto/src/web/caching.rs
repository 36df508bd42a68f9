//! Cache headers of responses that depend on the session (RFC 9111).

use http::header::{CACHE_CONTROL, Entry, VARY};
use http::{HeaderMap, HeaderValue};

/// What the response to a request must tell caches, because the session was asked for.
///
/// The adapter sets `Cache-Control` to [`cache_control`](Self::cache_control) and appends
/// [`vary`](Self::vary); on the `http` crate, [`set_headers`](Self::set_headers) does both.
///
/// # Example
///
/// ```
/// use logto::web::Context;
///
/// fn header(context: &Context, set_by_the_app: Option<&str>) -> Option<&'static str> {
///     context.caching()?.cache_control(set_by_the_app)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// Whether the request was refused unless a user is signed in.
    pub(super) is_protected: bool,
    /// Whether the response changes the session's cookies.
    pub(super) sets_cookies: bool,
}

impl Caching {
    /// The `Cache-Control` to set in place of the one that the app set, if that is not strict
    /// enough: a response that depends on the session is `private`, a protected one `no-store`.
    /// What the app marked as `private` or `no-store` stays; but a response with cookies of the
    /// session is `no-store` whatever the app says.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Caching;
    ///
    /// fn header(caching: Caching, set_by_the_app: &str) -> String {
    ///     let stricter = caching.cache_control(Some(set_by_the_app));
    ///     format!("cache-control: {}", stricter.unwrap_or(set_by_the_app))
    /// }
    /// ```
    #[must_use]
    pub fn cache_control(self, set: Option<&str>) -> Option<&'static str> {
        let Some(set) = set else {
            let may_be_stored = !self.is_protected && !self.sets_cookies;
            return Some(if may_be_stored { "private" } else { "no-store" });
        };
        let directives = || set.split(',').map(str::trim);
        let has = |name: &str| directives().any(|directive| directive.eq_ignore_ascii_case(name));
        // The first test is for what the SDK's own responses say.
        if set == "no-store" || has("no-store") || (has("private") && !self.sets_cookies) {
            None
        } else if self.is_protected || self.sets_cookies {
            Some("no-store")
        } else if has("no-cache") || has("must-revalidate") || has("max-age=0") {
            Some("private, no-cache")
        } else {
            Some("private")
        }
    }

    /// The `Vary` to append, unless one that was set has it: the SDK's own refusals do.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Caching;
    ///
    /// /// What an adapter adds to the headers of the response.
    /// fn add(caching: Caching, control: Option<&str>, vary: Option<&str>) -> [Option<&'static str>; 2] {
    ///     [caching.cache_control(control), caching.vary(vary)]
    /// }
    /// ```
    #[must_use]
    pub fn vary(self, set: Option<&str>) -> Option<&'static str> {
        let is_set = set.is_some_and(|set| {
            let mut names = set.split(',').map(str::trim);
            names.any(|name| name == "*" || name.eq_ignore_ascii_case("cookie"))
        });
        (!is_set).then_some("Cookie")
    }

    /// Sets `Cache-Control` and appends `Vary` in the headers of a response, for frameworks on the
    /// `http` crate.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Context;
    ///
    /// /// What an adapter does after the handler.
    /// fn tell_caches<B>(context: &Context, response: &mut http::Response<B>) {
    ///     if let Some(caching) = context.caching() {
    ///         caching.set_headers(response.headers_mut());
    ///     }
    /// }
    /// ```
    pub fn set_headers(self, headers: &mut HeaderMap) {
        // Each name is looked up once: this is part of every page with a user.
        match headers.entry(CACHE_CONTROL) {
            Entry::Vacant(entry) => {
                if let Some(value) = self.cache_control(None) {
                    entry.insert(HeaderValue::from_static(value));
                }
            }
            Entry::Occupied(mut entry) => {
                if let Some(value) = self.cache_control(entry.get().to_str().ok()) {
                    entry.insert(HeaderValue::from_static(value));
                }
            }
        }
        match headers.entry(VARY) {
            Entry::Vacant(entry) => {
                if let Some(value) = self.vary(None) {
                    entry.insert(HeaderValue::from_static(value));
                }
            }
            Entry::Occupied(mut entry) => {
                if let Some(value) = self.vary(entry.get().to_str().ok()) {
                    entry.append(HeaderValue::from_static(value));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shared_cache_keeps_a_users_page_and_nothing_is_loosened() {
        for (set, open, protected) in [
            (None, Some("private"), Some("no-store")),
            (Some("public, max-age=600"), Some("private"), Some("no-store")),
            (Some("s-maxage=600"), Some("private"), Some("no-store")),
            (Some("no-cache"), Some("private, no-cache"), Some("no-store")),
            (Some("max-age=0, must-revalidate"), Some("private, no-cache"), Some("no-store")),
            (Some("Private, max-age=60"), None, None),
            (Some("max-age=0,no-store"), None, None),
        ] {
            let caching = |is_protected, sets_cookies| Caching { is_protected, sets_cookies };
            assert_eq!(caching(false, false).cache_control(set), open, "{set:?}");
            assert_eq!(caching(true, false).cache_control(set), protected, "{set:?}");
            let with_cookies = (set != Some("max-age=0,no-store")).then_some("no-store");
            assert_eq!(caching(false, true).cache_control(set), with_cookies, "{set:?}");
            assert_eq!(caching(true, true).cache_control(set), with_cookies, "{set:?}");
        }
        for (set, expected) in [
            (None, Some("Cookie")),
            (Some("accept-encoding, cookies"), Some("Cookie")),
            (Some("accept, COOKIE"), None),
            (Some("*"), None),
        ] {
            let caching = Caching { is_protected: false, sets_cookies: false };
            assert_eq!(caching.vary(set), expected, "{set:?}");
        }
    }

    #[test]
    fn headers_of_the_app_are_made_stricter_and_added_to() {
        let caching = Caching { is_protected: true, sets_cookies: false };
        let all = |headers: &HeaderMap, name| {
            let values = headers.get_all(name).iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut headers = HeaderMap::new();
        caching.set_headers(&mut headers);
        assert_eq!(all(&headers, CACHE_CONTROL), ["no-store"]);
        assert_eq!(all(&headers, VARY), ["Cookie"]);

        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
        headers.insert(VARY, HeaderValue::from_static("accept"));
        caching.set_headers(&mut headers);
        assert_eq!(all(&headers, CACHE_CONTROL), ["no-store"]);
        assert_eq!(all(&headers, VARY), ["accept", "Cookie"]);

        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
        headers.insert(VARY, HeaderValue::from_static("*"));
        caching.set_headers(&mut headers);
        assert_eq!(all(&headers, CACHE_CONTROL), ["no-store, no-transform"]);
        assert_eq!(all(&headers, VARY), ["*"]);
    }
}
