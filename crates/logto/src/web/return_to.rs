//! Pages of this app that a person shall see after signing in.

use url::form_urlencoded;

use super::{Context, Route};
use crate::local_path::{local_page, local_path};

impl Context {
    /// The path of the SDK's sign-in route that comes back to `page`.
    pub(super) fn sign_in_path(&self, page: &str) -> String {
        let settings = &self.logto().settings;
        let path = Route::SignIn.mounted(settings);
        let base = &settings.base_path;
        let page: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
        format!("{base}{path}?return_to={page}")
    }

    /// Where a person who has to sign in first wants to be afterwards.
    pub(super) fn page_to_return_to(&self) -> String {
        let request = self.request();
        let wanted = match request.header("hx-current-url") {
            // A fragment of a page is no page: return to the one that htmx shows.
            Some(shown) if request.is_htmx() => self.own_page(shown),
            _ => self.own_page(&request.target()),
        };
        wanted.or_else(|| self.wanted_page()).unwrap_or_else(|| self.after_sign_in())
    }

    /// The page after signing in if none was asked for.
    pub(super) fn after_sign_in(&self) -> String {
        let settings = &self.logto().settings;
        format!("{}{}", settings.base_path, settings.after_sign_in)
    }

    /// The page that a request to the sign-in route asks to return to. One of another origin is
    /// nobody's wish but an attacker's, and is passed over.
    pub(super) fn wanted_page(&self) -> Option<String> {
        let mut parameters = form_urlencoded::parse(self.request().query().as_bytes());
        let (_, page) = parameters.find(|(name, _)| name == "return_to")?;
        self.own_page(&page)
    }

    /// A path or address as a page of this app that one can return to: not of another origin, and
    /// none of the SDK's own routes, which would do something again.
    pub(super) fn own_page(&self, address: &str) -> Option<String> {
        let page = local_page(address, self.origin())?;
        let inside = self.inside(&page);
        let path = inside.split(['?', '#']).next().unwrap_or(inside);
        let settings = &self.logto().settings;
        if Route::ALL.iter().any(|route| is_same_path(&route.mounted(settings), path)) {
            return None;
        }
        self.outside(inside)
    }

    /// The path below the base path, whether or not a proxy took that away.
    fn inside<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(self.logto().settings.base_path.as_str())
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
            .unwrap_or(path)
    }

    /// The path as the browser knows it.
    fn outside(&self, inside: &str) -> Option<String> {
        let base = &self.logto().settings.base_path;
        let page = format!("{base}{inside}");
        local_path(page.split('#').next().unwrap_or(&page))?;
        Some(page)
    }
}

/// Whether two paths are one to routers that pass over empty segments.
fn is_same_path(one: &str, other: &str) -> bool {
    let segments = |path| str::split(path, '/').filter(|segment| !segment.is_empty());
    segments(one).eq(segments(other))
}
