//! How a request is answered that cannot have what it asks for.

use super::page::Page;
use super::reply::Answer;
use super::{Context, Reply};
use crate::error::{Error, ErrorKind};

impl Context {
    /// The answer to a request that needs a signed-in person and has none.
    pub fn refuse(&self) -> Reply {
        let request = self.request();
        let sign_in = self.sign_in_path(&self.page_to_return_to());
        if request.is_navigation() {
            return Reply::see_other(sign_in);
        }
        let challenge = format!("Bearer realm=\"{}\"", self.origin());
        let reply = Reply::of_error(&Error::new(ErrorKind::SignInRequired, ""))
            .with_header("www-authenticate", challenge);
        if request.is_htmx() {
            // htmx would follow a redirect inside its request; this header makes it load the page.
            reply.with_header("hx-redirect", sign_in)
        } else {
            reply
        }
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
            _ => Reply::of_error(&error),
        };
        error.answered_by(reply)
    }

    /// A page that says what happened and how to go on: the same again after an outage, otherwise
    /// signing in, on the way to `page`.
    pub(super) fn error_page(&self, error: &Error, page: &str) -> Reply {
        let Answer {
            status,
            title,
            text,
            ..
        } = Answer::to(error);
        // Logto's own words, where they came in a callback that was checked.
        let said = error.response().filter(|response| response.status() == 0);
        let detail = said.map(ToString::to_string);
        let (address, label) = if error.is_retryable() {
            // This very page, without repeating its address, which may hold a code.
            (String::new(), "Try again")
        } else {
            (self.sign_in_path(page), "Sign in")
        };
        let page = Page {
            title,
            text,
            detail: detail.as_deref(),
            link: (&address, label),
        };
        Reply::html(status, &page).with_retry_after(error)
    }
}
