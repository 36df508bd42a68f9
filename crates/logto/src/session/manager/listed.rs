//! The sessions of a user, as a list shows them.

use super::records::Record;
use super::{EndingSession, SessionBackend, SessionManager};
use crate::crypto::encoding;
use crate::error::Error;
use crate::session::{Device, ListEntry, SessionId};

/// One session of a user, for a page that lists them.
///
/// # Example
///
/// ```
/// use logto::web::User;
///
/// async fn rows(user: &User) -> Result<Vec<String>, logto::Error> {
///     let sessions = user.sessions().await?.into_iter().map(|session| {
///         let browser = session.browser.unwrap_or("A browser");
///         match session.is_current {
///             true => format!("{browser}, this session"),
///             false => format!("{browser}, last used at {}", session.last_used_at),
///         }
///     });
///     Ok(sessions.collect())
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The id for [`end_session`](crate::Logto::end_session). It is not a credential.
    pub id: String,
    /// Whether it is the session of the request that asks, by
    /// [`User::sessions`](crate::web::User::sessions).
    pub is_current: bool,
    /// The browser that signed in, for example `Firefox`, if its user agent is a usual one.
    pub browser: Option<&'static str>,
    /// The device or system that the browser ran on, for example `iPhone` or `Windows`.
    pub platform: Option<&'static str>,
    /// When the user signed in, in seconds since the Unix epoch.
    pub started_at: u64,
    /// When it was last in use, in seconds since the Unix epoch: with an idle lifetime as exact as
    /// its renewal interval, otherwise the time of the last refresh. Of a session in cookies only
    /// refreshes are known.
    pub last_used_at: u64,
}

/// A session of the list.
pub(crate) struct ListedSession {
    pub(crate) ending: EndingSession,
    pub(crate) last_used_at: u64,
    device: Device,
}

impl ListedSession {
    pub(crate) fn info(&self, current: Option<SessionId>) -> SessionInfo {
        let hash = encoding::sha256(&[b"handle\n", self.ending.id.as_bytes()]);
        SessionInfo {
            id: encoding::encode(hash),
            is_current: current == Some(self.ending.id),
            browser: self.device.browser(),
            platform: self.device.platform(),
            started_at: self.ending.started_at,
            last_used_at: self.last_used_at,
        }
    }
}

impl SessionManager {
    /// The sessions of a user that the store lists, oldest first.
    pub(crate) async fn sessions_of(
        &self,
        sub: &str,
        now: u64,
    ) -> Result<Vec<ListedSession>, Error> {
        let (list, _) = self.lists.find(sub).await?;
        let names: Vec<_> =
            list.sessions().iter().map(|entry| self.store.entry_keys.session(entry.id)).collect();
        let user = self.store.entry_keys.end_of_user(sub);
        let mut keys: Vec<&str> = names.iter().map(String::as_str).collect();
        keys.push(&user);
        let mut stored = self.store.get_all(&keys).await?;
        let end = stored.pop().flatten();
        let mut sessions = Vec::new();
        for ((key, stored), entry) in names.iter().zip(&stored).zip(list.sessions()) {
            let ListEntry { id, started_at, known_marker, is_stored, .. } = *entry;
            let backend = if is_stored { SessionBackend::Store } else { SessionBackend::Cookie };
            let found = match self.record(key, stored.as_ref(), backend) {
                Ok(Some(Record::Session(loaded))) => {
                    let ends_at = self.expiry.ends_at(&loaded.session);
                    Some((EndingSession::from(&loaded), loaded.session.last_used_at, ends_at))
                }
                // A session in cookies leaves nothing in the store.
                Ok(None) if !is_stored => {
                    let ending = EndingSession::in_cookie(id, sub, started_at);
                    Some((ending, started_at, self.expiry.absolute_end(started_at)))
                }
                _ => None,
            };
            let Some((ending, last_used_at, ends_at)) = found else {
                continue;
            };
            let live = now < ends_at
                && !self.pending.has(id)
                && !self.markers.is_over(&user, end.as_ref(), started_at, known_marker);
            if live {
                sessions.push(ListedSession { ending, last_used_at, device: entry.device });
            }
        }
        Ok(sessions)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::manager::fixture::{loaded, manager};
    use crate::storage::MemoryStorage;

    /// A list has places for a hundred.
    #[tokio::test]
    async fn sessions_that_have_ended_push_no_other_out_of_the_list() {
        const NOW: u64 = 1_795_342_500;
        let manager = manager(Arc::new(MemoryStorage::new()));
        let begin = || manager.begin(loaded(NOW).session, Device::default(), NOW);
        let first = begin().await.unwrap();
        for _ in 0..100 {
            let other = begin().await.unwrap();
            manager.end(&(&other).into()).await.unwrap();
        }
        let listed = manager.sessions_of("s", NOW).await.unwrap();
        assert!(matches!(listed.as_slice(), [one] if one.ending.id == first.session.id));
    }
}
