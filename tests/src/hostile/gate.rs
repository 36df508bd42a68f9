//! What keeps an answer back until a test says so.

use std::sync::Arc;

use tokio::sync::watch;

/// Closed at first; opens once, for all who wait.
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Gate {
    /// Lets everyone through from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is open.
    pub async fn passed(&self) {
        let mut open = self.0.subscribe();
        // The sender lives as long as this gate.
        let _ = open.wait_for(|open| *open).await;
    }
}
