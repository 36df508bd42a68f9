//! Responses to requests that are refused or fail.

use serde::Serialize;

use super::languages::Language;
use super::navigation::Audience;
use super::page::{NextAction, Page, Reader};
use super::{Context, Reply, Route};
use crate::error::{Error, ErrorKind, Wording};
use crate::flow::SignInOptions;

/// What a request is told that has to sign in first, in every form that it may be told.
pub(super) struct Refusal {
    pub(super) sign_in: String,
    /// How old the sign-in may be in seconds, where it matters.
    pub(super) max_age: Option<u64>,
    /// Of the page for those who cannot be redirected.
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// What the challenge (RFC 6750, section 3) and the body say, beside where to sign in.
    pub(super) error: &'static str,
    pub(super) message: &'static str,
    /// Whether a user is signed in, for too long (RFC 9470, section 3).
    pub(super) is_stale: bool,
    /// The challenge of an API, in place of the one that the other fields make.
    pub(super) challenge: Option<String>,
}

/// What a script is told.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
    message: &'a str,
    sign_in_url: &'a str,
}

impl Context {
    /// The answer to a request that needs a signed-in user and has none.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Context, Reply};
    ///
    /// /// Some documents are public, the others for those who are signed in.
    /// async fn document(context: &Context, is_public: bool) -> Result<&'static str, Reply> {
    ///     if is_public || context.is_authenticated().await? {
    ///         return Ok("The document");
    ///     }
    ///     Err(context.refuse())
    /// }
    /// ```
    pub fn refuse(&self) -> Reply {
        // As the adapter says of every response that depends on the session; where it is an error,
        // some frameworks have no headers to say so.
        self.send_to_sign_in(&self.not_signed_in()).with_header("vary", "Cookie")
    }

    /// What a request without a session is told.
    pub(super) fn not_signed_in(&self) -> Refusal {
        let Wording { code, text, .. } = Wording::for_kind(ErrorKind::SignInRequired);
        Refusal {
            sign_in: self.sign_in_path(&self.return_to_for_request(), None),
            max_age: None,
            title: "You are no longer signed in",
            text: "Your session has ended. Sign in using the new window, then come back and reload this page. \
                   Your browser will send what you typed again.",
            error: code,
            message: text,
            is_stale: false,
            challenge: None,
        }
    }

    /// What a request that brings neither a token nor a session is told, where either would do.
    pub(super) fn neither_token_nor_session(&self, missing: Error) -> Error {
        let Wording { code, text, .. } = Wording::for_kind(ErrorKind::MissingToken);
        let challenge = missing.reply().and_then(|reply| reply.header("www-authenticate"));
        let challenge = challenge.map(str::to_owned);
        let refusal = Refusal { error: code, message: text, challenge, ..self.not_signed_in() };
        let reply = self.send_to_sign_in(&refusal).with_header("vary", "Cookie");
        missing.answered_by(reply)
    }

    /// A page in place of the challenge for programs, where a user sees that their session does not
    /// permit this.
    pub(super) fn not_permitted(&self, error: Error) -> Error {
        let request = self.request();
        let is_seen = request.is_shown_to_user()
            || request.is_turbo_form()
            || request.turbo_frame().is_some();
        if error.kind() != ErrorKind::Forbidden || !is_seen {
            return error;
        }
        let told = Error::new(ErrorKind::AccessDenied, "the session does not permit this");
        let Wording { status, title, .. } = Wording::new(&told);
        let page = match request.turbo_frame() {
            Some(frame) => {
                let address = self.sign_in_path(&self.return_to_for_request(), Some(0));
                let next_action = NextAction::link(address, "Use another account");
                let page = Page { title, text: "", detail: None, next_action };
                page.in_turbo_frame(status, frame, self.language())
            }
            None => self.error_page(&told, &self.return_to_for_request(), None),
        };
        error.answered_by(page.with_header("vary", "Cookie"))
    }

    /// A redirect, a page or 401, by the kind of request.
    pub(super) fn send_to_sign_in(&self, refusal: &Refusal) -> Reply {
        self.note_refusal();
        let request = self.request();
        let sign_in = refusal.sign_in.as_str();
        let audience = request.audience();
        if audience == Audience::Navigation {
            return Reply::see_other(sign_in);
        }
        let Refusal { error, message, is_stale, .. } = *refusal;
        let max_age = refusal.max_age.filter(|_| is_stale);
        let realm = self.origin();
        let challenge = match (&refusal.challenge, max_age) {
            (Some(challenge), _) => challenge.clone(),
            // Who brought no token is told no error code.
            (None, None) => ["Bearer realm=\"", realm, "\""].concat(),
            (None, Some(max_age)) => format!(
                "Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{message}\", \
                 max_age=\"{max_age}\""
            ),
        };
        if let Some(frame) = request.turbo_frame() {
            return self
                .content_of_turbo_frame(frame, refusal)
                .with_header("www-authenticate", challenge);
        }
        if audience == Audience::User || request.is_turbo_form() {
            return self.page_to_sign_in(refusal).with_header("www-authenticate", challenge);
        }
        let body = Body { error, max_age, message, sign_in_url: sign_in };
        let reply = Reply::json_document(401, &body).with_header("www-authenticate", challenge);
        if request.is_htmx() {
            // htmx would follow a redirect inside its request; this header makes it load the page.
            reply.with_header("hx-redirect", sign_in.to_owned())
        } else {
            reply
        }
    }

