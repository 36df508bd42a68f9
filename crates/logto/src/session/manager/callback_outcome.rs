//! What came of a callback, for the other instances: browsers repeat a callback, and balancers send
//! the second one elsewhere.
//!
//! It is written over the replay guard, under its key, which only the browser that began the sign-in
//! can lead to.

use std::time::Duration;

use super::records::unpacked;
use super::replay::{ReplayGuard, ReplayGuards};
use super::{LoadedSession, SessionBackend};
use crate::error::Error;
use crate::log_limit::limited;
use crate::storage::Expect;

/// The length of a page that there is none of.
const NO_PAGE: u16 = u16::MAX;
/// The bytes of an owner, which is there until there is an outcome.
const OWNER: usize = 16;

/// What the store says of a callback that was taken up.
pub(crate) enum TakenUp {
    /// The one who took it up is at work, or died.
    InProgress,
    /// It brought no session.
    Refused,
    /// It brought a session, and the page that its user goes on to.
    Done(Box<LoadedSession>, Option<String>),
}

impl ReplayGuards {
    /// Whether other instances may see the same callback.
    pub(crate) fn is_shared(&self) -> bool {
        !self.store.is_in_process()
    }

    /// What came of a callback; `None` if it was given back.
    pub(crate) async fn taken_up(&self, sign_in: &str) -> Result<Option<TakenUp>, Error> {
        let key = self.store.entry_keys.callback(sign_in);
        let [entry] = self.store.get([&key]).await?;
        Ok(entry.map(|entry| match self.store.open(&key, &entry) {
            Some(owner) if owner.len() == OWNER => TakenUp::InProgress,
            value => value
                .and_then(|value| self.outcome_in(&value))
                .map_or(TakenUp::Refused, |(session, page)| TakenUp::Done(Box::new(session), page)),
        }))
    }

    /// Tells the other instances what came of a callback: a session and its page, or none.
    pub(crate) async fn note_outcome(
        &self,
        guard: ReplayGuard,
        outcome: Option<(&LoadedSession, Option<&str>)>,
        seconds: u64,
    ) {
        let value = outcome.map(|(loaded, page)| self.bytes_of_outcome(loaded, page));
        let expect = Expect::Version(guard.version);
        let ttl = Duration::from_secs(seconds);
        if let Err(error) = self.store.put(&guard.key, value.unwrap_or_default(), expect, ttl).await
        {
            limited!(
                warn,
                %error,
                "failed to store the outcome of a callback; another instance will reject a repeated one"
            );
        }
    }

    fn bytes_of_outcome(&self, loaded: &LoadedSession, page: Option<&str>) -> Vec<u8> {
        let length = page.and_then(|page| u16::try_from(page.len()).ok());
        let page = page.filter(|_| length.is_some()).unwrap_or_default();
        let mut bytes = vec![u8::from(loaded.is_stored())];
        bytes.extend_from_slice(&length.unwrap_or(NO_PAGE).to_le_bytes());
        bytes.extend_from_slice(page.as_bytes());
        bytes.append(&mut self.sealer.packer().pack(&loaded.session));
        bytes
    }

    fn outcome_in(&self, value: &[u8]) -> Option<(LoadedSession, Option<String>)> {
        let (&is_stored, rest) = value.split_first()?;
        let (&length, rest) = rest.split_first_chunk()?;
        let length = Some(u16::from_le_bytes(length)).filter(|length| *length != NO_PAGE);
        let (page, packed) = rest.split_at_checked(length.map_or(0, usize::from))?;
        let page = String::from_utf8(page.to_vec()).ok().filter(|_| length.is_some());
        let backend = match is_stored {
            0 => SessionBackend::Cookie,
            _ => SessionBackend::Store,
        };
        Some((LoadedSession { session: unpacked(&self.sealer, packed)?, backend }, page))
    }
}
