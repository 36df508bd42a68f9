//! Addresses of this app: its origins, and its paths with and without the path of the base URL.

use std::borrow::Cow;

use url::Url;

use super::Settings;
use crate::local_path::{local_page, local_path, normalized};
use crate::route::Route;

impl Settings {
    /// The origin that a request is for, by its `Host`: one of those that are allowed, or else that
    /// of the base URL. A host that is not on the list is never repeated.
    pub(crate) fn origin_of(&self, host: Option<&str>) -> Cow<'_, str> {
        let allowed = || {
            let host = host?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
            if !host.bytes().all(plain) {
                return None;
            }
            let url = Url::parse(&format!("{}://{host}", self.base.scheme())).ok()?;
            let is_allowed = self.allowed_origins.iter().any(|origin| origin.allows(&url));
            is_allowed.then(|| url.origin().ascii_serialization())
        };
        allowed().map_or(Cow::Borrowed(self.origin.as_str()), Cow::Owned)
    }

    /// The path of a route with the configured prefix.
    pub(crate) fn mounted(&self, route: Route) -> String {
        [&self.route_prefix, route.path()].concat()
    }

    /// The path of a route as browsers know it.
    pub(crate) fn path_of(&self, route: Route) -> String {
        [&self.base_path, &self.route_prefix, route.path()].concat()
    }

    /// The route at a path, with or without the path of the base URL.
    pub(crate) fn route_at(&self, path: &str) -> Option<Route> {
        let prefix = segments(&self.route_prefix);
        let base = segments(&self.base_path);
        // The cheap test first: most paths end in another segment.
        let last = segments(path).next_back()?;
        let mut routes = Route::ALL.iter().copied().filter(|route| route.path().ends_with(last));
        routes.find(|route| {
            let mounted = prefix.clone().chain(segments(route.path()));
            let as_browsers_see_it = base.clone().chain(mounted.clone());
            segments(path).eq(mounted) || segments(path).eq(as_browsers_see_it)
        })
    }

    /// The full address of a path of the app, the SDK's routes included, at `origin`.
    pub(crate) fn url(&self, origin: &str, path: &str) -> String {
        format!("{origin}{}{path}", self.base_path)
    }

    /// A path or address of `origin` as a page that one can return to: none of the SDK's own
    /// routes, which would do something again.
    pub(crate) fn return_to(&self, address: &str, origin: &str) -> Option<String> {
        let page = self.page(address, origin)?;
        let inside = self.inside(&page);
        let path = inside.split(['?', '#']).next().unwrap_or(inside);
        let is_route = |path: &str| self.route_at(path).is_some();
        // Some frameworks read an encoded slash as a slash.
        let is_read_as_route = || path.contains('%') && is_route(&with_slashes(path));
        (!is_route(path) && !is_read_as_route()).then_some(page)
    }

    /// Whether a page is the window of a frame, which only the SDK itself returns to.
    pub(crate) fn is_window(&self, page: &str) -> bool {
        let path = page.split_once('?').map(|(path, _)| path);
        self.partitioned_cookies && path == Some(self.path_of(Route::Frame).as_str())
    }

    /// A path or address of `origin` as the browser knows the page.
    pub(crate) fn page(&self, address: &str, origin: &str) -> Option<String> {
        let page = local_page(address, origin)?;
        match self.base_path.as_str() {
            "" => Some(page),
            _ => self.outside(self.inside(&page)),
        }
    }

    /// The path below the base path, whether or not a proxy took that away.
    pub(crate) fn inside<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(self.base_path.as_str())
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
            .unwrap_or(path)
    }

    /// The path as the browser knows it.
    fn outside(&self, inside: &str) -> Option<String> {
        let page = format!("{}{inside}", self.base_path);
        local_path(page.split('#').next().unwrap_or(&page))?;
        Some(page)
    }
}

/// The path with encoded slashes decoded, and then normalized.
fn with_slashes(path: &str) -> String {
    let decoded = path.replace("%2F", "/").replace("%2f", "/");
    let once = segments(&decoded).fold(String::new(), |path, segment| path + "/" + segment);
    normalized(&once).unwrap_or(once)
}

fn segments(path: &str) -> impl DoubleEndedIterator<Item = &str> + Clone {
    path.split('/').filter(|segment| !segment.is_empty())
}