    /// What a user sees who cannot be redirected: a sign-in would lose what a form sent, and
    /// Logto shows nothing in a frame.
    fn page_to_sign_in(&self, refusal: &Refusal) -> Reply {
        if self.request().is_framed() {
            // Never the address as it was sent: `//host` would be a page of that host.
            let options = SignInOptions { max_age: refusal.max_age, ..SignInOptions::new() };
            let page = self.return_to_for_request();
            return self.page_in_frame(401, &page, page.clone(), &options);
        }
        if !refusal.is_stale && self.request().is_form_of_another_site(self.origin()) {
            return self.page(401, &Page {
                title: "Another site sent you here",
                text: "You came from a form on another site, so this page cannot see that you are signed in. Continue here.",
                detail: None,
                next_action: NextAction::link(self.after_sign_in(), "Continue"),
            });
        }
        let sign_in = refusal.sign_in.as_str();
        let (text, next_action) = match self.request().is_turbo_form() {
            // Turbo shows the page in place of the form, whose text is gone then.
            true => (refusal.message, NextAction::link(sign_in, "Sign in")),
            false => (refusal.text, NextAction::new_window(sign_in, "Sign in")),
        };
        self.page(401, &Page { title: refusal.title, text, detail: None, next_action })
    }

    /// What Turbo shows in a frame of its page, in place of what needs a sign-in.
    fn content_of_turbo_frame(&self, frame: &str, refusal: &Refusal) -> Reply {
        let page = Page {
            title: refusal.title,
            text: "",
            detail: None,
            next_action: NextAction::link(refusal.sign_in.as_str(), "Sign in"),
        };
        page.in_turbo_frame(401, frame, self.language())
    }

    /// A page of the SDK in the visitor's language; the configuration says who may frame it.
    pub(super) fn page(&self, status: u16, page: &Page<'_>) -> Reply {
        let reader = match self.request().is_turbo_form() {
            true => Reader::TurboForm,
            false => Reader::Browser,
        };
        page.reply(reader, status, self.language(), &self.engine().settings)
    }

