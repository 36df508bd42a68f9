//! Session lifetime: absolute and idle.

use crate::session::Session;

/// In seconds, as every time and length of time that is a bare number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionExpiry {
    /// From the sign-in to the end, whatever happens.
    pub(crate) lifetime: u64,
    /// From the last use to the end, if that is limited.
    pub(crate) idle: Option<u64>,
    /// How exactly the last use is known.
    pub(crate) renewal: u64,
}

impl SessionExpiry {
    /// The end of a session that began at this time, used or not.
    pub(crate) fn absolute_end(&self, started_at: u64) -> u64 {
        started_at.saturating_add(self.lifetime)
    }

    /// When the session ends if it is not used again.
    pub(crate) fn ends_at(&self, session: &Session) -> u64 {
        let end = self.absolute_end(session.started_at);
        match self.idle {
            Some(idle) => end.min(session.last_used_at.saturating_add(idle)),
            None => end,
        }
    }

    /// Whether its use is to be noted.
    pub(crate) fn needs_touch(&self, session: &Session, now: u64) -> bool {
        self.idle.is_some() && now >= session.last_used_at.saturating_add(self.renewal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::claims::IdTokenClaims;
    use crate::session::{Grant, SessionId, StoredTokens};

    fn session(started_at: u64, last_used_at: u64) -> Session {
        let claims = br#"{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2}"#;
        let claims = IdTokenClaims::parse(claims).unwrap();
        Session {
            id: SessionId::random().unwrap(),
            revision: 0,
            started_at,
            last_used_at,
            known_marker: None,
            grant: Grant::new(claims.into(), StoredTokens::default()),
        }
    }

    #[test]
    fn a_session_ends_at_the_earlier_of_both_ends() {
        let mut expiry = SessionExpiry { lifetime: 1000, idle: None, renewal: 10 };
        assert_eq!(expiry.ends_at(&session(100, 100)), 1100);
        assert!(!expiry.needs_touch(&session(100, 100), 1000));
        expiry.idle = Some(50);
        assert_eq!(expiry.ends_at(&session(100, 100)), 150);
        assert_eq!(expiry.ends_at(&session(100, 1080)), 1100);
        assert!(!expiry.needs_touch(&session(100, 100), 109));
        assert!(expiry.needs_touch(&session(100, 100), 110));
    }
}
