//! Waiting for the end of a session, for what lives longer than a request.
//!
//! One task looks after all sessions of this process that are waited for. It hears from the store
//! what instances announce, and asks the store about the sessions concerned; announcements may be
//! lost, so it asks about all of them now and then, and every second where it hears nothing. It
//! lives as long as something waits, and a little longer.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::backoff::Backoff;
use super::engine::Engine;
use crate::crypto::encoding;
use crate::session::manager::{LoadedSession, WatchedSession};
use crate::storage::{StorageError, Subscription};

/// Between two looks at the clock, and between two questions where nothing is heard. Up to a
/// quarter is taken off, so that instances do not ask at the same time.
const TICK: Duration = Duration::from_secs(1);
/// Between two questions about all sessions while announcements arrive.
const RARELY: Duration = Duration::from_secs(60);
/// A question that took long is followed by a pause so many times as long.
const RATIO: u32 = 4;
/// For so long the task waits for another stream.
const LINGER: Duration = Duration::from_secs(60);
/// After so long without an announcement this instance makes one, and waits so long to hear it.
const QUIET: Duration = Duration::from_secs(15);
const ECHO_PATIENCE: Duration = Duration::from_secs(5);
/// What announcements begin with that are no keys.
const ECHO: &str = "echo:";
/// Longer messages are none of ours.
const MAX_MESSAGE: usize = 256;

/// Completes when a session has ended; see [`session_ended`](crate::web::User::session_ended).
///
/// # Example
///
/// ```
/// use logto::web::User;
///
/// async fn stream(user: User, work: impl Future<Output = ()>) {
///     tokio::select! {
///         () = user.session_ended() => println!("signed out"),
///         () = work => {}
///     }
/// }
/// ```
#[must_use = "it does nothing until it is awaited"]
pub struct SessionEnded(Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>);

impl SessionEnded {
    /// Of a session that has ended.
    pub(crate) fn already() -> Self {
        Self(None)
    }
}

impl Future for SessionEnded {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(waiting) = &mut self.0 else {
            return Poll::Ready(());
        };
        let ended = waiting.as_mut().poll(context);
        if ended.is_ready() {
            // Asked again it says the same.
            self.0 = None;
        }
        ended
    }
}

impl fmt::Debug for SessionEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionEnded").field("known", &self.0.is_none()).finish()
    }
}

/// One who waits.
struct Waiting {
    engine: Arc<Engine>,
    session: Arc<WatchedSession>,
}

impl Waiting {
    async fn wait(self) {
        loop {
            let mut changed = pin!(self.session.changed.notified());
            // Before the state is read, so that an end in between is not missed.
            changed.as_mut().enable();
            if self.session.has_ended() {
                return;
            }
            self.engine.watch_sessions();
            changed.await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.engine.sessions.watched.leave(&self.session);
    }
}

/// Frees the place of the task however it ends, with its runtime for example.
struct Working {
    engine: Arc<Engine>,
    listener: JoinHandle<()>,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.listener.abort();
        self.engine.sessions.watched.end_work();
    }
}

impl Engine {
    /// Completes when the session has ended.
    pub(crate) fn session_ended(self: &Arc<Self>, loaded: &LoadedSession) -> SessionEnded {
        let waiting = Waiting { engine: Arc::clone(self), session: self.sessions.watch(loaded) };
        SessionEnded(Some(Box::pin(waiting.wait())))
    }

    /// Sees to it that the task is there. [`drain`](crate::Logto::drain) does not wait for it: it
    /// changes nothing.
    fn watch_sessions(self: &Arc<Self>) {
        if self.sessions.watched.begin_work() {
            let listener = tokio::spawn(Arc::clone(self).listen());
            tokio::spawn(Working { engine: Arc::clone(self), listener }.work());
        }
    }

    async fn listen(self: Arc<Self>) {
        let watched = &self.sessions.watched;
        let mut pause = Backoff::default();
        let mut is_known = false;
        loop {
            let lost = match self.sessions.subscribe().await {
                Ok(Some(mut subscription)) => self.hear(subscription.as_mut()).await,
                // Nothing will ever be heard.
                Ok(None) => return,
                Err(error) => StorageError::new(error),
            };
            if watched.is_listening() {
                watched.set_listening(false);
                (pause, is_known) = (Backoff::default(), false);
            }
            if !is_known {
                is_known = true;
                tracing::warn!(
                    error = %lost,
                    "no session-end announcements from the store; polling it every second"
                );
            }
            pause.wait().await;
        }
    }

    /// Takes up what is announced, until that is lost.
    async fn hear(&self, subscription: &mut dyn Subscription) -> StorageError {
        let watched = &self.sessions.watched;
        let echo = match encoding::random::<16>() {
            Ok(random) => format!("{ECHO}{}", encoding::encode(random)),
            Err(error) => return StorageError::new(error),
        };
        if let Err(error) = self.sessions.echo(&echo).await {
            return StorageError::new(error);
        }
        let mut is_expected = true;
        loop {
            let mut next = subscription.next();
            let message = loop {
                let patience = if is_expected { ECHO_PATIENCE } else { QUIET };
                match timeout(patience, next.as_mut()).await {
                    Ok(message) => break message,
                    Err(_) if is_expected => {
                        return StorageError::new("the subscription does not deliver messages");
                    }
                    Err(_) => is_expected = true,
                }
                if let Err(error) = self.sessions.echo(&echo).await {
                    return StorageError::new(error);
                }
            };
            match message {
                Ok(message) => {
                    is_expected = false;
                    if !watched.is_listening() {
                        watched.set_listening(true);
                        tracing::debug!("the store announces ends of sessions");
                    }
                    if !message.starts_with(ECHO) && message.len() <= MAX_MESSAGE {
                        watched.hear(message);
                    }
                }
                Err(error) => return error,
            }
        }
    }
}