    pub(super) fn language(&self) -> &'static Language {
        Language::accepted(self.request().header("accept-language"))
    }

    /// The error, with the answer that this request gets for it.
    pub(super) fn answered(&self, error: Error) -> Error {
        self.note_refusal();
        if error.reply().is_some() {
            return error;
        }
        let reply = match error.kind() {
            ErrorKind::SignInRequired => self.refuse(),
            _ if self.request().is_navigation() || self.request().accepts_html() => {
                let page = self.error_page(&error, &self.return_to_for_request(), None);
                page.with_header("vary", "Cookie")
            }
            _ => Reply::from_error(&error).with_header("vary", "Cookie"),
        };
        error.answered_by(reply)
    }

    /// A page that says what happened and how to go on: the same again after an outage, otherwise
    /// signing in, on the way to `page`, which may need a sign-in that is at most `max_age` seconds
    /// old.
    pub(super) fn error_page(&self, error: &Error, page: &str, max_age: Option<u64>) -> Reply {
        let Wording { status, title, text, .. } = Wording::new(error);
        let detail = match error.kind() {
            ErrorKind::SignInRefused | ErrorKind::SessionTooLarge => {
                Some(error.to_string()).filter(|text| !text.is_empty())
            }
            _ => said_by_logto(error),
        };
        let next_action = if error.is_retryable() {
            // This very page, without repeating its address, which may hold a code.
            NextAction::link("", "Try again")
        } else if matches!(
            error.kind(),
            ErrorKind::SignInRefused | ErrorKind::WrongUser | ErrorKind::AccessDenied
        ) {
            // Logto would bring the same user back, unless it is asked to show its page.
            NextAction::link(self.sign_in_path(page, Some(0)), "Use another account")
        } else {
            NextAction::link(self.sign_in_path(page, max_age), "Sign in")
        };
        let page = Page { title, text, detail: detail.as_deref(), next_action };
        self.page(status, &page).with_retry_after(error)
    }

    /// The response to a request that no user waits for, where it would begin or end something.
    pub(super) fn answer_ahead_of_time(&self) -> Option<Reply> {
        let request = self.request();
        match request.method() {
            "HEAD" => Some(Reply::new(204)),
            // An error: Chromium answers the click from a prefetch that succeeded.
            "GET" if request.is_prefetch() => {
                Some(Reply::json(403, "prefetch", "This address does nothing ahead of time."))
            }
            _ => None,
        }
    }

    /// The answer to a method that the route does not have. A user gets a page with the button
    /// that was missing.
    pub(super) fn method_not_allowed(&self, route: Route, allowed: &[&str]) -> Reply {
        let allowed = allowed.join(", ");
        let request = self.request();
        let by_user = request.is_shown_to_user();
        let reply = if route == Route::SignOut && request.is_get_or_head() && by_user {
            let page = Page {
                title: "Sign out?",
                text: "This ends your session here and at the sign-in service.",
                detail: None,
                next_action: NextAction::button(self.continued_sign_out_path(), "Sign out"),
            };
            self.page(405, &page)
        } else if matches!(route, Route::SignIn | Route::SignUp | Route::Callback) && by_user {
            // A form that is posted here, as other libraries want it.
            let Wording { title, text, .. } = Wording::for_kind(ErrorKind::SignInRequired);
            let page = self.wanted_page().unwrap_or_else(|| self.after_sign_in());
            let next_action = NextAction::link(self.sign_in_path(&page, None), "Sign in");
            self.page(405, &Page { title, text, detail: None, next_action })
        } else {
            let message = format!("This address answers {allowed} only.");
            Reply::json(405, "method_not_allowed", &message)
        };
        reply.with_header("allow", allowed)
    }

    /// What a browser sees where the app forgot to serve the SDK's routes.
    pub(super) fn page_of_no_route(&self, route: Route, fix: &str) -> Reply {
        let path = self.engine().settings.mounted(route);
        if let Some(suppressed) = self.engine().missing_routes.admit() {
            tracing::error!(
                path,
                fix,
                suppressed,
                "the app does not serve the SDK's routes, so no sign-in can work"
            );
        }
        let page = Page {
            title: "That did not work",
            text: "This app does not serve the routes that sign-in needs. The app's log says what to add.",
            detail: None,
            next_action: NextAction::link(self.after_sign_in(), "Continue"),
        };
        self.page(404, &page)
    }

    /// The answer to a request that only a page of this app may make. In `why`, `{origin}` stands
    /// for where the app is.
    pub(super) fn wrong_origin(&self, why: &str) -> Reply {
        self.note_refusal();
        let origin = self.origin();
        if !self.request().accepts_html() {
            return Reply::json(403, "wrong_origin", &why.replace("{origin}", origin));
        }
        let text = self.language().translate(why).replace("{origin}", origin);
        let home = format!("{origin}{}/", self.engine().settings.base_path);
        let page = Page {
            title: "That did not work",
            text: &text,
            detail: None,
            next_action: NextAction::link(home, "Continue"),
        };
        self.page(403, &page)
    }
}

/// Logto's own words, where they came in a callback that was checked.
pub(super) fn said_by_logto(error: &Error) -> Option<String> {
    let said = error.response().filter(|response| response.status().is_none());
    said.map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use crate::web::Request;
    use crate::{Logto, LogtoConfig};

    fn logto(base_url: &str) -> Logto {
        let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_base_url(base_url)
            .with_cookie_secret("0123456789abcdef0123456789abcdef");
        Logto::new(config).unwrap()
    }

    #[test]
    fn only_the_very_address_of_a_route_is_missed() {
        let logto = logto("https://app.example.com/shop");
        for (path, is_missed) in [
            ("/callback?code=a", true),
            ("/shop/sign-in", true),
            ("/callback/", false),
            ("//callback", false),
            ("/else/callback", false),
            ("/shopcallback", false),
        ] {
            let context = logto.context(Request::new("GET", path, [("accept", "text/html")]));
            assert_eq!(context.unanswered(404, "fix").is_some(), is_missed, "{path}");
            assert!(context.unanswered(200, "fix").is_none());
        }
    }

    #[test]
    fn a_frame_opens_a_window_with_a_page_of_this_app() {
        let logto = logto("https://app.example.com");
        let frame =
            [("accept", "text/html"), ("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")];
        for (target, address) in [("/page?a=b", "/page?a=b"), ("//evil.example/page", "/")] {
            let page = logto.context(Request::new("GET", target, frame)).refuse().into_body();
            let link = format!("<a href=\"{address}\" target=\"_blank\">");
            assert!(page.contains(&link), "{page}");
        }
    }
}
