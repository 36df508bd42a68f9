//! The callbacks of the last minutes, and what came of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::encoding;
use crate::error::Error;
use crate::flow::{CallbackFailure, Transaction};
use crate::session::Session;
use crate::session::manager::{LoadedSession, ReplayGuard};

/// How long an outcome is kept, in seconds, and how many are. What waits for the store may exceed
/// the number, and what a request works on both.
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

/// What is lost with a callback that is kept, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    /// Why there is no session. It takes no code to bring this about.
    Failure,
    /// Whose the replay guard is.
    Attempt,
    /// The way into a session.
    Session,
}

impl Kept {
    /// Whether a request works on it, or waits for that. No one can begin to as long as
    /// [`Exchanges`] are locked.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.exchange) > 1
    }

    /// `None` if it has to stay.
    fn loss(&self) -> Option<Loss> {
        if self.is_in_use() {
            return None;
        }
        let exchange = self.exchange.try_lock().ok()?;
        match &exchange.outcome {
            Some(Err(_)) => Some(Loss::Failure),
            Some(Ok(_)) => Some(Loss::Session),
            // The code is spent, so no one can do again what led here.
            None if exchange.redeemed.is_some() => None,
            None => Some(Loss::Attempt),
        }
    }
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
        kept.retain(|kept| now.saturating_sub(kept.since) < KEPT_FOR || kept.is_in_use());
        if let Some(known) = kept.iter().find(|kept| kept.key == key) {
            return Ok(Arc::clone(&known.exchange));
        }
        // Two of them, so that what a crowd left becomes less.
        for _ in 0..2 {
            if kept.len() < MAX_KEPT {
                break;
            }
            let losses = kept.iter().enumerate().filter_map(|(at, kept)| Some((kept.loss()?, at)));
            if let Some((_, at)) = losses.min() {
                kept.remove(at);
            }
        }
        let exchange =
            Exchange { owner: encoding::random()?, guard: None, redeemed: None, outcome: None };
        let exchange = Arc::new(tokio::sync::Mutex::new(exchange));
        kept.push_back(Kept { key, since: now, exchange: Arc::clone(&exchange) });
        Ok(exchange)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::cookies::Attributes;
    use crate::crypto::seal::KeyRing;
    use crate::error::ErrorKind;
    use crate::flow::{Intent, Transactions};
    use crate::session::manager::fixture::loaded;

    const NOW: u64 = 1000;

    struct SignIns(Transactions, KeyRing);

    impl SignIns {
        fn new() -> Self {
            let transactions = Transactions::new(Attributes::for_host(true), 900, "context");
            Self(transactions, KeyRing::new(&[SecretString::from("secret")], "context").unwrap())
        }

        fn begin(&self) -> Transaction {
            let Self(transactions, keys) = self;
            transactions.begin(keys, "", NOW, Intent::default(), false).unwrap().transaction
        }
    }

    fn failure() -> Outcome {
        let error = Error::new(ErrorKind::Cancelled, "the user declined");
        Err(Arc::new(CallbackFailure::without_transaction(error, None)))
    }

    fn success() -> Outcome {
        Ok(Completed { session: loaded(NOW), return_to: None, replaces: false })
    }

    /// What happens in a callback.
    fn callback(exchanges: &Exchanges, sign_in: &Transaction, work: impl FnOnce(&mut Exchange)) {
        let exchange = exchanges.get(sign_in, NOW).unwrap();
        work(&mut exchange.try_lock().unwrap());
    }

    fn has(exchanges: &Exchanges, sign_in: &Transaction) -> bool {
        let key = encoding::sha256(&[b"exchange", sign_in.verifier().as_bytes()]);
        exchanges.0.lock().unwrap().iter().any(|kept| kept.key == key)
    }

    fn count(exchanges: &Exchanges) -> usize {
        exchanges.0.lock().unwrap().len()
    }

    #[test]
    fn failures_push_out_failures_only() {
        let (exchanges, sign_ins) = (Exchanges::default(), SignIns::new());
        let [working, waiting, done, begun] = [(); 4].map(|()| sign_ins.begin());
        let _working = exchanges.get(&working, NOW).unwrap();
        callback(&exchanges, &waiting, |exchange| {
            let (session, return_to) = (loaded(NOW).session, None);
            exchange.redeemed = Some(Redeemed { session, return_to });
        });
        callback(&exchanges, &done, |exchange| exchange.outcome = Some(success()));
        callback(&exchanges, &begun, |_| ());
        let mut last = None;
        for _ in 0..2 * MAX_KEPT {
            let sign_in = sign_ins.begin();
            callback(&exchanges, &sign_in, |exchange| exchange.outcome = Some(failure()));
            last = Some(sign_in);
        }
        assert_eq!(count(&exchanges), MAX_KEPT);
        for sign_in in [&working, &waiting, &done, &begun, &last.unwrap()] {
            assert!(has(&exchanges, sign_in));
        }
    }

    #[test]
    fn sessions_push_out_the_oldest_sessions_and_nothing_that_is_under_way() {
        let (exchanges, sign_ins) = (Exchanges::default(), SignIns::new());
        let [working, waiting, begun, oldest] = [(); 4].map(|()| sign_ins.begin());
        let in_use = exchanges.get(&working, NOW).unwrap();
        callback(&exchanges, &waiting, |exchange| {
            let (session, return_to) = (loaded(NOW).session, None);
            exchange.redeemed = Some(Redeemed { session, return_to });
        });
        callback(&exchanges, &begun, |_| ());
        callback(&exchanges, &oldest, |exchange| exchange.outcome = Some(success()));
        let mut newest = None;
        for _ in 0..MAX_KEPT {
            let sign_in = sign_ins.begin();
            callback(&exchanges, &sign_in, |exchange| exchange.outcome = Some(success()));
            newest = Some(sign_in);
        }
        assert_eq!(count(&exchanges), MAX_KEPT);
        let kept = [&working, &waiting, &begun, &oldest, &newest.unwrap()];
        assert_eq!(kept.map(|one| has(&exchanges, one)), [true, true, false, false, true]);
        // Later, only the one that a request works on is there, and it is the same.
        let later = exchanges.get(&working, NOW + KEPT_FOR).unwrap();
        assert!(Arc::ptr_eq(&later, &in_use));
        assert_eq!(count(&exchanges), 1);
    }

    #[test]
    fn more_than_are_kept_may_be_under_way() {
        let (exchanges, sign_ins) = (Exchanges::default(), SignIns::new());
        let begin = |_| exchanges.get(&sign_ins.begin(), NOW).unwrap();
        let under_way: Vec<_> = (0..=MAX_KEPT).map(begin).collect();
        assert_eq!(count(&exchanges), under_way.len());
        drop(under_way);
        let _next = exchanges.get(&sign_ins.begin(), NOW).unwrap();
        assert_eq!(count(&exchanges), MAX_KEPT);
    }
}
