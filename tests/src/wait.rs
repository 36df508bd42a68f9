use std::time::{Duration, Instant};

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
    let started = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(
            started.elapsed() < patience,
            "gave up after {} seconds of waiting for {what}",
            patience.as_secs()
        );
        tokio::time::sleep(INTERVAL).await;
    }
}