impl Working {
    async fn work(self) {
        let sessions = &self.engine.sessions;
        let mut asked = Instant::now();
        let mut took = Duration::ZERO;
        let mut idle_since = None;
        loop {
            // A clock may be set, and a machine sleep: it is looked at often.
            let _: Result<(), _> =
                timeout(shortened(TICK), sessions.watched.changed.notified()).await;
            if sessions.watched.is_empty() {
                if idle_since.get_or_insert_with(Instant::now).elapsed() >= LINGER {
                    return;
                }
                continue;
            }
            idle_since = None;
            let pause = if sessions.watched.is_listening() { RARELY } else { TICK / 2 };
            if asked.elapsed() >= shortened(pause).max(took * RATIO) {
                sessions.watched.ask_for_all();
            }
            let now = self.engine.settings.clock.now();
            let (due, is_all) = sessions.watched.take_due(now);
            if due.is_empty() {
                continue;
            }
            let began = Instant::now();
            let checked = sessions.check_watched(&due, now).await;
            if is_all {
                (asked, took) = (Instant::now(), began.elapsed());
            }
            match checked {
                Ok(ended) => tracing::debug!(
                    sessions = due.len(),
                    all = is_all,
                    ended,
                    "asked the store about sessions with open streams"
                ),
                Err(error) => {
                    // An outage ends nothing. The next look asks again.
                    tracing::debug!(%error, "failed to ask the store about ends of sessions");
                    sessions.watched.ask_for_all();
                    tokio::time::sleep(TICK).await;
                }
            }
        }
    }
}

fn shortened(pause: Duration) -> Duration {
    let random = encoding::random::<1>().map_or(0, |[byte]| byte);
    pause.mul_f64(1.0 - f64::from(random) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogtoConfig;
    use crate::config::Settings;
    use crate::session::manager::fixture::loaded;
    use crate::storage::async_trait;

    fn engine() -> Arc<Engine> {
        let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_cookie_secret("0123456789abcdef0123456789abcdef");
        Arc::new(Engine::new(Settings::validate(config).unwrap()).unwrap())
    }

    /// What delivers messages after these times, and then no more.
    struct After(Vec<Duration>);

    #[async_trait]
    impl Subscription for After {
        async fn next(&mut self) -> Result<String, StorageError> {
            let Some(pause) = self.0.pop() else { std::future::pending().await };
            tokio::time::sleep(pause).await;
            Ok(ECHO.to_owned())
        }
    }

    #[test]
    fn a_stream_that_goes_away_is_not_asked_for() {
        let engine = engine();
        let ended = engine.session_ended(&loaded(1000));
        assert!(!engine.sessions.watched.is_empty());
        drop(ended);
        assert!(engine.sessions.watched.is_empty());
    }

    #[tokio::test]
    async fn the_place_of_the_task_is_free_when_it_is_gone() {
        let engine = engine();
        assert!(engine.sessions.watched.begin_work());
        let listener = tokio::spawn(std::future::pending());
        let aborted = listener.abort_handle();
        drop(Working { engine: Arc::clone(&engine), listener });
        assert!(engine.sessions.watched.begin_work());
        tokio::task::yield_now().await;
        assert!(aborted.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn a_subscription_is_left_when_it_does_not_deliver_an_echo() {
        let minute = Duration::from_secs(60);
        // After a silence an echo is sent, and waited for.
        let late = QUIET + ECHO_PATIENCE / 2;
        for (pauses, lasts, is_known) in [
            (vec![], ECHO_PATIENCE, false),
            (vec![late; 10], 10 * late + QUIET + ECHO_PATIENCE, true),
        ] {
            let engine = engine();
            let mut subscription = After(pauses);
            subscription.0.extend(is_known.then_some(Duration::ZERO));
            let began = Instant::now();
            let lost = timeout(60 * minute, engine.hear(&mut subscription)).await;
            assert!(lost.is_ok(), "it was never left");
            assert_eq!(began.elapsed().as_secs(), lasts.as_secs());
            assert_eq!(engine.sessions.watched.is_listening(), is_known);
        }
    }

    fn size<F: Future>(_: impl Fn(Waiting) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn an_open_stream_takes_less_than_a_kilobyte() {
        // Three keys of the store, a place in a table that is half empty, and what allocating
        // takes.
        let beside = 3 * "end-of-session:0123456789012345678901".len() + 2 * 48 + 6 * 16;
        let bytes = size(Waiting::wait) + size_of::<WatchedSession>() + beside;
        assert!(bytes < 1024, "{bytes} bytes");
    }

    #[test]
    fn instances_do_not_ask_at_the_same_time() {
        let pauses: Vec<_> = (0..100).map(|_| shortened(TICK)).collect();
        assert!(pauses.iter().all(|pause| (TICK * 3 / 4..=TICK).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| pause != &pauses[0]));
    }
}
