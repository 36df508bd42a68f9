//! A value that is fetched from Logto and cached: one fetch at a time, renewal in the background,
//! pauses after failures.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::{Clock, Tick};
use crate::error::{Error, ErrorKind};
use crate::log_limit::limited;

/// Seconds between two attempts while the value is old and Logto does not answer.
const RETRY: u64 = 30;

/// How long the use of a value that is twice as old as it should be waits for a renewal.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two attempts while there is no value: none after the first failure, which may
/// have been a broken connection; then they double from one to the other. The longest is what
/// users are told to wait before they try again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Fetched when first needed; renewed in the background when it is old, while the old value serves;
/// waited for a moment when it is twice as old; kept when a renewal fails. There is one fetch at a
/// time, and those who wait for it share its outcome. While there is no value, the error of the
/// last fetch is given to all who come before the next one is due.
#[derive(Debug)]
pub(crate) struct Cached<T> {
    fresh_for: u64,
    clock: Clock,
    state: RwLock<State<T>>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State<T> {
    value: Option<Arc<T>>,
    error: Option<Error>,
    renew_at: u64,
    /// Fetches in a row that failed, and the tick at which the last one did.
    failures: u32,
    failed_at: Tick,
    /// Counts the attempts, so that a waiter knows whether there was a fetch meanwhile.
    attempts: u64,
}

impl<T> State<T> {
    /// Also after the clock was set back by more than the value's life.
    fn is_old(&self, now: u64, fresh_for: u64) -> bool {
        now >= self.renew_at || now.saturating_add(fresh_for) < self.renew_at
    }

    /// Whether the value is so old that its use has to wait for a renewal: nothing asked for it in
    /// the meantime. After a failed renewal, no one waits until another time like that.
    fn is_stale(&self, now: u64, fresh_for: u64) -> bool {
        now >= self.renew_at.saturating_add(fresh_for)
    }

    /// The error of the last fetch, if it is too early for another.
    fn pause(&self, tick: Tick) -> Option<&Error> {
        let (first, most) = PAUSE;
        let doublings = self.failures.checked_sub(2)?;
        let pause = first.saturating_mul(2_u32.saturating_pow(doublings)).min(most);
        // Also after the clock was set back.
        let since = tick.since(self.failed_at)?;
        self.error.as_ref().filter(|_| since < pause)
    }
}

/// How many fetches a [`Cached`] value is the outcome of, to ask for a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl<T: Send + Sync + 'static> Cached<T> {
    /// `fresh_for` is in seconds.
    pub(crate) fn new(fresh_for: u64, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            fresh_for,
            clock,
            state: RwLock::new(State {
                value: None,
                error: None,
                renew_at: 0,
                failures: 0,
                failed_at: Tick::default(),
                attempts: 0,
            }),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// The value, fetched if there is none.
    pub(crate) async fn get<F, Fut>(
        self: &Arc<Self>,
        fetch: F,
    ) -> Result<(Arc<T>, Generation), Error>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let now = self.clock.now();
        let (value, generation, is_old, is_stale) = self.read(|state| {
            let fresh_for = self.fresh_for;
            let (is_old, is_stale) = (state.is_old(now, fresh_for), state.is_stale(now, fresh_for));
            (state.value.clone(), Generation(state.attempts), is_old, is_stale)
        });
        let Some(value) = value else {
            let tick = self.clock.tick();
            if let Some(error) = self.read(|state| state.pause(tick).cloned()) {
                return Err(error);
            }
            let value = self.after(generation, fetch()).await?;
            return Ok((value, self.read(|state| Generation(state.attempts))));
        };
        if !is_old {
            return Ok((value, generation));
        }
        let (this, fetch) = (Arc::clone(self), fetch());
        let renewal = async move {
            this.after(generation, fetch).await.inspect_err(|error| {
                // All who waited for the same fetch come by here.
                limited!(warn, %error, "failed to refresh provider metadata or keys");
            })
        };
        // A task of its own: a caller that goes away must not cut it.
        if is_stale {
            let renewed = timeout(PATIENCE, tokio::spawn(renewal)).await;
            if let Ok(Ok(Ok(renewed))) = renewed {
                return Ok((renewed, self.read(|state| Generation(state.attempts))));
            }
        } else if self.fetching.try_lock().is_ok() {
            tokio::spawn(renewal);
        }
        Ok((value, generation))
    }

