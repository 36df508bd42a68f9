//! Sending a browser to Logto, by what its request can follow.

use serde_json::json;

use super::page::{NextAction, Page};
use super::{Context, Reply, Route};

/// The query of the sign-out route that shows a page on the way to Logto.
pub(super) const CONTINUE: &str = "continue";

impl Context {
    /// Sends the browser to an address, usually of Logto. A redirect would be followed inside a
    /// script's request and fail there, so htmx is told by its own header and other scripts by
    /// JSON.
    pub(super) fn leave_for(&self, location: String) -> Reply {
        let request = self.request();
        if request.is_htmx() {
            Reply::new(200).with_header("hx-redirect", location)
        } else if request.wants_json()
            || request.is_script()
            || (request.is_fetch() && !request.accepts_html())
        {
            Reply::json_document(200, &json!({ "redirect_to": location }))
        } else {
            Reply::see_other(location)
        }
    }

    /// Where a sign-out goes on. A form whose action ends in `?continue` gets a page that goes on
    /// by itself: the policy `form-action 'self'` of the app forbids the redirect of a form.
    /// Turbo follows a form's redirect by `fetch` and cannot leave this origin, so it gets a
    /// page of this app first, which it loads again as a navigation.
    pub(super) fn leave_after_sign_out(&self, location: String) -> Reply {
        let request = self.request();
        if request.is_framed() && !location.starts_with('/') {
            return self.page_that_continues(location);
        }
        if request.is_fetch() && request.accepts_html() && !request.is_htmx() {
            return Reply::see_other(self.continued_sign_out_path());
        }
        if request.query() == CONTINUE && request.is_shown_to_user() {
            return self
                .page_that_continues(location.clone())
                .with_header("refresh", format!("0; url={location}"));
        }
        self.leave_for(location)
    }

    /// The page of [`leave_after_sign_out`](Self::leave_after_sign_out): it ends nothing here, and
    /// going to Logto is what a link anywhere can do.
    pub(super) fn continue_sign_out(&self, location: String) -> Reply {
        if self.request().is_navigation() {
            return Reply::see_other(location);
        }
        self.page_that_continues(location)
    }

    /// A link to an address, which opens a window where it is one of Logto and this is a frame.
    pub(super) fn link_or_window(&self, location: String, label: &'static str) -> NextAction {
        match self.request().is_framed() && !location.starts_with('/') {
            true => NextAction::new_window(location, label),
            false => NextAction::link(location, label),
        }
    }

    fn page_that_continues(&self, location: String) -> Reply {
        let page = Page {
            title: "You are signed out here",
            text: "Continue to sign out of the sign-in service too.",
            detail: None,
            next_action: self.link_or_window(location, "Continue"),
        };
        self.page(200, &page)
    }

    /// The path that signs out and shows a page on the way to Logto, as browsers see it.
    pub(super) fn continued_sign_out_path(&self) -> String {
        format!("{}?{CONTINUE}", self.engine().settings.path_of(Route::SignOut))
    }
}
