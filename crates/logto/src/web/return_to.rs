//! The page to return to after sign-in.

use url::form_urlencoded;

use super::{Context, Route};
use crate::error::{Error, ErrorKind};

impl Context {
    /// The path of the SDK's sign-in route that comes back to `page`, with a sign-in that is at
    /// most `max_age` seconds old if one is given.
    pub(super) fn sign_in_path(&self, page: &str, max_age: Option<u64>) -> String {
        let settings = &self.engine().settings;
        let (base, prefix) = (settings.base_path.as_str(), settings.route_prefix.as_str());
        let route = [base, prefix, Route::SignIn.path(), "?return_to="];
        let lengths: usize = route.iter().map(|part| part.len()).sum();
        // Room for the page as it is encoded at most.
        let mut path = String::with_capacity(lengths + 3 * page.len());
        path.extend(route);
        path.extend(form_urlencoded::byte_serialize(page.as_bytes()));
        if let Some(seconds) = max_age {
            path.push_str(&format!("&max_age={seconds}"));
        }
        path
    }

    /// Where a user who has to sign in first wants to be afterwards.
    pub(super) fn return_to_for_request(&self) -> String {
        let request = self.request();
        // A fragment of a page, what a script fetches, and the address of a form are no pages:
        // return to the one that is shown.
        let is_script = request.is_fetch() && !request.accepts_html() && !request.is_boosted_link();
        let is_page = request.is_get_or_head() && !is_script;
        let shown = if request.is_htmx() && !request.is_boosted_link() {
            request.header("hx-current-url")
        } else if request.turbo_frame().is_some() || !is_page {
            request.header("referer")
        } else {
            None
        };
        let wanted = match shown {
            Some(shown) => self.own_page(shown),
            None if is_page => self.own_page(&request.target()),
            None => None,
        };
        wanted.or_else(|| self.wanted_page()).unwrap_or_else(|| self.after_sign_in())
    }

    /// The page after signing in if none was asked for.
    pub(super) fn after_sign_in(&self) -> String {
        let settings = &self.engine().settings;
        format!("{}{}", settings.base_path, settings.after_sign_in)
    }

    /// The page that a request to the sign-in route asks to return to. One of another origin is
    /// an attack, and is ignored.
    pub(super) fn wanted_page(&self) -> Option<String> {
        let mut parameters = form_urlencoded::parse(self.request().query().as_bytes());
        let (_, page) = parameters.find(|(name, _)| name == "return_to")?;
        self.own_page(&page)
    }

    /// How old the authentication may be by a request to the sign-in route, in seconds. It is a
    /// wish of the author of a link: each page that needs a recent one asks again.
    pub(super) fn wanted_max_age(&self) -> Result<Option<u64>, Error> {
        let parameters = form_urlencoded::parse(self.request().query().as_bytes());
        let mut values = parameters.filter(|(name, _)| name == "max_age");
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some((_, value)), None) if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                value.parse().map(Some).map_err(|_| not_an_age())
            }
            _ => Err(not_an_age()),
        }
    }

    /// A path or address as a page of this app that one can return to.
    pub(super) fn own_page(&self, address: &str) -> Option<String> {
        self.engine().settings.return_to(address, self.origin())
    }
}

fn not_an_age() -> Error {
    Error::new(ErrorKind::InvalidRequest, "`max_age` is not one number of seconds")
}
