//! Pauses between attempts while the store does not answer.

use std::time::Duration;

/// At first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The next pause; each is twice as long as the one before.
pub(super) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(PAUSE.0)
    }
}

impl Backoff {
    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(PAUSE.1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let mut tenths = Vec::new();
        for _ in 0..8 {
            let began = Instant::now();
            backoff.wait().await;
            tenths.push(began.elapsed().as_millis() / 100);
        }
        assert_eq!(tenths, [1, 2, 4, 8, 16, 32, 50, 50]);
    }
}
