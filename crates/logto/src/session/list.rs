//! The list of one user's sessions in a store.

use super::bytes::{Reader, put_number, put_version};
use super::{Device, SessionId};
use crate::storage::Version;

const VERSION: u8 = 3;
/// Of a user with more sessions than this, the oldest are not listed.
const MAX_SESSIONS: usize = 100;

/// The sessions of one user, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionList(Vec<ListEntry>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListEntry {
    pub(crate) id: SessionId,
    /// In seconds since the Unix epoch.
    pub(crate) started_at: u64,
    /// The revocation marker of the user that it began after.
    pub(crate) known_marker: Option<Version>,
    /// Otherwise it is in cookies.
    pub(crate) is_stored: bool,
    pub(crate) device: Device,
}

impl SessionList {
    pub(crate) fn sessions(&self) -> &[ListEntry] {
        &self.0
    }

    /// Adds a session, and forgets those that began before `oldest`.
    pub(crate) fn add(&mut self, session: ListEntry, oldest: u64) {
        self.0.retain(|known| known.started_at >= oldest);
        self.0.push(session);
        let surplus = self.0.len().saturating_sub(MAX_SESSIONS);
        self.0.drain(..surplus);
    }

    /// Takes sessions out; whether any was in it.
    pub(crate) fn remove(&mut self, ids: &[SessionId]) -> bool {
        let before = self.0.len();
        self.0.retain(|known| !ids.contains(&known.id));
        self.0.len() < before
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for session in &self.0 {
            bytes.extend_from_slice(session.id.as_bytes());
            put_number(&mut bytes, session.started_at);
            put_version(&mut bytes, session.known_marker);
            bytes.push(u8::from(session.is_stored));
            bytes.extend_from_slice(&session.device.to_bytes());
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Reader(bytes);
        if bytes.byte()? != VERSION {
            return None;
        }
        let mut sessions = Vec::new();
        while !bytes.0.is_empty() {
            sessions.push(ListEntry {
                id: SessionId::from_slice(bytes.take(SessionId::LENGTH as u64)?)?,
                started_at: bytes.number()?,
                known_marker: bytes.version()?,
                is_stored: bytes.byte()? != 0,
                device: Device::from_bytes([bytes.byte()?, bytes.byte()?]),
            });
        }
        Some(Self(sessions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(started_at: u64) -> ListEntry {
        let id = SessionId::random().unwrap();
        let device = Device::from_user_agent("Firefox/140.0 on Linux");
        let known_marker = started_at.is_multiple_of(2).then(|| Version::from_number(7));
        ListEntry { id, started_at, known_marker, is_stored: started_at.is_multiple_of(3), device }
    }

    #[test]
    fn an_index_is_bounded_and_forgets_what_is_over() {
        let mut list = SessionList::default();
        for started_at in 0..200 {
            list.add(entry(started_at), started_at.saturating_sub(150));
        }
        assert_eq!(list.sessions().len(), MAX_SESSIONS);
        assert_eq!(list.sessions()[0].started_at, 100);
        list.add(entry(500), 500);
        assert_eq!(list.sessions().len(), 1);
    }

    #[test]
    fn an_index_comes_back_without_what_was_taken_out() {
        let mut list = SessionList::default();
        let [one, two] = [entry(1), entry(2)];
        list.add(one, 0);
        list.add(two, 0);
        assert!(list.remove(&[one.id]));
        assert!(!list.remove(&[one.id]));
        let bytes = list.to_bytes();
        assert_eq!(SessionList::from_bytes(&bytes), Some(list));
        assert_eq!(SessionList::from_bytes(&bytes[..bytes.len() - 1]), None);
    }
}
