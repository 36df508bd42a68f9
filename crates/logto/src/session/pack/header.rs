//! What changes with the use of a session: the beginning of its packed form.

use crate::session::SessionId;
use crate::session::bytes::{Reader, put_number, put_version};
use crate::storage::Version;

/// Of the whole form; changing a dictionary changes it too.
const VERSION: u8 = 5;

/// The beginning of a packed session.
pub(super) struct Header {
    pub(super) id: SessionId,
    pub(super) revision: u64,
    pub(super) started_at: u64,
    pub(super) last_used_at: u64,
    pub(super) known_marker: Option<Version>,
}

impl Header {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(self.id.as_bytes());
        put_number(out, self.revision);
        put_number(out, self.started_at);
        put_number(out, self.last_used_at.wrapping_sub(self.started_at));
        put_version(out, self.known_marker);
    }

    /// The header, if the bytes are of this version. What follows it is the packed grant.
    pub(super) fn take(packed: &mut Reader<'_>) -> Option<Self> {
        if packed.byte()? != VERSION {
            return None;
        }
        let id = SessionId::from_slice(packed.take(SessionId::LENGTH as u64)?)?;
        let revision = packed.number()?;
        let started_at = packed.number()?;
        let last_used_at = packed.number()?.wrapping_add(started_at);
        let known_marker = packed.version()?;
        Some(Self { id, revision, started_at, last_used_at, known_marker })
    }
}

/// The packed grant of a session that could be unpacked before.
pub(in crate::session) fn grant_of(packed: &[u8]) -> Option<&[u8]> {
    let mut packed = Reader(packed);
    Header::take(&mut packed)?;
    Some(packed.0)
}
