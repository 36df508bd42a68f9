//! The session pointer: the cookie of a stored session.

use super::SessionId;
use super::bytes::{Reader, put_bytes, put_number, put_version};
use crate::storage::Version;

const VERSION: u8 = 3;

/// Where to find the session, and what says that it has ended. All of it is asked of the store in
/// one round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionPointer {
    pub(crate) id: SessionId,
    /// As in the session.
    pub(crate) started_at: u64,
    pub(crate) known_marker: Option<Version>,
    pub(crate) sub: String,
    /// Logto's session, where ID tokens name it.
    pub(crate) sid: Option<String>,
}

impl SessionPointer {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.id.as_bytes());
        put_number(&mut bytes, self.started_at);
        put_version(&mut bytes, self.known_marker);
        put_bytes(&mut bytes, self.sub.as_bytes());
        put_bytes(&mut bytes, self.sid.as_deref().unwrap_or_default().as_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Reader(bytes);
        if bytes.byte()? != VERSION {
            return None;
        }
        let id = SessionId::from_slice(bytes.take(SessionId::LENGTH as u64)?)?;
        let started_at = bytes.number()?;
        let known_marker = bytes.version()?;
        let mut text = || Some(std::str::from_utf8(bytes.bytes()?).ok()?.to_owned());
        let (sub, sid) = (text()?, text()?);
        Some(Self { id, started_at, known_marker, sub, sid: (!sid.is_empty()).then_some(sid) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_pointer_round_trips_and_a_damaged_one_is_rejected() {
        let id = SessionId::random().unwrap();
        for sid in [None, Some("YxYmUX447zBS".to_owned())] {
            let pointer = SessionPointer {
                id,
                started_at: 1_795_342_500,
                known_marker: sid.as_ref().map(|_| Version::from_number(7)),
                sub: "8s8claa1vi9z".to_owned(),
                sid,
            };
            let bytes = pointer.to_bytes();
            assert_eq!(SessionPointer::from_bytes(&bytes), Some(pointer));
            for end in 0..bytes.len() {
                assert_eq!(SessionPointer::from_bytes(&bytes[..end]), None);
            }
        }
    }
}
