//! How a request is answered that cannot have what it asks for.

use super::languages::Language;
use super::page::{Page, WayOn};
use super::{Context, Reply, Route};
use crate::error::{Error, ErrorKind, Wording};

impl Context {
    /// The answer to a request that needs a signed-in person and has none.
    pub fn refuse(&self) -> Reply {
        let request = self.request();
        let sign_in = self.sign_in_path(&self.page_to_return_to());
        if request.is_navigation() {
            return Reply::see_other(sign_in);
        }
        let challenge = format!("Bearer realm=\"{}\"", self.origin());
        let reply = Reply::from_error(&Error::new(ErrorKind::SignInRequired, ""))
            .with_header("www-authenticate", challenge);
        if request.is_htmx() {
            // htmx would follow a redirect inside its request; this header makes it load the page.
            reply.with_header("hx-redirect", sign_in)
        } else {
            reply
        }
    }

    /// A page of the SDK in the language of the visitor.
    pub(super) fn page(&self, status: u16, page: &Page<'_>) -> Reply {
        page.reply(status, self.language())
    }

    fn language(&self) -> &'static Language {
        Language::accepted(self.request().header("accept-language"))
    }

    /// The error, with the answer that this request gets for it.
    pub(super) fn answered(&self, error: Error) -> Error {
        if error.reply().is_some() {
            return error;
        }
        let reply = match error.kind() {
            ErrorKind::SignInRequired => self.refuse(),
            _ if self.request().is_navigation() || self.request().accepts_html() => {
                self.error_page(&error, &self.page_to_return_to())
            }
            _ => Reply::from_error(&error),
        };
        error.answered_by(reply)
    }

    /// A page that says what happened and how to go on: the same again after an outage, otherwise
    /// signing in, on the way to `page`.
    pub(super) fn error_page(&self, error: &Error, page: &str) -> Reply {
        let Wording { status, title, text, .. } = Wording::new(error);
        // Logto's own words, where they came in a callback that was checked.
        let said = error.response().filter(|response| response.status() == 0);
        let detail = said.map(ToString::to_string);
        let way_on = if error.is_retryable() {
            // This very page, without repeating its address, which may hold a code.
            WayOn::link("", "Try again")
        } else {
            WayOn::link(self.sign_in_path(page), "Sign in")
        };
        let page = Page { title, text, detail: detail.as_deref(), way_on };
        self.page(status, &page).with_retry_after(error)
    }

    /// The answer to a method that the route does not have. Whoever opens the address of sign-out gets
    /// the button that was missing.
    pub(super) fn method_not_allowed(&self, route: Route, allowed: &[&str]) -> Reply {
        let allowed = allowed.join(", ");
        let reply = if route == Route::SignOut && self.request().is_navigation() {
            let settings = &self.logto().settings;
            let address = format!("{}{}", settings.base_path, route.mounted(settings));
            let page = Page {
                title: "Sign out?",
                text: "This ends your session here and at the sign-in service.",
                detail: None,
                way_on: WayOn::button(address, "Sign out"),
            };
            self.page(405, &page)
        } else {
            let message = format!("This address answers {allowed} only.");
            Reply::json(405, "method_not_allowed", &message)
        };
        reply.with_header("allow", allowed)
    }

    /// The answer to a request that only a page of this app may make. In `why`, `{origin}` stands for
    /// where the app is.
    pub(super) fn wrong_origin(&self, why: &str) -> Reply {
        let origin = self.origin();
        if !self.request().accepts_html() {
            return Reply::json(403, "wrong_origin", &why.replace("{origin}", origin));
        }
        let text = self.language().translate(why).replace("{origin}", origin);
        let home = format!("{origin}{}/", self.logto().settings.base_path);
        let page = Page {
            title: "That did not work",
            text: &text,
            detail: None,
            way_on: WayOn::link(home, "Go there"),
        };
        self.page(403, &page)
    }
}