    /// The value as it is, without fetching one.
    pub(crate) fn peek(&self) -> (Option<Arc<T>>, Generation) {
        self.read(|state| (state.value.clone(), Generation(state.attempts)))
    }

    /// The value, if no fetch is due or under way and the last one did not fail.
    pub(crate) fn settled(&self) -> Option<Arc<T>> {
        let now = self.clock.now();
        let value = self.read(|state| {
            let is_good = state.error.is_none() && !state.is_old(now, self.fresh_for);
            state.value.clone().filter(|_| is_good)
        });
        value.filter(|_| self.fetching.try_lock().is_ok())
    }

    /// Whether there was a fetch since.
    fn is_newer_than(&self, generation: Generation) -> bool {
        self.read(|state| state.attempts) != generation.0
    }

    /// The outcome of a fetch later than `generation`: of another caller, or this one.
    pub(crate) async fn after(
        &self,
        generation: Generation,
        fetch: impl Future<Output = Result<T, Error>>,
    ) -> Result<Arc<T>, Error> {
        let _one_at_a_time = self.fetching.lock().await;
        if !self.is_newer_than(generation) {
            self.store(fetch.await);
        }
        self.outcome()
    }

    /// The same where a fetch has to be permitted; `None` if it is not and no other caller fetched,
    /// or the error if the last fetch failed. Waiting for another caller's needs no permission.
    pub(crate) async fn after_if(
        &self,
        generation: Generation,
        is_permitted: impl FnOnce() -> bool,
        fetch: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<Arc<T>>, Error> {
        let _one_at_a_time = self.fetching.lock().await;
        if !self.is_newer_than(generation) {
            if !is_permitted() {
                return self.read(|state| state.error.clone().map_or(Ok(None), Err));
            }
            self.store(fetch.await);
        }
        self.outcome().map(Some)
    }

    fn outcome(&self) -> Result<Arc<T>, Error> {
        self.read(|state| match (&state.error, &state.value) {
            (None, Some(value)) => Ok(Arc::clone(value)),
            (Some(error), _) => Err(error.clone()),
            (None, None) => Err(Error::new(ErrorKind::Unreachable, "nothing was fetched")),
        })
    }

    fn read<R>(&self, look: impl FnOnce(&State<T>) -> R) -> R {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn store(&self, outcome: Result<T, Error>) {
        let (now, tick) = (self.clock.now(), self.clock.tick());
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.attempts += 1;
        match outcome {
            Ok(value) => {
                state.value = Some(Arc::new(value));
                state.error = None;
                state.failures = 0;
                state.renew_at = now + self.fresh_for;
            }
            Err(error) => {
                state.error = Some(error);
                state.failures = state.failures.saturating_add(1);
                state.failed_at = tick;
                state.renew_at = now + RETRY;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn down() -> Error {
        Error::new(ErrorKind::Unreachable, "down")
    }

    #[tokio::test]
    async fn concurrent_callers_share_one_fetch_and_its_failure() {
        let cached = Cached::<u8>::new(60, Clock::system());
        let fetches = Arc::new(AtomicUsize::new(0));
        let call = || {
            let fetches = Arc::clone(&fetches);
            cached.get(move || async move {
                fetches.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Err(down())
            })
        };
        let (a, b, c) = tokio::join!(call(), call(), call());
        assert!(a.is_err() && b.is_err() && c.is_err());
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
        assert!(call().await.is_err(), "a later caller asks again");
        assert_eq!(fetches.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn fetches_that_keep_failing_become_rare_and_end_with_the_outage() {
        let clock = Clock::system();
        let cached = Cached::new(60, clock.clone());
        let fetches = Arc::new(AtomicUsize::new(0));
        let down_for_now = async || {
            let fetches = Arc::clone(&fetches);
            let fetch = move || async move {
                fetches.fetch_add(1, Ordering::SeqCst);
                Err(down())
            };
            assert_eq!(cached.get(fetch).await.unwrap_err().to_string(), down().to_string());
        };
        let mut seen = Vec::new();
        for second in 0..30 {
            for _ in 0..60 {
                let before = fetches.load(Ordering::SeqCst);
                down_for_now().await;
                if fetches.load(Ordering::SeqCst) > before {
                    seen.push(second);
                }
            }
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(seen, [0, 0, 1, 2, 3, 5, 9, 14, 19, 24, 29]);
        clock.advance(Duration::from_secs(5));
        assert_eq!(*cached.get(|| async { Ok(1) }).await.unwrap().0, 1);
    }

    #[tokio::test]
    async fn a_stale_value_is_renewed_before_it_is_used_and_serves_if_that_fails() {
        let clock = Clock::system();
        let cached = Cached::new(60, clock.clone());
        cached.get(|| async { Ok(1) }).await.unwrap();
        clock.advance(Duration::from_secs(121));
        assert_eq!(*cached.get(|| async { Ok(2) }).await.unwrap().0, 2);
        clock.advance(Duration::from_secs(121));
        assert_eq!(*cached.get(|| async { Err(down()) }).await.unwrap().0, 2);
        // In an outage only the first one waits.
        clock.advance(Duration::from_secs(31));
        assert_eq!(*cached.get(std::future::pending).await.unwrap().0, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_takes_long_or_loses_its_caller_is_finished() {
        let clock = Clock::system();
        let cached = Cached::new(60, clock.clone());
        cached.get(|| async { Ok(1) }).await.unwrap();
        clock.advance(Duration::from_secs(121));
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(9)).await;
            Ok(2)
        };
        assert_eq!(*cached.get(slow).await.unwrap().0, 1);
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert_eq!(*cached.read(|state| state.value.clone()).unwrap(), 2);
        clock.advance(Duration::from_secs(121));
        let gone = timeout(
            Duration::from_secs(1),
            cached.get(|| async {
                tokio::time::sleep(Duration::from_secs(9)).await;
                Err(down())
            }),
        );
        assert!(gone.await.is_err());
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert!(cached.read(|state| state.error.is_some()));
    }

    #[tokio::test]
    async fn an_old_value_serves_while_it_is_renewed_and_after_a_failed_renewal() {
        let clock = Clock::system();
        let cached = Cached::new(60, clock.clone());
        cached.get(|| async { Ok(1) }).await.unwrap();
        clock.advance(Duration::from_secs(61));

        let (failed, until_failed) = tokio::sync::oneshot::channel();
        let (value, _) = cached
            .get(|| async {
                let _ = failed.send(());
                Err(down())
            })
            .await
            .unwrap();
        assert_eq!(*value, 1);
        until_failed.await.unwrap();
        drop(cached.fetching.lock().await);
        assert_eq!(*cached.read(|state| state.value.clone()).unwrap(), 1);

        clock.advance(Duration::from_secs(RETRY - 1));
        let too_early = || -> std::future::Pending<Result<u8, Error>> { panic!("it is too early") };
        assert_eq!(*cached.get(too_early).await.unwrap().0, 1);

        clock.advance(Duration::from_secs(1));
        let (renewed, until_renewed) = tokio::sync::oneshot::channel();
        let renewal = || async {
            let _ = renewed.send(());
            Ok(2)
        };
        assert_eq!(*cached.get(renewal).await.unwrap().0, 1);
        until_renewed.await.unwrap();
        drop(cached.fetching.lock().await);
        assert_eq!(*cached.read(|state| state.value.clone()).unwrap(), 2);
    }
}
