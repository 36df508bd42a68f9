//! When to stop: an orchestrator sends SIGTERM, a terminal Ctrl-C.

use tokio::signal;

/// Returns when the process is asked to stop.
pub(crate) async fn requested() {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
