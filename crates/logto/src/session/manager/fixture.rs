//! A session manager and a session, for tests.

use std::sync::Arc;

use super::{LoadedSession, SessionBackend, SessionManager};
use crate::LogtoConfig;
use crate::config::Settings;
use crate::crypto::seal::KeyRing;
use crate::oidc::claims::IdTokenClaims;
use crate::session::{Grant, Session, SessionId, StoredTokens};
use crate::storage::Storage;

/// Sessions in cookies, and what else there is of them in `storage`.
pub(super) fn manager(storage: Arc<dyn Storage>) -> Arc<SessionManager> {
    let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
        .with_cookie_secret("0123456789abcdef0123456789abcdef")
        .with_storage(storage)
        .with_sessions_in_cookies();
    let settings = Settings::validate(config).unwrap();
    let keys = KeyRing::new(&settings.cookie_secrets, "context").unwrap();
    Arc::new(SessionManager::new(&settings, Arc::new(keys)))
}

pub(super) fn loaded(started_at: u64) -> LoadedSession {
    let claims = br#"{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2}"#;
    let claims = IdTokenClaims::parse(claims).unwrap();
    LoadedSession {
        session: Session {
            id: SessionId::random().unwrap(),
            revision: 0,
            started_at,
            last_used_at: started_at,
            known_marker: None,
            grant: Grant::new(claims.into(), StoredTokens::default()),
        },
        backend: SessionBackend::Cookie,
    }
}
