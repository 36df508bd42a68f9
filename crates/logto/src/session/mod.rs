//! The session of one signed-in browser, and its stored forms.

mod bytes;
mod cookie;
mod device;
mod grant;
mod id;
mod list;
pub(crate) mod manager;
mod pack;
mod pointer;
mod sealer;
mod state;
mod stored_tokens;

use std::sync::Arc;

use crate::storage::Version;

pub(crate) use cookie::{Content, Sealed, SessionCookie};
pub(crate) use device::Device;
pub(crate) use grant::Grant;
pub(crate) use id::SessionId;
pub(crate) use list::{ListEntry, SessionList};
pub use manager::SessionInfo;
pub(crate) use pack::{Packer, unpack};
pub(crate) use pointer::SessionPointer;
pub(crate) use sealer::Sealer;
pub use state::SessionState;
pub(crate) use stored_tokens::{StoredToken, StoredTokens};

/// The session's own content; never seen by anyone but the SDK.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// Counts the refreshes, so that of two copies the newer one is known.
    pub(crate) revision: u64,
    /// When the user signed in, by Logto's clock, in seconds since the Unix epoch.
    pub(crate) started_at: u64,
    /// The revocation marker of the user that was there when the session began. It does not end
    /// this session; see [`manager`].
    pub(crate) known_marker: Option<Version>,
    /// When the session was last seen in use, in seconds since the Unix epoch; not more exact than
    /// the renewal interval.
    pub(crate) last_used_at: u64,
    pub(crate) grant: Arc<Grant>,
}

impl Session {
    pub(crate) fn refresh_token(&self) -> Option<&str> {
        self.grant.tokens().refresh.as_deref()
    }

    /// The same with the newest of its access tokens only.
    pub(crate) fn with_newest_tokens(&self, count: usize) -> Self {
        let tokens = self.grant.tokens().newest(count);
        Self { grant: Grant::new(Arc::clone(self.grant.claims()), tokens), ..*self }
    }
}
