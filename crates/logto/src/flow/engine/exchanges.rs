//! The callbacks of the last minutes, and what came of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::encoding;
use crate::error::Error;
use crate::flow::{CallbackFailure, Transaction};
use crate::session::Session;
use crate::session::manager::{LoadedSession, ReplayGuard};

/// How long an outcome is kept, in seconds, and how many are.
const KEPT_FOR: u64 = 180;
const MAX_KEPT: usize = 512;

/// What came of a callback.
pub(crate) type Outcome = Result<Completed, Arc<CallbackFailure>>;

/// A sign-in that is done.
#[derive(Clone)]
pub(crate) struct Completed {
    pub(crate) session: LoadedSession,
    /// The page to go on to; the configured one if there is none.
    pub(crate) return_to: Option<String>,
    /// Whether the browser brought a session, which the new one replaces: it keeps its cookies.
    pub(crate) replaces: bool,
}

/// The callbacks of the last minutes, oldest first.
#[derive(Default)]
pub(crate) struct Exchanges(Mutex<VecDeque<Kept>>);

struct Kept {
    /// Hash of the sign-in's verifier.
    key: [u8; 32],
    since: u64,
    exchange: Arc<tokio::sync::Mutex<Exchange>>,
}

/// What came for the code of a callback, and the page that its user goes on to.
#[derive(Clone)]
pub(crate) struct Redeemed {
    pub(crate) session: Session,
    pub(crate) return_to: Option<String>,
}

/// How far the attempts at one callback came.
pub(crate) struct Exchange {
    /// Written into the replay guard, so that a later attempt knows a write that was given up as
    /// its own.
    pub(crate) owner: [u8; 16],
    /// From the claim on the callback until its outcome is stored.
    pub(crate) guard: Option<ReplayGuard>,
    /// A code is good once: what came for it, and what the app's hook said to it, waits here for
    /// the store.
    pub(crate) redeemed: Option<Redeemed>,
    pub(crate) outcome: Option<Outcome>,
}

impl Exchanges {
    /// The attempts at the callback of a sign-in.
    pub(crate) fn get(
        &self,
        transaction: &Transaction,
        now: u64,
    ) -> Result<Arc<tokio::sync::Mutex<Exchange>>, Error> {
        // Only the browser that began the sign-in can lead to the verifier.
        let key = encoding::sha256(&[b"exchange", transaction.verifier().as_bytes()]);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| now.saturating_sub(kept.since) < KEPT_FOR);
        if let Some(known) = kept.iter().find(|kept| kept.key == key) {
            return Ok(Arc::clone(&known.exchange));
        }
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        let exchange =
            Exchange { owner: encoding::random()?, guard: None, redeemed: None, outcome: None };
        let exchange = Arc::new(tokio::sync::Mutex::new(exchange));
        kept.push_back(Kept { key, since: now, exchange: Arc::clone(&exchange) });
        Ok(exchange)
    }
}
