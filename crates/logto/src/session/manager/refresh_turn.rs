//! Waits for the turn to refresh a session, or for what another instance made of it.

use std::time::Duration;

use super::held_lease::Lease;
use super::{LoadedSession, SessionManager};
use crate::error::Error;
use crate::session::Session;

/// Between two looks whether another instance is done: at first, and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(100));

/// What waiting for the lease ends with.
pub(crate) enum Turn {
    Lease(Lease),
    /// Another instance has done it.
    Done(LoadedSession),
}

impl SessionManager {
    /// The lease, or what became of the session while another instance had it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignInRequired`](crate::ErrorKind::SignInRequired) if the session has ended.
    pub(crate) async fn lease_or_outcome(
        &self,
        loaded: &LoadedSession,
        is_done: impl Fn(&Session) -> bool,
    ) -> Result<Turn, Error> {
        let key = self.store.entry_keys.lease(loaded.session.id);
        let session_key = self.store.entry_keys.session(loaded.session.id);
        let (mut pause, longest) = LOOK;
        let mut is_settled = false;
        loop {
            // After an outage those come first who hold what Logto answered, or wait for it: the
            // refresh token that is found may be one that Logto has replaced long ago.
            self.store.settle().await;
            if let Some(lease) = self.leases.acquire(&key).await? {
                // This very call may have waited for the end of the outage.
                if is_settled || !self.store.has_to_settle() {
                    return Ok(Turn::Lease(lease));
                }
                is_settled = true;
                self.leases.give_back(lease).await;
                continue;
            }
            let mut is_free = false;
            while !is_free {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(longest);
                // One round trip for both.
                let [lease, entry] = self.store.get([&key, &session_key]).await?;
                let record = self.record(&session_key, entry.as_ref(), loaded.backend)?;
                let latest = self.merge(loaded, record)?;
                if is_done(&latest.session) {
                    return Ok(Turn::Done(latest));
                }
                is_free = lease.is_none();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::session::manager::HeldLease;
    use crate::session::manager::fixture::{self, PausedStorage, manager};
    use crate::session::manager::leases::LIFE;

    /// How long Logto takes a refresh token that it has replaced.
    const ACCEPTED: Duration = Duration::from_secs(3);
    /// How long Logto had its answer ready when the instance died that waited for it.
    const DEATHS: std::ops::RangeInclusive<u64> = 0..=1300;

    fn instance(storage: &Arc<PausedStorage>) -> Arc<SessionManager> {
        manager(Arc::clone(storage) as _)
    }

    /// The lease, which has to be free in the end.
    async fn lease(instance: &SessionManager, loaded: &LoadedSession) -> Lease {
        match instance.lease_or_outcome(loaded, |_| false).await.unwrap() {
            Turn::Lease(lease) => lease,
            Turn::Done(_) => unreachable!("nothing is ever done"),
        }
    }

    /// An instance that refreshes and gets no answer, with the lease already.
    async fn holder(storage: &Arc<PausedStorage>, loaded: &LoadedSession) -> JoinHandle<()> {
        let instance = instance(storage);
        let lease = lease(&instance, loaded).await;
        tokio::spawn(async move {
            instance.leases.holding(&HeldLease::new(lease), std::future::pending::<()>()).await;
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_instances_lease_is_taken_over_before_logto_rejects_the_old_token() {
        let step = Duration::from_millis(25);
        for death in DEATHS.step_by(50).map(Duration::from_millis) {
            for signs_of_life_began in (0..10).map(|steps| step * steps) {
                let (storage, loaded) = (Arc::default(), fixture::loaded(1000));
                let holder = holder(&storage, &loaded).await;
                sleep(signs_of_life_began).await;
                let replaced = Instant::now();
                let other = instance(&storage);
                let follower = tokio::spawn(async move { drop(lease(&other, &loaded).await) });
                sleep(death).await;
                holder.abort();
                follower.await.unwrap();
                let left = ACCEPTED.saturating_sub(replaced.elapsed());
                assert!(left >= Duration::from_millis(500), "{death:?}: {left:?} are left");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_outage_the_holder_comes_before_others() {
        let step = Duration::from_millis(25);
        for outage in (0..100).step_by(7).map(|steps| step * steps) {
            let (storage, loaded) = (Arc::default(), fixture::loaded(1000));
            let _holder = holder(&storage, &loaded).await;
            let other = instance(&storage);
            let others_know = async || other.lease_or_outcome(&loaded, |_| false).await;
            storage.is_down.store(true, Ordering::Relaxed);
            let end = Instant::now() + outage;
            while Instant::now() < end {
                assert!(others_know().await.is_err(), "the store is down");
                sleep(step).await;
            }
            storage.is_down.store(false, Ordering::Relaxed);
            let follower = tokio::time::timeout(3 * LIFE, others_know()).await;
            assert!(follower.is_err(), "two have the lease after {outage:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_gives_the_right_to_send_as_long_as_no_other_instance_can_have_had_it() {
        let (storage, loaded) = (Arc::default(), fixture::loaded(1000));
        let one = instance(&storage);
        let lease = HeldLease::new(lease(&one, &loaded).await);
        let work = async {
            for _ in 0..20 {
                sleep(LIFE / 2).await;
                assert!(lease.validity().holds(), "it gives heartbeats");
            }
            // The process stands still: its time goes on, and nothing runs.
            tokio::time::advance(LIFE).await;
            assert!(!lease.validity().holds());
            sleep(LIFE).await;
            assert!(
                !lease.validity().holds(),
                "it has the lease again, and another had it perhaps"
            );
        };
        one.leases.holding(&lease, work).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_refresh_costs_the_store_little() {
        let (storage, loaded) = (Arc::default(), fixture::loaded(1000));
        let _holder = holder(&storage, &loaded).await;
        let ten_seconds = Duration::from_secs(10);
        let before = storage.calls.load(Ordering::Relaxed);
        sleep(ten_seconds).await;
        let calls = storage.calls.load(Ordering::Relaxed) - before;
        assert!((30..=40).contains(&calls), "{calls} heartbeats");

        let other = instance(&storage);
        let before = storage.calls.load(Ordering::Relaxed);
        let follower = async { drop(lease(&other, &loaded).await) };
        assert!(tokio::time::timeout(ten_seconds, follower).await.is_err(), "two have the lease");
        let calls = storage.calls.load(Ordering::Relaxed) - before;
        assert!((100..=150).contains(&calls), "{calls} calls of both");
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_lease_costs_the_store_one_call() {
        let storage = Arc::new(PausedStorage::default());
        lease(&instance(&storage), &fixture::loaded(0)).await;
        assert_eq!(storage.calls.load(Ordering::Relaxed), 1);
    }
}
