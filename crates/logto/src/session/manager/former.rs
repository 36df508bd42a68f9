//! Sessions in cookies of a name that the app does not use any more.
//!
//! The prefix of the name follows from scheme, domain and path. Where one of these changes, the app
//! does not see the old cookie any more, and the browser goes on sending it. A sign-out ends its
//! session all the same: a copy of it, or an app whose change is taken back, would bring it to life.

use super::load::MAX_OTHERS;
use super::{EndingSession, LoadedSession, SessionBackend, SessionManager};
use crate::session::Content;

impl SessionManager {
    /// The sessions in cookies of such names, and the `Set-Cookie` lines that remove these.
    pub(crate) fn former_in_cookies(
        &self,
        header: &str,
        now: u64,
    ) -> (Vec<EndingSession>, Vec<String>) {
        let (contents, removals) = self.cookies.former(header);
        let ending = contents.into_iter().filter_map(|content| {
            let (ending, ends_at) = match content {
                Content::Session(session) => {
                    let ends_at = self.expiry.ends_at(&session);
                    let loaded = LoadedSession { session, backend: SessionBackend::Cookie };
                    (EndingSession::from(&loaded), ends_at)
                }
                Content::SessionPointer(pointer) => {
                    ((&pointer).into(), self.expiry.absolute_end(pointer.started_at))
                }
            };
            (now < ends_at).then_some(ending)
        });
        (ending.take(MAX_OTHERS).collect(), removals)
    }
}
