//! A refresh token is redeemed once, however many requests ask at the same time.
//!
//! The exchange runs in a task of its own: a browser that goes away in the middle does not cut it
//! between Logto's answer and ours. Its outcome is kept for a while, for requests that were on
//! their way with the old cookie: a refresh token that was rotated must not be sent again.
//!
//! Signing out wins over a refresh under way: its outcome is for nobody any more.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::encoding;
use crate::error::{Error, ErrorKind};
use crate::session::Session;

/// Seconds for which a finished refresh answers requests with the old cookie.
const KEPT: u64 = 30;
/// Seconds for which a sign-out is remembered, for answers that were under way.
const ENDED_KEPT: u64 = 600;

type Outcome = Option<Result<Refreshed, Error>>;
/// A hash of the refresh token: the token itself is not kept here.
type Key = [u8; 32];

/// A refreshed session. The new refresh token is in it even if the rest of the answer could not be
/// accepted: the old one may be spent.
#[derive(Clone, Debug)]
pub(crate) struct Refreshed {
    pub(crate) session: Session,
    pub(crate) problem: Option<Error>,
}

pub(crate) struct Refreshes {
    clock: Clock,
    flights: Arc<Mutex<HashMap<Key, Flight>>>,
    /// Refresh tokens of people who signed out, and when.
    ended: Mutex<HashMap<Key, u64>>,
}

#[derive(Clone)]
struct Flight {
    outcome: watch::Receiver<Outcome>,
    began_at: u64,
}

impl Flight {
    /// Under way, or landed a short while ago; not if its runtime was shut down on the way.
    fn is_of_use(&self, now: u64) -> bool {
        if self.outcome.borrow().is_some() {
            now < self.began_at.saturating_add(KEPT)
        } else {
            self.outcome.has_changed().is_ok()
        }
    }
}

impl Refreshes {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            flights: Arc::default(),
            ended: Mutex::default(),
        }
    }

    /// Nothing comes of this refresh token any more, not even of a refresh under way.
    pub(crate) fn end(&self, refresh_token: &str) {
        let now = self.clock.now();
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, at| now < at.saturating_add(ENDED_KEPT));
        ended.insert(key(refresh_token), now);
    }

    /// Whether somebody signed out with this refresh token.
    pub(crate) fn has_ended(&self, refresh_token: &str) -> bool {
        self.is_ended(&key(refresh_token))
    }

    fn is_ended(&self, key: &Key) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended
            .get(key)
            .is_some_and(|at| self.clock.now() < at.saturating_add(ENDED_KEPT))
    }

    /// The outcome of redeeming this refresh token: of a flight under way or just landed, or of a
    /// new one.
    pub(crate) async fn once<Fut>(
        &self,
        refresh_token: &str,
        redeem: impl FnOnce() -> Fut,
    ) -> Result<Refreshed, Error>
    where
        Fut: Future<Output = Result<Refreshed, Error>> + Send + 'static,
    {
        let key = key(refresh_token);
        if self.is_ended(&key) {
            return Err(signed_out());
        }
        let mut outcome = self.join(key, redeem);
        // The sender is gone without a word only if its runtime was shut down.
        let stopped = || Error::new(ErrorKind::Unreachable, "the refresh was stopped");
        let landed = outcome
            .wait_for(Option::is_some)
            .await
            .map_err(|_| stopped())?;
        let landed = landed.clone().unwrap_or_else(|| Err(stopped()))?;
        // A rotated token may have been used to sign out meanwhile as well.
        let renewed = landed.session.refresh_token.as_deref().map(self::key);
        if self.is_ended(&key) || renewed.is_some_and(|renewed| self.is_ended(&renewed)) {
            return Err(signed_out());
        }
        Ok(landed)
    }

    fn join<Fut>(&self, key: Key, redeem: impl FnOnce() -> Fut) -> watch::Receiver<Outcome>
    where
        Fut: Future<Output = Result<Refreshed, Error>> + Send + 'static,
    {
        let now = self.clock.now();
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| flight.is_of_use(now));
        if let Some(flight) = flights.get(&key) {
            return flight.outcome.clone();
        }
        let (landed, outcome) = watch::channel(None);
        let flight = Flight {
            outcome: outcome.clone(),
            began_at: now,
        };
        flights.insert(key, flight);
        let (flights, exchange) = (Arc::clone(&self.flights), redeem());
        tokio::spawn(async move {
            let result = exchange.await;
            if is_open(&result, &key) {
                // The next request asks again: to give up would be a sign-out for certain.
                flights
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&key);
            }
            landed.send_replace(Some(result));
        });
        outcome
    }
}

