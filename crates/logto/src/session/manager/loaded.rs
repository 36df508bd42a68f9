//! `LoadedSession`: a session, and where it came from.

use std::sync::Arc;

use crate::oidc::claims::IdTokenClaims;
use crate::session::Session;

/// A session, and where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct LoadedSession {
    pub(crate) session: Session,
    pub(crate) backend: SessionBackend,
}

/// Where a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionBackend {
    Cookie,
    Store,
}

impl LoadedSession {
    pub(crate) fn claims(&self) -> &Arc<IdTokenClaims> {
        self.session.grant.claims()
    }

    pub(crate) fn sub(&self) -> &str {
        self.session.grant.shown().sub()
    }

    /// Logto's session, where ID tokens name it.
    pub(crate) fn sid(&self) -> Option<&str> {
        self.session.grant.shown().sid()
    }

    pub(crate) fn is_stored(&self) -> bool {
        self.backend == SessionBackend::Store
    }
}
