//! A session at hand.

use std::sync::Arc;

use crate::claims::IdTokenClaims;
use crate::session::Session;

/// A session, and where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) session: Session,
    pub(crate) place: Place,
}

/// Where a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Cookie,
    Store,
}

impl Held {
    pub(crate) fn claims(&self) -> &Arc<IdTokenClaims> {
        self.session.grant.claims()
    }

    pub(crate) fn sub(&self) -> &str {
        &self.claims().shown.sub
    }

    pub(crate) fn is_stored(&self) -> bool {
        self.place == Place::Store
    }
}