/// Whether an outage was in the way and the refresh token is the same as before.
fn is_open(result: &Result<Refreshed, Error>, before: &Key) -> bool {
    match result {
        Err(error) => error.is_retryable(),
        Ok(Refreshed { session, problem }) => {
            let unchanged = session.refresh_token.as_deref().map(key) == Some(*before);
            unchanged && problem.as_ref().is_some_and(Error::is_retryable)
        }
    }
}

fn key(refresh_token: &str) -> Key {
    encoding::sha256(&[refresh_token.as_bytes()])
}

fn signed_out() -> Error {
    Error::new(ErrorKind::SignInRequired, "the person signed out meanwhile")
}

impl fmt::Debug for Refreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn refreshed() -> Refreshed {
        Refreshed {
            session: Session {
                started_at: 0,
                id_token: Vec::new(),
                refresh_token: None,
                access_token: None,
            },
            problem: None,
        }
    }

    /// Calls `once` many times at the same time; each exchange ends with `result`.
    async fn burst(
        refreshes: &Refreshes,
        exchanges: &Arc<AtomicUsize>,
        result: fn() -> Result<Refreshed, Error>,
    ) -> Vec<Result<Refreshed, Error>> {
        let one = || {
            refreshes.once("token", || {
                let exchanges = Arc::clone(exchanges);
                async move {
                    tokio::task::yield_now().await;
                    exchanges.fetch_add(1, Ordering::SeqCst);
                    result()
                }
            })
        };
        let (a, b, c) = tokio::join!(one(), one(), one());
        vec![a, b, c]
    }

    #[tokio::test]
    async fn concurrent_requests_make_one_exchange_and_stragglers_none() {
        let clock = Clock::system();
        let refreshes = Refreshes::new(clock.clone());
        let exchanges = Arc::default();
        let burst = async || burst(&refreshes, &exchanges, || Ok(refreshed())).await;

        assert!(burst().await.iter().all(Result::is_ok));
        assert_eq!(exchanges.load(Ordering::SeqCst), 1);
        assert!(burst().await.iter().all(Result::is_ok));
        assert_eq!(exchanges.load(Ordering::SeqCst), 1, "the outcome is kept");
        clock.advance(Duration::from_secs(KEPT));
        burst().await;
        assert_eq!(exchanges.load(Ordering::SeqCst), 2, "and then forgotten");
    }

    #[tokio::test]
    async fn an_outage_is_shared_but_not_kept() {
        let refreshes = Refreshes::new(Clock::system());
        let exchanges = Arc::default();
        let down = || Err(Error::new(ErrorKind::Unreachable, "down"));
        assert!(
            burst(&refreshes, &exchanges, down)
                .await
                .iter()
                .all(Result::is_err)
        );
        assert_eq!(exchanges.load(Ordering::SeqCst), 1);
        burst(&refreshes, &exchanges, down).await;
        assert_eq!(exchanges.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_exchange_ends_even_if_nobody_waits_any_more() {
        let refreshes = Refreshes::new(Clock::system());
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        let (done, until_done) = tokio::sync::oneshot::channel();
        let mut waiting = Box::pin(refreshes.once("token", || async {
            let _ = released.await;
            let _ = done.send(());
            Ok(refreshed())
        }));
        assert!(futures_poll_once(&mut waiting).await.is_none());
        drop(waiting);
        release.send(()).unwrap();
        until_done.await.unwrap();
    }

    #[test]
    fn a_runtime_that_was_shut_down_blocks_nobody() {
        let refreshes = Refreshes::new(Clock::system());
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
        };
        let gone = runtime();
        gone.block_on(async {
            let mut waiting = Box::pin(refreshes.once("token", std::future::pending));
            assert!(futures_poll_once(&mut waiting).await.is_none());
        });
        drop(gone);
        let again = refreshes.once("token", || async { Ok(refreshed()) });
        assert!(runtime().block_on(again).is_ok());
    }

    #[tokio::test]
    async fn signing_out_wins_over_a_refresh_under_way() {
        let refreshes = Refreshes::new(Clock::system());
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        let mut waiting = Box::pin(refreshes.once("token", || async {
            let _ = released.await;
            Ok(refreshed())
        }));
        assert!(futures_poll_once(&mut waiting).await.is_none());
        refreshes.end("token");
        release.send(()).unwrap();
        assert!(waiting.await.unwrap_err().needs_sign_in());
        let again = refreshes.once("token", || async { Ok(refreshed()) }).await;
        assert!(again.unwrap_err().needs_sign_in());
    }

    async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
