//! Waiting for what must become true, with a bound.

use std::time::Duration;

use tokio::time;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_millis(25);

/// Asks `condition` again and again until it yields a value.
///
/// # Panics
///
/// After 30 seconds, naming `what` was awaited.
pub async fn eventually<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, condition).await
}

/// Like [`eventually`], for what may take longer, such as a build.
///
/// # Panics
///
/// After `patience`, naming `what` was awaited.
pub async fn eventually_within<T>(
    patience: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let polling = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            time::sleep(INTERVAL).await;
        }
    };
    within(patience, what, polling).await
}

/// Waits for something that may never come, and gives up on it like
/// [`eventually`].
///
/// # Panics
///
/// After 30 seconds, naming `what` was awaited.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    within(PATIENCE, what, future).await
}

async fn within<T>(patience: Duration, what: &str, future: impl Future<Output = T>) -> T {
    time::timeout(patience, future).await.unwrap_or_else(|_| {
        let seconds = patience.as_secs();
        panic!("gave up after {seconds} seconds of waiting for {what}")
    })
}
