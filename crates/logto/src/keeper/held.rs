//! A session at hand.

use std::sync::Arc;

use crate::claims::IdTokenClaims;
use crate::error::Error;
use crate::session::Session;

/// A session, its claims, and where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) session: Arc<Session>,
    pub(crate) claims: Arc<IdTokenClaims>,
    pub(crate) place: Place,
}

/// Where a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Cookie,
    Store,
}

impl Held {
    pub(crate) fn new(session: Session, place: Place) -> Result<Self, Error> {
        Ok(Self {
            claims: Arc::new(session.claims()?),
            session: Arc::new(session),
            place,
        })
    }

    pub(crate) fn is_stored(&self) -> bool {
        self.place == Place::Store
    }
}
