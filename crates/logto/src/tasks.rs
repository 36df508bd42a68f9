//! Work that outlives the request that began it.
//!
//! A browser that goes away drops the handler's future. What must not be cut on the way, because a
//! code was spent or a refresh token rotated, runs in a task of its own, and
//! [`Logto::drain`](crate::Logto::drain) waits for it before the process ends.
//!
//! A runtime may end before its process: Actix Web has one for each worker, and drops it when the
//! worker has answered its requests. What outlives a request therefore runs on the
//! [`ClientRuntime`].

use std::fmt;
use std::future::{pending, poll_fn};
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::Instrument;

/// The runtime that the client was made on, if there was one.
#[derive(Debug)]
pub(crate) struct ClientRuntime(Option<WatchedRuntime>);

#[derive(Debug)]
struct WatchedRuntime {
    handle: Handle,
    /// Ends with the runtime, and not before.
    alive: JoinHandle<()>,
}

impl ClientRuntime {
    pub(crate) fn current() -> Self {
        let handle = Handle::try_current().ok();
        Self(handle.map(|handle| WatchedRuntime { alive: handle.spawn(pending()), handle }))
    }

    /// The runtime, if it is there to outlive the current one. One of several threads serves the
    /// whole process.
    fn handle(&self) -> Option<&Handle> {
        let runtime = self.0.as_ref().filter(|runtime| !runtime.alive.is_finished())?;
        let current = Handle::current().runtime_flavor();
        (current == RuntimeFlavor::CurrentThread).then_some(&runtime.handle)
    }

    /// Does the work where it is awaited, while what it spawns, its timers and its sockets belong
    /// to this runtime.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _entered = self.handle().map(Handle::enter);
            work.as_mut().poll(context)
        })
        .await
    }
}

impl Drop for WatchedRuntime {
    fn drop(&mut self) {
        self.alive.abort();
    }
}

/// The tasks that are under way.
#[derive(Clone)]
pub(crate) struct Tasks(Arc<Inner>);

struct Inner {
    runtime: ClientRuntime,
    running: AtomicUsize,
    /// Notified when the last one has ended.
    idle: Notify,
}

/// Work whose runtime ended before it did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

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
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            runtime: ClientRuntime::current(),
            running: AtomicUsize::new(0),
            idle: Notify::new(),
        }))
    }

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
        let work = work.in_current_span();
        match self.0.runtime.handle() {
            Some(runtime) => runtime.spawn(work),
            None => tokio::spawn(work),
        }
    }

    /// Runs the work in a task of its own and waits for it. It goes on when the caller stops
    /// waiting.
    ///
    /// # Errors
    ///
    /// If the runtime that the work was on has ended, and the caller's has not.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Stopped> {
        self.spawn(work).await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Stopped,
        })
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

    /// How many tasks are under way.
    pub(crate) fn running(&self) -> usize {
        self.0.running.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("running", &self.running()).finish()
    }
}

/// The outcome of `work`, with something endless beside it. In one task: a store that is slow must
/// not keep the work from reading Logto's answer.
pub(crate) async fn beside<T>(
    endless: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> T {
    let (mut endless, mut work) = (pin!(endless), pin!(work));
    poll_fn(|context| {
        let outcome = work.as_mut().poll(context);
        if outcome.is_pending() {
            let _: Poll<()> = endless.as_mut().poll(context);
        }
        outcome
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn draining_waits_for_the_last_task_and_tells_what_is_left() {
        let tasks = Tasks::new();
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
        let tasks = Tasks::new();
        tasks.spawn(pending::<()>()).abort();
        assert_eq!(tasks.drain(Duration::from_secs(3600)).await, 0);
    }

    /// Like that of one of Actix Web's workers, or of its `main`.
    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn a_task_of_a_worker_outlives_its_runtime() {
        let first = runtime();
        let tasks = first.block_on(async { Tasks::new() });
        let (finish, finished) = oneshot::channel::<()>();
        let worker = runtime();
        worker.block_on(async { drop(tasks.spawn(finished)) });
        drop(worker);
        first.block_on(async {
            finish.send(()).unwrap();
            assert_eq!(tasks.drain(Duration::from_secs(3600)).await, 0);
        });
    }

    #[test]
    fn a_runtime_that_has_ended_is_not_waited_for() {
        let first = runtime();
        let tasks = first.block_on(async { Tasks::new() });
        drop(first);
        assert_eq!(runtime().block_on(tasks.run(async { 7 })), Ok(7));
    }

    #[test]
    fn work_whose_runtime_ends_is_not_waited_for() {
        let first = runtime();
        let tasks = first.block_on(async { Tasks::new() });
        let second = runtime();
        let mut waiting = Box::pin(tasks.run(pending::<()>()));
        let begun = second.block_on(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))));
        assert!(begun.is_pending());
        drop(first);
        assert_eq!(second.block_on(waiting), Err(Stopped));
    }
}
