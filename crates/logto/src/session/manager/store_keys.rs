//! The keys of entries in the store.

use crate::crypto::encoding;
use crate::session::SessionId;

/// Whose access tokens a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affected<'a> {
    /// Everyone's.
    All,
    /// Those for an organization.
    Organization(&'a str),
    /// Those of a user.
    User(&'a str),
}

/// As [`REVOCATION_MARKER`](crate::storage::REVOCATION_MARKER) says.
const END_OF_USER: &str = "end-of-user:";
const END_OF_SESSION: &str = "end-of-session:";
const END_WITHOUT_SID: &str = "end-of-sessions-without-sid:";

/// The keys of one application at one tenant. They are hashes: who reads the store learns neither
/// ids of sessions nor who has one. In the memory of this process, which no other process reads,
/// they are what they stand for.
#[derive(Debug)]
pub(crate) struct StoreKeys {
    /// What is hashed with them.
    context: Option<String>,
}

/// Where the store has what ends a session beside itself.
#[derive(Debug)]
pub(crate) struct EndKeys {
    pub(super) user: String,
    /// Of the session at Logto that it comes from, or of all that do not know that.
    pub(super) logto: String,
}

impl StoreKeys {
    pub(crate) fn hashed(context: &str) -> Self {
        Self { context: Some(context.to_owned()) }
    }

    pub(crate) fn plain() -> Self {
        Self { context: None }
    }

    pub(super) fn ends(&self, sub: &str, sid: Option<&str>) -> EndKeys {
        EndKeys {
            user: self.end_of_user(sub),
            logto: match sid {
                Some(sid) => self.end_of_logto_session(sid),
                None => self.end_of_sessions_without_sid(sub),
            },
        }
    }

    /// A session, or what is newer than its cookie.
    pub(crate) fn session(&self, id: SessionId) -> String {
        self.key("session:", id.as_bytes())
    }

    /// Who refreshes the session at the moment.
    pub(crate) fn lease(&self, id: SessionId) -> String {
        self.key("lease:", id.as_bytes())
    }

    /// The sessions of a user.
    pub(crate) fn session_list(&self, sub: &str) -> String {
        self.key("session-list:", sub.as_bytes())
    }

    /// Since when the sessions of a user are over.
    pub(crate) fn end_of_user(&self, sub: &str) -> String {
        self.key(END_OF_USER, sub.as_bytes())
    }

    /// Since when the sessions that come from one session at Logto are over.
    pub(crate) fn end_of_logto_session(&self, sid: &str) -> String {
        self.key(END_OF_SESSION, sid.as_bytes())
    }

    /// Since when those sessions of a user are over that do not know their session at Logto.
    pub(crate) fn end_of_sessions_without_sid(&self, sub: &str) -> String {
        self.key(END_WITHOUT_SID, sub.as_bytes())
    }

    /// Until when access tokens are stale.
    pub(crate) fn stale_tokens(&self, affected: Affected<'_>) -> String {
        let (kind, id) = match affected {
            Affected::All => ("stale-tokens:", ""),
            Affected::Organization(id) => ("stale-tokens-in:", id),
            Affected::User(id) => ("stale-tokens-of:", id),
        };
        self.key(kind, id.as_bytes())
    }

    /// That a callback was taken up.
    pub(crate) fn callback(&self, sign_in: &str) -> String {
        self.key("callback:", sign_in.as_bytes())
    }

    /// That the one who took it up is still at work.
    pub(crate) fn callback_heartbeat(&self, sign_in: &str) -> String {
        self.key("callback-heartbeat:", sign_in.as_bytes())
    }

    /// That a logout token was taken up.
    pub(crate) fn logout_token(&self, jti: &str) -> String {
        self.key("logout-token:", jti.as_bytes())
    }

    /// That a webhook was taken up.
    pub(crate) fn webhook(&self, hash: &[u8]) -> String {
        self.key("webhook:", hash)
    }

    fn key(&self, kind: &str, what: &[u8]) -> String {
        match &self.context {
            Some(context) => {
                let parts =
                    [context.as_bytes(), b"\n", kind.trim_end_matches(':').as_bytes(), b"\n", what];
                // What is hashed is not chosen by a client: no two of 128 bits are equal. Every
                // entry has a key.
                let hash = encoding::sha256(&parts);
                encoding::encode_after(kind, hash.split_at(16).0)
            }
            None => encoding::encode_after(kind, what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::REVOCATION_MARKER;

    #[test]
    fn what_others_read_tells_nothing_and_no_two_keys_are_equal() {
        let apps = [StoreKeys::hashed("one"), StoreKeys::hashed("other"), StoreKeys::plain()];
        let mut keys = Vec::new();
        let id = SessionId::random().unwrap();
        for app in &apps {
            keys.extend([
                app.session_list("alice"),
                app.session_list("bob"),
                app.session(id),
                app.lease(id),
                app.end_of_user("alice"),
                app.end_of_logto_session("alice"),
                app.end_of_sessions_without_sid("alice"),
                app.stale_tokens(Affected::All),
                app.stale_tokens(Affected::Organization("alice")),
                app.stale_tokens(Affected::User("alice")),
                app.callback("alice"),
                app.callback_heartbeat("alice"),
                app.logout_token("alice"),
                app.webhook(b"alice"),
            ]);
        }
        assert_eq!(keys[0], apps[0].session_list("alice"));
        // What the memory store tells markers by.
        for app in &apps {
            let ends = app.ends("alice", Some("sid"));
            assert!(ends.user.starts_with(REVOCATION_MARKER));
            assert!(ends.logto.starts_with(REVOCATION_MARKER));
            assert!(!app.session_list("alice").starts_with(REVOCATION_MARKER));
        }
        let alice = encoding::encode("alice");
        let (hashed, plain) = keys.split_at(28);
        assert!(!hashed.iter().any(|key| key.contains("alice") || key.contains(&alice)));
        assert!(plain[0].ends_with(&alice));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 42);
    }
}
