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
    pub(crate) fn former_in_cookies(&self, header: &str) -> (Vec<EndingSession>, Vec<String>) {
        let (contents, removals) = self.cookies.former(header);
        let mut ending: Vec<EndingSession> = Vec::new();
        for content in contents {
            let one = match content {
                Content::Session(session) => {
                    (&LoadedSession { session, backend: SessionBackend::Cookie }).into()
                }
                Content::SessionPointer(pointer) => EndingSession::from(&pointer),
            };
            if ending.len() < MAX_OTHERS && ending.iter().all(|known| known.id != one.id) {
                ending.push(one);
            }
        }
        (ending, removals)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::LogtoConfig;
    use crate::session::manager::fixture::{configured, loaded, manager};
    use crate::storage::MemoryStorage;

    /// A page of a sibling host can set the same cookie for many paths.
    #[test]
    fn a_session_that_is_sent_often_leaves_room_for_others() {
        let now = 1_000_000_000;
        let before = manager(Arc::new(MemoryStorage::new()));
        let pair = |loaded: &LoadedSession| {
            let lines = before.cookies(loaded, "", now).unwrap();
            lines[0].split(';').next().unwrap().to_owned()
        };
        let [tossed, own] = [now - 10, now - 20].map(loaded);
        let mut header = vec![pair(&tossed); 2 * MAX_OTHERS];
        header.push(pair(&own));

        let https = |config: LogtoConfig| {
            config.with_sessions_in_cookies().with_base_url("https://a.example")
        };
        let after = configured(Arc::new(MemoryStorage::new()), https);
        let (ending, removals) = after.former_in_cookies(&header.join("; "));
        let ids: Vec<_> = ending.iter().map(|ending| ending.id).collect();
        assert!(ids == [tossed.session.id, own.session.id]);
        assert!(removals[0].starts_with("logto_app=;"), "{removals:?}");
    }
}
