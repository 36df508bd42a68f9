//! Work that outlives the request that began it.
//!
//! A browser that goes away drops the handler's future. What must not be cut on the way, because a
//! code was spent or a refresh token rotated, runs in a task of its own, and
//! [`Logto::drain`](crate::Logto::drain) waits for it before the process ends.

use std::fmt;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::Instrument;

/// The tasks that are under way.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Inner>);

#[derive(Default)]
struct Inner {
    running: AtomicUsize,
    /// Notified when the last one has ended.
    idle: Notify,
}

/// Counts one task, also if it panics or its runtime is shut down.
struct Running(Tasks);

impl Running {
    fn new(tasks: &Tasks) -> Self {
        tasks.0.running.fetch_add(1, Ordering::AcqRel);
        Self(tasks.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Tasks(inner) = &self.0;
        if inner.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            inner.idle.notify_waiters();
        }
    }
}

impl Tasks {
    /// Runs the work to its end, whether or not the result is waited for. Its log lines stay in the
    /// span of the request that began it.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let running = Running::new(self);
        let work = async move {
            let _running = running;
            work.await
        };
        tokio::spawn(work.in_current_span())
    }

    /// Runs the work in a task of its own and waits for it. It goes on when the caller stops waiting.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        match self.spawn(work).await {
            Ok(outcome) => outcome,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // Its runtime is being shut down, and this future with it.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Waits until no task is under way; the number of those that are left after `timeout`.
    pub(crate) async fn drain(&self, timeout: Duration) -> usize {
        let idle = async {
            loop {
                let mut notified = pin!(self.0.idle.notified());
                // Before the count is read, so that an end in between is not missed.
                notified.as_mut().enable();
                if self.running() == 0 {
                    return;
                }
                notified.await;
            }
        };
        let _: Result<(), _> = tokio::time::timeout(timeout, idle).await;
        self.running()
    }

    fn running(&self) -> usize {
        self.0.running.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("running", &self.running()).finish()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn draining_waits_for_the_last_task_and_tells_what_is_left() {
        let tasks = Tasks::default();
        assert_eq!(tasks.drain(Duration::ZERO).await, 0);
        let (finish, finished) = oneshot::channel::<()>();
        drop(tasks.spawn(finished));
        assert_eq!(tasks.drain(Duration::ZERO).await, 1);
        let draining = tasks.drain(Duration::from_secs(3600));
        finish.send(()).unwrap();
        assert_eq!(draining.await, 0);
    }

    #[tokio::test]
    async fn a_task_that_was_aborted_is_not_waited_for() {
        let tasks = Tasks::default();
        tasks.spawn(std::future::pending::<()>()).abort();
        assert_eq!(tasks.drain(Duration::from_secs(3600)).await, 0);
    }
}
