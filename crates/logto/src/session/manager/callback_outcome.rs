//! What came of a callback, for the other instances: browsers repeat a callback, and balancers send
//! the second one elsewhere.
//!
//! It is written over the replay guard, under its key, which only the browser that began the sign-in
//! can lead to.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::records::unpacked;
use super::replay::{ReplayGuard, ReplayGuards};
use super::{LoadedSession, SessionBackend};
use crate::error::Error;
use crate::log_limit::limited;
use crate::storage::Expect;
use crate::tasks::beside;

/// The length of a page that there is none of.
const NO_PAGE: u16 = u16::MAX;
/// The bytes of an owner, which is there until there is an outcome.
const OWNER: usize = 16;

/// Between two heartbeats of the instance that took a callback up, and how long one counts.
const BEAT: Duration = Duration::from_secs(1);
const HEARTBEAT_LIFE: Duration = Duration::from_secs(3);
/// An instance without a heartbeat for so long is gone.
const SILENCE: Duration = Duration::from_secs(4);
/// Between two looks at the store, doubling from the first to the last.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// What came of a callback that was taken up.
pub(crate) enum TakenUp {
    /// It brought no session, or the one who took it up is gone or takes too long.
    Refused,
    /// It brought a session, and the page that its user goes on to.
    Done(Box<LoadedSession>, Option<String>),
}

impl ReplayGuards {
    /// Whether other instances may see the same callback.
    pub(crate) fn is_shared(&self) -> bool {
        self.store.in_process().is_none()
    }

    /// Does the work of a callback, and tells the other instances meanwhile that it goes on.
    pub(crate) async fn working<T>(&self, sign_in: &str, work: impl Future<Output = T>) -> T {
        match self.is_shared() {
            true => beside(self.beat(sign_in), work).await,
            false => work.await,
        }
    }

    /// Does not end by itself.
    async fn beat(&self, sign_in: &str) {
        let key = self.store.entry_keys.callback_heartbeat(sign_in);
        let mut version = None;
        loop {
            sleep(BEAT).await;
            let expect = version.map_or(Expect::Absent, Expect::Version);
            // One that is lost is followed by another.
            let put = self.store.put(&key, Vec::new(), expect, HEARTBEAT_LIFE);
            if let Ok(Ok(stored)) = timeout(BEAT, put).await {
                version = stored;
            }
        }
    }

    /// Waits for what comes of a callback on the instance that took it up; `None` if it was given
    /// back.
    pub(crate) async fn taken_up(
        &self,
        sign_in: &str,
        deadline: Instant,
    ) -> Result<Option<TakenUp>, Error> {
        let keys = &self.store.entry_keys;
        let (key, heartbeat) = (keys.callback(sign_in), keys.callback_heartbeat(sign_in));
        let (mut alive_at, mut pause) = (Instant::now(), PAUSE.0);
        loop {
            let [entry, beat] = self.store.get([&key, &heartbeat]).await?;
            let Some(entry) = entry else {
                return Ok(None);
            };
            let value = self.store.open(&key, &entry);
            if value.as_ref().is_none_or(|owner| owner.len() != OWNER) {
                let outcome = value.and_then(|value| self.outcome_in(&value));
                let done = |(session, page)| TakenUp::Done(Box::new(session), page);
                return Ok(Some(outcome.map_or(TakenUp::Refused, done)));
            }
            let now = Instant::now();
            if beat.is_some() {
                alive_at = now;
            }
            if now >= deadline || now - alive_at >= SILENCE {
                limited!(
                    warn,
                    "a sign-in was lost: the instance that took its code is gone, or met an outage"
                );
                return Ok(Some(TakenUp::Refused));
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::session::manager::SessionManager;
    use crate::session::manager::fixture::{PausedStorage, loaded, manager};

    const SIGN_IN: &str = "a sign-in";
    const PATIENCE: Duration = Duration::from_secs(42);

    /// Two instances, and that one of them has taken the callback up.
    async fn instances()
    -> (Arc<PausedStorage>, Arc<SessionManager>, ReplayGuard, Arc<SessionManager>) {
        let storage = Arc::new(PausedStorage::default());
        let [one, other] = [(); 2].map(|()| manager(Arc::clone(&storage) as _));
        let guard = one.replay_guards.claim_callback(SIGN_IN, &[7; OWNER], 900).await.unwrap();
        (storage, one, guard.unwrap(), other)
    }

    async fn waited(instance: &SessionManager) -> (Option<TakenUp>, Duration) {
        let begun = Instant::now();
        let taken_up = instance.replay_guards.taken_up(SIGN_IN, begun + PATIENCE).await;
        (taken_up.unwrap(), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_instance_is_waited_for_a_few_seconds() {
        for death in [0, 500, 1500, 20_000].map(Duration::from_millis) {
            let (_storage, one, _guard, other) = instances().await;
            let work = tokio::spawn(async move {
                one.replay_guards.working(SIGN_IN, std::future::pending::<()>()).await;
            });
            let waiting = tokio::spawn(async move { waited(&other).await });
            sleep(death).await;
            work.abort();
            let (taken_up, time) = waiting.await.unwrap();
            assert!(matches!(taken_up, Some(TakenUp::Refused)));
            assert!(time < death + Duration::from_secs(8), "{time:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_at_work_is_waited_for_also_after_an_outage() {
        let (storage, one, guard, other) = instances().await;
        let outage = Arc::clone(&storage);
        let work = async move {
            let work = async {
                sleep(Duration::from_secs(10)).await;
                outage.is_down.store(true, Ordering::Relaxed);
                sleep(Duration::from_millis(100)).await;
                outage.is_down.store(false, Ordering::Relaxed);
                sleep(Duration::from_secs(20)).await;
            };
            one.replay_guards.working(SIGN_IN, work).await;
            one.replay_guards.note_outcome(guard, Some((&loaded(1000), Some("/page"))), 900).await;
        };
        let (_, (taken_up, time)) = tokio::join!(work, waited(&other));
        let Some(TakenUp::Done(session, page)) = taken_up else {
            panic!("it brought a session");
        };
        assert!(!session.is_stored(), "it is in cookies");
        assert_eq!(page.as_deref(), Some("/page"));
        assert!(time < Duration::from_secs(31), "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn short_work_writes_no_heartbeat() {
        let (storage, one, _guard, _other) = instances().await;
        let before = storage.calls.load(Ordering::Relaxed);
        one.replay_guards.working(SIGN_IN, sleep(Duration::from_millis(900))).await;
        assert_eq!(storage.calls.load(Ordering::Relaxed), before);
    }
}
