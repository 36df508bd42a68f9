//! Who sent a request: a page of this app, or one of another site whose browser adds the cookies by
//! itself.

use super::{Context, Request};
use crate::session::manager::SessionManager;

/// What is known of the sender of a request.
pub(super) struct Sender<'a> {
    request: &'a Request,
    /// The origin at which the browser reaches the app.
    origin: &'a str,
    sessions: &'a SessionManager,
}

impl Context {
    pub(super) fn sender(&self) -> Sender<'_> {
        let (request, origin) = (self.request(), self.origin());
        Sender { request, origin, sessions: &self.engine().sessions }
    }

    /// Whether a page of this app made the request: a script or a form of it.
    pub(super) fn is_from_own_page(&self) -> bool {
        let sender = self.sender();
        sender.is_from_here() || sender.is_vouched_for_by_cookie(self.now())
    }
}

impl<'a> Sender<'a> {
    /// Whether the session is one of a frame in a page of another site.
    fn is_in_frame(&self) -> bool {
        self.sessions.is_in_frame(self.request.raw_cookies())
    }

    /// The cookies that may speak for the user. Those of a frame come along from everywhere, so
    /// they count only where `SameSite=Lax` would have let them through, or a page was opened
    /// in the frame.
    pub(super) fn trusted_cookies(&self) -> &'a [u8] {
        let request = self.request;
        let is_trusted = !self.is_in_frame()
            || request.is_provably_same_origin(self.origin)
            || (request.is_safe() && request.may_be_navigation());
        if is_trusted { request.raw_cookies() } else { b"" }
    }

    /// Whether a page of this app made the request, as far as the browser says. In a frame, whose
    /// cookies are not `SameSite=Lax`, only headers of the browser prove it.
    pub(super) fn is_from_here(&self) -> bool {
        match self.is_in_frame() {
            true => self.request.is_provably_same_origin(self.origin),
            false => self.request.is_same_origin(self.origin),
        }
    }

    /// Whether the session's own cookie speaks for a form that hides where it comes from:
    /// `SameSite=Lax` keeps that cookie from posts across sites. A page of a sibling host could do
    /// the same, which SECURITY.md says. A `fetch` in its default mode does not hide it (Fetch
    /// Standard, `Origin` header), so what scripts call, and WebSockets, need no such exception.
    fn is_vouched_for_by_cookie(&self, now: u64) -> bool {
        self.request.hides_its_origin(self.origin)
            && !self.request.is_web_socket()
            && !self.is_in_frame()
            && self.sessions.in_cookies(self.request.raw_cookies(), now).is_some()
    }
}
